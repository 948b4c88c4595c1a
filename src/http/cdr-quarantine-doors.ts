/** Records that could not be taken in, as the HTTP floor needs them. */
export type QuarantinedCdr = {
  readonly id: string
  readonly why: string
  /** ISO 8601. */
  readonly refusedAt: string
  readonly arrivedAt: string
  readonly bytes: Buffer
}

export type CdrQuarantineDoors = {
  /** Newest first; `total` counts all. */
  readonly list: (
    limit: number,
  ) => Promise<{ readonly total: number; readonly records: readonly QuarantinedCdr[] }>
  readonly read: (id: string) => Promise<QuarantinedCdr | undefined>
  /**
   * Takes the record in again, or `mended` in its place. False: there is none. Throws CDR_UNREADABLE where it is no
   * record still, and SPOOL_* where it cannot be kept; it stays in quarantine then.
   */
  readonly retry: (id: string, mended: Buffer | undefined) => Promise<boolean>
  readonly remove: (id: string) => Promise<boolean>
}
