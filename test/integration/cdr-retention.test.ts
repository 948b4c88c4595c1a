/** Old call records are deleted, with all that was written of them, and no younger one. */
import assert from 'node:assert/strict'
import { retireOldCdrs } from '../../src/app/retention.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { listCdrs } from '../../src/store/cdr-reads.ts'
import { detachedMonths } from '../../src/store/cdr-retention.ts'
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
  const retire = (cdrRetentionDays: number | undefined, cdrDetachedDays?: number, now = NOW) =>
    retireOldCdrs({
      database,
      cdrRetentionDays,
      cdrDetachedDays,
      clock: createManualClock(now),
      logger: silentLogger,
    })
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
    // Of the call of years ago alone: a copy of a younger one may still turn up.
    assert.equal(await count('cdr_legs'), 7)
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
    assert.deepEqual(await retire(60), { detached: 0, months: 0, rows: 0, claims: 0 })
  })

  test('more than a batch goes too', async () => {
    await addAt(300, 5_100)
    await addAt(10, 3)
    await retire(60)
    assert.equal(await count('call_detail_records'), 3)
    assert.equal(await count('cdr_legs'), 3)
  })

  test('a month that is over is put aside whole, is found by no question, and is dropped on its day', async () => {
    await database.query(`SELECT create_cdr_partitions('2026-08-01Z', '2026-12-01Z')`)
    for (const daysAgo of [90, 61, 30]) await addAt(daysAgo)
    // Of a month that has no table: nothing there can be put aside.
    await addAt(400)
    const first = await retire(52, 30)
    // The cutoff is the 30th of September: of that month half a day is not over, and it keeps its rows.
    const names = ['call_attempts_y2026m08', 'call_decisions_y2026m08', 'call_detail_records_y2026m08']
    assert.deepEqual(await detachedMonths(database), names)
    assert.deepEqual(first, { detached: 3, months: 0, rows: 1 + cdrOf().attempts.length + 1, claims: 1 })
    assert.equal(await count('call_detail_records'), 2)
    assert.equal(await count('call_detail_records_y2026m08'), 1)
    assert.equal((await listCdrs(database, { limit: 10 })).cdrs.length, 2)
    assert.deepEqual(await retire(52, 30), { detached: 0, months: 0, rows: 0, claims: 0 })
    // A record of that month that comes late is kept until the night, and disturbs nothing.
    await addAt(91)
    await database.query(`SELECT create_cdr_partitions('2026-08-01Z', '2026-12-01Z')`)
    assert.equal((await retire(52, 30))?.rows, 1 + cdrOf().attempts.length + 1)
    // The rows say when they were put aside, by the clock of the database.
    await database.query(`UPDATE cdr_detached_months SET detached_at = $1`, [
      new Date(NOW - 31 * DAY).toISOString(),
    ])
    assert.deepEqual(await retire(52, 30), { detached: 0, months: 3, rows: 0, claims: 0 })
    assert.deepEqual(await detachedMonths(database), [])
    assert.equal((await months()).includes('call_detail_records_y2026m08'), false)
  })

  test('what was put aside goes as well once nothing is to be put aside any more', async () => {
    await database.query(`SELECT create_cdr_partitions('2026-08-01Z', '2026-12-01Z')`)
    await addAt(90)
    await retire(52, 30)
    assert.equal((await retire(52))?.months, 3)
    assert.deepEqual(await detachedMonths(database), [])
  })

  test('a copy of a record whose month is gone does not come in again', async () => {
    await addAt(90)
    const [cdr] = (await listCdrs(database, { limit: 1 })).cdrs
    assert.ok(cdr !== undefined)
    await retire(60)
    assert.equal(await count('call_detail_records'), 0)
    assert.equal((await insertCdrs(database, [cdr])).duplicates, 1)
    assert.equal(await count('call_detail_records'), 0)
  })

  test('a month that somebody reads is left for the next night, and nobody waits long for it', async () => {
    await database.query(`SELECT create_cdr_partitions('2026-08-01Z', '2026-12-01Z')`)
    await addAt(90)
    await database.transaction(async (reader) => {
      await reader.query('SELECT count(*) FROM call_detail_records')
      await assert.rejects(retire(52, 30), { code: 'STORE_UNAVAILABLE' })
    })
    assert.equal(await count('call_detail_records'), 1)
    // The two before it were put aside already.
    assert.equal((await retire(52, 30))?.detached, 1)
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
