import assert from 'node:assert/strict'
import { every, sleep, systemClock } from '../../src/base/clock.ts'
import { createManualClock } from '../support/manual-clock.ts'

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

suite('clock', () => {
  test('a sleep ends when its time has come', async () => {
    const clock = createManualClock()
    let woke = false
    const slept = sleep(clock, 100).then(() => (woke = true))
    clock.advance(99)
    await turns()
    assert.equal(woke, false)
    clock.advance(1)
    await slept
    assert.equal(clock.waiting(), 0)
  })
  test('a sleep ends at once when its signal aborts, and leaves no timer behind', async () => {
    const clock = createManualClock()
    const stop = new AbortController()
    const slept = sleep(clock, 100, stop.signal)
    stop.abort()
    await slept
    assert.equal(clock.waiting(), 0)
    await sleep(clock, 100, stop.signal)
  })
  test('every runs again after the last run has ended, until it is cancelled', async () => {
    const clock = createManualClock()
    let runs = 0
    let finish: () => void = () => undefined
    const cancel = every(clock, 10, () => {
      runs += 1
      return new Promise<void>((resolve) => (finish = resolve))
    })
    clock.advance(10)
    clock.advance(50)
    await turns()
    assert.equal(runs, 1, 'the first run has not ended')
    finish()
    await turns()
    clock.advance(10)
    assert.equal(runs, 2)
    cancel()
    finish()
    await turns()
    clock.advance(100)
    assert.deepEqual([runs, clock.waiting()], [2, 0])
  })
  test('the clock of the system measures without going back', () => {
    const before = systemClock.monotonic()
    assert.ok(systemClock.monotonic() >= before)
    assert.ok(Math.abs(systemClock.now() - Date.now()) < 1000)
  })
})
