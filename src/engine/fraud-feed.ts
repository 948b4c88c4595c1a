/** What is planned and what happens on the board, told to the counters of toll fraud and to whoever tells alerts. */
import type { FraudCall, FraudFinding } from '../call/fraud.ts'
import type { LiveCall, LiveEvent } from '../call/live-call.ts'
import type { Plan } from '../call/plan.ts'
import type { FraudCounters } from '../limits/fraud-counters.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { Tariff } from '../telephony/tariff.ts'

export type FraudFeed = {
  /** A call is about to be made by this plan, or refused by it. */
  readonly planned: (plan: Plan, now: number) => void
  readonly happened: (event: LiveEvent) => void
}

export type FraudFeedOptions = {
  readonly counters: Pick<FraudCounters, 'take' | 'answered' | 'seen' | 'resume' | 'ended' | 'isNewCountry'>
  readonly onFindings: (call: FraudCall, findings: readonly FraudFinding[], now: number) => void
  /** The organisation called this country for the first time. */
  readonly onNewCountry: (call: FraudCall, now: number) => void
  /** What would be judged of a call that is up; undefined: it is none that leaves the house. */
  readonly callOf: (call: LiveCall) => FraudCall | undefined
  /** The call has ended: one that is hung up while it is planned would count for minutes. */
  readonly isOver: (callId: CallUuid) => boolean
}

export const createFraudFeed = (options: FraudFeedOptions): FraudFeed => {
  const { counters, onFindings, onNewCountry, callOf, isOver } = options
  // Of calls that are up: what each leg will cost.
  const tariffs = new Map<
    CallUuid,
    { readonly sold: Tariff | undefined; readonly legs: ReadonlyMap<string, Tariff> }
  >()
  return {
    planned: ({ fraud, target, sell, call }, now) => {
      if (fraud === undefined) return
      if (fraud.findings.length > 0) onFindings(fraud.call, fraud.findings, now)
      if (target.kind !== 'carriers' || isOver(call.callId)) return
      if (counters.isNewCountry(fraud.call)) onNewCountry(fraud.call, now)
      counters.take(fraud.call, now)
      tariffs.set(call.callId, {
        sold: sell?.tariff,
        legs: new Map(
          call.attempts.flatMap(({ legUuid, rate }) => (rate === undefined ? [] : [[legUuid, rate.tariff]])),
        ),
      })
      if (tariffs.size > MOST_CALLS) for (const oldest of tariffs.keys()) return void tariffs.delete(oldest)
    },
    happened: ({ kind, call, leg, at }) => {
      const { callId, state } = call
      if (state === 'ended') {
        counters.ended(callId)
        tariffs.delete(callId)
        return
      }
      if (!counters.seen(callId) && kind === 'leg-started' && leg?.attempt !== undefined) {
        const found = callOf(call)
        if (found !== undefined) counters.resume(found)
      }
      if (kind !== 'answered' || leg === undefined) return
      const known = tariffs.get(callId)
      const bought = known?.legs.get(leg.legUuid)
      // Only the leg of an attempt is the destination's answer.
      if (bought !== undefined) counters.answered(callId, known?.sold ?? bought, at)
    },
  }
}

/** One whose channel never came is no event's: the oldest go. */
const MOST_CALLS = 50_000
