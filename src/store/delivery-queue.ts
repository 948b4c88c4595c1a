/**
 * Puts events down for delivery: the event once, a delivery for each endpoint that wants it, and a job that wakes the
 * endpoint, all in one transaction. Doing it again with the same events changes nothing. Which webhook hears what
 * is decided here, by the rows as they are now.
 */
import type { Database, Queryable } from './database.ts'
import { inTransaction } from './row-writes.ts'

/** The job library's own schema. */
export const JOBS_SCHEMA = 'strowger_jobs'
export const DELIVER_TASK = 'deliver'

export type NewEvent = {
  readonly id: string
  readonly type: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly organizationId: number
  readonly callId: string | undefined
  readonly callbackUrl: string | undefined
}

export type PutRules<Event extends NewEvent> = {
  readonly isWanted: (type: Event['type'], filters: readonly string[]) => boolean
  readonly bodyOf: (event: Event, sequence: number) => string
  /** To this webhook and no other, enabled or not: a ping. */
  readonly onlyTo?: number | undefined
}

/** The deliveries that were put down. Throws STORE_UNAVAILABLE and then nothing was. */
export const putEvents = async <Event extends NewEvent>(
  on: Database | Queryable,
  events: readonly Event[],
  rules: PutRules<Event>,
): Promise<readonly number[]> =>
  inTransaction(on, async (transaction) => {
    // Two engines that count a call's events would count to the same number.
    await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('strowger put events'))`)
    const targets = await findTargets(transaction, await newOnes(transaction, events), rules)
    if (targets.length === 0) return []
    const counted = await count(transaction, [...new Set(targets.map(({ event }) => event))])
    await transaction.query(INSERT_EVENTS, [
      counted.map(({ event }) => event.id),
      counted.map(({ event }) => event.organizationId),
      counted.map(({ event }) => event.callId ?? null),
      counted.map(({ sequence }) => sequence),
      counted.map(({ event }) => event.type),
      counted.map(({ event }) => new Date(event.at).toISOString()),
      counted.map(({ event, sequence }) => rules.bodyOf(event, sequence)),
    ])
    const endpoints = await endpointsOf(transaction, targets)
    const deliveries = await transaction.query<{ id: number }>(INSERT_DELIVERIES, [
      targets.map(({ event }) => event.id),
      targets.map((target) => endpoints.get(keyOf(target)) ?? null),
      targets.map(({ event }) => event.organizationId),
      targets.map(({ event }) => event.callId ?? null),
      targets.map(({ url }) => url),
    ])
    await wakeEndpoints(transaction, [...new Set(endpoints.values())])
    return deliveries.map(({ id }) => id)
  })

/** Jobs for endpoints that are not paused; for those that are, one stands already at the end of the pause. */
export const wakeEndpoints = async (on: Queryable, endpointIds: readonly number[]): Promise<void> => {
  await on.query(WAKE, [[...endpointIds].sort((a, b) => a - b)])
}

const WAKE = `SELECT ${JOBS_SCHEMA}.add_job('${DELIVER_TASK}', json_build_object('endpointId', id),
    run_at => greatest(now(), paused_until), job_key => 'endpoint ' || id)
  FROM webhook_endpoints WHERE id = ANY($1::bigint[]) ORDER BY id`

const newOnes = async <Event extends NewEvent>(
  on: Queryable,
  events: readonly Event[],
): Promise<readonly Event[]> => {
  const ids = [...new Set(events.map(({ id }) => id))]
  const known = await on.query<{ id: string }>('SELECT id FROM webhook_events WHERE id = ANY($1::uuid[])', [
    ids,
  ])
  const skipped = new Set(known.map(({ id }) => id))
  return events.filter(({ id }) => {
    if (skipped.has(id)) return false
    skipped.add(id)
    return true
  })
}

type Target<Event> = { readonly event: Event; readonly url: string; readonly webhookId: number | undefined }

type WebhookRow = {
  readonly id: number
  readonly organization_id: number
  readonly url: string
  readonly events: readonly string[]
}

const findTargets = async <Event extends NewEvent>(
  on: Queryable,
  events: readonly Event[],
  { isWanted, onlyTo }: PutRules<Event>,
): Promise<readonly Target<Event>[]> => {
  const organizations = [...new Set(events.map(({ organizationId }) => organizationId))]
  const known = await on.query<{ id: number }>('SELECT id FROM organizations WHERE id = ANY($1::integer[])', [
    organizations,
  ])
  const living = new Set(known.map(({ id }) => id))
  const webhooks =
    onlyTo === undefined
      ? await on.query<WebhookRow>(
          `SELECT id, organization_id, url, events FROM webhooks
            WHERE enabled AND organization_id = ANY($1::integer[]) ORDER BY id`,
          [organizations],
        )
      : await on.query<WebhookRow>('SELECT id, organization_id, url, events FROM webhooks WHERE id = $1', [
          onlyTo,
        ])
  const deaf = await deafCallbacks(on, events)
  return events.flatMap((event): Target<Event>[] => {
    if (!living.has(event.organizationId)) return []
    const { organizationId, type, callId, callbackUrl } = event
    return [
      ...(callbackUrl === undefined || (callId !== undefined && deaf.has(callId))
        ? []
        : [{ event, url: callbackUrl, webhookId: undefined }]),
      ...webhooks
        .filter(
          (one) =>
            one.organization_id === organizationId && (onlyTo === one.id || isWanted(type, one.events)),
        )
        .map(({ id, url }) => ({ event, url, webhookId: id })),
    ]
  })
}

/** Calls whose callback said 410. */
const deafCallbacks = async (on: Queryable, events: readonly NewEvent[]): Promise<ReadonlySet<string>> => {
  const calls = events.flatMap(({ callId, callbackUrl }) =>
    callId === undefined || callbackUrl === undefined ? [] : [callId],
  )
  if (calls.length === 0) return new Set()
  const rows = await on.query<{ call_id: string }>(
    `SELECT DISTINCT d.call_id FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id
      WHERE d.call_id = ANY($1::uuid[]) AND d.state = 'failed' AND d.last_status = 410 AND e.webhook_id IS NULL`,
    [calls],
  )
  return new Set(rows.map((row) => row.call_id))
}

/** Each event's number within its call. */
const count = async <Event extends NewEvent>(
  on: Queryable,
  events: readonly Event[],
): Promise<readonly { readonly event: Event; readonly sequence: number }[]> => {
  const calls = [...new Set(events.flatMap(({ callId }) => (callId === undefined ? [] : [callId])))]
  const rows = await on.query<{ call_id: string; last: number }>(
    'SELECT call_id, max(sequence) AS last FROM webhook_events WHERE call_id = ANY($1::uuid[]) GROUP BY call_id',
    [calls],
  )
  const last = new Map(rows.map((row) => [row.call_id, row.last]))
  return events.map((event) => {
    if (event.callId === undefined) return { event, sequence: 1 }
    const sequence = (last.get(event.callId) ?? 0) + 1
    last.set(event.callId, sequence)
    return { event, sequence }
  })
}

const keyOf = ({ event, url, webhookId }: Target<NewEvent>): string =>
  webhookId === undefined ? `${event.organizationId} ${new URL(url).origin}` : `webhook ${webhookId}`

const endpointsOf = async (
  on: Queryable,
  targets: readonly Target<NewEvent>[],
): Promise<ReadonlyMap<string, number>> => {
  const distinct = [...new Map(targets.map((target) => [keyOf(target), target])).values()]
  const columns = [
    distinct.map(({ event }) => event.organizationId),
    distinct.map(({ webhookId }) => webhookId ?? null),
    distinct.map(({ url, webhookId }) => (webhookId === undefined ? new URL(url).origin : null)),
  ]
  await on.query(
    `INSERT INTO webhook_endpoints (organization_id, webhook_id, origin)
     SELECT * FROM unnest($1::integer[], $2::integer[], $3::text[]) ON CONFLICT DO NOTHING`,
    columns,
  )
  const rows = await on.query<{
    id: number
    organization_id: number
    webhook_id: number | null
    origin: string | null
  }>(
    `SELECT e.id, e.organization_id, e.webhook_id, e.origin
       FROM unnest($1::integer[], $2::integer[], $3::text[]) AS wanted (organization_id, webhook_id, origin)
       JOIN webhook_endpoints e ON e.webhook_id = wanted.webhook_id
         OR (e.organization_id = wanted.organization_id AND e.origin = wanted.origin)`,
    columns,
  )
  return new Map(
    rows.map((row) => [
      row.webhook_id === null ? `${row.organization_id} ${row.origin ?? ''}` : `webhook ${row.webhook_id}`,
      row.id,
    ]),
  )
}

const INSERT_EVENTS = `INSERT INTO webhook_events (id, organization_id, call_id, sequence, type, at, body)
  SELECT * FROM unnest($1::uuid[], $2::integer[], $3::uuid[], $4::integer[], $5::text[], $6::timestamptz[], $7::text[])`

// The order of the ids is the order of the events.
const INSERT_DELIVERIES = `INSERT INTO webhook_deliveries (event_id, endpoint_id, organization_id, call_id, url)
  SELECT event_id, endpoint_id, organization_id, call_id, url
    FROM unnest($1::uuid[], $2::bigint[], $3::integer[], $4::uuid[], $5::text[])
      WITH ORDINALITY AS new (event_id, endpoint_id, organization_id, call_id, url, n) ORDER BY n
  ON CONFLICT (event_id, endpoint_id) WHERE NOT is_replay DO NOTHING RETURNING id`
