/** What is done by the clock on the wall. */
import { schedule, type ScheduledTask } from 'node-cron'
import type { Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { RegistrationGuard } from '../engine/registration-guard.ts'
import { createCdrPartitions } from '../store/cdr-writes.ts'
import type { Queryable } from '../store/database.ts'
import { forgetOldKeys } from '../store/idempotency.ts'

export type HousekeepingOptions = {
  readonly database: Queryable
  readonly guard: Pick<RegistrationGuard, 'refresh'>
  /** What was delivered long ago is forgotten. */
  readonly cleanOutbox: () => Promise<void>
  readonly cleanTargets: () => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
}

export const scheduleHousekeeping = ({
  database,
  guard,
  cleanOutbox,
  cleanTargets,
  clock,
  logger,
}: HousekeepingOptions): Part => {
  const tasks: ScheduledTask[] = []
  const at = (expression: string, what: string, act: () => Promise<unknown>): void => {
    tasks.push(
      schedule(expression, async () => {
        try {
          await act()
        } catch (fault) {
          logger.warn({ err: asError(fault) }, `${what} failed; done again at the next time`)
        }
      }),
    )
  }
  return {
    name: 'housekeeping',
    start: () => {
      // Months ahead: one missed night, or a hundred, lose nothing.
      at('17 3 * * *', 'making the next partitions of the call records', () =>
        createCdrPartitions(database, clock.now()),
      )
      at('41 4 * * *', 'forgetting old idempotency keys', () => forgetOldKeys(database))
      at('29 * * * *', 'forgetting old deliveries', cleanOutbox)
      at('37 * * * *', 'forgetting what old calls made at targets', cleanTargets)
      // Bans that another engine made reach our directory answers.
      at('*/10 * * * * *', 'reading the bans', guard.refresh)
    },
    stop: async () => {
      for (const task of tasks) await task.stop()
    },
  }
}
