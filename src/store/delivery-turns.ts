/**
 * What one endpoint's turn reads and writes. One turn at a time delivers to an endpoint, whichever engine has it: a
 * turn is taken by its row, given back at its end, and over by itself where its engine died. Whoever comes meanwhile
 * leaves word that another turn is to follow.
 */
import { EngineError } from '../base/errors.ts'
import type { Database, Queryable } from './database.ts'
import { wakeEndpoints } from './delivery-queue.ts'

export type EndpointRow = {
  readonly id: number
  readonly failures: number
  readonly pausedUntil: number | undefined
  readonly secrets: readonly string[]
}

export type DueRow = {
  readonly id: number
  readonly eventId: string
  readonly callId: string | undefined
  readonly type: string
  readonly sequence: number
  readonly url: string
  readonly body: string
  readonly attempts: number
  readonly createdAt: number
  readonly firstFailedAt: number | undefined
  readonly isReplay: boolean
}

export type AttemptRow = {
  readonly delivery: Pick<DueRow, 'id' | 'callId'>
  readonly at: number
  readonly outcome: {
    readonly status: number | undefined
    readonly fault: string | undefined
    readonly tookMs: number
    readonly note?: string | undefined
  }
  readonly became: 'delivered' | 'waiting' | 'failed' | 'gone'
  readonly nextTryAt: number | undefined
}

/** A turn that lasts longer than this has died. Longer than any turn: 3 s, one request of 10 s, and the database. */
const TURN_SECONDS = 60
const MAX_ERROR_LENGTH = 500

/** False: another turn has the endpoint, and will be followed by one. `turn` is `<engine>/<something of its own>`. */
export const takeTurn = async (on: Queryable, endpointId: number, turn: string): Promise<boolean> => {
  const [row] = await on.query<{ mine: boolean }>(
    `UPDATE webhook_endpoints SET
        turn_by = CASE WHEN turn_until > now() THEN turn_by ELSE $2 END,
        turn_until = CASE WHEN turn_until > now() THEN turn_until ELSE now() + make_interval(secs => ${TURN_SECONDS}) END,
        another_turn = coalesce(turn_until > now(), false)
      WHERE id = $1 RETURNING turn_by = $2 AS mine`,
    [endpointId, turn],
  )
  return row?.mine ?? false
}

/** True: another turn is to follow at once. */
export const endTurn = async (on: Queryable, endpointId: number, turn: string): Promise<boolean> => {
  const [row] = await on.query<{ another_turn: boolean }>(
    `WITH old AS (SELECT id, another_turn FROM webhook_endpoints WHERE id = $1 AND turn_by = $2 FOR UPDATE)
     UPDATE webhook_endpoints e SET turn_by = NULL, turn_until = NULL, another_turn = false
       FROM old WHERE e.id = old.id RETURNING old.another_turn`,
    [endpointId, turn],
  )
  return row?.another_turn ?? false
}

/** What this engine had in hand when it was killed, or could not give back; not what it has in hand now. */
export const endTurnsOf = async (
  on: Queryable,
  engineId: string,
  current: ReadonlySet<string>,
): Promise<void> => {
  await on.query(
    `UPDATE webhook_endpoints SET turn_by = NULL, turn_until = NULL
      WHERE starts_with(turn_by, $1) AND turn_by <> ALL($2::text[])`,
    [`${engineId}/`, [...current]],
  )
}

/** Jobs for whatever should have gone and did not, wherever its job was lost. */
export const wakeOverdue = async (on: Queryable, graceMs: number): Promise<number> => {
  const rows = await on.query<{ id: number }>(
    `SELECT id FROM webhook_endpoints e
      WHERE coalesce(paused_until <= now(), true) AND coalesce(turn_until <= now(), true) AND EXISTS (
        SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'waiting'
          AND d.next_try_at <= now() - make_interval(secs => $1))`,
    [graceMs / 1_000],
  )
  if (rows.length > 0) {
    await wakeEndpoints(
      on,
      rows.map(({ id }) => id),
    )
  }
  return rows.length
}

