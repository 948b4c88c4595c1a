/**
 * What leaves the engine of what happens to calls. Pure, but for what it remembers of the calls that live: LiveEvents
 * and records of the calls come in, outgoing events come out. It owns the rules of the names: a call is told as
 * `initiated`, `answered` and ended (`completed` or `failed`) once, whoever saw it and however often.
 *
 * An event's id is made of what happened (the call, the name, the leg), so two engines that saw the same, and one
 * that sees a living call again after a restart, tell the same event, which is then put down once. What may happen
 * again and again to a leg (hold, digits) is numbered, with the start of the engine in the id.
 */
import { createHash } from 'node:crypto'
import type { EventDetail, LiveCall, LiveEvent, LiveLeg } from '../call/live-call.ts'
import type { CallbackEvent, CallWish } from '../call/wish.ts'
import type { CallCost, Cdr } from '../cdr/cdr.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import { formatMoney } from '../telephony/money.ts'
import { faultOfCause } from '../telephony/user-message.ts'
import { callbackNameOf, DEFAULT_CALLBACK_EVENTS, type EventType } from './event-names.ts'

export type OutgoingEvent = {
  readonly id: string
  readonly type: EventType
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly organizationId: number
  readonly callId: CallUuid | undefined
  /** The URL that was named with the call, where it asked for this event. */
  readonly callbackUrl: string | undefined
  /** Of the body, besides id, type, time and sequence. */
  readonly payload: Readonly<Record<string, unknown>>
}

export type CallTeller = {
  readonly happened: (event: LiveEvent) => readonly OutgoingEvent[]
  /**
   * The record of an A leg is stored, and nobody told how the call ended: it ended while no engine watched. The cost
   * is that of the whole call.
   */
  readonly recorded: (
    cdr: Cdr,
    wish: CallWish | undefined,
    cost: CallCost | undefined,
  ) => readonly OutgoingEvent[]
  /** A recording is stored when its call is long gone from the board: no more is known of the call than its id. */
  readonly recordingStored: (stored: StoredRecording) => OutgoingEvent
}

export type StoredRecording = {
  readonly callId: CallUuid
  readonly organizationId: number
  readonly at: number
  /** With `recordingId`, as the board would be told. */
  readonly detail: EventDetail
}

type Told = {
  readonly once: Set<string>
  readonly counts: Map<string, number>
  dialledByApi: boolean
  answered: boolean
}

/** Calls whose record never came are forgotten, the oldest first. */
const MOST_CALLS = 50_000

/** `boot` is another one at every start of an engine. */
export const createCallTeller = (boot: string): CallTeller => {
  const calls = new Map<CallUuid, Told>()
  const toldOf = (callId: CallUuid): Told => {
    const known = calls.get(callId)
    if (known !== undefined) return known
    const told: Told = { once: new Set(), counts: new Map(), dialledByApi: false, answered: false }
    calls.set(callId, told)
    if (calls.size > MOST_CALLS)
      for (const oldest of [...calls.keys()].slice(0, MOST_CALLS / 10)) calls.delete(oldest)
    return told
  }

  return {
    happened: (event) => {
      const { call, kind } = event
      // Told when it is durable (tell-correction.ts), of calls that are long over.
      if (kind === 'cdr-corrected') return []
      const told = toldOf(call.callId)
      // The phone of who keys a PIN is answered by us, as one that we rang.
      if (kind === 'initiated' || kind === 'pin-asked' || call.wish !== undefined) told.dialledByApi = true
      const { organizationId } = call
      // A channel of which nobody knows yet whose it is: it is told when its plan was made.
      if (organizationId === undefined) return []
      const events: OutgoingEvent[] = []
      const tell = (type: EventType, key: string | undefined, at: number, more: More = {}): void => {
        const name = key ?? numbered(told, type, more.leg, boot)
        if (told.once.has(name)) return
        told.once.add(name)
        events.push(outgoing(call, organizationId, type, name, at, more))
      }
      tell('call.initiated', 'initiated', call.startedAt)
      tellOf(event, told, tell)
      if (kind === 'cdr') calls.delete(call.callId)
      return events
    },
    recorded: (cdr, wish, cost) => {
      const { organizationId, callId } = cdr
      if (organizationId === undefined) return []
      const call = callOf(cdr, wish)
      // A phone that was rung first has answered whatever became of the call.
      const answered =
        cdr.attempts.length > 0
          ? cdr.attempts.some(({ outcome }) => outcome === 'ANSWERED')
          : cdr.disposition === 'ANSWERED'
      const more = { outcome: outcomeOf(cdr.hangupCause, cdr.sipStatus, answered) }
      const told = calls.get(callId)
      calls.delete(callId)
      return [
        ...(told?.once.has('ended') === true
          ? []
          : [
              outgoing(
                call,
                organizationId,
                answered ? 'call.completed' : 'call.failed',
                'ended',
                cdr.endTime,
                more,
              ),
            ]),
        outgoing(call, organizationId, 'cdr.stored', 'cdr', cdr.endTime, {
          cost:
            cost === undefined ? undefined : { amount: formatMoney(cost.amount), currency: cost.currency },
        }),
      ]
    },
    recordingStored: ({ callId, organizationId, at, detail }) => ({
      id: idOf(`${callId} ${recordingKey('stored', detail) ?? ''}`),
      type: 'recording.stored',
      at,
      organizationId,
      callId,
      callbackUrl: undefined,
      payload: {
        event: callbackNameOf('recording.stored') ?? null,
        organizationId,
        call: { callId },
        detail,
      },
    }),
  }
}

