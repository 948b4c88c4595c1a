/** The webhooks of organisations. Their secrets are sealed here and opened only for signing; nobody reads one back. */
import type { Database, Queryable } from './database.ts'
import type { SecretKeeper } from './delivery-turns.ts'
import { wakeEndpoints } from './delivery-queue.ts'
import { badInput, id, name, plain } from './input.ts'

export type Webhook = {
  readonly id: number
  readonly organizationId: number
  readonly url: string
  readonly description: string
  readonly events: readonly string[]
  readonly enabled: boolean
  /** Why the engine disabled it; empty: it did not. */
  readonly disabledReason: string
  /** Milliseconds since the epoch; undefined: the last delivery arrived, or there was none. */
  readonly failingSince: number | undefined
  readonly pausedUntil: number | undefined
  /** Deliveries that wait. */
  readonly waiting: number
  readonly createdAt: number
  readonly updatedAt: number
}

export type WebhookFields = {
  readonly url: string
  readonly description: string
  readonly events: readonly string[]
  readonly enabled: boolean
}

/** Undefined: every organisation's. */
export type Bound = number | undefined

export const listWebhooks = async (on: Queryable, bound: Bound): Promise<readonly Webhook[]> =>
  (
    await on.query<Row>(`${SELECT} WHERE ($1::integer IS NULL OR w.organization_id = $1) ORDER BY w.id`, [
      bound ?? null,
    ])
  ).map(webhookOf)

export const findWebhook = async (
  on: Queryable,
  bound: Bound,
  webhookId: number,
): Promise<Webhook | undefined> => {
  const [row] = await on.query<Row>(
    `${SELECT} WHERE w.id = $1 AND ($2::integer IS NULL OR w.organization_id = $2)`,
    [id('id', webhookId), bound ?? null],
  )
  return row === undefined ? undefined : webhookOf(row)
}

