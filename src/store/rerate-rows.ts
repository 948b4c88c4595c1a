/**
 * Periods that are rated again: their rows, and the records that they go through, a batch at a time. A batch is one
 * transaction that holds the rerating's row: its cursor says what is done, so that one that was interrupted goes on
 * where it was, and several engines at once never do the same batch.
 */
import type { Cdr } from '../cdr/cdr.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { NO_SUMS } from './call-sums.ts'
import { CDR_COLUMNS } from './cdr-columns.ts'
import { CDR_FIELDS, toCdr, type CdrRow } from './cdr-reads.ts'
import type { Queryable } from './database.ts'
import { id, moment, whole } from './input.ts'

export type RerateSide = 'buy' | 'sell' | 'both'

/** Milliseconds since the epoch: of calls that began at or after `since` and before `until`. */
export type RerateCriteria = {
  readonly since: number
  readonly until: number
  readonly organizationId: number | undefined
  /** As if this deck had always counted; undefined: by what is published now. */
  readonly deckId: number | undefined
  readonly side: RerateSide
}

export type RerateState = 'running' | 'done' | 'failed' | 'cancelled'

/** `report` is what engine/rerate-report.ts makes of it. */
export type Rerating = {
  readonly id: number
  readonly createdAt: number
  readonly createdBy: string
  readonly criteria: RerateCriteria
  readonly dryRun: boolean
  readonly undoes: number | undefined
  readonly state: RerateState
  readonly report: unknown
  readonly error: string | undefined
  readonly finishedAt: number | undefined
}

export const addRerating = async (
  on: Queryable,
  { criteria, createdBy, dryRun, undoes }: Pick<Rerating, 'criteria' | 'createdBy' | 'dryRun' | 'undoes'>,
): Promise<number> => {
  // Checked here, so that a wrong moment is the caller's fault and not the job's.
  moment('since', criteria.since)
  moment('until', criteria.until)
  const [row] = await on.query<{ id: number }>(
    `INSERT INTO reratings (created_by, criteria, dry_run, undoes) VALUES ($1, $2, $3, $4) RETURNING id`,
    [createdBy.slice(0, 255), JSON.stringify(criteria), dryRun, undoes ?? null],
  )
  return row?.id ?? 0
}

export const findRerating = async (on: Queryable, reratingId: number): Promise<Rerating | undefined> => {
  const [row] = await on.query<StoredRerating>(`SELECT ${FIELDS} FROM reratings WHERE id = $1`, [
    id('id', reratingId),
  ])
  return row === undefined ? undefined : toRerating(row)
}

/** The newest first. */
export const listReratings = async (on: Queryable, limit: number): Promise<readonly Rerating[]> =>
  (
    await on.query<StoredRerating>(`SELECT ${FIELDS} FROM reratings ORDER BY id DESC LIMIT $1`, [
      whole('limit', limit, 1, 1_000),
    ])
  ).map(toRerating)

/** Ids of what is not over, the oldest first: at a start, what an engine left. */
export const runningReratings = async (on: Queryable): Promise<readonly number[]> =>
  (await on.query<{ id: number }>(`SELECT id FROM reratings WHERE state = 'running' ORDER BY id`)).map(
    (row) => row.id,
  )

export const endRerating = async (
  on: Queryable,
  reratingId: number,
  state: Exclude<RerateState, 'running'>,
  error?: string,
): Promise<boolean> =>
  (
    await on.query(
      `UPDATE reratings SET state = $2, error = $3, finished_at = clock_timestamp()
       WHERE id = $1 AND state = 'running' RETURNING id`,
      [id('id', reratingId), state, error?.slice(0, 1_000) ?? null],
    )
  ).length > 0

export type RerateCursor = { readonly time: string; readonly legUuid: string }

/** In the transaction of a batch. Undefined: it is over, or somebody ended it. */
export const holdRerating = async (
  on: Queryable,
  reratingId: number,
): Promise<{ readonly cursor: RerateCursor | undefined; readonly report: unknown } | undefined> => {
  const [row] = await on.query<{ time: string | null; leg: string | null; report: unknown }>(
    `SELECT cursor_time::text AS time, cursor_leg AS leg, report FROM reratings
     WHERE id = $1 AND state = 'running' FOR UPDATE`,
    [reratingId],
  )
  if (row === undefined) return undefined
  const { time, leg, report } = row
  return { cursor: time === null || leg === null ? undefined : { time, legUuid: leg }, report }
}

