/**
 * Corrections of records, from the transaction that made them until they were told. What a leg's estimate was wrong
 * about stands here, and nothing that says who called whom.
 */
import type { Cdr } from '../cdr/cdr.ts'
import { asCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { formatMoney } from '../telephony/money.ts'
import type { CdrCompanion, ReplacedCdr } from './cdr-companion.ts'
import type { Queryable } from './database.ts'

export type Correction = {
  readonly legUuid: CallUuid
  readonly callId: CallUuid
  readonly organizationId: number | undefined
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly before: CorrectedFigures
  readonly after: CorrectedFigures
}

/** Money as a decimal; null where nothing is charged. */
export type CorrectedFigures = {
  readonly durationSeconds: number
  readonly billableSeconds: number
  readonly cost: string | null
}

/** Writes down, with the records that took the place of estimates, that it is to be told. */
export const noteCorrections: CdrCompanion = async (on, stored) => {
  const corrected = stored.filter(({ replaced }) => replaced === 'estimated')
  if (corrected.length === 0) return
  await on.query(
    `INSERT INTO cdr_corrections (leg_uuid, call_id, organization_id, detail)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::jsonb[]) ON CONFLICT (leg_uuid) DO NOTHING`,
    [
      corrected.map(({ cdr }) => cdr.legUuid),
      corrected.map(({ cdr }) => cdr.callId),
      corrected.map(({ cdr }) => cdr.organizationId ?? null),
      corrected.map(({ cdr, before }) =>
        JSON.stringify({ before: figuresOf(before ?? cdr), after: figuresOf(cdr) }),
      ),
    ],
  )
}

const figuresOf = ({ durationSeconds, billableSeconds, cost }: Cdr | ReplacedCdr): CorrectedFigures => ({
  durationSeconds,
  billableSeconds,
  cost: cost === undefined ? null : formatMoney(cost),
})

/** The oldest that nobody has told. */
export const readUntold = async (on: Queryable, limit: number): Promise<readonly Correction[]> => {
  const rows = await on.query<CorrectionRow>(
    `SELECT leg_uuid, call_id, organization_id, corrected_at, detail FROM cdr_corrections
     WHERE told_at IS NULL ORDER BY corrected_at, leg_uuid LIMIT $1`,
    [limit],
  )
  return rows.map((row) => ({
    legUuid: asCallUuid(row.leg_uuid),
    callId: asCallUuid(row.call_id),
    organizationId: row.organization_id ?? undefined,
    at: row.corrected_at,
    ...row.detail,
  }))
}

/** False: another engine has told it meanwhile. */
export const markTold = async (on: Queryable, legUuid: CallUuid): Promise<boolean> => {
  const rows = await on.query(
    'UPDATE cdr_corrections SET told_at = now() WHERE leg_uuid = $1 AND told_at IS NULL RETURNING leg_uuid',
    [legUuid],
  )
  return rows.length > 0
}

/** Of these legs, those that have a record, an estimate too. */
export const readStoredLegs = async (
  on: Queryable,
  legUuids: readonly CallUuid[],
): Promise<ReadonlySet<CallUuid>> => {
  const rows = await on.query<{ leg_uuid: string }>(
    'SELECT leg_uuid FROM cdr_legs WHERE leg_uuid = ANY($1::uuid[])',
    [legUuids],
  )
  return new Set(rows.map((row) => asCallUuid(row.leg_uuid)))
}

/** Told ones that are older than the moment; how many. */
export const forgetToldCorrections = async (on: Queryable, before: number): Promise<number> => {
  const rows = await on.query('DELETE FROM cdr_corrections WHERE told_at < $1 RETURNING leg_uuid', [
    new Date(before).toISOString(),
  ])
  return rows.length
}

type CorrectionRow = {
  readonly leg_uuid: string
  readonly call_id: string
  readonly organization_id: number | null
  readonly corrected_at: number
  readonly detail: { readonly before: CorrectedFigures; readonly after: CorrectedFigures }
}
