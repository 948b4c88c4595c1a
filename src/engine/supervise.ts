/**
 * A supervisor at our user's leg: he listens, whispers to our user alone, or barges in so that both hear him. The
 * switch's eavesdrop, whose two flags are what a mode is; they are read when it begins, so a change begins it again.
 * The keys of his phone are off: what he may do is what he was allowed.
 *
 * A whisper is never in a recording. The recording is on the caller's leg. Where our user was called, he is at another
 * leg. Where he is the caller, the whisper joins what his leg hears behind the recorder as long as it was attached
 * after it (switch_core_io.c runs the media bugs of a leg in their order; measured): so it is attached again once a
 * recording has begun. What a supervisor who barges says is heard by both, and recorded.
 */
import { asError } from '../base/errors.ts'
import { DEVICE_VARIABLE, ORGANIZATION_VARIABLE, USER_VARIABLE } from '../call/carried.ts'
import {
  answeredLeg,
  refused,
  SUPERVISOR_VARIABLE,
  type ControlLeg,
  type LegName,
  type SupervisionMode,
  type SwitchCommand,
} from '../call/control.ts'
import { displayName } from '../caller-id/display-name.ts'
import type { Device, Organization, User } from '../directory/records.ts'
import { newCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { DialString } from '../telephony/dial-string.ts'
import { hangupCauseOf } from '../telephony/hangup-cause.ts'
import { setVariables, type Controlled, type ControlOutcome } from './call-control.ts'
import { payerOf } from './control-party.ts'
import { errorIn } from './commands.ts'

export type SuperviseRequest = { readonly verb: 'supervise' } & (
  | {
      readonly does: 'begin'
      readonly userId: number
      readonly deviceId?: number | undefined
      readonly mode: SupervisionMode
      /** The leg of the user who is supervised. */
      readonly leg?: LegName | undefined
    }
  | { readonly does: 'change'; readonly mode: SupervisionMode }
  | { readonly does: 'end' }
)

const RING_SECONDS = 30

const perform = async (controlled: Controlled, request: SuperviseRequest): Promise<ControlOutcome> => {
  if (request.does === 'begin') return begin(controlled, request)
  const found = await supervised(controlled)
  if (found === undefined) return refused('NOT_SUPERVISED', 'nobody supervises this call')
  return request.does === 'change' ? change(controlled, found, request.mode) : end(controlled, found)
}

type Supervised = { readonly leg: ControlLeg; readonly supervisor: CallUuid; readonly mode: SupervisionMode }

/** A supervisor who hung up is none, whatever stands on the leg. */
const supervised = async ({ seen, commands }: Controlled): Promise<Supervised | undefined> => {
  for (const leg of seen.legs) {
    if (leg.supervisor === undefined) continue
    const { legUuid, mode } = leg.supervisor
    const exists = (await commands.api('uuid_exists', legUuid)).trim()
    if (exists === 'true') return { leg, supervisor: legUuid, mode }
  }
  return undefined
}

const begin = async (
  controlled: Controlled,
  request: Extract<SuperviseRequest, { does: 'begin' }>,
): Promise<ControlOutcome> => {
  const { seen, call, commands, board, logger } = controlled
  const leg = answeredLeg(seen, request.leg)
  if ('kind' in leg) return leg
  if (leg.userId === undefined)
    return refused('NO_USER_LEG', `${leg.party} is no user of ours: name the leg of one`)
  if ((await supervised(controlled)) !== undefined)
    return refused('ALREADY_SUPERVISED', 'somebody supervises this call already')
  const payer = payerOf(controlled, request.userId)
  if ('kind' in payer) return payer
  const { organization, user } = payer
  if (user.id === leg.userId) return refused('CONTROL_FAILED', 'nobody supervises himself')
  const device = await deviceOf(controlled, payer, request.deviceId)
  if (device === undefined)
    return {
      kind: 'refused',
      code: 'DEVICE_UNAVAILABLE',
      message: `no phone of ${user.extension} is registered`,
    }
  const supervisor = newCallUuid()
  board.post(supervisor, {
    kind: 'initiated',
    organizationId: organization.id,
    userId: user.id,
    from: user.extension,
    to: leg.party,
  })
  const dialled = DialString.user(device.username, organization.sipDomain, {
    origination_uuid: supervisor,
    outbound_redirect_fatal: 'true',
  }).withVariables({
    [ORGANIZATION_VARIABLE]: String(organization.id),
    [USER_VARIABLE]: String(user.id),
    [DEVICE_VARIABLE]: String(device.id),
    origination_caller_id_number: leg.party,
    origination_caller_id_name: displayName(leg.party),
    originate_timeout: String(RING_SECONDS),
    ignore_early_media: 'true',
    eavesdrop_enable_dtmf: 'false',
    ...flagsOf(request.mode),
  })
  commands
    .bgapi('originate', `${dialled.toString()} &eavesdrop(${leg.legUuid})`, {
      timeoutMs: (RING_SECONDS + 30) * 1_000,
    })
    .then(async (reply) => {
      const error = errorIn(reply)
      if (error !== undefined) {
        board.post(supervisor, { kind: 'unmade', cause: hangupCauseOf(error) })
        controlled.note('supervised', leg.legUuid, {
          mode: request.mode,
          state: 'failed',
          byUserId: user.id,
          cause: hangupCauseOf(error),
        })
        return
      }
      await commands.api(...noteOnLeg(leg.legUuid, supervisor, request.mode))
      controlled.note('supervised', leg.legUuid, {
        mode: request.mode,
        state: 'began',
        byUserId: user.id,
        supervisorCallId: supervisor,
      })
    })
    .catch((fault: unknown) =>
      logger.warn({ err: asError(fault), callId: call.callId }, 'a supervisor failed'),
    )
  return {
    kind: 'done',
    detail: {
      status: 'ringing',
      supervision: { callId: supervisor, mode: request.mode, of: leg.legUuid },
    },
  }
}

const change = async (
  controlled: Controlled,
  { leg, supervisor }: Supervised,
  mode: SupervisionMode,
): Promise<ControlOutcome> => {
  const failed = await controlled.tell(
    ...attach(leg.legUuid, supervisor, mode),
    noteOnLeg(leg.legUuid, supervisor, mode),
  )
  if (failed !== undefined) return failed
  controlled.note('supervised', leg.legUuid, { mode, state: 'changed', supervisorCallId: supervisor })
  return { kind: 'done', detail: { supervision: { callId: supervisor, mode, of: leg.legUuid } } }
}

const end = async (
  controlled: Controlled,
  { leg, supervisor, mode }: Supervised,
): Promise<ControlOutcome> => {
  const failed = await controlled.tell(
    ['uuid_kill', `${supervisor} NORMAL_CLEARING`],
    setVariables(leg.legUuid, { [SUPERVISOR_VARIABLE]: '' }),
  )
  if (failed !== undefined) return failed
  controlled.note('supervised', leg.legUuid, { mode, state: 'ended', supervisorCallId: supervisor })
  return { kind: 'done', detail: { supervision: { callId: supervisor, mode, of: leg.legUuid } } }
}

/** The supervisor's ear moves behind whatever was attached to the leg meanwhile. */
const attachAgain = async (controlled: Controlled): Promise<void> => {
  const found = await supervised(controlled)
  if (found?.mode === 'whisper')
    await controlled.tell(...attach(found.leg.legUuid, found.supervisor, found.mode))
}

/** Before a recording is begun: what is whispered while it begins would be in it. `attachAgain` ends it. */
const hush = async (controlled: Controlled): Promise<void> => {
  const found = await supervised(controlled)
  if (found?.mode !== 'whisper') return
  await controlled.tell(...attach(found.leg.legUuid, found.supervisor, 'listen'))
  // The supervisor's own thread moves him.
  await controlled.sleep(HUSH_MS)
}

const HUSH_MS = 100

export const supervise = { perform, attachAgain, hush } as const

const attach = (legUuid: CallUuid, supervisor: CallUuid, mode: SupervisionMode): readonly SwitchCommand[] => [
  setVariables(supervisor, flagsOf(mode)),
  ['uuid_transfer', `${supervisor} eavesdrop:${legUuid} inline`],
]

/**
 * `bleg` is what the supervised leg hears, `aleg` what is heard from it (switch_ivr_async.c, ED_MUX_WRITE and
 * ED_MUX_READ).
 */
const flagsOf = (mode: SupervisionMode): Readonly<Record<string, string>> => ({
  eavesdrop_whisper_bleg: String(mode !== 'listen'),
  eavesdrop_whisper_aleg: String(mode === 'barge'),
})

const noteOnLeg = (legUuid: CallUuid, supervisor: CallUuid, mode: SupervisionMode): SwitchCommand =>
  setVariables(legUuid, { [SUPERVISOR_VARIABLE]: `${supervisor}/${mode}` })

const deviceOf = async (
  { world, commands }: Controlled,
  { organization, user }: { readonly organization: Organization; readonly user: User },
  deviceId: number | undefined,
): Promise<Device | undefined> => {
  const devices = world
    .directory()
    .devicesOf(user.id)
    .filter(({ id }) => deviceId === undefined || id === deviceId)
  for (const device of devices) {
    const contact = await commands.api('sofia_contact', `phones/${device.username}@${organization.sipDomain}`)
    if (errorIn(contact) === undefined && !contact.startsWith('error/')) return device
  }
  return undefined
}
