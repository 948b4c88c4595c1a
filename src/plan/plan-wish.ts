/**
 * What was asked for with the call over the API, granted within what the operator allows: time to talk, time to ring,
 * the name that is shown, headers, early media. An emergency call is granted nothing that could cut it short.
 */
import type { Granted } from '../call/granted.ts'
import type { Plan, PlannedAttempt, Target } from '../call/plan.ts'
import type { CallWish } from '../call/wish.ts'
import { displayName } from '../caller-id/display-name.ts'
import type { FinishStep } from './finish-plan.ts'
import { RING_TIMEOUT_SECONDS } from './plan-routes.ts'

export const grantWish: FinishStep = (plan, { wish }) => {
  if (wish === undefined || isEmergency(plan)) return plan
  const granted = grantedOf(wish)
  const { maxDurationSeconds: longest = plan.maxDurationSeconds } = wish
  return {
    ...plan,
    target: wished(plan.target, wish),
    maxDurationSeconds: Math.min(plan.maxDurationSeconds, longest),
    ...(granted === undefined ? {} : { granted }),
    trace: [...plan.trace, ...traceOf(plan, wish)],
  }
}

const isEmergency = ({ target }: Plan): boolean => target.kind === 'carriers' && target.emergency

const grantedOf = ({ customHeaders = {}, earlyMedia = true, crm }: CallWish): Granted | undefined =>
  Object.keys(customHeaders).length === 0 && earlyMedia && crm === undefined
    ? undefined
    : { customHeaders, earlyMedia, crm }

const wished = (target: Target, wish: CallWish): Target => {
  switch (target.kind) {
    case 'carriers':
      return {
        ...target,
        callerId: named(target.callerId, wish),
        attempts: target.attempts.map((attempt) => attemptWished(attempt, wish)),
      }
    case 'devices':
      return {
        ...target,
        callerId: named(target.callerId, wish),
        ringTimeoutSeconds: wish.ringTimeoutSeconds ?? target.ringTimeoutSeconds,
      }
    case 'conversation':
    case 'refuse':
      return target
  }
}

const attemptWished = (attempt: PlannedAttempt, wish: CallWish): PlannedAttempt => {
  const ringTimeoutSeconds = ringTimeoutOf(attempt, wish)
  return {
    ...attempt,
    ringTimeoutSeconds,
    maxDurationSeconds: Math.min(
      attempt.maxDurationSeconds,
      wish.maxDurationSeconds ?? attempt.maxDurationSeconds,
    ),
  }
}

/** Where the operator gave a gateway a time of its own to ring, a wish may only shorten it. */
const ringTimeoutOf = (
  { ringTimeoutSeconds }: PlannedAttempt,
  { ringTimeoutSeconds: wished }: CallWish,
): number => {
  if (wished === undefined) return ringTimeoutSeconds
  return ringTimeoutSeconds === RING_TIMEOUT_SECONDS ? wished : Math.min(wished, ringTimeoutSeconds)
}

/** A name beside no number would tell who withholds his. */
const named = <CallerId extends { readonly number: string | undefined; readonly name: string | undefined }>(
  callerId: CallerId,
  { displayName: asked, withheld }: CallWish,
): CallerId =>
  asked === undefined || withheld === true || callerId.number === undefined
    ? callerId
    : { ...callerId, name: displayName(asked) }

const traceOf = ({ maxDurationSeconds }: Plan, wish: CallWish): readonly string[] => [
  ...(wish.maxDurationSeconds === undefined
    ? []
    : [
        wish.maxDurationSeconds > maxDurationSeconds
          ? `asked for: ${wish.maxDurationSeconds} s of talk; ${maxDurationSeconds} s are allowed`
          : `asked for: at most ${wish.maxDurationSeconds} s of talk`,
      ]),
  ...(wish.ringTimeoutSeconds === undefined ? [] : [`asked for: rings ${wish.ringTimeoutSeconds} s`]),
  ...(wish.earlyMedia === false ? ['asked for: no early media'] : []),
  ...(wish.customHeaders === undefined
    ? []
    : [`asked for: headers ${Object.keys(wish.customHeaders).join(', ')}`]),
]
