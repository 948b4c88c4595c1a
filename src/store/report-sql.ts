/**
 * Pieces of SQL that the counting of calls and of attempts share, so that both mean the same by a delay, a quality and a
 * sum of money.
 */
import { dispositionOf } from '../cdr/disposition.ts'
import { DELAY_BINS } from '../routing/delay-histogram.ts'
import { HANGUP_CAUSES, isHangupCause, type HangupCause } from '../telephony/hangup-cause.ts'

/** Of an attempt without a record of its own: what its callee left undone, and the network did its part (E.425). */
export const EFFECTIVE_CAUSES: readonly HangupCause[] = Object.keys(HANGUP_CAUSES)
  .filter(isHangupCause)
  .filter((cause) => {
    const disposition = dispositionOf({
      answered: false,
      rang: false,
      cause,
      sipStatus: undefined,
      cancelled: false,
    })
    return disposition === 'BUSY' || disposition === 'NO_ANSWER'
  })

/** Somebody was reached, or would have been, had he wanted to; a caller who gave up while it rang heard it ring. */
export const effective = (alias: string): string =>
  `(${alias}.disposition IN ('ANSWERED', 'BUSY', 'NO_ANSWER')
    OR (${alias}.disposition = 'CANCELLED' AND ${alias}.progress_time IS NOT NULL))`

/** Whole milliseconds between two moments; null where one is missing, and where a clock went back. */
export const milliseconds = (from: string, to: string): string =>
  `CASE WHEN ${to} >= ${from} THEN round(extract(epoch FROM ${to} - ${from})::numeric * 1000)::bigint END`

/** Bins of routing/delay-histogram.ts: up to 250 ms, each next one ends at sqrt(2) times the one before. */
const bin = (ms: string): string =>
  `(CASE WHEN ${ms} <= 250 THEN 0 ELSE least(${DELAY_BINS - 1}, ceil(ln(${ms} / 250.0::float8) / ln(2::float8) * 2 - 1e-9)) END)::integer`

/** The columns of figures after the counts, from columns pdd_ms, mos_score, jitter_avg, packet_loss_pct and money. */
export const FIGURES = `
  count(pdd_ms) FILTER (WHERE counted), coalesce(sum(pdd_ms) FILTER (WHERE counted), 0),
  ARRAY[${Array.from(
    { length: DELAY_BINS },
    (_, at) => `count(*) FILTER (WHERE counted AND pdd_ms IS NOT NULL AND ${bin('pdd_ms')} = ${at})`,
  ).join(', ')}],
  count(mos_score) FILTER (WHERE counted), coalesce(sum(mos_score) FILTER (WHERE counted), 0),
  coalesce(sum(jitter_avg) FILTER (WHERE counted AND mos_score IS NOT NULL), 0),
  coalesce(sum(packet_loss_pct) FILTER (WHERE counted AND mos_score IS NOT NULL), 0),
  sum(cost), sum(sale), sum(tax), sum(margin)`

export const FIGURE_COLUMNS =
  'talk_seconds, pdd_calls, pdd_ms_sum, pdd_bins, mos_calls, mos_sum, jitter_sum, loss_sum, cost, sale, tax, margin'

/** Columns of a record from which its money is read. */
export const MONEY_COLUMNS =
  'currency, total_cost, cost_exchange_rate, billing_currency, sale_currency, sale_amount, tax_amount, sale_exchange_rate, margin'

/**
 * Rows of money of the rows of `legs` (with MONEY_COLUMNS), each with `key`: in the organisation's currency where it can
 * be brought there, else in the one in which it was charged. Currencies are never added.
 */
export const moneyOf = (legs: string, key: string): string => `
  SELECT ${key}, ${currencyOf('currency', 'cost_exchange_rate', 'billing_currency')} AS currency,
    ${brought('total_cost', 'cost_exchange_rate')} AS cost, 0 AS sale, 0 AS tax, 0 AS margin
  FROM ${legs} WHERE total_cost IS NOT NULL AND currency IS NOT NULL
  UNION ALL
  SELECT ${key}, ${currencyOf('sale_currency', 'sale_exchange_rate', 'billing_currency')}, 0,
    ${brought('sale_amount', 'sale_exchange_rate')}, ${brought('coalesce(tax_amount, 0)', 'sale_exchange_rate')}, 0
  FROM ${legs} WHERE sale_amount IS NOT NULL AND sale_currency IS NOT NULL
  UNION ALL
  SELECT ${key}, billing_currency, 0, 0, 0, margin
  FROM ${legs} WHERE margin IS NOT NULL AND billing_currency IS NOT NULL`

/** An exchange rate leads to the organisation's currency; there is none where none is needed, or none was known. */
export const currencyOf = (currency: string, rate: string, billing: string): string =>
  `CASE WHEN ${rate} IS NULL THEN ${currency} ELSE coalesce(${billing}, ${currency}) END`

/** Each amount is rounded where it is brought over, so that a sum is a sum of what stands in the records. */
export const brought = (amount: string, rate: string): string => `round(${amount} * coalesce(${rate}, 1), 8)`

/** Sums by key and currency, each numbered within its key: the first goes with the counts, the others stand alone. */
export const rankedMoney = (rows: string, key: string): string => `
  SELECT ${key}, currency, sum(cost) AS cost, sum(sale) AS sale, sum(tax) AS tax, sum(margin) AS margin,
    row_number() OVER (PARTITION BY ${key} ORDER BY currency) AS nth
  FROM (${rows}) AS money GROUP BY ${key}, currency`
