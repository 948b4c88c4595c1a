/** Calls for tests of reports: an A leg with its attempts, a record for each attempt that got a channel. */
import type { Cdr, CdrAttempt } from '../../src/cdr/cdr.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import type { HangupCause } from '../../src/telephony/hangup-cause.ts'
import { cdrOf, RATE } from './sample-cdr.ts'

export type SampleAttempt = {
  readonly carrier: number
  readonly outcome: CdrAttempt['outcome']
  readonly cause?: HangupCause
  readonly disposition?: Cdr['disposition']
  readonly pddMs?: number
  readonly talkSeconds?: number
  readonly cost?: string
  readonly changes?: Partial<Cdr>
}

export type SampleCall = {
  readonly at: number
  readonly organizationId?: number | undefined
  readonly direction?: Cdr['direction']
  readonly callerUserId?: number | undefined
  readonly calleeUserId?: number | undefined
  readonly disposition?: Cdr['disposition']
  readonly talkSeconds?: number
  readonly to?: string
  readonly attempts?: readonly SampleAttempt[]
  /** Milliseconds after the call's beginning at which its attempts begin. */
  readonly laterMs?: number
  readonly changes?: Partial<Cdr>
}

/** The A leg first. */
export const callOf = (sample: SampleCall): readonly Cdr[] => {
  const { at, attempts = [], talkSeconds = 60, laterMs = 100 } = sample
  const disposition = sample.disposition ?? 'ANSWERED'
  const answered = disposition === 'ANSWERED'
  const legs = attempts.map(() => newCallUuid())
  const a = cdrOf({
    organizationId: 'organizationId' in sample ? sample.organizationId : 1,
    direction: sample.direction ?? 'outbound',
    startTime: at,
    progressTime: at + 1_500,
    answerTime: answered ? at + 5_000 : undefined,
    endTime: at + 5_000 + talkSeconds * 1_000,
    durationSeconds: talkSeconds + 5,
    billableSeconds: answered ? talkSeconds : 0,
    callerUserId: 'callerUserId' in sample ? sample.callerUserId : 1,
    calleeUserId: sample.calleeUserId,
    calleeNumber: sample.to ?? '+442079460123',
    disposition,
    gatewayId: undefined,
    gatewayName: undefined,
    carrierId: undefined,
    carrierName: undefined,
    rate: undefined,
    chargedSeconds: undefined,
    cost: undefined,
    attempts: attempts.map(({ carrier, outcome, cause }, index) => ({
      n: index + 1,
      legUuid: legs[index] ?? newCallUuid(),
      gatewayId: carrier * 10,
      gatewayName: `Trunk ${carrier}`,
      carrierId: carrier,
      carrierName: `Carrier ${carrier}`,
      number: sample.to ?? '+442079460123',
      rate: RATE,
      outcome,
      cause,
      sipStatus: undefined,
      why: '',
    })),
    ...sample.changes,
  })
  const bs = attempts.flatMap((attempt, index) => {
    const { outcome, carrier, cost, pddMs = 1_000, talkSeconds: talk = talkSeconds } = attempt
    if (outcome !== 'ANSWERED' && outcome !== 'FAILED') return []
    const isAnswered = outcome === 'ANSWERED'
    const began = at + laterMs
    return [
      cdrOf({
        ...a,
        legUuid: legs[index] ?? newCallUuid(),
        callId: a.callId,
        parentUuid: a.legUuid,
        leg: 'B',
        direction: 'outbound',
        startTime: began,
        progressTime: pddMs < 0 ? undefined : began + pddMs,
        answerTime: isAnswered ? began + Math.max(0, pddMs) + 2_000 : undefined,
        billableSeconds: isAnswered ? talk : 0,
        disposition: isAnswered ? 'ANSWERED' : (attempt.disposition ?? 'FAILED'),
        gatewayId: carrier * 10,
        gatewayName: `Trunk ${carrier}`,
        carrierId: carrier,
        carrierName: `Carrier ${carrier}`,
        rate: RATE,
        cost: isAnswered && cost !== undefined ? parseMoney(cost) : undefined,
        attempts: [],
        ...attempt.changes,
      }),
    ]
  })
  return [a, ...bs]
}
