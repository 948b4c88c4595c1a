import type { Cancel, Clock } from '../base/clock.ts'
import { EngineError } from '../base/errors.ts'

/**
 * Owns the question whether we keep up with the switch. A reader that stalls until 100,000 events wait for it
 * freezes the event socket of every client (FreeSWITCH kills the listener while it holds the lock that all
 * need), and what was dropped before that was dropped silently. So a connection that lags is better closed.
 *
 * Two signs: our own event loop stood still (a timer came late), or events grow older on their way: the
 * difference between their timestamp and our clock rises above its smallest recent value. Clocks of two hosts
 * differ, so only the rise counts.
 */
export type LagWatch = {
  /** Of some events, as they are read: Event-Date-Timestamp (microseconds since the epoch). */
  readonly onEvent: (timestampUs: string | undefined) => void
  readonly stop: Cancel
}

export const createLagWatch = (
  clock: Clock,
  maxLagMs: number,
  onLagging: (reason: EngineError) => void,
): LagWatch => {
  const tickMs = Math.max(10, Math.min(500, maxLagMs / 4))
  let stopped = false
  let cancel: Cancel = () => undefined
  // The smallest age in this window and in the one before it: a slow drift between two clocks is forgotten.
  let windowEndsAt = clock.monotonic() + WINDOW_MS
  let smallest = Number.POSITIVE_INFINITY
  let smallestBefore = Number.POSITIVE_INFINITY

  const lagging = (sign: string, lagMs: number): void => {
    if (stopped) return
    stop()
    onLagging(
      new EngineError('ESL_LAGGING', `the event socket is read too late: ${sign}`, {
        lagMs: Math.round(lagMs),
        maxLagMs,
      }),
    )
  }
  const stop = (): void => {
    stopped = true
    cancel()
  }
  const arm = (): void => {
    const due = clock.monotonic() + tickMs
    cancel = clock.after(tickMs, () => {
      if (stopped) return
      const late = clock.monotonic() - due
      if (late > maxLagMs) lagging('the event loop stood still', late)
      else arm()
    })
  }
  arm()

  return {
    onEvent: (timestampUs) => {
      const timestamp = Number(timestampUs)
      if (stopped || !(timestamp > 0)) return
      const age = clock.now() - timestamp / 1000
      const now = clock.monotonic()
      if (now >= windowEndsAt) {
        windowEndsAt = now + WINDOW_MS
        smallestBefore = smallest
        smallest = age
      }
      smallest = Math.min(smallest, age)
      const lag = age - Math.min(smallest, smallestBefore)
      if (lag > maxLagMs) lagging('events arrive late', lag)
    },
    stop,
  }
}

const WINDOW_MS = 300_000
