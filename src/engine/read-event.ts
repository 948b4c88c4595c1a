/**
 * Channel events as inputs of a call. Legs are known by `Unique-ID`; a B leg's call by what it carries, or by
 * the leg that originated it: `Channel-Call-UUID` changes at both ends of a B leg's life (measured).
 */
import {
  decodeAttempt,
  decodeCall,
  isDeviceLeg,
  ATTEMPT_VARIABLE,
  CALL_VARIABLE,
  SIMULATED_VARIABLE,
  type CarriedAttempt,
} from '../call/carried.ts'
import type { CallInput, SeenLeg } from '../call/call-step.ts'
import { MUTED_VARIABLE } from '../call/control.ts'
import type { LegInput } from '../call/leg-state.ts'
import { PREPAID_ENGINE_VARIABLE } from '../call/prepaid.ts'
import { decodeWish, WISH_VARIABLE, type CallWish } from '../call/wish.ts'
import { isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { hangupCauseOf } from '../telephony/hangup-cause.ts'

export type AddressedInput = { readonly callId: CallUuid; readonly input: CallInput }

/** The part of an event that is read here: an EslEvent has it, and so has a `uuid_dump`. */
export type Headers = {
  readonly name: string
  readonly get: (header: string) => string | undefined
  readonly variable: (name: string) => string | undefined
}

/** The events that the board needs. Never ALL: a bridged call is about 60 events and 300 kB. */
export const CHANNEL_EVENTS = [
  'CHANNEL_CREATE',
  'CHANNEL_PROGRESS',
  'CHANNEL_PROGRESS_MEDIA',
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_HOLD',
  'CHANNEL_UNHOLD',
  'CHANNEL_HANGUP',
  'DTMF',
] as const

const LEG_INPUTS: Readonly<Record<string, LegInput>> = {
  CHANNEL_PROGRESS: 'progress',
  CHANNEL_PROGRESS_MEDIA: 'progress-media',
  CHANNEL_ANSWER: 'answer',
  CHANNEL_HOLD: 'hold',
  CHANNEL_UNHOLD: 'unhold',
  CHANNEL_HANGUP: 'hangup',
}

/** Undefined: not an event of a call. */
export const readChannelEvent = (event: Headers): AddressedInput | undefined => {
  const legUuid = uuidIn(event.get('Unique-ID'))
  if (legUuid === undefined) return undefined
  const callId = callIdOf(event, legUuid)
  if (event.name === 'CHANNEL_CREATE')
    return { callId, input: { kind: 'leg-seen', leg: readLeg(event, legUuid, callId) } }
  if (event.name === 'CHANNEL_BRIDGE') return { callId, input: { kind: 'bridged' } }
  if (event.name === 'DTMF') return digitPressed(event, callId, legUuid)
  const input = LEG_INPUTS[event.name]
  if (input === undefined) return undefined
  if (input !== 'hangup') return { callId, input: { kind: 'leg', legUuid, input } }
  return {
    callId,
    input: {
      kind: 'leg',
      legUuid,
      input,
      cause: hangupCauseOf(event.get('Hangup-Cause')),
      sipStatus: sipStatusOf(event),
    },
  }
}

/** A live channel of which we know only its dump, after a gap on the event socket. */
export const readDump = (dump: Headers): readonly AddressedInput[] => {
  const legUuid = uuidIn(dump.get('Unique-ID'))
  if (legUuid === undefined) return []
  const callId = callIdOf(dump, legUuid)
  const carried = dump.variable(CALL_VARIABLE)
  const answered = dump.get('Answer-State') === 'answered'
  const answeredAt = answered ? microsIn(dump.get('Caller-Channel-Answered-Time')) : undefined
  return [
    ...(carried === undefined
      ? []
      : [{ callId, input: { kind: 'planned' as const, carried: decodeCall(carried) } }]),
    {
      callId,
      input: { kind: 'leg-seen', leg: { ...readLeg(dump, legUuid, callId), answered, ...answeredAt } },
    },
    ...(answered && uuidIn(dump.variable('bridge_uuid')) !== undefined
      ? [{ callId, input: { kind: 'bridged' as const } }]
      : []),
    ...(dump.get('Channel-Call-State') === 'HELD'
      ? [{ callId, input: { kind: 'leg' as const, legUuid, input: 'hold' as const } }]
      : []),
  ]
}

/** A key that the party at the leg pressed. */
const digitPressed = (event: Headers, callId: CallUuid, legUuid: CallUuid): AddressedInput | undefined => {
  const digits = event.get('DTMF-Digit') ?? ''
  if (!/^[0-9*#A-D]$/.test(digits)) return undefined
  return {
    callId,
    input: { kind: 'noted', what: 'dtmf', legUuid, detail: { digits, direction: 'received' } },
  }
}

/** That a key was pressed is told, which one is not. */
export const withoutDigits = (input: CallInput): CallInput =>
  input.kind === 'noted' && input.what === 'dtmf'
    ? { ...input, detail: { ...input.detail, digits: 'x', redacted: true } }
    : input

const callIdOf = (event: Headers, legUuid: CallUuid): CallUuid => {
  const carried = event.variable(ATTEMPT_VARIABLE)
  if (carried !== undefined && carried !== '') return decodeAttempt(carried).callId
  return uuidIn(event.variable('originating_leg_uuid')) ?? legUuid
}

const readLeg = (event: Headers, legUuid: CallUuid, callId: CallUuid): SeenLeg => {
  const text = event.variable(ATTEMPT_VARIABLE)
  const carried = text === undefined || text === '' ? undefined : decodeAttempt(text)
  const from = event.get('Caller-Caller-ID-Number') ?? ''
  const to = event.get('Caller-Destination-Number') ?? ''
  const base = {
    legUuid,
    leg: legUuid === callId ? ('A' as const) : ('B' as const),
    attempt: undefined,
    gateway: undefined,
    gatewayId: undefined,
    carrier: undefined,
    direction: event.get('Call-Direction') === 'inbound' ? ('inbound' as const) : ('outbound' as const),
    from,
    to,
    simulated: event.variable(SIMULATED_VARIABLE) === 'true',
    wish: wishOf(event),
    muted: event.variable(MUTED_VARIABLE) === 'true' ? true : undefined,
  }
  if (carried === undefined) {
    // A leg that we dialled is at the number dialled; one that came in, at the number it came from.
    const outbound = event.get('Call-Direction') === 'outbound'
    return { ...base, party: outbound ? (event.variable('dialed_user') ?? to) : from }
  }
  if (isDeviceLeg(carried)) return { ...base, party: carried.username, userId: carried.userId }
  return {
    ...base,
    party: carried.number,
    attempt: carried.n,
    gateway: carried.gatewayName,
    gatewayId: carried.gatewayId,
    carrier: carried.carrierName,
    ...prepaidOf(carried, event.variable(PREPAID_ENGINE_VARIABLE)),
  }
}

const prepaidOf = (
  { prepaid, sell }: CarriedAttempt,
  takenOverBy: string | undefined,
): Pick<SeenLeg, 'prepaid'> =>
  prepaid === undefined || sell === undefined
    ? {}
    : { prepaid: { ...prepaid, engine: uuidIn(takenOverBy) ?? prepaid.engine, sale: sell } }

/** In milliseconds. */
const microsIn = (text: string | undefined): Pick<SeenLeg, 'answeredAt'> =>
  text !== undefined && /^[1-9]\d{0,16}$/.test(text) ? { answeredAt: Math.floor(Number(text) / 1_000) } : {}

const sipStatusOf = (event: Headers): number | undefined => {
  const text = ['sip_invite_failure_status', 'sip_term_status']
    .map((name) => event.variable(name) ?? '')
    .find((status) => /^[1-6]\d\d$/.test(status))
  return text === undefined ? undefined : Number(text)
}

const wishOf = (event: Headers): CallWish | undefined => {
  const text = event.variable(WISH_VARIABLE)
  return text === undefined || text === '' ? undefined : decodeWish(text)
}

const uuidIn = (text: string | undefined): CallUuid | undefined =>
  text !== undefined && isCallUuid(text) ? text : undefined
