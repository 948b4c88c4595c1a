/**
 * What a whole call comes to: the sums over its legs and the attempts that cost a fee, in the organisation's currency. An
 * amount in another currency of which no exchange rate was known makes a sum of its own currency, if it is the only one.
 */
import type { CallCost } from '../cdr/cdr.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { parseMoney } from '../telephony/money.ts'
import type { Queryable } from './database.ts'

export type CallSums = {
  readonly cost: CallCost | undefined
  readonly sale: CallCost | undefined
  readonly tax: CallCost | undefined
  readonly margin: CallCost | undefined
}

export const NO_SUMS: CallSums = { cost: undefined, sale: undefined, tax: undefined, margin: undefined }

/** What the records that are stored of a call add up to; undefined: nothing was charged. */
export const readCallCost = async (on: Queryable, callId: CallUuid): Promise<CallCost | undefined> =>
  (await sumsOf(on, [callId])).get(callId)?.cost

/** Of calls that began between these moments, in milliseconds since the epoch. */
export const readCallSums = (
  on: Queryable,
  callIds: readonly string[],
  within: { readonly earliest: number; readonly latest: number },
): Promise<ReadonlyMap<string, CallSums>> => sumsOf(on, callIds, within)

/** A leg of a call begins within a day of the call's first: the safety that ends calls is never longer. */
const CALL_SPAN_MS = 86_400_000

const sumsOf = async (
  on: Queryable,
  callIds: readonly string[],
  within?: { readonly earliest: number; readonly latest: number },
): Promise<ReadonlyMap<string, CallSums>> => {
  if (callIds.length === 0) return new Map()
  const rows = await on.query<SumRow>(SUMS, [
    callIds,
    within === undefined ? '-infinity' : new Date(within.earliest).toISOString(),
    within === undefined ? 'infinity' : new Date(within.latest + CALL_SPAN_MS).toISOString(),
  ])
  const sums = new Map<string, CallSums>()
  for (const row of rows) {
    const before = sums.get(row.call_id) ?? NO_SUMS
    const part = { amount: parseMoney(row.total), currency: row.currency }
    sums.set(row.call_id, { ...before, [row.what]: preferred(before[row.what], part, row.billing) })
  }
  return sums
}

/** Of sums in two currencies the organisation's own is told. */
const preferred = (before: CallCost | undefined, part: CallCost, billing: string | null): CallCost =>
  before === undefined || part.currency === billing ? part : before

type SumRow = {
  readonly call_id: string
  readonly what: keyof CallSums
  readonly currency: string
  readonly billing: string | null
  readonly total: string
}

// The times keep PostgreSQL from looking into every month.
const SUMS = `
WITH legs AS (
  SELECT * FROM call_detail_records WHERE call_id = ANY($1::uuid[]) AND start_time BETWEEN $2 AND $3
), parts AS (
  SELECT call_id, 'cost' AS what, billing_currency AS billing,
    CASE WHEN cost_exchange_rate IS NULL THEN currency ELSE billing_currency END AS currency,
    round(total_cost * coalesce(cost_exchange_rate, 1), 8) AS amount
  FROM legs WHERE total_cost IS NOT NULL
  UNION ALL
  SELECT call_id, side.what, billing_currency,
    CASE WHEN sale_exchange_rate IS NULL THEN sale_currency ELSE billing_currency END,
    round(side.amount * coalesce(sale_exchange_rate, 1), 8)
  FROM legs CROSS JOIN LATERAL (VALUES ('sale', sale_amount), ('tax', tax_amount)) AS side (what, amount)
  WHERE side.amount IS NOT NULL
  UNION ALL
  SELECT legs.call_id, 'cost', billing_currency,
    CASE WHEN fee_exchange_rate IS NULL THEN fee_currency ELSE billing_currency END,
    round(fee * coalesce(fee_exchange_rate, 1), 8)
  FROM legs JOIN call_attempts AS tried
    ON tried.a_leg_uuid = legs.leg_uuid AND tried.start_time = legs.start_time AND tried.fee IS NOT NULL
  UNION ALL
  SELECT call_id, 'margin', billing_currency, billing_currency, margin FROM legs WHERE margin IS NOT NULL
)
SELECT call_id, what, billing, coalesce(currency, billing, '') AS currency, sum(amount) AS total
FROM parts GROUP BY call_id, what, billing, currency`
