/** Two calls become one talk: a leg of each is joined, and who is left over is let go. Each leg stays in its own call. */
import { answeredLeg, refused, type ControlLeg, type LegName, type Refused } from '../call/control.ts'
import type { ControlCall } from '../call/control.ts'
import {
  controlledOf,
  keepAnswer,
  setVariables,
  type Controlled,
  type ControlOutcome,
  type ControlRequest,
} from './call-control.ts'

export const bridgeCalls = async (
  controlled: Controlled,
  { otherCallId, leg, otherLeg }: Extract<ControlRequest, { verb: 'bridge' }>,
): Promise<ControlOutcome> => {
  const nobody: ControlOutcome = {
    kind: 'refused',
    code: 'CALL_NOT_FOUND',
    message: `there is no call ${otherCallId}`,
  }
  if (otherCallId === controlled.call.callId)
    return refused('CONTROL_FAILED', 'a call cannot be joined with itself')
  const other = await controlledOf(otherCallId, controlled.boundTo, controlled)
  if (other === undefined) return nobody
  // Two tenants never talk by a command of either.
  if (other.call.organizationId !== controlled.call.organizationId) return nobody
  const one = toJoin(controlled.seen, leg)
  if ('kind' in one) return one
  const two = toJoin(other.seen, otherLeg)
  if ('kind' in two) return two
  const failed = await controlled.tell(
    ...keepAnswer(controlled),
    ...keepAnswer(other),
    ...[one, two].map(({ legUuid }) => setVariables(legUuid, { hangup_after_bridge: 'true' })),
    ['uuid_bridge', `${one.legUuid} ${two.legUuid}`],
  )
  if (failed !== undefined) return failed
  for (const { partner } of [one, two])
    if (partner !== undefined) await controlled.commands.api('uuid_kill', `${partner} NORMAL_CLEARING`)
  controlled.note('joined', one.legUuid, { withCall: otherCallId, withLeg: two.legUuid })
  other.note('joined', two.legUuid, { withCall: controlled.call.callId, withLeg: one.legUuid })
  return { kind: 'done', detail: { legUuid: one.legUuid } }
}

/** The leg that is named; without a name the party whom our user talks with, or who is parked. */
const toJoin = (call: ControlCall, name: LegName | undefined): ControlLeg | Refused => {
  if (name !== undefined) return answeredLeg(call, name)
  const parked = call.legs.find((leg) => leg.parked)
  if (parked !== undefined) return parked
  const user = answeredLeg(call, undefined)
  if ('kind' in user) return user
  return (
    call.legs.find(({ legUuid }) => legUuid === user.partner) ??
    refused('NOT_CONNECTED', `${user.party} talks with nobody: name the legs`)
  )
}
