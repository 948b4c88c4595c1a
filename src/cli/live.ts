/** Follows /v1/live, across breaks of the connection: nothing that the engine still keeps is missed. */
import { setTimeout as delay } from 'node:timers/promises'
import { isAbort, type Engine } from './engine.ts'
import { createEventReader } from './event-stream.ts'
import { CliFault, EXIT } from './fault.ts'
import { objectOf, type Json } from './json.ts'

const RETRY_MS = 1000
/** Connections in a row that brought no event. */
const MAX_RETRIES = 10

export type Following = {
  readonly callId: string | undefined
  /** `0`: with everything that the engine keeps; undefined: from now on. */
  readonly after: string | undefined
  readonly signal: AbortSignal
  readonly onEvent: (event: Json) => void
  /** The connection broke and is up again. */
  readonly onResumed: () => Promise<void>
}

/** Resolves when `signal` aborts. Throws UNREACHABLE where the engine stays away. */
export const followLive = async (
  engine: Engine,
  { callId, after, signal, onEvent, onResumed }: Following,
): Promise<void> => {
  let lastId = after
  for (let tries = 0, first = true; ; first = false) {
    try {
      const pieces = await engine.stream('/v1/live', { callId }, lastId, signal)
      if (!first) await onResumed()
      const reader = createEventReader()
      for await (const piece of pieces) {
        for (const { id, name, data } of reader.push(piece)) {
          tries = 0
          lastId = id ?? lastId
          // What was missed is gone: the calls are read anew.
          if (name === 'reset') await onResumed()
          if (name === undefined) onEvent(objectOf(JSON.parse(data)))
        }
      }
    } catch (fault) {
      if (signal.aborted) return
      if (first || (fault instanceof CliFault && fault.exitCode !== EXIT.unreachable)) throw fault
      if (tries >= MAX_RETRIES)
        throw new CliFault(EXIT.unreachable, 'UNREACHABLE', `the engine at ${engine.url} went away`, fault)
    }
    tries += 1
    await pause(signal)
    if (signal.aborted) return
  }
}

const pause = async (signal: AbortSignal): Promise<void> => {
  try {
    await delay(RETRY_MS, undefined, { signal })
  } catch (fault) {
    if (!isAbort(fault)) throw fault
  }
}
