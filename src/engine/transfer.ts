/**
 * A blind transfer: the party our user talks with is sent through the dialplan to the number, as if our user had
 * dialled it, and our user is let go. From there on the switch carries it, with this engine or without.
 */
import { ORGANIZATION_VARIABLE, USER_VARIABLE } from '../call/carried.ts'
import { connectedPair, TRANSFERRED_BY_VARIABLE } from '../call/control.ts'
import {
  keepAnswer,
  setVariables,
  type Controlled,
  type ControlOutcome,
  type ToParty,
} from './call-control.ts'
import { payerOf, planFor } from './control-party.ts'
import { REQUESTED_CALLER_ID_VARIABLE } from './originate.ts'

export const transferBlind = async (controlled: Controlled, request: ToParty): Promise<ControlOutcome> => {
  const pair = connectedPair(controlled.seen, request.leg)
  if ('kind' in pair) return pair
  const { user, other } = pair
  const payer = payerOf(controlled, user.userId)
  if ('kind' in payer) return payer
  const planned = await planFor(controlled, payer, request, 'preview')
  if ('kind' in planned) return planned
  const { dialled, plan } = planned
  const failed = await controlled.tell(
    ...keepAnswer(controlled),
    setVariables(other.legUuid, {
      [ORGANIZATION_VARIABLE]: String(payer.organization.id),
      [USER_VARIABLE]: String(payer.user.id),
      [TRANSFERRED_BY_VARIABLE]: String(payer.user.id),
      [REQUESTED_CALLER_ID_VARIABLE]: request.callerId ?? '',
      hangup_after_bridge: 'true',
    }),
    // The plan's own safety counts from the answer, and this leg has been answered: it is given another.
    ['sched_hangup', `+${plan.maxDurationSeconds} ${other.legUuid} ALLOTTED_TIMEOUT`],
    ['uuid_transfer', `${other.legUuid} ${dialled} XML phones`],
  )
  if (failed !== undefined) return failed
  controlled.note('transferred', other.legUuid, { mode: 'blind', to: dialled, byUserId: payer.user.id })
  return { kind: 'done', detail: { legUuid: other.legUuid } }
}
