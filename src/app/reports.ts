/**
 * Reports, joined: the counting soon after records come, and what the API asks for. The counting gives way: after a run
 * it rests for ten times as long as the run took, so that a house under load spends a tenth of a connection on it.
 */
import { asError, codeOf } from '../base/errors.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { ReportDoors } from '../http/report-doors.ts'
import type { Database } from '../store/database.ts'
import { readHours, readReport, timeZoneOf } from '../store/report-reads.ts'
import { recountReports, reportsDue } from '../store/report-recount.ts'

export type ReportsOptions = {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
}

/** A report is so old at the most, while the house is quiet. */
const REST_MS = 5_000
const REST_FACTOR = 10
const LONGEST_REST_MS = 300_000

export const keepReports = ({ database, clock, logger }: ReportsOptions): Part => {
  let stopped = false
  let cancel: Cancel = () => undefined
  let running: Promise<void> = Promise.resolve()
  const run = async (): Promise<void> => {
    const began = clock.monotonic()
    try {
      const done = await recountReports(database, () => !stopped)
      if (done !== undefined && done.frozen > 0)
        logger.warn(
          { quarters: done.frozen },
          'records came for a time whose records are retired already: its reports stay as they were',
        )
    } catch (fault) {
      const line = { code: codeOf(fault), why: asError(fault).message }
      if (codeOf(fault) === 'STORE_UNAVAILABLE') logger.debug(line, 'reports wait for the database')
      else logger.warn(line, 'reports were not counted; counted again soon')
    }
    const tookMs = clock.monotonic() - began
    arm(Math.min(LONGEST_REST_MS, Math.max(REST_MS, REST_FACTOR * tookMs)))
  }
  const arm = (delayMs: number): void => {
    if (stopped) return
    cancel = clock.after(delayMs, () => {
      running = run()
    })
  }
  return {
    name: 'reports',
    start: () => arm(REST_MS),
    stop: async () => {
      stopped = true
      cancel()
      await running
    },
  }
}

export const createReportDoors = ({ database }: Pick<ReportsOptions, 'database'>): ReportDoors => ({
  read: (query) => readReport(database, query),
  hours: (query) => readHours(database, query),
  timeZoneOf: (organizationId) => timeZoneOf(database, organizationId),
  due: () => reportsDue(database),
})
