/** What may not be kept for ever, by the clock on the wall: recordings each hour, call records each night. One engine only. */
import { schedule, type ScheduledTask } from 'node-cron'
import type { Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import { retireCdrs, type Retired } from '../store/cdr-retention.ts'
import type { Database } from '../store/database.ts'
import { asOnlyEngine } from '../store/one-engine.ts'
import type { RecordingJobs } from './recording-jobs.ts'

export type RetentionOptions = {
  readonly database: Database
  readonly jobs: RecordingJobs
  /** Undefined: call records are kept for ever. */
  readonly cdrRetentionDays: number | undefined
  /** Months that are over are put aside for so long; undefined: nothing is put aside. */
  readonly cdrDetachedDays: number | undefined
  readonly clock: Clock
  readonly logger: Logger
}

const DAY_MS = 86_400_000
/** A leg's claim outlives its record by so much: a file that a switch left may turn up late. */
const CLAIM_DAYS = 180

export const scheduleRetention = (options: RetentionOptions): Part => {
  const tasks: ScheduledTask[] = []
  const at = (expression: string, what: string, act: () => Promise<unknown>): void => {
    let running = false
    tasks.push(
      schedule(expression, async () => {
        if (running) return
        running = true
        try {
          await act()
        } catch (fault) {
          options.logger.warn({ err: asError(fault) }, `${what} failed; done again at the next time`)
        } finally {
          running = false
        }
      }),
    )
  }
  return {
    name: 'retention',
    start: () => {
      at('23 * * * *', 'deleting the recordings that are due', options.jobs.run)
      at('41 2 * * *', 'deleting old call records', () => retireOldCdrs(options))
    },
    stop: async () => {
      for (const task of tasks) await task.stop()
    },
  }
}

/** Undefined: they are kept for ever, or another engine is at it. */
export const retireOldCdrs = async ({
  database,
  cdrRetentionDays,
  cdrDetachedDays,
  clock,
  logger,
}: Omit<RetentionOptions, 'jobs'>): Promise<Retired | undefined> => {
  if (cdrRetentionDays === undefined) return undefined
  const now = clock.now()
  const retired = await asOnlyEngine(database, 'call record retention', () =>
    retireCdrs(database, {
      before: now - cdrRetentionDays * DAY_MS,
      detachedBefore: cdrDetachedDays === undefined ? undefined : now - cdrDetachedDays * DAY_MS,
      claimsBefore: now - (cdrRetentionDays + (cdrDetachedDays ?? 0) + CLAIM_DAYS) * DAY_MS,
    }),
  )
  if (retired !== undefined && Object.values(retired).some((count) => count > 0))
    logger.info(retired, 'old call records are put aside or deleted')
  return retired
}
