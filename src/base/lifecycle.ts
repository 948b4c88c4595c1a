import { asError, EngineError } from './errors.ts'

/** A part of the engine that is started in order and stopped in the opposite one. */
export type Part = {
  readonly name: string
  readonly start: () => Promise<void> | void
  readonly stop: () => Promise<void> | void
}

export type Lifecycle = {
  /** Starts what was added, in order; when one fails, those before it are stopped and the fault is thrown. */
  readonly add: (part: Part) => Promise<void>
  /** Stops everything, last first. Every part is tried; the faults are thrown together. */
  readonly stop: () => Promise<void>
}

export const createLifecycle = (): Lifecycle => {
  const started: Part[] = []
  const stop = async (): Promise<void> => {
    const faults: Error[] = []
    for (let part = started.pop(); part !== undefined; part = started.pop()) {
      try {
        await part.stop()
      } catch (fault) {
        faults.push(
          new EngineError('BASE_STOP_FAILED', `stopping ${part.name}: ${asError(fault).message}`, {}, fault),
        )
      }
    }
    if (faults.length > 0) throw new AggregateError(faults, faults.map((fault) => fault.message).join('; '))
  }
  return {
    add: async (part) => {
      try {
        await part.start()
        started.push(part)
      } catch (fault) {
        try {
          await stop()
        } catch (stopFault) {
          // Why it did not start comes first: that is what somebody has to mend.
          const faults = [asError(fault), asError(stopFault)]
          throw new AggregateError(faults, faults.map(({ message }) => message).join('; '), {
            cause: stopFault,
          })
        }
        throw fault
      }
    },
    stop,
  }
}
