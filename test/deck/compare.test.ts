import assert from 'node:assert/strict'
import fc from 'fast-check'
import { compareDecks, type CompareOptions, type DeckDifference } from '../../src/deck/compare.ts'
import { currentRatesOf } from '../../src/deck/current-rates.ts'
import type { DraftRate } from '../../src/deck/draft.ts'
import { formatMoney, parseMoney, ZERO, type Money } from '../../src/telephony/money.ts'

/** `44 0.01`, or `44 0.01 30/6 fee=0.1 inter=0.02 from=1 to=9 USD`. */
const rateOf = (text: string): DraftRate => {
  const [prefix = '', price = '', ...more] = text.split(' ')
  const given = (key: string): string | undefined =>
    more.find((part) => part.startsWith(`${key}=`))?.slice(key.length + 1)
  const number = (key: string): number | undefined =>
    given(key) === undefined ? undefined : Number(given(key))
  const money = (key: string): Money | undefined => {
    const value = given(key)
    return value === undefined ? undefined : parseMoney(value)
  }
  const [first = '60', next = '60'] = (more.find((part) => /^\d+\/\d+$/.test(part)) ?? '60/60').split('/')
  return {
    prefix,
    destination: given('name') ?? '',
    pricePerMinute: parseMoney(price),
    interstatePrice: money('inter'),
    intrastatePrice: money('intra'),
    connectionFee: money('fee') ?? ZERO,
    minimumSeconds: number('min') ?? 0,
    firstIncrementSeconds: Number(first),
    nextIncrementSeconds: Number(next),
    effectiveFrom: number('from'),
    effectiveTo: number('to'),
    currency: more.find((part) => /^[A-Z]{3}$/.test(part)),
  }
}

