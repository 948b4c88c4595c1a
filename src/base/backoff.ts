/** Delays between tries: exponential, capped, with full jitter so that many engines do not return at once. */
export type Backoff = {
  /** The delay in milliseconds before the next try. */
  readonly next: () => number
  /** Call after a success: the next failure starts from the beginning. */
  readonly reset: () => void
}

export type BackoffOptions = {
  readonly firstMs: number
  readonly maxMs: number
  /** 0 <= random() < 1; injected for tests. */
  readonly random?: () => number
}

export const createBackoff = ({ firstMs, maxMs, random = Math.random }: BackoffOptions): Backoff => {
  let failures = 0
  return {
    next: () => {
      const ceiling = Math.min(maxMs, firstMs * 2 ** failures)
      failures = Math.min(failures + 1, 30)
      // Half fixed, half random: never a hot loop, never in step with the others.
      return Math.round(ceiling / 2 + random() * (ceiling / 2))
    },
    reset: () => {
      failures = 0
    },
  }
}
