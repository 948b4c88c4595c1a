import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createRateIndexBuilder, type RateRow } from '../../src/routing/rate-builder.ts'
import { openRateIndex, type RateIndex } from '../../src/routing/rate-lookup.ts'
import type { RateOwner } from '../../src/routing/rate-parts.ts'
import type { Jurisdiction } from '../../src/telephony/jurisdiction.ts'
import { moneyOf, type Money } from '../../src/telephony/money.ts'
import type { Tariff } from '../../src/telephony/tariff.ts'

const OWNERS = [
  { kind: 'carrier', id: 7 },
  { kind: 'carrier', id: 2 },
  { kind: 'customer', id: 2 },
  { kind: 'customer', id: 1 },
  { kind: 'carrier', id: 99 },
] as const
const JURISDICTIONS = ['interstate', 'intrastate', 'indeterminate', undefined] as const
const LONG = '121212090912129'

/** The index beside a scan of all rows that knows nothing of nodes, ranks or terms. */
suite('routing: the rate index and a naive scan find the same', () => {
  const price = fc.integer({ min: 0, max: 3 }).map(moneyOf)
  const row: fc.Arbitrary<RateRow> = fc
    .record({
      owner: fc.constantFrom(...OWNERS.slice(0, -1)),
      deckId: fc.integer({ min: 1, max: 3 }),
      sequence: fc.integer({ min: 1, max: 2 }),
      prefix: fc.oneof(
        fc.string({ unit: fc.constantFrom('1', '2'), maxLength: 4 }),
        // Around where the head of a number ends, and down to the fifteenth digit.
        fc.integer({ min: 4, max: 15 }).map((length) => LONG.slice(0, length)),
        fc
          .tuple(fc.integer({ min: 4, max: 14 }), fc.nat(9))
          .map(([length, digit]) => LONG.slice(0, length) + String(digit)),
      ),
      pricePerMinute: price,
      interstatePrice: fc.option(price, { nil: undefined, freq: 2 }),
      intrastatePrice: fc.option(price, { nil: undefined, freq: 2 }),
      connectionFee: price,
      minimumSeconds: fc.constantFrom(0, 30),
      effectiveFrom: fc.integer({ min: 0, max: 9 }),
      length: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
    })
    .map(({ length, ...given }) => ({
      ...given,
      currency: 'USD',
      firstIncrementSeconds: 60,
      nextIncrementSeconds: 1,
      effectiveTo: length === undefined ? undefined : given.effectiveFrom + length,
    }))
  const digits = fc.oneof(
    fc.string({ unit: fc.constantFrom('1', '2'), minLength: 1, maxLength: 7 }),
    fc.integer({ min: 1, max: 15 }).map((length) => LONG.slice(0, length)),
    fc
      .tuple(fc.integer({ min: 3, max: 14 }), fc.nat(9))
      .map(([length, digit]) => (LONG.slice(0, length) + String(digit)).padEnd(15, '5')),
  )

  test('in any decks, for every owner, moment and jurisdiction', () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 40 }),
        fc.array(fc.tuple(digits, fc.integer({ min: 0, max: 19 }), fc.constantFrom(...JURISDICTIONS)), {
          minLength: 1,
          maxLength: 10,
        }),
        (rows, questions) => {
          const index = indexOf(rows)
          for (const [number, now, jurisdiction] of questions) compare(index, rows, number, now, jurisdiction)
          const [, now, jurisdiction] = questions[0] ?? ['', 0, undefined]
          for (const owner of OWNERS) compareInForce(index, rows, owner, now, jurisdiction)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('in 6,000 rates of seven owners in a tree of prefixes, thousands of times', () => {
    const random = xorshift(20_260_101)
    const pick = (count: number): number => Math.floor(random() * count)
    const prefixes = ['1', '44', '49', '0', '']
    while (prefixes.length < 900) {
      const parent = prefixes[pick(prefixes.length)] ?? ''
      if (parent.length < 14)
        prefixes.push(parent + String(pick(10)) + (random() < 0.5 ? '' : String(pick(10))))
    }
    // So many below one head that a search among them goes by samples.
    for (let extra = 0; extra < 500; extra += 1) prefixes.push(`442079${String(pick(1e9)).slice(0, pick(9))}`)
    const optional = (): Money | undefined => (random() < 0.1 ? moneyOf(pick(5)) : undefined)
    const owners = Array.from({ length: 7 }, (_, at): RateOwner => ({
      kind: at < 5 ? 'carrier' : 'customer',
      id: at,
    }))
    const rows = Array.from({ length: 6_000 }, (): RateRow => {
      const from = pick(1_000)
      return {
        owner: owners[pick(owners.length)] ?? OWNERS[0],
        deckId: pick(9),
        sequence: pick(3),
        currency: 'USD',
        prefix: prefixes[pick(prefixes.length)] ?? '',
        pricePerMinute: moneyOf(pick(2 ** 31) * 2 ** 21),
        interstatePrice: optional(),
        intrastatePrice: optional(),
        connectionFee: moneyOf(pick(2)),
        minimumSeconds: 30 * pick(2),
        firstIncrementSeconds: 1 + pick(60),
        nextIncrementSeconds: 1 + pick(60),
        effectiveFrom: from,
        effectiveTo: random() < 0.3 ? from + pick(500) : undefined,
      }
    })
    const index = indexOf(rows)
    let found = 0
    for (let round = 0; round < 1_500; round += 1) {
      const prefix = prefixes[pick(prefixes.length)] ?? ''
      const number = (prefix + String(Math.floor(random() * 1e15)).padStart(15, '0')).slice(0, 1 + pick(15))
      found += compare(index, rows, number, pick(1_500), JURISDICTIONS[pick(JURISDICTIONS.length)], owners)
    }
    assert.ok(found > 4_000, `only ${found} rates were found`)
    for (const owner of owners) compareInForce(index, rows, owner, 700, 'intrastate')
  })
})

