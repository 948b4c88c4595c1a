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
  /** Increments counted one by one; the exact fraction in decimal digits, rounded as text. */
  const reference = (given: Tariff, seconds: number): { chargedSeconds: number; cost: string } => {
    let charged = given.firstIncrementSeconds
    while (charged < Math.max(seconds, given.minimumSeconds ?? 0)) charged += given.nextIncrementSeconds
    // 10^-8 units times 10^6 divided by 60 x 10^6: enough digits to see a half, since 60 divides 6 x 10^n.
    const scaled = (BigInt(given.pricePerMinute) * BigInt(charged) * 5_000_000n) / 3n
    const tail = scaled % 100_000_000n
    const whole = scaled / 100_000_000n + (tail >= 50_000_000n ? 1n : 0n)
    return { chargedSeconds: charged, cost: String(whole + BigInt(given.connectionFee)) }
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
