import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { marginOfLeg, saleOf } from '../../src/cdr/sale.ts'
import { bill } from '../../src/rating/bill.ts'
import { readCallSums } from '../../src/store/call-sums.ts'
import { getCall } from '../../src/store/cdr-reads.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { formatMoney, parseMoney } from '../../src/telephony/money.ts'
import { cdrOf, START } from '../store/sample-cdr.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

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

suite('store: what a call is bought and sold at', function () {
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

  test('a record keeps its sale, its tax, its margin and every exchange rate', async () => {
    const fee = { amount: parseMoney('0.001'), currency: 'USD', exchange: { to: 'GBP', rate: '0.79' } }
    const [tried] = cdrOf().attempts
    assert.ok(tried !== undefined)
    const rate = {
      ...{ deckId: 3, prefix: '44', isRulePrice: true, exchange: { to: 'GBP', rate: '0.875' } },
      tariff: {
        ...tariff('0.01', '6/6'),
        currency: 'EUR',
        ...{ graceSeconds: 3, freeSeconds: 10, rounding: { mode: 'up', decimals: 4 } as const },
      },
    }
    const sale = saleOf(
      {
        ...{ deckId: 4, prefix: '4420', tariff: { ...tariff('0.04', '1/1'), currency: 'USD' } },
        ...{ exchange: { to: 'GBP', rate: '0.79' }, tax: { name: 'VAT', percent: '20' } },
      },
      62,
    )
    const rated = cdrOf({
      ...{ leg: 'B', attempts: [], ratedNumber: '442079460123', jurisdiction: 'interstate' },
      ...{ ...bill(rate.tariff, 62), rate, sale },
    })
    const leg = { ...rated, margin: marginOfLeg(rated) }
    const callId = leg.callId
    const caller = cdrOf({
      ...{ callId, rate: undefined, chargedSeconds: undefined, cost: undefined, startTime: START - 5 },
      attempts: [{ ...tried, rate: { deckId: 3, prefix: '44', tariff: tariff('0.01', '60/60') }, fee }],
      margin: parseMoney('-0.00079'),
    })
    await insertCdrs(database, [leg, caller])
    const [a, b] = await getCall(database, callId)
    assert.ok(a !== undefined && b !== undefined)
    assert.deepEqual(b.rate, rate)
    assert.deepEqual(b.sale, sale)
    assert.deepEqual([b.margin, b.ratedNumber, b.jurisdiction], [leg.margin, '442079460123', 'interstate'])
    assert.deepEqual(a.attempts[0]?.fee, fee)
    // 62 - 10 free = 52, in steps of 6: 54 s at 0.01 are 0.009 EUR, and two fees of 0.00079 would be one too many.
    assert.equal(formatMoney(leg.cost ?? parseMoney('0')), '0.009')
    assert.equal(a.callCost === undefined ? '' : formatMoney(a.callCost.amount), '0.008665')
    assert.equal(a.callCost?.currency, 'GBP')
    assert.equal(a.callSale === undefined ? '' : formatMoney(a.callSale.amount), '0.03265333')
    assert.equal(a.callTax === undefined ? '' : formatMoney(a.callTax.amount), '0.00653067')
    const sums = await readCallSums(database, [callId], { earliest: START - 5, latest: START })
    const margin = sums.get(callId)?.margin
    assert.equal(margin?.amount, (leg.margin ?? 0) - parseMoney('0.00079'))
  })
})
