import assert from 'node:assert/strict'
import type { EngineError } from '../../src/base/errors.ts'
import { createLagWatch } from '../../src/esl/lag-watch.ts'
import { createManualClock } from '../support/manual-clock.ts'

const setUp = (): {
  clock: ReturnType<typeof createManualClock>
  reasons: EngineError[]
  watch: ReturnType<typeof createLagWatch>
  eventOfAge: (ms: number) => void
} => {
  const clock = createManualClock()
  const reasons: EngineError[] = []
  const watch = createLagWatch(clock, 4000, (reason) => reasons.push(reason))
  const eventOfAge = (ms: number): void => {
    watch.onEvent(String((clock.now() - ms) * 1000))
  }
  return { clock, reasons, watch, eventOfAge }
}

suite('esl/lag-watch', () => {
  test('an event loop that runs is no lag, however long', () => {
    const { clock, reasons } = setUp()
    for (let i = 0; i < 100; i++) clock.advance(1000)
    clock.stall(3000)
    assert.deepEqual(reasons, [])
  })

  test('an event loop that stood still for longer is a lag, once', () => {
    const { clock, reasons } = setUp()
    clock.advance(1000)
    clock.stall(6000)
    clock.stall(6000)
    assert.deepEqual(
      reasons.map(({ code, details }) => [code, details['lagMs']]),
      [['ESL_LAGGING', 5500]],
    )
    assert.equal(clock.waiting(), 0)
  })

  test('events that grow older on their way are a lag; two clocks that differ are none', () => {
    const { clock, reasons, eventOfAge } = setUp()
    for (const age of [-90_000, -89_000, -87_000, -90_000]) eventOfAge(age)
    clock.advance(1000)
    assert.deepEqual(reasons, [])
    eventOfAge(-85_000)
    assert.deepEqual(
      reasons.map(({ code }) => code),
      ['ESL_LAGGING'],
    )
  })

  test('two clocks that drift apart slowly are no lag', () => {
    const { clock, reasons, eventOfAge } = setUp()
    for (let hour = 0; hour < 1000; hour++) {
      eventOfAge(hour * 20)
      clock.advance(3_600_000)
    }
    assert.deepEqual(reasons, [])
  })

  test('an event without a timestamp says nothing, and nothing follows a stop', () => {
    const { clock, reasons, watch, eventOfAge } = setUp()
    for (const odd of [undefined, '', 'x', '0', '-5']) watch.onEvent(odd)
    eventOfAge(0)
    watch.stop()
    eventOfAge(99_000)
    clock.stall(99_000)
    assert.deepEqual(reasons, [])
  })
})
