/** Calls of the past that went to carriers, for a replay: in the order in which they began, a page at a time. */
import { isE164, type E164 } from '../telephony/e164.ts'
import type { Queryable } from './database.ts'
import { id, moment } from './input.ts'

export type ReplayFilter = {
  /** Milliseconds since the epoch; calls that began then or later ... */
  readonly since: number
  /** ... and before this. */
  readonly until: number
  readonly organizationId: number | undefined
}

export type PastCall = {
  readonly organizationId: number
  readonly destination: E164
  readonly callerNumber: E164 | undefined
  readonly profileId: number | undefined
  /** Of the leg that the carrier brought; 0: nobody answered. */
  readonly billableSeconds: number
}

/** Throws STORE_BAD_INPUT and STORE_UNAVAILABLE. */
export async function* pastCalls(
  on: Queryable,
  filter: ReplayFilter,
  pageSize = PAGE_SIZE,
): AsyncGenerator<readonly PastCall[], void, undefined> {
  const since = moment('since', filter.since)
  const until = moment('until', filter.until)
  const organizationId =
    filter.organizationId === undefined ? null : id('organizationId', filter.organizationId)
  let after: readonly [time: string, legUuid: string] = [since, NOBODY]
  for (;;) {
    const rows = await on.query<Row>(PAGE, [after[0], after[1], until, organizationId, pageSize])
    const last = rows.at(-1)
    if (last === undefined) return
    yield rows.flatMap(toCall)
    if (rows.length < pageSize) return
    after = [last.start_text, last.leg_uuid]
  }
}

/** More rows at once would hold up the event loop while they are parsed. */
const PAGE_SIZE = 200

const NOBODY = '00000000-0000-0000-0000-000000000000'

type Row = {
  readonly leg_uuid: string
  /** As text: a moment of PostgreSQL has microseconds. */
  readonly start_text: string
  readonly organization_id: number
  readonly caller_number: string | null
  readonly callee_number: string
  readonly lcr_profile_id: number | null
  readonly billable_seconds: number
}

/**
 * A phone that was rung first answers before the carrier does: what a carrier charges for is its own leg. A call of
 * which no such leg is stored is taken by the caller's.
 */
const PAGE = `
  SELECT a.leg_uuid, a.start_time::text AS start_text, a.organization_id, a.caller_number, a.callee_number,
    a.lcr_profile_id,
    CASE WHEN a.billable_seconds = 0 THEN 0 ELSE coalesce(carried.seconds, a.billable_seconds) END AS billable_seconds
  FROM (
    SELECT * FROM call_detail_records
    WHERE leg = 'A' AND direction = 'outbound' AND organization_id IS NOT NULL AND callee_number LIKE '+%'
      AND start_time >= $1::timestamptz AND (start_time, leg_uuid) > ($1::timestamptz, $2::uuid)
      AND start_time < $3::timestamptz AND ($4::integer IS NULL OR organization_id = $4)
    ORDER BY start_time, leg_uuid LIMIT $5
  ) AS a
  LEFT JOIN LATERAL (
    SELECT max(b.billable_seconds) AS seconds FROM call_detail_records AS b
    WHERE a.billable_seconds > 0 AND b.call_id = a.call_id AND b.leg = 'B' AND b.carrier_id IS NOT NULL
      AND b.start_time >= a.start_time AND b.start_time < a.start_time + interval '1 day'
  ) AS carried ON true
  ORDER BY a.start_time, a.leg_uuid`

const toCall = (row: Row): readonly PastCall[] => {
  const { callee_number: destination, caller_number: callerNumber } = row
  // Written as it was dialled where it could not be read.
  if (!isE164(destination)) return []
  return [
    {
      organizationId: row.organization_id,
      destination,
      callerNumber: callerNumber !== null && isE164(callerNumber) ? callerNumber : undefined,
      profileId: row.lcr_profile_id ?? undefined,
      billableSeconds: row.billable_seconds,
    },
  ]
}
