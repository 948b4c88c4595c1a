import assert from 'node:assert/strict'
import fc from 'fast-check'
import { addToWindow, createSlidingWindow, totalsOf } from '../../src/routing/sliding-window.ts'

const START = 1_800_000_000_000

suite('routing: counters over a sliding window', () => {
  test('what was counted stays for the span and goes by buckets', () => {
    const window = createSlidingWindow(1_000, 10, 2)
    addToWindow(window, START, 0, 3)
    addToWindow(window, START + 100, 1, 4)
    assert.deepEqual([...totalsOf(window, START + 999)], [3, 4])
    assert.deepEqual([...totalsOf(window, START + 1_000)], [0, 4])
    assert.deepEqual([...totalsOf(window, START + 1_100)], [0, 0])
  })

  test('a long silence empties it at once', () => {
    const window = createSlidingWindow(1_000, 10, 1)
    addToWindow(window, START, 0, 1)
    assert.deepEqual([...totalsOf(window, START + 10 ** 12)], [0])
  })

  test('a clock set back a little counts into the newest bucket, one set back far starts anew', () => {
    const window = createSlidingWindow(1_000, 10, 1)
    addToWindow(window, START, 0, 1)
    addToWindow(window, START - 500, 0, 1)
    assert.deepEqual([...totalsOf(window, START)], [2])
    addToWindow(window, START - 86_400_000, 0, 1)
    assert.deepEqual([...totalsOf(window, START - 86_400_000)], [1])
  })

  test('it has what a list of all that was counted has', () => {
    const step = fc.record({ wait: fc.integer({ min: 0, max: 400 }), amount: fc.integer({ min: 0, max: 9 }) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const window = createSlidingWindow(1_000, 10, 1)
        const all: { readonly bucket: number; readonly amount: number }[] = []
        let now = START
        for (const { wait, amount } of steps) {
          now += wait
          addToWindow(window, now, 0, amount)
          const bucket = Math.floor(now / 100)
          all.push({ bucket, amount })
          const expected = all.reduce((sum, each) => (each.bucket > bucket - 10 ? sum + each.amount : sum), 0)
          assert.equal(totalsOf(window, now)[0], expected)
        }
      }),
    )
  })
})
