/**
 * A worker thread that lives for one replay: it reads the rates with a draft among them, posts them as an index and
 * ends. Not the worker for rates, which new rates wait for. The engine's side is app/draft-rates.ts.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { DraftRates, DraftRatesSettings } from './app/draft-rates.ts'
import { systemClock } from './base/clock.ts'
import { asError, EngineError } from './base/errors.ts'
import { connectForRates } from './store/rates-connection.ts'
import { loadRatesWithDraft } from './store/rates-draft.ts'
import { loadPastRates } from './store/rates-past.ts'

const settings = workerData as DraftRatesSettings

const load = async (): Promise<DraftRates> => {
  try {
    const on = await connectForRates({ url: settings.databaseUrl, purpose: 'replay rates' })
    try {
      return {
        parts:
          'past' in settings
            ? await loadPastRates(on, settings.past)
            : await loadRatesWithDraft(on, settings.deckId, systemClock.now()),
      }
    } finally {
      on.close()
    }
  } catch (fault) {
    return {
      fault:
        fault instanceof EngineError
          ? { code: fault.code, message: fault.message, details: fault.details }
          : { code: 'APP_RATES_LOST', message: asError(fault).message, details: {} },
    }
  }
}

const loaded = await load()
parentPort?.postMessage(loaded)
