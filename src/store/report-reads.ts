/**
 * Reports as they are asked for: sums of quarters of an hour, by hour, day or month of any time zone. PostgreSQL does the
 * calendar (date_trunc with a zone): a day that has 23 or 25 hours is one day, and the hour that comes twice is two.
 */
import { figuresOf, sumText, type Figures } from '../report/figures.ts'
import { DELAY_BINS, delayAtShare } from '../routing/delay-histogram.ts'
import { isTimeZone } from '../telephony/time-zone.ts'
import type { Queryable } from './database.ts'
import { badInput, id, moment } from './input.ts'

export const REPORT_KINDS = ['calls', 'users', 'carriers', 'gateways', 'destinations', 'prefixes'] as const
export type ReportKind = (typeof REPORT_KINDS)[number]

export const REPORT_INTERVALS = ['hour', 'day', 'month'] as const
export type ReportInterval = (typeof REPORT_INTERVALS)[number]

export type ReportQuery = {
  readonly kind: ReportKind
  readonly organizationId?: number | undefined
  /** Milliseconds since the epoch; down to the quarter of an hour, */
  readonly since: number
  /** and up to it. */
  readonly until: number
  /** Undefined: one sum over the whole time. */
  readonly interval?: ReportInterval | undefined
  readonly timeZone: string
}

export type ReportRow = {
  /** Of the interval, milliseconds since the epoch; the first may begin before what was asked for. */
  readonly start: number | undefined
  readonly key: ReportKey
  readonly counts: ReportCounts
  readonly figures: Figures & { readonly pddP95Ms: number | undefined }
  /** One a currency; decimals, undefined where a sum is beyond exact money. */
  readonly money: readonly ReportMoney[]
}

export type ReportKey = {
  readonly organizationId?: number | undefined
  readonly direction?: string | undefined
  readonly userId?: number | undefined
  readonly userName?: string | undefined
  readonly carrierId?: number | undefined
  readonly carrierName?: string | undefined
  readonly gatewayId?: number | undefined
  readonly gatewayName?: string | undefined
  readonly country?: string | undefined
  readonly prefix?: string | undefined
}

/** Of calls, or of attempts at carriers: never both. */
export type ReportCounts = {
  readonly calls?: number
  readonly busy?: number
  readonly noAnswer?: number
  readonly cancelled?: number
  readonly failed?: number
  readonly attempts?: number
  readonly seizures?: number
  readonly answered: number
  readonly effective: number
  readonly talkSeconds: number
  readonly measured: number
}

export type ReportMoney = {
  readonly currency: string
  readonly cost: string | undefined
  readonly sale: string | undefined
  readonly tax: string | undefined
  readonly margin: string | undefined
}

/** A month of hours of 1,000 users would be more than anybody reads. */
export const MOST_ROWS = 20_000

type Shape = {
  readonly table: 'report_calls' | 'report_attempts'
  /** Columns that rows are told apart by. */
  readonly by: readonly string[]
  /** Names go with ids: a carrier that was renamed is one. */
  readonly names: readonly string[]
}

const SHAPES: Readonly<Record<ReportKind, Shape>> = {
  calls: { table: 'report_calls', by: ['organization_id', 'direction'], names: [] },
  users: { table: 'report_calls', by: ['organization_id', 'user_id'], names: [] },
  carriers: { table: 'report_attempts', by: ['carrier_id'], names: ['carrier_name'] },
  gateways: {
    table: 'report_attempts',
    by: ['carrier_id', 'gateway_id'],
    names: ['carrier_name', 'gateway_name'],
  },
  destinations: { table: 'report_attempts', by: ['country'], names: [] },
  prefixes: { table: 'report_attempts', by: ['country', 'prefix'], names: [] },
}

const COUNTS = {
  report_calls: ['calls', 'connected', 'busy', 'no_answer', 'cancelled', 'failed'],
  report_attempts: ['attempts', 'seizures', 'answered'],
} as const

const SUMS = [
  'effective',
  'talk_seconds',
  'pdd_calls',
  'pdd_ms_sum',
  'mos_calls',
  'mos_sum',
  'jitter_sum',
  'loss_sum',
]
const MONEY = ['cost', 'sale', 'tax', 'margin']

