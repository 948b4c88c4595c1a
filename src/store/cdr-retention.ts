/**
 * Call records that are older than they may be: whole months are dropped, the rest of a month is deleted row by row. What
 * else was written of those calls goes with them: legs, attempts, decisions.
 */
import type { Database, Queryable } from './database.ts'

export type Retired = { readonly months: number; readonly rows: number }

const TABLES = ['call_detail_records', 'call_attempts', 'call_decisions'] as const
/** In one statement: short enough that nobody waits for it. */
const ROWS_A_BATCH = 5_000
/** DROP waits for whoever reads the table, and whoever comes after waits for DROP. The next night is as good. */
const LOCK_TIMEOUT = '2s'

/** Deletes what began before `before`, milliseconds since the epoch. Interrupted, the next run goes on. */
export const retireCdrs = async (database: Database, before: number): Promise<Retired> => {
  const cutoff = new Date(before).toISOString()
  let months = 0
  for (const partition of await monthsBefore(database, cutoff)) {
    await database.transaction(async (transaction) => {
      await transaction.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`)
      await transaction.query(`DROP TABLE ${partition}`)
    })
    months += 1
  }
  let rows = 0
  for (const table of TABLES) rows += await inBatches(database, table, 'start_time', cutoff)
  rows += await inBatches(database, 'cdr_legs', 'claimed_at', cutoff)
  return { months, rows }
}

/** Names as create_cdr_partitions (sql/0004) makes them, whose last moment is before the cutoff; quoted. */
const monthsBefore = async (on: Queryable, cutoff: string): Promise<readonly string[]> => {
  const rows = await on.query<{ readonly name: string }>(
    `SELECT quote_ident(c.relname) AS name
     FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
     WHERE i.inhparent = ANY($1::regclass[]) AND c.relname ~ '_y[0-9]{4}m[0-9]{2}$'
       AND (to_date(right(c.relname, 7), 'YYYY"m"MM') + interval '1 month') AT TIME ZONE 'UTC' <= $2::timestamptz
     ORDER BY c.relname`,
    [TABLES, cutoff],
  )
  return rows.map(({ name }) => name)
}

const inBatches = async (
  on: Queryable,
  table: (typeof TABLES)[number] | 'cdr_legs',
  column: string,
  cutoff: string,
): Promise<number> => {
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
