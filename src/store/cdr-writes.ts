/**
 * Writes CDRs, each leg exactly once, however often it is handed in: by the switch twice, by two engines at the
 * same time, by a spool that does not know whether its last batch arrived.
 *
 * One statement is the whole transaction: it claims the legs, and writes what it could claim. 500 rows at once
 * cost a twelfth of 500 statements.
 */
import { asError, EngineError } from '../base/errors.ts'
import type { Cdr } from '../cdr/cdr.ts'
import {
  arraysOf,
  ATTEMPT_COLUMNS,
  CDR_COLUMNS,
  namesOf,
  parametersOf,
  type TriedAttempt,
} from './cdr-columns.ts'
import { isValueFault, type Queryable } from './database.ts'

/** `index` is the CDR's place in what was handed in. */
export type RefusedCdr = { readonly index: number; readonly why: string }

export type InsertedCdrs = {
  readonly inserted: number
  readonly duplicates: number
  readonly refused: readonly RefusedCdr[]
}

/** Rows a statement; more gain nothing and hold memory. */
const ROWS_A_BATCH = 500

/**
 * What it returns is committed. Throws STORE_UNAVAILABLE (details.retryable) when the database is: some batches
 * may have been written then, and handing all in again is right. A CDR whose values PostgreSQL cannot take is
 * in `refused`, and the others of its batch are written.
 */
export const insertCdrs = async (on: Queryable, cdrs: readonly Cdr[]): Promise<InsertedCdrs> => {
  const refused: RefusedCdr[] = []
  let inserted = 0
  let waiting: readonly Indexed[] = cdrs.map((cdr, index) => ({ cdr, index }))
  while (waiting.length > 0) {
    const { first, copies } = firstOfEachLeg(waiting)
    for (let at = 0; at < first.length; at += ROWS_A_BATCH) {
      inserted += await writeBatch(on, first.slice(at, at + ROWS_A_BATCH), refused)
    }
    // A copy of what was refused may be sound.
    const lacking = new Set(refused.map(({ index }) => cdrs[index]?.legUuid))
    waiting = copies.filter(({ cdr }) => lacking.has(cdr.legUuid))
  }
  refused.sort((one, other) => one.index - other.index)
  return { inserted, duplicates: cdrs.length - inserted - refused.length, refused }
}

const firstOfEachLeg = (
  all: readonly Indexed[],
): { readonly first: readonly Indexed[]; readonly copies: readonly Indexed[] } => {
  const seen = new Set<string>()
  const first: Indexed[] = []
  const copies: Indexed[] = []
  for (const one of all) {
    if (seen.has(one.cdr.legUuid)) copies.push(one)
    else first.push(one)
    seen.add(one.cdr.legUuid)
  }
  return { first, copies }
}

type Indexed = { readonly cdr: Cdr; readonly index: number }

/** How many were written. A batch that fails for a value is halved until the row that has it stands alone. */
const writeBatch = async (
  on: Queryable,
  batch: readonly Indexed[],
  refused: RefusedCdr[],
): Promise<number> => {
  const [only] = batch
  if (only === undefined) return 0
  try {
    return await write(
      on,
      batch.map(({ cdr }) => cdr),
    )
  } catch (fault) {
    if (!isRowFault(fault)) throw fault
    if (batch.length === 1) {
      refused.push({ index: only.index, why: asError(fault).message })
      return 0
    }
    const middle = Math.ceil(batch.length / 2)
    return (
      (await writeBatch(on, batch.slice(0, middle), refused)) +
      (await writeBatch(on, batch.slice(middle), refused))
    )
  }
}

// A TypeError is a field that is not what its type says: a spool keeps JSON, and files are edited by hand.
const isRowFault = (fault: unknown): boolean =>
  fault instanceof TypeError ||
  fault instanceof RangeError ||
  (fault instanceof EngineError && isValueFault(fault))

const write = async (on: Queryable, cdrs: readonly Cdr[]): Promise<number> => {
  const tried: TriedAttempt[] = cdrs.flatMap((cdr) => cdr.attempts.map((attempt) => ({ cdr, attempt })))
  const claimed = await on.query(INSERT, [
    ...arraysOf(CDR_COLUMNS, cdrs),
    ...arraysOf(ATTEMPT_COLUMNS, tried),
  ])
  return claimed.length
}

// Claimed in the order of their uuids: two batches with the same legs wait for each other, never in a circle.
const INSERT = `
WITH cdr AS MATERIALIZED (
  SELECT * FROM unnest(${parametersOf(CDR_COLUMNS, 1)}) AS given (${namesOf(CDR_COLUMNS)})
), claimed AS (
  INSERT INTO cdr_legs (leg_uuid) SELECT leg_uuid FROM cdr ORDER BY leg_uuid
  ON CONFLICT DO NOTHING RETURNING leg_uuid
), written AS (
  INSERT INTO call_detail_records (${namesOf(CDR_COLUMNS)})
  SELECT cdr.* FROM cdr JOIN claimed USING (leg_uuid)
), attempts AS (
  INSERT INTO call_attempts (${namesOf(ATTEMPT_COLUMNS)})
  SELECT given.* FROM unnest(${parametersOf(ATTEMPT_COLUMNS, CDR_COLUMNS.length + 1)})
    AS given (${namesOf(ATTEMPT_COLUMNS)}) JOIN claimed ON claimed.leg_uuid = given.a_leg_uuid
)
SELECT leg_uuid FROM claimed`

/** Months of partitions that are made ahead: an engine that is not restarted for a season still has its own. */
const MONTHS_AHEAD = 3

/** Makes the partitions of last month to three months ahead; returns how many were missing. At boot and daily. */
export const createCdrPartitions = async (on: Queryable, now: number): Promise<number> => {
  const from = new Date(now)
  const first = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() - 1, 1)).toISOString()
  const last = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + MONTHS_AHEAD, 1)).toISOString()
  const [row] = await on.query<{ created: number }>('SELECT create_cdr_partitions($1, $2) AS created', [
    first,
    last,
  ])
  return row?.created ?? 0
}
