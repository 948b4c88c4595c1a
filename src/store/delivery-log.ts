/** What was delivered, what waits and why: for people to look at, and to send again. */
import { EngineError } from '../base/errors.ts'
import type { Database, Queryable } from './database.ts'
import { wakeEndpoints } from './delivery-queue.ts'
import { badInput, id } from './input.ts'
import type { Bound } from './webhooks.ts'

export const DELIVERY_STATES = ['waiting', 'delivered', 'failed'] as const
export type DeliveryState = (typeof DELIVERY_STATES)[number]

export type Delivery = {
  readonly id: number
  readonly organizationId: number
  /** Undefined: a callback. */
  readonly webhookId: number | undefined
  readonly callId: string | undefined
  readonly eventId: string
  readonly type: string
  readonly sequence: number
  readonly url: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly late: boolean
  readonly replayOf: number | undefined
  readonly lastStatus: number | undefined
  readonly lastError: string | undefined
  /** Milliseconds since the epoch; undefined: it is not tried any more. */
  readonly nextTryAt: number | undefined
  readonly deliveredAt: number | undefined
  readonly createdAt: number
}

export type DeliveryAttempt = {
  readonly at: number
  readonly tookMs: number
  readonly status: number | undefined
  readonly error: string | undefined
}

export type DeliveryDetail = Delivery & { readonly body: string; readonly tries: readonly DeliveryAttempt[] }

export type DeliveryFilter = {
  readonly webhookId?: number | undefined
  readonly callId?: string | undefined
  readonly state?: DeliveryState | undefined
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

export type DeliveryPage = { readonly deliveries: readonly Delivery[]; readonly next: string | undefined }

/** Newest first. Throws STORE_BAD_INPUT. */
export const listDeliveries = async (
  on: Queryable,
  bound: Bound,
  filter: DeliveryFilter,
): Promise<DeliveryPage> => {
  const { limit } = filter
  const rows = await on.query<Row>(
    `${SELECT} WHERE ($1::integer IS NULL OR d.organization_id = $1) AND ($2::integer IS NULL OR e.webhook_id = $2)
       AND ($3::uuid IS NULL OR d.call_id = $3) AND ($4::text IS NULL OR d.state = $4)
       AND ($5::bigint IS NULL OR d.id < $5) ORDER BY d.id DESC LIMIT $6`,
    [
      bound ?? null,
      filter.webhookId ?? null,
      filter.callId ?? null,
      filter.state ?? null,
      filter.cursor === undefined ? null : cursorOf(filter.cursor),
      limit + 1,
    ],
  )
  const page = rows.slice(0, limit).map(deliveryOf)
  return { deliveries: page, next: rows.length > limit ? String(page.at(-1)?.id ?? '') : undefined }
}

export const findDelivery = async (
  on: Queryable,
  bound: Bound,
  deliveryId: number,
): Promise<DeliveryDetail | undefined> => {
  const [row] = await on.query<Row & { readonly body: string }>(
    `${SELECT_WITH_BODY} WHERE d.id = $1 AND ($2::integer IS NULL OR d.organization_id = $2)`,
    [deliveryId, bound ?? null],
  )
  if (row === undefined) return undefined
  const tries = await on.query<{ at: number; took_ms: number; status: number | null; error: string | null }>(
    'SELECT at, took_ms, status, error FROM webhook_attempts WHERE delivery_id = $1 ORDER BY id',
    [deliveryId],
  )
  return {
    ...deliveryOf(row),
    body: row.body,
    tries: tries.map(({ at, took_ms, status, error }) => ({
      at,
      tookMs: took_ms,
      status: status ?? undefined,
      error: error ?? undefined,
    })),
  }
}

/**
 * Sends it again: one that waits is tried now, one that is over becomes a new delivery of the same event. The id of
 * what is sent; undefined: there is none. Throws STORE_CONFLICT where its webhook is disabled.
 */
export const replayDelivery = async (
  on: Database,
  bound: Bound,
  deliveryId: number,
): Promise<number | undefined> =>
  on.transaction(async (transaction) => {
    const [row] = await transaction.query<{
      id: number
      endpoint_id: number
      state: DeliveryState
      enabled: boolean
    }>(
      `SELECT d.id, d.endpoint_id, d.state, coalesce(w.enabled, true) AS enabled
         FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id AND e.target_id IS NULL
         LEFT JOIN webhooks w ON w.id = e.webhook_id
        WHERE d.id = $1 AND ($2::integer IS NULL OR d.organization_id = $2) FOR UPDATE OF d`,
      [deliveryId, bound ?? null],
    )
    if (row === undefined) return undefined
    if (!row.enabled)
      throw new EngineError('STORE_CONFLICT', 'its webhook is disabled: enable it first', { field: 'id' })
    await transaction.query('UPDATE webhook_endpoints SET paused_until = NULL WHERE id = $1', [
      row.endpoint_id,
    ])
    const sent =
      row.state === 'waiting' ? await tryNow(transaction, row.id) : await again(transaction, row.id)
    await wakeEndpoints(transaction, [row.endpoint_id])
    return sent
  })

/** Everything that failed for good at a webhook since a moment, again; how many. */
export const replayFailed = async (on: Database, webhookId: number, since: number): Promise<number> =>
  on.transaction(async (transaction) => {
    const rows = await transaction.query<{ endpoint_id: number }>(
      `INSERT INTO webhook_deliveries (event_id, endpoint_id, organization_id, call_id, url, replay_of, is_replay)
       SELECT d.event_id, d.endpoint_id, d.organization_id, d.call_id, w.url, d.id, true
         FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
         JOIN webhooks w ON w.id = e.webhook_id
        WHERE e.webhook_id = $1 AND w.enabled AND d.state = 'failed' AND d.created_at >= $2
          AND NOT EXISTS (SELECT 1 FROM webhook_deliveries r WHERE r.replay_of = d.id AND r.state <> 'failed')
        ORDER BY d.id LIMIT ${MOST_REPLAYED} RETURNING endpoint_id`,
      [id('id', webhookId), new Date(since).toISOString()],
    )
    const [first] = rows
    if (first !== undefined) await wakeEndpoints(transaction, [first.endpoint_id])
    return rows.length
  })

/**
 * Deletes what is older than `before` with its deliveries, and gives up what waited until `giveUpBefore`, which is of
 * disabled webhooks. How many events were deleted.
 */
export const removeOldEvents = async (
  on: Queryable,
  times: { readonly before: number; readonly giveUpBefore: number },
): Promise<number> => {
  await on.query(
    `UPDATE webhook_deliveries SET state = 'failed', last_error = coalesce(last_error, 'its receiver was disabled')
      WHERE state = 'waiting' AND created_at < $1`,
    [new Date(times.giveUpBefore).toISOString()],
  )
  let removed = 0
  for (;;) {
    const rows = await on.query(
      `DELETE FROM webhook_events WHERE id IN (
         SELECT e.id FROM webhook_events e WHERE e.created_at < $1
            AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = e.id AND d.state = 'waiting')
          LIMIT ${REMOVED_AT_ONCE}) RETURNING 1`,
      [new Date(times.before).toISOString()],
    )
    removed += rows.length
    if (rows.length < REMOVED_AT_ONCE) break
  }
  // A server that calls named once: nothing refers to it any more.
  await on.query(
    `DELETE FROM webhook_endpoints e WHERE origin IS NOT NULL AND created_at < $1
        AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = e.id)`,
    [new Date(times.before).toISOString()],
  )
  return removed
}

export type DeliveryCounts = {
  readonly waiting: number
  readonly oldestAgeSeconds: number
  readonly paused: number
}

export const countDeliveries = async (on: Queryable): Promise<DeliveryCounts> => {
  const [row] = await on.query<{ waiting: number; oldest: number; paused: number }>(
    `SELECT count(*)::integer AS waiting,
        coalesce(extract(epoch FROM now() - min(created_at)), 0)::double precision AS oldest,
        (SELECT count(*)::integer FROM webhook_endpoints WHERE paused_until > now() AND target_id IS NULL) AS paused
       FROM webhook_deliveries WHERE state = 'waiting'
        AND endpoint_id NOT IN (SELECT id FROM webhook_endpoints WHERE target_id IS NOT NULL)`,
  )
  return { waiting: row?.waiting ?? 0, oldestAgeSeconds: row?.oldest ?? 0, paused: row?.paused ?? 0 }
}

const MOST_REPLAYED = 10_000
const REMOVED_AT_ONCE = 5_000

const tryNow = async (on: Queryable, deliveryId: number): Promise<number> => {
  await on.query('UPDATE webhook_deliveries SET next_try_at = now() WHERE id = $1', [deliveryId])
  return deliveryId
}

const again = async (on: Queryable, deliveryId: number): Promise<number> => {
  const [row] = await on.query<{ id: number }>(
    `INSERT INTO webhook_deliveries (event_id, endpoint_id, organization_id, call_id, url, replay_of, is_replay)
     SELECT d.event_id, d.endpoint_id, d.organization_id, d.call_id, coalesce(w.url, d.url), d.id, true
       FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
       LEFT JOIN webhooks w ON w.id = e.webhook_id WHERE d.id = $1 RETURNING id`,
    [deliveryId],
  )
  return row?.id ?? deliveryId
}

const cursorOf = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw badInput('cursor', 'it is not the "next" of a page')
  return Number(text)
}

