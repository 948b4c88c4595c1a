/**
 * Requests that are carried out once, however often they are repeated. A key is claimed before anything is done and
 * given its answer after; a claim that stays without one is a request whose fate nobody knows, and is never carried
 * out again while the key is kept. Several engines share the claims: the primary key lets one of them through.
 */
import { asCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import type { Queryable } from './database.ts'

/** A client may repeat a request for so long. */
export const KEPT_HOURS = 24

export type IdempotencyKey = {
  /** 0: none named. */
  readonly organizationId: number
  readonly route: string
  readonly key: string
}

export type KeptAnswer = { readonly status: number; readonly body: unknown }

export type Claim =
  /** It is ours: whoever has it does what was asked for, and says so by `keepAnswer` or `releaseKey`. */
  | { readonly kind: 'claimed' }
  | {
      readonly kind: 'known'
      readonly sameBody: boolean
      readonly callId: CallUuid
      /** Undefined: not answered yet, or never. */
      readonly answer: KeptAnswer | undefined
      /** Of the claim, in milliseconds. */
      readonly ageMs: number
    }

/** Throws STORE_UNAVAILABLE. A key that is older than KEPT_HOURS is as new. */
export const claimKey = async (
  on: Queryable,
  { organizationId, route, key }: IdempotencyKey,
  bodySha256: Buffer,
  callId: CallUuid,
): Promise<Claim> => {
  const [row] = await on.query<{
    claimed: boolean
    same: boolean
    call_id: string
    status: number | null
    answer: unknown
    age: number
  }>(CLAIM, [organizationId, route, key, bodySha256, callId])
  // Somebody else's insertion that was not there when the statement began: the row is visible to the next one.
  if (row === undefined) return claimKey(on, { organizationId, route, key }, bodySha256, callId)
  if (row.claimed) return { kind: 'claimed' }
  return {
    kind: 'known',
    sameBody: row.same,
    callId: asCallUuid(row.call_id),
    answer: row.status === null ? undefined : { status: row.status, body: row.answer },
    ageMs: row.age,
  }
}

const CLAIM = `
WITH claimed AS (
  INSERT INTO idempotency_keys AS kept (organization_id, route, key, body_sha256, call_id)
  VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (organization_id, route, key) DO UPDATE
    SET body_sha256 = excluded.body_sha256, call_id = excluded.call_id, status = NULL, answer = NULL,
        created_at = now(), answered_at = NULL
    WHERE kept.created_at < now() - interval '${KEPT_HOURS} hours'
  RETURNING true AS claimed, true AS same, call_id, NULL::integer AS status, NULL::jsonb AS answer, 0::float8 AS age
)
SELECT * FROM claimed
UNION ALL
SELECT false, body_sha256 = $4, call_id, status, answer,
       extract(epoch FROM now() - created_at)::float8 * 1000
FROM idempotency_keys
WHERE organization_id = $1 AND route = $2 AND key = $3 AND NOT EXISTS (SELECT 1 FROM claimed)`

export const keepAnswer = async (
  on: Queryable,
  { organizationId, route, key }: IdempotencyKey,
  { status, body }: KeptAnswer,
): Promise<void> => {
  await on.query(
    `UPDATE idempotency_keys SET status = $4, answer = $5, answered_at = now()
     WHERE organization_id = $1 AND route = $2 AND key = $3`,
    [organizationId, route, key, status, JSON.stringify(body)],
  )
}

/** Nothing was done, and the next request with the key may do it. Only the one who claimed it may say so. */
export const releaseKey = async (
  on: Queryable,
  { organizationId, route, key }: IdempotencyKey,
  callId: CallUuid,
): Promise<void> => {
  await on.query(
    `DELETE FROM idempotency_keys
     WHERE organization_id = $1 AND route = $2 AND key = $3 AND call_id = $4 AND status IS NULL`,
    [organizationId, route, key, callId],
  )
}

/** How many were too old to be kept. */
export const forgetOldKeys = async (on: Queryable): Promise<number> =>
  (
    await on.query(
      `DELETE FROM idempotency_keys WHERE created_at < now() - interval '${KEPT_HOURS} hours' RETURNING key`,
    )
  ).length

/** Whether a record of the call is there: then it was made, whatever became of the answer. */
export const callIsRecorded = async (on: Queryable, callId: CallUuid): Promise<boolean> =>
  (await on.query('SELECT 1 FROM call_detail_records WHERE call_id = $1 LIMIT 1', [callId])).length > 0
