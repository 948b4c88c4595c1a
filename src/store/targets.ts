/**
 * The targets of organisations. Their credentials are sealed here and opened only for a delivery; nobody reads one back.
 * What settings, mapping and credentials mean is checked before they come here.
 */
import type { Database, Queryable } from './database.ts'
import { wakeTargets } from './target-deliveries.ts'
import { guarded, id, madeId, name } from './input.ts'

export type Json = Readonly<Record<string, unknown>>

export type StoredTarget = {
  readonly id: number
  readonly organizationId: number
  readonly name: string
  readonly kind: string
  readonly settings: Json
  readonly mapping: Json
  readonly enabled: boolean
  /** Another one at each change. */
  readonly version: number
  /** Deliveries that failed with no success between. */
  readonly failures: number
  /** Milliseconds since the epoch. */
  readonly failingSince: number | undefined
  readonly pausedUntil: number | undefined
  readonly waiting: number
  readonly deadLetters: number
  readonly createdAt: number
  readonly updatedAt: number
}

export type NewTarget = {
  readonly name: string
  readonly kind: string
  readonly settings: Json
  readonly mapping: Json
  readonly credentials: Json
  readonly enabled: boolean
}

export type TargetSecrets = {
  readonly seal: (plain: string) => string
  /** Throws STORE_BAD_SECRET. */
  readonly open: (sealed: string) => string
}

type Bound = number | undefined

export const listTargets = async (on: Queryable, bound: Bound): Promise<readonly StoredTarget[]> =>
  (
    await on.query<Row>(`${SELECT} WHERE ($1::integer IS NULL OR t.organization_id = $1) ORDER BY t.id`, [
      bound ?? null,
    ])
  ).map(targetOf)

export const findTarget = async (
  on: Queryable,
  bound: Bound,
  targetId: number,
): Promise<StoredTarget | undefined> => {
  const [row] = await on.query<Row>(
    `${SELECT} WHERE t.id = $1 AND ($2::integer IS NULL OR t.organization_id = $2)`,
    [id('id', targetId), bound ?? null],
  )
  return row === undefined ? undefined : targetOf(row)
}

