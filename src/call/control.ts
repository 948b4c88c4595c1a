/**
 * What may be done to a call that is up, and to which of its legs. Pure: the call as the switch has it now and what
 * is asked go in, the switch's commands come out, or a refusal with a code that programs can tell apart. What takes
 * more than one step (a consultation, a conference, a supervisor) asks here for its legs and goes on in engine/.
 *
 * Everything that a later command has to know stands in channel variables, so that an engine which found the call by
 * a resync controls it as the one that made it did.
 */
import type { CallUuid } from '../telephony/call-uuid.ts'
import { isCallUuid } from '../telephony/call-uuid.ts'
import type { Noted, EventDetail } from './live-call.ts'
import { mediaPath, type Media } from './control-media.ts'

export const MUTED_VARIABLE = 'strowger_muted'
/** On the leg that consults: the leg that waits for it. */
export const CONSULTING_FOR_VARIABLE = 'strowger_consulting_for'
/** On the leg that consults: the leg that it consults, from when that is dialled. */
export const CONSULTED_VARIABLE = 'strowger_consulted'
export const PARKED_VARIABLE = 'strowger_parked'
export const CONFERENCE_VARIABLE = 'strowger_conference'
/** On a supervised leg: the supervisor's channel and what he may do, `uuid/whisper`. */
export const SUPERVISOR_VARIABLE = 'strowger_supervisor'
/** On a leg that was transferred: the user who did it. */
export const TRANSFERRED_BY_VARIABLE = 'strowger_transferred_by'
/** On the caller's leg: which of its attempts was answered, once other legs have been bridged to it. */
export const ANSWERED_LEG_VARIABLE = 'strowger_answered_leg'

export const SUPERVISION_MODES = ['listen', 'whisper', 'barge'] as const
export type SupervisionMode = (typeof SUPERVISION_MODES)[number]

/** A leg that lives, as the switch and the board know it together. */
export type ControlLeg = {
  readonly legUuid: CallUuid
  readonly leg: 'A' | 'B'
  /** Our user at its end. */
  readonly userId: number | undefined
  readonly party: string
  readonly answered: boolean
  readonly held: boolean
  readonly muted: boolean
  /** Whom it talks with. */
  readonly partner: CallUuid | undefined
  readonly consultingFor: CallUuid | undefined
  readonly consulted: CallUuid | undefined
  readonly parked: boolean
  readonly conference: string | undefined
  readonly supervisor: { readonly legUuid: CallUuid; readonly mode: SupervisionMode } | undefined
}

export type ControlCall = {
  readonly callId: CallUuid
  readonly organizationId: number | undefined
  /** Only those that live. */
  readonly legs: readonly ControlLeg[]
}

/** `A`, `B` or a leg's uuid. */
export type LegName = string

export type SimpleRequest =
  | { readonly verb: 'hold' | 'unhold' | 'mute' | 'unmute'; readonly leg?: LegName | undefined }
  | { readonly verb: 'dtmf'; readonly digits: string; readonly leg?: LegName | undefined }
  | {
      readonly verb: 'play'
      readonly media: Media
      readonly leg?: LegName | undefined
      /** 1 to 100. */
      readonly loops: number
    }
  | { readonly verb: 'stop-playing'; readonly leg?: LegName | undefined }

export const CONTROL_REFUSALS = [
  'LEG_NOT_FOUND',
  'NO_USER_LEG',
  'NOT_ANSWERED',
  'NOT_CONNECTED',
  'ALREADY_HELD',
  'NOT_HELD',
  'ALREADY_MUTED',
  'NOT_MUTED',
  'CONSULTATION_RUNNING',
  'NO_CONSULTATION',
  'CONSULTATION_NOT_ANSWERED',
  'NOT_PARKED',
  'IN_CONFERENCE',
  'NO_CONFERENCE',
  'ALREADY_SUPERVISED',
  'NOT_SUPERVISED',
  'CONTROL_FAILED',
] as const
export type ControlRefusal = (typeof CONTROL_REFUSALS)[number]

