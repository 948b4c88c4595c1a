/**
 * Reports over call records (`--rows N`, half a million without it) of a week: how fast quarters of an hour are counted
 * anew, the busiest of them, and a week by carrier and by day read from quarters beside the same sums over the records.
 */
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { readReport } from '../../src/store/report-reads.ts'
import { recountReports } from '../../src/store/report-recount.ts'
import { manyCalls } from '../support/many-calls.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'
import { withPostgres } from './lcr-server.ts'
import type { Bench, Figure } from './run.ts'

const DAYS = 7
const UNTIL = Date.UTC(2026, 10, 20)
const TURNS = 5

export const bench: Bench = {
  name: 'reports',
  describe: 'reports of a week: counted anew from records, and read (--rows N)',
  run: () =>
    withPostgres(async (url) => {
      const rows = rowsAsked()
      await migrate({ url, folder: SQL_FOLDER, logger: silentLogger })
      const database = openDatabase({ url, logger: silentLogger, statementTimeoutMs: 600_000 })
      try {
        await manyCalls(database, { rows, days: DAYS, until: UNTIL })
        await database.query(ATTEMPTS)
        await database.query('ANALYZE call_detail_records, call_attempts')
        return [...(await counting(database, rows)), ...(await reading(database))]
      } finally {
        await database.close()
      }
    }),
}

/** One of each B leg. */
const ATTEMPTS = `
INSERT INTO call_attempts (a_leg_uuid, call_id, start_time, n, leg_uuid, gateway_id, gateway_name, carrier_id, carrier_name,
  number, rate_prefix, outcome, cause, why)
SELECT call_id, call_id, start_time, 1, leg_uuid, gateway_id, gateway_name, carrier_id, carrier_name, callee_number,
  left(callee_number, 4), CASE disposition WHEN 'ANSWERED' THEN 'ANSWERED' ELSE 'FAILED' END, hangup_cause, ''
FROM call_detail_records WHERE leg = 'B'`

const rowsAsked = (): number => {
  const at = process.argv.indexOf('--rows')
  const text = at < 0 ? '500000' : (process.argv[at + 1] ?? '')
  if (!/^[1-9]\d{3,8}$/.test(text)) throw new Error('--rows takes a whole number from 1000')
  return Number(text)
}

const counting = async (database: Database, rows: number): Promise<Figure[]> => {
  await database.query(
    `INSERT INTO report_due SELECT DISTINCT to_timestamp(floor(extract(epoch FROM start_time) / 900) * 900),
       coalesce(organization_id, 0) FROM call_detail_records WHERE leg = 'A' ON CONFLICT DO NOTHING`,
  )
  const began = performance.now()
  const done = await recountReports(database)
  const tookMs = performance.now() - began
  const [busiest] = await database.query<{ quarter: number; calls: number }>(
    `SELECT quarter, sum(calls)::float8 AS calls FROM report_calls GROUP BY quarter ORDER BY calls DESC LIMIT 1`,
  )
  if (busiest === undefined) throw new Error('nothing was counted')
  const quarter = new Date(busiest.quarter).toISOString()
  const turns: number[] = []
  for (let turn = 0; turn < TURNS; turn++) {
    await database.query(
      `INSERT INTO report_due SELECT DISTINCT quarter, coalesce(organization_id, 0) FROM report_calls WHERE quarter = $1`,
      [quarter],
    )
    turns.push(await milliseconds(() => recountReports(database)))
  }
  return [
    { name: 'records counted anew', value: (rows * 1_000) / tookMs, unit: 'records/s' },
    { name: 'a quarter of an hour', value: tookMs / Math.max(1, done?.quarters ?? 1), unit: 'ms' },
    { name: `the busiest, of ${busiest.calls} calls`, value: median(turns), unit: 'ms' },
  ]
}

const reading = async (database: Database): Promise<Figure[]> => {
  const span = { since: UNTIL - DAYS * 86_400_000, until: UNTIL, timeZone: 'Europe/London' }
  const compared: readonly (readonly [string, () => Promise<unknown>, string])[] = [
    ['carriers of a week', () => readReport(database, { kind: 'carriers', ...span }), BY_CARRIER],
    ['days of a week', () => readReport(database, { kind: 'calls', interval: 'day', ...span }), BY_DAY],
  ]
  const figures: Figure[] = []
  for (const [name, ours, direct] of compared) {
    const [own, other] = [[], []] as [number[], number[]]
    for (let turn = 0; turn < TURNS; turn++) {
      own.push(await milliseconds(ours))
      other.push(await milliseconds(() => database.query(direct)))
    }
    figures.push(
      {
        name,
        value: median(own),
        unit: 'ms',
        peer: 'the records asked (less is faster)',
        ratio: median(own) / median(other),
      },
      { name: `${name}, from the records`, value: median(other), unit: 'ms' },
    )
  }
  return figures
}

const BY_CARRIER = `
SELECT t.carrier_id, count(*), count(*) FILTER (WHERE t.outcome = 'ANSWERED'), sum(b.billable_seconds), sum(b.total_cost),
  avg(extract(epoch FROM b.progress_time - b.start_time))
FROM call_attempts AS t LEFT JOIN call_detail_records AS b ON b.leg_uuid = t.leg_uuid
GROUP BY t.carrier_id`
const BY_DAY = `
SELECT date_trunc('day', start_time, 'Europe/London'), organization_id, direction, count(*),
  count(*) FILTER (WHERE disposition = 'ANSWERED'), sum(billable_seconds), sum(total_cost)
FROM call_detail_records WHERE leg = 'A' GROUP BY 1, 2, 3`

const milliseconds = async (act: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await act()
  return performance.now() - began
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
