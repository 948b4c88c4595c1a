/**
 * A call as it can be controlled: its legs from the board, and what each is doing now from the switch itself. So a call
 * that this engine did not make, or has lost sight of for a while, is judged by what it is.
 */
import { ATTEMPT_VARIABLE, decodeAttempt, isDeviceLeg } from '../call/carried.ts'
import {
  ANSWERED_LEG_VARIABLE,
  CONFERENCE_VARIABLE,
  CONSULTED_VARIABLE,
  CONSULTING_FOR_VARIABLE,
  MUTED_VARIABLE,
  PARKED_VARIABLE,
  SUPERVISION_MODES,
  SUPERVISOR_VARIABLE,
  type ControlCall,
  type ControlLeg,
} from '../call/control.ts'
import type { LiveCall, LiveLeg } from '../call/live-call.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { errorIn, type SwitchCommands } from './commands.ts'
import { readDumped } from './dumped.ts'
import type { Headers } from './read-event.ts'

/** Throws ESL_* where the switch is away. */
export const lookAt = async (call: LiveCall, commands: SwitchCommands): Promise<SeenCall> => {
  const legs = await Promise.all(
    call.legs
      .filter(({ state }) => state !== 'gone')
      .map(async (leg): Promise<SeenControlLeg | undefined> => {
        const dump = await commands.api('uuid_dump', `${leg.legUuid} json`)
        return errorIn(dump) === undefined ? see(call, leg, readDumped(dump)) : undefined
      }),
  )
  return {
    callId: call.callId,
    organizationId: call.organizationId,
    legs: withRealPartners(legs.filter((leg) => leg !== undefined)),
  }
}

export type SeenCall = Omit<ControlCall, 'legs'> & { readonly legs: readonly SeenControlLeg[] }

export type SeenControlLeg = ControlLeg & {
  /** On the caller's leg: it is known which of its attempts was answered. */
  readonly keepsAnswer: boolean
}

/**
 * `bridge_uuid` is not unset when a leg is transferred out of its bridge (measured): whom a leg names that waits, or is
 * in a conference, or who names another himself, it does not talk with.
 */
const withRealPartners = (legs: readonly SeenControlLeg[]): readonly SeenControlLeg[] => {
  const waits = (leg: SeenControlLeg): boolean =>
    leg.parked ||
    leg.conference !== undefined ||
    (leg.consultingFor !== undefined && leg.consulted === undefined)
  const named = new Map(legs.map((leg) => [leg.legUuid, waits(leg) ? undefined : leg.partner]))
  return legs.map((leg) => {
    const partner = named.get(leg.legUuid)
    const isMutual = partner === undefined || !named.has(partner) || named.get(partner) === leg.legUuid
    return { ...leg, partner: isMutual ? partner : undefined }
  })
}

const see = (call: LiveCall, leg: LiveLeg, dump: Headers): SeenControlLeg => {
  const uuidOf = (name: string): CallUuid | undefined => {
    const text = dump.variable(name)
    return text !== undefined && isCallUuid(text) ? text : undefined
  }
  const conference = dump.variable(CONFERENCE_VARIABLE)
  return {
    legUuid: leg.legUuid,
    leg: leg.leg,
    userId: userAt(call, leg, dump),
    party: leg.party,
    answered: dump.get('Answer-State') === 'answered',
    held: dump.get('Channel-Call-State') === 'HELD',
    muted: dump.variable(MUTED_VARIABLE) === 'true',
    partner: uuidOf('bridge_uuid'),
    consultingFor: uuidOf(CONSULTING_FOR_VARIABLE),
    consulted: uuidOf(CONSULTED_VARIABLE),
    parked: (dump.variable(PARKED_VARIABLE) ?? '') !== '',
    conference: conference === '' ? undefined : conference,
    supervisor: supervisorIn(dump.variable(SUPERVISOR_VARIABLE)),
    keepsAnswer: uuidOf(ANSWERED_LEG_VARIABLE) !== undefined,
  }
}

/** A device of ours that was rung says whose it is; the caller of what we call out is our user. */
const userAt = (call: LiveCall, { leg }: LiveLeg, dump: Headers): number | undefined => {
  const carried = dump.variable(ATTEMPT_VARIABLE)
  if (carried !== undefined && carried !== '') {
    const attempt = decodeAttempt(carried)
    return isDeviceLeg(attempt) ? attempt.userId : undefined
  }
  return leg === 'A' && call.direction !== 'inbound' ? call.userId : undefined
}

const supervisorIn = (text: string | undefined): ControlLeg['supervisor'] => {
  const [legUuid = '', mode] = (text ?? '').split('/')
  const known = SUPERVISION_MODES.find((each) => each === mode)
  return known !== undefined && isCallUuid(legUuid) ? { legUuid, mode: known } : undefined
}