export type Refused = { readonly kind: 'refused'; readonly code: ControlRefusal; readonly message: string }
export const refused = (code: ControlRefusal, message: string): Refused => ({
  kind: 'refused',
  code,
  message,
})

/** Name and arguments, as engine/commands sends them. */
export type SwitchCommand = readonly [name: string, args: string]

export type Decided = {
  readonly kind: 'decided'
  /** In order; the first that fails ends it. */
  readonly commands: readonly SwitchCommand[]
  readonly leg: ControlLeg
  readonly noted?:
    { readonly what: Noted; readonly legUuid: CallUuid; readonly detail?: EventDetail } | undefined
}

export const decideControl = (call: ControlCall, request: SimpleRequest): Decided | Refused => {
  switch (request.verb) {
    case 'hold':
    case 'unhold':
      return hold(call, request.verb, request.leg)
    case 'mute':
    case 'unmute':
      return mute(call, request.verb, request.leg)
    case 'dtmf':
      return dtmf(call, request.digits, request.leg)
    case 'play':
      return play(call, request)
    case 'stop-playing':
      return stopPlaying(call, request.leg)
  }
}

/**
 * The leg of the party who holds, as if he had pressed the key: his phone gets a re-INVITE with sendonly, the other
 * party hears the music (switch_ivr.c, switch_ivr_hold).
 */
const hold = (call: ControlCall, verb: 'hold' | 'unhold', name: LegName | undefined): Decided | Refused => {
  const leg = answeredLeg(call, name)
  if ('kind' in leg) return leg
  if (verb === 'hold') {
    if (leg.held) return refused('ALREADY_HELD', `${leg.party} is already on hold`)
    if (leg.partner === undefined) return refused('NOT_CONNECTED', `${leg.party} talks with nobody`)
    return { kind: 'decided', leg, commands: [['uuid_hold', leg.legUuid]] }
  }
  if (!leg.held) return refused('NOT_HELD', `${leg.party} is not on hold`)
  return { kind: 'decided', leg, commands: [['uuid_hold', `off ${leg.legUuid}`]] }
}

/** What he says is heard by nobody; level 1 is silence, 0 would be no muting at all (measured). */
const mute = (call: ControlCall, verb: 'mute' | 'unmute', name: LegName | undefined): Decided | Refused => {
  const leg = answeredLeg(call, name)
  if ('kind' in leg) return leg
  const isMuting = verb === 'mute'
  if (leg.muted === isMuting)
    return isMuting
      ? refused('ALREADY_MUTED', `${leg.party} is already muted`)
      : refused('NOT_MUTED', `${leg.party} is not muted`)
  const { legUuid } = leg
  return {
    kind: 'decided',
    leg,
    commands: [
      ['uuid_audio', isMuting ? `${legUuid} start read mute 1` : `${legUuid} stop`],
      ['uuid_setvar', isMuting ? `${legUuid} ${MUTED_VARIABLE} true` : `${legUuid} ${MUTED_VARIABLE}`],
    ],
    noted: { what: isMuting ? 'muted' : 'unmuted', legUuid },
  }
}

