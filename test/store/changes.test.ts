import assert from 'node:assert/strict'
import { createCoalescer } from '../../src/store/changes.ts'
import type { Clock } from '../../src/base/clock.ts'

const createHandClock = (): Clock & { readonly advance: (ms: number) => Promise<void> } => {
  let now = 0
  let timers: { readonly at: number; readonly act: () => void }[] = []
  return {
    now: () => now,
    monotonic: () => now,
    after: (delayMs, act) => {
      const timer = { at: now + delayMs, act }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    advance: async (ms) => {
      now += ms
      const due = timers.filter(({ at }) => at <= now)
      timers = timers.filter(({ at }) => at > now)
      for (const { act } of due) act()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

const unexpected = (fault: unknown): void => {
  throw fault
}

suite('changes are coalesced', () => {
  test('a hundred notices within the time are one change', async () => {
    const clock = createHandClock()
    let changes = 0
    const { soon } = createCoalescer(clock, 50, () => void (changes += 1), unexpected)
    for (let notice = 0; notice < 100; notice += 1) soon()
    await clock.advance(49)
    assert.equal(changes, 0)
    await clock.advance(1)
    assert.equal(changes, 1)
    await clock.advance(1_000)
    assert.equal(changes, 1)
  })

  test('a notice while a change is taken in makes another, never two at once', async () => {
    const clock = createHandClock()
    let running = 0
    let runs = 0
    const ends: (() => void)[] = []
    const act = async (): Promise<void> => {
      running += 1
      runs += 1
      assert.equal(running, 1)
      await new Promise<void>((resolve) => ends.push(resolve))
      running -= 1
    }
    const { soon } = createCoalescer(clock, 50, act, unexpected)
    soon()
    await clock.advance(50)
    soon()
    await clock.advance(50)
    soon()
    await clock.advance(50)
    assert.equal(runs, 1)
    ends.shift()?.()
    await clock.advance(0)
    await clock.advance(50)
    assert.equal(runs, 2)
    ends.shift()?.()
    await clock.advance(100)
    assert.equal(runs, 2)
  })

  test('a fault is reported and the next change is taken in', async () => {
    const clock = createHandClock()
    const faults: unknown[] = []
    let runs = 0
    const act = (): void => {
      runs += 1
      throw new Error('no')
    }
    const { soon, stop } = createCoalescer(clock, 50, act, (fault) => faults.push(fault))
    soon()
    await clock.advance(50)
    soon()
    await clock.advance(50)
    assert.deepEqual([runs, faults.length], [2, 2])
    soon()
    stop()
    await clock.advance(50)
    assert.equal(runs, 2)
  })
})
