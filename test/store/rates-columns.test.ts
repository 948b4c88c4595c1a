import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createRateIndexBuilder } from '../../src/routing/rate-builder.ts'
import { openRateIndex } from '../../src/routing/rate-lookup.ts'
import { addDeckRates, createRatesReader, type DeckRates } from '../../src/store/rates-columns.ts'

/** As COPY prints: prefix, price, by jurisdiction, deck, fee, minimum, increments, dates. */
const line = (
  prefix: string,
  price: string,
  end = '7\t0.00000000\t0\t60\t60\t\\N\t\\N',
  more = '\\N\t\\N',
): string => `${prefix}\t${price}\t${more}\t${end}\n`

const readIn = (text: string, blockBytes = 1_000): ReadonlyMap<number, DeckRates> => {
  const reader = createRatesReader()
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += blockBytes) reader.read(bytes.subarray(at, at + blockBytes))
  return reader.end()
}

const shown = (rates: DeckRates | undefined): readonly string[] =>
  Array.from({ length: rates?.count ?? 0 }, (_, at) => {
    const prefix = Buffer.from(rates?.bytes.subarray(rates.ends[at], rates.ends[at + 1]) ?? []).toString()
    return `${prefix} ${String(rates?.prices[at])}`
  })

suite('rates as COPY gives them', () => {
  test('prices are units of money, and rows lie by deck', () => {
    const text =
      line('44', '0.00900000') +
      line('4420', '90071992.54740991', '8\t0.01000000\t3\t30\t6\t2026-12-01 00:00:00+00\tinfinity') +
      line('1201', '0.00000001', undefined, '0.02000000\t\\N')
    const decks = readIn(text)
    assert.deepEqual(shown(decks.get(7)), ['44 900000', '1201 1'])
    assert.deepEqual(shown(decks.get(8)), ['4420 9007199254740991'])
    assert.deepEqual(decks.get(8)?.variants, [
      {
        connectionFee: 1_000_000,
        minimumSeconds: 3,
        firstIncrementSeconds: 30,
        nextIncrementSeconds: 6,
        effectiveFrom: Date.UTC(2026, 11, 1),
        effectiveTo: Infinity,
      },
    ])
    assert.deepEqual([...(decks.get(7)?.interstatePrices ?? [])], [NaN, 2_000_000])
    assert.deepEqual([...(decks.get(7)?.intrastatePrices ?? [])], [NaN, NaN])
    assert.equal(decks.get(8)?.interstatePrices, undefined)
  })

  test('every cut of the stream gives the same rates', () => {
    const text = Array.from({ length: 50 }, (_, n) =>
      line(String(440 + n), `0.0${n % 10}000000`, `${n % 3}\t0.00000000\t0\t${1 + (n % 2)}\t60\t\\N\t\\N`),
    ).join('')
    const whole = [...readIn(text, 1e9)]
    fc.assert(
      fc.property(fc.integer({ min: 1, max: text.length }), (blockBytes) => {
        assert.deepEqual([...readIn(text, blockBytes)], whole)
      }),
    )
  })

  for (const [sentence, text, why] of [
    ['a prefix with a plus', line('+44', '0.01000000'), /"\+44" is not a prefix/],
    ['an empty prefix', line('', '0.01000000'), /"" is not a prefix/],
    ['a prefix of 16 digits', line('1234567890123456', '0.01000000'), /is not a prefix/],
    ['an escaped tab in a prefix', line('4\\t4', '0.01000000'), /is not a prefix/],
    ['a price that is no number', line('44', 'NaN'), /44 has no price/],
    ['a negative price', line('44', '-0.01000000'), /44 has no price/],
    ['a price beyond money', line('44', '90071992.54740992'), /44 has no price/],
    ['a bad price by jurisdiction', line('44', '0.01000000', undefined, '-1.00000000\t\\N'), /jurisdiction/],
    ['a negative fee', line('44', '0.01000000', '7\t-1.00000000\t0\t60\t60\t\\N\t\\N'), /connection fee/],
    ['a negative minimum', line('44', '0.01000000', '7\t0.00000000\t-1\t60\t60\t\\N\t\\N'), /seconds/],
    ['an increment of nothing', line('44', '0.01000000', '7\t0.00000000\t0\t0\t60\t\\N\t\\N'), /increment/],
    [
      'a date before our era',
      line('44', '0.01000000', '7\t0.00000000\t0\t60\t60\t0001-01-01 00:00:00+00 BC\t\\N'),
      /date/,
    ],
  ] as const) {
    test(`${sentence} is left out, and only that`, () => {
      const rates = readIn(line('43', '0.01000000') + text + line('45', '0.01000000')).get(7)
      assert.deepEqual(shown(rates), ['43 1000000', '45 1000000'])
      assert.equal(rates?.leftOut.count, 1)
      assert.match(rates.leftOut.first, why)
    })
  }

  test('rates end with their deck, and begin with it where they have no date', () => {
    const text =
      line('44', '0.01000000') +
      line('45', '0.02000000', '7\t0.00000000\t0\t60\t60\t1970-01-01 00:00:03+00\t\\N') +
      line('46', '0.03000000', '7\t0.00000000\t0\t60\t60\t\\N\t1970-01-01 00:00:02+00') +
      line('47', '0.04000000', '7\t0.00000000\t0\t60\t60\t1970-01-01 00:00:09+00\t\\N')
    const builder = createRateIndexBuilder()
    const rates = readIn(text).get(7)
    assert.ok(rates !== undefined)
    addDeckRates(
      builder,
      {
        deckId: 7,
        owner: { kind: 'carrier', id: 1 },
        currency: 'GBP',
        replaces: true,
        sequence: 0,
        effectiveFrom: 1_000,
        effectiveTo: Infinity,
        endsAt: 5_000,
      },
      rates,
    )
    const index = openRateIndex(builder.build())
    const counting = (digits: string): readonly number[] =>
      [0, 999, 1_000, 1_999, 2_000, 3_000, 4_999, 5_000, 9_000].filter(
        (now) => index.rateOf('carrier', 1, digits, now) >= 0,
      )
    assert.deepEqual(counting('44'), [1_000, 1_999, 2_000, 3_000, 4_999])
    assert.deepEqual(counting('45'), [3_000, 4_999])
    assert.deepEqual(counting('46'), [1_000, 1_999])
    assert.deepEqual(counting('47'), [])
    assert.equal(index.size, 3)
  })
})
