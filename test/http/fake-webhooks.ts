/** Webhooks and deliveries in memory, of organisation 1, for the tests of the HTTP floor and of the CLI. */
import { urlFault } from '../../src/access/outgoing-url.ts'
import type {
  Delivery,
  DeliveryDetail,
  Webhook,
  WebhookDoors,
  WebhookFields,
} from '../../src/http/webhook-doors.ts'
import { CALL_ID, NOON } from './samples.ts'

export const delivery = (changes: Partial<Delivery> = {}): Delivery => ({
  id: 7,
  organizationId: 1,
  webhookId: 1,
  callId: CALL_ID,
  eventId: '99999999-2222-4333-8444-555555555555',
  type: 'call.completed',
  sequence: 3,
  url: 'https://hooks.example.com/calls',
  state: 'waiting',
  attempts: 2,
  late: false,
  replayOf: undefined,
  lastStatus: 500,
  lastError: 'it answered 500',
  nextTryAt: NOON + 15_000,
  deliveredAt: undefined,
  createdAt: NOON,
  ...changes,
})

export const fakeWebhooks = (): WebhookDoors => {
  const webhooks = new Map<number, Webhook>()
  const mine = <Row extends { readonly organizationId: number }>(
    bound: number | undefined,
    row: Row | undefined,
  ): Row | undefined =>
    row === undefined || (bound ?? row.organizationId) !== row.organizationId ? undefined : row
  const detail: DeliveryDetail = {
    ...delivery(),
    body: '{"type":"call.completed"}',
    tries: [{ at: NOON, tookMs: 12, status: 500, error: 'it answered 500' }],
  }
  const webhookOf = (id: number, organizationId: number, fields: WebhookFields): Webhook => ({
    ...fields,
    id,
    organizationId,
    disabledReason: '',
    failingSince: undefined,
    pausedUntil: undefined,
    waiting: 0,
    createdAt: NOON,
    updatedAt: NOON,
  })
  return {
    filters: ['*', 'call.*', 'call.answered', 'call.completed'],
    urlFault: (url) => urlFault(url, { allowed: [], allowHttp: false }),
    list: (bound) => Promise.resolve([...webhooks.values()].filter((row) => mine(bound, row) !== undefined)),
    find: (bound, id) => Promise.resolve(mine(bound, webhooks.get(id))),
    add: (organizationId, fields) => {
      const webhook = webhookOf(webhooks.size + 1, organizationId, fields)
      webhooks.set(webhook.id, webhook)
      return Promise.resolve({ webhook, secret: 'whsec_told-this-once' })
    },
    change: (bound, id, changes) => {
      const before = mine(bound, webhooks.get(id))
      if (before === undefined) return Promise.resolve(undefined)
      const after = webhookOf(id, before.organizationId, {
        url: changes.url ?? before.url,
        description: changes.description ?? before.description,
        events: changes.events ?? before.events,
        enabled: changes.enabled ?? before.enabled,
      })
      webhooks.set(id, after)
      return Promise.resolve(after)
    },
    remove: (bound, id) =>
      Promise.resolve(mine(bound, webhooks.get(id)) !== undefined && webhooks.delete(id)),
    rotateSecret: (bound, id) =>
      Promise.resolve(mine(bound, webhooks.get(id)) === undefined ? undefined : 'whsec_another'),
    ping: (bound, id) =>
      Promise.resolve(
        mine(bound, webhooks.get(id)) === undefined
          ? undefined
          : {
              ...detail,
              type: 'webhook.ping',
              state: 'delivered',
              attempts: 1,
              lastStatus: 200,
              lastError: undefined,
            },
      ),
    callbackSecret: () => Promise.resolve('whsec_callbacks'),
    rotateCallbackSecret: () => Promise.resolve('whsec_callbacks-2'),
    deliveries: (bound, { callId, webhookId, state }) =>
      Promise.resolve({
        deliveries: [delivery()].filter(
          (row) =>
            mine(bound, row) !== undefined &&
            (callId ?? row.callId) === row.callId &&
            (webhookId ?? row.webhookId) === row.webhookId &&
            (state ?? row.state) === row.state,
        ),
        next: undefined,
      }),
    delivery: (bound, id) => Promise.resolve(id === detail.id ? mine(bound, detail) : undefined),
    replay: (bound, id) =>
      Promise.resolve(id === detail.id && mine(bound, detail) !== undefined ? 8 : undefined),
    replayFailed: (bound, id) => Promise.resolve(mine(bound, webhooks.get(id)) === undefined ? undefined : 3),
  }
}
