/**
 * A call as a conference: both its parties, whoever is called in addition, and other calls that join it by its name.
 * The switch mixes (mod_conference); a conference is as long as it has members. Names belong to an organisation.
 */
import { asError } from '../base/errors.ts'
import { CONFERENCE_VARIABLE, connectedPair, refused, type LegName } from '../call/control.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import {
  keepAnswer,
  setVariables,
  type ConferenceSeen,
  type Controlled,
  type ControlOutcome,
  type ToParty,
} from './call-control.ts'
import { errorIn } from './commands.ts'
import { CONFERENCE, CONFERENCE_PROFILE, CONTROL_CONTEXT } from './control-places.ts'
import { payerOf, planFor } from './control-party.ts'
import { reachParty } from './reach-party.ts'

export type ConferenceRequest = { readonly verb: 'conference' } & (
  | { readonly does: 'begin'; readonly name?: string | undefined; readonly leg?: LegName | undefined }
  | { readonly does: 'show' | 'end' }
  | ({ readonly does: 'add' } & ToParty)
  | { readonly does: 'mute' | 'unmute' | 'remove'; readonly member: CallUuid }
)

export const conference = async (
  controlled: Controlled,
  request: ConferenceRequest,
): Promise<ControlOutcome> => {
  if (request.does === 'begin') return begin(controlled, request)
  const name = controlled.seen.legs.find((leg) => leg.conference !== undefined)?.conference
  if (name === undefined) return refused('NO_CONFERENCE', 'this call is no conference')
  switch (request.does) {
    case 'show':
      return shown(controlled, name)
    case 'end':
      return end(controlled, name)
    case 'add':
      return add(controlled, name, request)
    case 'mute':
    case 'unmute':
    case 'remove':
      return toMember(controlled, name, request.does, request.member)
  }
}

/** `o7-sales`: a name of one organisation is none of another's. */
const nameOf = ({ call }: Controlled, name: string | undefined): string =>
  `o${call.organizationId ?? 0}-${name ?? call.callId}`

const begin = async (
  controlled: Controlled,
  { name, leg }: Extract<ConferenceRequest, { does: 'begin' }>,
): Promise<ControlOutcome> => {
  if (controlled.seen.legs.some((each) => each.conference !== undefined))
    return refused('IN_CONFERENCE', 'this call is a conference already')
  const pair = connectedPair(controlled.seen, leg)
  if ('kind' in pair) return pair
  const { user, other } = pair
  if (user.consultingFor !== undefined)
    return refused('CONSULTATION_RUNNING', `${user.party} consults somebody: complete or cancel that first`)
  const full = nameOf(controlled, name)
  const place = `${CONFERENCE}/XML/${CONTROL_CONTEXT}`
  const failed = await controlled.tell(
    ...(user.held ? ([['uuid_hold', `off ${user.legUuid}`]] as const) : []),
    ...keepAnswer(controlled),
    ...[user, other].map(({ legUuid }) =>
      setVariables(legUuid, {
        [CONFERENCE_VARIABLE]: full,
        hangup_after_bridge: 'false',
        park_after_bridge: 'true',
      }),
    ),
    ['uuid_dual_transfer', `${user.legUuid} ${place} ${place}`],
  )
  if (failed !== undefined) return failed
  const legs = [user.legUuid, other.legUuid]
  const seen = await untilMembers(controlled, full, legs)
  for (const legUuid of legs)
    await controlled.commands.api(...setVariables(legUuid, { park_after_bridge: '' }))
  if (seen === undefined)
    return refused('CONTROL_FAILED', 'the switch does not put the legs into a conference')
  controlled.note('conferenced', user.legUuid, { name: seen.name, what: 'began' })
  return { kind: 'done', detail: { conference: seen } }
}

const LOOKS = 40
const LOOK_MS = 50

const untilMembers = async (
  controlled: Controlled,
  name: string,
  legs: readonly CallUuid[],
): Promise<ConferenceSeen | undefined> => {
  for (let look = 0; look < LOOKS; look++) {
    const seen = await membersOf(controlled, name)
    if (seen !== undefined && legs.every((uuid) => seen.members.some(({ legUuid }) => legUuid === uuid)))
      return seen
    await controlled.sleep(LOOK_MS)
  }
  return undefined
}

const shown = async (controlled: Controlled, name: string): Promise<ControlOutcome> => {
  const seen = await membersOf(controlled, name)
  return seen === undefined
    ? refused('NO_CONFERENCE', 'the conference is over')
    : { kind: 'done', detail: { conference: seen } }
}

