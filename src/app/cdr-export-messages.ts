/** What the engine and the thread that writes an export say to each other. */
import type { CdrQuery } from '../cdr/query.ts'
import type { ExportFormat } from '../http/cdr-doors.ts'
import type { CarriedFault } from './rates-messages.ts'

export type ExportSettings = {
  readonly databaseUrl: string
  readonly query: CdrQuery
  readonly format: ExportFormat
}

export type FromExport =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly fault: CarriedFault }

/** So many bytes were taken. */
export type ToExport = { readonly taken: number }
