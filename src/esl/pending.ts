import type { Clock } from '../base/clock.ts'
import { EngineError } from '../base/errors.ts'

/**
 * Owns promises that an event settles later, by key (Job-UUID, or the event-uuid of an execute). One Map look-up
 * however many wait. Each is settled exactly once: by its event, a refusal, its time limit or the close.
 */
export type Pending<Value> = {
  /** Register before sending: the event may overtake the reply. `what` goes into the time-out's message. */
  readonly add: (key: string, timeoutMs: number | undefined, what: string) => Promise<Value>
  /** False when nothing waits under this key. */
  readonly settle: (key: string, outcome: Value | EngineError) => boolean
  readonly failAll: (fault: EngineError) => void
  readonly size: () => number
}

export const createPending = <Value>(clock: Clock): Pending<Value> => {
  type Waiting = { readonly settle: (outcome: Value | EngineError) => void; readonly cancel: () => void }
  const waiting = new Map<string, Waiting>()

  const settle = (key: string, outcome: Value | EngineError): boolean => {
    const found = waiting.get(key)
    if (found === undefined) return false
    waiting.delete(key)
    found.cancel()
    found.settle(outcome)
    return true
  }

  return {
    add: (key, timeoutMs, what) =>
      new Promise((resolve, reject) => {
        if (waiting.has(key)) {
          reject(
            new EngineError('ESL_DUPLICATE_KEY', `${what}: something waits under this uuid already`, { key }),
          )
          return
        }
        waiting.set(key, {
          settle: (outcome) => {
            if (outcome instanceof EngineError) reject(outcome)
            else resolve(outcome)
          },
          cancel:
            timeoutMs === undefined
              ? () => undefined
              : clock.after(timeoutMs, () => {
                  settle(
                    key,
                    new EngineError('ESL_TIMEOUT', `${what}: no result in time`, { key, timeoutMs }),
                  )
                }),
        })
      }),
    settle,
    failAll: (fault) => {
      for (const key of [...waiting.keys()]) settle(key, fault)
    },
    size: () => waiting.size,
  }
}
