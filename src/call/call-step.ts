/**
 * A live call, one input at a time. Pure. `call` is undefined before its first input. What is told to those
 * who watch comes out as happenings; numbering and sending them is not this file's business.
 */
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import type { CarriedCall, Direction } from './carried.ts'
import { nextLegState, type LegInput } from './leg-state.ts'
import type { CallState, EventDetail, LiveCall, LiveEvent, LiveLeg, Noted } from './live-call.ts'
import type { LegPrepaid } from './prepaid.ts'
import type { CallWish } from './wish.ts'

/** Everything that can happen to a call, whoever saw it. */
export type CallInput =
  /** Somebody asked for the call over the API; there is no channel yet. */
  | {
      readonly kind: 'initiated'
      readonly organizationId: number
      readonly userId: number
      readonly from: string
      readonly to: string
      readonly wish?: CallWish | undefined
    }
  /** What was asked for came to nothing before a channel was made: its phone is not there, the switch is full. */
  | { readonly kind: 'unmade'; readonly cause: HangupCause }
  /** A channel exists. Repeated after a resync: then it only fills in what was not known. */
  | { readonly kind: 'leg-seen'; readonly leg: SeenLeg }
  /** The plan was made: who calls whom, under which organisation. */
  | { readonly kind: 'planned'; readonly carried: CarriedCall }
  | {
      readonly kind: 'leg'
      readonly legUuid: CallUuid
      readonly input: LegInput
      readonly cause?: HangupCause
      readonly sipStatus?: number | undefined
    }
  | { readonly kind: 'bridged' }
  /** Something happened to the call, or to one leg of it, that changes no state: watchers are told. */
  | {
      readonly kind: 'noted'
      readonly what: Noted
      readonly legUuid?: CallUuid | undefined
      readonly detail?: EventDetail | undefined
    }

export type SeenLeg = {
  readonly legUuid: CallUuid
  readonly leg: 'A' | 'B'
  readonly party: string
  readonly userId?: number | undefined
  readonly muted?: boolean | undefined
  readonly attempt: number | undefined
  readonly gateway: string | undefined
  readonly gatewayId: number | undefined
  readonly carrier: string | undefined
  readonly direction: Direction
  readonly from: string
  readonly to: string
  readonly simulated: boolean
  /** On the leg of one who was rung because the API asked for the call. */
  readonly wish?: CallWish | undefined
  /** With a resync: the leg was answered before we looked. */
  readonly answered?: boolean
  /** With it: milliseconds since the epoch. */
  readonly answeredAt?: number | undefined
  readonly prepaid?: LegPrepaid | undefined
}

export type Happening = Pick<LiveEvent, 'kind' | 'leg' | 'detail'>

export type Step = { readonly call: LiveCall | undefined; readonly happenings: readonly Happening[] }

export const stepCall = (
  callId: CallUuid,
  call: LiveCall | undefined,
  input: CallInput,
  now: number,
): Step => {
  switch (input.kind) {
    case 'initiated': {
      const { organizationId, userId, from, to, wish } = input
      return {
        call: { ...(call ?? blank(callId, now)), organizationId, userId, from, to, wish },
        happenings: [{ kind: 'initiated', leg: undefined }],
      }
    }
    case 'unmade':
      return call === undefined || call.state === 'ended' || call.legs.length > 0
        ? ignored(call)
        : {
            call: { ...call, state: 'ended', endedAt: now, hangupCause: input.cause },
            happenings: [{ kind: 'call-ended', leg: undefined }],
          }
    case 'planned':
      return { call: plan(callId, call, input.carried, now), happenings: [] }
    case 'leg-seen':
      return seeLeg(callId, call, input.leg, now)
    case 'leg':
      return call === undefined ? ignored(call) : moveLeg(call, input, now)
    case 'bridged':
      return call === undefined || call.state === 'ended' || call.state === 'talking'
        ? ignored(call)
        : {
            call: { ...call, state: 'talking', answeredAt: call.answeredAt ?? now },
            happenings: [{ kind: 'talking', leg: undefined }],
          }
    case 'noted': {
      if (call === undefined) return ignored(call)
      const before = call.legs.find(({ legUuid }) => legUuid === input.legUuid)
      const isMuting = input.what === 'muted' || input.what === 'unmuted'
      const leg = before === undefined || !isMuting ? before : { ...before, muted: input.what === 'muted' }
      const legs = call.legs.map((other) => (other === before && leg !== undefined ? leg : other))
      return { call: { ...call, legs }, happenings: [{ kind: input.what, leg, detail: input.detail }] }
    }
  }
}

const ignored = (call: LiveCall | undefined): Step => ({ call, happenings: [] })

