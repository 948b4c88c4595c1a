/**
 * What is written together with a leg that is rated again, in the same transaction: once for each leg whose figures
 * changed. Its throw undoes the batch, which is then tried again later: it is for databases that are away only.
 */
import type { Cdr } from '../cdr/cdr.ts'
import type { Queryable } from './database.ts'

/** The whole record, as it stood and as it stands. */
export type ReratedCdr = { readonly before: Cdr; readonly after: Cdr }

export type RerateCompanion = (on: Queryable, rerated: readonly ReratedCdr[]) => Promise<void>
