/**
 * How call records are found. Conditions become SQL here and nowhere else. To add one: a field of CdrQuery and a row in
 * `conditionsOf`; say there whether an index answers it.
 *
 * What no index answers, or only sometimes, is walked: one stretch of time after another, each a short statement that
 * reads only the months it needs, the next one longer where the last was quick. A rare thing in years of calls is thus
 * found without a statement that runs into its time limit, and whoever asks may stop between two stretches.
 */
import { DIRECTIONS, DISPOSITIONS, NUMBER_MATCHES, type CdrQuery, type NumberMatch } from '../cdr/query.ts'
import { isCallUuid } from '../telephony/call-uuid.ts'
import type { Queryable } from './database.ts'
import { badInput, id, matching, moment, oneOf, plain, whole } from './input.ts'

export type Order = 'newest' | 'oldest'

/** A place between two records. Microseconds since the epoch, as PostgreSQL keeps them. */
export type Place = { readonly startUs: number; readonly legUuid: string }

/** What every row has that is found, whatever else is selected. */
export type FoundRow = { readonly start_us: number; readonly leg_uuid: string }

export type Found<Row> = {
  readonly rows: readonly (Row & FoundRow)[]
  /** Everything before it is told; undefined: there is no more. */
  readonly next: Place | undefined
}

export type Search = {
  readonly query: CdrQuery
  /** Columns or expressions over the table's alias `c`. */
  readonly select: string
  readonly order: Order
  readonly from?: Place | undefined
  /** At most so many rows at once; asked before each statement. */
  readonly batch: () => number
}

/**
 * Batches in the order asked for; some are empty. Whoever has enough stops reading. Throws STORE_BAD_INPUT naming the
 * field before the first batch, and STORE_UNAVAILABLE.
 */
export async function* searchCdrs<Row extends object>(
  on: Queryable,
  { query, select, order, from, batch }: Search,
): AsyncGenerator<Found<Row>, void, undefined> {
  const { conditions, values, walks, isFew } = conditionsOf(query)
  const newest = order === 'newest'
  const span = walks
    ? await knownSpan(on, query.organizationId)
    : { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY }
  if (span === undefined) return
  const firstUs = Math.max(span.fromUs, (query.since ?? Number.NEGATIVE_INFINITY) * 1_000)
  const endUs = Math.min(span.toUs, (query.until ?? Number.POSITIVE_INFINITY) * 1_000)
  let place = from
  let widthUs = FIRST_WIDTH_US
  // The stretch is [low, high) in time; the place cuts off of it what was told.
  let low = newest ? firstUs : Math.max(firstUs, from?.startUs ?? firstUs)
  let high = newest ? Math.min(endUs, from === undefined ? endUs : from.startUs + 1) : endUs
  while (low < high) {
    const stretchLow = newest && walks ? Math.max(low, high - widthUs) : low
    const stretchHigh = !newest && walks ? Math.min(high, low + widthUs) : high
    const isLast = newest ? stretchLow <= low : stretchHigh >= high
    // Of the statements alone: a reader that is slow is no reason for shorter stretches.
    let tookMs = 0
    let rows: readonly (Row & FoundRow)[]
    for (;;) {
      const limit = batch()
      const begun = performance.now()
      rows = await on.query<Row & FoundRow>(
        ...statement({ select, conditions, values, isFew, newest, limit, place, stretchLow, stretchHigh }),
      )
      tookMs += performance.now() - begun
      const last = rows.at(-1)
      if (last === undefined || rows.length < limit) break
      place = { startUs: last.start_us, legUuid: last.leg_uuid }
      yield { rows, next: place }
    }
    place = newest
      ? { startUs: stretchLow, legUuid: LEAST_UUID }
      : { startUs: stretchHigh - 1, legUuid: MOST_UUID }
    yield { rows, next: isLast ? undefined : place }
    if (isLast) return
    widthUs = nextWidth(widthUs, tookMs)
    if (newest) high = stretchLow
    else low = stretchHigh
  }
}

const FIRST_WIDTH_US = 3_600_000_000
const LEAST_WIDTH_US = 60_000_000
const LEAST_UUID = '00000000-0000-0000-0000-000000000000'
const MOST_UUID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** Some tenths of a second a stretch: short for who waits, long enough for months that hold little. */
const nextWidth = (widthUs: number, tookMs: number): number => {
  const factor = tookMs < 50 ? 8 : tookMs < 200 ? 3 : tookMs < 800 ? 1 : 0.25
  return Math.max(LEAST_WIDTH_US, Math.round(widthUs * factor))
}

