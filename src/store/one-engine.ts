/** Work that one engine of several does at a time. */
import type { Database } from './database.ts'

/**
 * Runs `work` unless another engine is at it; undefined then. An advisory lock of a transaction, so that an engine that
 * dies lets go of it. The work is done on connections of its own: what it did stays when the lock is lost, and must
 * do no harm when it is done twice.
 */
export const asOnlyEngine = <Result>(
  database: Database,
  what: string,
  work: () => Promise<Result>,
): Promise<Result | undefined> =>
  database.transaction(async (transaction) => {
    const [row] = await transaction.query<{ readonly mine: boolean }>(
      'SELECT pg_try_advisory_xact_lock(hashtext($1)) AS mine',
      [`strowger ${what}`],
    )
    return row?.mine === true ? work() : undefined
  })
