import assert from 'node:assert/strict'
import fc from 'fast-check'
import { silentLogger } from '../../src/base/logger.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import { getCall, listCdrs, type StoredCdr } from '../../src/store/cdr-reads.ts'
import { createCdrPartitions, insertCdrs, type CdrStore } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { cdrOf, START } from '../store/sample-cdr.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

/** As it was written: here every call has one leg, which is its whole cost. */
const bare = ({ id, storedAt, estimated, callCost, ...cdr }: StoredCdr): Cdr => {
  assert.ok(id > 0 && storedAt > 0 && !estimated)
  assert.equal(callCost?.amount, cdr.cost)
  return cdr
}

suite('store: CDRs', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database

  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
  })
  suiteTeardown(async () => {
    await database.close()
    await place.drop()
  })
  setup(async () => {
    await database.query('TRUNCATE call_detail_records, call_attempts, cdr_legs')
  })

  const countRows = async (): Promise<number> => {
    const [row] = await database.query<{ count: number }>('SELECT count(*) AS count FROM call_detail_records')
    return row?.count ?? -1
  }

  test('a CDR is read back as it was written, with its attempts', async () => {
    const answered = cdrOf()
    const empty = cdrOf({
      startTime: START + 1,
      organizationId: undefined,
      progressTime: undefined,
      answerTime: undefined,
      callerNumber: undefined,
      callerName: undefined,
      callerUserId: undefined,
      calleeNumber: undefined,
      dialledNumber: undefined,
      gatewayId: undefined,
      gatewayName: undefined,
      carrierId: undefined,
      carrierName: undefined,
      lcrProfileId: undefined,
      sipStatus: undefined,
      rate: undefined,
      chargedSeconds: undefined,
      cost: undefined,
      simulated: true,
      attempts: [],
    })
    assert.deepEqual(await insertCdrs(database, [answered, empty]), {
      inserted: 2,
      duplicates: 0,
      refused: [],
      corrected: [],
    })
    const { cdrs, nextCursor } = await listCdrs(database, { limit: 10 })
    assert.deepEqual(cdrs.map(bare), [empty, answered])
    assert.equal(nextCursor, undefined)
    assert.deepEqual((await getCall(database, answered.callId)).map(bare), [answered])
  })

  test('nothing is inserted for nothing', async () => {
    assert.deepEqual(await insertCdrs(database, []), {
      inserted: 0,
      duplicates: 0,
      refused: [],
      corrected: [],
    })
  })

  test('a leg that comes twice in one batch, and again in another, is one row', async () => {
    const cdr = cdrOf()
    const later = cdrOf({ legUuid: cdr.legUuid, startTime: START + 90 * 86_400_000 })
    assert.deepEqual(await insertCdrs(database, [cdr, cdr, later]), {
      inserted: 1,
      duplicates: 2,
      refused: [],
      corrected: [],
    })
    assert.deepEqual(await insertCdrs(database, [later, cdrOf()]), {
      inserted: 1,
      duplicates: 1,
      refused: [],
      corrected: [],
    })
    assert.equal(await countRows(), 2)
    const [attempts] = await database.query<{ count: number }>('SELECT count(*) AS count FROM call_attempts')
    assert.equal(attempts?.count, 4)
  })

  test('the same legs from many writers at once, in any order, are one row each', async () => {
    const cdrs = Array.from({ length: 200 }, () => cdrOf())
    const shuffled = (seed: number): readonly Cdr[] =>
      cdrs.toSorted(
        (a, b) => (a.legUuid.charCodeAt(seed) - b.legUuid.charCodeAt(seed)) * (seed % 2 === 0 ? 1 : -1),
      )
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, seed) => insertCdrs(database, shuffled(seed))),
    )
    assert.equal(
      results.reduce((sum, { inserted }) => sum + inserted, 0),
      200,
    )
    assert.equal(
      results.reduce((sum, { duplicates }) => sum + duplicates, 0),
      1_400,
    )
    assert.equal(await countRows(), 200)
  })

  test('hostile text refuses nothing', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.constantFrom(
        '\0',
        '\ud800',
        'x\udfff',
        '{"a"}',
        'NULL',
        '\\',
        '"',
        "');DROP TABLE users;--",
        'é'.repeat(5_000),
        '\u0001\u001b[2J',
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            callerName: text,
            callerNumber: text,
            dialledNumber: text,
            carrierName: text,
            why: text,
          }),
          { minLength: 1, maxLength: 8 },
        ),
        async (rows) => {
          const cdrs = rows.map(({ why, ...fields }) => {
            const cdr = cdrOf(fields)
            return {
              ...cdr,
              attempts: cdr.attempts.map((attempt) => ({ ...attempt, why, gatewayName: why })),
            }
          })
          const result = await insertCdrs(database, cdrs)
          assert.deepEqual(result, { inserted: cdrs.length, duplicates: 0, refused: [], corrected: [] })
          const [first] = cdrs
          assert.ok(first !== undefined)
          const [stored] = await getCall(database, first.callId)
          assert.ok(stored?.callerName !== undefined && !stored.callerName.includes('\0'))
          assert.equal(stored.attempts.length, 2)
        },
      ),
      { numRuns: 100 },
    )
  })

  test('a row that cannot be stored is refused alone, by its place, and the others are written', async () => {
    const cdrs = Array.from({ length: 60 }, (_, n) =>
      n === 7
        ? cdrOf({ organizationId: 2 ** 40 })
        : n === 31
          ? cdrOf({ durationSeconds: Number.NaN })
          : n === 59
            ? cdrOf({ startTime: Number.NaN })
            : cdrOf(),
    )
    const bad = cdrs[31]
    assert.ok(bad !== undefined)
    // Copies: of a bad one, of a good one, and a sound copy of another bad one.
    const withDuplicate = [...cdrs, ...cdrs.slice(7, 9), cdrOf({ legUuid: bad.legUuid })]
    const result = await insertCdrs(database, withDuplicate)
    assert.deepEqual(
      result.refused.map(({ index }) => index),
      [7, 31, 59, 60],
    )
    assert.ok(result.refused.every(({ why }) => why.length > 10))
    assert.deepEqual([result.inserted, result.duplicates], [58, 1])
    assert.equal(await countRows(), 58)
  })

  test('more CDRs than one statement takes are all written', async () => {
    const cdrs = Array.from({ length: 1_203 }, () => cdrOf({ attempts: [] }))
    assert.deepEqual(await insertCdrs(database, cdrs), {
      inserted: 1_203,
      duplicates: 0,
      refused: [],
      corrected: [],
    })
  })

  test('a database that is away refuses nobody: all may be handed in again', async () => {
    const away = openDatabase({ url: 'postgres://nobody:x@127.0.0.1:1/none', logger: silentLogger })
    await assert.rejects(insertCdrs(away, [cdrOf()]), {
      code: 'STORE_UNAVAILABLE',
      details: { retryable: true },
    })
    await away.close()
  })

  test('a connection that ends in the middle of a batch is no reason to bisect it', async () => {
    let asked = 0
    const ended: CdrStore = {
      transaction: (work) => {
        asked += 1
        return database.transaction(async (on) => {
          await on.query('SELECT pg_terminate_backend(pg_backend_pid())')
          return work(on)
        })
      },
    }
    await assert.rejects(insertCdrs(ended, [cdrOf(), cdrOf()]), { code: 'STORE_UNAVAILABLE' })
    assert.equal(asked, 1)
  })

  test('gateways and organisations that are deleted, or never were, refuse nothing', async () => {
    const cdr = cdrOf({
      organizationId: 424_242,
      gatewayId: 424_242,
      carrierId: 424_242,
      callerUserId: 424_242,
    })
    assert.equal((await insertCdrs(database, [cdr])).inserted, 1)
  })

  suite('by month', () => {
    const partitionOf = async (cdr: Cdr): Promise<string | undefined> => {
      const [row] = await database.query<{ name: string }>(
        'SELECT tableoid::regclass::text AS name FROM call_detail_records WHERE leg_uuid = $1',
        [cdr.legUuid],
      )
      return row?.name
    }

    test('a call belongs to the month in which it started, in UTC, to the millisecond', async () => {
      const boundary = Date.UTC(2031, 1, 1)
      await createCdrPartitions(database, boundary)
      const last = cdrOf({ startTime: boundary - 1, endTime: boundary + 60_000 })
      const first = cdrOf({ startTime: boundary })
      await insertCdrs(database, [last, first])
      assert.equal(await partitionOf(last), 'call_detail_records_y2031m01')
      assert.equal(await partitionOf(first), 'call_detail_records_y2031m02')
      const { cdrs } = await listCdrs(database, { limit: 10 })
      assert.deepEqual(cdrs.map(bare), [first, last])
      assert.equal(
        (await insertCdrs(database, [cdrOf({ legUuid: last.legUuid, startTime: boundary })])).duplicates,
        1,
      )
    })

    test('a month without a table is no reason to refuse, and gets its rows when it has one', async () => {
      const early = cdrOf({ startTime: Date.UTC(1999, 0, 1), endTime: Date.UTC(1999, 0, 1) })
      const late = cdrOf({ startTime: Date.UTC(2040, 5, 15), endTime: Date.UTC(2040, 5, 15) })
      assert.equal((await insertCdrs(database, [early, late])).inserted, 2)
      assert.equal(await partitionOf(late), 'call_detail_records_default')
      const made = await Promise.all([1, 2, 3].map(() => createCdrPartitions(database, Date.UTC(2040, 5, 1))))
      assert.deepEqual(made.toSorted(), [0, 0, 15])
      assert.equal(await partitionOf(late), 'call_detail_records_y2040m06')
      assert.equal(await partitionOf(early), 'call_detail_records_default')
      assert.deepEqual((await getCall(database, late.callId)).map(bare), [late])
    })
  })

  suite('lists', () => {
    test('pages are newest first, without gaps and without repetition, also among calls of one moment', async () => {
      const cdrs = Array.from({ length: 57 }, (_, n) => cdrOf({ startTime: START + Math.floor(n / 10) }))
      await insertCdrs(database, cdrs)
      const seen: StoredCdr[] = []
      let cursor: string | undefined
      do {
        const page = await listCdrs(database, { limit: 10, cursor })
        seen.push(...page.cdrs)
        cursor = page.nextCursor
        // A call that ends meanwhile is newer and moves nothing.
        await insertCdrs(database, [cdrOf({ startTime: START + 1_000_000 })])
      } while (cursor !== undefined)
      assert.deepEqual(
        new Set(seen.map(({ legUuid }) => legUuid)),
        new Set(cdrs.map(({ legUuid }) => legUuid)),
      )
      assert.equal(seen.length, 57)
      assert.deepEqual(
        seen.map(({ startTime }) => startTime),
        seen.map(({ startTime }) => startTime).toSorted((a, b) => b - a),
      )
    })

    test('a call is its A leg unless its legs are asked for', async () => {
      const a = cdrOf({ dialledNumber: '999888' })
      const b = cdrOf({
        leg: 'B',
        callId: a.callId,
        parentUuid: a.legUuid,
        startTime: START + 5,
        attempts: [],
      })
      const foreign = cdrOf({ organizationId: 2, startTime: START + 10_000 })
      await insertCdrs(database, [b, a, foreign])
      const legs = async (query: object): Promise<readonly string[]> =>
        (await listCdrs(database, { limit: 10, ...query })).cdrs.map(({ legUuid }) => legUuid)
      assert.deepEqual(await legs({}), [foreign.legUuid, a.legUuid])
      assert.deepEqual(await legs({ includeLegs: true }), [foreign.legUuid, b.legUuid, a.legUuid])
      assert.deepEqual(await legs({ organizationId: 1 }), [a.legUuid])
      assert.deepEqual(await legs({ callId: a.callId.toUpperCase(), includeLegs: true }), [
        b.legUuid,
        a.legUuid,
      ])
      assert.deepEqual(await legs({ number: '999888' }), [a.legUuid])
      assert.deepEqual(await legs({ number: '9988' }), [a.legUuid])
      assert.deepEqual(await legs({ number: '+999888' }), [a.legUuid])
      assert.deepEqual(await legs({ since: START + 1 }), [foreign.legUuid])
      assert.deepEqual(await legs({ until: START + 10_000 }), [a.legUuid])
      assert.deepEqual(
        (await getCall(database, a.callId)).map(({ leg }) => leg),
        ['A', 'B'],
      )
      assert.deepEqual(await getCall(database, a.callId, { organizationId: 2 }), [])
      assert.deepEqual(await getCall(database, newCallUuid()), [])
    })

    test('an A leg tells what its call cost, over all its legs', async () => {
      const legs = [
        cdrOf({ cost: undefined }),
        cdrOf({ leg: 'B', startTime: START + 5, cost: parseMoney('0.01700001'), attempts: [] }),
        cdrOf({ leg: 'B', startTime: START + 9, cost: parseMoney('0.5'), attempts: [] }),
      ].map((leg, _at, all) => ({ ...leg, callId: all[0]?.callId ?? leg.callId }))
      const free = cdrOf({ cost: undefined, startTime: START + 20 })
      await insertCdrs(database, [...legs, free])
      const { cdrs } = await listCdrs(database, { limit: 10, includeLegs: true })
      assert.deepEqual(
        cdrs.map(({ leg, callCost }) => [leg, callCost]),
        [
          ['A', undefined],
          ['B', undefined],
          ['B', undefined],
          ['A', { amount: parseMoney('0.51700001'), currency: 'GBP' }],
        ],
      )
    })

    test('a question that cannot be is refused by the name of its field', async () => {
      for (const [field, query] of [
        ['limit', { limit: 0 }],
        ['limit', { limit: 1_001 }],
        ['callId', { limit: 1, callId: 'x' }],
        ['cursor', { limit: 1, cursor: 'x' }],
        ['since', { limit: 1, since: Number.NaN }],
        ['number', { limit: 1, number: '\0' }],
        ['number', { limit: 1, number: '4%20' }],
        ['number', { limit: 1, number: '' }],
      ] as const) {
        await assert.rejects(listCdrs(database, query), { code: 'STORE_BAD_INPUT', details: { field } })
      }
    })
  })
})
