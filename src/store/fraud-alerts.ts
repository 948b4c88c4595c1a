/**
 * Alerts and blocks as rows. What is told again within the hour is the same alert: whether it is new is decided here, in
 * one transaction with the event that leaves the house, so that several engines that see one attack tell it once.
 */
import type { FraudBlock, FraudDestinations } from '../directory/fraud-records.ts'
import type { Database, Queryable } from './database.ts'
import { BLOCK_COLUMNS, toBlock, type FraudBlockRow } from './fraud-rows.ts'
import { id } from './input.ts'

export type FraudAlert = {
  readonly id: number
  readonly organizationId: number
  readonly userId: number | undefined
  readonly ruleId: number | undefined
  /** A kind of rule, or `wrong-pin`. */
  readonly kind: string
  readonly action: string
  readonly why: string
  /** The last of the calls. */
  readonly callId: string | undefined
  readonly number: string | undefined
  readonly country: string | undefined
  readonly occurrences: number
  readonly firstAt: number
  readonly lastAt: number
  readonly acknowledgedAt: number | undefined
  readonly acknowledgedBy: string | undefined
  readonly note: string | undefined
}

export type NewAlert = {
  readonly organizationId: number
  readonly userId: number | undefined
  readonly ruleId: number | undefined
  readonly kind: string
  readonly action: string
  readonly why: string
  readonly callId: string
  readonly number: string | undefined
  readonly country: string | undefined
  readonly occurrences: number
  /** Of the last. */
  readonly at: number
}

export type NewBlock = FraudDestinations & {
  readonly organizationId: number
  readonly userId: number | undefined
  readonly ruleId: number | undefined
  readonly reason: string
  readonly endsAt: number | undefined
}

const SAME_ALERT_MS = 3_600_000
const LONGEST_TEXT = 1_000

/** `onNew` runs in the transaction, for each alert that nobody was told of yet. The alerts that are new. */
export const putAlerts = (
  database: Database,
  alerts: readonly NewAlert[],
  onNew: (on: Queryable, alert: FraudAlert) => Promise<void>,
): Promise<readonly FraudAlert[]> =>
  database.transaction(async (on) => {
    // Two engines at once would each find none.
    await on.query("SELECT pg_advisory_xact_lock(hashtext('strowger fraud alerts'))")
    const made: FraudAlert[] = []
    for (const alert of alerts) {
      const { organizationId, userId, ruleId, kind } = alert
      const values = [organizationId, userId ?? null, ruleId ?? null, kind]
      const at = new Date(alert.at).toISOString()
      const repeated = await on.query(
        `UPDATE fraud_alerts SET occurrences = occurrences + $5, last_at = greatest(last_at, $6), call_id = $7, number = $8,
           country = $9, why = $10
         WHERE id = (SELECT id FROM fraud_alerts WHERE organization_id = $1 AND user_id IS NOT DISTINCT FROM $2
           AND rule_id IS NOT DISTINCT FROM $3 AND kind = $4 AND acknowledged_at IS NULL AND first_at > $11
           ORDER BY id DESC LIMIT 1) RETURNING id`,
        [
          ...values,
          ...[alert.occurrences, at, alert.callId, alert.number ?? null, alert.country ?? null],
          ...[clip(alert.why), new Date(alert.at - SAME_ALERT_MS).toISOString()],
        ],
      )
      if (repeated.length > 0) continue
      // An organisation or a user that is gone meanwhile has nobody to tell.
      const [row] = await on.query<AlertRow>(
        `INSERT INTO fraud_alerts (organization_id, user_id, rule_id, kind, action, why, call_id, number, country,
           occurrences, first_at, last_at)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11
         WHERE EXISTS (SELECT 1 FROM organizations WHERE id = $1 FOR KEY SHARE) RETURNING ${ALERT_COLUMNS}`,
        [
          ...values,
          ...[alert.action, clip(alert.why), alert.callId, alert.number ?? null, alert.country ?? null],
          ...[alert.occurrences, at],
        ],
      )
      if (row === undefined) continue
      made.push(toAlert(row))
      await onNew(on, toAlert(row))
    }
    return made
  })

/** One that stands already stays as it is. Of a user who is gone none is made. */
export const putBlocks = (database: Database, blocks: readonly NewBlock[]): Promise<void> =>
  database.transaction(async (on) => {
    await on.query(
      "UPDATE fraud_blocks SET released_at = ends_at, released_by = 'time' WHERE released_at IS NULL AND ends_at <= now()",
    )
    for (const block of blocks) await insertBlock(on, block)
  })

const insertBlock = async (on: Queryable, block: NewBlock): Promise<number | undefined> => {
  const [row] = await on.query<{ id: number }>(
    `INSERT INTO fraud_blocks (organization_id, user_id, rule_id, reason, countries, prefixes, international, high_risk, ends_at)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9
     WHERE EXISTS (SELECT 1 FROM organizations WHERE id = $1 FOR KEY SHARE)
       AND ($2::int IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = $2 AND organization_id = $1 FOR KEY SHARE))
     ON CONFLICT DO NOTHING RETURNING id`,
    [
      block.organizationId,
      block.userId ?? null,
      block.ruleId ?? null,
      clip(block.reason),
      block.countries,
      block.prefixes,
      block.international,
      block.highRisk,
      block.endsAt === undefined ? null : new Date(block.endsAt).toISOString(),
    ],
  )
  return row?.id
}