/** With its secret, which is told this once. Throws STORE_BAD_INPUT. */
export const addWebhook = async (
  on: Database,
  organizationId: number,
  fields: WebhookFields,
  secrets: SecretKeeper,
): Promise<{ readonly webhook: Webhook; readonly secret: string }> => {
  const secret = secrets.make()
  const columns = columnsOf(fields)
  const webhook = await on.transaction(async (transaction) => {
    // Removing the organisation waits until this is done.
    const found = await transaction.query('SELECT 1 FROM organizations WHERE id = $1 FOR KEY SHARE', [
      organizationId,
    ])
    if (found.length === 0) throw badInput('organizationId', `there is no organisation ${organizationId}`)
    const [count] = await transaction.query<{ n: number }>(
      'SELECT count(*)::integer AS n FROM webhooks WHERE organization_id = $1',
      [organizationId],
    )
    if ((count?.n ?? 0) >= MOST_WEBHOOKS)
      throw badInput('organizationId', `an organisation has at most ${MOST_WEBHOOKS} webhooks`)
    const [row] = await transaction.query<{ id: number }>(
      `INSERT INTO webhooks (organization_id, url, description, events, enabled, secret)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
      [
        organizationId,
        columns.url,
        columns.description,
        columns.events,
        columns.enabled,
        secrets.seal(secret),
      ],
    )
    return findWebhook(transaction, undefined, row?.id ?? 0)
  })
  if (webhook === undefined) throw badInput('id', 'the webhook was removed at once')
  return { webhook, secret }
}

/** What is undefined stays. Undefined: there is no such webhook. */
export const changeWebhook = async (
  on: Database,
  bound: Bound,
  webhookId: number,
  changes: { readonly [Field in keyof WebhookFields]?: WebhookFields[Field] | undefined },
): Promise<Webhook | undefined> =>
  on.transaction(async (transaction) => {
    const before = await findWebhook(transaction, bound, webhookId)
    if (before === undefined) return undefined
    const next = columnsOf({
      url: changes.url ?? before.url,
      description: changes.description ?? before.description,
      events: changes.events ?? before.events,
      enabled: changes.enabled ?? before.enabled,
    })
    await transaction.query(
      `UPDATE webhooks SET url = $2, description = $3, events = $4, enabled = $5,
          disabled_reason = CASE WHEN $5 THEN '' ELSE disabled_reason END, updated_at = now() WHERE id = $1`,
      [webhookId, next.url, next.description, next.events, next.enabled],
    )
    // What waits goes where the webhook is now; a new address is a new beginning.
    const moved = next.url !== before.url
    const endpoints = await transaction.query<{ id: number }>(
      `UPDATE webhook_endpoints SET failures = CASE WHEN $2 THEN 0 ELSE failures END,
          paused_until = CASE WHEN $2 THEN NULL ELSE paused_until END,
          failing_since = CASE WHEN $2 THEN NULL ELSE failing_since END
        WHERE webhook_id = $1 RETURNING id`,
      [webhookId, moved || (next.enabled && !before.enabled)],
    )
    const ids = endpoints.map((row) => row.id)
    if (moved)
      await transaction.query(
        `UPDATE webhook_deliveries SET url = $2, next_try_at = now()
          WHERE endpoint_id = ANY($1::bigint[]) AND state = 'waiting'`,
        [ids, next.url],
      )
    if (ids.length > 0) await wakeEndpoints(transaction, ids)
    return findWebhook(transaction, bound, webhookId)
  })

/** The new secret; the one before is signed with as well until `until`. Undefined: there is no such webhook. */
export const rotateWebhookSecret = async (
  on: Queryable,
  bound: Bound,
  webhookId: number,
  until: number,
  secrets: SecretKeeper,
): Promise<string | undefined> => {
  const secret = secrets.make()
  const rows = await on.query(
    `UPDATE webhooks SET previous_secret = secret, previous_secret_until = $3, secret = $4, updated_at = now()
      WHERE id = $1 AND ($2::integer IS NULL OR organization_id = $2) RETURNING id`,
    [id('id', webhookId), bound ?? null, new Date(until).toISOString(), secrets.seal(secret)],
  )
  return rows.length === 0 ? undefined : secret
}

/** With all that was to be delivered to it. False: there is no such webhook. */
export const removeWebhook = async (on: Queryable, bound: Bound, webhookId: number): Promise<boolean> => {
  const rows = await on.query(
    'DELETE FROM webhooks WHERE id = $1 AND ($2::integer IS NULL OR organization_id = $2) RETURNING id',
    [id('id', webhookId), bound ?? null],
  )
  return rows.length > 0
}

/** A new secret for the callbacks of an organisation's calls. */
export const rotateCallbackSecret = async (
  on: Queryable,
  organizationId: number,
  secrets: SecretKeeper,
): Promise<string> => {
  const secret = secrets.make()
  await on.query(
    `INSERT INTO callback_secrets (organization_id, secret) VALUES ($1, $2)
     ON CONFLICT (organization_id) DO UPDATE SET secret = excluded.secret, updated_at = now()`,
    [organizationId, secrets.seal(secret)],
  )
  return secret
}

export type Subscription = { readonly organizationId: number; readonly events: readonly string[] }

/** Who wants to hear anything; kept in memory by every engine. */
export const listSubscriptions = async (on: Queryable): Promise<readonly Subscription[]> =>
  (
    await on.query<{ organization_id: number; events: readonly string[] }>(
      'SELECT organization_id, events FROM webhooks WHERE enabled',
    )
  ).map((row) => ({ organizationId: row.organization_id, events: row.events }))

const MOST_WEBHOOKS = 50

type Row = {
  readonly id: number
  readonly organization_id: number
  readonly url: string
  readonly description: string
  readonly events: readonly string[]
  readonly enabled: boolean
  readonly disabled_reason: string
  readonly failing_since: number | null
  readonly paused_until: number | null
  readonly waiting: number
  readonly created_at: number
  readonly updated_at: number
}

const SELECT = `SELECT w.id, w.organization_id, w.url, w.description, w.events, w.enabled, w.disabled_reason,
    e.failing_since, CASE WHEN e.paused_until > now() THEN e.paused_until END AS paused_until,
    (SELECT count(*)::integer FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'waiting') AS waiting,
    w.created_at, w.updated_at
  FROM webhooks w LEFT JOIN webhook_endpoints e ON e.webhook_id = w.id`

const webhookOf = (row: Row): Webhook => ({
  id: row.id,
  organizationId: row.organization_id,
  url: row.url,
  description: row.description,
  events: row.events,
  enabled: row.enabled,
  disabledReason: row.disabled_reason,
  failingSince: row.failing_since ?? undefined,
  pausedUntil: row.paused_until ?? undefined,
  waiting: row.waiting,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})

const columnsOf = (fields: WebhookFields): WebhookFields => {
  if (fields.events.length === 0) throw badInput('events', 'it names no event')
  return {
    url: plain('url', fields.url, 2_000),
    description: fields.description === '' ? '' : name('description', fields.description, 255),
    events: [...new Set(fields.events)],
    enabled: fields.enabled,
  }
}
