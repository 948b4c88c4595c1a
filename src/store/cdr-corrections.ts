/**
 * The place of a record that the engine had estimated, when the switch's own comes: the old row and its attempts go, the
 * new row keeps the id and the moment under which readers know it. It runs only for legs whose claim said so, in the
 * transaction that writes them.
 */
import type { Cdr, Disposition } from '../cdr/cdr.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { parseMoney } from '../telephony/money.ts'
import type { ReplacedCdr } from './cdr-companion.ts'
import type { Queryable } from './database.ts'

/** What stood at a leg, and how readers knew it. */
export type TakenEstimate = ReplacedCdr & { readonly id: number; readonly storedAt: number }

/** Takes the rows and attempts of these legs away and says what they were. A leg without a row is not in the answer. */
export const takeEstimates = async (
  on: Queryable,
  cdrs: readonly Pick<Cdr, 'legUuid'>[],
): Promise<ReadonlyMap<CallUuid, TakenEstimate>> => {
  const legs = cdrs.map(({ legUuid }) => legUuid)
  const rows = await on.query<EstimateRow>(
    `DELETE FROM call_detail_records WHERE leg_uuid = ANY($1::uuid[])
     RETURNING leg_uuid, id, created_at, organization_id, start_time, end_time, duration_seconds, billable_seconds,
       charged_seconds, total_cost, disposition`,
    [legs],
  )
  await on.query('DELETE FROM call_attempts WHERE a_leg_uuid = ANY($1::uuid[])', [legs])
  return new Map(rows.map((row) => [row.leg_uuid, toTaken(row)]))
}

/** The rows that were written in the place of estimates keep what readers know them by. */
export const keepIdentity = async (
  on: Queryable,
  taken: ReadonlyMap<CallUuid, TakenEstimate>,
): Promise<void> => {
  await on.query(
    `UPDATE call_detail_records AS written SET id = given.id, created_at = given.created_at, corrected_at = now()
     FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[]) AS given (leg_uuid, id, created_at)
     WHERE written.leg_uuid = given.leg_uuid`,
    [
      [...taken.keys()],
      [...taken.values()].map(({ id }) => id),
      [...taken.values()].map(({ storedAt }) => new Date(storedAt).toISOString()),
    ],
  )
}

type EstimateRow = {
  readonly leg_uuid: CallUuid
  readonly id: number
  readonly created_at: number
  readonly organization_id: number | null
  readonly start_time: number
  readonly end_time: number
  readonly duration_seconds: number
  readonly billable_seconds: number
  readonly charged_seconds: number | null
  readonly total_cost: string | null
  readonly disposition: Disposition
}

const toTaken = (row: EstimateRow): TakenEstimate => ({
  id: row.id,
  storedAt: row.created_at,
  organizationId: row.organization_id ?? undefined,
  startTime: row.start_time,
  endTime: row.end_time,
  durationSeconds: row.duration_seconds,
  billableSeconds: row.billable_seconds,
  chargedSeconds: row.charged_seconds ?? undefined,
  cost: row.total_cost === null ? undefined : parseMoney(row.total_cost),
  disposition: row.disposition,
})
