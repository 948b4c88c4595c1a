/** CDRs as they are listed: newest first, a page at a time, each with the attempts of its plan. */
import type { Direction, QuotedRate } from '../call/carried.ts'
import type { CallCost, Cdr, CdrAttempt, Disposition, HungUpBy } from '../cdr/cdr.ts'
import type { CdrQuery } from '../cdr/query.ts'
import { asCallUuid, isCallUuid } from '../telephony/call-uuid.ts'
import { hangupCauseOf } from '../telephony/hangup-cause.ts'
import { parseMoney, ZERO } from '../telephony/money.ts'
import { NO_SUMS, readCallSums, type CallSums } from './call-sums.ts'
import { ATTEMPT_COLUMNS, CDR_COLUMNS, namesOf } from './cdr-columns.ts'
import type { Queryable } from './database.ts'
import { readCursor, searchCdrs, writeCursor, type FoundRow, type Place } from './cdr-search.ts'
import { qualityIn, type QualityRow } from './quality-columns.ts'
import { feeIn, rateExtras, saleIn, type FeeRow, type SaleRow } from './sale-columns.ts'
import { badInput, id, whole } from './input.ts'

export type StoredCdr = Cdr & {
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly storedAt: number
  /** Written by the engine because the switch sent nothing. */
  readonly estimated: boolean
  /** When the switch's own record took the place of an estimate; milliseconds since the epoch. */
  readonly correctedAt?: number | undefined
  /** On an A leg, once a leg of the call has cost something. */
  readonly callCost: CallCost | undefined
  /** Likewise what the customer pays for the call, without tax; the tax; what the call earns. */
  readonly callSale?: CallCost | undefined
  readonly callTax?: CallCost | undefined
  readonly callMargin?: CallCost | undefined
}

export type CdrListQuery = CdrQuery & {
  /** 1 ... 1,000. */
  readonly limit: number
  readonly cursor?: string | undefined
}

/** With a cursor there is more to look through, also where the page holds less than was asked for, or nothing. */
export type CdrPage = { readonly cdrs: readonly StoredCdr[]; readonly nextCursor: string | undefined }

/**
 * A page is told after some seconds however little was found: what is rare is looked for page by page. Throws
 * STORE_BAD_INPUT naming the field, or STORE_UNAVAILABLE.
 */
export const listCdrs = async (
  on: Queryable,
  { limit: asked, cursor, ...query }: CdrListQuery,
): Promise<CdrPage> => {
  const limit = whole('limit', asked, 1, 1_000)
  const begun = performance.now()
  const found: (CdrRow & FoundRow)[] = []
  let next: Place | undefined
  const search = searchCdrs<CdrRow>(on, {
    query,
    select: CDR_FIELDS,
    order: 'newest',
    from: cursor === undefined ? undefined : readCursor(cursor),
    batch: () => limit + 1 - found.length,
  })
  for await (const batch of search) {
    found.push(...batch.rows)
    next = batch.next
    if (found.length > limit || performance.now() - begun > LOOK_MS) break
  }
  const page = found.slice(0, limit)
  const last = page.at(-1)
  if (found.length > limit && last !== undefined) next = { startUs: last.start_us, legUuid: last.leg_uuid }
  return {
    cdrs: await withAttempts(on, page),
    nextCursor: next === undefined ? undefined : writeCursor(next),
  }
}

/** Long enough to look through some million records, short enough for who waits. */
const LOOK_MS = 4_000

/** All that are asked for, oldest first, a batch at a time. Throws as listCdrs. */
export async function* streamCdrs(
  on: Queryable,
  query: CdrQuery,
): AsyncGenerator<readonly StoredCdr[], void, undefined> {
  const search = searchCdrs<CdrRow>(on, {
    query,
    select: CDR_FIELDS,
    order: 'oldest',
    batch: () => STREAM_ROWS,
  })
  for await (const { rows } of search) if (rows.length > 0) yield await withAttempts(on, rows)
}

const STREAM_ROWS = 1_000

/** Every leg of a call, the A leg first, then as they started; empty where none is stored. */
export const getCall = async (
  on: Queryable,
  callId: string,
  options: { readonly organizationId?: number | undefined } = {},
): Promise<readonly StoredCdr[]> => {
  const { organizationId } = options
  const rows = await on.query<CdrRow>(
    `SELECT ${CDR_FIELDS} FROM call_detail_records
     WHERE call_id = $1 AND ($2::integer IS NULL OR organization_id = $2)
     ORDER BY leg, start_time, id LIMIT 1000`,
    [uuid('callId', callId), organizationId === undefined ? null : id('organizationId', organizationId)],
  )
  return withAttempts(on, rows)
}

