/** Parking: our user is let go, the other party hears music until somebody takes him up. */
import { connectedPair, PARKED_VARIABLE, refused, type LegName } from '../call/control.ts'
import { asError } from '../base/errors.ts'
import { errorIn } from './commands.ts'
import {
  keepAnswer,
  setVariables,
  type Controlled,
  type ControlOutcome,
  type ToParty,
} from './call-control.ts'
import { CONTROL_CONTEXT, WAITING } from './control-places.ts'
import { payerOf, planFor } from './control-party.ts'
import { reachParty } from './reach-party.ts'

export const park = async (controlled: Controlled, leg: LegName | undefined): Promise<ControlOutcome> => {
  const pair = connectedPair(controlled.seen, leg)
  if ('kind' in pair) return pair
  const { user, other } = pair
  if (user.consultingFor !== undefined)
    return refused('CONSULTATION_RUNNING', `${user.party} consults somebody: complete or cancel that first`)
  const failed = await controlled.tell(
    ...keepAnswer(controlled),
    // Who takes him up without saying who he is does it for who parked him.
    setVariables(other.legUuid, { [PARKED_VARIABLE]: String(user.userId ?? 0), hangup_after_bridge: 'true' }),
    ['uuid_transfer', `${other.legUuid} ${WAITING} XML ${CONTROL_CONTEXT}`],
  )
  if (failed !== undefined) return failed
  // Its bridge is over, and it ends with it; where it does not, it is ended.
  await controlled.commands.api('uuid_kill', `${user.legUuid} NORMAL_CLEARING`)
  controlled.note('parked', other.legUuid, { byUserId: user.userId ?? null })
  return { kind: 'done', detail: { legUuid: other.legUuid } }
}

/** Rings whoever takes him up; the music goes on until then, and after a failure. */
export const unpark = async (controlled: Controlled, request: ToParty): Promise<ControlOutcome> => {
  const { seen, commands, logger, note } = controlled
  const parked = seen.legs.find((leg) => leg.parked)
  if (parked === undefined) return refused('NOT_PARKED', 'nobody of this call is parked')
  const payer = payerOf(controlled, (await parkedBy(controlled, parked.legUuid)) ?? controlled.call.userId)
  if ('kind' in payer) return payer
  const planned = await planFor(controlled, payer, request, 'plan')
  if ('kind' in planned) return planned
  const { plan, dialled } = planned
  const connect = async (): Promise<void> => {
    const reached = await reachParty(plan, { commands, logger, then: '&park()' })
    if (reached.kind === 'failed') {
      note('parked', parked.legUuid, { to: dialled, failed: reached.cause })
      return
    }
    await commands.api(...setVariables(parked.legUuid, { [PARKED_VARIABLE]: '' }))
    const error = errorIn(await commands.api('uuid_bridge', `${parked.legUuid} ${reached.legUuid}`))
    if (error !== undefined) {
      // He gave up while the phone was answered.
      await commands.api('uuid_kill', `${reached.legUuid} NORMAL_CLEARING`)
      return
    }
    note('joined', parked.legUuid, { to: dialled, legUuid: reached.legUuid })
  }
  connect().catch((fault: unknown) =>
    logger.warn({ err: asError(fault) }, 'a parked party was not connected'),
  )
  return { kind: 'done', detail: { legUuid: parked.legUuid, status: 'ringing' } }
}

const parkedBy = async ({ commands }: Controlled, legUuid: string): Promise<number | undefined> => {
  const text = (await commands.api('uuid_getvar', `${legUuid} ${PARKED_VARIABLE}`)).trim()
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined
}
