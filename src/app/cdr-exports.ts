/** Exports of call records: each in a thread of its own, few at a time, over when whoever reads it goes away. */
import type { Worker } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { CdrExportDoors, CdrExportRequest } from '../http/cdr-doors.ts'
import { conditionsOf } from '../store/cdr-search.ts'
import type { ExportSettings, FromExport, ToExport } from './cdr-export-messages.ts'
import { startOwnWorker } from './own-worker.ts'
import { createInbox } from './rates-bytes.ts'

export type CdrExports = CdrExportDoors & { readonly stop: () => Promise<void> }

export type CdrExportOptions = {
  readonly databaseUrl: string
  readonly clock: Clock
  readonly logger: Logger
}

/** Each has a core and a connection of the database to itself. */
const MOST_AT_ONCE = 2
/** A row group of a Parquet file and what it is made of; more is a fault, and ends the thread alone. */
const MEMORY_MB = 768
/** Whoever takes nothing for so long went away without a word. */
const STILL_MS = 120_000

export const createCdrExports = ({ databaseUrl, clock, logger }: CdrExportOptions): CdrExports => {
  const running = new Set<Worker>()
  const exported = async ({ format, query }: CdrExportRequest): ReturnType<CdrExportDoors['export']> => {
    conditionsOf(query)
    if (running.size >= MOST_AT_ONCE)
      throw new EngineError(
        'CDR_EXPORTS_BUSY',
        `${MOST_AT_ONCE} exports are being written; try again when one has ended`,
      )
    // What begins from now on would have no end.
    const settings: ExportSettings = {
      databaseUrl,
      format,
      query: { ...query, until: query.until ?? clock.now() },
    }
    const worker = startOwnWorker('worker-cdr-export', {
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
    })
    running.add(worker)
    const inbox = createInbox((count) => {
      const message: ToExport = { taken: count }
      worker.postMessage(message)
    })
    worker.on('message', (message: FromExport) => {
      if (message.kind === 'bytes') inbox.put(message.bytes)
      else if (message.kind === 'end') inbox.end()
      else inbox.fail(faultOf(message.fault))
    })
    worker.on('error', (fault) => inbox.fail(asError(fault)))
    worker.once('exit', () => {
      running.delete(worker)
      inbox.fail(new EngineError('APP_EXPORT_LOST', 'the thread that wrote the export ended'))
    })
    const pieces = inbox.bytes()
    const over = async (): Promise<void> => {
      stalled()
      await worker.terminate()
    }
    let stalled = (): void => undefined
    const next = async (): Promise<IteratorResult<Uint8Array, void>> => {
      stalled()
      try {
        const piece = await pieces.next()
        if (piece.done === true) await over()
        else stalled = clock.after(STILL_MS, () => void over())
        return piece
      } catch (fault) {
        await over()
        logger.warn({ err: asError(fault), format }, 'an export of call records ended before its end')
        throw fault
      }
    }
    return resumed(await next(), next, over)
  }
  return {
    export: exported,
    stop: async () => {
      await Promise.all([...running].map((worker) => worker.terminate()))
    },
  }
}

/** No generator: one that was never read from would not hear that it is over. */
const resumed = (
  first: IteratorResult<Uint8Array, void>,
  next: () => Promise<IteratorResult<Uint8Array, void>>,
  over: () => Promise<void>,
): AsyncIterableIterator<Uint8Array, void, undefined> => {
  let waiting: IteratorResult<Uint8Array, void> | undefined = first
  const file: AsyncIterableIterator<Uint8Array, void, undefined> = {
    next: () => {
      const piece = waiting
      waiting = undefined
      return piece === undefined ? next() : Promise.resolve(piece)
    },
    return: async () => {
      await over()
      return { done: true, value: undefined }
    },
    [Symbol.asyncIterator]: () => file,
  }
  return file
}

const faultOf = ({ code, message, details }: Extract<FromExport, { kind: 'failed' }>['fault']): Error =>
  code === undefined ? new Error(message) : new EngineError(code, message, details)
