/**
 * Call records found and given out among ten million (`--rows N` for another number): our months, indexes and walk beside
 * one table with the indexes of the usual schema, asked in one statement with OFFSET; and files of a million rows, beside
 * a bare COPY of the same columns: how fast, in how much memory, and how long the main thread, which serves calls,
 * stands still meanwhile.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createCdrExports } from '../../src/app/cdr-exports.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { CdrQuery } from '../../src/cdr/query.ts'
import { EXPORT_FORMATS, type ExportFormat } from '../../src/http/cdr-doors.ts'
import { CDR_COLUMNS, namesOf } from '../../src/store/cdr-columns.ts'
import { listCdrs } from '../../src/store/cdr-reads.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrations.ts'
import { connectForRates } from '../../src/store/rates-connection.ts'
import { manyCalls } from '../support/many-calls.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'
import { withPostgres } from './lcr-server.ts'
import type { Bench, Figure } from './run.ts'

const DAYS = 365
const UNTIL = Date.UTC(2026, 10, 20)
const EXPORTED = 1_000_000
/** Rows before the page that is asked for deep in the list. */
const DEPTH = 100_000
const TURNS = 5
const STATEMENT_MS = 600_000

export const bench: Bench = {
  name: 'cdr-search',
  describe: 'call records by number, call, user ... and as files, among ten million rows (--rows N)',
  run: () =>
    withPostgres(async (url) => {
      const rows = rowsAsked()
      await migrate({ url, folder: SQL_FOLDER, logger: silentLogger })
      const database = openDatabase({ url, logger: silentLogger, statementTimeoutMs: STATEMENT_MS })
      try {
        await manyCalls(database, { rows, days: DAYS, until: UNTIL })
        await database.query(USUAL_TABLE)
        for (const index of USUAL_INDEXES) await database.query(index)
        await database.query('ANALYZE call_detail_records, usual_calls')
        return [
          ...(await sizes(database)),
          ...(await questions(database, rows)),
          ...(await files(url, database, rows)),
        ]
      } finally {
        await database.close()
      }
    }),
}

const rowsAsked = (): number => {
  const at = process.argv.indexOf('--rows')
  const text = at < 0 ? '10000000' : (process.argv[at + 1] ?? '')
  if (!/^[1-9]\d{3,8}$/.test(text)) throw new Error('--rows takes a whole number from 1000')
  return Number(text)
}

const USUAL_TABLE = `CREATE TABLE usual_calls AS
  SELECT id, ${namesOf(CDR_COLUMNS)}, custom_data AS custom, processed_at FROM call_detail_records`
const USUAL_INDEXES = [
  'ALTER TABLE usual_calls ADD PRIMARY KEY (id)',
  'CREATE INDEX ON usual_calls (organization_id, start_time)',
  'CREATE INDEX ON usual_calls (leg_uuid)',
  'CREATE INDEX ON usual_calls (caller_number)',
  'CREATE INDEX ON usual_calls (callee_number)',
  'CREATE INDEX ON usual_calls (caller_user_id)',
  'CREATE INDEX ON usual_calls (gateway_id)',
  'CREATE INDEX ON usual_calls (disposition)',
  'CREATE INDEX ON usual_calls (processed_at)',
]

const sizes = async (database: Database): Promise<readonly Figure[]> => {
  const [row] = await database.query<{ ours: number; usual: number }>(
    `SELECT (SELECT sum(pg_indexes_size(inhrelid)) FROM pg_inherits
       WHERE inhparent = 'call_detail_records'::regclass)::float8 AS ours,
       pg_indexes_size('usual_calls')::float8 AS usual`,
  )
  return [
    {
      name: 'indexes',
      value: (row?.ours ?? 0) / 1e6,
      unit: 'MB',
      peer: 'the usual table',
      ratio: (row?.ours ?? 0) / (row?.usual ?? 1),
    },
  ]
}

