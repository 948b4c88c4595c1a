/** Numbers that are forgotten on request: begun and ended in the audit, whatever happens between. */
import type { Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { CdrErasureDoors } from '../http/cdr-doors.ts'
import { eraseNumber, type ErasureOrder } from '../store/cdr-erasure.ts'
import { beginErasure, listErasures, noteErasure } from '../store/cdr-erasure-rows.ts'
import type { Database } from '../store/database.ts'
import { e164, name } from '../store/input.ts'

export type CdrErasureOptions = {
  readonly database: Database
  readonly masterKeys: readonly [Buffer, ...Buffer[]]
  readonly clock: Clock
  readonly logger: Logger
}

export const createCdrErasures = ({
  database,
  masterKeys,
  clock,
  logger,
}: CdrErasureOptions): CdrErasureDoors => ({
  erase: async ({ number: asked, reason: text, mode, recordings, dryRun, organizationId, actor }) => {
    const number = e164('number', asked)
    const reason = name('reason', text, 1_000)
    const about = { organizationId, mode, reason, ...actor }
    const order: ErasureOrder = {
      number,
      mode,
      recordings,
      dryRun,
      organizationId,
      actor,
      before: clock.now(),
    }
    if (dryRun) {
      const counts = await eraseNumber(database, order, () => Promise.resolve())
      return { id: undefined, ...about, begunAt: order.before, finishedAt: undefined, counts }
    }
    const { id, begunAt } = await beginErasure(database, masterKeys[0], { ...about, number })
    try {
      const counts = await eraseNumber(database, order, (so) => noteErasure(database, id, so, false))
      await noteErasure(database, id, counts, true)
      logger.info({ erasure: id, organizationId, counts }, 'a number was erased from call records')
      return { id, ...about, begunAt, finishedAt: clock.now(), counts }
    } catch (fault) {
      logger.warn(
        { err: asError(fault), erasure: id },
        'an erasure did not come to its end; ask for it again',
      )
      throw fault
    }
  },
  list: ({ organizationId, number }) =>
    listErasures(database, {
      organizationId,
      number: number === undefined ? undefined : e164('number', number),
      masterKeys,
    }),
})
