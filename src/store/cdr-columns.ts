/**
 * A CDR as columns: the two tables below are the only place that knows which field is which column. What a
 * channel says is hostile or broken at times, and a CDR is never refused for it: text loses what PostgreSQL
 * cannot store and is clipped, never checked.
 */
import type { QuotedRate } from '../call/carried.ts'
import type { Cdr, CdrAttempt } from '../cdr/cdr.ts'
import { formatMoney } from '../telephony/money.ts'
import { copyLine } from './copy-in.ts'
import { QUALITY_COLUMNS } from './quality-columns.ts'
import { FEE_COLUMNS, SALE_COLUMNS } from './sale-columns.ts'

export type CellValue = string | number | boolean | null

/** Column, its SQL type, and its value as PostgreSQL reads it for that type. */
type Column<Row> = readonly [name: string, type: string, value: (row: Row) => CellValue]

/** Characters that a number or the name of a thing keeps; a caller's name may be longer. */
const WORD_LENGTH = 128
const NAME_LENGTH = 256
const SENTENCE_LENGTH = 1_000

const rateColumns = <Row>(rateOf: (row: Row) => QuotedRate | undefined): readonly Column<Row>[] => [
  ['rate_deck_id', 'integer', (row) => rateOf(row)?.deckId ?? null],
  ['rate_prefix', 'text', (row) => storable(rateOf(row)?.prefix, WORD_LENGTH)],
  ['rate_per_minute', 'numeric', (row) => money(rateOf(row)?.tariff.pricePerMinute)],
  ['connection_fee', 'numeric', (row) => money(rateOf(row)?.tariff.connectionFee)],
  ['minimum_seconds', 'integer', (row) => rateOf(row)?.tariff.minimumSeconds ?? null],
  ['first_increment_seconds', 'integer', (row) => rateOf(row)?.tariff.firstIncrementSeconds ?? null],
  ['next_increment_seconds', 'integer', (row) => rateOf(row)?.tariff.nextIncrementSeconds ?? null],
  ['currency', 'text', (row) => storable(rateOf(row)?.tariff.currency, WORD_LENGTH)],
]

export const CDR_COLUMNS: readonly Column<Cdr>[] = [
  ['leg_uuid', 'uuid', (cdr) => cdr.legUuid],
  ['call_id', 'uuid', (cdr) => cdr.callId],
  ['parent_uuid', 'uuid', (cdr) => cdr.parentUuid ?? null],
  ['leg', 'text', (cdr) => cdr.leg],
  ['organization_id', 'integer', (cdr) => cdr.organizationId ?? null],
  ['direction', 'text', (cdr) => cdr.direction],
  ['start_time', 'timestamptz', (cdr) => timestamp(cdr.startTime)],
  ['progress_time', 'timestamptz', (cdr) => timestamp(cdr.progressTime)],
  ['answer_time', 'timestamptz', (cdr) => timestamp(cdr.answerTime)],
  ['end_time', 'timestamptz', (cdr) => timestamp(cdr.endTime)],
  ['duration_seconds', 'integer', (cdr) => cdr.durationSeconds],
  ['billable_seconds', 'integer', (cdr) => cdr.billableSeconds],
  ['ring_seconds', 'integer', (cdr) => cdr.ringSeconds],
  ['caller_number', 'text', (cdr) => storable(cdr.callerNumber, WORD_LENGTH)],
  ['caller_name', 'text', (cdr) => storable(cdr.callerName, NAME_LENGTH)],
  ['caller_user_id', 'integer', (cdr) => cdr.callerUserId ?? null],
  ['callee_number', 'text', (cdr) => storable(cdr.calleeNumber, WORD_LENGTH)],
  ['callee_user_id', 'integer', (cdr) => cdr.calleeUserId ?? null],
  ['dialled_number', 'text', (cdr) => storable(cdr.dialledNumber, WORD_LENGTH)],
  ['gateway_id', 'integer', (cdr) => cdr.gatewayId ?? null],
  ['gateway_name', 'text', (cdr) => storable(cdr.gatewayName, NAME_LENGTH)],
  ['carrier_id', 'integer', (cdr) => cdr.carrierId ?? null],
  ['carrier_name', 'text', (cdr) => storable(cdr.carrierName, NAME_LENGTH)],
  ['lcr_profile_id', 'integer', (cdr) => cdr.lcrProfileId ?? null],
  ['hangup_cause', 'text', (cdr) => cdr.hangupCause],
  ['hangup_cause_q850', 'integer', (cdr) => cdr.hangupCauseQ850],
  ['sip_status', 'integer', (cdr) => cdr.sipStatus ?? null],
  ['hung_up_by', 'text', (cdr) => cdr.hungUpBy],
  ['disposition', 'text', (cdr) => cdr.disposition],
  ...rateColumns<Cdr>((cdr) => cdr.rate),
  ['charged_seconds', 'integer', (cdr) => cdr.chargedSeconds ?? null],
  ['total_cost', 'numeric', (cdr) => money(cdr.cost)],
  ...SALE_COLUMNS,
  ...QUALITY_COLUMNS,
  ['simulated', 'boolean', (cdr) => cdr.simulated],
  ['estimated', 'boolean', (cdr) => cdr.estimate !== undefined],
  ['estimate', 'text', (cdr) => cdr.estimate ?? null],
  ['custom_data', 'jsonb', (cdr) => (cdr.custom === undefined ? null : JSON.stringify(cdr.custom))],
]