/** When the first and the last call began; undefined where there is none. */
const knownSpan = async (
  on: Queryable,
  organizationId: number | undefined,
): Promise<{ readonly fromUs: number; readonly toUs: number } | undefined> => {
  const where = organizationId === undefined ? '' : 'WHERE organization_id = $1'
  const [row] = await on.query<{ first_us: number | null; last_us: number | null }>(
    `SELECT (SELECT ${microsecondsOf('start_time')} FROM call_detail_records ${where} ORDER BY start_time LIMIT 1) AS first_us,
       (SELECT ${microsecondsOf('start_time')} FROM call_detail_records ${where} ORDER BY start_time DESC LIMIT 1) AS last_us`,
    organizationId === undefined ? [] : [organizationId],
  )
  return row === undefined || row.first_us === null || row.last_us === null
    ? undefined
    : { fromUs: row.first_us, toUs: row.last_us + 1 }
}

const microsecondsOf = (column: string): string => `(extract(epoch FROM ${column}) * 1000000)::bigint`

type Parts = Conditions & {
  readonly select: string
  readonly newest: boolean
  readonly limit: number
  readonly place: Place | undefined
  readonly stretchLow: number
  readonly stretchHigh: number
}

const statement = (parts: Omit<Parts, 'walks'>): [text: string, values: readonly unknown[]] => {
  const { newest, place } = parts
  const values = [...parts.values]
  const given = (value: unknown): string => `$${values.push(value)}`
  const conditions = [...parts.conditions]
  // Named again where a subquery reads another table by month.
  const low = Number.isFinite(parts.stretchLow) ? given(timestampOf(parts.stretchLow)) : undefined
  const high = Number.isFinite(parts.stretchHigh) ? given(timestampOf(parts.stretchHigh)) : undefined
  const within = (column: string): string =>
    [
      ...(low === undefined ? [] : [`${column} >= ${low}::timestamptz`]),
      ...(high === undefined ? [] : [`${column} < ${high}::timestamptz`]),
    ].join(' AND ') || 'true'
  conditions.push(within('c.start_time'))
  if (place !== undefined) {
    const [time, uuid] = [given(timestampOf(place.startUs)), given(place.legUuid)]
    const than = newest ? '<' : '>'
    // The first half is what months are left out by; a row comparison does not do that.
    conditions.push(
      `c.start_time ${than}= ${time}::timestamptz AND (c.start_time, c.leg_uuid) ${than} (${time}::timestamptz, ${uuid}::uuid)`,
    )
  }
  const direction = newest ? 'DESC' : 'ASC'
  // PostgreSQL takes no statistics from a partial index (selfuncs.c, examine_variable), guesses far too many, and would
  // read all records in order until it has enough. In an order that no index has it cannot.
  const order = parts.isFew ? `(c.start_time + interval '0')` : 'c.start_time'
  const text = `SELECT ${microsecondsOf('c.start_time')} AS start_us, ${parts.select} FROM call_detail_records AS c
    WHERE ${conditions.join(' AND ').replaceAll(STRETCH, within('t.start_time'))}
    ORDER BY ${order} ${direction}, c.leg_uuid ${direction} LIMIT ${parts.limit}`
  return [text, values]
}

/** Stands in a condition for "table t, within the stretch". */
const STRETCH = '/*stretch*/'

const timestampOf = (us: number): string => {
  const ms = Math.floor(us / 1_000)
  return new Date(ms).toISOString().replace('Z', `${String(us - ms * 1_000).padStart(3, '0')}Z`)
}

type Conditions = {
  readonly conditions: readonly string[]
  readonly values: readonly unknown[]
  /** No index gives what is asked for in the order asked for. */
  readonly walks: boolean
  /** What is asked for is few records, however they are asked for: found by their own index, and sorted. */
  readonly isFew: boolean
}

