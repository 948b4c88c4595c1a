import assert from 'node:assert/strict'
import { parseMoney } from '../../src/telephony/money.ts'
import { parsePercent, percentOf } from '../../src/telephony/percent.ts'

suite('percentages', () => {
  for (const [text, read] of [
    ['20', '20'],
    ['7.70', '7.7'],
    ['0', '0'],
    ['20.0000', '20'],
    ['0.0001', '0.0001'],
  ] as const)
    test(`"${text}" is read as ${read}`, () => assert.equal(parsePercent(text), read))
  for (const text of ['', '-1', '7,7', '1000', '0.00001', '20 %'])
    test(`"${text}" is none`, () =>
      assert.throws(() => parsePercent(text), { code: 'TELEPHONY_BAD_PERCENT' }))
  for (const [amount, percent, part] of [
    ['0.055', '20', '0.011'],
    ['1', '7.7', '0.077'],
    ['0.00000003', '50', '0.00000002'],
    ['-0.00000003', '50', '-0.00000002'],
    ['1', '0', '0'],
  ] as const)
    test(`${percent} % of ${amount} are ${part}`, () =>
      assert.equal(percentOf(parseMoney(amount), percent), parseMoney(part)))
})
