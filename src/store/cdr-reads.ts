/** CDRs as they are listed: newest first, a page at a time, each with the attempts of its plan. */
import type { Direction, QuotedRate } from '../call/carried.ts'
import type { CallCost, Cdr, CdrAttempt, Disposition, HungUpBy } from '../cdr/cdr.ts'
import { asCallUuid, isCallUuid, type CallUuid } from '../telephony/call-uuid.ts'
import { hangupCauseOf } from '../telephony/hangup-cause.ts'
import { parseMoney, ZERO } from '../telephony/money.ts'
import { ATTEMPT_COLUMNS, CDR_COLUMNS, namesOf } from './cdr-columns.ts'
import type { Queryable } from './database.ts'
import { badInput, id, matching, moment, whole } from './input.ts'

export type StoredCdr = Cdr & {
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly storedAt: number
  /** Written by the engine because the switch sent nothing. */
  readonly estimated: boolean
  /** On an A leg, once a leg of the call has cost something. */
  readonly callCost: CallCost | undefined
}

export type CdrQuery = {
  readonly organizationId?: number | undefined
  /** Milliseconds since the epoch; calls that started then or later ... */
  readonly since?: number | undefined
  /** ... and before this. */
  readonly until?: number | undefined
  readonly callId?: string | undefined
  /** Digits that the caller's, the callee's or the dialled number contains. */
  readonly number?: string | undefined
  /** B legs too; without it one row a call. */
  readonly includeLegs?: boolean | undefined
  /** 1 ... 1,000. */
  readonly limit: number
  readonly cursor?: string | undefined
}

export type CdrPage = { readonly cdrs: readonly StoredCdr[]; readonly nextCursor: string | undefined }

