import assert from 'node:assert/strict'
import fc from 'fast-check'
import { codeOf } from '../../src/base/errors.ts'
import type { DeckFormat } from '../../src/deck/format.ts'
import { writeDeckCsv, type WrittenRate } from '../../src/deck/write.ts'
import type { Money } from '../../src/telephony/money.ts'
import { readDeck } from './read-text.ts'

const RATE: WrittenRate = {
  prefix: '4420',
  destination: 'London, inner',
  pricePerMinute: 850_000 as Money,
  connectionFee: 0 as Money,
  minimumSeconds: 0,
  firstIncrementSeconds: 60,
  nextIncrementSeconds: 1,
  effectiveFrom: Date.UTC(2026, 11, 1),
  effectiveTo: undefined,
  currency: 'EUR',
}

const written = (...rates: readonly WrittenRate[]): string => [...writeDeckCsv(rates)].join('')

test('the canonical form is one header and one line a rate', () => {
  assert.equal(
    written(RATE),
    'prefix,destination,price_per_minute,connection_fee,minimum_seconds,first_increment_seconds,next_increment_seconds,' +
      'effective_from,effective_to,currency,interstate,intrastate\n' +
      '4420,"London, inner",0.0085,0.00,0,60,1,2026-12-01T00:00:00Z,,EUR,,\n',
  )
})

suite('written names do nothing in a spreadsheet', () => {
  for (const name of ['=1+1', '+44', '-1', '@SUM(A1)', '＝1', "'s-Hertogenbosch", "'=1"])
    test(`${name} begins with an apostrophe, and is read back as it was`, async () => {
      const text = written({ ...RATE, destination: name })
      assert.ok(text.includes(`4420,'${name},`), text)
      assert.equal((await readDeck(text)).rates[0]?.destination, name)
    })
  test('control characters and outer spaces go', async () => {
    const { rates } = await readDeck(written({ ...RATE, destination: ' \tA\u001b\r\nB\u2028 ' }))
    assert.equal(rates[0]?.destination, 'A B')
  })
})

test('any rates are read back as they were', async () => {
  const money = fc.maxSafeNat().map((units) => units as Money)
  const seconds = fc.integer({ min: 1, max: 3_600 })
  const moment = fc.integer({ min: 0, max: Date.UTC(9_000, 0, 1) })
  const name = fc
    .string({
      unit: fc.constantFrom(
        'a',
        'Z',
        ' ',
        '9',
        '=',
        '+',
        '-',
        '@',
        "'",
        '"',
        ',',
        ';',
        '|',
        '\t',
        '\n',
        '#',
        '€',
        'é',
        '😀',
      ),
      maxLength: 12,
    })
    .map((text) => text.replace(/[\t\n]/g, ' ').trim())
  const rate = fc
    .record({
      prefix: fc.stringMatching(/^[1-9][0-9]{0,14}$/),
      destination: name,
      pricePerMinute: money,
      interstatePrice: fc.option(money, { nil: undefined }),
      intrastatePrice: fc.option(money, { nil: undefined }),
      connectionFee: money,
      minimumSeconds: fc.integer({ min: 0, max: 3_600 }),
      firstIncrementSeconds: seconds,
      nextIncrementSeconds: seconds,
      effectiveFrom: fc.option(moment, { nil: undefined }),
      lasts: fc.option(fc.integer({ min: 1, max: 10 ** 10 }), { nil: undefined }),
      currency: fc.constantFrom('EUR', 'USD', 'GBP', 'CHF', undefined),
    })
    .map(({ lasts, ...rest }): WrittenRate => ({
      ...rest,
      effectiveTo: lasts === undefined ? undefined : (rest.effectiveFrom ?? 0) + lasts,
    }))
  const rates = fc.uniqueArray(rate, { minLength: 1, maxLength: 20, selector: ({ prefix }) => prefix })
  const format: DeckFormat = {}
  await fc.assert(
    fc.asyncProperty(rates, async (given) => {
      const { rates: read, fault } = await readDeck([...writeDeckCsv(given)].join(''), format)
      assert.equal(fault, undefined)
      assert.deepEqual(
        read.map(({ line, ...rest }) => ({
          interstatePrice: undefined,
          intrastatePrice: undefined,
          ...rest,
          line,
        })),
        given.map((each, index) => ({ ...each, line: index + 2 })),
      )
    }),
    { numRuns: 500 },
  )
})

test('a long deck comes in pieces', () => {
  const pieces = [...writeDeckCsv(Array.from({ length: 5_000 }, () => RATE))]
  assert.ok(pieces.length > 2)
  assert.ok(pieces.every((piece) => piece.endsWith('\n') && piece.length < 70_000))
  assert.equal(pieces.join('').split('\n').length, 5_002)
})

test('a rate that no deck can hold is refused', () => {
  for (const bad of [
    { prefix: '' },
    { prefix: '044' },
    { prefix: '44x' },
    { pricePerMinute: -1 as Money },
    { intrastatePrice: -1 as Money },
  ])
    assert.throws(
      () => written({ ...RATE, ...bad }),
      (fault) => codeOf(fault) === 'DECK_BAD_RATE',
      JSON.stringify(bad),
    )
})
