/**
 * Numbers whose owners prove that they are theirs. A code is good for ten minutes and five tries; how often one may be
 * sent is counted here, in the transaction that notes it, so that several engines count together.
 *
 * Removing keeps the row, and so its place in that count, until it is a month old.
 */
import type { Database, Queryable } from './database.ts'
import { EngineError } from '../base/errors.ts'
import { guarded, id } from './input.ts'

export type Verification = {
  readonly id: number
  readonly organizationId: number
  readonly userId: number | undefined
  readonly number: string
  readonly method: 'call' | 'sms'
  readonly state: 'pending' | 'verified' | 'expired' | 'failed'
  readonly attemptsLeft: number
  /** Milliseconds since the epoch, as the others. */
  readonly codeExpiresAt: number
  readonly failure: string | undefined
  readonly verifiedAt: number | undefined
  readonly validUntil: number | undefined
  readonly createdAt: number
}

const COLUMNS = `id, organization_id AS "organizationId", user_id AS "userId", number, method,
  CASE WHEN verified_at IS NOT NULL THEN CASE WHEN valid_until <= now() THEN 'expired' ELSE 'verified' END
       WHEN failure IS NOT NULL THEN 'failed'
       WHEN code_hash IS NULL OR attempts_left = 0 OR code_expires_at <= now() THEN 'expired'
       ELSE 'pending' END AS state,
  attempts_left AS "attemptsLeft", code_expires_at AS "codeExpiresAt", failure, verified_at AS "verifiedAt",
  valid_until AS "validUntil", created_at AS "createdAt"`

type Row = {
  readonly [Field in keyof Verification]: undefined extends Verification[Field]
    ? Exclude<Verification[Field], undefined> | null
    : Verification[Field]
}

const told = (row: Row): Verification => ({
  ...row,
  userId: row.userId ?? undefined,
  failure: row.failure ?? undefined,
  verifiedAt: row.verifiedAt ?? undefined,
  validUntil: row.validUntil ?? undefined,
})

const REMOVED = 'removed'

export const listVerifications = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly Verification[]> =>
  (
    await on.query<Row>(
      `SELECT ${COLUMNS} FROM caller_id_verifications
       WHERE ($1::integer IS NULL OR organization_id = $1) AND failure IS DISTINCT FROM '${REMOVED}'
       ORDER BY id DESC LIMIT 1000`,
      [organizationId ?? null],
    )
  ).map(told)

export const findVerification = async (
  on: Queryable,
  rowId: number,
  organizationId: number | undefined,
): Promise<Verification | undefined> =>
  (
    await on.query<Row>(
      `SELECT ${COLUMNS} FROM caller_id_verifications
       WHERE id = $1 AND ($2::integer IS NULL OR organization_id = $2) AND failure IS DISTINCT FROM '${REMOVED}'`,
      [id('id', rowId), organizationId ?? null],
    )
  ).map(told)[0]

export type NewVerification = {
  readonly organizationId: number
  readonly userId: number | undefined
  readonly number: string
  readonly method: 'call' | 'sms'
}

/** Of one number, whoever asks, and of one organisation: in any hour. */
const MOST_OF_A_NUMBER = 3
const MOST_OF_AN_ORGANIZATION = 20
const CODE_MINUTES = 10

/** The code's hash is made of the row's id: `hashOf` is asked once that is known. Throws CALLER_ID_TOO_MANY. */
export const startVerification = (
  database: Database,
  record: NewVerification,
  hashOf: (rowId: number) => Buffer,
): Promise<number> =>
  guarded(() =>
    database.transaction(async (on) => {
      // One after another: two that ask at once would both find room.
      await on.query("SELECT pg_advisory_xact_lock(hashtext('strowger caller ID verifications'))")
      await on.query(
        "DELETE FROM caller_id_verifications WHERE verified_at IS NULL AND created_at < now() - interval '30 days'",
      )
      const [counted] = await on.query<{ number: number; organization: number }>(
        `SELECT count(*) FILTER (WHERE number = $1)::integer AS number,
           count(*) FILTER (WHERE organization_id = $2)::integer AS organization
         FROM caller_id_verifications WHERE created_at > now() - interval '1 hour'`,
        [record.number, record.organizationId],
      )
      if ((counted?.number ?? 0) >= MOST_OF_A_NUMBER)
        throw new EngineError(
          'CALLER_ID_TOO_MANY',
          `${record.number} was sent ${MOST_OF_A_NUMBER} codes within an hour`,
        )
      if ((counted?.organization ?? 0) >= MOST_OF_AN_ORGANIZATION)
        throw new EngineError(
          'CALLER_ID_TOO_MANY',
          `the organisation asked for ${MOST_OF_AN_ORGANIZATION} codes within an hour`,
        )
      const [row] = await on.query<{ id: number }>(
        `INSERT INTO caller_id_verifications (organization_id, user_id, number, method, code_expires_at)
         VALUES ($1, $2, $3, $4, now() + make_interval(mins => ${CODE_MINUTES})) RETURNING id`,
        [record.organizationId, record.userId ?? null, record.number, record.method],
      )
      const rowId = row?.id ?? 0
      await on.query('UPDATE caller_id_verifications SET code_hash = $2 WHERE id = $1', [
        rowId,
        hashOf(rowId),
      ])
      return rowId
    }),
  )

