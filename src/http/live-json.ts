/** Calls and what happens to them, as our API tells them. */
import { Type } from '@sinclair/typebox'
import { failureOf } from '../call/failure.ts'
import type { LiveCall, LiveEvent, LiveLeg } from '../call/live-call.ts'
import { iso, isoOrNull, nullable, time } from './fields.ts'

const string = Type.String()
const maybeTime = nullable(time('a moment'))

export const LiveLegJson = Type.Object({
  legUuid: string,
  leg: Type.Union([Type.Literal('A'), Type.Literal('B')]),
  state: Type.String({ description: 'new, ringing, early, answered, held or gone' }),
  party: string,
  userId: nullable(Type.Integer()),
  attempt: nullable(Type.Integer()),
  gateway: nullable(string),
  gatewayId: nullable(Type.Integer()),
  carrier: nullable(string),
  startedAt: time('a moment'),
  answeredAt: maybeTime,
  endedAt: maybeTime,
  hangupCause: nullable(string),
  sipStatus: nullable(Type.Integer()),
})

/** Why an ended call came to nothing. */
export const CallErrorJson = Type.Object(
  {
    cause: string,
    sip: Type.Integer({ description: 'what a caller over SIP gets for it' }),
    q850: Type.Integer(),
    code: Type.String({ description: 'stable, for programs: DESTINATION_BUSY, NO_ANSWER ...' }),
    message: string,
    userMessage: Type.String({ description: 'for the person who calls' }),
    sipStatus: Type.Optional(Type.Integer({ description: "the destination's own" })),
  },
  { description: 'why an ended call came to nothing; null while it lives, and where somebody talked' },
)

export const LiveCallJson = Type.Object({
  callId: string,
  organizationId: nullable(Type.Integer()),
  userId: nullable(Type.Integer()),
  direction: Type.String({ description: 'inbound, outbound or internal' }),
  state: Type.String({ description: 'initiated, ringing, answered, talking or ended' }),
  from: string,
  to: string,
  startedAt: time('a moment'),
  answeredAt: maybeTime,
  endedAt: maybeTime,
  hangupCause: nullable(string),
  error: nullable(CallErrorJson),
  simulated: Type.Boolean(),
  legs: Type.Array(LiveLegJson),
})

export const LiveEventJson = Type.Object({
  id: Type.Integer(),
  at: time('when it happened'),
  kind: Type.String({
    description:
      'initiated, leg-started, ringing, early-media, answered, talking, held, unheld, leg-ended, call-ended, cdr, or what was noted: muted, unmuted, dtmf, played, transferred, joined, parked, conferenced, supervised, confirmed, machine-detection, recording-started, recording-paused, recording-resumed, recording-stopped, recording-consent, recording-stored, emergency, identity-checked or cdr-corrected',
  }),
  call: LiveCallJson,
  leg: nullable(LiveLegJson),
  detail: nullable(Type.Record(string, Type.Union([string, Type.Number(), Type.Boolean(), Type.Null()]))),
  cost: nullable(Type.Object({ amount: string, currency: string })),
})

const legJson = (leg: LiveLeg) => ({
  legUuid: leg.legUuid,
  leg: leg.leg,
  state: leg.state,
  party: leg.party,
  userId: leg.userId ?? null,
  attempt: leg.attempt ?? null,
  gateway: leg.gateway ?? null,
  gatewayId: leg.gatewayId ?? null,
  carrier: leg.carrier ?? null,
  startedAt: iso(leg.startedAt),
  answeredAt: isoOrNull(leg.answeredAt),
  endedAt: isoOrNull(leg.endedAt),
  hangupCause: leg.hangupCause ?? null,
  sipStatus: leg.sipStatus ?? null,
})

export const callJson = (call: LiveCall) => ({
  callId: call.callId,
  organizationId: call.organizationId ?? null,
  userId: call.userId ?? null,
  direction: call.direction,
  state: call.state,
  from: call.from,
  to: call.to,
  startedAt: iso(call.startedAt),
  answeredAt: isoOrNull(call.answeredAt),
  endedAt: isoOrNull(call.endedAt),
  hangupCause: call.hangupCause ?? null,
  error: failureOf(call) ?? null,
  simulated: call.simulated,
  legs: call.legs.map(legJson),
})

export const eventJson = (event: LiveEvent) => ({
  id: event.id,
  at: iso(event.at),
  kind: event.kind,
  call: callJson(event.call),
  leg: event.leg === undefined ? null : legJson(event.leg),
  detail: event.detail ?? null,
  cost: event.cost === undefined ? null : { amount: event.cost.amount, currency: event.cost.currency },
})
