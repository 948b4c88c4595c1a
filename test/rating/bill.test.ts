import assert from 'node:assert/strict'
import fc from 'fast-check'
import { bill } from '../../src/rating/bill.ts'
import { DEFAULT_EXPECTED_SECONDS, expectedCost } from '../../src/rating/expected-cost.ts'
import { formatMoney, parseMoney, type Money } from '../../src/telephony/money.ts'
import type { Tariff } from '../../src/telephony/tariff.ts'

const tariff = (price: string, increments: string, fee = '0'): Tariff => {
  const [first = '', next = ''] = increments.split('/')
  return {
    pricePerMinute: parseMoney(price),
    connectionFee: parseMoney(fee),
    firstIncrementSeconds: Number(first),
    nextIncrementSeconds: Number(next),
    currency: 'EUR',
  }
}

suite('bill: increments and money', () => {
  const row = (name: string, given: Tariff, seconds: number, charged: number, cost: string): void => {
    test(name, () => {
      const { chargedSeconds, cost: money } = bill(given, seconds)
      assert.deepEqual([chargedSeconds, formatMoney(money)], [charged, cost])
    })
  }
  row('an unanswered call costs nothing, not even the fee', tariff('1', '60/60', '0.5'), 0, 0, '0.00')
  row('one second pays the whole first increment', tariff('0.06', '60/60'), 1, 60, '0.06')
  row('the last second of the first increment adds nothing', tariff('0.06', '60/60'), 60, 60, '0.06')
  row('a second more begins the next increment', tariff('0.06', '60/60'), 61, 120, '0.12')
  row('30/6: 31 seconds are 36', tariff('0.06', '30/6'), 31, 36, '0.036')
  row('30/6: 36 seconds are 36', tariff('0.06', '30/6'), 36, 36, '0.036')
  row('1/1 charges every second', tariff('0.0085', '1/1'), 61, 61, '0.00864167')
  row('the fee is paid once', tariff('0.06', '60/60', '0.01'), 150, 180, '0.19')
  row(
    'a minimum is paid by a shorter call, then counted in increments',
    { ...tariff('0.06', '6/6'), minimumSeconds: 20 },
    5,
    24,
    '0.024',
  )
  row(
    'a call beyond the minimum does not notice it',
    { ...tariff('0.06', '6/6'), minimumSeconds: 20 },
    25,
    30,
    '0.03',
  )
  row('a half unit is rounded up', tariff('0.00000030', '1/1'), 1, 1, '0.00000001')
  row('less than a half unit is dropped', tariff('0.00000029', '1/1'), 1, 1, '0.00')
  row('a price of nothing costs the fee', tariff('0', '1/1', '0.02'), 5, 5, '0.02')
  row('a refund is the opposite of its charge', tariff('-0.00000030', '1/1'), 1, 1, '-0.00000001')
  row(
    'a day at the highest price is exact',
    tariff('9999.99999999', '1/1'),
    86_400,
    86_400,
    '14399999.9999856',
  )

  row(
    'a call within the grace costs nothing, its fee included',
    { ...tariff('0.06', '60/60', '0.5'), graceSeconds: 5 },
    5,
    0,
    '0.00',
  )
  row(
    'a call beyond the grace is charged from its first second',
    { ...tariff('0.06', '1/1', '0.5'), graceSeconds: 5 },
    6,
    6,
    '0.506',
  )
  row(
    'free seconds are taken off before the increments',
    { ...tariff('0.06', '30/6'), freeSeconds: 20 },
    51,
    36,
    '0.036',
  )
  row(
    'a call of free seconds alone pays its fee',
    { ...tariff('0.06', '60/60', '0.5'), freeSeconds: 30 },
    30,
    0,
    '0.50',
  )
  row(
    'the minimum is of what is not free',
    { ...tariff('0.06', '1/1'), freeSeconds: 10, minimumSeconds: 20 },
    12,
    20,
    '0.02',
  )
  row(
    'up: any part of the last decimal is a whole one',
    { ...tariff('0.0061', '1/1'), rounding: { mode: 'up', decimals: 2 } },
    1,
    1,
    '0.01',
  )
  row(
    'up: what is whole stays',
    { ...tariff('0.06', '60/60'), rounding: { mode: 'up', decimals: 2 } },
    60,
    60,
    '0.06',
  )
  row(
    'half up: at the decimal that the tariff says',
    { ...tariff('0.03', '1/1'), rounding: { mode: 'half-up', decimals: 2 } },
    10,
    10,
    '0.01',
  )
  row(
    'rounded once: what is below a half stays below, though the eighth decimal would have lifted it',
    { ...tariff('0.29999999', '1/1'), rounding: { mode: 'half-up', decimals: 2 } },
    1,
    1,
    '0.00',
  )
  row(
    'the fee is rounded with the rest',
    { ...tariff('0.06', '1/1', '0.004'), rounding: { mode: 'up', decimals: 2 } },
    1,
    1,
    '0.01',
  )

  const refused = (name: string, act: () => unknown, code: string): void => {
    test(name, () => assert.throws(act, { code }))
  }
  const one = tariff('1', '1/1')
  refused('half a second is refused', () => bill(one, 0.5), 'RATING_BAD_SECONDS')
  refused('negative time is refused', () => bill(one, -1), 'RATING_BAD_SECONDS')
  refused(
    'an increment of 0 is refused',
    () => bill({ ...one, nextIncrementSeconds: 0 }, 0),
    'RATING_BAD_TARIFF',
  )
  refused(
    'a float price is refused',
    () => bill({ ...one, pricePerMinute: 0.1 as Money }, 1),
    'RATING_BAD_TARIFF',
  )
  refused(
    'what exceeds exact money is refused',
    () => bill(tariff('90000000', '1/1'), 86_400),
    'TELEPHONY_MONEY_RANGE',
  )
})

