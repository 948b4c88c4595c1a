import assert from 'node:assert/strict'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { indexWithDraft } from '../../src/app/draft-rates.ts'
import { createReplays, type Replays } from '../../src/app/replays.ts'
import type { RateIndex } from '../../src/routing/rate-lookup.ts'
import { createCdrPartitions, insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { pastCalls, type PastCall } from '../../src/store/replay-reads.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { formatMoney } from '../../src/telephony/money.ts'
import { NPA_STATES } from '../../src/telephony/npa-states.ts'
import { cdrOf, START } from '../store/sample-cdr.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'
import { carriers, rate } from '../support/snapshot.ts'
import { worldWith } from '../support/world.ts'

const HOUR = 3_600_000
const UK = '+442079460123'

suite('replays of stored calls', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database

  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    await createCdrPartitions(database, START)
  })
  suiteTeardown(async () => {
    await database.close()
    await place.drop()
  })
  setup(async () => {
    await database.query('TRUNCATE call_detail_records, call_attempts, cdr_legs')
    await database.query('TRUNCATE organizations, carriers, rate_decks, rates CASCADE')
  })

  const read = async (changes: Partial<Parameters<typeof pastCalls>[1]> = {}, pageSize?: number) => {
    const found: PastCall[] = []
    const filter = { since: START - HOUR, until: START + HOUR, organizationId: undefined, ...changes }
    for await (const page of pastCalls(database, filter, pageSize)) found.push(...page)
    return found
  }
  const bare = {
    carrierId: undefined,
    rate: undefined,
    cost: undefined,
    chargedSeconds: undefined,
    attempts: [],
  }

  suite('reading', () => {
    test('takes calls that went to carriers, with the seconds of the carrier’s own leg', async () => {
      const a = cdrOf({ ...bare, billableSeconds: 90 })
      const b = { ...bare, callId: a.callId, parentUuid: a.legUuid, leg: 'B' as const }
      await insertCdrs(database, [
        a,
        cdrOf({ ...b, carrierId: 2, startTime: START + 5_000, billableSeconds: 62 }),
        cdrOf({ ...b, carrierId: 1, startTime: START + 1_000, billableSeconds: 0, disposition: 'FAILED' }),
        cdrOf({
          ...bare,
          startTime: START + 1,
          billableSeconds: 7,
          lcrProfileId: undefined,
          callerNumber: '1001',
        }),
        cdrOf({ ...bare, startTime: START + 2, billableSeconds: 0, disposition: 'BUSY' }),
        cdrOf({ ...bare, direction: 'inbound' }),
        cdrOf({ ...bare, direction: 'internal' }),
        cdrOf({ ...bare, calleeNumber: '112' }),
        cdrOf({ ...bare, calleeNumber: '+12' }),
        cdrOf({ ...bare, organizationId: undefined }),
      ])
      assert.deepEqual(await read(), [
        {
          organizationId: 1,
          destination: UK,
          callerNumber: '+442079460100',
          profileId: 1,
          billableSeconds: 62,
        },
        {
          organizationId: 1,
          destination: UK,
          callerNumber: undefined,
          profileId: undefined,
          billableSeconds: 7,
        },
        {
          organizationId: 1,
          destination: UK,
          callerNumber: '+442079460100',
          profileId: 1,
          billableSeconds: 0,
        },
      ])
    })

    test('keeps to its moments and its organisation', async () => {
      await insertCdrs(database, [
        cdrOf({ ...bare, startTime: START - 1, billableSeconds: 1 }),
        cdrOf({ ...bare, startTime: START, billableSeconds: 2 }),
        cdrOf({ ...bare, startTime: START + 999, billableSeconds: 3, organizationId: 2 }),
        cdrOf({ ...bare, startTime: START + 1_000, billableSeconds: 4 }),
      ])
      const within = { since: START, until: START + 1_000 }
      assert.deepEqual(
        (await read(within)).map(({ billableSeconds }) => billableSeconds),
        [2, 3],
      )
      assert.deepEqual(
        (await read({ ...within, organizationId: 2 })).map(({ billableSeconds }) => billableSeconds),
        [3],
      )
    })

    test('page by page takes every call once, also those of one moment', async () => {
      const cdrs = Array.from({ length: 25 }, (_, n) =>
        cdrOf({ ...bare, legUuid: newCallUuid(), startTime: START + (n % 3), billableSeconds: n + 1 }),
      )
      await insertCdrs(database, cdrs)
      for (const pageSize of [1, 4, 25, 100]) {
        const seconds = (await read({}, pageSize)).map(({ billableSeconds }) => billableSeconds)
        assert.deepEqual(
          seconds.sort((a, b) => a - b),
          cdrs.map(({ billableSeconds }) => billableSeconds),
        )
      }
    })
  })

  /** Carrier 1 has a published deck of 0.01 and a draft of what is given. */
  const decks = async (draft: {
    readonly price: string
    readonly from?: string
    readonly replaces?: boolean
  }) => {
    await database.query(
      `INSERT INTO carriers (id, code, name) VALUES (1, 'c1', 'Carrier 1'), (2, 'c2', 'Carrier 2')`,
    )
    const add = async (
      carrierId: number,
      prefix: string,
      price: string,
      published: string | null,
      from = '2020-01-01',
      replaces = true,
    ): Promise<number> => {
      const [row] = await database.query<{ id: number }>(
        `INSERT INTO rate_decks (carrier_id, name, currency, effective_from, replaces, published_at)
         VALUES ($1, 'deck', 'EUR', $2, $3, $4) RETURNING id`,
        [carrierId, from, replaces, published],
      )
      const id = row?.id ?? 0
      await database.query(
        `INSERT INTO rates (deck_id, prefix, price_per_minute, connection_fee, first_increment_seconds, next_increment_seconds)
         VALUES ($1, $2, $3, 0, 60, 60)`,
        [id, prefix, price],
      )
      return id
    }
    await add(1, '44', '0.01', '2020-01-02')
    await add(2, '44', '0.02', '2020-01-02')
    return add(1, '44', draft.price, null, draft.from, draft.replaces)
  }
  const pricesIn = (index: RateIndex, number = '442079460123'): readonly (string | undefined)[] =>
    [1, 2].map((carrierId) => {
      const entry = index.rateOf('carrier', carrierId, number, Date.now())
      return entry < 0 ? undefined : formatMoney(index.pricePerMinuteOf(entry))
    })

  suite('the rates with a draft', () => {
    test('stand in place of what its owner has published; others keep theirs', async () => {
      const deckId = await decks({ price: '0.03' })
      assert.deepEqual(pricesIn(await indexWithDraft(place.url, deckId)), ['0.03', '0.02'])
    })

    test('count now, though its date lies ahead', async () => {
      const deckId = await decks({ price: '0.03', from: '2099-01-01' })
      assert.deepEqual(pricesIn(await indexWithDraft(place.url, deckId)), ['0.03', '0.02'])
    })

    test('that adds leaves what it does not name', async () => {
      const deckId = await decks({ price: '0.03', replaces: false })
      await database.query(`UPDATE rates SET prefix = '4420' WHERE deck_id = $1`, [deckId])
      const index = await indexWithDraft(place.url, deckId)
      assert.deepEqual(
        [pricesIn(index), pricesIn(index, '441312345678')],
        [
          ['0.03', '0.02'],
          ['0.01', '0.02'],
        ],
      )
    })

    test('of a deck that is none are refused by its number', async () => {
      await assert.rejects(indexWithDraft(place.url, 4711), { code: 'STORE_NOT_FOUND', message: /4711/ })
    })

    test('of a database that is away are refused as such', async () => {
      const away = new URL(place.url)
      away.hostname = '127.0.0.1'
      away.port = '9'
      await assert.rejects(indexWithDraft(away.href, 1), { code: 'STORE_UNAVAILABLE' })
    })
  })

  suite('the whole', () => {
    let replays: Replays
    const open = (mostCalls?: number): Replays => {
      replays = createReplays({
        world: worldWith({ ...carriers(2), rates: [rate(1, '44', '0.01'), rate(2, '44', '0.02')] }),
        database,
        indexWithDraft: (deckId, signal) => indexWithDraft(place.url, deckId, signal),
        npaStates: NPA_STATES,
        clock: systemClock,
        logger: silentLogger,
        ...(mostCalls !== undefined && { mostCalls }),
      })
      return replays
    }
    teardown(() => replays.stop())
    const wish = (deckId: number) => ({
      since: START - HOUR,
      until: START + HOUR,
      deckId,
      organizationId: undefined,
    })

    test('what was called is compared, today against the draft', async () => {
      const deckId = await decks({ price: '0.03' })
      await insertCdrs(
        database,
        Array.from({ length: 10 }, (_, n) =>
          cdrOf({ ...bare, startTime: START + n, billableSeconds: n < 4 ? 60 : 0, lcrProfileId: undefined }),
        ),
      )
      const run = await open().find(replays.start(wish(deckId)), 20_000)
      assert.ok(run?.state.kind === 'done', JSON.stringify(run))
      const { report } = run.state
      assert.deepEqual(
        [report.calls, report.answered, report.changedCarrier, report.isCut],
        [10, 4, 10, false],
      )
      assert.deepEqual(
        report.totals.map(({ cost }) => [formatMoney(cost.before), formatMoney(cost.after)]),
        [['0.04', '0.08']],
      )
    })

    test('goes no further than it may, and says so', async () => {
      const deckId = await decks({ price: '0.03' })
      await insertCdrs(
        database,
        Array.from({ length: 10 }, (_, n) => cdrOf({ ...bare, startTime: START + n })),
      )
      const run = await open(7).find(replays.start(wish(deckId)), 20_000)
      assert.ok(run?.state.kind === 'done')
      assert.deepEqual([run.state.report.calls, run.state.report.isCut], [7, true])
    })

    test('is one at a time; what failed says so, and the next may begin', async () => {
      const id = open().start(wish(4711))
      assert.throws(() => replays.start(wish(4711)), { code: 'APP_REPLAY_RUNNING' })
      const run = await replays.find(id, 20_000)
      assert.ok(run?.state.kind === 'failed')
      assert.match(String(run.state.fault), /4711/)
      assert.equal(replays.start(wish(4711)), id + 1)
      assert.equal(await replays.find(99, 0), undefined)
    })

    test('ends with the engine', async () => {
      const deckId = await decks({ price: '0.03' })
      const id = open().start(wish(deckId))
      await replays.stop()
      assert.equal((await replays.find(id, 0))?.state.kind, 'failed')
    })
  })
})