type Question = {
  readonly name: string
  readonly query: CdrQuery
  /** The same in one statement on the usual table. */
  readonly usual: string
}

const questionsOf = (rows: number): readonly Question[] => {
  // A number that a few hundred calls have, whatever the rows; one that nobody has.
  const caller = '+442070000042'
  const page = 'ORDER BY start_time DESC LIMIT 50'
  return [
    { name: 'newest page', query: {}, usual: `leg = 'A' ${page}` },
    {
      name: 'newest page of an organisation',
      query: { organizationId: 3 },
      usual: `leg = 'A' AND organization_id = 3 ${page}`,
    },
    {
      name: 'a whole number',
      query: { number: caller, match: 'exact' },
      usual: `leg = 'A' AND (caller_number = '${caller}' OR callee_number = '${caller}' OR dialled_number = '${caller}') ${page}`,
    },
    {
      name: 'how a number begins',
      query: { number: '442070000', match: 'prefix', minSeconds: 250 },
      usual: `leg = 'A' AND billable_seconds >= 250 AND (caller_number LIKE '+442070000%' OR callee_number LIKE '+442070000%' OR dialled_number LIKE '+442070000%') ${page}`,
    },
    {
      name: 'digits within a number',
      query: { caller: '700042' },
      usual: `leg = 'A' AND caller_number LIKE '%700042%' ${page}`,
    },
    {
      name: 'digits that nobody has, first look',
      query: { number: '999999999' },
      usual: `leg = 'A' AND (caller_number LIKE '%999999999%' OR callee_number LIKE '%999999999%' OR dialled_number LIKE '%999999999%') ${page}`,
    },
    {
      name: 'busy calls of a user',
      query: { userId: 11, disposition: 'BUSY' },
      usual: `leg = 'A' AND (caller_user_id = 11 OR callee_user_id = 11) AND disposition = 'BUSY' ${page}`,
    },
    {
      name: 'a record of the CRM',
      query: { crmRecordId: `crm-${Math.floor(rows / 2 / 100) * 100}` },
      usual: `leg = 'A' AND custom -> 'crm' ->> 'recordId' = 'crm-${Math.floor(rows / 2 / 100) * 100}' ${page}`,
    },
    {
      name: 'a day half a year ago',
      query: { since: UNTIL - 180 * 86_400_000, until: UNTIL - 179 * 86_400_000, disposition: 'BUSY' },
      usual: `leg = 'A' AND disposition = 'BUSY' AND start_time >= '${iso(UNTIL - 180 * 86_400_000)}' AND start_time < '${iso(UNTIL - 179 * 86_400_000)}' ${page}`,
    },
  ]
}

const questions = async (database: Database, rows: number): Promise<readonly Figure[]> => {
  const figures: Figure[] = []
  const told = (name: string, ours: number, usual: number): void => {
    figures.push({ name, value: ours, unit: 'ms', peer: 'the usual table', ratio: ours / usual })
  }
  for (const { name, query, usual } of questionsOf(rows)) {
    const ours = await median(() => listCdrs(database, { ...query, limit: 50 }))
    told(name, ours, await median(() => database.query(`SELECT * FROM usual_calls WHERE ${usual}`)))
  }
  const depth = Math.min(DEPTH, rows / 4)
  let cursor: string | undefined
  for (let seen = 0; seen < depth; seen += 1_000)
    cursor = (await listCdrs(database, { limit: 1_000, cursor })).nextCursor
  told(
    `a page behind ${depth.toLocaleString('en')} others`,
    await median(() => listCdrs(database, { limit: 50, cursor })),
    await median(() =>
      database.query(
        `SELECT * FROM usual_calls WHERE leg = 'A' ORDER BY start_time DESC LIMIT 50 OFFSET ${depth}`,
      ),
    ),
  )
  return figures
}

