/**
 * Call records that are older than they may be. Either whole months are put aside (detached: tables of their own, which
 * no question reaches) and dropped some days later, or nothing is put aside, and what is too old is deleted to the day.
 * What else was written of those calls goes with them: attempts, decisions.
 *
 * The claims of their legs stay longer: a switch's file that turns up late must not bring a call in again. Interrupted,
 * the next run goes on.
 */
import { EngineError } from '../base/errors.ts'
import type { Database, Queryable } from './database.ts'
import { freezeReports } from './report-recount.ts'

export type Retired = {
  readonly detached: number
  /** Months that were dropped, of any of the tables. */
  readonly months: number
  readonly rows: number
  readonly claims: number
}

export type CdrRetention = {
  /** What began earlier is too old; milliseconds since the epoch, as the next. */
  readonly before: number
  /** Months that were put aside earlier are dropped; undefined: none is put aside. */
  readonly detachedBefore: number | undefined
  /** Claims that were made earlier are forgotten. */
  readonly claimsBefore: number
}

const TABLES = ['call_detail_records', 'call_attempts', 'call_decisions'] as const
/** What was changed of records, in tables that are not kept by month. */
const LEDGERS = [
  ['cdr_corrections', 'corrected_at'],
  ['rerating_changes', 'start_time'],
] as const
/** In one statement: short enough that nobody waits for it. */
const ROWS_A_BATCH = 5_000
/**
 * DETACH and DROP wait for whoever reads the table, and whoever comes after waits for them. Tried again soon, and again
 * the next night. DETACH CONCURRENTLY is refused where there is a default partition (PostgreSQL manual, ALTER TABLE).
 */
const LOCK_TIMEOUT = '500ms'
const TRIES = 5
const LOCK_NOT_AVAILABLE = '55P03'

export const retireCdrs = async (
  database: Database,
  { before, detachedBefore, claimsBefore }: CdrRetention,
): Promise<Retired> => {
  const cutoff = new Date(before).toISOString()
  // Reports outlive their records: from here on nothing that is older is counted again.
  await freezeReports(database, before)
  const months = await monthsBefore(database, cutoff)
  let dropped = 0
  let detached = 0
  if (detachedBefore === undefined) {
    for (const month of months) await locked(database, (on) => drop(on, month))
    dropped = months.length
  } else {
    for (const month of months) await locked(database, (on) => detach(on, month))
    detached = months.length
  }
  const kept = detachedBefore === undefined ? 'infinity' : new Date(detachedBefore).toISOString()
  for (const month of await asideSince(database, kept)) {
    await locked(database, (on) => drop(on, month))
    dropped += 1
  }
  let rows = 0
  // A month that is put aside later keeps its rows until then; what has no month of its own never will be.
  for (const table of TABLES)
    rows += await inBatches(
      database,
      detachedBefore === undefined ? table : `${table}_default`,
      'start_time',
      cutoff,
    )
  for (const [table, column] of LEDGERS) rows += await inBatches(database, table, column, cutoff)
  const claims = await inBatches(database, 'cdr_legs', 'claimed_at', new Date(claimsBefore).toISOString())
  return { detached, months: dropped, rows, claims }
}

/** Names of the tables that were put aside and are there; quoted. */
export const detachedMonths = (on: Queryable): Promise<readonly string[]> => asideSince(on, 'infinity')

/** Those that were put aside before that. One that somebody dropped or took back by hand is none. */
const asideSince = async (on: Queryable, before: string): Promise<readonly string[]> => {
  const rows = await on.query<{ readonly name: string }>(
    `SELECT quote_ident(m.name) AS name FROM cdr_detached_months AS m
     JOIN pg_class AS c ON c.oid = to_regclass(quote_ident(m.name)) AND NOT c.relispartition
     WHERE m.detached_at < $1::timestamptz ORDER BY m.name`,
    [before],
  )
  return rows.map(({ name }) => name)
}

/** Names as create_cdr_partitions (sql/0004) makes them, whose last moment is before the cutoff; quoted. */
const monthsBefore = async (on: Queryable, cutoff: string): Promise<readonly Month[]> => {
  const rows = await on.query<Month>(
    `SELECT quote_ident(c.relname) AS name, i.inhparent::regclass::text AS parent
     FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
     WHERE i.inhparent = ANY($1::regclass[]) AND c.relname ~ '_y[0-9]{4}m[0-9]{2}$'
       AND (to_date(right(c.relname, 7), 'YYYY"m"MM') + interval '1 month') AT TIME ZONE 'UTC' <= $2::timestamptz
     ORDER BY c.relname`,
    [TABLES, cutoff],
  )
  return rows
}

type Month = { readonly name: string; readonly parent: string }

const detach = async (on: Queryable, { name, parent }: Month): Promise<void> => {
  await on.query(`ALTER TABLE ${parent} DETACH PARTITION ${name}`)
  await on.query(
    `INSERT INTO cdr_detached_months (name) SELECT relname FROM pg_class WHERE oid = to_regclass($1)
     ON CONFLICT (name) DO UPDATE SET detached_at = now()`,
    [name],
  )
}

const drop = async (on: Queryable, month: Month | string): Promise<void> => {
  const name = typeof month === 'string' ? month : month.name
  await on.query(
    'DELETE FROM cdr_detached_months WHERE name = (SELECT relname FROM pg_class WHERE oid = to_regclass($1))',
    [name],
  )
  await on.query(`DROP TABLE ${name}`)
}

const locked = async (database: Database, work: (on: Queryable) => Promise<void>): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    try {
      await database.transaction(async (transaction) => {
        await transaction.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`)
        await work(transaction)
      })
      return
    } catch (fault) {
      if (tries === TRIES || !isLockFault(fault)) throw fault
    }
  }
}

const isLockFault = (fault: unknown): boolean =>
  fault instanceof EngineError && fault.details['sqlState'] === LOCK_NOT_AVAILABLE

const inBatches = async (on: Queryable, table: string, column: string, cutoff: string): Promise<number> => {
  let deleted = 0
  for (;;) {
    // A row of a partitioned table is named by its partition and its place there.
    const rows = await on.query<{ readonly count: number }>(
      `WITH gone AS (
         DELETE FROM ${table} WHERE (tableoid, ctid) IN
           (SELECT tableoid, ctid FROM ${table} WHERE ${column} < $1 LIMIT ${ROWS_A_BATCH})
         AND ${column} < $1 RETURNING 1)
       SELECT count(*)::integer AS count FROM gone`,
      [cutoff],
    )
    const count = rows[0]?.count ?? 0
    deleted += count
    if (count < ROWS_A_BATCH) return deleted
  }
}
