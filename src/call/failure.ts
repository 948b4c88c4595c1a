/** Why an ended call came to nothing, as programs and people are told. Pure. */
import { faultOfCause, type CallFault } from '../telephony/user-message.ts'
import type { LiveCall } from './live-call.ts'

export type CallFailure = CallFault & {
  /** The status that the destination gave, where it gave one. */
  readonly sipStatus: number | undefined
}

/**
 * Undefined: the call lives, or somebody talked. In a call that the API asked for the caller's own leg is answered
 * before anybody is rung: only another leg's answer says that the destination was reached.
 */
export const failureOf = (call: LiveCall): CallFailure | undefined => {
  if (call.state !== 'ended') return undefined
  const others = call.legs.filter(({ leg }) => leg === 'B')
  const cause = call.hangupCause ?? 'NORMAL_UNSPECIFIED'
  const reached =
    others.length > 0
      ? others.some(({ answeredAt }) => answeredAt !== undefined)
      : // Our own services answer with no other leg; a call that they take ends as people end it.
        cause === 'NORMAL_CLEARING' && call.answeredAt !== undefined
  if (reached) return undefined
  const sipStatus = others.findLast((leg) => leg.sipStatus !== undefined)?.sipStatus
  const own = call.legs.find(({ leg }) => leg === 'A')?.sipStatus
  return { ...faultOfCause(cause), sipStatus: sipStatus ?? own }
}
