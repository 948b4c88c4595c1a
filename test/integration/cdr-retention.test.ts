/** Old call records are deleted, with all that was written of them, and no younger one. */
import assert from 'node:assert/strict'
import { retireOldCdrs } from '../../src/app/retention.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { insertDecisions } from '../../src/store/decision-writes.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 21, 12)

suite('call records: retention', function () {
  this.timeout(30_000)
  let place: TestDatabase
  let database: Database
  setup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
  })
  teardown(async () => {
    await database.close()
    await place.drop()
  })
  const retire = (cdrRetentionDays: number | undefined) =>
    retireOldCdrs({ database, cdrRetentionDays, clock: createManualClock(NOW), logger: silentLogger })
  const count = async (table: string): Promise<number> =>
    (await database.query<{ count: number }>(`SELECT count(*)::integer AS count FROM ${table}`))[0]?.count ??
    -1
  const addAt = async (daysAgo: number, count_ = 1): Promise<void> => {
    const startTime = NOW - daysAgo * DAY
    const cdrs = Array.from({ length: count_ }, () =>
      cdrOf({ startTime, endTime: startTime + 65_000, attempts: [] }),
    )
    const withAttempts = cdrs.map((cdr) => ({ ...cdr, attempts: cdrOf().attempts }))
    await insertCdrs(database, withAttempts)
    await database.query('UPDATE cdr_legs SET claimed_at = $1 WHERE leg_uuid = ANY($2::uuid[])', [
      new Date(startTime).toISOString(),
      cdrs.map(({ legUuid }) => legUuid),
    ])
    await insertDecisions(database, [
      { callId: cdrs[0]?.callId, at: startTime, organizationId: 1, destination: '44', decision: {} } as never,
    ])
  }
  const months = async (): Promise<readonly string[]> =>
    (
      await database.query<{ relname: string }>(
        `SELECT relname FROM pg_class WHERE relname ~ '^call_detail_records_y' AND relkind = 'r' ORDER BY 1`,
      )
    ).map(({ relname }) => relname)

  test('whole months are dropped, the month of the cutoff loses its older part, and the rest stays', async () => {
    await database.query(`SELECT create_cdr_partitions('2026-06-01Z', '2026-12-01Z')`)
    const before = await months()
    // The cutoff is the 22nd of September, at noon.
    for (const daysAgo of [150, 90, 61, 60.5, 59.5, 30, 1]) await addAt(daysAgo)
    // Of a month that has no table of its own.
    await addAt(2_000)
    assert.equal(await count('call_detail_records'), 8)
    const retired = await retire(60)
    assert.equal(await count('call_detail_records'), 3)
    const [oldest] = await database.query<{ oldest: number }>(
      'SELECT min(start_time) AS oldest FROM call_detail_records',
    )
    assert.equal(oldest?.oldest, NOW - 59.5 * DAY)
    assert.equal(await count('cdr_legs'), 3)
    assert.equal(await count('call_attempts'), 3 * cdrOf().attempts.length)
    assert.equal(await count('call_decisions'), 3)
    assert.deepEqual(
      before.filter((name) => name < 'call_detail_records_y2026m09').length * 3,
      retired?.months,
      'of three tables each',
    )
    assert.deepEqual(
      await months(),
      before.filter((name) => name >= 'call_detail_records_y2026m09'),
    )
    assert.deepEqual(await retire(60), { months: 0, rows: 0 })
  })

  test('more than a batch goes too', async () => {
    await addAt(100, 5_100)
    await addAt(10, 3)
    await retire(60)
    assert.equal(await count('call_detail_records'), 3)
    assert.equal(await count('cdr_legs'), 3)
  })

  test('for ever is for ever, and one engine of several does it', async () => {
    await addAt(4_000)
    assert.equal(await retire(undefined), undefined)
    await database.transaction(async (transaction) => {
      await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('strowger call record retention'))`)
      assert.equal(await retire(60), undefined)
    })
    assert.equal(await count('call_detail_records'), 1)
    await retire(60)
    assert.equal(await count('call_detail_records'), 0)
  })
})
