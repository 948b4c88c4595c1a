/**
 * A channel that asks for a plan because its call was transferred: the plan belongs to the call that it is a leg of,
 * whatever its own uuid is, and what the call was before stays in its record.
 */
import { ATTEMPT_VARIABLE, CALL_VARIABLE, decodeAttempt, decodeCall } from '../call/carried.ts'
import { TRANSFERRED_BY_VARIABLE } from '../call/control.ts'
import type { Plan } from '../call/plan.ts'
import { asTransferred, type Transferred } from '../plan/plan-transferred.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { Field } from '../xml-curl/request.ts'

/** Undefined: it was not transferred. Throws CALL_BAD_CARRIED. */
export const readTransferred = (channelUuid: CallUuid, field: Field): Transferred | undefined => {
  if ((field(`variable_${TRANSFERRED_BY_VARIABLE}`) ?? '') === '') return undefined
  const attempt = field(`variable_${ATTEMPT_VARIABLE}`)
  const call = field(`variable_${CALL_VARIABLE}`)
  const leg = attempt === undefined ? undefined : decodeAttempt(attempt)
  return {
    channelUuid,
    callId: leg?.callId ?? channelUuid,
    before: call === undefined || leg !== undefined ? undefined : decodeCall(call),
    party:
      leg === undefined
        ? { number: field('Caller-Caller-ID-Number'), name: field('Caller-Caller-ID-Name') }
        : 'deviceId' in leg
          ? { number: field('Caller-Callee-ID-Number') ?? leg.username, name: undefined }
          : { number: leg.number, name: undefined },
  }
}

export const withTransfer = (
  transferred: Transferred | undefined,
  plan: Plan | Promise<Plan>,
): Plan | Promise<Plan> => {
  if (transferred === undefined) return plan
  return plan instanceof Promise
    ? plan.then((made) => asTransferred(made, transferred))
    : asTransferred(plan, transferred)
}
