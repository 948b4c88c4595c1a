import assert from 'node:assert/strict'
import { systemClock } from '../../src/base/clock.ts'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { indexOfPast } from '../../src/app/draft-rates.ts'
import { createReratings, type Reratings } from '../../src/app/reratings.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import { marginOfLeg, saleOf } from '../../src/cdr/sale.ts'
import type { ToldRerating } from '../../src/http/rating-doors.ts'
import { bill } from '../../src/rating/bill.ts'
import { listCdrs, type StoredCdr } from '../../src/store/cdr-reads.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { writeExchangeRates } from '../../src/store/exchange-rates.ts'
import type { RerateCriteria } from '../../src/store/rerate-rows.ts'
import type { RerateCompanion, ReratedCdr } from '../../src/store/rerate-companion.ts'
import { addTaxRate } from '../../src/store/tax-rates.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { formatMoney, parseMoney } from '../../src/telephony/money.ts'
import { cdrOf, START } from '../store/sample-cdr.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const DAY_MS = 86_400_000
const PERIOD: RerateCriteria = {
  since: START - DAY_MS,
  until: START + DAY_MS,
  organizationId: undefined,
  deckId: undefined,
  side: 'both',
}

suite('a period rated again', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database
  let ids: {
    readonly organization: number
    readonly carrier: number
    readonly buy: number
    readonly sell: number
  }
  const heard: ReratedCdr[] = []
  const started: Reratings[] = []

  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
  })
  suiteTeardown(async () => {
    await database.close()
    await place.drop()
  })
  setup(async () => {
    heard.length = 0
    await database.query(
      `TRUNCATE call_detail_records, call_attempts, cdr_legs, reratings, rerating_changes, exchange_rates, tax_rates,
       rates, rate_decks, carriers, organizations RESTART IDENTITY CASCADE`,
    )
    const organization = await made(
      `INSERT INTO organizations (name, sip_domain, country, currency)
       VALUES ('Acme', 'acme.example', 'GB', 'GBP') RETURNING id`,
    )
    const carrier = await made(`INSERT INTO carriers (code, name) VALUES ('beta', 'Beta') RETURNING id`)
    const buy = await deck('carrier_id', carrier, 'GBP', [['44', '0.0085', '60/60']])
    const sell = await deck('organization_id', organization, 'GBP', [['4420', '0.03', '1/1']])
    ids = { organization, carrier, buy, sell }
  })
  teardown(async () => {
    await Promise.all(started.splice(0).map((each) => each.stop()))
  })

  const made = async (statement: string, values: readonly unknown[] = []): Promise<number> => {
    const [row] = await database.query<{ id: number }>(statement, values)
    assert.ok(row !== undefined)
    return row.id
  }

  type Line = readonly [prefix: string, price: string, increments: string, fee?: string]
  const deck = async (
    column: 'carrier_id' | 'organization_id',
    owner: number,
    currency: string,
    lines: readonly Line[],
    { from = START - 10 * DAY_MS, published = true, extra = '' } = {},
  ): Promise<number> => {
    const id = await made(
      `INSERT INTO rate_decks (${column}, name, currency, effective_from, replaces, published_at)
       VALUES ($1, 'deck', $2, $3, true, CASE WHEN $4::boolean THEN clock_timestamp() END) RETURNING id`,
      [owner, currency, new Date(from).toISOString(), published],
    )
    if (extra !== '') await database.query(`UPDATE rate_decks SET ${extra} WHERE id = $1`, [id])
    for (const [prefix, price, increments, fee = '0'] of lines) {
      const [first, next] = increments.split('/')
      await database.query(
        `INSERT INTO rates (deck_id, prefix, price_per_minute, connection_fee, first_increment_seconds, next_increment_seconds)
         VALUES ($1, $2, $3, $4, $5, $6)`,
        [id, prefix, price, fee, first, next],
      )
    }
    return id
  }

  /** The carrier's leg of a call, rated as the engine would have: by the minute, sold by the second. */
  const legOf = (changes: Partial<Cdr> = {}): Cdr => {
    const billableSeconds = changes.billableSeconds ?? 62
    const rate = changes.rate ?? {
      deckId: ids.buy,
      prefix: '44',
      tariff: tariff('0.0085', '60/60'),
    }
    const sale = saleOf({ deckId: ids.sell, prefix: '4420', tariff: tariff('0.03', '1/1') }, billableSeconds)
    const { chargedSeconds, cost } = bill(rate.tariff, billableSeconds)
    const leg = cdrOf({
      ...{ leg: 'B', organizationId: ids.organization, carrierId: ids.carrier, attempts: [] },
      ...{ ratedNumber: '442079460123', billableSeconds, rate, chargedSeconds, cost, sale },
      ...changes,
    })
    return { ...leg, margin: marginOfLeg(leg) }
  }
  const tariff = (price: string, increments: string) => {
    const [first, next] = increments.split('/')
    return {
      pricePerMinute: parseMoney(price),
      connectionFee: parseMoney('0'),
      firstIncrementSeconds: Number(first),
      nextIncrementSeconds: Number(next),
      currency: 'GBP',
    }
  }

  const hears: RerateCompanion = (_, rerated) => {
    heard.push(...rerated)
    return Promise.resolve()
  }
  const open = (companions: readonly RerateCompanion[] = [hears], batchSize = 3): Reratings => {
    const reratings = createReratings({
      ...{ database, companions, batchSize, exchangeMostDays: 7, clock: systemClock, logger: silentLogger },
      indexOfPast: (past, signal) => indexOfPast(place.url, past, signal),
    })
    started.push(reratings)
    return reratings
  }
  const run = async (
    reratings: Reratings,
    changes: Partial<RerateCriteria> = {},
    dryRun = false,
  ): Promise<ToldRerating> => {
    const id = await reratings.rerate({ criteria: { ...PERIOD, ...changes }, dryRun, by: 'admin' })
    return over(reratings, id)
  }
  const over = async (reratings: Reratings, id: number): Promise<ToldRerating> => {
    const found = await reratings.findRerating(id, 30_000)
    assert.ok(found !== undefined && found.state !== 'running', `it is ${found?.state ?? 'gone'}`)
    return found
  }
  const stored = async (): Promise<readonly StoredCdr[]> =>
    (await listCdrs(database, { limit: 100, includeLegs: true })).cdrs
  const figures = async (): Promise<readonly string[]> =>
    (await stored()).map(({ legUuid, cost, sale, margin, chargedSeconds, rate }) =>
      [
        legUuid,
        rate?.deckId,
        chargedSeconds,
        cost === undefined ? '' : formatMoney(cost),
        sale === undefined ? '' : formatMoney(sale.amount),
        margin === undefined ? '' : formatMoney(margin),
      ].join(' '),
    )

  test('a dry run shows the difference and changes nothing', async () => {
    await insertCdrs(database, [legOf(), legOf({ startTime: START + 1, billableSeconds: 30 })])
    const dearer = await deck('carrier_id', ids.carrier, 'GBP', [['44', '0.01', '60/60']], {
      published: false,
    })
    const before = await figures()
    const { report, state } = await run(open(), { deckId: dearer }, true)
    assert.equal(state, 'done')
    assert.deepEqual(await figures(), before)
    assert.deepEqual([report.examined, report.changed, heard.length], [2, 2, 0])
    assert.deepEqual(report.groups, [
      {
        ...{ side: 'buy', id: ids.carrier, name: 'Beta Carrier', currency: 'GBP', legs: 2 },
        before: '0.0255',
        after: '0.03',
      },
    ])
    assert.equal(report.largest[0]?.after, '0.02')
  })

  test('what is applied is written once: the same again finds nothing to change', async () => {
    const legs = Array.from({ length: 8 }, (_, n) => legOf({ startTime: START + n }))
    await insertCdrs(database, legs)
    const dearer = await deck('carrier_id', ids.carrier, 'GBP', [['44', '0.01', '60/60']], {
      published: false,
    })
    const reratings = open()
    const first = await run(reratings, { deckId: dearer })
    assert.deepEqual([first.report.examined, first.report.changed, first.createdBy], [8, 8, 'admin'])
    assert.deepEqual(
      (await stored()).map(({ cost, rate, margin }) => [cost, rate?.deckId, margin]),
      legs.map(() => [parseMoney('0.02'), dearer, parseMoney('0.011')]),
    )
    assert.deepEqual(
      heard.map(({ before, after }) => [before.cost, after.cost]),
      legs.map(() => [parseMoney('0.017'), parseMoney('0.02')]),
    )
    const again = await run(reratings, { deckId: dearer })
    assert.deepEqual([again.report.examined, again.report.changed, heard.length], [8, 0, 8])
  })

  test('taking it back leaves every record as it was, and tells of it', async () => {
    await insertCdrs(
      database,
      Array.from({ length: 4 }, (_, n) => legOf({ startTime: START + n, sale: undefined })),
    )
    const before = await figures()
    const reratings = open()
    const applied = await run(reratings, { side: 'sell' })
    assert.equal(applied.report.changed, 4)
    assert.notDeepEqual(await figures(), before)
    const undone = await over(reratings, await reratings.undoRerating(applied.id, 'key 3'))
    assert.deepEqual([undone.state, undone.report.changed, undone.undoes], ['done', 4, applied.id])
    assert.deepEqual(await figures(), before)
    assert.deepEqual(
      heard.slice(4).map(({ after }) => after.sale),
      [undefined, undefined, undefined, undefined],
    )
    const twice = await over(reratings, await reratings.undoRerating(applied.id, 'key 3'))
    assert.equal(twice.report.changed, 0, 'what was taken back is not taken back again')
  })

  test('one that an engine left in the middle is ended by the next, each leg once', async () => {
    await insertCdrs(
      database,
      Array.from({ length: 9 }, (_, n) => legOf({ startTime: START + n })),
    )
    const dearer = await deck('carrier_id', ids.carrier, 'GBP', [['44', '0.01', '60/60']], {
      published: false,
    })
    let batches = 0
    const dying: Reratings = open([
      (on, rerated) => {
        batches += 1
        if (batches < 2) return hears(on, rerated)
        // The engine dies within the second batch: nothing of it is written.
        void dying.stop()
        return Promise.reject(new EngineError('STORE_UNAVAILABLE', 'killed', { retryable: true }))
      },
    ])
    const id = await dying.rerate({ criteria: { ...PERIOD, deckId: dearer }, dryRun: false, by: 'admin' })
    await waitFor(() => batches >= 2)
    await dying.stop()
    const changes = async (): Promise<number> =>
      (await database.query('SELECT leg_uuid FROM rerating_changes WHERE rerating_id = $1', [id])).length
    assert.equal(await changes(), 3)
    const other = open()
    await other.resume()
    const { state, report } = await over(other, id)
    assert.deepEqual(
      [state, report.examined, report.changed, await changes(), heard.length],
      ['done', 9, 9, 9, 9],
    )
    assert.equal(report.groups[0]?.after, '0.18')
  })

  test('two engines at the same period do each leg once', async () => {
    await insertCdrs(
      database,
      Array.from({ length: 30 }, (_, n) => legOf({ startTime: START + n })),
    )
    const dearer = await deck('carrier_id', ids.carrier, 'GBP', [['44', '0.01', '60/60']], {
      published: false,
    })
    const [one, other] = [open(), open()]
    const id = await one.rerate({ criteria: { ...PERIOD, deckId: dearer }, dryRun: false, by: 'admin' })
    await other.resume()
    const { report } = await over(one, id)
    assert.deepEqual([report.examined, report.changed, heard.length], [30, 30, 30])
    assert.equal(new Set(heard.map(({ after }) => after.legUuid)).size, 30)
  })

  test('the decks that are published count within their dates', async () => {
    await insertCdrs(database, [legOf(), legOf({ startTime: START + 1_000 })])
    await deck('carrier_id', ids.carrier, 'GBP', [['44', '0.02', '60/60']], { from: START + 500 })
    const { report } = await run(open(), { side: 'buy' })
    assert.equal(report.changed, 1)
    assert.deepEqual(
      (await stored()).map(({ cost }) => cost),
      [parseMoney('0.04'), parseMoney('0.017')],
    )
  })

  test("a routing rule's price stays; the deck's terms change", async () => {
    const rate = { deckId: ids.buy, prefix: '44', tariff: tariff('0.002', '60/60'), isRulePrice: true }
    await insertCdrs(database, [legOf({ rate })])
    const other = await deck('carrier_id', ids.carrier, 'GBP', [['44', '0.5', '1/1']])
    const { report } = await run(open(), { side: 'buy' })
    const [leg] = await stored()
    assert.deepEqual([report.changed, leg?.rate?.deckId, leg?.chargedSeconds], [1, other, 62])
    assert.equal(leg?.rate?.tariff.pricePerMinute, parseMoney('0.002'))
    assert.equal(leg.rate.isRulePrice, true)
  })

  test('a late exchange rate and a late tax are found by rating again', async () => {
    const dollars = { ...tariff('0.04', '1/1'), currency: 'USD' }
    const sale = saleOf(
      { deckId: ids.sell, prefix: '44', tariff: dollars, exchange: { to: 'GBP', rate: undefined } },
      62,
    )
    const leg = legOf({ sale })
    assert.equal(leg.margin, undefined)
    await insertCdrs(database, [leg])
    await database.query('DELETE FROM rate_decks WHERE organization_id IS NOT NULL')
    await deck('organization_id', ids.organization, 'USD', [['44', '0.04', '1/1']])
    await writeExchangeRates(database, [{ day: '2026-11-19', base: 'USD', currency: 'GBP', rate: '0.75' }])
    await addTaxRate(database, {
      organizationId: ids.organization,
      country: 'GB',
      name: 'VAT',
      percent: '20',
    })
    await run(open(), { side: 'sell' })
    const [rated] = await stored()
    assert.equal(rated?.sale?.rate.exchange?.rate, '0.75')
    assert.deepEqual(rated.sale.rate.tax, { name: 'VAT', percent: '20' })
    assert.equal(formatMoney(rated.sale.tax ?? parseMoney('0')), '0.00826667')
    // 62 s at 0.04 are 0.04133333 USD, which are 0.031 GBP; less 0.017.
    assert.equal(formatMoney(rated.margin ?? parseMoney('0')), '0.014')
  })

  test('of an earlier record the number is that of the call, and of an erased one nobody knows it', async () => {
    const callId = newCallUuid()
    const old = legOf({ ratedNumber: undefined, callId, startTime: START + 5 })
    await insertCdrs(database, [
      cdrOf({
        callId,
        organizationId: ids.organization,
        rate: undefined,
        chargedSeconds: undefined,
        cost: undefined,
      }),
      old,
      legOf({ ratedNumber: undefined, callId: newCallUuid(), startTime: START + 6 }),
    ])
    await deck('carrier_id', ids.carrier, 'GBP', [['44207', '0.5', '60/60']])
    const { report } = await run(open(), { side: 'buy' })
    assert.deepEqual([report.examined, report.changed, report.unknownNumber], [2, 1, 1])
  })

  test('a call that nobody has a rate for stays as it is, and is counted', async () => {
    await insertCdrs(database, [legOf({ ratedNumber: '33140000000' })])
    const { report } = await run(open(), { side: 'buy' })
    assert.deepEqual([report.examined, report.changed, report.withoutRate], [1, 0, 1])
  })

  test('what a companion cannot write is not written, and it says why', async () => {
    await insertCdrs(database, [legOf({ startTime: START })])
    await deck('carrier_id', ids.carrier, 'GBP', [['44', '0.5', '60/60']])
    const before = await figures()
    const failing = open([() => Promise.reject(new EngineError('STORE_QUERY_FAILED', 'no such table'))])
    const { state, error } = await run(failing)
    assert.deepEqual([state, error], ['failed', 'no such table'])
    assert.deepEqual(await figures(), before)
  })

  test('a deck or an organisation that is not there is told by its field', async () => {
    const refused = (criteria: Partial<RerateCriteria>, field: string): Promise<void> =>
      assert.rejects(
        open().rerate({ criteria: { ...PERIOD, ...criteria }, dryRun: true, by: 'x' }),
        (fault) => {
          assert.ok(fault instanceof EngineError)
          assert.equal(fault.details['field'], field)
          return true
        },
      )
    await refused({ deckId: 999 }, 'deckId')
    await refused({ organizationId: 999 }, 'organizationId')
  })
})

const waitFor = async (isSo: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 500; tries += 1) {
    if (isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.fail('it did not come to it')
}