/** An attempt with the A leg that told of it. */
export type TriedAttempt = { readonly cdr: Cdr; readonly attempt: CdrAttempt }

export const ATTEMPT_COLUMNS: readonly Column<TriedAttempt>[] = [
  ['a_leg_uuid', 'uuid', ({ cdr }) => cdr.legUuid],
  ['call_id', 'uuid', ({ cdr }) => cdr.callId],
  ['start_time', 'timestamptz', ({ cdr }) => timestamp(cdr.startTime)],
  ['n', 'integer', ({ attempt }) => attempt.n],
  ['leg_uuid', 'uuid', ({ attempt }) => attempt.legUuid],
  ['gateway_id', 'integer', ({ attempt }) => attempt.gatewayId],
  ['gateway_name', 'text', ({ attempt }) => storable(attempt.gatewayName, NAME_LENGTH)],
  ['carrier_id', 'integer', ({ attempt }) => attempt.carrierId],
  ['carrier_name', 'text', ({ attempt }) => storable(attempt.carrierName, NAME_LENGTH)],
  ['number', 'text', ({ attempt }) => storable(attempt.number, WORD_LENGTH)],
  ...rateColumns<TriedAttempt>(({ attempt }) => attempt.rate),
  ...FEE_COLUMNS,
  ['outcome', 'text', ({ attempt }) => attempt.outcome],
  ['cause', 'text', ({ attempt }) => attempt.cause ?? null],
  ['sip_status', 'integer', ({ attempt }) => attempt.sipStatus ?? null],
  ['why', 'text', ({ attempt }) => storable(attempt.why, SENTENCE_LENGTH)],
]

/** What `COPY` takes: a line a row. */
export const linesOf = <Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string =>
  rows.map((row) => copyLine(columns.map(([, , value]) => value(row)))).join('')

/** `leg_uuid, call_id, ...` */
export const namesOf = (columns: readonly Column<never>[]): string => columns.map(([name]) => name).join(', ')

/**
 * Text as PostgreSQL can store it: no NUL, no half of a surrogate pair (U+FFFD stands in their place), at most
 * `length` characters, cut between characters.
 */
export const storable = (text: string | undefined, length: number): string | null => {
  if (text === undefined) return null
  const clipped = text.length > length ? text.slice(0, length) : text
  if (!SUSPECT.test(clipped)) return clipped
  // With the u flag \p{Cs} matches halves only; a clip may have made one.
  return clipped.replace(/[\0\p{Cs}]/gu, '\uFFFD')
}

/** NUL, or any half of a pair: without the u flag a class is of halves, and looks at each character once. */
const SUSPECT = /[\0\ud800-\udfff]/

/** Milliseconds as what timestamptz reads to the millisecond. Beyond the years 1 ... 9999 it is left to fail. */
const timestamp = (ms: number | undefined): string | null => {
  if (ms === undefined) return null
  const time = new Date(ms)
  return Number.isNaN(time.getTime()) ? `no moment: ${ms}` : time.toISOString()
}

const money = (amount: Parameters<typeof formatMoney>[0] | undefined): string | null =>
  amount === undefined ? null : formatMoney(amount)
