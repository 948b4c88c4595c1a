/**
 * What has to be counted again. A mark is written in the transaction of the record that it is about: if the record is
 * there, so is the mark, and a mark that is taken sees its record. It names the call, not the quarter: of two legs of one
 * call, committed by two engines, whichever is seen last finds the other and leads to the quarter of the call.
 *
 * Whoever changes a stored record by other ways than CDRs (a later rating) marks it by markForReports, in his own
 * transaction. What only removes a record marks nothing: reports outlive their records.
 */
import type { Cdr } from '../cdr/cdr.ts'
import type { CdrCompanion, StoredCdrChange } from './cdr-companion.ts'
import type { Queryable } from './database.ts'

export type ReportMark = Pick<Cdr, 'callId' | 'organizationId' | 'startTime'>

export const markForReports = async (on: Queryable, changed: readonly ReportMark[]): Promise<void> => {
  const marks = withoutRepeats(changed)
  if (marks.length === 0) return
  await on.query(
    `INSERT INTO report_marks (call_id, organization_id, start_time)
     SELECT * FROM unnest($1::uuid[], $2::integer[], $3::timestamptz[])`,
    [
      marks.map(({ callId }) => callId),
      marks.map(({ organizationId }) => organizationId ?? null),
      marks.map(({ startTime }) => new Date(startTime).toISOString()),
    ],
  )
}

/** A record that takes an estimate's place may begin in another quarter: both are counted again. */
export const reportMarks: CdrCompanion = (on, stored) =>
  markForReports(
    on,
    stored.flatMap(({ cdr, before }) => [cdr, ...stoodBefore(cdr, before)]),
  )

const stoodBefore = (cdr: Cdr, before: StoredCdrChange['before']): readonly ReportMark[] => {
  const startTime: unknown = before === undefined || !('startTime' in before) ? undefined : before.startTime
  return typeof startTime === 'number'
    ? [{ callId: cdr.callId, organizationId: cdr.organizationId, startTime }]
    : []
}

const QUARTER_MS = 900_000

/** One a call and quarter: most calls end with all their legs in one batch. */
const withoutRepeats = (changed: readonly ReportMark[]): readonly ReportMark[] => {
  const seen = new Map<string, ReportMark>()
  for (const one of changed)
    seen.set(`${one.callId} ${one.organizationId ?? 0} ${Math.floor(one.startTime / QUARTER_MS)}`, one)
  return [...seen.values()]
}
