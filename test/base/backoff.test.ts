import assert from 'node:assert/strict'
import { createBackoff } from '../../src/base/backoff.ts'

suite('backoff', () => {
  const delays = (random: number, count: number): number[] => {
    const backoff = createBackoff({ firstMs: 100, maxMs: 1000, random: () => random })
    return Array.from({ length: count }, () => backoff.next())
  }
  test('doubles up to the cap', () => assert.deepEqual(delays(1, 6), [100, 200, 400, 800, 1000, 1000]))
  test('is never less than half, so that it is never a hot loop', () =>
    assert.deepEqual(delays(0, 5), [50, 100, 200, 400, 500]))
  test('begins anew after a success', () => {
    const backoff = createBackoff({ firstMs: 100, maxMs: 1000, random: () => 1 })
    backoff.next()
    backoff.next()
    backoff.reset()
    assert.equal(backoff.next(), 100)
  })
  test('stays at the cap for ever', () => assert.equal(delays(1, 2000).at(-1), 1000))
})