/** Undefined: the endpoint is gone or disabled. Throws STORE_BAD_SECRET. */
export const readEndpoint = async (
  on: Queryable,
  endpointId: number,
  secrets: SecretKeeper,
): Promise<EndpointRow | undefined> => {
  const [row] = await on.query<{
    organization_id: number
    webhook_id: number | null
    failures: number
    paused_until: number | null
    secret: string | null
    previous_secret: string | null
  }>(
    `SELECT e.organization_id, e.webhook_id, e.failures, e.paused_until, w.secret,
        CASE WHEN w.previous_secret_until > now() THEN w.previous_secret END AS previous_secret
       FROM webhook_endpoints e LEFT JOIN webhooks w ON w.id = e.webhook_id
      WHERE e.id = $1 AND e.target_id IS NULL AND (e.webhook_id IS NULL OR w.enabled)`,
    [endpointId],
  )
  if (row === undefined) return undefined
  const good =
    row.webhook_id === null
      ? [await callbackSecret(on, row.organization_id, secrets)]
      : [row.secret, row.previous_secret].flatMap((sealed) => (sealed === null ? [] : [secrets.open(sealed)]))
  return { id: endpointId, failures: row.failures, pausedUntil: row.paused_until ?? undefined, secrets: good }
}

/** Seals under the master key and opens again. */
export type SecretKeeper = {
  readonly make: () => string
  readonly seal: (plain: string) => string
  /** Throws STORE_BAD_SECRET. */
  readonly open: (sealed: string) => string
}

/** With which the callbacks of an organisation's calls are signed; made when it is first asked for. */
export const callbackSecret = async (
  on: Queryable,
  organizationId: number,
  { make, seal, open }: SecretKeeper,
): Promise<string> => {
  // The first one stays: two engines that make one at once agree on it.
  await on.query(
    `INSERT INTO callback_secrets (organization_id, secret)
     SELECT $1, $2 WHERE NOT EXISTS (SELECT 1 FROM callback_secrets WHERE organization_id = $1)
     ON CONFLICT DO NOTHING`,
    [organizationId, seal(make())],
  )
  const [row] = await on.query<{ secret: string }>(
    'SELECT secret FROM callback_secrets WHERE organization_id = $1',
    [organizationId],
  )
  if (row === undefined)
    throw new EngineError('STORE_NOT_FOUND', `there is no organisation ${organizationId}`)
  return open(row.secret)
}

/**
 * What may go now, oldest first: nothing whose call has an earlier event that waits for its next try, but for one
 * that has failed for `holdBackMs`.
 */
export const readDue = async (
  on: Queryable,
  endpointId: number,
  { now, limit, holdBackMs }: { readonly now: number; readonly limit: number; readonly holdBackMs: number },
): Promise<readonly DueRow[]> => {
  const rows = await on.query<{
    id: number
    event_id: string
    call_id: string | null
    type: string
    sequence: number
    url: string
    body: string
    attempts: number
    created_at: number
    first_failed_at: number | null
    is_replay: boolean
  }>(
    `SELECT d.id, d.event_id, d.call_id, e.type, e.sequence, d.url, e.body, d.attempts, d.created_at,
        d.first_failed_at, d.is_replay
       FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
      WHERE d.endpoint_id = $1 AND d.state = 'waiting' AND d.next_try_at <= $2
        AND (d.is_replay OR d.call_id IS NULL OR NOT EXISTS (
          SELECT 1 FROM webhook_deliveries b
           WHERE b.endpoint_id = $1 AND b.call_id = d.call_id AND b.state = 'waiting' AND NOT b.is_replay
             AND b.id < d.id AND b.next_try_at > $2 AND coalesce(b.first_failed_at > $4, true)))
      ORDER BY d.id LIMIT $3`,
    [endpointId, at(now), limit, at(now - holdBackMs)],
  )
  return rows.map((row) => ({
    id: row.id,
    eventId: row.event_id,
    callId: row.call_id ?? undefined,
    type: row.type,
    sequence: row.sequence,
    url: row.url,
    body: row.body,
    attempts: row.attempts,
    createdAt: row.created_at,
    firstFailedAt: row.first_failed_at ?? undefined,
    isReplay: row.is_replay,
  }))
}

