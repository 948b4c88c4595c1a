/** Counting in windows, held against a naive count of everything that was ever seen. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  createCallWindow,
  createNumberRun,
  createRangeCount,
  createSpendWindow,
} from '../../src/limits/fraud-windows.ts'
import { moneyOf } from '../../src/telephony/money.ts'

const START = 1_800_000_000_000

suite('limits: windows of toll fraud', () => {
  test('a window of calls is full as a count of all calls says, for any calls', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        (steps, limit) => {
          const window = createCallWindow()
          const all: number[] = []
          let now = START
          for (const step of steps) {
            now += step
            const naive = all.filter((at) => at > now - 60_000).length >= limit
            assert.equal(window.isFull(limit, 60_000, now), naive)
            window.take(limit, 60_000, now)
            all.push(now)
          }
        },
      ),
    )
  })

  test('a limit of no calls is always full', () => {
    assert.ok(createCallWindow().isFull(0, 60_000, START))
  })

  test('many calls more than fit are counted, and forgotten again', () => {
    const window = createCallWindow()
    for (let n = 0; n < 10_000; n += 1) window.take(100, 60_000, START + n)
    assert.ok(window.isFull(100, 60_000, START + 10_000))
    assert.ok(!window.isFull(100, 60_000, START + 80_000))
  })

  test('a run of numbers is as long as a look at every number dialled says, in whatever order they came', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 5_000 })), {
          maxLength: 60,
        }),
        (dials) => {
          const run = createNumberRun()
          const last = new Map<number, number>()
          let now = START
          for (const [offset, step] of dials) {
            now += step
            const number = 442_079_460_000 + offset
            const isIn = (one: number): boolean => (last.get(one) ?? 0) > now - 20_000
            let [low, high] = [number, number]
            while (isIn(low - 1)) low -= 1
            while (isIn(high + 1)) high += 1
            assert.equal(run.runWith(number, 1_000, 20_000, now), high - low + 1)
            run.take(number, 20_000, now)
            last.set(number, now)
          }
        },
      ),
    )
  })

  test('numbers of one thousand are counted once each, those of another and of before are not', () => {
    const ranges = createRangeCount()
    const take = (number: number, at: number): void => ranges.take(number, 60_000, START + at)
    take(442_079_460_001, 0)
    take(442_079_460_002, 10_000)
    take(442_079_460_002, 20_000)
    take(442_079_461_002, 20_000)
    assert.equal(ranges.countWith(442_079_460_003, 60_000, START + 30_000), 3)
    assert.equal(ranges.countWith(442_079_460_002, 60_000, START + 30_000), 2)
    assert.equal(ranges.countWith(442_079_460_003, 60_000, START + 65_000), 2)
    assert.equal(ranges.countWith(442_079_460_003, 60_000, START + 90_000), 1)
  })

  test('an attacker who dials a million ranges fills no memory, and his last range is still counted', () => {
    const ranges = createRangeCount()
    for (let n = 0; n < 5_000; n += 1) ranges.take(440_000_000_000 + n * 1_000, 60_000, START + n)
    assert.equal(ranges.countWith(440_000_000_001 + 4_999 * 1_000, 60_000, START + 5_000), 2)
    assert.equal(ranges.countWith(440_000_000_001, 60_000, START + 5_000), 1)
  })

  test('what was spent leaves the window a slice late at the most, and never early', () => {
    const spend = createSpendWindow()
    spend.add(moneyOf(100), START, 3_600_000, START)
    spend.add(moneyOf(50), START + 1_800_000, 3_600_000, START + 1_800_000)
    assert.equal(spend.spentSince(3_600_000, START + 3_590_000), 150)
    assert.equal(spend.spentSince(3_600_000, START + 3_600_000 + 120_000), 50)
    assert.equal(spend.spentSince(3_600_000, START + 9_000_000), 0)
  })
})
