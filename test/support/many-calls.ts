/**
 * Call records by the hundred thousand, made by the database itself: an A leg and, for every second one, a B leg, spread
 * evenly over the days before a moment, of 20 organisations, 200 users, 20 gateways and 50,000 numbers.
 */
import type { Queryable } from '../../src/store/database.ts'

export type ManyCalls = {
  readonly rows: number
  readonly days: number
  /** Milliseconds since the epoch. */
  readonly until: number
}

export const manyCalls = async (on: Queryable, { rows, days, until }: ManyCalls): Promise<void> => {
  const from = until - days * 86_400_000
  await on.query('SELECT create_cdr_partitions($1, $2)', [iso(from), iso(until)])
  for (let first = 0; first < rows; first += ROWS_A_STATEMENT) {
    const last = Math.min(rows, first + ROWS_A_STATEMENT)
    await on.query(
      `INSERT INTO call_detail_records (leg_uuid, call_id, leg, organization_id, direction, start_time, end_time,
         duration_seconds, billable_seconds, ring_seconds, caller_number, caller_name, caller_user_id, callee_number,
         dialled_number, gateway_id, gateway_name, carrier_id, carrier_name, hangup_cause, hangup_cause_q850, hung_up_by,
         disposition, currency, total_cost, custom_data)
       SELECT md5('leg' || n)::uuid, md5('leg' || n - n % 2)::uuid, CASE WHEN n % 2 = 0 THEN 'A' ELSE 'B' END,
         1 + n / 2 % 20, 'outbound', at, at + interval '65 s', 65, CASE WHEN n % 20 < 2 THEN 0 ELSE n % 300 END, 3,
         '+4420700' || lpad((n / 2 * 7919 % 50000)::text, 5, '0'), 'Caller ' || n / 2 % 200, 1 + n / 2 % 200,
         '+4930' || lpad((n / 2 * 104729 % 50000)::text, 6, '0'),
         CASE WHEN n % 2 = 0 THEN '004930' || lpad((n / 2 * 104729 % 50000)::text, 6, '0')
              ELSE '+4930' || lpad((n / 2 * 104729 % 50000)::text, 6, '0') END,
         CASE WHEN n % 2 = 1 THEN 1 + n / 2 % 20 END, CASE WHEN n % 2 = 1 THEN 'gateway ' || 1 + n / 2 % 20 END,
         CASE WHEN n % 2 = 1 THEN 1 + n / 2 % 5 END, CASE WHEN n % 2 = 1 THEN 'carrier ' || 1 + n / 2 % 5 END,
         CASE WHEN n % 20 < 2 THEN 'USER_BUSY' ELSE 'NORMAL_CLEARING' END, 16, 'party',
         CASE WHEN n % 20 < 2 THEN 'BUSY' ELSE 'ANSWERED' END, CASE WHEN n % 2 = 1 THEN 'GBP' END,
         CASE WHEN n % 2 = 1 THEN 0.01700001 END,
         CASE WHEN n % 100 = 0 THEN jsonb_build_object('crm', jsonb_build_object('recordId', 'crm-' || n)) END
       FROM generate_series($1::bigint, $2::bigint - 1) AS n,
         LATERAL (SELECT $3::timestamptz + make_interval(secs => floor((n / 2) * $4::float8) / 1000) AS at) AS moment`,
      [first, last, iso(from), (days * 86_400_000) / (rows / 2)],
    )
  }
}

const ROWS_A_STATEMENT = 100_000

const iso = (milliseconds: number): string => new Date(milliseconds).toISOString()
