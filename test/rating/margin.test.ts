import assert from 'node:assert/strict'
import fc from 'fast-check'
import { costOf } from '../../src/rating/bill.ts'
import * as margin from '../../src/rating/margin.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import type { Tariff } from '../../src/telephony/tariff.ts'

const tariff = (price: string, increments = '1/1', fee = '0'): Tariff => {
  const [first = '', next = ''] = increments.split('/')
  return {
    pricePerMinute: parseMoney(price),
    connectionFee: parseMoney(fee),
    firstIncrementSeconds: Number(first),
    nextIncrementSeconds: Number(next),
    currency: 'EUR',
  }
}

const marginOf = (sell: Tariff, buy: Tariff, seconds: number): number =>
  margin.marginOf({ tariff: sell }, { tariff: buy }, seconds)
const breakEvenSeconds = (sell: Tariff, buy: Tariff): number | undefined =>
  margin.breakEvenSeconds({ tariff: sell }, { tariff: buy })

suite('margin: both sides billed by their own increments', () => {
  test('the same tariff on both sides earns nothing and breaks even at once', () => {
    assert.equal(marginOf(tariff('0.01'), tariff('0.01'), 180), 0)
    assert.equal(breakEvenSeconds(tariff('0.01'), tariff('0.01')), 1)
  })

  test('by the second against by the minute loses what the prices seem to earn', () => {
    assert.ok(marginOf(tariff('0.0105'), tariff('0.01', '60/60'), 60) < 0)
    assert.ok(marginOf(tariff('0.0105'), tariff('0.01', '60/60'), 3_600) > 0)
  })

  test('of two carriers at one price the one with coarser steps earns less', () => {
    const sell = tariff('0.02', '6/6')
    assert.ok(marginOf(sell, tariff('0.01', '60/60'), 90) < marginOf(sell, tariff('0.01', '1/1'), 90))
  })

  const rows: readonly (readonly [
    sentence: string,
    sell: Tariff,
    buy: Tariff,
    expected: number | undefined,
  ])[] = [
    ['a fee on our side is earned back', tariff('0.02'), tariff('0.01', '1/1', '0.01'), 60],
    ['a dearer minute is never earned back', tariff('0.01'), tariff('0.02'), undefined],
    ['a fee on their side is earned from the first second', tariff('0.01', '1/1', '0.5'), tariff('0.01'), 1],
    ['steps that fit only at whole minutes never settle', tariff('0.01'), tariff('0.01', '60/60'), 3_600],
  ]
  for (const [sentence, sell, buy, expected] of rows) {
    test(sentence, () => assert.equal(breakEvenSeconds(sell, buy), expected))
  }

  test('two currencies are compared in the one that both lead to', () => {
    const dollars = { tariff: { ...tariff('0.02'), currency: 'USD' }, exchange: { to: 'EUR', rate: '0.4' } }
    const euros = { tariff: tariff('0.01') }
    assert.equal(margin.breakEvenSeconds(dollars, euros), undefined)
    assert.equal(
      margin.marginOf({ ...dollars, exchange: { to: 'EUR', rate: '0.5' } }, euros, 60),
      0,
      'two cents of half the worth are one cent',
    )
    assert.ok(margin.marginOf(dollars, euros, 60) < 0)
  })

  test('from the break-even on no call up to an hour loses, and the second before does', () => {
    const any = fc
      .record({
        price: fc.integer({ min: 1, max: 5_000_000 }),
        fee: fc.integer({ min: 0, max: 5_000_000 }),
        first: fc.constantFrom(1, 6, 30, 60),
        next: fc.constantFrom(1, 6, 60),
      })
      .map(({ price, fee, first, next }) => ({
        ...tariff('0'),
        pricePerMinute: price as Tariff['pricePerMinute'],
        connectionFee: fee as Tariff['connectionFee'],
        firstIncrementSeconds: first,
        nextIncrementSeconds: next,
      }))
    fc.assert(
      fc.property(any, any, (sell, buy) => {
        const from = breakEvenSeconds(sell, buy)
        const loses = (seconds: number): boolean => costOf(sell, seconds) < costOf(buy, seconds)
        if (from === undefined) return loses(3_600)
        for (let seconds = from; seconds <= 3_600; seconds += 1) if (loses(seconds)) return false
        return from === 1 || loses(from - 1)
      }),
      { numRuns: 200 },
    )
  })
})