/** Throws STORE_BAD_INPUT and STORE_CONFLICT. */
export const addTarget = async (
  on: Database,
  organizationId: number,
  target: NewTarget,
  secrets: TargetSecrets,
): Promise<number> =>
  guarded(() =>
    on.transaction(async (transaction) => {
      const targetId = madeId(
        await transaction.query<{ id: number }>(
          `INSERT INTO cdr_targets (organization_id, name, kind, settings, mapping, credentials_encrypted, enabled)
           VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
          [
            organizationId,
            name('name', target.name, 100),
            target.kind,
            JSON.stringify(target.settings),
            JSON.stringify(target.mapping),
            secrets.seal(JSON.stringify(target.credentials)),
            target.enabled,
          ],
        ),
      )
      await transaction.query('INSERT INTO webhook_endpoints (organization_id, target_id) VALUES ($1, $2)', [
        organizationId,
        targetId,
      ])
      return targetId
    }),
  )

/** What is undefined stays. False: there is no such target. */
export const changeTarget = async (
  on: Database,
  bound: Bound,
  targetId: number,
  changes: { readonly [Field in Exclude<keyof NewTarget, 'kind'>]?: NewTarget[Field] | undefined },
  secrets: TargetSecrets,
): Promise<boolean> =>
  guarded(() =>
    on.transaction(async (transaction) => {
      const rows = await transaction.query(
        `UPDATE cdr_targets SET name = coalesce($3, name), settings = coalesce($4, settings),
            mapping = coalesce($5, mapping), credentials_encrypted = coalesce($6, credentials_encrypted),
            enabled = coalesce($7, enabled), version = version + 1, updated_at = now()
          WHERE id = $1 AND ($2::integer IS NULL OR organization_id = $2) RETURNING id`,
        [
          id('id', targetId),
          bound ?? null,
          changes.name === undefined ? null : name('name', changes.name, 100),
          changes.settings === undefined ? null : JSON.stringify(changes.settings),
          changes.mapping === undefined ? null : JSON.stringify(changes.mapping),
          changes.credentials === undefined ? null : secrets.seal(JSON.stringify(changes.credentials)),
          changes.enabled ?? null,
        ],
      )
      if (rows.length === 0) return false
      // Whatever was wrong may be mended: what waits is tried at once.
      const endpoints = await transaction.query<{ id: number }>(
        `UPDATE webhook_endpoints SET failures = 0, paused_until = NULL, failing_since = NULL
          WHERE target_id = $1 RETURNING id`,
        [targetId],
      )
      const ids = endpoints.map((row) => row.id)
      await transaction.query(
        `UPDATE webhook_deliveries SET next_try_at = now()
          WHERE endpoint_id = ANY($1::bigint[]) AND state = 'waiting' AND attempts > 0`,
        [ids],
      )
      await wakeTargets(transaction, ids)
      return true
    }),
  )

/** With all that was to be delivered to it, and what is known of what it has. */
export const removeTarget = async (on: Queryable, bound: Bound, targetId: number): Promise<boolean> => {
  const rows = await on.query(
    'DELETE FROM cdr_targets WHERE id = $1 AND ($2::integer IS NULL OR organization_id = $2) RETURNING id',
    [id('id', targetId), bound ?? null],
  )
  return rows.length > 0
}

export type EndpointTarget = {
  readonly targetId: number
  readonly organizationId: number
  readonly name: string
  readonly kind: string
  readonly settings: Json
  readonly mapping: Json
  readonly sealedCredentials: string
  readonly version: number
  readonly enabled: boolean
  readonly failures: number
  readonly pausedUntil: number | undefined
}

/** The target of an endpoint; undefined: it is a webhook's, or gone. */
export const readEndpointTarget = async (
  on: Queryable,
  endpointId: number,
): Promise<EndpointTarget | undefined> => {
  const [row] = await on.query<
    Pick<Row, 'id' | 'organization_id' | 'name' | 'kind' | 'settings' | 'mapping' | 'version' | 'enabled'> & {
      readonly credentials_encrypted: string
      readonly failures: number
      readonly paused_until: number | null
    }
  >(
    `SELECT t.id, t.organization_id, t.name, t.kind, t.settings, t.mapping, t.credentials_encrypted, t.version,
        t.enabled, e.failures, e.paused_until
       FROM webhook_endpoints e JOIN cdr_targets t ON t.id = e.target_id WHERE e.id = $1`,
    [endpointId],
  )
  return row === undefined
    ? undefined
    : {
        targetId: row.id,
        organizationId: row.organization_id,
        name: row.name,
        kind: row.kind,
        settings: row.settings,
        mapping: row.mapping,
        sealedCredentials: row.credentials_encrypted,
        version: row.version,
        enabled: row.enabled,
        failures: row.failures,
        pausedUntil: row.paused_until ?? undefined,
      }
}

/** Of one target; undefined: there is none. */
export const readSealedCredentials = async (on: Queryable, targetId: number): Promise<string | undefined> => {
  const [row] = await on.query<{ credentials_encrypted: string }>(
    'SELECT credentials_encrypted FROM cdr_targets WHERE id = $1',
    [targetId],
  )
  return row?.credentials_encrypted
}

/** What the other side replaced. False: somebody has changed the credentials meanwhile, and theirs stay. */
export const replaceCredentials = async (
  on: Queryable,
  targetId: number,
  version: number,
  sealed: string,
): Promise<boolean> => {
  const rows = await on.query(
    'UPDATE cdr_targets SET credentials_encrypted = $3 WHERE id = $1 AND version = $2 RETURNING id',
    [targetId, version, sealed],
  )
  return rows.length > 0
}

export type TargetCount = {
  readonly kind: string
  readonly waiting: number
  readonly deadLetters: number
  /** Targets that are left alone for a while. */
  readonly open: number
}

export const countTargets = async (
  on: Queryable,
  failuresBeforePause: number,
): Promise<readonly TargetCount[]> =>
  (
    await on.query<{ kind: string; waiting: number; dead: number; open: number }>(
      `SELECT t.kind, coalesce(sum(w.waiting), 0)::integer AS waiting, coalesce(sum(w.dead), 0)::integer AS dead,
          count(*) FILTER (WHERE e.failures >= $1)::integer AS open
         FROM cdr_targets t JOIN webhook_endpoints e ON e.target_id = t.id
         CROSS JOIN LATERAL (SELECT
           (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'waiting') AS waiting,
           (SELECT count(*) FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'failed') AS dead) w
        GROUP BY t.kind ORDER BY t.kind`,
      [failuresBeforePause],
    )
  ).map(({ kind, waiting, dead, open }) => ({ kind, waiting, deadLetters: dead, open }))

type Row = {
  readonly id: number
  readonly organization_id: number
  readonly name: string
  readonly kind: string
  readonly settings: Json
  readonly mapping: Json
  readonly enabled: boolean
  readonly version: number
  readonly failures: number
  readonly failing_since: number | null
  readonly paused_until: number | null
  readonly waiting: number
  readonly dead_letters: number
  readonly created_at: number
  readonly updated_at: number
}

const SELECT = `SELECT t.id, t.organization_id, t.name, t.kind, t.settings, t.mapping, t.enabled, t.version,
    e.failures, e.failing_since, CASE WHEN e.paused_until > now() THEN e.paused_until END AS paused_until,
    (SELECT count(*)::integer FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'waiting') AS waiting,
    (SELECT count(*)::integer FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'failed') AS dead_letters,
    t.created_at, t.updated_at
  FROM cdr_targets t JOIN webhook_endpoints e ON e.target_id = t.id`

const targetOf = (row: Row): StoredTarget => ({
  id: row.id,
  organizationId: row.organization_id,
  name: row.name,
  kind: row.kind,
  settings: row.settings,
  mapping: row.mapping,
  enabled: row.enabled,
  version: row.version,
  failures: row.failures,
  failingSince: row.failing_since ?? undefined,
  pausedUntil: row.paused_until ?? undefined,
  waiting: row.waiting,
  deadLetters: row.dead_letters,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})
