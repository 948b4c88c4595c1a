/**
 * How attempts at carriers are counted: by the list that the A leg told, which has those without a channel, and by each
 * attempt's own record. An attempt belongs to the quarter in which the leg began that made it.
 */
import { LONGEST_CODE } from '../report/countries.ts'
import {
  brought,
  currencyOf,
  effective,
  FIGURE_COLUMNS,
  FIGURES,
  milliseconds,
  MONEY_COLUMNS,
  moneyOf,
  rankedMoney,
} from './report-sql.ts'

/** Null where neither is a number of a country: 112 is not in the US. */
const digits = `ltrim(CASE WHEN a.callee_number LIKE '+%' THEN a.callee_number WHEN t.number LIKE '+%' THEN t.number END, '+')`
const country = Array.from(
  { length: LONGEST_CODE },
  (_, at) => `$3::jsonb ->> left(${digits}, ${LONGEST_CODE - at})`,
).join(', ')

/**
 * Parameters: the quarter, the organisations (0: none), countries by code as JSON, causes that are the callee's.
 *
 * What an attempt without a channel saw is nothing, so it is no seizure; one that was never tried is no attempt.
 */
export const COUNT_ATTEMPTS = `
WITH made_by AS MATERIALIZED (
  SELECT leg_uuid, organization_id, callee_number, billing_currency FROM call_detail_records
  WHERE start_time >= $1::timestamptz AND start_time < $1::timestamptz + interval '15 minutes'
    AND coalesce(organization_id, 0) = ANY($2)
), t AS MATERIALIZED (
  SELECT a_leg_uuid, n, leg_uuid, carrier_id, carrier_name, gateway_id, gateway_name, number, rate_prefix, outcome, cause,
    sip_status, fee, fee_currency, fee_exchange_rate
  FROM call_attempts
  WHERE start_time >= $1::timestamptz AND start_time < $1::timestamptz + interval '15 minutes' AND outcome <> 'NOT_TRIED'
    AND a_leg_uuid IN (SELECT leg_uuid FROM made_by)
), b AS MATERIALIZED (
  SELECT leg_uuid, start_time, progress_time, answer_time, billable_seconds, disposition, mos_score, jitter_avg,
    packet_loss_pct, ${MONEY_COLUMNS}
  FROM call_detail_records
  WHERE start_time >= $1::timestamptz - interval '1 hour' AND start_time < $1::timestamptz + interval '1 day 15 minutes'
    AND leg_uuid IN (SELECT leg_uuid FROM t)
), money AS MATERIALIZED (
  ${rankedMoney(
    `${moneyOf('b', 'leg_uuid')}
  UNION ALL
  SELECT t.leg_uuid, ${currencyOf('t.fee_currency', 't.fee_exchange_rate', 'a.billing_currency')},
    ${brought('t.fee', 't.fee_exchange_rate')}, 0, 0,
    CASE WHEN t.fee_exchange_rate IS NOT NULL OR t.fee_currency = a.billing_currency
      THEN -${brought('t.fee', 't.fee_exchange_rate')} ELSE 0 END
  FROM t JOIN made_by AS a ON a.leg_uuid = t.a_leg_uuid WHERE t.fee IS NOT NULL AND t.fee_currency IS NOT NULL`,
    'leg_uuid',
  )}
), known AS (
  SELECT t.leg_uuid, a.organization_id, t.carrier_id, t.carrier_name, t.gateway_id, t.gateway_name,
    coalesce(${country}) AS country, nullif(t.rate_prefix, '') AS prefix, t.outcome,
    t.outcome IN ('ANSWERED', 'FAILED') AS seized, t.outcome = 'ANSWERED' AS answered,
    CASE t.outcome WHEN 'ANSWERED' THEN true WHEN 'FAILED' THEN coalesce(${effective('b')},
      t.cause = ANY($4) OR (t.cause = 'CALL_REJECTED' AND t.sip_status = 603), false) ELSE false END AS is_effective,
    CASE WHEN t.outcome = 'ANSWERED' THEN b.billable_seconds END AS talk_seconds,
    b.mos_score, b.jitter_avg, b.packet_loss_pct,
    ${milliseconds('b.start_time', 'coalesce(b.progress_time, b.answer_time)')} AS pdd_ms
  FROM t JOIN made_by AS a ON a.leg_uuid = t.a_leg_uuid LEFT JOIN b ON b.leg_uuid = t.leg_uuid
), facts AS (
  SELECT known.*, money.currency, true AS counted, coalesce(money.cost, 0) AS cost, coalesce(money.sale, 0) AS sale,
    coalesce(money.tax, 0) AS tax, coalesce(money.margin, 0) AS margin
  FROM known LEFT JOIN money ON money.leg_uuid = known.leg_uuid AND money.nth = 1
  UNION ALL
  SELECT known.*, money.currency, false, money.cost, money.sale, money.tax, money.margin
  FROM known JOIN money ON money.leg_uuid = known.leg_uuid AND money.nth > 1
), named AS (
  SELECT *, coalesce(currency,
    min(currency) OVER (PARTITION BY organization_id, gateway_id, carrier_id, country, prefix)) AS told_in
  FROM facts
)
INSERT INTO report_attempts (quarter, organization_id, carrier_id, carrier_name, gateway_id, gateway_name, country, prefix,
  currency, attempts, seizures, answered, effective, ${FIGURE_COLUMNS})
SELECT $1::timestamptz, organization_id, carrier_id, max(carrier_name), gateway_id, max(gateway_name), country, prefix,
  told_in, count(*) FILTER (WHERE counted), count(*) FILTER (WHERE counted AND seized),
  count(*) FILTER (WHERE counted AND answered), count(*) FILTER (WHERE counted AND is_effective),
  coalesce(sum(talk_seconds) FILTER (WHERE counted), 0), ${FIGURES}
FROM named GROUP BY organization_id, carrier_id, gateway_id, country, prefix, told_in`