const indexOf = (rows: readonly RateRow[]): RateIndex => {
  const builder = createRateIndexBuilder()
  for (const row of rows) builder.add(row)
  return openRateIndex(builder.build())
}

/** Returns for how many owners there is a rate. */
const compare = (
  index: RateIndex,
  rows: readonly RateRow[],
  digits: string,
  now: number,
  jurisdiction: Jurisdiction | undefined,
  owners: readonly RateOwner[] = OWNERS,
): number => {
  let found = 0
  const match = index.match(digits, now, jurisdiction)
  for (const owner of owners) {
    const expected = scan(rows, owner, now, (prefix) => digits.startsWith(prefix))
    const slot = index.ownerSlotOf(owner.kind, owner.id)
    const entry = match.entryOf(slot)
    assert.deepEqual(read(index, entry), expected && said(expected, jurisdiction), `${digits} at ${now}`)
    assert.equal(match.prefixLengthOf(slot), expected?.prefix.length ?? -1)
    assert.equal(index.rateOf(owner.kind, owner.id, digits, now, jurisdiction), entry)
    if (expected !== undefined) found += 1
  }
  const longest = rows
    .filter(({ prefix }) => digits.startsWith(prefix))
    .reduce<string | undefined>(
      (best, { prefix }) => (prefix.length >= (best?.length ?? 0) ? prefix : best),
      undefined,
    )
  const node = index.longestPrefixOf(digits)
  assert.equal(node < 0 ? undefined : index.prefixOfNode(node), longest)
  return found
}

const compareInForce = (
  index: RateIndex,
  rows: readonly RateRow[],
  owner: RateOwner,
  now: number,
  jurisdiction: Jurisdiction | undefined,
): void => {
  const prefixes = [...new Set(rows.map(({ prefix }) => prefix))].sort()
  const expected = prefixes.flatMap((wanted) => {
    const row = scan(rows, owner, now, (prefix) => prefix === wanted)
    return row === undefined ? [] : [said(row, jurisdiction)]
  })
  const found = [...index.inForce(owner.kind, owner.id, now, jurisdiction)]
  assert.deepEqual(
    found.map(({ prefix }) => prefix),
    expected.map(({ prefix }) => prefix),
  )
  assert.deepEqual(
    found.map(({ entry }) => read(index, entry)),
    expected,
  )
}

const scan = (
  rows: readonly RateRow[],
  { kind, id }: RateOwner,
  now: number,
  matches: (prefix: string) => boolean,
): RateRow | undefined => {
  let best: RateRow | undefined
  for (const row of rows) {
    if (row.owner.kind !== kind || row.owner.id !== id || !matches(row.prefix)) continue
    if (row.effectiveFrom > now || (row.effectiveTo !== undefined && row.effectiveTo <= now)) continue
    if (best === undefined || isBetter(row, best)) best = row
  }
  return best
}

const isBetter = (a: RateRow, b: RateRow): boolean => {
  if (a.prefix.length !== b.prefix.length) return a.prefix.length > b.prefix.length
  if (a.effectiveFrom !== b.effectiveFrom) return a.effectiveFrom > b.effectiveFrom
  if (a.sequence !== b.sequence) return a.sequence > b.sequence
  return a.deckId > b.deckId
}

type Said = Pick<RateRow, 'prefix' | 'deckId'> & {
  readonly from: number
  readonly to: number | undefined
  readonly tariff: Tariff
}

/** What the index must say of a row. */
const said = (row: RateRow, jurisdiction: Jurisdiction | undefined): Said => ({
  prefix: row.prefix,
  deckId: row.deckId,
  from: row.effectiveFrom,
  to: row.effectiveTo,
  tariff: {
    pricePerMinute:
      (jurisdiction === 'interstate'
        ? row.interstatePrice
        : jurisdiction === 'intrastate'
          ? row.intrastatePrice
          : undefined) ?? row.pricePerMinute,
    connectionFee: row.connectionFee,
    ...(row.minimumSeconds > 0 && { minimumSeconds: row.minimumSeconds }),
    firstIncrementSeconds: row.firstIncrementSeconds,
    nextIncrementSeconds: row.nextIncrementSeconds,
    currency: row.currency,
  },
})

const read = (index: RateIndex, entry: number): Said | undefined =>
  entry < 0
    ? undefined
    : {
        prefix: index.prefixOf(entry),
        deckId: index.deckIdOf(entry),
        from: index.effectiveFromOf(entry),
        to: index.effectiveToOf(entry),
        tariff: index.tariffOf(entry),
      }

const xorshift = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}
