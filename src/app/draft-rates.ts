/** The rates with a draft among them, read and built in a worker thread of its own, so that no call and no new rate waits. */
import { once } from 'node:events'
import type { Worker } from 'node:worker_threads'
import { EngineError } from '../base/errors.ts'
import { openRateIndex, type RateIndex } from '../routing/rate-lookup.ts'
import type { RateIndexParts } from '../routing/rate-parts.ts'
import type { PastRates } from '../store/rates-past.ts'
import { startOwnWorker } from './own-worker.ts'

/** `past`: the rates of calls of the past instead. */
export type DraftRatesSettings = { readonly databaseUrl: string } & (
  { readonly deckId: number } | { readonly past: PastRates }
)

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

/** Throws STORE_NOT_FOUND, STORE_UNAVAILABLE, and APP_RATES_LOST where the worker died or `signal` ended it. */
export const indexWithDraft = (
  databaseUrl: string,
  deckId: number,
  signal?: AbortSignal,
): Promise<RateIndex> => indexBy({ databaseUrl, deckId }, signal)

/** The rates that calls of the past went by, or would have. Throws the same. */
export const indexOfPast = (databaseUrl: string, past: PastRates, signal?: AbortSignal): Promise<RateIndex> =>
  indexBy({ databaseUrl, past }, signal)

const indexBy = async (workerData: DraftRatesSettings, signal?: AbortSignal): Promise<RateIndex> => {
  const worker = startOwnWorker('worker-draft-rates', { workerData })
  const end = (): void => void worker.terminate()
  signal?.addEventListener('abort', end, { once: true })
  try {
    // `once` rejects with what an `error` event says, should that come first.
    const [posted] = (await Promise.race([once(worker, 'message'), lostWith(worker)])) as [DraftRates]
    if ('parts' in posted) return openRateIndex(posted.parts)
    throw new EngineError(posted.fault.code, posted.fault.message, posted.fault.details)
  } finally {
    signal?.removeEventListener('abort', end)
    await worker.terminate()
  }
}

const lostWith = async (worker: Worker): Promise<never> => {
  await once(worker, 'exit')
  throw new EngineError('APP_RATES_LOST', 'the worker for a draft’s rates ended in the middle', {
    retryable: true,
  })
}
