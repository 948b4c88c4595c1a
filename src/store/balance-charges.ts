/**
 * What calls take from balances, booked in the transaction that stores their records: once a leg, and the difference
 * where a record is corrected or rated again. The lease of the engine that held the money shrinks by the same amount,
 * so that what others may still take does not change.
 *
 * A value is never a reason to refuse a record: a sale in another currency than the balance's books nothing.
 */
import type { Cdr } from '../cdr/cdr.ts'
import { owedFor } from '../cdr/sale.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { formatMoney, type Money } from '../telephony/money.ts'
import type { CdrCompanion } from './cdr-companion.ts'
import type { Queryable } from './database.ts'

export type Charge = {
  readonly legUuid: CallUuid
  readonly callId: CallUuid
  readonly organizationId: number
  readonly userId: number | undefined
  readonly startTime: number
  /** All that the leg costs, tax included: what was booked of it before is taken off. */
  readonly owed: Money
  readonly currency: string
  /** What the call was planned with; undefined: the balance that was open when it began. */
  readonly balanceId: number | undefined
  readonly engine: string | undefined
}

export const chargeBalances: CdrCompanion = (on, stored) =>
  bookCharges(
    on,
    stored.flatMap(({ cdr }) => chargeIn(cdr) ?? []),
  )

/** Undefined: nothing is sold with this leg. */
export const chargeIn = ({
  sale,
  organizationId,
  legUuid,
  callId,
  callerUserId,
  calleeUserId,
  startTime,
  prepaid,
}: Pick<
  Cdr,
  'sale' | 'organizationId' | 'legUuid' | 'callId' | 'callerUserId' | 'calleeUserId' | 'startTime' | 'prepaid'
>): Charge | undefined => {
  if (sale === undefined || organizationId === undefined) return undefined
  const owed = owedFor(sale)
  if (owed === undefined) return undefined
  const { tariff, exchange } = sale.rate
  return {
    ...{ legUuid, callId, organizationId, startTime, owed },
    userId: callerUserId ?? calleeUserId,
    currency: exchange?.to ?? tariff.currency,
    balanceId: prepaid?.balanceId,
    engine: prepaid?.engine,
  }
}

/** Within the transaction of `on`. */
export const bookCharges = async (on: Queryable, charges: readonly Charge[]): Promise<void> => {
  if (charges.length === 0) return
  const found = await on.query<Found>(FIND, [
    charges.map(({ legUuid }) => legUuid),
    charges.map(({ organizationId }) => organizationId),
    charges.map(({ userId }) => userId ?? null),
    charges.map(({ currency }) => currency),
    charges.map(({ startTime }) => new Date(startTime).toISOString()),
    charges.map(({ balanceId }) => balanceId ?? null),
  ])
  const foundOf = new Map(found.map((row) => [row.leg_uuid, row]))
  // Most legs that cost nothing were never answered.
  const booked = charges.filter(({ legUuid, owed }) => {
    const row = foundOf.get(legUuid)
    return row !== undefined && (owed !== 0 || row.was_booked)
  })
  if (booked.length === 0) return
  // In one order for all who book; what is read after it is as those before left it.
  await on.query('SELECT id FROM balances WHERE id = ANY($1::int[]) ORDER BY id FOR UPDATE', [
    [...new Set(found.map((row) => row.balance_id))],
  ])
  const taken = await on.query<{ balance_id: number; engine: string; amount: string }>(BOOK, [
    booked.map(({ legUuid }) => legUuid),
    booked.map(({ callId }) => callId),
    booked.map(({ legUuid }) => foundOf.get(legUuid)?.balance_id),
    booked.map(({ owed }) => formatMoney(owed)),
    booked.map(({ engine }) => engine ?? null),
  ])
  if (taken.length === 0) return
  await on.query(SHRINK, [
    taken.map((row) => row.balance_id),
    taken.map((row) => row.engine),
    taken.map((row) => row.amount),
  ])
}

type Found = { readonly leg_uuid: CallUuid; readonly balance_id: number; readonly was_booked: boolean }

// The balance of what was booked before, the one that the call was planned with, or the one that was open: the user's
// own before the organisation's.
const FIND = `
SELECT given.leg_uuid, balance.id AS balance_id, charged.leg_uuid IS NOT NULL AS was_booked
FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::timestamptz[], $6::int[])
    AS given (leg_uuid, organization_id, user_id, currency, started, planned)
  LEFT JOIN balance_charges AS charged ON charged.leg_uuid = given.leg_uuid
  JOIN LATERAL (
    SELECT id FROM balances
    WHERE organization_id = given.organization_id AND currency = given.currency
      AND CASE WHEN coalesce(charged.balance_id, given.planned) IS NOT NULL
        THEN id = coalesce(charged.balance_id, given.planned)
        ELSE (user_id IS NULL OR user_id = given.user_id)
          AND created_at <= given.started AND (closed_at IS NULL OR closed_at > given.started) END
    ORDER BY user_id NULLS LAST, id LIMIT 1
  ) AS balance ON true`

const BOOK = `
WITH given AS (
  SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::numeric[], $5::uuid[])
    AS given (leg_uuid, call_id, balance_id, owed, engine)
), before AS (
  SELECT leg_uuid, booked FROM balance_charges WHERE leg_uuid = ANY($1::uuid[])
), charged AS (
  INSERT INTO balance_charges (leg_uuid, balance_id, booked)
  SELECT leg_uuid, balance_id, owed FROM given ORDER BY leg_uuid
  ON CONFLICT (leg_uuid) DO UPDATE SET booked = excluded.booked
), entries AS (
  INSERT INTO balance_entries (balance_id, kind, amount, leg_uuid, call_id)
  SELECT given.balance_id, CASE WHEN before.leg_uuid IS NULL THEN 'call' ELSE 'correction' END,
    coalesce(before.booked, 0) - given.owed, given.leg_uuid, given.call_id
  FROM given LEFT JOIN before USING (leg_uuid)
  WHERE coalesce(before.booked, 0) <> given.owed
)
SELECT given.balance_id, given.engine, sum(given.owed) AS amount
FROM given LEFT JOIN before USING (leg_uuid)
WHERE before.leg_uuid IS NULL AND given.engine IS NOT NULL AND given.owed > 0
GROUP BY given.balance_id, given.engine`

const SHRINK = `
UPDATE balance_leases SET amount = greatest(0, balance_leases.amount - taken.amount),
  reserved = greatest(0, balance_leases.reserved - taken.amount)
FROM unnest($1::int[], $2::uuid[], $3::numeric[]) AS taken (balance_id, engine, amount)
WHERE balance_leases.balance_id = taken.balance_id AND balance_leases.engine = taken.engine`