suite('bill equals an independent reference', () => {
  /** Increments counted one by one; the exact fraction compared with the steps beside it, by cross-multiplication. */
  const reference = (given: Tariff, seconds: number): { chargedSeconds: number; cost: string } => {
    const { graceSeconds = 0, freeSeconds = 0, minimumSeconds = 0 } = given
    const { rounding = { mode: 'half-up', decimals: 8 } } = given
    if (seconds <= graceSeconds) return { chargedSeconds: 0, cost: '0' }
    let charged = 0
    if (seconds > freeSeconds) {
      charged = given.firstIncrementSeconds
      while (charged < Math.max(seconds - freeSeconds, minimumSeconds)) charged += given.nextIncrementSeconds
    }
    const sixtieths = BigInt(given.connectionFee) * 60n + BigInt(given.pricePerMinute) * BigInt(charged)
    const step = 60n * BigInt(`1${'0'.repeat(8 - rounding.decimals)}`)
    const below = sixtieths / step
    const rest = sixtieths - below * step
    const lifts = rounding.mode === 'up' ? rest > 0n : rest * 2n >= step
    return { chargedSeconds: charged, cost: String(((below + (lifts ? 1n : 0n)) * step) / 60n) }
  }
  const anyTariff = fc.record({
    // Up to the greatest exact price: products beyond 2^53 are billed as exactly as small ones.
    pricePerMinute: fc
      .oneof(fc.integer({ min: 0, max: 2_000_000_000 }), fc.integer({ min: 2 ** 40, max: 2 ** 44 }))
      .map((units) => units as Money),
    minimumSeconds: fc.constantFrom(undefined, 0, 1, 30, 61),
    connectionFee: fc.integer({ min: 0, max: 1_000_000_000 }).map((units) => units as Money),
    firstIncrementSeconds: fc.integer({ min: 1, max: 120 }),
    nextIncrementSeconds: fc.integer({ min: 1, max: 90 }),
    currency: fc.constant('EUR'),
    graceSeconds: fc.constantFrom(undefined, 0, 3, 60),
    freeSeconds: fc.constantFrom(undefined, 0, 10, 59),
    rounding: fc.option(
      fc.record({
        mode: fc.constantFrom('half-up' as const, 'up' as const),
        decimals: fc.integer({ min: 0, max: 8 }),
      }),
      { nil: undefined },
    ),
  })
  test('for any tariff and length', () => {
    fc.assert(
      fc.property(anyTariff, fc.integer({ min: 1, max: 20_000 }), (given, seconds) => {
        const { chargedSeconds, cost } = bill(given, seconds)
        assert.deepEqual({ chargedSeconds, cost: String(cost) }, reference(given, seconds))
      }),
      { numRuns: 3000 },
    )
  })
  const SCHEMES = ['60/60', '30/6', '6/6', '1/1', '60/1']
  const LENGTHS = [0, 1, 5, 6, 7, 29, 30, 31, 59, 60, 61]
  for (const scheme of SCHEMES) {
    test(`for every length around the steps of ${scheme}`, () => {
      for (const seconds of LENGTHS) {
        const given = tariff('0.01234567', scheme, '0.005')
        const { chargedSeconds, cost } = bill(given, seconds)
        const expected = seconds === 0 ? { chargedSeconds: 0, cost: '0' } : reference(given, seconds)
        assert.deepEqual({ chargedSeconds, cost: String(cost) }, expected, `${seconds} s`)
      }
    })
  }
  test('a longer call never costs less', () => {
    fc.assert(
      fc.property(anyTariff, fc.integer({ min: 0, max: 20_000 }), (given, seconds) => {
        assert.ok(bill(given, seconds + 1).cost >= bill(given, seconds).cost)
      }),
    )
  })
})

suite('expected cost', () => {
  test('is of three minutes unless told otherwise', () => {
    assert.equal(DEFAULT_EXPECTED_SECONDS, 180)
    assert.equal(formatMoney(expectedCost(tariff('0.01', '1/1'))), '0.03')
    assert.equal(formatMoney(expectedCost(tariff('0.01', '1/1'), 60)), '0.01')
  })
  test('a cheap minute with a fee loses to a dear one without, for a short call', () => {
    const withFee = tariff('0.01', '1/1', '0.05')
    const without = tariff('0.02', '1/1')
    assert.ok(expectedCost(withFee) > expectedCost(without))
    assert.ok(expectedCost(withFee, 600) < expectedCost(without, 600))
  })
})
