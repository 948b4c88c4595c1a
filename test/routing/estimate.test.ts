import assert from 'node:assert/strict'
import fc from 'fast-check'
import { shrunkMean, wilsonBounds } from '../../src/routing/estimate.ts'

suite('routing: what few samples say', () => {
  const rows: readonly (readonly [string, number, number, number, number, number])[] = [
    ['nothing seen is the prior', 0, 0, 60, 20, 60],
    ['as much seen as the prior weighs is half way', 20 * 100, 20, 60, 20, 80],
    ['much seen is nearly what was seen', 980 * 100, 980, 60, 20, 99.2],
    ['a prior without weight counts for nothing', 300, 4, 60, 0, 75],
    ['nothing at all is the prior', 0, 0, 60, 0, 60],
  ]
  for (const [sentence, sum, count, prior, weight, mean] of rows) {
    test(sentence, () => assert.equal(shrunkMean(sum, count, prior, weight), mean))
  }

  test('Wilson bounds are those of the textbook: 1 of 10, 0 of 10, 10 of 10', () => {
    const rounded = (successes: number, count: number): string => {
      const { low, high } = wilsonBounds(successes, count)
      return `${low.toFixed(4)} ${high.toFixed(4)}`
    }
    assert.equal(rounded(1, 10), '0.0179 0.4042')
    assert.equal(rounded(0, 10), '0.0000 0.2775')
    assert.equal(rounded(10, 10), '0.7225 1.0000')
    assert.deepEqual(wilsonBounds(0, 0), { low: 0, high: 1 })
  })

  test('the bounds hold the share, lie within 0 and 1, and close in as samples come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (count, part) => {
          const successes = Math.round(count * part)
          const { low, high } = wilsonBounds(successes, count)
          const share = successes / count
          assert.ok(low >= 0 && high <= 1 && low <= share + 1e-9 && high >= share - 1e-9)
          const more = wilsonBounds(successes * 10, count * 10)
          assert.ok(more.high - more.low < high - low)
        },
      ),
    )
  })
})