const files = async (url: string, database: Database, rows: number): Promise<readonly Figure[]> => {
  const wanted = Math.min(EXPORTED, rows)
  // The rows lie evenly in time.
  const query: CdrQuery = {
    includeLegs: true,
    since: UNTIL - (DAYS * 86_400_000 * wanted) / rows,
    until: UNTIL,
  }
  const copied = await measured(() => copyOut(url, query))
  const exports = createCdrExports({ databaseUrl: url, clock: systemClock, logger: silentLogger })
  const [row] = await database.query<{ count: number }>(
    'SELECT count(*) AS count FROM call_detail_records WHERE start_time >= $1 AND start_time < $2',
    [iso(query.since ?? 0), iso(query.until ?? 0)],
  )
  const count = row?.count ?? 0
  const figures: Figure[] = [{ name: 'bare COPY to a file', value: count / copied.seconds, unit: 'rows/s' }]
  for (const format of EXPORT_FORMATS) {
    const { seconds, bytes, early, peak, stallMs } = await measured((took) =>
      readAll(exports.export, { format, query }, took),
    )
    figures.push(
      {
        name: 'exported',
        of: format,
        value: count / seconds,
        unit: 'rows/s',
        peer: 'bare COPY',
        ratio: copied.seconds / seconds,
      },
      { name: 'file', of: format, value: bytes / 1e6, unit: 'MB' },
      {
        name: 'most memory of the process',
        of: format,
        value: peak / 1e6,
        unit: 'MB',
        peer: 'in the first fifth of the file',
        ratio: peak / early,
      },
      { name: 'longest stall of the main thread', of: format, value: stallMs, unit: 'ms' },
    )
  }
  await exports.stop()
  return figures
}

const readAll = async (
  exported: ReturnType<typeof createCdrExports>['export'],
  request: { readonly format: ExportFormat; readonly query: CdrQuery },
  took: (bytes: number) => void,
): Promise<void> => {
  for await (const piece of await exported(request)) took(piece.length)
}

const copyOut = async (url: string, query: CdrQuery): Promise<void> => {
  const on = await connectForRates({ url, purpose: 'bench' })
  const statement = `COPY (SELECT ${namesOf(CDR_COLUMNS)} FROM call_detail_records WHERE start_time >= '${iso(query.since ?? 0)}'
    AND start_time < '${iso(query.until ?? 0)}' ORDER BY start_time, leg_uuid) TO STDOUT CSV`
  let bytes = 0
  for await (const block of on.copyTo(statement)) bytes += block.length
  on.close()
  if (bytes === 0) throw new Error('nothing was copied')
}

/** `early`: the most memory while the first fifth of the bytes came. */
const measured = async (
  work: (took: (bytes: number) => void) => Promise<void>,
): Promise<{
  readonly seconds: number
  readonly bytes: number
  readonly early: number
  readonly peak: number
  readonly stallMs: number
}> => {
  const samples: { readonly bytes: number; readonly memory: number }[] = []
  let bytes = 0
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const timer = setInterval(() => samples.push({ bytes, memory: process.memoryUsage.rss() }), 50)
  delay.enable()
  const begun = performance.now()
  await work((more) => {
    bytes += more
  })
  const seconds = (performance.now() - begun) / 1_000
  delay.disable()
  clearInterval(timer)
  const most = (some: readonly { readonly memory: number }[]): number =>
    some.reduce((found, { memory }) => Math.max(found, memory), 0)
  return {
    seconds,
    bytes,
    early: most(samples.filter((sample) => sample.bytes <= bytes / 5)),
    peak: most(samples),
    stallMs: delay.max / 1e6,
  }
}

const median = async (act: () => Promise<unknown>): Promise<number> => {
  const times: number[] = []
  // The first brings in what the buffers lack, for both alike.
  for (let turn = 0; turn <= TURNS; turn += 1) {
    const begun = performance.now()
    await act()
    if (turn > 0) times.push(performance.now() - begun)
    if (turn > 0 && times.reduce((sum, time) => sum + time, 0) > 20_000) break
  }
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0
}

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()
