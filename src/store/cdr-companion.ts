/**
 * What is written together with CDRs, in the same transaction: if the CDR is stored, so is this, once. A companion sees
 * only what was written; a copy of a CDR that is there already does not come by.
 */
import type { Cdr } from '../cdr/cdr.ts'
import type { Queryable } from './database.ts'

export type StoredCdrChange = {
  readonly cdr: Cdr
  /** `estimated`: the engine had written this leg from what it knew, and now the switch's own record stands there. */
  readonly replaced: 'nothing' | 'estimated'
  /** With `estimated`: what stood there until now. */
  readonly before?: ReplacedCdr | undefined
}

/** An estimate as it was told, listed and billed until the switch's own record came. */
export type ReplacedCdr = Pick<
  Cdr,
  | 'organizationId'
  | 'startTime'
  | 'endTime'
  | 'durationSeconds'
  | 'billableSeconds'
  | 'chargedSeconds'
  | 'cost'
  | 'disposition'
>

/** Its throw undoes the whole batch: it is for databases that are away, never for a value that it does not like. */
export type CdrCompanion = (on: Queryable, stored: readonly StoredCdrChange[]) => Promise<void>
