/**
 * A call that is paid for in advance is made only with money for its first increment, and is limited to what it has
 * reserved. An emergency call asks no balance; a call within our own house, and one that costs nothing, neither. What
 * nobody has a price for cannot be paid in advance: it is refused, not given away.
 */
import type { PlannedAttempt } from '../call/plan.ts'
import type { CarriedPrepaid } from '../call/prepaid.ts'
import type { FinishStep } from './finish-plan.ts'

export const holdToBalance: FinishStep = (plan, _request, { prepaid: check }) => {
  const { target, call, sell } = plan
  if (check === undefined || target.kind !== 'carriers' || target.emergency) return plan
  const { organizationId, userId } = call
  const verdict = check({ organizationId, userId }, sell)
  switch (verdict.kind) {
    case 'postpaid':
      return plan
    case 'free':
      return { ...plan, trace: [...plan.trace, 'paid in advance, and free of charge'] }
    case 'refused':
      return {
        ...plan,
        target: { kind: 'refuse', cause: 'OUTGOING_CALL_BARRED', why: verdict.why, refusal: verdict.refusal },
        trace: [...plan.trace, verdict.why],
      }
    case 'enough': {
      // Without a price it is never enough.
      if (sell === undefined) return plan
      const { balanceId, engine, limitSeconds } = verdict
      return {
        ...plan,
        target: {
          ...target,
          attempts: target.attempts.map((attempt) => paid(attempt, { balanceId, engine }, limitSeconds)),
        },
        prepaid: { balanceId, engine, sale: sell, limitSeconds },
        trace: [
          ...plan.trace,
          `paid in advance: the switch ends it after ${limitSeconds} s, put off as it lasts`,
        ],
      }
    }
  }
}

const paid = (attempt: PlannedAttempt, prepaid: CarriedPrepaid, limitSeconds: number): PlannedAttempt => ({
  ...attempt,
  carried: { ...attempt.carried, prepaid },
  prepaidLimitSeconds: limitSeconds,
})