/** Throws STORE_BAD_INPUT naming the field, or STORE_UNAVAILABLE. */
export const listCdrs = async (on: Queryable, query: CdrQuery): Promise<CdrPage> => {
  const limit = whole('limit', query.limit, 1, 1_000)
  const values: unknown[] = []
  const conditions: string[] = []
  const where = (condition: (parameter: string) => string, value: unknown): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  if (query.includeLegs !== true) conditions.push(`leg = 'A'`)
  if (query.organizationId !== undefined)
    where((p) => `organization_id = ${p}`, id('organizationId', query.organizationId))
  if (query.since !== undefined) where((p) => `start_time >= ${p}`, moment('since', query.since))
  if (query.until !== undefined) where((p) => `start_time < ${p}`, moment('until', query.until))
  if (query.callId !== undefined) where((p) => `call_id = ${p}`, uuid('callId', query.callId))
  if (query.number !== undefined) {
    const digits = matching('number', query.number.replace(/^\+/, ''), /^\d{1,20}$/, 'takes digits')
    where(
      (p) => `(caller_number LIKE ${p} OR callee_number LIKE ${p} OR dialled_number LIKE ${p})`,
      `%${digits}%`,
    )
  }
  if (query.cursor !== undefined) {
    const { startTime, legUuid } = readCursor(query.cursor)
    values.push(startTime, legUuid)
    conditions.push(`(start_time, leg_uuid) < ($${values.length - 1}::timestamptz, $${values.length}::uuid)`)
  }
  const rows = await on.query<CdrRow>(
    `SELECT ${CDR_FIELDS} FROM call_detail_records ${conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`}
     ORDER BY start_time DESC, leg_uuid DESC LIMIT ${limit + 1}`,
    values,
  )
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    cdrs: await withAttempts(on, page),
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(last) : undefined,
  }
}

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

const CDR_FIELDS = `id, created_at, estimated, custom_data, ${namesOf(CDR_COLUMNS)}`

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

type CdrRow = RateColumns & {
  readonly id: number
  readonly created_at: number
  readonly estimated: boolean
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

type AttemptRow = RateColumns & {
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
  for (const row of tried) {
    const list = attempts.get(row.a_leg_uuid)
    if (list === undefined) attempts.set(row.a_leg_uuid, [toAttempt(row)])
    else list.push(toAttempt(row))
  }
  const costs = await callCosts(on, rows, earliest, latest)
  return rows.map((row) =>
    toCdr(row, attempts.get(row.leg_uuid) ?? [], row.leg === 'A' ? costs.get(row.call_id) : undefined),
  )
}

/** What the records that are stored of a call add up to; undefined: nothing was charged. */
export const readCallCost = async (on: Queryable, callId: CallUuid): Promise<CallCost | undefined> => {
  const [row] = await on.query<{ currency: string; total: string }>(
    `SELECT currency, sum(total_cost) AS total FROM call_detail_records
     WHERE call_id = $1 AND total_cost IS NOT NULL GROUP BY currency LIMIT 1`,
    [callId],
  )
  return row === undefined ? undefined : { amount: parseMoney(row.total), currency: row.currency }
}

/** A leg of a call begins within a day of the call's first: the safety that ends calls is never longer. */
const CALL_SPAN_MS = 86_400_000

const callCosts = async (
  on: Queryable,
  rows: readonly CdrRow[],
  earliest: number,
  latest: number,
): Promise<ReadonlyMap<string, CallCost>> => {
  const calls = rows.flatMap((row) => (row.leg === 'A' ? [row.call_id] : []))
  if (calls.length === 0) return new Map()
  const sums = await on.query<{ call_id: string; currency: string; total: string }>(
    `SELECT call_id, currency, sum(total_cost) AS total FROM call_detail_records
     WHERE call_id = ANY($1::uuid[]) AND total_cost IS NOT NULL AND start_time BETWEEN $2 AND $3
     GROUP BY call_id, currency`,
    [calls, new Date(earliest).toISOString(), new Date(latest + CALL_SPAN_MS).toISOString()],
  )
  // All attempts of a call are in the organisation's currency: routing takes no other.
  return new Map(sums.map((row) => [row.call_id, { amount: parseMoney(row.total), currency: row.currency }]))
}

const toCdr = (row: CdrRow, attempts: readonly CdrAttempt[], callCost: CallCost | undefined): StoredCdr => ({
  callCost,
  id: row.id,
  storedAt: row.created_at,
  estimated: row.estimated,
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
  rate: toRate(row),
  chargedSeconds: row.charged_seconds ?? undefined,
  cost: row.total_cost === null ? undefined : parseMoney(row.total_cost),
  simulated: row.simulated,
  attempts,
})

const toAttempt = (row: AttemptRow): CdrAttempt => ({
  n: row.n,
  legUuid: asCallUuid(row.leg_uuid),
  gatewayId: row.gateway_id,
  gatewayName: row.gateway_name,
  carrierId: row.carrier_id,
  carrierName: row.carrier_name,
  number: row.number,
  rate: toRate(row),
  outcome: row.outcome,
  cause: row.cause === null ? undefined : hangupCauseOf(row.cause),
  sipStatus: row.sip_status ?? undefined,
  why: row.why,
})

const toRate = (row: RateColumns): QuotedRate | undefined =>
  row.rate_per_minute === null
    ? undefined
    : {
        deckId: row.rate_deck_id ?? undefined,
        prefix: row.rate_prefix ?? '',
        tariff: {
          pricePerMinute: parseMoney(row.rate_per_minute),
          connectionFee: row.connection_fee === null ? ZERO : parseMoney(row.connection_fee),
          ...(row.minimum_seconds !== null && { minimumSeconds: row.minimum_seconds }),
          firstIncrementSeconds: row.first_increment_seconds ?? 1,
          nextIncrementSeconds: row.next_increment_seconds ?? 1,
          currency: row.currency ?? '',
        },
      }

const uuid = (field: string, value: string): string => {
  const lower = value.toLowerCase()
  if (!isCallUuid(lower)) throw badInput(field, 'it is not a uuid')
  return lower
}

/** The last row's place in the order; opaque to whoever hands it back. */
const writeCursor = (row: CdrRow): string =>
  Buffer.from(`${row.start_time}/${row.leg_uuid}`).toString('base64url')

const readCursor = (cursor: string): { readonly startTime: string; readonly legUuid: string } => {
  const [, time, legUuid] =
    /^(\d{1,15})\/([0-9a-f-]{36})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8')) ?? []
  if (time === undefined || legUuid === undefined || !isCallUuid(legUuid)) {
    throw badInput('cursor', 'it is not one that was handed out')
  }
  return { startTime: moment('cursor', Number(time)), legUuid }
}
