/** Calls and records as they look in the tests of the HTTP floor and of the CLI. */
import type { LiveCall, LiveLeg } from '../../src/call/live-call.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'
import { parseMoney } from '../../src/telephony/money.ts'

export const CALL_ID = asCallUuid('11111111-2222-4333-8444-555555555555')
export const A_LEG = asCallUuid('aaaaaaaa-2222-4333-8444-555555555555')
export const B_LEG = asCallUuid('bbbbbbbb-2222-4333-8444-555555555555')
/** 2026-08-01T12:00:00Z */
export const NOON = Date.UTC(2026, 7, 1, 12)

export const leg = (changes: Partial<LiveLeg> = {}): LiveLeg => ({
  legUuid: A_LEG,
  leg: 'A',
  state: 'new',
  party: '1001',
  attempt: undefined,
  gateway: undefined,
  gatewayId: undefined,
  carrier: undefined,
  startedAt: NOON,
  answeredAt: undefined,
  endedAt: undefined,
  hangupCause: undefined,
  sipStatus: undefined,
  ...changes,
})

export const call = (changes: Partial<LiveCall> = {}): LiveCall => ({
  callId: CALL_ID,
  organizationId: 1,
  userId: 7,
  direction: 'outbound',
  state: 'initiated',
  from: '1001',
  to: '+442079460123',
  startedAt: NOON,
  answeredAt: undefined,
  endedAt: undefined,
  hangupCause: undefined,
  simulated: true,
  legs: [leg()],
  ...changes,
})

const tariff = {
  pricePerMinute: parseMoney('0.0252'),
  connectionFee: parseMoney('0'),
  firstIncrementSeconds: 1,
  nextIncrementSeconds: 1,
  currency: 'GBP',
}

export const cdr = (changes: Partial<Cdr> = {}): Cdr => ({
  legUuid: A_LEG,
  callId: CALL_ID,
  parentUuid: undefined,
  leg: 'A',
  organizationId: 1,
  direction: 'outbound',
  startTime: NOON,
  progressTime: NOON + 500,
  answerTime: NOON + 2000,
  endTime: NOON + 14_000,
  durationSeconds: 14,
  billableSeconds: 12,
  ringSeconds: 2,
  callerNumber: '1001',
  callerName: 'Ada \u001b[31mLovelace',
  callerUserId: 7,
  calleeNumber: '+442079460123',
  calleeUserId: undefined,
  dialledNumber: '02079460123',
  gatewayId: 2,
  gatewayName: 'beta-1',
  carrierId: 2,
  carrierName: 'Beta Carrier',
  lcrProfileId: 1,
  hangupCause: 'NORMAL_CLEARING',
  hangupCauseQ850: 16,
  sipStatus: 200,
  hungUpBy: 'party',
  disposition: 'ANSWERED',
  rate: undefined,
  chargedSeconds: 10,
  cost: parseMoney('0.0042'),
  simulated: false,
  attempts: [
    {
      n: 1,
      legUuid: B_LEG,
      gatewayId: 1,
      gatewayName: 'alpha-1',
      carrierId: 1,
      carrierName: 'Alpha Carrier',
      number: '442079460123',
      rate: undefined,
      outcome: 'FAILED',
      cause: 'NORMAL_TEMPORARY_FAILURE',
      sipStatus: 503,
      why: 'the carrier answered 503',
    },
    {
      n: 2,
      legUuid: asCallUuid('cccccccc-2222-4333-8444-555555555555'),
      gatewayId: 2,
      gatewayName: 'beta-1',
      carrierId: 2,
      carrierName: 'Beta Carrier',
      number: '442079460123',
      rate: { deckId: 3, prefix: '44207', tariff },
      outcome: 'ANSWERED',
      cause: undefined,
      sipStatus: 200,
      why: 'it was answered',
    },
  ],
  ...changes,
})
