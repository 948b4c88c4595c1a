/** CDRs for tests: an answered outbound A leg with two attempts, and whatever a test says is different. */
import type { Cdr } from '../../src/cdr/cdr.ts'
import { asCallUuid, newCallUuid } from '../../src/telephony/call-uuid.ts'
import { parseMoney } from '../../src/telephony/money.ts'

export const START = Date.UTC(2026, 10, 20, 12, 0, 0, 123)

export const RATE = {
  deckId: 7,
  prefix: '4420',
  tariff: {
    pricePerMinute: parseMoney('0.0085'),
    connectionFee: parseMoney('0.00000001'),
    minimumSeconds: 90,
    firstIncrementSeconds: 60,
    nextIncrementSeconds: 60,
    currency: 'GBP',
  },
} as const

export const cdrOf = (changes: Partial<Cdr> = {}): Cdr => {
  const legUuid = changes.legUuid ?? newCallUuid()
  return {
    legUuid,
    callId: legUuid,
    parentUuid: undefined,
    leg: 'A',
    organizationId: 1,
    direction: 'outbound',
    startTime: START,
    progressTime: START + 1_000,
    answerTime: START + 4_000,
    endTime: START + 65_001,
    durationSeconds: 65,
    billableSeconds: 62,
    ringSeconds: 3,
    callerNumber: '+442079460100',
    callerName: 'Demo phone 1',
    callerUserId: 1,
    calleeNumber: '+442079460123',
    calleeUserId: undefined,
    dialledNumber: '02079460123',
    gatewayId: 2,
    gatewayName: 'Beta Carrier trunk',
    carrierId: 2,
    carrierName: 'Beta Carrier',
    lcrProfileId: 1,
    hangupCause: 'NORMAL_CLEARING',
    hangupCauseQ850: 16,
    sipStatus: 200,
    hungUpBy: 'party',
    disposition: 'ANSWERED',
    rate: RATE,
    chargedSeconds: 120,
    cost: parseMoney('0.01700001'),
    simulated: false,
    attempts: [
      {
        n: 1,
        legUuid: asCallUuid('00000000-0000-4000-8000-000000000001'),
        gatewayId: 1,
        gatewayName: 'Alpha Carrier trunk',
        carrierId: 1,
        carrierName: 'Alpha Carrier',
        number: '+442079460123',
        rate: undefined,
        outcome: 'FAILED',
        cause: 'NORMAL_TEMPORARY_FAILURE',
        sipStatus: 503,
        why: 'the carrier answered 503',
      },
      {
        n: 2,
        legUuid: asCallUuid('00000000-0000-4000-8000-000000000002'),
        gatewayId: 2,
        gatewayName: 'Beta Carrier trunk',
        carrierId: 2,
        carrierName: 'Beta Carrier',
        number: '+442079460123',
        rate: RATE,
        outcome: 'ANSWERED',
        cause: undefined,
        sipStatus: 200,
        why: 'answered',
      },
    ],
    ...changes,
  }
}