/** Throws STORE_BAD_INPUT naming the field, or STORE_UNAVAILABLE. */
export const readReport = async (on: Queryable, query: ReportQuery): Promise<readonly ReportRow[]> => {
  const { table, by, names } = SHAPES[query.kind]
  if (!isTimeZone(query.timeZone)) throw badInput('timezone', 'it is no time zone such as Europe/London')
  if (query.until <= query.since) throw badInput('until', 'it has to be after since')
  const start =
    query.interval === undefined ? 'NULL::timestamptz' : `date_trunc('${query.interval}', quarter, $3)`
  const columns = [...COUNTS[table], ...SUMS]
  const rows = await on.query<Row>(
    `WITH each AS (
       SELECT ${start} AS start, ${by.join(', ')}, currency, ${names.map((name) => `max(${name}) AS ${name},`).join(' ')}
         ${[...columns, ...MONEY].map((column) => `sum(${column}) AS ${column}`).join(', ')},
         ARRAY[${Array.from({ length: DELAY_BINS }, (_, at) => `sum(pdd_bins[${at + 1}])`).join(', ')}] AS bins
       FROM ${table}
       WHERE quarter >= $1::timestamptz AND quarter < $2::timestamptz AND $3::text IS NOT NULL
         AND ($4::integer IS NULL OR organization_id = $4)
       GROUP BY 1, ${by.join(', ')}, currency
     )
     SELECT start, ${by.join(', ')}, ${names.map((name) => `max(${name}) AS ${name},`).join(' ')}
       ${columns.map((column) => `sum(${column})::float8 AS ${column}`).join(', ')},
       ARRAY[${Array.from({ length: DELAY_BINS }, (_, at) => `sum(bins[${at + 1}])::float8`).join(', ')}] AS bins,
       coalesce(jsonb_agg(jsonb_build_object('currency', currency, ${MONEY.map((column) => `'${column}', ${column}::text`).join(', ')})
         ORDER BY currency) FILTER (WHERE currency IS NOT NULL), '[]') AS money
     FROM each GROUP BY start, ${by.join(', ')}
     ORDER BY start NULLS FIRST, sum(${COUNTS[table][0]}) DESC, ${by.join(', ')} LIMIT ${MOST_ROWS + 1}`,
    [
      moment('since', down(query.since)),
      moment('until', -down(-query.until)),
      query.timeZone,
      query.organizationId === undefined ? null : id('organizationId', query.organizationId),
    ],
  )
  if (rows.length > MOST_ROWS)
    throw badInput(
      'interval',
      `the report has more than ${MOST_ROWS} rows: ask for less time, or a longer interval`,
    )
  const users = query.kind === 'users' ? await userNames(on, rows) : new Map<number, string>()
  return rows.map((row) => toRow(row, table, users))
}

const QUARTER_MS = 900_000
const down = (at: number): number => Math.floor(at / QUARTER_MS) * QUARTER_MS

/** As they are called today; of one who is gone only his number stands. */
const userNames = async (on: Queryable, rows: readonly Row[]): Promise<ReadonlyMap<number, string>> => {
  const ids = [...new Set(rows.flatMap(({ user_id }) => user_id ?? []))]
  if (ids.length === 0) return new Map()
  const found = await on.query<{ id: number; name: string }>(
    'SELECT id, name FROM users WHERE id = ANY($1::integer[])',
    [ids],
  )
  return new Map(found.map((user) => [user.id, user.name]))
}

type Row = {
  readonly start: number | null
  readonly organization_id?: number | null
  readonly direction?: string
  readonly user_id?: number | null
  readonly carrier_id?: number
  readonly carrier_name?: string
  readonly gateway_id?: number
  readonly gateway_name?: string
  readonly country?: string | null
  readonly prefix?: string | null
  readonly calls?: number
  readonly connected?: number
  readonly busy?: number
  readonly no_answer?: number
  readonly cancelled?: number
  readonly failed?: number
  readonly attempts?: number
  readonly seizures?: number
  readonly answered?: number
  readonly effective: number
  readonly talk_seconds: number
  readonly pdd_calls: number
  readonly pdd_ms_sum: number
  readonly mos_calls: number
  readonly mos_sum: number
  readonly jitter_sum: number
  readonly loss_sum: number
  readonly bins: readonly number[]
  readonly money: readonly {
    readonly currency: string
    readonly cost: string
    readonly sale: string
    readonly tax: string
    readonly margin: string
  }[]
}

