/** What the routes of call records need, as shapes. */
import type { CdrQuery } from '../cdr/query.ts'
import type { ErasureMode } from '../cdr/forget.ts'
import type { CdrErasure } from '../store/cdr-erasure-rows.ts'

/** What is looked for; `legs`: every leg, otherwise A legs with their attempts. */
export type CdrFilter = Omit<CdrQuery, 'includeLegs'> & {
  readonly legs: boolean
  /** 1 to 1000. */
  readonly limit: number
  /** `next` of the page before. */
  readonly cursor: string | undefined
}

export const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet'] as const
export type ExportFormat = (typeof EXPORT_FORMATS)[number]

export type CdrExportRequest = {
  readonly format: ExportFormat
  readonly query: CdrQuery
}

export type CdrExportDoors = {
  /**
   * The file in pieces, oldest call first. Resolves when the first piece is there: until then a fault can still be
   * answered. Whoever stops reading ends it. Rejects STORE_BAD_INPUT, STORE_UNAVAILABLE, CDR_EXPORTS_BUSY.
   */
  readonly export: (request: CdrExportRequest) => Promise<AsyncIterableIterator<Uint8Array, void, undefined>>
}

export type ErasureRequest = {
  /** In E.164 form. */
  readonly number: string
  readonly mode: ErasureMode
  readonly reason: string
  /** Recordings of its calls are deleted, too. */
  readonly recordings: boolean
  /** Counts and changes nothing. */
  readonly dryRun: boolean
  /** Undefined: of every organisation. */
  readonly organizationId: number | undefined
  readonly actor: { readonly who: string; readonly address: string | undefined }
}

export type CdrErasureDoors = {
  /** Rejects STORE_BAD_INPUT and STORE_UNAVAILABLE; what was erased until then stays erased. */
  readonly erase: (request: ErasureRequest) => Promise<CdrErasure>
  /** Newest first, 100 at the most; with a number those of it. */
  readonly list: (filter: {
    readonly organizationId: number | undefined
    readonly number: string | undefined
  }) => Promise<readonly CdrErasure[]>
}
