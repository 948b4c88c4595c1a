/** Time as an argument. Pure files take `now`; files that act take a Clock, so that tests never sleep. */
export type Clock = {
  /** Milliseconds since the epoch; may jump with the system's clock. */
  readonly now: () => number
  /** Milliseconds that never go back; for measuring how long something took. */
  readonly monotonic: () => number
  /** Runs `act` once after `delayMs`; the result cancels it. Never keeps the process alive. */
  readonly after: (delayMs: number, act: () => void) => Cancel
}

export type Cancel = () => void

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs, act) => {
    const timer = setTimeout(act, delayMs)
    timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
}

/** Resolves after `delayMs` on `clock`, or at once when `signal` aborts. */
export const sleep = (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted === true) {
      resolve()
      return
    }
    const cancel = clock.after(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
    function done(): void {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
  })

/**
 * Runs `act` every `intervalMs` after the last run ended, until cancelled. `act` handles its faults: one that
 * it throws is an unhandled rejection, which ends the process.
 */
export const every = (clock: Clock, intervalMs: number, act: () => void | Promise<void>): Cancel => {
  let cancelled = false
  let cancel: Cancel = () => undefined
  const arm = (): void => {
    if (cancelled) return
    cancel = clock.after(intervalMs, () => {
      void (async () => act())().finally(arm)
    })
  }
  arm()
  return () => {
    cancelled = true
    cancel()
  }
}