/** The call or the message failed: the code is worth nothing any more. */
export const failVerification = async (on: Queryable, rowId: number, why: string): Promise<void> => {
  await on.query(
    'UPDATE caller_id_verifications SET failure = $2, code_hash = NULL WHERE id = $1 AND verified_at IS NULL AND failure IS NULL',
    [rowId, why.slice(0, 500)],
  )
}

export type Confirmed =
  | { readonly kind: 'verified' }
  | { readonly kind: 'wrong'; readonly attemptsLeft: number }
  /** Too late, tried too often, failed, or used already. */
  | { readonly kind: 'over' }
  | { readonly kind: 'unknown' }

/** `matches` compares in constant time. `validDays` 0: for good. */
export const confirmVerification = (
  database: Database,
  rowId: number,
  organizationId: number | undefined,
  matches: (hash: Buffer) => boolean,
  validDays: number,
): Promise<Confirmed> =>
  database.transaction(async (on): Promise<Confirmed> => {
    const [row] = await on.query<{
      hash: Buffer | null
      left: number
      late: boolean
      owner: number
      gone: boolean
    }>(
      `SELECT code_hash AS hash, attempts_left AS left, code_expires_at <= now() AS late, organization_id AS owner,
         failure IS NOT DISTINCT FROM '${REMOVED}' AS gone
       FROM caller_id_verifications WHERE id = $1 FOR UPDATE`,
      [id('id', rowId)],
    )
    if (row === undefined || row.gone || (organizationId !== undefined && row.owner !== organizationId))
      return { kind: 'unknown' }
    if (row.hash === null || row.late || row.left === 0) return { kind: 'over' }
    if (!matches(row.hash)) {
      await on.query('UPDATE caller_id_verifications SET attempts_left = attempts_left - 1 WHERE id = $1', [
        rowId,
      ])
      return { kind: 'wrong', attemptsLeft: row.left - 1 }
    }
    await on.query(
      `UPDATE caller_id_verifications SET verified_at = now(), code_hash = NULL,
         valid_until = CASE WHEN $2::integer = 0 THEN NULL ELSE now() + make_interval(days => $2::integer) END
       WHERE id = $1`,
      [rowId, validDays],
    )
    return { kind: 'verified' }
  })

/** From now on the number is shown no more. False: there is no such row. */
export const removeVerification = async (
  on: Queryable,
  rowId: number,
  organizationId: number | undefined,
): Promise<boolean> =>
  (
    await on.query(
      `UPDATE caller_id_verifications SET failure = '${REMOVED}', code_hash = NULL, verified_at = NULL, valid_until = NULL
       WHERE id = $1 AND ($2::integer IS NULL OR organization_id = $2) AND failure IS DISTINCT FROM '${REMOVED}'
       RETURNING id`,
      [id('id', rowId), organizationId ?? null],
    )
  ).length > 0

/** When the organisation's own number was added, in milliseconds since the epoch; undefined: it has none such. */
export const numberAddedAt = async (
  on: Queryable,
  organizationId: number,
  number: string,
): Promise<number | undefined> =>
  (
    await on.query<{ at: number }>(
      'SELECT created_at AS at FROM numbers WHERE organization_id = $1 AND number = $2 AND enabled',
      [organizationId, number],
    )
  )[0]?.at