const toRow = (row: Row, table: Shape['table'], users: ReadonlyMap<number, string>): ReportRow => {
  const offered = (table === 'report_calls' ? row.calls : row.seizures) ?? 0
  const answered = (table === 'report_calls' ? row.connected : row.answered) ?? 0
  return {
    start: row.start ?? undefined,
    key: {
      organizationId: row.organization_id ?? undefined,
      direction: row.direction,
      userId: row.user_id ?? undefined,
      userName: users.get(row.user_id ?? 0),
      carrierId: row.carrier_id,
      carrierName: row.carrier_name,
      gatewayId: row.gateway_id,
      gatewayName: row.gateway_name,
      country: row.country ?? undefined,
      prefix: row.prefix ?? undefined,
    },
    counts: {
      ...(table === 'report_calls'
        ? {
            calls: offered,
            busy: row.busy ?? 0,
            noAnswer: row.no_answer ?? 0,
            cancelled: row.cancelled ?? 0,
            failed: row.failed ?? 0,
          }
        : { attempts: row.attempts ?? 0, seizures: offered }),
      answered,
      effective: row.effective,
      talkSeconds: row.talk_seconds,
      measured: row.mos_calls,
    },
    figures: {
      ...figuresOf({
        offered,
        answered,
        effective: row.effective,
        talkSeconds: row.talk_seconds,
        pddCalls: row.pdd_calls,
        pddMsSum: row.pdd_ms_sum,
        mosCalls: row.mos_calls,
        mosSum: row.mos_sum,
        jitterSum: row.jitter_sum,
        lossSum: row.loss_sum,
      }),
      pddP95Ms: delayAtShare(row.bins, 0, 0.95),
    },
    money: row.money.map(({ currency, cost, sale, tax, margin }) => ({
      currency,
      cost: sumText(cost),
      sale: sumText(sale),
      tax: sumText(tax),
      margin: sumText(margin),
    })),
  }
}

/** A row of hourly_call_reporting. */
export type HourlyRow = {
  readonly timeBucket: number
  readonly organizationId: number | undefined
  readonly userId: number | undefined
  readonly inboundCalls: number
  readonly outboundCalls: number
  readonly internalCalls: number
  readonly inboundTalkSeconds: number
  readonly outboundTalkSeconds: number
  readonly internalTalkSeconds: number
  readonly inboundConnectedPrimary: number
  readonly outboundConnectedPrimary: number
  readonly totalCost: string | undefined
  readonly currency: string | undefined
}

/** The reference's table as it stands, oldest hour first. Throws as readReport. */
export const readHours = async (
  on: Queryable,
  query: Pick<ReportQuery, 'since' | 'until' | 'organizationId'>,
): Promise<readonly HourlyRow[]> => {
  if (query.until <= query.since) throw badInput('until', 'it has to be after since')
  const rows = await on.query<
    Omit<HourlyRow, 'organizationId' | 'userId' | 'totalCost' | 'currency'> & {
      readonly organizationId: number | null
      readonly userId: number | null
      readonly totalCost: string
      readonly currency: string | null
    }
  >(
    `SELECT time_bucket AS "timeBucket", organization_id AS "organizationId", user_id AS "userId",
       inbound_calls AS "inboundCalls", outbound_calls AS "outboundCalls", internal_calls AS "internalCalls",
       inbound_talk_seconds AS "inboundTalkSeconds", outbound_talk_seconds AS "outboundTalkSeconds",
       internal_talk_seconds AS "internalTalkSeconds", inbound_connected_primary AS "inboundConnectedPrimary",
       outbound_connected_primary AS "outboundConnectedPrimary", total_cost::text AS "totalCost", currency
     FROM hourly_call_reporting
     WHERE time_bucket >= $1::timestamptz AND time_bucket < $2::timestamptz
       AND ($3::integer IS NULL OR organization_id = $3)
     ORDER BY time_bucket, organization_id, user_id, currency LIMIT ${MOST_ROWS + 1}`,
    [
      moment('since', query.since - (query.since % 3_600_000)),
      moment('until', query.until),
      query.organizationId === undefined ? null : id('organizationId', query.organizationId),
    ],
  )
  if (rows.length > MOST_ROWS)
    throw badInput('since', `the report has more than ${MOST_ROWS} rows: ask for less time`)
  return rows.map((row) => ({
    ...row,
    organizationId: row.organizationId ?? undefined,
    userId: row.userId ?? undefined,
    totalCost: sumText(row.totalCost),
    currency: row.currency ?? undefined,
  }))
}

/** The clock of an organisation: its own, else that of its routes; undefined: there is none with this id. */
export const timeZoneOf = async (on: Queryable, organizationId: number): Promise<string | undefined> => {
  const [row] = await on.query<{ time_zone: string }>(
    `SELECT coalesce(o.time_zone, p.time_zone, 'UTC') AS time_zone
     FROM organizations AS o LEFT JOIN lcr_profiles AS p ON p.id = o.lcr_profile_id WHERE o.id = $1`,
    [organizationId],
  )
  return row?.time_zone
}