type Tell = (type: EventType, key: string | undefined, at: number, more?: More) => void

type More = {
  readonly leg?: LiveLeg | undefined
  readonly detail?: EventDetail | undefined
  readonly cost?: LiveEvent['cost']
  readonly outcome?: Outcome | undefined
}

const tellOf = (event: LiveEvent, told: Told, tell: Tell): void => {
  const { call, kind, at, leg, detail, cost } = event
  const legKey = (name: string): string => `${name} ${leg?.legUuid ?? ''}`
  const more: More = { leg, detail }
  const answered = (): void => {
    told.answered = true
    tell('call.answered', 'answered', at, more)
  }
  if (!isTurn(kind)) {
    tellAgain(event, tell)
    return
  }
  switch (kind) {
    case 'initiated':
      return
    case 'leg-started':
      tell('leg.started', legKey('started'), at, more)
      // Found again by a new engine in the middle of a call: what it missed is told now.
      if (leg?.state === 'answered') {
        tell('leg.answered', legKey('leg-answered'), at, more)
        if (isAnswerOfCall(call, leg, told)) answered()
      }
      return
    case 'ringing':
    case 'early-media':
      tell('leg.ringing', legKey('leg-ringing'), at, more)
      if (leg?.leg === 'B') tell('call.ringing', legKey('ringing'), at, more)
      return
    case 'answered':
      tell('leg.answered', legKey('leg-answered'), at, more)
      if (leg !== undefined && isAnswerOfCall(call, leg, told)) answered()
      return
    case 'talking':
      answered()
      tell('call.talking', 'talking', at, more)
      return
    case 'leg-ended':
      tell('leg.ended', legKey('leg-ended'), at, more)
      return
    case 'call-ended': {
      const isCompleted = told.answered || call.legs.some((each) => isAnswerOfCall(call, each, told))
      const sipStatus = call.legs.findLast((each) => each.leg === 'B')?.sipStatus
      tell(isCompleted ? 'call.completed' : 'call.failed', 'ended', at, {
        outcome: outcomeOf(call.hangupCause ?? 'NORMAL_UNSPECIFIED', sipStatus, isCompleted),
      })
      return
    }
    case 'cdr':
      tell('cdr.stored', 'cdr', at, { cost })
      return
    case 'machine-detection':
      tell('call.machine', legKey('machine'), at, more)
      return
    case 'recording-started':
    case 'recording-stopped':
    case 'recording-stored':
      tell(`recording.${ONCE[kind]}`, recordingKey(ONCE[kind], detail), at, more)
      return
  }
}

/** The turns of a call's life, each told once: of the call, of a leg, of a recording. */
const TURNS = [
  'initiated',
  'leg-started',
  'ringing',
  'early-media',
  'answered',
  'talking',
  'leg-ended',
  'call-ended',
  'cdr',
  'machine-detection',
  'recording-started',
  'recording-stopped',
  'recording-stored',
] as const

const isTurn = (kind: LiveEvent['kind']): kind is (typeof TURNS)[number] =>
  TURNS.some((turn) => turn === kind)

/** What may be told again and again; anything that has no name in AGAIN stays in the house. */
const tellAgain = ({ kind, at, leg, detail }: LiveEvent, tell: Tell): void => {
  const type = AGAIN[kind]
  if (type !== undefined) tell(type, undefined, at, { leg, detail })
}

const ONCE = {
  'recording-started': 'started',
  'recording-stopped': 'stopped',
  'recording-stored': 'stored',
} as const

/** What may happen to a call again and again. What stands nowhere here is not told outside. */
const AGAIN: Readonly<Partial<Record<LiveEvent['kind'], EventType>>> = {
  held: 'call.held',
  unheld: 'call.unheld',
  muted: 'call.muted',
  unmuted: 'call.unmuted',
  dtmf: 'call.dtmf',
  played: 'call.played',
  transferred: 'call.transferred',
  parked: 'call.parked',
  conferenced: 'call.conferenced',
  joined: 'call.joined',
  supervised: 'call.supervised',
  confirmed: 'call.confirmed',
  emergency: 'call.emergency',
  'identity-checked': 'call.identity-checked',
  'recording-paused': 'recording.paused',
  'recording-resumed': 'recording.resumed',
  'recording-consent': 'recording.consent',
}

