/**
 * Counts quarters of an hour anew, whole, from the records: what is in a report is always what a query over the records
 * of that quarter would say, whatever came late, twice or in another order, and wherever a run was stopped. One engine
 * does it at a time, by an advisory lock of the transaction.
 *
 * The order of statements matters: a quarter leaves report_due in the transaction that counts it, and is counted by a
 * later statement, which sees whatever had been committed when the mark was taken (READ COMMITTED). A record that is
 * committed meanwhile left a mark of its own.
 */
import { countriesByCode } from '../report/countries.ts'
import type { Database, Queryable } from './database.ts'
import { COUNT_ATTEMPTS } from './report-attempts-sql.ts'
import { COUNT_CALLS, COUNT_HOURS } from './report-calls-sql.ts'
import { EFFECTIVE_CAUSES } from './report-sql.ts'

export type Recounted = {
  readonly quarters: number
  /** Quarters whose records are retired: what came for them late changes nothing. */
  readonly frozen: number
}

/** A mark costs a few microseconds; so many are no long transaction. */
const MARKS_A_RUN = 50_000

/** Undefined: another engine is at it. Throws STORE_UNAVAILABLE; then nothing of that quarter was done. */
export const recountReports = async (
  database: Database,
  goOn: () => boolean = () => true,
): Promise<Recounted | undefined> => {
  let quarters = 0
  let frozen = 0
  for (;;) {
    const taken = await alone(database, takeMarks)
    if (taken === undefined) return undefined
    if (taken < MARKS_A_RUN || !goOn()) break
  }
  while (goOn()) {
    const done = await alone(database, recountNewest)
    if (done === undefined) return undefined
    if (done === 'nothing is due') break
    if (done === 'counted') quarters += 1
    else frozen += 1
  }
  return { quarters, frozen }
}

/** What stands for records before this moment stays as it is. To be called before they are deleted. */
export const freezeReports = async (on: Queryable, before: number): Promise<void> => {
  await on.query('UPDATE report_frozen SET before = greatest(before, $1::timestamptz)', [
    new Date(before).toISOString(),
  ])
}

/** Marks and quarters that are still to be counted. */
export const reportsDue = async (on: Queryable): Promise<number> => {
  const [row] = await on.query<{ readonly due: number }>(
    'SELECT (SELECT count(*) FROM report_due) + (SELECT count(*) FROM report_marks) AS due',
  )
  return row?.due ?? 0
}

const alone = <Result>(
  database: Database,
  work: (on: Queryable) => Promise<Result>,
): Promise<Result | undefined> =>
  database.transaction(async (transaction) => {
    const [row] = await transaction.query<{ readonly mine: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtext('strowger reports')) AS mine`,
    )
    return row?.mine === true ? work(transaction) : undefined
  })

const takeMarks = async (on: Queryable): Promise<number> => {
  const [row] = await on.query<{ readonly taken: number }>(TAKE_MARKS, [MARKS_A_RUN])
  return row?.taken ?? 0
}

// A leg of a call begins within a day of the call (the safety that ends calls): so few partitions are looked into.
const TAKE_MARKS = `
WITH taken AS (
  DELETE FROM report_marks WHERE id IN (SELECT id FROM report_marks ORDER BY id LIMIT $1)
  RETURNING call_id, organization_id, start_time
), touched AS (
  SELECT start_time, organization_id FROM taken
  UNION
  SELECT start_time, organization_id FROM call_detail_records
  WHERE call_id IN (SELECT call_id FROM taken) AND leg = 'A'
    AND start_time >= (SELECT min(start_time) FROM taken) - interval '1 day'
    AND start_time <= (SELECT max(start_time) FROM taken) + interval '1 day'
), due AS (
  INSERT INTO report_due (quarter, organization_id)
  SELECT DISTINCT to_timestamp(floor(extract(epoch FROM start_time) / 900) * 900), coalesce(organization_id, 0)
  FROM touched ON CONFLICT DO NOTHING
)
SELECT count(*) AS taken FROM taken`

/** The newest first: a house that catches up with years sees today at once. */
const recountNewest = async (on: Queryable): Promise<'counted' | 'frozen' | 'nothing is due'> => {
  const due = await on.query<{ quarter: number; organization_id: number }>(
    `DELETE FROM report_due WHERE quarter = (SELECT max(quarter) FROM report_due)
     RETURNING quarter, organization_id`,
  )
  const [first] = due
  if (first === undefined) return 'nothing is due'
  const quarter = new Date(first.quarter).toISOString()
  const [frozen] = await on.query('SELECT 1 FROM report_frozen WHERE before > $1', [quarter])
  if (frozen !== undefined) return 'frozen'
  const organizations = due.map(({ organization_id }) => organization_id)
  for (const [table, column] of [
    ['report_calls', 'quarter'],
    ['report_attempts', 'quarter'],
  ] as const)
    await on.query(`DELETE FROM ${table} WHERE ${column} = $1 AND coalesce(organization_id, 0) = ANY($2)`, [
      quarter,
      organizations,
    ])
  await on.query(COUNT_CALLS, [quarter, organizations])
  await on.query(COUNT_ATTEMPTS, [quarter, organizations, COUNTRIES, EFFECTIVE_CAUSES])
  const hour = new Date(first.quarter - (first.quarter % HOUR_MS)).toISOString()
  await on.query(
    'DELETE FROM hourly_call_reporting WHERE time_bucket = $1 AND coalesce(organization_id, 0) = ANY($2)',
    [hour, organizations],
  )
  await on.query(COUNT_HOURS, [hour, organizations])
  return 'counted'
}

const HOUR_MS = 3_600_000
const COUNTRIES = JSON.stringify(countriesByCode())
