/**
 * What the organisation, or the user, may not call: premium-rate numbers where nobody allowed them, and more than their
 * quota. An emergency call is asked neither; a call within our own house costs nothing, but it is a call.
 */
import type { Plan } from '../call/plan.ts'
import type { Limit } from '../directory/quota.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { FinishStep } from './finish-plan.ts'

export const barPremiumRate: FinishStep = (plan, { organization, user }, { directory }) => {
  const { numberClass, target } = plan
  if (target.kind !== 'carriers' || numberClass.kind !== 'e164' || numberClass.premium !== true) return plan
  const policy =
    directory.quotaOfUser(user.id)?.premiumRate ?? directory.quotaOf(organization.id)?.premiumRate ?? 'block'
  if (policy === 'allow') return plan
  const why = `${numberClass.number} is a premium-rate number, which ${organization.name} does not allow`
  return {
    ...plan,
    target: { kind: 'refuse', cause: 'OUTGOING_CALL_BARRED', why, refusal: 'BLOCKED' },
    trace: [...plan.trace, why],
  }
}

/**
 * With what a dialled call is refused: 503 where it may be made later, 403 where its money is spent. SIP's 429 is
 * something else (RFC 8224).
 */
const CAUSES: Readonly<Record<Limit, HangupCause>> = {
  'calls-per-second': 'SWITCH_CONGESTION',
  'concurrent-calls': 'SWITCH_CONGESTION',
  'daily-spend': 'OUTGOING_CALL_BARRED',
}

export const holdToQuota: FinishStep = (plan, { now }, { quotas }) => {
  if (quotas === undefined || plan.call.direction === 'inbound' || isEmergency(plan)) return plan
  const { callId, organizationId, userId } = plan.call
  const verdict = quotas({ callId, organizationId, userId }, now)
  if (verdict.kind === 'within') return plan
  return {
    ...plan,
    target: {
      kind: 'refuse',
      cause: CAUSES[verdict.limit],
      why: verdict.why,
      refusal: QUOTA_EXCEEDED,
      retryAfterSeconds: verdict.retryAfterSeconds,
    },
    trace: [...plan.trace, verdict.why],
  }
}

export const QUOTA_EXCEEDED = 'QUOTA_EXCEEDED'

const isEmergency = ({ target }: Plan): boolean => target.kind === 'carriers' && target.emergency
