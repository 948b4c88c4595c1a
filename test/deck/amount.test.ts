import assert from 'node:assert/strict'
import fc from 'fast-check'
import { amountOf, markOf, plainAmountOf } from '../../src/deck/amount.ts'
import type { DecimalMark } from '../../src/deck/format.ts'
import { formatMoney, parseMoney, type Money } from '../../src/telephony/money.ts'

type How = { readonly mark?: DecimalMark; readonly unit?: 'major' | 'cents' }

suite('amount of a cell', () => {
  const row = (cell: string, expected: string | RegExp, { mark, unit = 'major' }: How = {}): void => {
    const how = `${mark === undefined ? '' : `, mark ${mark}`}${unit === 'cents' ? ', in cents' : ''}`
    test(`"${cell}"${how} ${expected instanceof RegExp ? 'is refused' : `is ${expected}`}`, () => {
      const read = amountOf(cell, { mark, unit })
      if (expected instanceof RegExp) {
        assert.match(JSON.stringify(read), expected)
        return
      }
      assert.ok(typeof read === 'object', JSON.stringify(read))
      assert.equal(`${formatMoney(read.amount)} ${read.currency ?? ''}`.trim(), expected)
      const plain = plainAmountOf(cell, { mark, unit })
      if (!Number.isNaN(plain)) assert.equal(plain, read.amount)
    })
  }
  row('0.0085', '0.0085')
  row('0', '0.00')
  row('12', '12.00')
  row('.5', '0.50')
  row('5.', '5.00')
  row('0.00000001', '0.00000001')
  row('0.0085000000000', '0.0085')
  row('90071992.54740991', '90071992.54740991')
  row('0,0085', '0.0085')
  row('12,5', '12.50')
  row('1.234,56', '1234.56')
  row('1,234.56', '1234.56')
  row('1,234,567', '1234567.00')
  row("1'234.50", '1234.50')
  row('1 234,50', '1234.50')
  row('1\u00a0234,50', '1234.50')
  row('1.234', '1.234')
  row('1,234', /decimal comma or a thousands separator/)
  row('1,234', '1.234', { mark: ',' })
  row('1,234', '1234.00', { mark: '.' })
  row('1.234', '1234.00', { mark: ',' })
  row('0,234', '0.234')
  row('0,0085', /has a decimal comma, where the file has decimal points/, { mark: '.' })
  row('0.0085', /has a decimal point, where the file has decimal commas/, { mark: ',' })
  row('1,23,456.5', /is no amount/)
  row('8.5E-3', '0.0085')
  row('8,5E-03', '0.0085')
  row('1E-8', '0.00000001')
  row('1.2e+2', '120.00')
  row('1.23456789E-1', /finer than 8 decimals/)
  row('1.2345678E-1', '0.12345678')
  row('1E-9', /finer than 8 decimals/)
  row('1E300', /beyond 90 million/)
  row('0E-300', '0.00')
  row('0.000000001', /finer than 8 decimals/)
  row('0.0085000000000000006', /finer than 8 decimals/)
  row('90071992.54740992', /beyond 90 million/)
  row('$0.0085', '0.0085')
  row('€ 0,0085', '0.0085 EUR')
  row('0.0085€', '0.0085 EUR')
  row('£0.01', '0.01 GBP')
  row('0.0085 USD', '0.0085 USD')
  row('usd 0.0085', '0.0085 USD')
  row('US$ 0.01', '0.01 USD')
  row('0.0085 USD/min', '0.0085 USD')
  row('0.0085 per minute', '0.0085')
  row("'0.01", '0.01')
  row('EUR 0.01 USD', /no currency/)
  row('0.01 XQZ', /no currency/)
  row('-0.01', /is negative/)
  row('−0.01', /is negative/)
  row('$-0.01', /is negative/)
  row('(0.01)', /is negative/)
  row('N/A', /is no amount/)
  row('0.0O85', /is no amount/)
  row('1.2.3', /is no amount/)
  row('', /is no amount/)
  row('0.85', '0.0085', { unit: 'cents' })
  row('1', '0.01', { unit: 'cents' })
  row('0.000001', '0.00000001', { unit: 'cents' })
  row('0.0000001', /finer than 8 decimals/, { unit: 'cents' })
  row('8.5E-1', '0.0085', { unit: 'cents' })

  test('any amount that money can write is read back, by both ways', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (units) => {
        const text = formatMoney(units as Money)
        const read = amountOf(text, { mark: '.', unit: 'major' })
        assert.ok(typeof read === 'object', text)
        assert.equal(read.amount, parseMoney(text))
        const plain = plainAmountOf(text, { mark: undefined, unit: 'major' })
        assert.ok(Number.isNaN(plain) || plain === units, text)
        const comma = amountOf(text.replace('.', ','), { mark: ',', unit: 'major' })
        assert.ok(typeof comma === 'object' && comma.amount === units, text)
      }),
    )
  })

  test('the short way agrees with the long one on whatever it takes', () => {
    const cell = fc.string({
      unit: fc.constantFrom('0', '1', '9', '12', '345', '.', ',', 'E', '-', ' '),
      maxLength: 18,
    })
    const how = fc.record({
      mark: fc.constantFrom<DecimalMark | undefined>('.', ',', undefined),
      unit: fc.constantFrom<'major' | 'cents'>('major', 'cents'),
    })
    fc.assert(
      fc.property(cell, how, (text, reading) => {
        const plain = plainAmountOf(text, reading)
        if (Number.isNaN(plain)) return
        const read = amountOf(text, reading)
        assert.ok(typeof read === 'object', `${text}: ${JSON.stringify(read)}`)
        assert.equal(read.amount, plain, text)
      }),
      { numRuns: 3_000 },
    )
  })
})

suite('decimal mark that a cell proves', () => {
  const rows: readonly (readonly [string, DecimalMark | undefined])[] = [
    ['0.0085', '.'],
    ['0,0085', ','],
    ['1.234,5', ','],
    ['1,234.5', '.'],
    ['1.234.567', ','],
    ['1,234', undefined],
    ['1.234', undefined],
    ['0.123', '.'],
    ['12', undefined],
    ['1 234.567', '.'],
    ['text, with. marks', undefined],
  ]
  for (const [cell, mark] of rows)
    test(`${cell} proves ${mark ?? 'nothing'}`, () => assert.equal(markOf(cell), mark))
})
