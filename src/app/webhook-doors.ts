/** The doors of webhooks, joined to the tables and the outbox. */
import { randomUUID } from 'node:crypto'
import { urlFault } from '../access/outgoing-url.ts'
import { sleep, type Clock } from '../base/clock.ts'
import { EVENT_FILTERS } from '../deliver/event-names.ts'
import type { OutgoingEvent } from '../deliver/tell-calls.ts'
import type { WebhookDoors } from '../http/webhook-doors.ts'
import type { Database } from '../store/database.ts'
import { findDelivery, listDeliveries, replayDelivery, replayFailed } from '../store/delivery-log.ts'
import { putEvents } from '../store/delivery-queue.ts'
import { callbackSecret } from '../store/delivery-turns.ts'
import {
  addWebhook,
  changeWebhook,
  findWebhook,
  listWebhooks,
  removeWebhook,
  rotateCallbackSecret,
  rotateWebhookSecret,
} from '../store/webhooks.ts'
import type { Outbox } from './outbox.ts'

type Parts = {
  readonly database: Database
  readonly outbox: Pick<Outbox, 'rules' | 'secrets' | 'put'>
  readonly clock: Clock
}

const HOUR_MS = 3_600_000
/** A ping waits so long for its answer; a receiver that takes longer is told by the log. */
const PING_WAIT_MS = 5_000
const PING_LOOK_MS = 100

export const createWebhookDoors = ({ database, outbox, clock }: Parts): WebhookDoors => {
  const { rules, secrets, put } = outbox
  return {
    filters: EVENT_FILTERS,
    urlFault: (url) => urlFault(url, rules),
    list: (bound) => listWebhooks(database, bound),
    find: (bound, id) => findWebhook(database, bound, id),
    add: (organizationId, fields) => addWebhook(database, organizationId, fields, secrets),
    change: (bound, id, changes) => changeWebhook(database, bound, id, changes),
    remove: (bound, id) => removeWebhook(database, bound, id),
    rotateSecret: (bound, id, hours) =>
      rotateWebhookSecret(database, bound, id, clock.now() + hours * HOUR_MS, secrets),
    ping: async (bound, id) => {
      const webhook = await findWebhook(database, bound, id)
      if (webhook === undefined) return undefined
      const { organizationId } = webhook
      const ping: OutgoingEvent = {
        id: randomUUID(),
        type: 'webhook.ping',
        at: clock.now(),
        organizationId,
        callId: undefined,
        callbackUrl: undefined,
        payload: { organizationId, webhookId: id },
      }
      const [deliveryId] = await putEvents(database, [ping], { ...put, onlyTo: id })
      if (deliveryId === undefined) return undefined
      const until = clock.now() + PING_WAIT_MS
      for (;;) {
        const delivery = await findDelivery(database, bound, deliveryId)
        if (delivery === undefined || delivery.attempts > 0 || clock.now() > until) return delivery
        await sleep(clock, PING_LOOK_MS)
      }
    },
    callbackSecret: (organizationId) => callbackSecret(database, organizationId, secrets),
    rotateCallbackSecret: (organizationId) => rotateCallbackSecret(database, organizationId, secrets),
    deliveries: (bound, filter) => listDeliveries(database, bound, filter),
    delivery: (bound, id) => findDelivery(database, bound, id),
    replay: (bound, id) => replayDelivery(database, bound, id),
    replayFailed: async (bound, id, since) =>
      (await findWebhook(database, bound, id)) === undefined ? undefined : replayFailed(database, id, since),
  }
}
