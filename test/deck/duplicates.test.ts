import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createDuplicates, type Clash } from '../../src/deck/duplicates.ts'
import type { ReadRate } from '../../src/deck/read-rate.ts'
import type { Money } from '../../src/telephony/money.ts'

const rate = (line: number, prefix: string, price: number, from?: number, to?: number): ReadRate => ({
  line,
  prefix,
  destination: '',
  pricePerMinute: price as Money,
  connectionFee: 0 as Money,
  minimumSeconds: 0,
  firstIncrementSeconds: 60,
  nextIncrementSeconds: 60,
  effectiveFrom: from,
  effectiveTo: to,
  currency: 'EUR',
})

/** The same, by looking at every rate before. */
const scan = (kept: readonly ReadRate[], next: ReadRate): Clash['kind'] | undefined => {
  const same = kept.filter(({ prefix }) => prefix === next.prefix)
  const twin = same.find(({ effectiveFrom }) => (effectiveFrom ?? 0) === (next.effectiveFrom ?? 0))
  if (twin !== undefined)
    return twin.pricePerMinute === next.pricePerMinute &&
      twin.effectiveTo === next.effectiveTo &&
      twin.effectiveFrom === next.effectiveFrom
      ? 'same'
      : 'different'
  const overlaps = same.some(
    (other) =>
      (other.effectiveFrom ?? 0) < (next.effectiveTo ?? Infinity) &&
      (next.effectiveFrom ?? 0) < (other.effectiveTo ?? Infinity),
  )
  return overlaps ? 'overlap' : undefined
}

suite('duplicates', () => {
  test('agree with a scan of all rates before', () => {
    const given = fc.array(
      fc.tuple(
        fc.constantFrom('4', '44', '440', '1', '123456789012345', '999999999999999'),
        fc.integer({ min: 0, max: 2 }),
        fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
        fc.option(fc.integer({ min: 7, max: 12 }), { nil: undefined }),
      ),
      { maxLength: 60 },
    )
    fc.assert(
      fc.property(given, (rows) => {
        const duplicates = createDuplicates()
        const kept: ReadRate[] = []
        for (const [index, [prefix, price, from, to]] of rows.entries()) {
          const next = rate(index + 1, prefix, price, from, to)
          const kind = duplicates.add(next)?.kind
          assert.equal(kind, scan(kept, next))
          if (kind === undefined || kind === 'overlap') kept.push(next)
        }
        assert.equal(duplicates.size(), kept.length)
      }),
      { numRuns: 1_000 },
    )
  })

  test('hold through every growth of the table', () => {
    const duplicates = createDuplicates()
    for (let row = 1; row <= 60_000; row += 1)
      assert.equal(duplicates.add(rate(row, String(1_000_000 + row * 37), row)), undefined)
    for (let row = 1; row <= 60_000; row += 997)
      assert.deepEqual(duplicates.add(rate(row + 60_000, String(1_000_000 + row * 37), row)), {
        kind: 'same',
        line: row,
      })
  })

  test('a prefix with more dates than anybody announces is an error, and no long walk', () => {
    const duplicates = createDuplicates()
    const kinds = Array.from(
      { length: 101 },
      (_, day) => duplicates.add(rate(day + 1, '44', 1, day * 10 + 1, day * 10 + 5))?.kind,
    )
    assert.deepEqual(kinds.slice(98), [undefined, undefined, 'many'])
  })

  const differing: readonly (readonly [string, Partial<ReadRate>])[] = [
    ['price', { pricePerMinute: 2 as Money }],
    ['interstate price', { interstatePrice: 2 as Money }],
    ['intrastate price', { intrastatePrice: 2 as Money }],
    ['fee', { connectionFee: 2 as Money }],
    ['minimum', { minimumSeconds: 30 }],
    ['first increment', { firstIncrementSeconds: 1 }],
    ['next increment', { nextIncrementSeconds: 1 }],
    ['end', { effectiveTo: 5 }],
    ['currency', { currency: 'USD' }],
  ]
  for (const [what, change] of differing)
    test(`another ${what} from the same moment is no repetition`, () => {
      const duplicates = createDuplicates()
      duplicates.add(rate(1, '44', 1))
      assert.deepEqual(duplicates.add({ ...rate(2, '44', 1), ...change }), { kind: 'different', line: 1 })
    })
  test('another name of the same rate is a repetition', () => {
    const duplicates = createDuplicates()
    duplicates.add(rate(1, '44', 1))
    assert.deepEqual(duplicates.add({ ...rate(2, '44', 1), destination: 'UK' }), { kind: 'same', line: 1 })
  })
})