/** By hand. Undefined: such a block stands already, or there is no such user. */
export const addBlock = (database: Database, block: NewBlock): Promise<number | undefined> =>
  database.transaction(async (on) => {
    await on.query(
      "UPDATE fraud_blocks SET released_at = ends_at, released_by = 'time' WHERE released_at IS NULL AND ends_at <= now()",
    )
    return insertBlock(on, block)
  })

export type ToldBlock = FraudBlock & {
  readonly createdAt: number
  readonly releasedAt: number | undefined
  readonly releasedBy: string | undefined
}

export const listBlocks = async (
  on: Queryable,
  organizationId: number | undefined,
  { released, limit }: { readonly released: boolean; readonly limit: number },
): Promise<readonly ToldBlock[]> =>
  (
    await on.query<FraudBlockRow>(
      `SELECT ${BLOCK_COLUMNS} FROM fraud_blocks WHERE ($1::int IS NULL OR organization_id = $1)
         AND ($2 OR (released_at IS NULL AND (ends_at IS NULL OR ends_at > now()))) ORDER BY id DESC LIMIT $3`,
      [organizationId ?? null, released, limit],
    )
  ).map(toTold)

const toTold = (row: FraudBlockRow): ToldBlock => ({
  ...toBlock(row),
  createdAt: row.created_at,
  releasedAt: row.released_at ?? undefined,
  releasedBy: row.released_by ?? undefined,
})

/** Undefined: there is no such block that stands. */
export const releaseBlock = async (
  on: Queryable,
  within: number | undefined,
  blockId: number,
  by: string,
): Promise<ToldBlock | undefined> => {
  const [row] = await on.query<FraudBlockRow>(
    `UPDATE fraud_blocks SET released_at = now(), released_by = $3
     WHERE id = $1 AND released_at IS NULL AND ($2::int IS NULL OR (organization_id = $2
       AND NOT EXISTS (SELECT 1 FROM fraud_rules AS rules WHERE rules.id = fraud_blocks.rule_id AND rules.enforced)))
     RETURNING ${BLOCK_COLUMNS}`,
    [id('id', blockId), within ?? null, by.slice(0, 255)],
  )
  return row === undefined ? undefined : toTold(row)
}

export type AlertFilter = {
  readonly organizationId: number | undefined
  /** Undefined: both. */
  readonly acknowledged: boolean | undefined
  readonly kind: string | undefined
  readonly limit: number
  /** Alerts with smaller ids. */
  readonly before: number | undefined
}

export const listAlerts = async (on: Queryable, filter: AlertFilter): Promise<readonly FraudAlert[]> =>
  (
    await on.query<AlertRow>(
      `SELECT ${ALERT_COLUMNS} FROM fraud_alerts WHERE ($1::int IS NULL OR organization_id = $1)
         AND ($2::boolean IS NULL OR (acknowledged_at IS NOT NULL) = $2) AND ($3::text IS NULL OR kind = $3)
         AND ($4::bigint IS NULL OR id < $4) ORDER BY id DESC LIMIT $5`,
      [
        filter.organizationId ?? null,
        filter.acknowledged ?? null,
        filter.kind ?? null,
        filter.before ?? null,
        filter.limit,
      ],
    )
  ).map(toAlert)

/** Again is no fault, and changes nothing. Undefined: there is no such alert. */
export const acknowledgeAlert = async (
  on: Queryable,
  within: number | undefined,
  alertId: number,
  by: string,
  note: string | undefined,
): Promise<FraudAlert | undefined> => {
  const [row] = await on.query<AlertRow>(
    `UPDATE fraud_alerts SET acknowledged_at = coalesce(acknowledged_at, now()),
       acknowledged_by = coalesce(acknowledged_by, $3), note = coalesce($4, note)
     WHERE id = $1 AND ($2::int IS NULL OR organization_id = $2) RETURNING ${ALERT_COLUMNS}`,
    [id('id', alertId), within ?? null, by.slice(0, 255), note ?? null],
  )
  return row === undefined ? undefined : toAlert(row)
}

export const countOpenAlerts = async (on: Queryable): Promise<number> => {
  const [row] = await on.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM fraud_alerts WHERE acknowledged_at IS NULL',
  )
  return row?.count ?? 0
}

const ALERT_COLUMNS = `id::int AS id, organization_id, user_id, rule_id, kind, action, why, call_id::text AS call_id, number, country,
  occurrences, first_at, last_at, acknowledged_at, acknowledged_by, note`

type AlertRow = {
  readonly id: number
  readonly organization_id: number
  readonly user_id: number | null
  readonly rule_id: number | null
  readonly kind: string
  readonly action: string
  readonly why: string
  readonly call_id: string | null
  readonly number: string | null
  readonly country: string | null
  readonly occurrences: number
  readonly first_at: number
  readonly last_at: number
  readonly acknowledged_at: number | null
  readonly acknowledged_by: string | null
  readonly note: string | null
}

const toAlert = (row: AlertRow): FraudAlert => ({
  id: row.id,
  organizationId: row.organization_id,
  userId: row.user_id ?? undefined,
  ruleId: row.rule_id ?? undefined,
  kind: row.kind,
  action: row.action,
  why: row.why,
  callId: row.call_id ?? undefined,
  number: row.number ?? undefined,
  country: row.country ?? undefined,
  occurrences: row.occurrences,
  firstAt: row.first_at,
  lastAt: row.last_at,
  acknowledgedAt: row.acknowledged_at ?? undefined,
  acknowledgedBy: row.acknowledged_by ?? undefined,
  note: row.note ?? undefined,
})

const clip = (text: string): string => text.slice(0, LONGEST_TEXT)