const rates = (text: string): readonly DraftRate[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map(rateOf)

const compared = (today: string, draft: string, options?: CompareOptions): DeckDifference =>
  compareDecks(currentRatesOf(rates(today)), rates(draft), options)

const counts = ({
  added,
  dearer,
  cheaper,
  otherTerms,
  unchanged,
  otherCurrency,
  closed,
}: DeckDifference): string =>
  Object.entries({ added, dearer, cheaper, otherTerms, unchanged, otherCurrency, closed })
    .filter(([, count]) => count > 0)
    .map(([what, count]) => `${what} ${count}`)
    .join(', ')

const warned = ({ warnings }: DeckDifference): readonly string[] =>
  warnings.map(({ code, count, examples }) => [code, count, ...examples].join(' '))

suite('compare: counts', () => {
  const row = (
    sentence: string,
    today: string,
    draft: string,
    expected: string,
    options?: CompareOptions,
  ): void => {
    test(sentence, () => {
      const difference = compared(today, draft, options)
      assert.equal(counts(difference), expected)
      const { prefixes, added, dearer, cheaper, otherTerms, unchanged, otherCurrency } = difference
      assert.equal(prefixes, added + dearer + cheaper + otherTerms + unchanged + otherCurrency)
    })
  }
  row(
    'one of each',
    '44 1, 45 1, 46 1, 47 1',
    '44 2, 45 0.5, 46 1, 49 1',
    'added 1, dearer 1, cheaper 1, unchanged 1, closed 1',
  )
  row('what is covered by a shorter prefix is still new', '44 1', '44 1, 4420 1', 'added 1, unchanged 1')
  row('nothing is closed where the draft adds', '44 1, 45 1', '44 1', 'unchanged 1', { replaces: false })
  row('the first deck of a carrier', '', '44 1, 45 2', 'added 2')
  row('an empty draft closes all', '44 1', '', 'closed 1')
  row('a higher fee is dearer', '44 1', '44 1 fee=0.1', 'dearer 1')
  row('a higher interstate price is dearer', '1201 1 inter=1 intra=1', '1201 1 inter=2 intra=0.5', 'dearer 1')
  row(
    'a lower intrastate price is cheaper',
    '1201 1 inter=1 intra=1',
    '1201 1 inter=1 intra=0.5',
    'cheaper 1',
  )
  row('other increments are other terms', '44 1 60/60', '44 1 30/6', 'otherTerms 1')
  row('another minimum too', '44 1', '44 1 min=30', 'otherTerms 1')
  row('another currency is not compared', '44 1 USD', '44 2 EUR', 'otherCurrency 1')
  row(
    'of several dates the last start counts',
    '44 1',
    '44 2 from=5, 44 1 from=9, 44 3 from=1',
    'unchanged 1',
  )
  row('or the one in force at the moment told', '44 1', '44 2 from=5, 44 1 from=9, 44 3 from=1', 'dearer 1', {
    at: 6,
  })
  row('or the next one, where none is in force yet', '44 1', '44 1 from=5, 44 3 from=9', 'unchanged 1', {
    at: 1,
  })
})

suite('compare: jumps and drops', () => {
  const listed = (jumps: DeckDifference['jumps']): readonly string[] =>
    jumps.map(({ prefix, oldPrefix, oldPrice, newPrice, of }) =>
      [
        prefix,
        ...(oldPrefix === prefix ? [] : [`(${oldPrefix})`]),
        formatMoney(oldPrice),
        formatMoney(newPrice),
        ...(of === 'price' ? [] : [of]),
      ].join(' '),
    )
  test('the greatest ratio leads, and something from nothing before all', () => {
    const { jumps } = compared('1 1, 2 0.01, 3 0, 4 5, 5 1', '1 2, 2 0.03, 3 0.01, 4 7.5, 5 1')
    assert.deepEqual(listed(jumps), ['3 0.00 0.01', '2 0.01 0.03', '1 1.00 2.00', '4 5.00 7.50'])
  })
  test('so many as asked for', () => {
    assert.deepEqual(listed(compared('1 1, 2 1, 3 1', '1 2, 2 4, 3 3', { most: 2 }).jumps), [
      '2 1.00 4.00',
      '3 1.00 3.00',
    ])
  })
  test('drops are listed apart', () => {
    const { jumps, drops } = compared('1 1, 2 1, 3 1', '1 0.5, 2 0.1, 3 0')
    assert.deepEqual(listed(jumps), [])
    assert.deepEqual(listed(drops), ['3 1.00 0.00', '2 1.00 0.10', '1 1.00 0.50'])
  })
  test('a new prefix jumps against what covers it today', () => {
    assert.deepEqual(listed(compared('44 0.01', '44 0.01, 447 0.5').jumps), ['447 (44) 0.01 0.50'])
  })
  test('the price that jumps most is named', () => {
    const { jumps } = compared('1201 1 inter=1 intra=1', '1201 1 inter=2 intra=3')
    assert.deepEqual(listed(jumps), ['1201 1.00 3.00 intrastate'])
  })
  test('a rise beyond half is warned of, one of exactly half is not', () => {
    assert.deepEqual(warned(compared('1 1, 2 1', '1 1.5, 2 1.50000001')), ['price-jump 1 2'])
    assert.deepEqual(warned(compared('1 1, 2 1', '1 1.5, 2 1.50000001', { jumpPercent: 40 })), [
      'price-jump 2 1 2',
    ])
  })
  test('the list is that of a full sort with exact ratios', () => {
    const pair = fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }))
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 30 }), fc.integer({ min: 1, max: 8 }), (pairs, most) => {
        const deck = (side: 0 | 1): readonly DraftRate[] =>
          pairs.map((both, index) => ({ ...rateOf(`${100 + index} 0`), pricePerMinute: both[side] as Money }))
        const { jumps } = compareDecks(currentRatesOf(deck(0)), deck(1), { most })
        const ratio = (oldPrice: number, newPrice: number): number =>
          oldPrice === 0 ? 1_000 * newPrice : newPrice / oldPrice
        const expected = pairs
          .filter(([oldPrice, newPrice]) => newPrice > oldPrice)
          .map(([oldPrice, newPrice]) => ratio(oldPrice, newPrice))
          .sort((a, b) => b - a)
          .slice(0, most)
        assert.deepEqual(
          jumps.map(({ oldPrice, newPrice }) => ratio(oldPrice, newPrice)),
          expected,
        )
      }),
    )
  })
  test('ratios that a float cannot tell apart are told apart', () => {
    const deck = (a: number, b: number): readonly DraftRate[] => [
      { ...rateOf('1 0'), pricePerMinute: a as Money },
      { ...rateOf('2 0'), pricePerMinute: b as Money },
    ]
    const { jumps } = compareDecks(
      currentRatesOf(deck(4_503_599_627_370_495, 4_503_599_627_370_496)),
      deck(9_007_199_254_740_989, 9_007_199_254_740_991),
    )
    assert.equal(9_007_199_254_740_989 / 4_503_599_627_370_495, 9_007_199_254_740_991 / 4_503_599_627_370_496)
    assert.deepEqual(
      jumps.map(({ prefix }) => prefix),
      ['2', '1'],
    )
  })
})

