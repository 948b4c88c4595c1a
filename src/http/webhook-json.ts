/** Webhooks and deliveries as our API tells them. A secret is told when it is made, and never again. */
import { Type } from '@sinclair/typebox'
import { iso, isoOrNull, nullable, time } from './fields.ts'
import type { Delivery, DeliveryDetail, Webhook } from './webhook-doors.ts'

const string = Type.String()
const integer = Type.Integer()
const maybeTime = nullable(time('a moment'))

export const WebhookJson = Type.Object({
  id: integer,
  organizationId: integer,
  url: string,
  description: string,
  events: Type.Array(string),
  enabled: Type.Boolean(),
  disabledReason: nullable(string),
  failingSince: maybeTime,
  pausedUntil: maybeTime,
  waiting: Type.Integer({ description: 'deliveries that wait' }),
  createdAt: time('a moment'),
  updatedAt: time('a moment'),
})

export const webhookJson = (webhook: Webhook) => ({
  id: webhook.id,
  organizationId: webhook.organizationId,
  url: webhook.url,
  description: webhook.description,
  events: [...webhook.events],
  enabled: webhook.enabled,
  disabledReason: webhook.disabledReason === '' ? null : webhook.disabledReason,
  failingSince: isoOrNull(webhook.failingSince),
  pausedUntil: isoOrNull(webhook.pausedUntil),
  waiting: webhook.waiting,
  createdAt: iso(webhook.createdAt),
  updatedAt: iso(webhook.updatedAt),
})

export const DeliveryJson = Type.Object({
  id: integer,
  organizationId: integer,
  webhookId: nullable(Type.Integer({ description: 'null: a callback' })),
  callId: nullable(string),
  eventId: string,
  type: string,
  sequence: integer,
  url: string,
  state: Type.String({ description: 'waiting, delivered or failed' }),
  attempts: integer,
  late: Type.Boolean({ description: 'true: later events of its call went ahead of it' }),
  replayOf: nullable(integer),
  lastStatus: nullable(integer),
  lastError: nullable(string),
  nextTryAt: maybeTime,
  deliveredAt: maybeTime,
  createdAt: time('a moment'),
})

export const deliveryJson = (delivery: Delivery) => ({
  id: delivery.id,
  organizationId: delivery.organizationId,
  webhookId: delivery.webhookId ?? null,
  callId: delivery.callId ?? null,
  eventId: delivery.eventId,
  type: delivery.type,
  sequence: delivery.sequence,
  url: delivery.url,
  state: delivery.state,
  attempts: delivery.attempts,
  late: delivery.late,
  replayOf: delivery.replayOf ?? null,
  lastStatus: delivery.lastStatus ?? null,
  lastError: delivery.lastError ?? null,
  nextTryAt: isoOrNull(delivery.nextTryAt),
  deliveredAt: isoOrNull(delivery.deliveredAt),
  createdAt: iso(delivery.createdAt),
})

export const DeliveryDetailJson = Type.Composite([
  DeliveryJson,
  Type.Object({
    body: Type.String({ description: 'what is posted' }),
    tries: Type.Array(
      Type.Object({
        at: time('a moment'),
        tookMs: integer,
        status: nullable(integer),
        error: nullable(string),
      }),
    ),
  }),
])

export const deliveryDetailJson = (delivery: DeliveryDetail) => ({
  ...deliveryJson(delivery),
  body: delivery.body,
  tries: delivery.tries.map(({ at, tookMs, status, error }) => ({
    at: iso(at),
    tookMs,
    status: status ?? null,
    error: error ?? null,
  })),
})
