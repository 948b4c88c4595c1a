import assert from 'node:assert/strict'
import fc from 'fast-check'
import { crossRate, exchanged, parseExchangeRate, settled } from '../../src/telephony/exchange.ts'
import { parseMoney, type Money } from '../../src/telephony/money.ts'

suite('exchange rates', () => {
  for (const [text, read] of [
    ['1.0862', '1.0862'],
    ['1', '1'],
    ['0.000058823529', '0.000058823529'],
    ['16999.50', '16999.5'],
  ] as const)
    test(`"${text}" is read as ${read}`, () => assert.equal(parseExchangeRate(text), read))

  for (const text of ['', '0', '0.000', '-1', '1,08', '1e3', '0.0000000000001', 'N/A', '1234567890123'])
    test(`"${text}" is no rate`, () =>
      assert.throws(() => parseExchangeRate(text), { code: 'TELEPHONY_BAD_EXCHANGE_RATE' }))

  for (const [amount, rate, into] of [
    ['0.055', '0.8', '0.044'],
    ['-0.055', '0.8', '-0.044'],
    ['0.00000001', '0.5', '0.00000001'],
    ['0.00000001', '0.499999999999', '0'],
    ['-0.00000001', '0.5', '-0.00000001'],
  ] as const)
    test(`${amount} at ${rate} is ${into}`, () =>
      assert.equal(exchanged(parseMoney(amount), rate), parseMoney(into)))

  test('two currencies of a third stand to each other as to it', () => {
    assert.equal(crossRate('1.25', '0.8'), '0.64')
    assert.equal(crossRate('3', '1'), '0.333333333333')
  })

  test('without an exchange it is settled, and with one that nobody told it is not', () => {
    assert.equal(settled(parseMoney('1.5'), undefined), parseMoney('1.5'))
    assert.equal(settled(parseMoney('1.5'), { to: 'GBP', rate: undefined }), undefined)
    assert.equal(settled(parseMoney('1.5'), { to: 'GBP', rate: '2' }), parseMoney('3'))
  })

  test('what comes out is never half a unit from the exact product', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000_000, max: 1_000_000_000 }),
        fc.bigInt({ min: 1n, max: 10n ** 15n }),
        (units, rateUnits) => {
          const digits = String(rateUnits).padStart(13, '0')
          const rate = `${digits.slice(0, -12)}.${digits.slice(-12)}`
          const found = BigInt(exchanged(units as Money, rate))
          const off = found * 10n ** 12n - BigInt(units) * rateUnits
          assert.ok((off < 0n ? -off : off) * 2n <= 10n ** 12n)
        },
      ),
    )
  })
})