suite('compare: warnings', () => {
  const row = (
    sentence: string,
    today: string,
    draft: string,
    expected: readonly string[],
    options?: CompareOptions,
  ): void => {
    test(sentence, () => {
      assert.deepEqual(warned(compared(today, draft, { jumpPercent: 1_000_000, ...options })), expected)
    })
  }
  row('nothing to warn of', '44 1, 45 1', '44 1, 45 1.1', [])
  row('prices in cents', '44 0.01, 45 0.02, 46 0.5', '44 1, 45 2.2, 46 49', ['likely-unit-error 1'])
  row('prices that were in cents', '44 1, 45 2, 46 50', '44 0.01, 45 0.02, 46 0.5', ['likely-unit-error 1'])
  row('one price a hundred times is no unit', '44 1, 45 1, 46 1', '44 100, 45 1, 46 1', [])
  row('another currency', '44 1 USD', '44 1 EUR', ['other-currency 1'])
  row('a longer prefix that changes nothing', '', '44 1, 4420 1, 447 2, 4471 2, 44710 1', [
    'shadowed-prefix 2 4420 4471',
  ])
  row('a longer prefix with other terms is none', '', '44 1, 4420 1 1/1, 4421 1 fee=1, 4422 1 to=5', [
    'ending-rates 1',
  ])
  row('one that lies between them hides it', '', '44 1, 442 2, 4420 1', [])
  row('the same start twice', '', '44 1 from=1, 44 2 from=1', ['duplicate 1 44'])
  row('dates that overlap', '', '44 1 from=1 to=5, 44 2 from=4', ['overlapping-dates 1 44', 'ending-rates 1'])
  row('dates that follow one another', '', '44 1 from=1 to=5, 44 2 from=5', ['ending-rates 1'])
  row('a hole where a shorter prefix was', '44 1', '4420 1, 447 1', [
    'lost-numbers 17 440 441 4421 4422 4423 4424 4425 4426 4427 4428 4429 443 444 445 446 448 449',
  ])
  row(
    'no hole where longer ones cover it all',
    '44 1',
    '440 1, 441 1, 442 1, 443 1, 444 1, 445 1, 446 1, 447 1, 448 1, 449 1',
    [],
  )
  row('no hole where a shorter one covers it', '4420 1, 4421 1', '44 1', [])
  row('a country that is gone', '44 1, 4420 1, 45 1', '44 1', ['lost-countries 1 45'])
  row('no hole where the draft adds', '44 1, 45 1', '4420 1', [], { replaces: false })

  test('rates that end silently: how many, and when the first does', () => {
    const [ending] = compared(
      '',
      `44 1 to=${Date.UTC(2030, 0, 1)}, 45 1 to=${Date.UTC(2029, 0, 1)}, 46 1`,
    ).warnings
    assert.equal(ending?.message, '2 rates end, the first at 2029-01-01T00:00:00.000Z')
  })
  test('a prefix shorter than a calling code is lost country by country', () => {
    const [lost] = compared('3 1', '33 1, 34 1').warnings
    assert.deepEqual([lost?.code, lost?.count], ['lost-countries', 35])
    assert.deepEqual(lost?.examples.slice(0, 4), ['30', '31', '32', '350'])
  })
  test('what is closed is listed with its name', () => {
    assert.deepEqual(compared('44 1 name=UK, 45 1 name=DK', '44 1').firstClosed, [
      { prefix: '45', destination: 'DK' },
    ])
  })
})