export const moveRerating = async (
  on: Queryable,
  reratingId: number,
  { time, legUuid }: RerateCursor,
  report: unknown,
): Promise<void> => {
  await on.query('UPDATE reratings SET cursor_time = $2, cursor_leg = $3, report = $4 WHERE id = $1', [
    reratingId,
    time,
    legUuid,
    JSON.stringify(report),
  ])
}

/** A record that was charged, with what its rating needs. */
export type RatedLeg = {
  readonly cdr: Cdr
  readonly at: RerateCursor
  /** The digits whose rates count; of records from before they were kept, those of the call's destination. */
  readonly number: string | undefined
}

/** Locked until the transaction ends where `locks`. */
export const nextLegs = async (
  on: Queryable,
  { since, until, organizationId }: RerateCriteria,
  cursor: RerateCursor | undefined,
  limit: number,
  locks: boolean,
): Promise<readonly RatedLeg[]> => {
  const rows = await on.query<LegRow>(
    `SELECT ${CDR_FIELDS}, start_time::text AS start_text,
       coalesce(rated_number, (
         SELECT substr(a.callee_number, 2) FROM call_detail_records AS a
         WHERE leg.leg = 'B' AND a.call_id = leg.call_id AND a.leg = 'A'
           AND a.start_time BETWEEN leg.start_time - interval '1 day' AND leg.start_time
           AND a.callee_number ~ '^[+][0-9]{4,15}$'
         LIMIT 1)) AS number
     FROM call_detail_records AS leg
     WHERE start_time >= $1 AND start_time < $2 AND billable_seconds > 0
       AND (rate_per_minute IS NOT NULL OR sale_amount IS NOT NULL)
       AND ($3::integer IS NULL OR organization_id = $3)
       AND ($4::timestamptz IS NULL OR (start_time >= $4 AND (start_time, leg_uuid) > ($4, $5::uuid)))
     ORDER BY start_time, leg_uuid LIMIT ${limit} ${locks ? 'FOR UPDATE' : ''}`,
    [
      moment('since', since),
      moment('until', until),
      organizationId ?? null,
      cursor?.time ?? null,
      cursor?.legUuid ?? null,
    ],
  )
  return rows.map(toLeg)
}

/** What another rerating changed and nobody has rated since, for taking it back. */
export const nextChanged = async (
  on: Queryable,
  changedBy: number,
  cursor: RerateCursor | undefined,
  limit: number,
): Promise<readonly RatedLeg[]> =>
  (
    await on.query<LegRow>(
      `SELECT ${CDR_FIELDS.replace(/(^|, )/g, '$1leg.')}, leg.start_time::text AS start_text, leg.rated_number AS number
       FROM rerating_changes AS change
       JOIN call_detail_records AS leg ON leg.leg_uuid = change.leg_uuid AND leg.start_time = change.start_time
       WHERE change.rerating_id = $1 AND leg.rerating_id = $1
         AND ($2::timestamptz IS NULL OR (leg.start_time, leg.leg_uuid) > ($2, $3::uuid))
       ORDER BY leg.start_time, leg.leg_uuid LIMIT ${limit} FOR UPDATE OF leg`,
      [changedBy, cursor?.time ?? null, cursor?.legUuid ?? null],
    )
  ).map(toLeg)

/** Writes what changed, keeps what stood there, and returns the records as they stand now, in the order given. */
export const writeRerated = async (
  on: Queryable,
  reratingId: number,
  changes: readonly { readonly leg: RatedLeg; readonly after: Cdr }[],
): Promise<void> => {
  if (changes.length === 0) return
  await on.query(WRITE, [
    reratingId,
    changes.map(({ leg }) => leg.cdr.legUuid),
    changes.map(({ leg }) => leg.at.time),
    changes.map(({ leg }) => JSON.stringify(figuresOf(leg.cdr))),
    changes.map(({ after }) => JSON.stringify(figuresOf(after))),
  ])
}