const end = async (controlled: Controlled, name: string): Promise<ControlOutcome> => {
  const failed = await controlled.tell(['conference', `${name} hup all`])
  if (failed !== undefined) return failed
  controlled.note('conferenced', undefined, { name: plainName(name), what: 'ended' })
  return { kind: 'done', detail: {} }
}

const add = async (controlled: Controlled, name: string, request: ToParty): Promise<ControlOutcome> => {
  const { seen, call, commands, logger, note } = controlled
  const payer = payerOf(
    controlled,
    seen.legs.find(({ userId }) => userId !== undefined)?.userId ?? call.userId,
  )
  if ('kind' in payer) return payer
  const planned = await planFor(controlled, payer, request, 'plan')
  if ('kind' in planned) return planned
  const { plan, dialled } = planned
  const join = async (): Promise<void> => {
    const reached = await reachParty(plan, {
      commands,
      logger,
      then: `&conference(${name}@${CONFERENCE_PROFILE})`,
    })
    if (reached.kind === 'failed') {
      note('conferenced', undefined, {
        name: plainName(name),
        what: 'failed',
        to: dialled,
        cause: reached.cause,
      })
      return
    }
    await commands.api(...setVariables(reached.legUuid, { [CONFERENCE_VARIABLE]: name }))
    note('conferenced', reached.legUuid, { name: plainName(name), what: 'joined', to: dialled })
  }
  join().catch((fault: unknown) => logger.warn({ err: asError(fault) }, 'nobody was added to a conference'))
  return { kind: 'done', detail: { status: 'ringing' } }
}

const toMember = async (
  controlled: Controlled,
  name: string,
  does: 'mute' | 'unmute' | 'remove',
  legUuid: CallUuid,
): Promise<ControlOutcome> => {
  const found = (await listed(controlled, name))?.find((member) => member.uuid === legUuid)
  if (found === undefined) return refused('LEG_NOT_FOUND', `${legUuid} is no member of the conference`)
  const failed = await controlled.tell(['conference', `${name} ${WORDS[does]} ${found.id}`])
  if (failed !== undefined) return failed
  if (does === 'remove') controlled.note('conferenced', legUuid, { name: plainName(name), what: 'removed' })
  else controlled.note(does === 'mute' ? 'muted' : 'unmuted', legUuid)
  const seen = await membersOf(controlled, name)
  return { kind: 'done', detail: { legUuid, conference: seen } }
}

/** `tmute` and others toggle; hup lets the leg's own dialplan end it (mod_conference, conference_api.c). */
const WORDS = { mute: 'mute', unmute: 'unmute', remove: 'hup' } as const

const plainName = (name: string): string => name.replace(/^o\d+-/, '')

type Member = {
  readonly id: number
  readonly uuid: CallUuid
  readonly canSpeak: boolean
  readonly talking: boolean
}

const membersOf = async (controlled: Controlled, name: string): Promise<ConferenceSeen | undefined> => {
  const members = await listed(controlled, name)
  if (members === undefined) return undefined
  const { board, call } = controlled
  return {
    name: plainName(name),
    members: members.map(({ uuid, canSpeak, talking }) => {
      const owner = board
        .calls()
        .find(
          ({ organizationId, legs }) =>
            organizationId === call.organizationId && legs.some(({ legUuid }) => legUuid === uuid),
        )
      const party = owner?.legs.find(({ legUuid }) => legUuid === uuid)?.party
      return { legUuid: uuid, callId: owner?.callId, party: party ?? '', muted: !canSpeak, talking }
    }),
  }
}

/** Undefined: there is no such conference. */
const listed = async (
  { commands }: Pick<Controlled, 'commands'>,
  name: string,
): Promise<readonly Member[] | undefined> => {
  const reply = await commands.api('conference', `${name} json_list`)
  if (errorIn(reply) !== undefined || !reply.trimStart().startsWith('[')) return undefined
  const list: unknown = JSON.parse(reply)
  const members = Array.isArray(list) ? objectOf(list[0])['members'] : undefined
  return Array.isArray(members) ? members.flatMap(memberOf) : []
}

const memberOf = (value: unknown): readonly Member[] => {
  const { id, uuid, flags } = objectOf(value)
  const { can_speak: canSpeak, talking } = objectOf(flags)
  return typeof id === 'number' && typeof uuid === 'string' && isCallUuid(uuid)
    ? [{ id, uuid, canSpeak: canSpeak === true, talking: talking === true }]
    : []
}

const objectOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
