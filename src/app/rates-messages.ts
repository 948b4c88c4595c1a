/**
 * What the engine and its worker for rates say to each other. A task is a number; whatever belongs to it carries that
 * number. Bytes flow both ways with a window: who sends waits when so many are not acknowledged.
 */
import type { RateIndexParts } from '../routing/rate-parts.ts'
import type { DeckImport, DeckImportOutcome } from '../store/rate-deck-import.ts'
import type { RatesReport } from '../store/rates-load.ts'

export type RatesWorkerSettings = {
  readonly databaseUrl: string
}

export type ToWorker =
  | { readonly kind: 'load'; readonly task: number }
  | { readonly kind: 'import'; readonly task: number; readonly request: DeckImport }
  | { readonly kind: 'export'; readonly task: number; readonly deckId: number }
  /** Of an import: the next bytes of the file, or its end. */
  | { readonly kind: 'bytes'; readonly task: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly task: number }
  /** Of an export: so many were taken. */
  | { readonly kind: 'taken'; readonly task: number; readonly count: number }
  /** Nobody wants it any more. */
  | { readonly kind: 'give-up'; readonly task: number; readonly why: string }

export type FromWorker =
  /** Answers `load`. Without rates: nothing has changed. */
  | { readonly kind: 'loaded'; readonly task: number; readonly rates: WorkerRates | undefined }
  | { readonly kind: 'imported'; readonly task: number; readonly outcome: DeckImportOutcome }
  | { readonly kind: 'bytes'; readonly task: number; readonly bytes: Uint8Array }
  | { readonly kind: 'end'; readonly task: number }
  | { readonly kind: 'taken'; readonly task: number; readonly count: number }
  | { readonly kind: 'failed'; readonly task: number; readonly fault: CarriedFault }
  /** Something that no task waits for went wrong. */
  | { readonly kind: 'note'; readonly message: string; readonly why: string }

export type WorkerRates = { readonly parts: RateIndexParts; readonly report: RatesReport }

/** An EngineError without its class: threads share none. */
export type CarriedFault = {
  readonly code: string | undefined
  readonly message: string
  readonly details: Readonly<Record<string, unknown>>
}

/** So many bytes of a file may be under way to whoever reads them. */
export const WINDOW_BYTES = 4 * 1024 * 1024
