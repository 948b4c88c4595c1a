import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createRateTable } from '../../src/routing/rate-table.ts'
import type { Rate } from '../../src/directory/records.ts'
import { rate } from '../support/snapshot.ts'

suite('routing: the rate table', () => {
  const DIGITS = '442079460123'

  test('a carrier is asked for its own longest prefix, whatever other carriers have', () => {
    const table = createRateTable([rate(1, '44', '0.01'), rate(1, '4420', '0.02'), rate(2, '442079', '0.03')])
    assert.equal(table.rateOf(1, DIGITS, 0)?.prefix, '4420')
    assert.equal(table.rateOf(2, DIGITS, 0)?.prefix, '442079')
    assert.equal(table.rateOf(3, DIGITS, 0), undefined)
    assert.equal(table.size, 3)
  })

  test('the empty prefix rates every number, and a prefix as long as the number rates that number', () => {
    const table = createRateTable([rate(1, '', '0.01'), rate(1, DIGITS, '0.02')])
    assert.equal(table.rateOf(1, '1', 0)?.prefix, '')
    assert.equal(table.rateOf(1, DIGITS, 0)?.prefix, DIGITS)
    assert.equal(table.rateOf(1, `${DIGITS}4`, 0)?.prefix, DIGITS)
    assert.equal(table.rateOf(1, DIGITS.slice(0, -1), 0)?.prefix, '')
  })

  test('a price counts from its moment until before its end, and the next takes over in between nothing', () => {
    const table = createRateTable([
      rate(1, '44', '0.01', { effectiveFrom: 1_000, effectiveTo: 2_000 }),
      rate(1, '44', '0.02', { effectiveFrom: 2_000, effectiveTo: 3_000 }),
    ])
    const priceAt = (now: number): string =>
      String(table.rateOf(1, DIGITS, now)?.tariff.pricePerMinute ?? 'none')
    assert.equal(priceAt(999), 'none')
    assert.equal(priceAt(1_000), '1000000')
    assert.equal(priceAt(1_999), '1000000')
    assert.equal(priceAt(2_000), '2000000')
    assert.equal(priceAt(2_999), '2000000')
    assert.equal(priceAt(3_000), 'none')
  })

  test('where a longer prefix is not in force, the next shorter one speaks', () => {
    const table = createRateTable([rate(1, '44', '0.01'), rate(1, '4420', '0.09', { effectiveFrom: 5_000 })])
    assert.equal(table.rateOf(1, DIGITS, 4_999)?.prefix, '44')
    assert.equal(table.rateOf(1, DIGITS, 5_000)?.prefix, '4420')
  })

  test('of two prices in force, the one that began later counts; of the same day, the newer deck', () => {
    const table = createRateTable([
      rate(1, '44', '0.01', { effectiveFrom: 1_000 }),
      rate(1, '44', '0.02', { effectiveFrom: 2_000, deckId: 7 }),
      rate(1, '44', '0.03', { effectiveFrom: 2_000, deckId: 8 }),
    ])
    assert.equal(table.rateOf(1, DIGITS, 1_500)?.tariff.pricePerMinute, 1_000_000)
    assert.equal(table.rateOf(1, DIGITS, 2_500)?.deckId, 8)
  })

  test('the table finds what a naive scan of all rows finds', () => {
    const row = fc
      .record({
        carrierId: fc.integer({ min: 1, max: 3 }),
        deckId: fc.integer({ min: 1, max: 4 }),
        prefix: fc.string({ unit: fc.constantFrom('1', '2'), maxLength: 5 }),
        effectiveFrom: fc.integer({ min: 0, max: 9 }),
        length: fc.option(fc.integer({ min: 0, max: 9 }), { nil: undefined }),
      })
      .map(({ length, ...given }): Rate =>
        rate(given.carrierId, given.prefix, '0.01', {
          ...given,
          effectiveTo: length === undefined ? undefined : given.effectiveFrom + length,
        }),
      )
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 30 }),
        fc.string({ unit: fc.constantFrom('1', '2'), maxLength: 6 }),
        fc.integer({ min: 0, max: 20 }),
        (rates, digits, now) => {
          const table = createRateTable(rates)
          for (const carrierId of [1, 2, 3, 4]) {
            const found = table.rateOf(carrierId, digits, now)
            const naive = scan(rates, carrierId, digits, now)
            assert.deepEqual(found && rankOf(found), naive && rankOf(naive))
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  const rankOf = ({ prefix, effectiveFrom, deckId }: Rate): readonly unknown[] => [
    prefix,
    effectiveFrom,
    deckId,
  ]

  const scan = (rates: readonly Rate[], carrierId: number, digits: string, now: number): Rate | undefined => {
    let best: Rate | undefined
    for (const each of rates) {
      if (each.carrierId !== carrierId || !digits.startsWith(each.prefix)) continue
      if (each.effectiveFrom > now || (each.effectiveTo !== undefined && each.effectiveTo <= now)) continue
      if (best === undefined || isBetter(each, best)) best = each
    }
    return best
  }

  const isBetter = (a: Rate, b: Rate): boolean => {
    if (a.prefix.length !== b.prefix.length) return a.prefix.length > b.prefix.length
    if (a.effectiveFrom !== b.effectiveFrom) return a.effectiveFrom > b.effectiveFrom
    return a.deckId > b.deckId
  }
})
