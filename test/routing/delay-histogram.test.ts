import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DELAY_BINS, delayAtShare, delayBinOf } from '../../src/routing/delay-histogram.ts'

suite('routing: the histogram of post-dial delays', () => {
  const bins: readonly (readonly [number, number])[] = [
    [0, 0],
    [250, 0],
    [251, 1],
    [353, 1],
    [354, 2],
    [500, 2],
    [1_000, 4],
    [32_000, 14],
    [32_001, 15],
    [10 ** 9, 15],
    [Number.NaN, 0],
  ]
  for (const [delay, bin] of bins) {
    test(`${delay} ms is in bin ${bin}`, () => assert.equal(delayBinOf(delay), bin))
  }

  test('nothing counted is no delay', () => {
    assert.equal(delayAtShare(new Uint32Array(DELAY_BINS), 0, 0.5), undefined)
    assert.equal(delayAtShare([], 0, 0.5), undefined)
  })

  test('the counters may stand among others', () => {
    const counts = [99, 99, ...Array.from({ length: DELAY_BINS }, () => 0)]
    counts[2 + delayBinOf(900)] = 1
    const median = delayAtShare(counts, 2, 0.5) ?? 0
    assert.ok(median > 700 && median <= 1_000, String(median))
  })

  test('median and p95 are within a factor of the square root of two of the true ones', () => {
    const delays = fc.array(fc.integer({ min: 260, max: 30_000 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(delays, fc.constantFrom(0.5, 0.95), (values, share) => {
        const counts = new Uint32Array(DELAY_BINS)
        for (const value of values) {
          const bin = delayBinOf(value)
          counts[bin] = (counts[bin] ?? 0) + 1
        }
        const sorted = [...values].sort((a, b) => a - b)
        const truth = sorted[Math.max(0, Math.ceil(values.length * share) - 1)] ?? 0
        const read = delayAtShare(counts, 0, share) ?? 0
        assert.ok(read >= truth / 1.42 && read <= truth * 1.42, `${read} for ${truth}`)
      }),
    )
  })
})