/** When something that waits may go; undefined: nothing waits. */
export const readNextDue = async (
  on: Queryable,
  endpointId: number,
  now: number,
  holdBackMs: number,
): Promise<number | undefined> => {
  const [row] = await on.query<{ next: number | null }>(
    `SELECT least(
        min(next_try_at) FILTER (WHERE next_try_at > $2),
        min(first_failed_at) FILTER (WHERE first_failed_at > $3) + ($2::timestamptz - $3::timestamptz)) AS next
       FROM webhook_deliveries WHERE endpoint_id = $1 AND state = 'waiting'`,
    [endpointId, at(now), at(now - holdBackMs)],
  )
  return row?.next ?? undefined
}

/** Writes what came of a turn's attempts. A 410 disables a webhook; a callback hears no more of that call. */
export const recordAttempts = (
  on: Database,
  endpointId: number,
  attempts: readonly AttemptRow[],
  endpoint: { readonly failures: number; readonly pausedUntil: number | undefined },
  holdBackMs: number,
): Promise<void> =>
  on.transaction(async (transaction) => {
    const errors = attempts.map(({ outcome }) => outcome.fault?.slice(0, MAX_ERROR_LENGTH) ?? null)
    const statuses = attempts.map(({ outcome }) => outcome.status ?? null)
    const ids = attempts.map(({ delivery }) => delivery.id)
    const times = attempts.map((attempt) => at(attempt.at))
    await transaction.query(
      `INSERT INTO webhook_attempts (delivery_id, at, took_ms, status, error)
       SELECT * FROM unnest($1::bigint[], $2::timestamptz[], $3::integer[], $4::integer[], $5::text[])`,
      [ids, times, attempts.map(({ outcome }) => outcome.tookMs), statuses, errors],
    )
    await transaction.query(
      `UPDATE webhook_deliveries d SET
          attempts = d.attempts + 1,
          state = made.state,
          next_try_at = coalesce(made.next_try_at, d.next_try_at),
          last_status = made.status,
          last_error = made.error,
          note = made.note,
          delivered_at = CASE WHEN made.state = 'delivered' THEN made.at END,
          first_failed_at = CASE WHEN made.state = 'delivered' THEN d.first_failed_at
                                 ELSE coalesce(d.first_failed_at, made.at) END,
          late = d.late OR (made.state = 'waiting' AND d.call_id IS NOT NULL
                            AND coalesce(d.first_failed_at <= made.at - make_interval(secs => $7), false))
         FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::timestamptz[], $5::integer[], $6::text[], $8::text[])
           AS made (id, at, state, next_try_at, status, error, note)
        WHERE d.id = made.id`,
      [
        ids,
        times,
        attempts.map(({ became }) => (became === 'gone' ? 'failed' : became)),
        attempts.map(({ nextTryAt }) => (nextTryAt === undefined ? null : at(nextTryAt))),
        statuses,
        errors,
        holdBackMs / 1_000,
        attempts.map(({ outcome }) => outcome.note ?? null),
      ],
    )
    await transaction.query(
      `UPDATE webhook_endpoints SET failures = $2, paused_until = $3,
          failing_since = CASE WHEN $2 = 0 THEN NULL ELSE coalesce(failing_since, now()) END
        WHERE id = $1`,
      [endpointId, endpoint.failures, endpoint.pausedUntil === undefined ? null : at(endpoint.pausedUntil)],
    )
    const gone = attempts.filter(({ became }) => became === 'gone')
    if (gone.length === 0) return
    await transaction.query(
      `UPDATE webhooks SET enabled = false, disabled_reason = 'it answered 410 Gone', updated_at = now()
        WHERE id = (SELECT webhook_id FROM webhook_endpoints WHERE id = $1)`,
      [endpointId],
    )
    await transaction.query(
      `UPDATE webhook_deliveries SET state = 'failed', last_error = 'the receiver wants no more of this call (410)'
        WHERE endpoint_id = $1 AND state = 'waiting' AND call_id = ANY($2::uuid[])
          AND (SELECT webhook_id IS NULL FROM webhook_endpoints WHERE id = $1)`,
      [endpointId, gone.flatMap(({ delivery }) => (delivery.callId === undefined ? [] : [delivery.callId]))],
    )
  })

const at = (milliseconds: number): string => new Date(milliseconds).toISOString()
