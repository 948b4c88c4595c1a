/** How calls are counted: one A leg is one, wherever its legs began. */
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

/**
 * Parameters: the quarter, and the organisations (0: none).
 *
 * A leg that the API rang first is answered before anybody was dialled: such a call is connected where an attempt was
 * answered, and its delay counts from the moment at which the caller was there.
 */
export const COUNT_CALLS = `
WITH a AS MATERIALIZED (
  SELECT DISTINCT ON (call_id) call_id, leg_uuid, organization_id, direction, start_time, progress_time, answer_time,
    billable_seconds, disposition, mos_score, jitter_avg, packet_loss_pct,
    CASE WHEN direction = 'inbound' THEN callee_user_id ELSE caller_user_id END AS user_id
  FROM call_detail_records
  WHERE start_time >= $1::timestamptz AND start_time < $1::timestamptz + interval '15 minutes' AND leg = 'A'
    AND coalesce(organization_id, 0) = ANY($2)
  ORDER BY call_id, start_time, leg_uuid
), legs AS MATERIALIZED (
  SELECT call_id, leg, start_time, progress_time, answer_time, ${MONEY_COLUMNS}
  FROM call_detail_records
  WHERE start_time >= $1::timestamptz - interval '1 hour' AND start_time < $1::timestamptz + interval '1 day 15 minutes'
    AND call_id IN (SELECT call_id FROM a)
), reached AS (
  SELECT call_id, min(start_time) AS began, min(coalesce(progress_time, answer_time)) AS rang
  FROM legs WHERE leg = 'B' GROUP BY call_id
), tried AS MATERIALIZED (
  SELECT call_id, a_leg_uuid, outcome, fee, fee_currency, fee_exchange_rate FROM call_attempts
  WHERE start_time >= $1::timestamptz - interval '1 hour' AND start_time < $1::timestamptz + interval '1 day 15 minutes'
    AND call_id IN (SELECT call_id FROM a)
), hunted AS (
  SELECT a_leg_uuid, bool_or(outcome = 'ANSWERED') AS answered FROM tried GROUP BY a_leg_uuid
), billing AS (
  SELECT call_id, max(billing_currency) AS currency FROM legs GROUP BY call_id
), money AS MATERIALIZED (
  ${rankedMoney(
    `${moneyOf('legs', 'call_id')}
  UNION ALL
  SELECT tried.call_id, ${currencyOf('tried.fee_currency', 'tried.fee_exchange_rate', 'billing.currency')},
    ${brought('tried.fee', 'tried.fee_exchange_rate')}, 0, 0, 0
  FROM tried JOIN billing USING (call_id) WHERE tried.fee IS NOT NULL AND tried.fee_currency IS NOT NULL`,
    'call_id',
  )}
), facts AS (
  SELECT a.organization_id, a.user_id, a.direction, money.currency, true AS counted, a.disposition,
    a.disposition = 'ANSWERED' AND coalesce(hunted.answered, true) AS connected,
    ${effective('a')} AS is_effective, a.billable_seconds, a.mos_score, a.jitter_avg, a.packet_loss_pct,
    ${milliseconds(
      '(CASE WHEN a.answer_time <= reached.began THEN a.answer_time ELSE a.start_time END)',
      'reached.rang',
    )} AS pdd_ms,
    coalesce(money.cost, 0) AS cost, coalesce(money.sale, 0) AS sale, coalesce(money.tax, 0) AS tax,
    coalesce(money.margin, 0) AS margin
  FROM a
  LEFT JOIN reached USING (call_id)
  LEFT JOIN hunted ON hunted.a_leg_uuid = a.leg_uuid
  LEFT JOIN money ON money.call_id = a.call_id AND money.nth = 1
  UNION ALL
  SELECT a.organization_id, a.user_id, a.direction, money.currency, false, '', false, false, 0, NULL, NULL, NULL, NULL,
    money.cost, money.sale, money.tax, money.margin
  FROM a JOIN money ON money.call_id = a.call_id AND money.nth > 1
), named AS (
  -- A call without money stands with those of its user that have some.
  SELECT *, coalesce(currency, min(currency) OVER (PARTITION BY organization_id, user_id, direction)) AS told_in
  FROM facts
)
INSERT INTO report_calls (quarter, organization_id, user_id, direction, currency, calls, connected, busy, no_answer,
  cancelled, failed, effective, ${FIGURE_COLUMNS})
SELECT $1::timestamptz, organization_id, user_id, direction, told_in,
  count(*) FILTER (WHERE counted), count(*) FILTER (WHERE connected),
  count(*) FILTER (WHERE disposition = 'BUSY'), count(*) FILTER (WHERE disposition = 'NO_ANSWER'),
  count(*) FILTER (WHERE disposition = 'CANCELLED'),
  count(*) FILTER (WHERE counted AND NOT connected AND disposition NOT IN ('BUSY', 'NO_ANSWER', 'CANCELLED')),
  count(*) FILTER (WHERE connected OR (is_effective AND disposition <> 'ANSWERED')),
  coalesce(sum(billable_seconds) FILTER (WHERE connected), 0), ${FIGURES}
FROM named GROUP BY organization_id, user_id, direction, told_in`

/** Parameters: the hour, and the organisations (0: none). */
export const COUNT_HOURS = `
INSERT INTO hourly_call_reporting (time_bucket, organization_id, user_id, inbound_calls, outbound_calls, internal_calls,
  inbound_talk_seconds, outbound_talk_seconds, internal_talk_seconds, inbound_connected_primary,
  outbound_connected_primary, total_cost, currency)
SELECT $1::timestamptz, organization_id, user_id,
  ${['inbound', 'outbound', 'internal'].map((way) => counted('calls', way)).join(', ')},
  ${['inbound', 'outbound', 'internal'].map((way) => counted('talk_seconds', way)).join(', ')},
  ${['inbound', 'outbound'].map((way) => counted('connected', way)).join(', ')}, sum(cost), told_in
FROM (
  SELECT *, coalesce(currency, min(currency) OVER (PARTITION BY organization_id, user_id)) AS told_in FROM report_calls
  WHERE quarter >= $1::timestamptz AND quarter < $1::timestamptz + interval '1 hour'
    AND coalesce(organization_id, 0) = ANY($2)
) AS quarters GROUP BY organization_id, user_id, told_in`

function counted(column: string, direction: string): string {
  return `coalesce(sum(${column}) FILTER (WHERE direction = '${direction}'), 0)`
}
