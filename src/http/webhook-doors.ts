/** What the routes of webhooks and deliveries need, as shapes; `app` gives them. `bound` undefined: of every organisation. */
import type { Delivery, DeliveryDetail, DeliveryFilter, DeliveryPage } from '../store/delivery-log.ts'
import type { Webhook, WebhookFields } from '../store/webhooks.ts'

export type { Delivery, DeliveryDetail, DeliveryFilter, DeliveryPage, Webhook, WebhookFields }

type Bound = number | undefined

export type WebhookDoors = {
  /** Names that a webhook may ask for. */
  readonly filters: readonly string[]
  /** Why no request goes to the URL, as the end of a sentence; undefined: it is taken. */
  readonly urlFault: (url: string) => string | undefined
  readonly list: (bound: Bound) => Promise<readonly Webhook[]>
  readonly find: (bound: Bound, id: number) => Promise<Webhook | undefined>
  readonly add: (
    organizationId: number,
    fields: WebhookFields,
  ) => Promise<{ readonly webhook: Webhook; readonly secret: string }>
  readonly change: (
    bound: Bound,
    id: number,
    changes: { readonly [Field in keyof WebhookFields]?: WebhookFields[Field] | undefined },
  ) => Promise<Webhook | undefined>
  readonly remove: (bound: Bound, id: number) => Promise<boolean>
  /** The old one is good for so many more hours. */
  readonly rotateSecret: (bound: Bound, id: number, hours: number) => Promise<string | undefined>
  /** Sends `webhook.ping`; the delivery, once it was tried or after a few seconds. */
  readonly ping: (bound: Bound, id: number) => Promise<DeliveryDetail | undefined>
  readonly callbackSecret: (organizationId: number) => Promise<string>
  readonly rotateCallbackSecret: (organizationId: number) => Promise<string>
  readonly deliveries: (bound: Bound, filter: DeliveryFilter) => Promise<DeliveryPage>
  readonly delivery: (bound: Bound, id: number) => Promise<DeliveryDetail | undefined>
  /** The id of what is sent. */
  readonly replay: (bound: Bound, id: number) => Promise<number | undefined>
  /** How many of those that failed for good since then are sent again; undefined: there is no such webhook. */
  readonly replayFailed: (bound: Bound, webhookId: number, since: number) => Promise<number | undefined>
}