/** With `toCdr`, for whoever reads records by another question. */
export const CDR_FIELDS = `id, created_at, corrected_at, custom_data, ${namesOf(CDR_COLUMNS)}`

type RateColumns = {
  readonly rate_deck_id: number | null
  readonly rate_prefix: string | null
  readonly rate_per_minute: string | null
  readonly connection_fee: string | null
  readonly minimum_seconds: number | null
  readonly first_increment_seconds: number | null
  readonly next_increment_seconds: number | null
  readonly currency: string | null
}

export type CdrRow = RateColumns &
  SaleRow &
  QualityRow & {
    readonly id: number
    readonly created_at: number
    readonly estimated: boolean
    readonly estimate: NonNullable<Cdr['estimate']> | null
    readonly corrected_at: number | null
    readonly custom_data: Readonly<Record<string, unknown>> | null
    readonly leg_uuid: string
    readonly call_id: string
    readonly parent_uuid: string | null
    readonly leg: 'A' | 'B'
    readonly organization_id: number | null
    readonly direction: Direction
    readonly start_time: number
    readonly progress_time: number | null
    readonly answer_time: number | null
    readonly end_time: number
    readonly duration_seconds: number
    readonly billable_seconds: number
    readonly ring_seconds: number
    readonly caller_number: string | null
    readonly caller_name: string | null
    readonly caller_user_id: number | null
    readonly callee_number: string | null
    readonly callee_user_id: number | null
    readonly dialled_number: string | null
    readonly gateway_id: number | null
    readonly gateway_name: string | null
    readonly carrier_id: number | null
    readonly carrier_name: string | null
    readonly lcr_profile_id: number | null
    readonly hangup_cause: string
    readonly hangup_cause_q850: number
    readonly sip_status: number | null
    readonly hung_up_by: HungUpBy
    readonly disposition: Disposition
    readonly charged_seconds: number | null
    readonly total_cost: string | null
    readonly simulated: boolean
  }

type AttemptRow = RateColumns &
  FeeRow & {
    readonly a_leg_uuid: string
    readonly n: number
    readonly leg_uuid: string
    readonly gateway_id: number
    readonly gateway_name: string
    readonly carrier_id: number
    readonly carrier_name: string
    readonly number: string
    readonly outcome: CdrAttempt['outcome']
    readonly cause: string | null
    readonly sip_status: number | null
    readonly why: string
  }

const withAttempts = async (on: Queryable, rows: readonly CdrRow[]): Promise<readonly StoredCdr[]> => {
  if (rows.length === 0) return []
  const times = rows.map((row) => row.start_time)
  const earliest = times.reduce((a, b) => Math.min(a, b))
  const latest = times.reduce((a, b) => Math.max(a, b))
  // The times keep PostgreSQL from looking into every month.
  const tried = await on.query<AttemptRow>(
    `SELECT ${namesOf(ATTEMPT_COLUMNS)} FROM call_attempts
     WHERE a_leg_uuid = ANY($1::uuid[]) AND start_time BETWEEN $2 AND $3 ORDER BY a_leg_uuid, n`,
    [rows.map((row) => row.leg_uuid), new Date(earliest).toISOString(), new Date(latest).toISOString()],
  )
  const attempts = new Map<string, CdrAttempt[]>()
  const billing = new Map(rows.map((row) => [row.leg_uuid, row.billing_currency]))
  for (const row of tried) {
    const list = attempts.get(row.a_leg_uuid)
    const attempt = toAttempt(row, billing.get(row.a_leg_uuid) ?? null)
    if (list === undefined) attempts.set(row.a_leg_uuid, [attempt])
    else list.push(attempt)
  }
  const calls = rows.flatMap((row) => (row.leg === 'A' ? [row.call_id] : []))
  const sums = await readCallSums(on, calls, { earliest, latest })
  return rows.map((row) =>
    toCdr(
      row,
      attempts.get(row.leg_uuid) ?? [],
      (row.leg === 'A' ? sums.get(row.call_id) : undefined) ?? NO_SUMS,
    ),
  )
}

