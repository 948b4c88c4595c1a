import assert from 'node:assert/strict'
import fc from 'fast-check'
import { addMoney, formatMoney, moneyOf, parseMoney, ZERO, type Money } from '../../src/telephony/money.ts'

suite('money', () => {
  const reads = (text: string, units: number): void => {
    test(`${JSON.stringify(text)} is ${units} units`, () => assert.equal(parseMoney(text), units))
  }
  reads('12', 1_200_000_000)
  reads('0.0085', 850_000)
  reads('-1.5', -150_000_000)
  reads('-0', 0)
  reads(' 1.00000000 ', 100_000_000)
  reads('1.000000001'.slice(0, 10), 100_000_000)
  reads('1.0000000100', 100_000_001)
  reads('90071992.54740991', Number.MAX_SAFE_INTEGER)

  for (const text of [
    '',
    ' ',
    '.5',
    '1.',
    '1,5',
    '1e3',
    '0x1',
    '+1',
    '--1',
    'NaN',
    '1.000000001',
    '123456789',
    '90071992.54740992',
    '99999999',
    '١',
  ]) {
    test(`${JSON.stringify(text)} is no price`, () =>
      assert.throws(() => parseMoney(text), { code: 'TELEPHONY_BAD_PRICE' }))
  }

  const prints = (units: number, text: string): void => {
    test(`${units} units are ${text}`, () => assert.equal(formatMoney(units as Money), text))
  }
  prints(0, '0.00')
  prints(850_000, '0.0085')
  prints(1, '0.00000001')
  prints(-1, '-0.00000001')
  prints(1_200_000_000, '12.00')
  prints(150_000_000, '1.50')

  test('what is printed reads back as it was', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (units) => {
        assert.equal(parseMoney(formatMoney(units as Money)), units)
      }),
    )
  })
  test('a sum is exact, in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e12, max: 1e12 }), { maxLength: 50 }), (units) => {
        const amounts = units.map((each) => each as Money)
        assert.equal(
          addMoney(...amounts),
          units.reduce((sum, each) => sum + each, 0),
        )
        assert.equal(addMoney(...amounts.toReversed()), addMoney(...amounts))
      }),
    )
  })
  test('nothing is a sum of nothing', () => assert.equal(addMoney(), ZERO))
  test('what leaves the exact range is a fault', () => {
    assert.throws(() => moneyOf(2n ** 53n), { code: 'TELEPHONY_MONEY_RANGE' })
    assert.throws(() => moneyOf(0.5), { code: 'TELEPHONY_MONEY_RANGE' })
    assert.throws(() => addMoney(Number.MAX_SAFE_INTEGER as Money, 1 as Money), {
      code: 'TELEPHONY_MONEY_RANGE',
    })
  })
})
