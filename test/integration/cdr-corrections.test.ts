/** A record that the engine estimated, and the switch's own that comes after all; and what is written together with both. */
import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import type { CdrCompanion, StoredCdrChange } from '../../src/store/cdr-companion.ts'
import { getCall } from '../../src/store/cdr-reads.ts'
import { insertCdrs, type InsertedCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { cdrOf, START } from '../store/sample-cdr.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

suite('store: a record over an estimate', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database

  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    await database.query(
      'CREATE TABLE counted (leg_uuid uuid PRIMARY KEY, cost numeric(20,8), seen integer NOT NULL DEFAULT 1)',
    )
  })
  suiteTeardown(async () => {
    await database.close()
    await place.drop()
  })
  setup(async () => {
    await database.query('TRUNCATE call_detail_records, call_attempts, cdr_legs, counted')
  })

  const estimateOf = (cdr: Cdr): Cdr => ({
    ...cdr,
    estimate: 'switch-lost',
    endTime: cdr.endTime - 30_000,
    durationSeconds: 35,
    billableSeconds: 32,
    chargedSeconds: 60,
    cost: parseMoney('0.0085'),
    attempts: cdr.attempts.slice(0, 1),
  })
  const counts = ({ inserted, duplicates, refused, corrected }: InsertedCdrs): readonly number[] => [
    inserted,
    duplicates,
    refused.length,
    corrected.length,
  ]
  const rows = async (): Promise<readonly Record<string, unknown>[]> =>
    database.query(
      `SELECT leg_uuid, id, duration_seconds, estimated, estimate, corrected_at IS NOT NULL AS corrected
       FROM call_detail_records ORDER BY leg_uuid`,
    )

  test('every column and the attempts are the switch’s, the row is still the same to whoever knows its id', async () => {
    const real = cdrOf()
    assert.deepEqual(counts(await insertCdrs(database, [estimateOf(real)])), [1, 0, 0, 0])
    const [estimated] = await getCall(database, real.callId)
    assert.ok(estimated?.estimated)
    const outcome = await insertCdrs(database, [real])
    assert.deepEqual(counts(outcome), [1, 0, 0, 1])
    const [stored] = await getCall(database, real.callId)
    assert.ok(stored !== undefined)
    assert.deepEqual(
      [stored.id, stored.storedAt, stored.estimated],
      [estimated.id, estimated.storedAt, false],
    )
    assert.deepEqual([stored.durationSeconds, stored.cost, stored.attempts], [65, real.cost, real.attempts])
    const [row] = await rows()
    assert.deepEqual([row?.['estimate'], row?.['corrected']], [null, true])
  })

  test('who asks what was corrected learns what stood there', async () => {
    const real = cdrOf()
    await insertCdrs(database, [estimateOf(real)])
    const { corrected } = await insertCdrs(database, [real, cdrOf()])
    const [change] = corrected
    assert.equal(corrected.length, 1)
    assert.equal(change?.cdr, real)
    assert.equal(change.replaced, 'estimated')
    assert.deepEqual(
      [change.before?.durationSeconds, change.before?.billableSeconds, change.before?.cost],
      [35, 32, parseMoney('0.0085')],
    )
    assert.equal(change.before?.startTime, START)
  })

  test('in any order and number one row stands, the switch’s own where it came', async () => {
    const orders: readonly (readonly [name: string, batches: readonly (readonly ('real' | 'guess')[])[]])[] =
      [
        ['an estimate twice', [['guess'], ['guess']]],
        ['an estimate over a record', [['real'], ['guess']]],
        ['a record, an estimate, a record', [['real'], ['guess'], ['real']]],
        ['a record twice over an estimate', [['guess'], ['real'], ['real']]],
        ['both in one batch, the estimate first', [['guess', 'real', 'guess']]],
        ['both in one batch, the record first', [['real', 'guess', 'real']]],
        ['all over an estimate in one batch', [['guess'], ['guess', 'real', 'real']]],
      ]
    for (const [name, batches] of orders) {
      const real = cdrOf()
      let corrections = 0
      for (const batch of batches) {
        const outcome = await insertCdrs(
          database,
          batch.map((kind) => (kind === 'real' ? real : estimateOf(real))),
        )
        corrections += outcome.corrected.length
      }
      const legs = await getCall(database, real.callId)
      const came = batches.flat().includes('real')
      assert.equal(legs.length, 1, name)
      assert.equal(legs[0]?.estimated, !came, name)
      assert.equal(legs[0].attempts.length, came ? 2 : 1, name)
      assert.equal(corrections, came && batches.length > 1 && batches[0]?.[0] === 'guess' ? 1 : 0, name)
    }
  })

  test('a month that changes with the correction moves the row and leaves none behind', async () => {
    const real = cdrOf({ startTime: Date.UTC(2026, 10, 30, 23, 59, 59), endTime: Date.UTC(2026, 11, 1) })
    await insertCdrs(database, [{ ...estimateOf(real), startTime: Date.UTC(2026, 11, 1) }])
    await insertCdrs(database, [real])
    assert.equal((await rows()).length, 1)
    assert.equal((await getCall(database, real.callId))[0]?.startTime, real.startTime)
    const [attempts] = await database.query<{ count: number }>('SELECT count(*) AS count FROM call_attempts')
    assert.equal(attempts?.count, 2)
  })

  test('many writers at once correct each leg once', async () => {
    const real = Array.from({ length: 100 }, () => cdrOf())
    await insertCdrs(database, real.map(estimateOf))
    const outcomes = await Promise.all(
      [real, real.toReversed(), real.map(estimateOf), real].map((batch) => insertCdrs(database, batch)),
    )
    assert.equal(
      outcomes.reduce((sum, { corrected }) => sum + corrected.length, 0),
      100,
    )
    const stored = await rows()
    assert.equal(stored.length, 100)
    assert.ok(stored.every((row) => row['duration_seconds'] === 65 && row['estimated'] === false))
  })

  test('a record that cannot be stored leaves the estimate where it is, and a sound copy takes its place', async () => {
    const real = cdrOf()
    await insertCdrs(database, [estimateOf(real)])
    const broken = { ...real, organizationId: 2 ** 40 }
    assert.deepEqual(counts(await insertCdrs(database, [broken])), [0, 0, 1, 0])
    assert.equal((await getCall(database, real.callId))[0]?.estimated, true)
    assert.deepEqual(counts(await insertCdrs(database, [broken, cdrOf(), real])), [2, 0, 1, 1])
    assert.equal((await getCall(database, real.callId))[0]?.estimated, false)
  })

  suite('together with a record', () => {
    const seen: (readonly StoredCdrChange[])[] = []
    const count: CdrCompanion = async (on, stored) => {
      seen.push(stored)
      await on.query(
        `INSERT INTO counted (leg_uuid) SELECT * FROM unnest($1::uuid[])
         ON CONFLICT (leg_uuid) DO UPDATE SET seen = counted.seen + 1`,
        [stored.map(({ cdr }) => cdr.legUuid)],
      )
    }
    const counted = async (): Promise<readonly number[]> =>
      (await database.query<{ seen: number }>('SELECT seen FROM counted ORDER BY seen')).map(
        (row) => row.seen,
      )
    setup(() => {
      seen.length = 0
    })

    test('a companion is told what was written, a batch at a time, and of no copy', async () => {
      const [first, second] = [cdrOf(), cdrOf()]
      await insertCdrs(database, [first, first], [count])
      await insertCdrs(database, [first, second], [count])
      await insertCdrs(database, [first, second], [count])
      assert.deepEqual(
        seen.map((batch) => batch.map(({ cdr, replaced }) => [cdr.legUuid, replaced])),
        [[[first.legUuid, 'nothing']], [[second.legUuid, 'nothing']]],
      )
      assert.deepEqual(await counted(), [1, 1])
    })

    test('a correction comes by as one, with what stood there', async () => {
      const real = cdrOf()
      await insertCdrs(database, [estimateOf(real)], [count])
      await insertCdrs(database, [real], [count])
      assert.deepEqual(
        seen.flat().map(({ replaced, before }) => [replaced, before?.durationSeconds]),
        [
          ['nothing', undefined],
          ['estimated', 35],
        ],
      )
      assert.deepEqual(await counted(), [2])
    })

    test('a companion that fails undoes the batch: no record without what belongs to it', async () => {
      const away: CdrCompanion = (on) =>
        on.query('SELECT pg_terminate_backend(pg_backend_pid())').then(() => {})
      await assert.rejects(insertCdrs(database, [cdrOf()], [count, away]), { code: 'STORE_UNAVAILABLE' })
      assert.deepEqual([await rows(), await counted()], [[], []])
    })

    test('a row that is refused takes nothing of the others with it', async () => {
      const cdrs = [cdrOf(), cdrOf({ organizationId: 2 ** 40 }), cdrOf(), cdrOf()]
      const outcome = await insertCdrs(database, cdrs, [count])
      assert.deepEqual(counts(outcome), [3, 0, 1, 0])
      assert.deepEqual(await counted(), [1, 1, 1])
    })
  })
})
