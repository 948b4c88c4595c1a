/** Records as files: what is written is read back as it was stored, by readers that are not ours where there are any. */
import assert from 'node:assert/strict'
import { parse } from 'csv-parse/sync'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCdrExports, type CdrExports } from '../../src/app/cdr-exports.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { CdrQuery } from '../../src/cdr/query.ts'
import type { ExportFormat } from '../../src/http/cdr-doors.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { cdrOf, START } from '../store/sample-cdr.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { manyCalls } from '../support/many-calls.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const NOW = START + 86_400_000

suite('call records: export', function () {
  this.timeout(240_000)
  let place: TestDatabase
  let database: Database
  let exports: CdrExports
  let folder: string
  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    exports = createCdrExports({
      databaseUrl: place.url,
      clock: createManualClock(NOW),
      logger: silentLogger,
    })
    folder = mkdtempSync(join(tmpdir(), 'strowger-export-'))
  })
  suiteTeardown(async () => {
    await exports.stop()
    await database.close()
    await place.drop()
    rmSync(folder, { recursive: true, force: true })
  })
  setup(async () => {
    await database.query('TRUNCATE call_detail_records, call_attempts, cdr_legs')
  })

  const exported = async (format: ExportFormat, query: CdrQuery = {}): Promise<Buffer> => {
    const pieces: Uint8Array[] = []
    for await (const piece of await exports.export({ format, query })) pieces.push(piece)
    return Buffer.concat(pieces)
  }
  const csvRows = async (query: CdrQuery = {}): Promise<readonly Record<string, string>[]> =>
    parse(await exported('csv', query), { columns: true })
  const parquetRows = async (query: CdrQuery = {}): Promise<readonly Record<string, unknown>[]> => {
    const path = join(folder, 'records.parquet')
    writeFileSync(path, await exported('parquet', query))
    return parquetReadObjects({ file: await asyncBufferFromFile(path) })
  }
  const connections = async (): Promise<number> =>
    (
      await database.query<{ count: number }>(
        `SELECT count(*) AS count FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'strowger cdr export'`,
      )
    )[0]?.count ?? -1
  const untilNoConnection = async (): Promise<void> => {
    for (let tries = 0; (await connections()) > 0; tries += 1) {
      assert.ok(tries < 200, 'the connection of the export stays')
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  const awkward = cdrOf({
    callerName: '=HYPERLINK("http://x","a,b")\r\nsecond line',
    callerNumber: '+442079460100',
    calleeNumber: '-1+cmd|x',
    dialledNumber: '@SUM(1)',
    custom: { crm: { recordId: '0031a', objectType: 'Contact "quoted"' } },
  })
  const bLeg = cdrOf({
    leg: 'B',
    callId: awkward.callId,
    startTime: START + 5,
    cost: parseMoney('0.01700001'),
    attempts: [],
    answerTime: undefined,
    callerName: 'Zoë 日本 🦉',
  })

  test('CSV is read back by another reader, runs nothing in a spreadsheet, and has the cost of the whole call', async () => {
    await insertCdrs(database, [{ ...awkward, cost: undefined, rate: undefined }, bLeg])
    const text = (await exported('csv')).toString()
    assert.match(text, /^leg_uuid,call_id,.*\r\n/)
    const [row, ...others] = await csvRows()
    assert.equal(others.length, 0)
    assert.equal(row?.['leg_uuid'], awkward.legUuid)
    assert.equal(row['caller_name'], `'${awkward.callerName ?? ''}`)
    assert.equal(row['caller_number'], '+442079460100', 'a number stays a number')
    assert.equal(row['callee_number'], "'-1+cmd|x")
    assert.equal(row['dialled_number'], "'@SUM(1)")
    assert.equal(row['start_time'], new Date(START).toISOString())
    assert.equal(row['total_cost'], '')
    assert.equal(row['call_cost'], '0.01700001')
    assert.equal(row['call_currency'], 'GBP')
    assert.deepEqual(JSON.parse(row['custom_data'] ?? ''), awkward.custom)
    const legs = await csvRows({ includeLegs: true })
    assert.deepEqual(
      legs.map((leg) => [leg['leg'], leg['total_cost'], leg['call_cost'], leg['caller_name']]),
      [
        ['A', '', '0.01700001', `'${awkward.callerName ?? ''}`],
        ['B', '0.01700001', '', 'Zoë 日本 🦉'],
      ],
    )
  })

  test('Parquet is read back with exact money, moments and what is missing', async () => {
    await insertCdrs(database, [awkward, { ...bLeg, cost: parseMoney('90000000.00000001') }])
    const [a, b] = await parquetRows({ includeLegs: true })
    assert.equal(a?.['leg_uuid'], awkward.legUuid)
    assert.equal(a['caller_name'], awkward.callerName, 'no apostrophe: nothing runs a Parquet file')
    assert.deepEqual(a['start_time'], new Date(START))
    assert.deepEqual(a['answer_time'], new Date(awkward.answerTime ?? 0))
    assert.equal(b?.['answer_time'] ?? null, null)
    assert.equal(a['billable_seconds'], 62)
    assert.equal(a['simulated'], false)
    assert.equal(a['total_cost'], 0.01700001)
    assert.equal(a['rate_per_minute'], 0.0085)
    assert.deepEqual(a['custom_data'], awkward.custom)
    assert.equal(b?.['caller_name'], 'Zoë 日本 🦉')
    const metadata = await parquetMetadataAsync(await asyncBufferFromFile(join(folder, 'records.parquet')))
    const money = metadata.schema.find(({ name }) => name === 'total_cost')
    assert.deepEqual(
      [money?.logical_type, money?.type],
      [{ type: 'DECIMAL', precision: 20, scale: 8 }, 'FIXED_LEN_BYTE_ARRAY'],
    )
    assert.deepEqual(metadata.schema.find(({ name }) => name === 'start_time')?.logical_type, {
      type: 'TIMESTAMP',
      isAdjustedToUTC: true,
      unit: 'MICROS',
    })
    assert.equal(metadata.num_rows, 2n)
  })

  test('a Parquet file says each decimal to the last digit', async () => {
    await insertCdrs(database, [cdrOf({ cost: parseMoney('12345678.12345678') })])
    const path = join(folder, 'exact.parquet')
    writeFileSync(path, await exported('parquet'))
    const file = await asyncBufferFromFile(path)
    const metadata = await parquetMetadataAsync(file)
    const statistics = metadata.row_groups[0]?.columns.find(
      ({ meta_data }) => meta_data?.path_in_schema[0] === 'total_cost',
    )?.meta_data?.statistics
    // The bytes in the file, big-endian; the reader makes a float of the value itself.
    assert.ok(statistics !== undefined)
    const bytes = (await exported('parquet')).toString('hex')
    assert.ok(bytes.includes(1_234_567_812_345_678n.toString(16).padStart(18, '0')))
  })

  test('NDJSON tells each record as the API does, with its attempts', async () => {
    await insertCdrs(database, [awkward, cdrOf({ startTime: START + 9 })])
    const lines = (await exported('ndjson')).toString().trimEnd().split('\n')
    assert.equal(lines.length, 2)
    const first = JSON.parse(lines[0] ?? '') as Record<string, unknown>
    assert.equal(first['legUuid'], awkward.legUuid)
    assert.equal((first['attempts'] as unknown[]).length, 2)
    assert.deepEqual(first['recordings'], [])
    assert.deepEqual(first['cost'], { amount: '0.01700001', currency: 'GBP' })
  })

  test('nothing to tell is a file, too', async () => {
    assert.match((await exported('csv')).toString(), /^leg_uuid,[^\r]*\r\n$/)
    assert.equal((await exported('ndjson')).toString(), '')
    assert.deepEqual(await parquetRows(), [])
  })

  test('only what is asked for, only what has begun, and what comes meanwhile is of no harm', async () => {
    await insertCdrs(database, [
      cdrOf({ organizationId: 2 }),
      cdrOf({ startTime: NOW + 60_000 }),
      cdrOf({ startTime: START + 3, disposition: 'BUSY' }),
    ])
    assert.equal((await csvRows()).length, 2)
    assert.equal((await csvRows({ until: NOW + 120_000 })).length, 3)
    assert.equal((await csvRows({ organizationId: 2 })).length, 1)
    assert.equal((await csvRows({ organizationId: 3 })).length, 0)
    assert.equal((await csvRows({ disposition: 'BUSY', number: '4420', match: 'prefix' })).length, 1)
    await assert.rejects(exported('csv', { number: 'x' }), {
      code: 'STORE_BAD_INPUT',
      details: { field: 'number' },
    })
    assert.equal(await connections(), 0)
  })

  test('sixty thousand records are whole in each format', async () => {
    await manyCalls(database, { rows: 60_000, days: 100, until: START })
    const [sums] = await database.query<{ count: number; seconds: number; cost: string }>(
      `SELECT count(*) AS count, sum(billable_seconds)::bigint AS seconds, sum(total_cost) AS cost FROM call_detail_records`,
    )
    assert.equal(sums?.count, 60_000)
    const csv = await csvRows({ includeLegs: true })
    const parquet = await parquetRows({ includeLegs: true })
    const ndjson = (await exported('ndjson', { includeLegs: true })).toString().trimEnd().split('\n')
    assert.deepEqual([csv.length, parquet.length, ndjson.length], [60_000, 60_000, 60_000])
    assert.equal(new Set(csv.map((row) => row['leg_uuid'])).size, 60_000)
    assert.equal(
      csv.reduce((sum, row) => sum + Number(row['billable_seconds']), 0),
      sums.seconds,
    )
    const cost = csv.reduce((sum, row) => sum + BigInt(Math.round(Number(row['total_cost']) * 1e8)), 0n)
    assert.equal(cost, BigInt(sums.cost.replace('.', '')))
    assert.deepEqual(
      parquet.map((row) => row['leg_uuid']),
      csv.map((row) => row['leg_uuid']),
    )
    assert.deepEqual(
      ndjson.map((line) => (JSON.parse(line) as { legUuid: string }).legUuid),
      csv.map((row) => row['leg_uuid']),
    )
  })

  test('whoever goes away, or never begins to read, leaves no connection and no thread', async () => {
    await manyCalls(database, { rows: 60_000, days: 100, until: START })
    const read = await exports.export({ format: 'csv', query: { includeLegs: true } })
    await read.next()
    await read.next()
    const unread = await exports.export({ format: 'ndjson', query: {} })
    assert.ok((await connections()) > 0)
    await assert.rejects(exports.export({ format: 'csv', query: {} }), { code: 'CDR_EXPORTS_BUSY' })
    await read.return?.()
    await unread.return?.()
    await untilNoConnection()
    assert.ok((await exported('csv')).length > 0, 'there is room again')
  })

  test('whoever stands still is taken for gone', async () => {
    const clock = createManualClock(NOW)
    const patient = createCdrExports({ databaseUrl: place.url, clock, logger: silentLogger })
    await manyCalls(database, { rows: 60_000, days: 100, until: START })
    const file = await patient.export({ format: 'csv', query: { includeLegs: true } })
    assert.ok((await connections()) > 0)
    clock.advance(120_000)
    await untilNoConnection()
    await assert.rejects(async () => {
      for await (const piece of file) assert.ok(piece.length > 0)
    })
  })

  test('a database that is away is told before the file begins', async () => {
    const away = createCdrExports({
      databaseUrl: 'postgres://nobody:x@127.0.0.1:1/none',
      clock: systemClock,
      logger: silentLogger,
    })
    await assert.rejects(away.export({ format: 'csv', query: {} }), { code: 'STORE_UNAVAILABLE' })
  })
})