/** The phone that is rung first for a call of the API is the caller's: its answer is none of the call. */
const isAnswerOfCall = (call: LiveCall, leg: LiveLeg, told: Told): boolean =>
  leg.answeredAt !== undefined &&
  (leg.leg === 'B' || (!told.dialledByApi && call.legs.every((each) => each.leg === 'A')))

/** A recording is started, stopped and stored once; each side of one that is split is stored for itself. */
const recordingKey = (name: string, detail: EventDetail | undefined): string | undefined => {
  const { recordingId, part } = detail ?? {}
  return recordingId === undefined
    ? undefined
    : `recording-${name} ${String(recordingId)} ${String(part ?? '')}`
}

const numbered = (told: Told, type: EventType, leg: LiveLeg | undefined, boot: string): string => {
  const key = `${type} ${leg?.legUuid ?? ''}`
  const count = (told.counts.get(key) ?? 0) + 1
  told.counts.set(key, count)
  return `${key} ${boot} ${count}`
}

const outgoing = (
  call: LiveCall,
  organizationId: number,
  type: EventType,
  key: string,
  at: number,
  { leg, detail, cost, outcome }: More,
): OutgoingEvent => ({
  id: idOf(`${call.callId} ${key}`),
  type,
  at,
  organizationId,
  callId: call.callId,
  callbackUrl: callbackUrlOf(call.wish, callbackNameOf(type)),
  payload: {
    event: callbackNameOf(type) ?? null,
    organizationId,
    call: callBody(call),
    ...(leg === undefined ? {} : { leg: legBody(leg) }),
    ...(detail === undefined ? {} : { detail }),
    ...(outcome === undefined ? {} : { outcome }),
    ...(type === 'cdr.stored' ? { cost: cost ?? null } : {}),
    ...(call.wish?.crm === undefined ? {} : { crm: crmBody(call.wish.crm) }),
  },
})

const callbackUrlOf = (wish: CallWish | undefined, name: CallbackEvent | undefined): string | undefined => {
  if (wish?.callback === undefined || name === undefined) return undefined
  return (wish.callback.events ?? DEFAULT_CALLBACK_EVENTS).includes(name) ? wish.callback.url : undefined
}

/** A uuid (RFC 9562, version 8) that is the same for the same key. */
export const idOf = (key: string): string => {
  const bytes = createHash('sha256').update(`strowger event ${key}`).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

type Outcome = Readonly<Record<string, string | number | null>>

/** A call that was answered has no fault: its cause is who hung up. */
const outcomeOf = (cause: HangupCause, sipStatus: number | undefined, isCompleted: boolean): Outcome => {
  const { q850, code, message, userMessage } = faultOfCause(cause)
  const base = { cause, q850, sipStatus: sipStatus ?? null }
  return isCompleted ? base : { ...base, code, message, userMessage }
}

const isoOf = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString()

const callBody = (call: LiveCall): Readonly<Record<string, unknown>> => ({
  callId: call.callId,
  userId: call.userId ?? null,
  direction: call.direction,
  state: call.state,
  from: call.from,
  to: call.to,
  startedAt: isoOf(call.startedAt),
  answeredAt: isoOf(call.answeredAt),
  endedAt: isoOf(call.endedAt),
  hangupCause: call.hangupCause ?? null,
  simulated: call.simulated,
})

const legBody = (leg: LiveLeg): Readonly<Record<string, unknown>> => ({
  legUuid: leg.legUuid,
  leg: leg.leg,
  state: leg.state,
  party: leg.party,
  userId: leg.userId ?? null,
  gateway: leg.gateway ?? null,
  carrier: leg.carrier ?? null,
  hangupCause: leg.hangupCause ?? null,
  sipStatus: leg.sipStatus ?? null,
})

const crmBody = (crm: NonNullable<CallWish['crm']>): Readonly<Record<string, unknown>> => ({
  recordId: crm.recordId ?? null,
  objectType: crm.objectType ?? null,
  createTask: crm.createTask ?? null,
})

/** As the board would have had it at its end. */
const callOf = (cdr: Cdr, wish: CallWish | undefined): LiveCall => ({
  callId: cdr.callId,
  organizationId: cdr.organizationId,
  userId: cdr.callerUserId ?? cdr.calleeUserId,
  direction: cdr.direction,
  state: 'ended',
  from: cdr.callerNumber ?? '',
  to: cdr.calleeNumber ?? cdr.dialledNumber ?? '',
  startedAt: cdr.startTime,
  answeredAt: cdr.answerTime,
  endedAt: cdr.endTime,
  hangupCause: cdr.hangupCause,
  simulated: cdr.simulated,
  wish,
  legs: [],
})
