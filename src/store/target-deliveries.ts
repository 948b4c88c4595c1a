/**
 * What is to be delivered to targets: put down in the transaction of the records, once for each call and batch. A delivery
 * says no more than which call: what goes out is made of the call's records when it is sent, so any number of deliveries of
 * a call ends in the same state there, and none of them needs to be right about what is stored already.
 */
import { randomUUID } from 'node:crypto'
import type { CdrCompanion } from './cdr-companion.ts'
import type { Database, Queryable } from './database.ts'
import { DELIVER_TASK, JOBS_SCHEMA } from './delivery-queue.ts'

export const TARGET_EVENT = 'cdr.target'

/** The other legs' records come within moments of the first one: one delivery tells them all. */
const HOLD_SECONDS = 1

export type CallOfTarget = {
  readonly callId: string
  readonly organizationId: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

export const targetDeliveries: CdrCompanion = async (on, stored) => {
  const calls = new Map<string, CallOfTarget>()
  for (const { cdr } of stored) {
    const { callId, organizationId, startTime: at } = cdr
    if (organizationId !== undefined) calls.set(`${organizationId} ${callId}`, { callId, organizationId, at })
  }
  if (calls.size > 0) await putCalls(on, [...calls.values()])
}

/** Every enabled target of a call's organisation is to hear of it (again). */
export const putCalls = async (on: Queryable, calls: readonly CallOfTarget[]): Promise<void> => {
  await on.query(PUT, [
    calls.map(() => randomUUID()),
    calls.map(({ organizationId }) => organizationId),
    calls.map(({ callId }) => callId),
    calls.map(({ at }) => momentOf(at)),
    HOLD_SECONDS,
  ])
}

const PUT = `WITH wanted AS MATERIALIZED (
  SELECT given.*, e.id AS endpoint_id
    FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::timestamptz[]) AS given (id, organization_id, call_id, at)
    JOIN cdr_targets t ON t.organization_id = given.organization_id AND t.enabled
    JOIN webhook_endpoints e ON e.target_id = t.id
), events AS (
  INSERT INTO webhook_events (id, organization_id, call_id, sequence, type, at, body)
  SELECT DISTINCT id, organization_id, call_id, 0, '${TARGET_EVENT}', at, '' FROM wanted
)
INSERT INTO webhook_deliveries (event_id, endpoint_id, organization_id, call_id, url, next_try_at)
SELECT id, endpoint_id, organization_id, call_id, '', now() + make_interval(secs => $5) FROM wanted`

/** A person wants one call to go to one target now: the delivery's id. */
export const putReplay = (
  on: Database,
  { targetId, callId, organizationId, at }: CallOfTarget & { readonly targetId: number },
): Promise<number | undefined> =>
  on.transaction(async (transaction) => {
    const eventId = randomUUID()
    const [endpoint] = await transaction.query<{ id: number }>(
      `UPDATE webhook_endpoints SET paused_until = NULL WHERE target_id = $1 RETURNING id`,
      [targetId],
    )
    if (endpoint === undefined) return undefined
    await transaction.query(
      `INSERT INTO webhook_events (id, organization_id, call_id, sequence, type, at, body)
       VALUES ($1, $2, $3, 0, '${TARGET_EVENT}', $4, '')`,
      [eventId, organizationId, callId, momentOf(at)],
    )
    const [row] = await transaction.query<{ id: number }>(
      `INSERT INTO webhook_deliveries (event_id, endpoint_id, organization_id, call_id, url, is_replay)
       VALUES ($1, $2, $3, $4, '', true) RETURNING id`,
      [eventId, endpoint.id, organizationId, callId],
    )
    await wakeTargets(transaction, [endpoint.id])
    return row?.id
  })

/** Dead letters of a target again, one or all since a moment; how many. */
export const replayDeadLetters = (
  on: Database,
  targetId: number,
  which: { readonly deliveryId: number } | { readonly since: number },
): Promise<number> =>
  on.transaction(async (transaction) => {
    const rows = await transaction.query<{ endpoint_id: number }>(
      `WITH letters AS MATERIALIZED (
         SELECT d.id FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
          WHERE e.target_id = $1 AND d.state = 'failed' AND ($2::bigint IS NULL OR d.id = $2)
            AND ($3::timestamptz IS NULL OR d.created_at >= $3)
          ORDER BY d.id LIMIT ${MOST_REPLAYED} FOR UPDATE OF d)
       UPDATE webhook_deliveries d SET state = 'waiting', attempts = 0, next_try_at = now(), first_failed_at = NULL,
           created_at = now(), is_replay = true
         FROM letters WHERE d.id = letters.id RETURNING d.endpoint_id`,
      [
        targetId,
        'deliveryId' in which ? which.deliveryId : null,
        'since' in which ? new Date(which.since).toISOString() : null,
      ],
    )
    const [first] = rows
    if (first !== undefined) {
      await transaction.query('UPDATE webhook_endpoints SET paused_until = NULL WHERE id = $1', [
        first.endpoint_id,
      ])
      await wakeTargets(transaction, [first.endpoint_id])
    }
    return rows.length
  })

const MOST_REPLAYED = 10_000

/** Jobs for targets that something waits for, when it may go; all of them, unless some are named. */
export const wakeTargets = async (on: Queryable, endpointIds?: readonly number[]): Promise<void> => {
  await on.query(
    `SELECT ${JOBS_SCHEMA}.add_job('${DELIVER_TASK}', json_build_object('endpointId', id),
        run_at => greatest(now(), paused_until, due), job_key => 'endpoint ' || id)
       FROM (SELECT e.id, e.paused_until, (SELECT min(d.next_try_at) FROM webhook_deliveries d
               WHERE d.endpoint_id = e.id AND d.state = 'waiting') AS due
               FROM webhook_endpoints e
              WHERE e.target_id IS NOT NULL AND ($1::bigint[] IS NULL OR e.id = ANY($1))) AS waiting
      WHERE due IS NOT NULL ORDER BY id`,
    [endpointIds ?? null],
  )
}

export type KnownObjectRow = { readonly externalId: string | undefined; readonly digest: string | undefined }

export const readObjects = async (
  on: Queryable,
  targetId: number,
  callId: string,
): Promise<ReadonlyMap<string, KnownObjectRow>> => {
  const rows = await on.query<{ object: string; external_id: string | null; digest: string | null }>(
    'SELECT object, external_id, digest FROM cdr_target_objects WHERE target_id = $1 AND call_id = $2',
    [targetId, callId],
  )
  return new Map(
    rows.map((row) => [
      row.object,
      { externalId: row.external_id ?? undefined, digest: row.digest ?? undefined },
    ]),
  )
}

/** Something is about to be made. */
export const beginObject = async (
  on: Queryable,
  targetId: number,
  callId: string,
  object: string,
): Promise<void> => {
  await on.query(
    `INSERT INTO cdr_target_objects (target_id, call_id, object) VALUES ($1, $2, $3)
     ON CONFLICT (target_id, call_id, object) DO UPDATE SET external_id = NULL, digest = NULL, updated_at = now()`,
    [targetId, callId, object],
  )
}

export const keepObject = async (
  on: Queryable,
  targetId: number,
  callId: string,
  object: string,
  { externalId, digest }: KnownObjectRow,
): Promise<void> => {
  await on.query(
    `INSERT INTO cdr_target_objects (target_id, call_id, object, external_id, digest) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (target_id, call_id, object) DO UPDATE
       SET external_id = excluded.external_id, digest = excluded.digest, updated_at = now()`,
    [targetId, callId, object, externalId ?? null, digest ?? null],
  )
}

export type ExternalObject = {
  readonly target: string
  readonly kind: string
  readonly object: string
  readonly id: string
}

/** What the calls made at targets, by call. */
export const externalObjectsOf = async (
  on: Queryable,
  callIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ExternalObject[]>> => {
  const found = new Map<string, ExternalObject[]>()
  if (callIds.length === 0) return found
  const rows = await on.query<{
    call_id: string
    name: string
    kind: string
    object: string
    external_id: string
  }>(
    `SELECT o.call_id, t.name, t.kind, o.object, o.external_id FROM cdr_target_objects o
       JOIN cdr_targets t ON t.id = o.target_id
      WHERE o.call_id = ANY($1::uuid[]) AND o.external_id IS NOT NULL ORDER BY t.id, o.object`,
    [callIds],
  )
  for (const { call_id: callId, name: target, kind, object, external_id: id } of rows) {
    const list = found.get(callId)
    if (list === undefined) found.set(callId, [{ target, kind, object, id }])
    else list.push({ target, kind, object, id })
  }
  return found
}

/** The records with what they made at targets. */
export const withExternalObjects = async <Record extends { readonly callId: string }>(
  on: Queryable,
  records: readonly Record[],
): Promise<readonly (Record & { readonly external: readonly ExternalObject[] })[]> => {
  const found = await externalObjectsOf(
    on,
    records.map(({ callId }) => callId),
  )
  return records.map((record) => ({ ...record, external: found.get(record.callId) ?? [] }))
}

/** Forgets what calls made so long ago that none of them comes again. */
export const forgetObjects = async (on: Queryable, before: number): Promise<number> => {
  const rows = await on.query(
    `DELETE FROM cdr_target_objects WHERE ctid IN (
       SELECT ctid FROM cdr_target_objects WHERE updated_at < $1 LIMIT 10000) RETURNING 1`,
    [momentOf(before)],
  )
  return rows.length
}

/** A channel's clock may be anywhere; what PostgreSQL cannot hold would refuse the record. */
const momentOf = (at: number): string =>
  new Date(Number.isFinite(at) && at > 0 && at < END_OF_9999 ? at : 0).toISOString()
const END_OF_9999 = Date.UTC(10_000, 0, 1)
