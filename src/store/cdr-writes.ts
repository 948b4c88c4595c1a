/**
 * Writes CDRs, each leg exactly once, however often it is handed in: by the switch twice, by two engines at the
 * same time, by a spool that does not know whether its last batch arrived. A leg that the engine had estimated is
 * replaced by the switch's own record, once; an estimate replaces nothing.
 *
 * A batch is one transaction: the legs are claimed in cdr_legs, what could be claimed is written by COPY, and what goes
 * with it is written by the companions.
 */
import { asError, EngineError } from '../base/errors.ts'
import type { Cdr } from '../cdr/cdr.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { CdrCompanion, StoredCdrChange } from './cdr-companion.ts'
import { ATTEMPT_COLUMNS, CDR_COLUMNS, linesOf, namesOf, type TriedAttempt } from './cdr-columns.ts'
import { keepIdentity, takeEstimates } from './cdr-corrections.ts'
import { isValueFault, type Database, type Queryable, type Transaction } from './database.ts'

/** `index` is the CDR's place in what was handed in. */
export type RefusedCdr = { readonly index: number; readonly why: string }

export type InsertedCdrs = {
  readonly inserted: number
  readonly duplicates: number
  readonly refused: readonly RefusedCdr[]
  /** Of `inserted`, those that took the place of an estimate; each says what stood there. */
  readonly corrected: readonly StoredCdrChange[]
}

/** What can hold a transaction: the database. */
export type CdrStore = Pick<Database, 'transaction'>

/** Rows a transaction; more gain nothing and hold memory. */
const ROWS_A_BATCH = 500

/**
 * What it returns is committed. Throws STORE_UNAVAILABLE (details.retryable) when the database is: some batches
 * may have been written then, and handing all in again is right. A CDR whose values PostgreSQL cannot take is
 * in `refused`, and the others of its batch are written.
 */
export const insertCdrs = async (
  on: CdrStore,
  cdrs: readonly Cdr[],
  companions: readonly CdrCompanion[] = [],
): Promise<InsertedCdrs> => {
  const refused: RefusedCdr[] = []
  const corrected: StoredCdrChange[] = []
  let inserted = 0
  const writeAll = async (batch: readonly Indexed[]): Promise<void> => {
    const stored = await writeBatch(batch, refused, (rows) =>
      on.transaction((transaction) => write(transaction, rows, companions)),
    )
    inserted += stored.length
    corrected.push(...stored.filter(({ replaced }) => replaced === 'estimated'))
  }
  let waiting: readonly Indexed[] = cdrs.map((cdr, index) => ({ cdr, index }))
  while (waiting.length > 0) {
    const { first, copies } = firstOfEachLeg(waiting)
    for (let at = 0; at < first.length; at += ROWS_A_BATCH) {
      await writeAll(first.slice(at, at + ROWS_A_BATCH))
    }
    // A copy of what was refused may be sound.
    const lacking = new Set(refused.map(({ index }) => cdrs[index]?.legUuid))
    waiting = copies.filter(({ cdr }) => lacking.has(cdr.legUuid))
  }
  refused.sort((one, other) => one.index - other.index)
  return { inserted, duplicates: cdrs.length - inserted - refused.length, refused, corrected }
}

const firstOfEachLeg = (
  all: readonly Indexed[],
): { readonly first: readonly Indexed[]; readonly copies: readonly Indexed[] } => {
  const first = new Map<string, Indexed>()
  const copies: Indexed[] = []
  for (const one of all) {
    const before = first.get(one.cdr.legUuid)
    if (before === undefined) first.set(one.cdr.legUuid, one)
    else if (isEstimate(before.cdr) && !isEstimate(one.cdr)) {
      first.set(one.cdr.legUuid, one)
      copies.push(before)
    } else copies.push(one)
  }
  return { first: [...first.values()], copies }
}

type Indexed = { readonly cdr: Cdr; readonly index: number }