/** Throws STORE_BAD_INPUT naming the field. */
export const conditionsOf = (query: CdrQuery): Conditions => {
  const values: unknown[] = []
  const conditions: string[] = []
  const state = { walks: false }
  const given = (value: unknown): string => `$${values.push(value)}`
  const where = <Value>(
    value: Value | undefined,
    indexed: 'indexed' | 'walked',
    condition: (value: Value) => string,
  ): void => {
    if (value === undefined) return
    conditions.push(condition(value))
    if (indexed === 'walked') state.walks = true
  }
  const { includeLegs, match = 'contains' } = query
  if (includeLegs !== true) conditions.push(`c.leg = 'A'`)
  where(
    query.organizationId,
    'indexed',
    (value) => `c.organization_id = ${given(id('organizationId', value))}`,
  )
  if (query.since !== undefined) moment('since', query.since)
  if (query.until !== undefined) moment('until', query.until)
  where(query.callId, 'indexed', (value) => `c.call_id = ${given(uuid('callId', value))}::uuid`)
  where(
    query.crmRecordId,
    'indexed',
    (value) => `c.custom_data -> 'crm' ->> 'recordId' = ${given(plain('crmRecordId', value, 256))}`,
  )
  where(query.estimated, 'walked', (value) => (value ? 'c.estimated' : 'NOT c.estimated'))
  const comparison = oneOf('match', match, NUMBER_MATCHES)
  for (const [field, columns] of NUMBER_FIELDS)
    where(query[field], 'walked', (value) => numberCondition(field, value, comparison, columns, given))
  where(query.userId, 'walked', (value) => {
    const user = given(id('userId', value))
    return `(c.caller_user_id = ${user} OR c.callee_user_id = ${user})`
  })
  where(query.direction, 'walked', (value) => `c.direction = ${given(oneOf('direction', value, DIRECTIONS))}`)
  where(
    query.disposition,
    'walked',
    (value) => `c.disposition = ${given(oneOf('disposition', value, DISPOSITIONS))}`,
  )
  where(
    query.hangupCause,
    'walked',
    (value) =>
      `c.hangup_cause = ${given(matching('hangupCause', value, CAUSE, 'it takes a hangup cause, such as USER_BUSY'))}`,
  )
  for (const [field, column] of [
    ['gatewayId', 'gateway_id'],
    ['carrierId', 'carrier_id'],
  ] as const)
    where(query[field], 'walked', (value) => reachedBy(column, given(id(field, value)), includeLegs === true))
  where(
    query.minSeconds,
    'walked',
    (value) => `c.billable_seconds >= ${given(whole('minSeconds', value, 0, 2_147_483_647))}`,
  )
  where(query.hasRecording, 'walked', (value) => `${value ? '' : 'NOT '}${RECORDED}`)
  const isFew = query.callId !== undefined || query.crmRecordId !== undefined
  return { conditions, values, walks: state.walks && !isFew, isFew }
}

const NUMBER_FIELDS = [
  ['number', ['caller_number', 'callee_number', 'dialled_number']],
  ['caller', ['caller_number']],
  ['callee', ['callee_number', 'dialled_number']],
] as const

const numberCondition = (
  field: string,
  value: string,
  match: NumberMatch,
  columns: readonly string[],
  given: (value: unknown) => string,
): string => {
  const digits = matching(field, value.replace(/^(\+|00)/, ''), /^[0-9*#]{1,20}$/, 'it takes digits')
  const forms = match === 'contains' ? [`%${digits}%`] : ['', '+', '00'].map((lead) => `${lead}${digits}`)
  const patterns = forms.map((form) => given(match === 'prefix' ? `${form}%` : form))
  const tests = columns.map((column) => {
    const own = `c.${column}`
    const test =
      match === 'exact'
        ? `${own} IN (${patterns.join(', ')})`
        : // One comparison each: an index serves LIKE with one pattern, not with a list of them.
          `(${patterns.map((pattern) => `${own} LIKE ${pattern}`).join(' OR ')})`
    // Its index leaves out what stands in the other column, too, which is always asked beside it.
    return column === 'dialled_number' ? `(${test} AND ${own} IS DISTINCT FROM c.callee_number)` : test
  })
  return `(${tests.join(' OR ')})`
}

/** A call that came by a gateway has it on its A leg; where a call went stands in its attempts. */
const reachedBy = (column: 'gateway_id' | 'carrier_id', value: string, legs: boolean): string =>
  legs
    ? `c.${column} = ${value}`
    : `(c.start_time, c.leg_uuid) IN (
        SELECT t.start_time, t.a_leg_uuid FROM call_attempts AS t
        WHERE t.${column} = ${value} AND t.outcome <> 'NOT_TRIED' AND ${STRETCH}
        UNION ALL SELECT t.start_time, t.leg_uuid FROM call_detail_records AS t
        WHERE t.${column} = ${value} AND ${STRETCH})`

const RECORDED = `EXISTS (SELECT 1 FROM recordings AS r JOIN recording_files AS f ON f.recording_uuid = r.uuid
    WHERE r.call_id = c.call_id AND r.organization_id = c.organization_id AND r.deleted_at IS NULL
      AND r.purging_at IS NULL AND f.removed_at IS NULL)`

const CAUSE = /^[A-Z0-9_]{1,64}$/

const uuid = (field: string, value: string): string => {
  const lower = value.toLowerCase()
  if (!isCallUuid(lower)) throw badInput(field, 'it is not a uuid')
  return lower
}

/** Opaque to whoever hands it back. */
export const writeCursor = ({ startUs, legUuid }: Place): string =>
  Buffer.from(`${startUs}:${legUuid}`).toString('base64url')

export const readCursor = (cursor: string): Place => {
  const [, time, legUuid] =
    /^(\d{1,16}):([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/.exec(
      Buffer.from(cursor, 'base64url').toString('utf8'),
    ) ?? []
  const startUs = Number(time)
  if (time === undefined || legUuid === undefined || !Number.isSafeInteger(startUs))
    throw badInput('cursor', 'it is not one that was handed out')
  return { startUs, legUuid }
}