export const toCdr = (row: CdrRow, attempts: readonly CdrAttempt[], sums: CallSums): StoredCdr => ({
  callCost: sums.cost,
  ...(sums.sale !== undefined && { callSale: sums.sale }),
  ...(sums.tax !== undefined && { callTax: sums.tax }),
  ...(sums.margin !== undefined && { callMargin: sums.margin }),
  id: row.id,
  storedAt: row.created_at,
  estimated: row.estimated,
  ...(row.estimate === null ? {} : { estimate: row.estimate }),
  ...(row.corrected_at === null ? {} : { correctedAt: row.corrected_at }),
  ...(row.custom_data === null ? {} : { custom: row.custom_data }),
  legUuid: asCallUuid(row.leg_uuid),
  callId: asCallUuid(row.call_id),
  parentUuid: row.parent_uuid === null ? undefined : asCallUuid(row.parent_uuid),
  leg: row.leg,
  organizationId: row.organization_id ?? undefined,
  direction: row.direction,
  startTime: row.start_time,
  progressTime: row.progress_time ?? undefined,
  answerTime: row.answer_time ?? undefined,
  endTime: row.end_time,
  durationSeconds: row.duration_seconds,
  billableSeconds: row.billable_seconds,
  ringSeconds: row.ring_seconds,
  callerNumber: row.caller_number ?? undefined,
  callerName: row.caller_name ?? undefined,
  callerUserId: row.caller_user_id ?? undefined,
  calleeNumber: row.callee_number ?? undefined,
  calleeUserId: row.callee_user_id ?? undefined,
  dialledNumber: row.dialled_number ?? undefined,
  gatewayId: row.gateway_id ?? undefined,
  gatewayName: row.gateway_name ?? undefined,
  carrierId: row.carrier_id ?? undefined,
  carrierName: row.carrier_name ?? undefined,
  lcrProfileId: row.lcr_profile_id ?? undefined,
  hangupCause: hangupCauseOf(row.hangup_cause),
  hangupCauseQ850: row.hangup_cause_q850,
  sipStatus: row.sip_status ?? undefined,
  hungUpBy: row.hung_up_by,
  disposition: row.disposition,
  rate: toRate(row, row.billing_currency),
  ...saleIn(row),
  ...qualityIn(row),
  chargedSeconds: row.charged_seconds ?? undefined,
  cost: row.total_cost === null ? undefined : parseMoney(row.total_cost),
  simulated: row.simulated,
  attempts,
})

const toAttempt = (row: AttemptRow, billing: string | null): CdrAttempt => ({
  n: row.n,
  legUuid: asCallUuid(row.leg_uuid),
  gatewayId: row.gateway_id,
  gatewayName: row.gateway_name,
  carrierId: row.carrier_id,
  carrierName: row.carrier_name,
  number: row.number,
  rate: toRate(row, null),
  ...feeIn(row, billing),
  outcome: row.outcome,
  cause: row.cause === null ? undefined : hangupCauseOf(row.cause),
  sipStatus: row.sip_status ?? undefined,
  why: row.why,
})

const toRate = (row: RatedColumns, billing: string | null): QuotedRate | undefined => {
  if (row.rate_per_minute === null) return undefined
  const { tariff, rate } = rateExtras(row.rate_charging, {
    from: row.currency,
    to: billing,
    rate: row.cost_exchange_rate ?? null,
  })
  return {
    deckId: row.rate_deck_id ?? undefined,
    prefix: row.rate_prefix ?? '',
    tariff: {
      pricePerMinute: parseMoney(row.rate_per_minute),
      connectionFee: row.connection_fee === null ? ZERO : parseMoney(row.connection_fee),
      ...(row.minimum_seconds !== null && { minimumSeconds: row.minimum_seconds }),
      firstIncrementSeconds: row.first_increment_seconds ?? 1,
      nextIncrementSeconds: row.next_increment_seconds ?? 1,
      currency: row.currency ?? '',
      ...tariff,
    },
    ...rate,
  }
}

/** An attempt's row has the rate by which it would have been charged, and no exchange: that is its leg's. */
type RatedColumns = RateColumns & {
  readonly rate_charging: string | null
  readonly cost_exchange_rate?: string | null
}

const uuid = (field: string, value: string): string => {
  const lower = value.toLowerCase()
  if (!isCallUuid(lower)) throw badInput(field, 'it is not a uuid')
  return lower
}
