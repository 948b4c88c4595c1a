/**
 * Writes what was decided for calls, a batch in one statement. A decision is no record of money: one whose values
 * PostgreSQL cannot take is left out, and the others of its batch are written.
 */
import type { EngineError } from '../base/errors.ts'
import { asError } from '../base/errors.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { storable } from './cdr-columns.ts'
import { faultOf, isValueFault, type Queryable } from './database.ts'

export type NewDecision = {
  readonly callId: CallUuid
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly organizationId: number
  readonly destination: string | undefined
  /** Becomes JSON. */
  readonly decision: object
}

export type InsertedDecisions = { readonly inserted: number; readonly refused: readonly string[] }

/** Throws STORE_UNAVAILABLE, and then nothing of the batch is written. */
export const insertDecisions = async (
  on: Queryable,
  batch: readonly NewDecision[],
): Promise<InsertedDecisions> => {
  if (batch.length === 0) return { inserted: 0, refused: [] }
  try {
    await on.query(INSERT, [
      batch.map(({ callId }) => callId),
      batch.map(({ at }) => new Date(at).toISOString()),
      batch.map(({ organizationId }) => organizationId),
      batch.map(({ destination }) => storable(destination, DESTINATION_LENGTH)),
      batch.map(({ decision }) => jsonOf(decision)),
    ])
    return { inserted: batch.length, refused: [] }
  } catch (thrown) {
    const fault: EngineError = faultOf(thrown)
    if (!isValueFault(fault)) throw fault
    if (batch.length === 1) return { inserted: 0, refused: [asError(fault).message] }
    const middle = Math.ceil(batch.length / 2)
    const first = await insertDecisions(on, batch.slice(0, middle))
    const second = await insertDecisions(on, batch.slice(middle))
    return {
      inserted: first.inserted + second.inserted,
      refused: [...first.refused, ...second.refused],
    }
  }
}

const DESTINATION_LENGTH = 128

const INSERT = `INSERT INTO call_decisions (call_id, start_time, organization_id, destination, decision)
  SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::integer[], $4::text[], $5::jsonb[])`

/** jsonb takes neither NUL nor half of a surrogate pair (PostgreSQL manual, JSON types): what was dialled may have them. */
const jsonOf = (decision: object): string =>
  JSON.stringify(decision, (_key, value: unknown) =>
    typeof value === 'string' ? value.replace(/[\0\p{Cs}]/gu, '\uFFFD') : value,
  )
