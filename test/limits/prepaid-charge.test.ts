import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { QuotedSale } from '../../src/call/carried.ts'
import { owedFor, saleOf } from '../../src/cdr/sale.ts'
import { chargeOf, firstChargeOf, isChargeable, secondsFor } from '../../src/limits/prepaid-charge.ts'
import { formatMoney, moneyOf, parseMoney } from '../../src/telephony/money.ts'

const sale = (tariff: Partial<QuotedSale['tariff']> = {}, more: Partial<QuotedSale> = {}): QuotedSale => ({
  deckId: 1,
  prefix: '44',
  tariff: {
    pricePerMinute: parseMoney('0.60'),
    connectionFee: parseMoney('0'),
    firstIncrementSeconds: 1,
    nextIncrementSeconds: 1,
    currency: 'GBP',
    ...tariff,
  },
  ...more,
})

const anySale = fc
  .record({
    price: fc.integer({ min: 0, max: 500_000_000 }),
    fee: fc.integer({ min: 0, max: 50_000_000 }),
    first: fc.constantFrom(1, 6, 30, 60),
    next: fc.constantFrom(1, 6, 30, 60),
    minimum: fc.constantFrom(undefined, 10, 60),
    grace: fc.constantFrom(undefined, 3),
    free: fc.constantFrom(undefined, 20),
    round: fc.constantFrom(undefined, { mode: 'up' as const, decimals: 2 }),
    tax: fc.constantFrom(undefined, { name: 'VAT', percent: '20' }),
    exchange: fc.constantFrom(undefined, { to: 'EUR', rate: '1.1523' }),
  })
  .map(({ price, fee, first, next, minimum, grace, free, round, tax, exchange }) =>
    sale(
      {
        pricePerMinute: moneyOf(price),
        connectionFee: moneyOf(fee),
        firstIncrementSeconds: first,
        nextIncrementSeconds: next,
        minimumSeconds: minimum,
        graceSeconds: grace,
        freeSeconds: free,
        rounding: round,
      },
      { tax, exchange },
    ),
  )

suite('limits: what a prepaid call takes', () => {
  test('it is what the record of the call will owe', () => {
    fc.assert(
      fc.property(anySale, fc.integer({ min: 0, max: 7_200 }), (sold, seconds) => {
        const built = saleOf(sold, seconds)
        assert.ok(built !== undefined)
        assert.equal(chargeOf(sold, seconds), owedFor(built))
      }),
    )
  })

  test('the longest call for some money is one that costs no more, and a second more costs more', () => {
    fc.assert(
      fc.property(anySale, fc.integer({ min: 0, max: 20_000_000_000 }), (sold, units) => {
        const money = moneyOf(units)
        const seconds = secondsFor(sold, money, 3_600)
        assert.ok(seconds === 0 || chargeOf(sold, seconds) <= money)
        assert.ok(seconds === 3_600 || chargeOf(sold, seconds + 1) > money)
      }),
    )
  })

  for (const [what, given, first] of [
    ['a second', sale(), '0.01'],
    ['a minute', sale({ firstIncrementSeconds: 60 }), '0.60'],
    ['a fee and a second', sale({ connectionFee: parseMoney('0.05') }), '0.06'],
    ['beyond free seconds', sale({ freeSeconds: 30 }), '0.01'],
    ['beyond the grace', sale({ graceSeconds: 5, connectionFee: parseMoney('0.05') }), '0.11'],
    ['with tax', sale({}, { tax: { name: 'VAT', percent: '20' } }), '0.012'],
    ['exchanged', sale({}, { exchange: { to: 'EUR', rate: '1.5' } }), '0.015'],
  ] as const)
    test(`first there has to be money for ${what}`, () => {
      assert.equal(formatMoney(firstChargeOf(given)), first)
    })

  for (const [what, given, currency, can] of [
    ['its own currency', sale(), 'GBP', true],
    ['another, without a rate', sale(), 'EUR', false],
    ['another, with a rate', sale({}, { exchange: { to: 'EUR', rate: '1.15' } }), 'EUR', true],
    ['another whose rate nobody told', sale({}, { exchange: { to: 'EUR', rate: undefined } }), 'EUR', false],
  ] as const)
    test(`a balance in ${what} ${can ? 'pays' : 'does not pay'}`, () => {
      assert.equal(isChargeable(given, currency), can)
    })
})
