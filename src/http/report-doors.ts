/** What the routes of reports need, as shapes. */
import type { HourlyRow, ReportQuery, ReportRow } from '../store/report-reads.ts'

export type ReportDoors = {
  readonly read: (query: ReportQuery) => Promise<readonly ReportRow[]>
  readonly hours: (
    query: Pick<ReportQuery, 'since' | 'until' | 'organizationId'>,
  ) => Promise<readonly HourlyRow[]>
  /** Undefined: there is no such organisation. */
  readonly timeZoneOf: (organizationId: number) => Promise<string | undefined>
  /** Records and quarters that are not counted yet. */
  readonly due: () => Promise<number>
}