/** A plan for a leg that was transferred says nothing of who called whom. */
const plan = (callId: CallUuid, call: LiveCall | undefined, carried: CarriedCall, now: number): LiveCall =>
  carried.channelUuid !== undefined && call?.organizationId !== undefined
    ? call
    : {
        ...(call ?? blank(callId, now)),
        organizationId: carried.organizationId,
        userId: carried.userId,
        direction: carried.direction,
        to: carried.destination ?? carried.dialled,
      }

const blank = (callId: CallUuid, now: number): LiveCall => ({
  callId,
  organizationId: undefined,
  userId: undefined,
  direction: 'internal',
  state: 'initiated',
  from: '',
  to: '',
  startedAt: now,
  answeredAt: undefined,
  endedAt: undefined,
  hangupCause: undefined,
  simulated: false,
  legs: [],
})

const seeLeg = (callId: CallUuid, known: LiveCall | undefined, seen: SeenLeg, now: number): Step => {
  const call = known ?? blank(callId, now)
  const before = call.legs.find((leg) => leg.legUuid === seen.legUuid)
  if (before !== undefined) {
    // It was answered while we saw nothing.
    return seen.answered === true && before.answeredAt === undefined
      ? moveLeg(call, { kind: 'leg', legUuid: before.legUuid, input: 'answer' }, seen.answeredAt ?? now)
      : ignored(call)
  }
  const leg: LiveLeg = {
    legUuid: seen.legUuid,
    leg: seen.leg,
    state: seen.answered === true ? 'answered' : 'new',
    party: seen.party,
    userId: seen.userId,
    muted: seen.muted,
    attempt: seen.attempt,
    gateway: seen.gateway,
    gatewayId: seen.gatewayId,
    carrier: seen.carrier,
    startedAt: now,
    answeredAt: seen.answered === true ? (seen.answeredAt ?? now) : undefined,
    endedAt: undefined,
    hangupCause: undefined,
    sipStatus: undefined,
    ...(seen.prepaid === undefined ? {} : { prepaid: seen.prepaid }),
  }
  const first = seen.leg === 'A'
  const next: LiveCall = {
    ...call,
    direction: first && call.organizationId === undefined ? seen.direction : call.direction,
    from: first && call.from === '' ? seen.from : call.from,
    to: first && call.to === '' ? seen.to : call.to,
    simulated: call.simulated || seen.simulated,
    wish: call.wish ?? seen.wish,
    legs: [...call.legs, leg],
  }
  return { call: advance(next, leg, now), happenings: [{ kind: 'leg-started', leg }] }
}

const HAPPENING: Readonly<Record<LegInput, Happening['kind'] | undefined>> = {
  progress: 'ringing',
  'progress-media': 'early-media',
  answer: 'answered',
  hold: 'held',
  unhold: 'unheld',
  hangup: 'leg-ended',
}

const moveLeg = (call: LiveCall, input: Extract<CallInput, { kind: 'leg' }>, now: number): Step => {
  const before = call.legs.find((leg) => leg.legUuid === input.legUuid)
  const state = before === undefined ? undefined : nextLegState(before.state, input.input)
  if (before === undefined || state === undefined) return ignored(call)
  const leg: LiveLeg = {
    ...before,
    state,
    answeredAt: input.input === 'answer' ? now : before.answeredAt,
    endedAt: input.input === 'hangup' ? now : before.endedAt,
    hangupCause: input.cause ?? before.hangupCause,
    sipStatus: input.sipStatus ?? before.sipStatus,
  }
  const legs = call.legs.map((other) => (other.legUuid === leg.legUuid ? leg : other))
  const kind = HAPPENING[input.input]
  const told: Happening[] = kind === undefined ? [] : [{ kind, leg }]
  const moved = advance({ ...call, legs }, leg, now)
  if (moved.state === 'ended' && call.state !== 'ended') told.push({ kind: 'call-ended', leg: undefined })
  return { call: moved, happenings: told }
}

/** The call's own state follows from its legs: it lives as long as any of them. */
const advance = (call: LiveCall, leg: LiveLeg, now: number): LiveCall => {
  if (call.legs.every(({ state }) => state === 'gone')) {
    const cause = call.legs.find((each) => each.leg === 'A')?.hangupCause ?? leg.hangupCause
    return { ...call, state: 'ended', endedAt: now, hangupCause: cause }
  }
  const rank: readonly CallState[] = ['initiated', 'ringing', 'answered', 'talking', 'ended']
  const reached: CallState =
    leg.state === 'ringing' || leg.state === 'early'
      ? 'ringing'
      : leg.state === 'answered'
        ? 'answered'
        : call.state
  if (rank.indexOf(reached) <= rank.indexOf(call.state)) return call
  return { ...call, state: reached, answeredAt: reached === 'answered' ? now : call.answeredAt }
}
