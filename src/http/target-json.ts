/** Targets and what was delivered to them as our API tells them. Credentials are never told. */
import { Type } from '@sinclair/typebox'
import { iso, isoOrNull, nullable, time } from './fields.ts'
import type { StoredTarget, TargetDelivery } from './target-doors.ts'

const string = Type.String()
const integer = Type.Integer()
const maybeTime = nullable(time('a moment'))
const json = Type.Record(string, Type.Unknown())

export const TargetJson = Type.Object({
  id: integer,
  organizationId: integer,
  name: string,
  kind: string,
  enabled: Type.Boolean(),
  settings: json,
  mapping: Type.Record(string, Type.Unknown(), { description: 'what differs from the default of the kind' }),
  breaker: Type.String({
    description:
      'closed; open: nothing is sent for a while; half-open: a few are sent to see; busy: it asked for a pause',
  }),
  failures: Type.Integer({ description: 'failures with no success between' }),
  failingSince: maybeTime,
  pausedUntil: maybeTime,
  waiting: Type.Integer({ description: 'deliveries that wait' }),
  deadLetters: Type.Integer({ description: 'deliveries that were given up or refused' }),
  createdAt: time('a moment'),
  updatedAt: time('a moment'),
})

export const targetJson = (target: StoredTarget, breakerAfter: number) => ({
  id: target.id,
  organizationId: target.organizationId,
  name: target.name,
  kind: target.kind,
  enabled: target.enabled,
  settings: target.settings,
  mapping: target.mapping,
  breaker: breakerOf(target, breakerAfter),
  failures: target.failures,
  failingSince: isoOrNull(target.failingSince),
  pausedUntil: isoOrNull(target.pausedUntil),
  waiting: target.waiting,
  deadLetters: target.deadLetters,
  createdAt: iso(target.createdAt),
  updatedAt: iso(target.updatedAt),
})

const breakerOf = ({ failures, pausedUntil }: StoredTarget, breakerAfter: number): string => {
  if (failures >= breakerAfter) return pausedUntil === undefined ? 'half-open' : 'open'
  return pausedUntil === undefined ? 'closed' : 'busy'
}

export const TargetDeliveryJson = Type.Object({
  id: integer,
  targetId: integer,
  callId: string,
  state: Type.String({ description: 'waiting, delivered or failed' }),
  attempts: integer,
  replay: Type.Boolean({ description: 'a person asked for it' }),
  note: nullable(Type.String({ description: 'what became of it: created, updated, unchanged' })),
  lastStatus: nullable(integer),
  lastError: nullable(Type.String({ description: 'why it was not taken, in the words of the target' })),
  nextTryAt: maybeTime,
  deliveredAt: maybeTime,
  createdAt: time('a moment'),
})

export const targetDeliveryJson = (delivery: TargetDelivery) => ({
  id: delivery.id,
  targetId: delivery.targetId,
  callId: delivery.callId,
  state: delivery.state,
  attempts: delivery.attempts,
  replay: delivery.isReplay,
  note: delivery.note ?? null,
  lastStatus: delivery.lastStatus ?? null,
  lastError: delivery.lastError ?? null,
  nextTryAt: isoOrNull(delivery.nextTryAt),
  deliveredAt: isoOrNull(delivery.deliveredAt),
  createdAt: iso(delivery.createdAt),
})

export const TargetRequestJson = Type.Object({
  object: Type.String({ description: 'what it makes at the target' }),
  method: string,
  url: string,
  body: Type.Unknown({ description: 'what would be sent' }),
})
