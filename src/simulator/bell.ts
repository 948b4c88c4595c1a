import type { Clock } from '../base/clock.ts'

/** Something changed: whoever waits looks again. What a condition variable is to threads. */
export class Bell {
  readonly #listeners = new Set<() => void>()

  ring(): void {
    for (const listener of [...this.#listeners]) listener()
  }

  listen(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }
}

/** Waits until `test` holds, looking at each ring of one of the bells, at most `timeoutMs`. */
export const until = (
  clock: Clock,
  bells: readonly Bell[],
  test: () => boolean,
  timeoutMs?: number,
): Promise<'met' | 'time'> =>
  new Promise((resolve) => {
    if (test()) {
      resolve('met')
      return
    }
    const finish = (outcome: 'met' | 'time'): void => {
      for (const stop of stops) stop()
      resolve(outcome)
    }
    const stops = bells.map((bell) =>
      bell.listen(() => {
        if (test()) finish('met')
      }),
    )
    if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) {
      stops.push(
        clock.after(Math.max(0, timeoutMs), () => {
          finish(test() ? 'met' : 'time')
        }),
      )
    }
  })