const DIGITS = /^[0-9*#A-D]{1,32}$/

/** Sent to the leg named; by default to whom our user talks with, as if he had pressed them. */
const dtmf = (call: ControlCall, digits: string, name: LegName | undefined): Decided | Refused => {
  if (!DIGITS.test(digits))
    return refused('CONTROL_FAILED', 'digits are 0 to 9, *, # and A to D, 32 at the most')
  const leg = name === undefined ? partnerOfUser(call) : answeredLeg(call, name)
  if ('kind' in leg) return leg
  const { legUuid } = leg
  return {
    kind: 'decided',
    leg,
    commands: [['uuid_send_dtmf', `${legUuid} ${digits}`]],
    noted: { what: 'dtmf', legUuid, detail: { digits, direction: 'sent' } },
  }
}

/** Whoever hears it does not hear the other party meanwhile, nor is heard. */
const play = (
  call: ControlCall,
  { media, leg: name, loops }: Extract<SimpleRequest, { verb: 'play' }>,
): Decided | Refused => {
  const both = name === 'both'
  const leg = answeredLeg(call, both ? undefined : name)
  if ('kind' in leg) return leg
  if (both && leg.partner === undefined)
    return refused('NOT_CONNECTED', `${leg.party} talks with nobody: name a leg`)
  const what = mediaPath(media, loops)
  return {
    kind: 'decided',
    leg,
    commands: [['uuid_broadcast', `${leg.legUuid} ${what} ${both ? 'both' : 'aleg'}`]],
    noted: {
      what: 'played',
      legUuid: leg.legUuid,
      detail: { ...toldOf(media), loops, to: both ? 'both' : leg.leg },
    },
  }
}

/** Where the file lies is nobody's business. */
const toldOf = (media: Media): EventDetail => ('path' in media ? { fileId: media.fileId } : { ...media })

const stopPlaying = (call: ControlCall, name: LegName | undefined): Decided | Refused => {
  const both = name === undefined || name === 'both'
  const leg = answeredLeg(call, both ? undefined : name)
  if ('kind' in leg) return leg
  const legs = both && leg.partner !== undefined ? [leg.legUuid, leg.partner] : [leg.legUuid]
  return {
    kind: 'decided',
    leg,
    commands: legs.map((legUuid): SwitchCommand => ['uuid_break', `${legUuid} all`]),
  }
}

/** The leg of that name; without one our user's, the caller's first. */
export const legNamed = (call: ControlCall, name: LegName | undefined): ControlLeg | Refused => {
  if (name === undefined) return userLeg(call)
  const found =
    name === 'A' || name === 'B'
      ? // Of several B legs the one that talks: the others failed, or only ring.
        call.legs
          .filter(({ leg }) => leg === name)
          .sort((a, b) => Number(b.partner !== undefined) - Number(a.partner !== undefined))[0]
      : isCallUuid(name)
        ? call.legs.find(({ legUuid }) => legUuid === name)
        : undefined
  return found ?? refused('LEG_NOT_FOUND', `the call has no leg ${name.slice(0, 40)} now`)
}

const userLeg = ({ legs }: ControlCall): ControlLeg | Refused => {
  const ours = legs.filter(({ userId, answered }) => userId !== undefined && answered)
  return (
    ours.find(({ partner, consultingFor }) => partner !== undefined || consultingFor !== undefined) ??
    ours[0] ??
    // Nobody of ours is there: who calls.
    (legs.some(({ userId }) => userId !== undefined)
      ? refused('NOT_ANSWERED', 'the call is not answered yet')
      : refused('NO_USER_LEG', 'no user of ours is in the call any more: name the leg'))
  )
}

export const answeredLeg = (call: ControlCall, name: LegName | undefined): ControlLeg | Refused => {
  const leg = legNamed(call, name)
  if ('kind' in leg) return leg
  return leg.answered ? leg : refused('NOT_ANSWERED', `${leg.party} has not answered yet`)
}

/** The user's leg and the one that it talks with. */
export const connectedPair = (
  call: ControlCall,
  name: LegName | undefined,
): { readonly user: ControlLeg; readonly other: ControlLeg } | Refused => {
  const user = answeredLeg(call, name)
  if ('kind' in user) return user
  const other = call.legs.find(({ legUuid }) => legUuid === user.partner)
  if (other === undefined) return refused('NOT_CONNECTED', `${user.party} talks with nobody of this call`)
  return { user, other }
}

const partnerOfUser = (call: ControlCall): ControlLeg | Refused => {
  const pair = connectedPair(call, undefined)
  return 'kind' in pair ? pair : pair.other
}