/** Puts back what `changedBy` found in these legs, and returns the records as they stand then. */
export const restoreRerated = async (
  on: Queryable,
  reratingId: number,
  changedBy: number,
  legs: readonly RatedLeg[],
): Promise<ReadonlyMap<CallUuid, Cdr>> => {
  if (legs.length === 0) return new Map()
  const keys = [legs.map(({ cdr }) => cdr.legUuid), legs.map(({ at }) => at.time)]
  await on.query(RESTORE, [reratingId, changedBy, ...keys])
  const rows = await on.query<CdrRow>(
    `SELECT ${CDR_FIELDS} FROM call_detail_records
     WHERE (leg_uuid, start_time) IN (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]))`,
    keys,
  )
  return new Map(rows.map((row) => toCdr(row, [], NO_SUMS)).map((cdr) => [cdr.legUuid, cdr]))
}

/** What a rating writes of a record: the buy side's own columns, the sale, the margin. */
export const FIGURES = CDR_COLUMNS.filter(([column]) =>
  /^(?:rate_|sell_|sale_|tax_|connection_fee$|minimum_seconds$|first_increment|next_increment|currency$|charged_seconds$|total_cost$|billing_currency$|cost_exchange_rate$|margin$)/.test(
    column,
  ),
)

const NAMES = FIGURES.map(([column]) => column)

export const figuresOf = (cdr: Cdr): Readonly<Record<string, unknown>> =>
  Object.fromEntries(FIGURES.map(([column, , value]) => [column, value(cdr)]))

const SET = `(${NAMES.join(', ')}, rerating_id) = (SELECT ${NAMES.map((column) => `figures.${column}`).join(', ')}, $1::integer)`

const WRITE = `
WITH given AS (
  SELECT * FROM unnest($2::uuid[], $3::timestamptz[], $4::jsonb[], $5::jsonb[])
    AS given (leg_uuid, start_time, before, after)
), written AS (
  UPDATE call_detail_records AS leg SET ${SET}
  FROM given CROSS JOIN LATERAL jsonb_populate_record(NULL::call_detail_records, given.after) AS figures
  WHERE leg.leg_uuid = given.leg_uuid AND leg.start_time = given.start_time
)
INSERT INTO rerating_changes (rerating_id, leg_uuid, start_time, before, after)
SELECT $1, leg_uuid, start_time, before, after FROM given`

const RESTORE = `
WITH given AS (
  SELECT change.* FROM rerating_changes AS change
  JOIN unnest($3::uuid[], $4::timestamptz[]) AS key (leg_uuid, start_time) USING (leg_uuid, start_time)
  WHERE change.rerating_id = $2
), written AS (
  UPDATE call_detail_records AS leg SET ${SET}
  FROM given CROSS JOIN LATERAL jsonb_populate_record(NULL::call_detail_records, given.before) AS figures
  WHERE leg.leg_uuid = given.leg_uuid AND leg.start_time = given.start_time
)
INSERT INTO rerating_changes (rerating_id, leg_uuid, start_time, before, after)
SELECT $1, leg_uuid, start_time, after, before FROM given`

type LegRow = CdrRow & { readonly start_text: string; readonly number: string | null }

const toLeg = (row: LegRow): RatedLeg => ({
  cdr: toCdr(row, [], NO_SUMS),
  at: { time: row.start_text, legUuid: row.leg_uuid },
  number: row.number !== null && /^\d{1,15}$/.test(row.number) ? row.number : undefined,
})

const FIELDS = `id, created_at, created_by, criteria, dry_run, undoes, state, report, error, finished_at`

type StoredRerating = {
  readonly id: number
  readonly created_at: number
  readonly created_by: string
  readonly criteria: RerateCriteria
  readonly dry_run: boolean
  readonly undoes: number | null
  readonly state: RerateState
  readonly report: unknown
  readonly error: string | null
  readonly finished_at: number | null
}

const toRerating = (row: StoredRerating): Rerating => ({
  id: row.id,
  createdAt: row.created_at,
  createdBy: row.created_by,
  criteria: row.criteria,
  dryRun: row.dry_run,
  undoes: row.undoes ?? undefined,
  state: row.state,
  report: row.report ?? undefined,
  error: row.error ?? undefined,
  finishedAt: row.finished_at ?? undefined,
})