type Row = {
  readonly id: number
  readonly organization_id: number
  readonly webhook_id: number | null
  readonly call_id: string | null
  readonly event_id: string
  readonly type: string
  readonly sequence: number
  readonly url: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly late: boolean
  readonly replay_of: number | null
  readonly last_status: number | null
  readonly last_error: string | null
  readonly next_try_at: number
  readonly delivered_at: number | null
  readonly created_at: number
}

const COLUMNS = `d.id, d.organization_id, e.webhook_id, d.call_id, d.event_id, v.type, v.sequence, d.url, d.state,
  d.attempts, d.late, d.replay_of, d.last_status, d.last_error, d.next_try_at, d.delivered_at, d.created_at`
// What goes to targets has a log of its own (target-log.ts).
const FROM = `FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id AND e.target_id IS NULL
  JOIN webhook_events v ON v.id = d.event_id`
const SELECT = `SELECT ${COLUMNS} ${FROM}`
const SELECT_WITH_BODY = `SELECT ${COLUMNS}, v.body ${FROM}`

const deliveryOf = (row: Row): Delivery => ({
  id: row.id,
  organizationId: row.organization_id,
  webhookId: row.webhook_id ?? undefined,
  callId: row.call_id ?? undefined,
  eventId: row.event_id,
  type: row.type,
  sequence: row.sequence,
  url: row.url,
  state: row.state,
  attempts: row.attempts,
  late: row.late,
  replayOf: row.replay_of ?? undefined,
  lastStatus: row.last_status ?? undefined,
  lastError: row.last_error ?? undefined,
  nextTryAt: row.state === 'waiting' ? row.next_try_at : undefined,
  deliveredAt: row.delivered_at ?? undefined,
  createdAt: row.created_at,
})