/** What was written. A batch that fails for a value is halved until the row that has it stands alone. */
const writeBatch = async (
  batch: readonly Indexed[],
  refused: RefusedCdr[],
  store: (cdrs: readonly Cdr[]) => Promise<readonly StoredCdrChange[]>,
): Promise<readonly StoredCdrChange[]> => {
  const [only] = batch
  if (only === undefined) return []
  try {
    return await store(batch.map(({ cdr }) => cdr))
  } catch (fault) {
    if (!isRowFault(fault)) throw fault
    if (batch.length === 1) {
      refused.push({ index: only.index, why: asError(fault).message })
      return []
    }
    const middle = Math.ceil(batch.length / 2)
    return [
      ...(await writeBatch(batch.slice(0, middle), refused, store)),
      ...(await writeBatch(batch.slice(middle), refused, store)),
    ]
  }
}

// A TypeError is a field that is not what its type says: a spool keeps JSON, and files are edited by hand.
const isRowFault = (fault: unknown): boolean =>
  fault instanceof TypeError ||
  fault instanceof RangeError ||
  (fault instanceof EngineError && isValueFault(fault))

const write = async (
  on: Transaction,
  cdrs: readonly Cdr[],
  companions: readonly CdrCompanion[],
): Promise<readonly StoredCdrChange[]> => {
  const claiming = claim(on, cdrs)
  // Made while PostgreSQL claims; whoever awaits the claim hears what became of it.
  claiming.catch(() => undefined)
  const lines = cdrs.map(linesOfOne)
  const claimed = await claiming
  const written = cdrs.filter(({ legUuid }) => claimed.has(legUuid))
  if (written.length === 0) return []
  const ours = lines.filter(({ legUuid }) => claimed.has(legUuid))
  const replaced = written.filter(({ legUuid }) => claimed.get(legUuid) === 'estimated')
  const before = replaced.length === 0 ? undefined : await takeEstimates(on, replaced)
  await on.copyIn(COPY_CDRS, ours.map(({ record }) => record).join(''))
  const attempts = ours.map((each) => each.attempts).join('')
  if (attempts !== '') await on.copyIn(COPY_ATTEMPTS, attempts)
  if (before !== undefined) await keepIdentity(on, before)
  const stored = written.map((cdr): StoredCdrChange => {
    const stood = before?.get(cdr.legUuid)
    return stood === undefined ? { cdr, replaced: 'nothing' } : { cdr, replaced: 'estimated', before: stood }
  })
  for (const companion of companions) await companion(on, stored)
  return stored
}

const linesOfOne = (
  cdr: Cdr,
): { readonly legUuid: CallUuid; readonly record: string; readonly attempts: string } => ({
  legUuid: cdr.legUuid,
  record: linesOf(CDR_COLUMNS, [cdr]),
  attempts: linesOf<TriedAttempt>(
    ATTEMPT_COLUMNS,
    cdr.attempts.map((attempt) => ({ cdr, attempt })),
  ),
})

/** The legs that are ours to write now: new ones, and estimates whose own record has come. */
const claim = async (
  on: Transaction,
  cdrs: readonly Cdr[],
): Promise<ReadonlyMap<CallUuid, 'new' | 'estimated'>> => {
  const rows = await on.query<{ leg_uuid: CallUuid; replaces: boolean }>(CLAIM, [
    cdrs.map(({ legUuid }) => legUuid),
    cdrs.map(isEstimate),
  ])
  return new Map(rows.map(({ leg_uuid, replaces }) => [leg_uuid, replaces ? 'estimated' : 'new']))
}

const isEstimate = (cdr: Cdr): boolean => cdr.estimate !== undefined

// In the order of their uuids: two batches with the same legs wait for each other, never in a circle. A leg that was
// new has no corrected_at, one that was replaced has: so the row itself says which it is.
const CLAIM = `
INSERT INTO cdr_legs (leg_uuid, estimated)
SELECT * FROM unnest($1::uuid[], $2::boolean[]) AS given (leg_uuid, estimated) ORDER BY leg_uuid
ON CONFLICT (leg_uuid) DO UPDATE SET estimated = false, corrected_at = now()
  WHERE cdr_legs.estimated AND NOT excluded.estimated
RETURNING leg_uuid, corrected_at IS NOT NULL AS replaces`

const COPY_CDRS = `COPY call_detail_records (${namesOf(CDR_COLUMNS)}) FROM STDIN`
const COPY_ATTEMPTS = `COPY call_attempts (${namesOf(ATTEMPT_COLUMNS)}) FROM STDIN`

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
