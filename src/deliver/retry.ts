/** When a delivery that failed is tried again, and when an endpoint that fails is left alone. Pure. */

/** After the first failure, the second ...; then the last for ever. */
const DELAYS_SECONDS = [5, 15, 45, 120, 300, 600, 1_200, 2_400, 3_600] as const
/** Many that failed together do not come back together. */
const JITTER = 0.2
/** Later events of a call wait for one that fails for so long, and then go ahead of it. */
export const HOLD_BACK_MS = 600_000
/** The receiver's Retry-After is heeded up to here. */
const MAX_RETRY_AFTER_MS = 3_600_000

/** `failures` counts this one; `random` is 0 up to 1. */
export const retryDelayMs = (failures: number, random: number, retryAfterMs = 0): number => {
  const seconds = DELAYS_SECONDS[Math.min(failures, DELAYS_SECONDS.length) - 1] ?? DELAYS_SECONDS[0]
  const spread = seconds * 1_000 * (1 + JITTER * (2 * random - 1))
  return Math.round(Math.max(spread, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS)))
}

/** So many deliveries in a row, each another one, that failed: the endpoint is down, not one event of it. */
export const FAILURES_BEFORE_PAUSE = 5
const FIRST_PAUSE_MS = 15_000
const MAX_PAUSE_MS = 300_000

/** How long nothing is sent to an endpoint of which `failures` deliveries in a row failed; 0: go on. */
export const pauseMs = (failures: number, random: number): number => {
  if (failures < FAILURES_BEFORE_PAUSE) return 0
  const doubled = FIRST_PAUSE_MS * 2 ** Math.min(failures - FAILURES_BEFORE_PAUSE, 10)
  return Math.round(Math.min(doubled, MAX_PAUSE_MS) * (1 - JITTER * random))
}

/** Seconds, or a date (RFC 9110, 10.2.3), as milliseconds from now; 0 where it says nothing. */
export const retryAfterMs = (header: string | undefined, nowMs: number): number => {
  if (header === undefined) return 0
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000
  // Date.parse takes "-5" for a year.
  const at = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : NaN
  return Number.isFinite(at) ? Math.max(0, at - nowMs) : 0
}
