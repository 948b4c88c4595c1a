import type { Clock } from '../../src/base/clock.ts'

/** A clock that a test moves. Timers run in the order in which they are due, at the time at which they are due. */
export type ManualClock = Clock & {
  /** Moves on by `ms` and runs every timer that is due by then, those that they arm included. */
  readonly advance: (ms: number) => void
  /** Moves on by `ms` as a stalled event loop does: what was due meanwhile runs late, at the end. */
  readonly stall: (ms: number) => void
  /** The system's clock is set; nothing is due sooner or later for it. */
  readonly setNow: (now: number) => void
  /** Timers that wait. */
  readonly waiting: () => number
}

export const createManualClock = (startMs = 1_800_000_000_000): ManualClock => {
  type Timer = { readonly at: number; readonly order: number; readonly act: () => void }
  const timers = new Set<Timer>()
  let elapsed = 0
  let offset = startMs
  let order = 0

  const runUntil = (until: number, moves: boolean): void => {
    for (;;) {
      const [next] = [...timers]
        .filter(({ at }) => at <= until)
        .sort((a, b) => a.at - b.at || a.order - b.order)
      if (next === undefined) return
      timers.delete(next)
      if (moves) elapsed = Math.max(elapsed, next.at)
      next.act()
    }
  }

  return {
    now: () => offset + elapsed,
    monotonic: () => elapsed,
    after: (delayMs, act) => {
      const timer = { at: elapsed + delayMs, order: order++, act }
      timers.add(timer)
      return () => {
        timers.delete(timer)
      }
    },
    advance: (ms) => {
      const until = elapsed + ms
      runUntil(until, true)
      elapsed = until
    },
    stall: (ms) => {
      elapsed += ms
      runUntil(elapsed, false)
    },
    setNow: (now) => {
      offset = now - elapsed
    },
    waiting: () => timers.size,
  }
}
