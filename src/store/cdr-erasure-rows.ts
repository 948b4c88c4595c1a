/** The audit of erasures: who had which number forgotten, when, why, and what was changed. It does not name the number. */
import { createHmac } from 'node:crypto'
import type { ErasureMode } from '../cdr/forget.ts'
import type { E164 } from '../telephony/e164.ts'
import type { ErasureCounts } from './cdr-erasure.ts'
import type { Queryable } from './database.ts'
import { keyIdOf } from './secret.ts'

export type CdrErasure = {
  /** Undefined: a dry run, of which nothing is kept. */
  readonly id: number | undefined
  readonly organizationId: number | undefined
  readonly mode: ErasureMode
  readonly reason: string
  readonly who: string
  readonly address: string | undefined
  /** Milliseconds since the epoch. */
  readonly begunAt: number
  /** Undefined: it runs, or was interrupted and is to be asked for again. */
  readonly finishedAt: number | undefined
  readonly counts: ErasureCounts
}

export type NewErasure = Pick<CdrErasure, 'organizationId' | 'mode' | 'reason' | 'who' | 'address'> & {
  readonly number: E164
}

/** Keyed: there are few enough numbers to try them all against a plain hash. The key's id stands before it. */
export const numberHash = (masterKey: Buffer, number: E164): string =>
  `${keyIdOf(masterKey)}.${createHmac('sha256', masterKey).update(`erased number ${number}`).digest('hex')}`

/** Throws STORE_UNAVAILABLE. */
export const beginErasure = async (
  on: Queryable,
  masterKey: Buffer,
  { number, ...erasure }: NewErasure,
): Promise<{ readonly id: number; readonly begunAt: number }> => {
  const [row] = await on.query<{ id: number; begun_at: number }>(
    `INSERT INTO cdr_erasures (organization_id, number_hash, mode, reason, who, address)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id, begun_at`,
    [
      erasure.organizationId ?? null,
      numberHash(masterKey, number),
      erasure.mode,
      erasure.reason,
      erasure.who,
      erasure.address ?? null,
    ],
  )
  return { id: row?.id ?? 0, begunAt: row?.begun_at ?? 0 }
}

export const noteErasure = async (
  on: Queryable,
  erasureId: number,
  counts: ErasureCounts,
  isOver: boolean,
): Promise<void> => {
  await on.query(
    `UPDATE cdr_erasures SET counts = $2::jsonb, finished_at = CASE WHEN $3 THEN now() END WHERE id = $1`,
    [erasureId, JSON.stringify(counts), isOver],
  )
}

/** Newest first, 100 at the most; with a number those of it, under any of the keys. */
export const listErasures = async (
  on: Queryable,
  {
    organizationId,
    number,
    masterKeys,
  }: {
    readonly organizationId: number | undefined
    readonly number: E164 | undefined
    readonly masterKeys: readonly Buffer[]
  },
): Promise<readonly CdrErasure[]> => {
  const rows = await on.query<ErasureRow>(
    `SELECT id, organization_id, mode, reason, who, address, begun_at, finished_at, counts FROM cdr_erasures
     WHERE ($1::integer IS NULL OR organization_id = $1) AND ($2::text[] IS NULL OR number_hash = ANY($2))
     ORDER BY id DESC LIMIT 100`,
    [organizationId ?? null, number === undefined ? null : masterKeys.map((key) => numberHash(key, number))],
  )
  return rows.map((row) => ({
    id: row.id,
    organizationId: row.organization_id ?? undefined,
    mode: row.mode,
    reason: row.reason,
    who: row.who,
    address: row.address ?? undefined,
    begunAt: row.begun_at,
    finishedAt: row.finished_at ?? undefined,
    counts: row.counts,
  }))
}

type ErasureRow = {
  readonly id: number
  readonly organization_id: number | null
  readonly mode: ErasureMode
  readonly reason: string
  readonly who: string
  readonly address: string | null
  readonly begun_at: number
  readonly finished_at: number | null
  readonly counts: ErasureCounts
}
