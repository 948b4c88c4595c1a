/** What was delivered to a target, what waits and what nobody took: for people to look at. */
import type { Queryable } from './database.ts'
import { badInput } from './input.ts'

export type TargetDelivery = {
  readonly id: number
  readonly targetId: number
  readonly callId: string
  readonly state: 'waiting' | 'delivered' | 'failed'
  readonly attempts: number
  readonly isReplay: boolean
  /** What became of it: `Task created`. */
  readonly note: string | undefined
  readonly lastStatus: number | undefined
  readonly lastError: string | undefined
  /** Milliseconds since the epoch; undefined: it is not tried any more. */
  readonly nextTryAt: number | undefined
  readonly deliveredAt: number | undefined
  readonly createdAt: number
}

export type TargetDeliveryFilter = {
  readonly state?: TargetDelivery['state'] | undefined
  readonly callId?: string | undefined
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor?: string | undefined
}

export type TargetDeliveryPage = {
  readonly deliveries: readonly TargetDelivery[]
  readonly next: string | undefined
}

/** Newest first. Throws STORE_BAD_INPUT. */
export const listTargetDeliveries = async (
  on: Queryable,
  targetId: number,
  { state, callId, limit, cursor }: TargetDeliveryFilter,
): Promise<TargetDeliveryPage> => {
  if (cursor !== undefined && !/^\d{1,15}$/.test(cursor))
    throw badInput('cursor', 'it is not the "next" of a page')
  const rows = await on.query<Row>(
    `${SELECT} WHERE e.target_id = $1 AND ($2::text IS NULL OR d.state = $2) AND ($3::uuid IS NULL OR d.call_id = $3)
       AND ($4::bigint IS NULL OR d.id < $4) ORDER BY d.id DESC LIMIT $5`,
    [targetId, state ?? null, callId ?? null, cursor ?? null, limit + 1],
  )
  const page = rows.slice(0, limit).map(deliveryOf)
  return { deliveries: page, next: rows.length > limit ? String(page.at(-1)?.id ?? '') : undefined }
}

export const findTargetDelivery = async (
  on: Queryable,
  targetId: number,
  deliveryId: number,
): Promise<TargetDelivery | undefined> => {
  const [row] = await on.query<Row>(`${SELECT} WHERE e.target_id = $1 AND d.id = $2`, [targetId, deliveryId])
  return row === undefined ? undefined : deliveryOf(row)
}

type Row = {
  readonly id: number
  readonly target_id: number
  readonly call_id: string | null
  readonly state: TargetDelivery['state']
  readonly attempts: number
  readonly is_replay: boolean
  readonly note: string | null
  readonly last_status: number | null
  readonly last_error: string | null
  readonly next_try_at: number
  readonly delivered_at: number | null
  readonly created_at: number
}

const SELECT = `SELECT d.id, e.target_id, d.call_id, d.state, d.attempts, d.is_replay, d.note, d.last_status,
    d.last_error, d.next_try_at, d.delivered_at, d.created_at
  FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id`

const deliveryOf = (row: Row): TargetDelivery => ({
  id: row.id,
  targetId: row.target_id,
  callId: row.call_id ?? '',
  state: row.state,
  attempts: row.attempts,
  isReplay: row.is_replay,
  note: row.note ?? undefined,
  lastStatus: row.last_status ?? undefined,
  lastError: row.last_error ?? undefined,
  nextTryAt: row.state === 'waiting' ? row.next_try_at : undefined,
  deliveredAt: row.delivered_at ?? undefined,
  createdAt: row.created_at,
})
