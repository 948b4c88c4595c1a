/** The rates with a draft among them, read and built in a worker thread of its own, so that no call and no new rate waits. */
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { EngineError } from '../base/errors.ts'
import { openRateIndex, type RateIndex } from '../routing/rate-lookup.ts'
import type { RateIndexParts } from '../routing/rate-parts.ts'

export type DraftRatesSettings = { readonly databaseUrl: string; readonly deckId: number }

/** What the worker posts, once. */
export type DraftRates =
  | { readonly parts: RateIndexParts }
  | {
      /** An EngineError without its class: threads share none. */
      readonly fault: {
        readonly code: string
        readonly message: string
        readonly details: Readonly<Record<string, unknown>>
      }
    }

/** Throws STORE_NOT_FOUND, STORE_UNAVAILABLE, and APP_RATES_LOST where the worker died. */
export const indexWithDraft = async (databaseUrl: string, deckId: number): Promise<RateIndex> => {
  const worker = startWorker({ databaseUrl, deckId })
  try {
    // `once` rejects with what an `error` event says, should that come first.
    const [posted] = (await Promise.race([once(worker, 'message'), lostWith(worker)])) as [DraftRates]
    if ('parts' in posted) return openRateIndex(posted.parts)
    throw new EngineError(posted.fault.code, posted.fault.message, posted.fault.details)
  } finally {
    await worker.terminate()
  }
}

const lostWith = async (worker: Worker): Promise<never> => {
  await once(worker, 'exit')
  throw new EngineError('APP_RATES_LOST', 'the worker for a draft’s rates ended in the middle', { retryable: true })
}

/** One that is not built needs the loader, which Node 20 does not hand on to worker threads. */
const startWorker = (workerData: DraftRatesSettings): Worker => {
  const extension = extname(fileURLToPath(import.meta.url))
  const entry = new URL(`../worker-draft-rates${extension}`, import.meta.url)
  const options = { name: 'draft rates', workerData, execArgv: [] }
  if (extension !== '.ts') return new Worker(entry, options)
  const loader = import.meta.resolve('tsx/esm/api')
  const load = `import('${loader}').then(({ register }) => { register(); return import('${entry.href}') })`
  return new Worker(load, { ...options, eval: true })
}
