/**
 * A number is forgotten: taken out of everything that is kept of the calls in which it took part, and out of nothing else
 * of them. What a call cost, how long it took and how it ended stays. PLACES is the list of what is kept of calls: a new
 * table with numbers in it is a row there.
 *
 * Some hundred calls a transaction: interrupted, what was done stays done, and asking again does the rest. A call whose
 * recording is under legal hold is left as it is.
 */
import { createForget, ERASED, type ErasureMode, type Forget } from '../cdr/forget.ts'
import { digitsOf, type E164 } from '../telephony/e164.ts'
import { detachedMonths } from './cdr-retention.ts'
import { searchCdrs } from './cdr-search.ts'
import type { Database, Queryable } from './database.ts'
import { deleteRecording, type Actor } from './recording-writes.ts'

export type ErasureOrder = {
  readonly number: E164
  readonly mode: ErasureMode
  /** Recordings of the calls are deleted, too. */
  readonly recordings: boolean
  readonly dryRun: boolean
  /** Undefined: of every organisation. */
  readonly organizationId: number | undefined
  readonly actor: Actor
  /** Calls that began later are left alone; milliseconds since the epoch. */
  readonly before: number
}

/** Rows that were changed, or would be. */
export type ErasureCounts = Readonly<Record<string, number>>

/** `tell` hears the counts after each batch. Throws STORE_UNAVAILABLE. */
export const eraseNumber = async (
  database: Database,
  order: ErasureOrder,
  tell: (counts: ErasureCounts) => Promise<void>,
): Promise<ErasureCounts> => {
  const forget = createForget(order.number, order.mode)
  const detached = await detachedMonths(database)
  const counts: Record<string, number> = { calls: 0, held: 0 }
  const seen = new Set<string>()
  for await (const found of callsOf(database, order, detached)) {
    const calls = found.filter((call) => !seen.has(call))
    for (const call of calls) seen.add(call)
    if (calls.length === 0) continue
    const free = await eraseCalls(database, calls, { order, forget, detached, counts })
    if (order.recordings) await deleteRecordings(database, free, order, counts)
    await tell(counts)
  }
  await eraseLooseEvents(database, { order, forget, detached, counts })
  return counts
}

type Kind =
  /** Null where it was. */
  | 'number'
  /** A number that must not be missing. */
  | 'needed'
  /** Of the caller. */
  | 'name'
  | 'text'
  | 'jsonb'
  /** JSON that is kept as text. */
  | 'json'

type Place = {
  readonly table: string
  /** Its months are tables of their own once they are detached. */
  readonly monthly?: true
  /** Default `call_id`. */
  readonly call?: string
  readonly hasOrganization: boolean
  readonly columns: Readonly<Record<string, Kind>>
}

/** By what the counts call them. */
const PLACES: Readonly<Record<string, Place>> = {
  records: {
    table: 'call_detail_records',
    monthly: true,
    hasOrganization: true,
    columns: {
      caller_number: 'number',
      caller_name: 'name',
      callee_number: 'number',
      dialled_number: 'number',
      rated_number: 'number',
      custom_data: 'jsonb',
    },
  },
  attempts: {
    table: 'call_attempts',
    monthly: true,
    hasOrganization: false,
    columns: { number: 'needed', why: 'text' },
  },
  decisions: {
    table: 'call_decisions',
    monthly: true,
    hasOrganization: true,
    columns: { destination: 'number', decision: 'jsonb' },
  },
  events: { table: 'webhook_events', hasOrganization: true, columns: { body: 'json' } },
  deliveries: {
    table: 'webhook_deliveries',
    hasOrganization: true,
    columns: { url: 'text', last_error: 'text' },
  },
  recordings: {
    table: 'recordings',
    hasOrganization: true,
    columns: { caller_number: 'number', callee_number: 'number' },
  },
  fraudAlerts: {
    table: 'fraud_alerts',
    hasOrganization: true,
    columns: { number: 'number', why: 'text', note: 'text' },
  },
  corrections: { table: 'cdr_corrections', hasOrganization: true, columns: { detail: 'jsonb' } },
}

const CALLS_A_BATCH = 200

/** Calls in which the number took part; some come more than once. */
async function* callsOf(
  on: Queryable,
  { number, organizationId, before }: ErasureOrder,
  detached: readonly string[],
): AsyncGenerator<readonly string[]> {
  const forms = formsOf(number)
  const search = searchCdrs<{ readonly call_id: string }>(on, {
    query: { number: digitsOf(number), match: 'exact', includeLegs: true, organizationId, until: before },
    select: 'c.leg_uuid, c.call_id',
    order: 'oldest',
    batch: () => CALLS_A_BATCH,
  })
  for await (const { rows } of search) yield rows.map(({ call_id }) => call_id)
  const mine = '($2::integer IS NULL OR organization_id = $2)'
  const until = new Date(before).toISOString()
  const others = [
    ...detached
      .filter((name) => name.startsWith('call_detail_records_'))
      .map(
        (name) =>
          `SELECT DISTINCT call_id FROM ${name} WHERE ${mine}
           AND (caller_number = ANY($1) OR callee_number = ANY($1) OR dialled_number = ANY($1))
           AND start_time < $3::timestamptz`,
      ),
    // They outlive the call's record.
    `SELECT call_id FROM recordings WHERE ${mine} AND (caller_number = ANY($1) OR callee_number = ANY($1))
       AND started_at < $3::timestamptz`,
  ]
  for (const text of others) {
    const rows = await on.query<{ call_id: string }>(text, [forms, organizationId ?? null, until])
    for (let at = 0; at < rows.length; at += CALLS_A_BATCH)
      yield rows.slice(at, at + CALLS_A_BATCH).map(({ call_id }) => call_id)
  }
  for await (const [from, to] of daysOfEvents(on)) {
    const events = await on.query<{ call_id: string }>(
      `SELECT DISTINCT call_id FROM webhook_events WHERE ${mine} AND call_id IS NOT NULL AND body LIKE $1
         AND at < $3::timestamptz AND created_at >= $4::timestamptz AND created_at < $5::timestamptz`,
      [`%${digitsOf(number)}%`, organizationId ?? null, until, from, to],
    )
    for (let at = 0; at < events.length; at += CALLS_A_BATCH)
      yield events.slice(at, at + CALLS_A_BATCH).map(({ call_id }) => call_id)
  }
}

/** Nothing finds digits within a body but reading it: a day at a time, so that no statement takes too long. */
async function* daysOfEvents(on: Queryable): AsyncGenerator<readonly [from: string, to: string]> {
  const [span] = await on.query<{ first: number | null; last: number | null }>(
    'SELECT min(created_at) AS first, max(created_at) AS last FROM webhook_events',
  )
  if (span === undefined || span.first === null || span.last === null) return
  // A moment is read to the millisecond, and kept to the microsecond.
  for (let from = span.first; from <= span.last; from += DAY_MS)
    yield [new Date(from).toISOString(), new Date(from + DAY_MS).toISOString()]
}

const DAY_MS = 86_400_000

const formsOf = (number: E164): readonly string[] =>
  ['+', '', '00', '011'].map((lead) => `${lead}${digitsOf(number)}`)

type Work = {
  readonly order: ErasureOrder
  readonly forget: Forget
  readonly detached: readonly string[]
  readonly counts: Record<string, number>
}

const count = (counts: Record<string, number>, what: string, more: number): void => {
  counts[what] = (counts[what] ?? 0) + more
}

/** The calls that are not held. */
const eraseCalls = (database: Database, calls: readonly string[], work: Work): Promise<readonly string[]> =>
  database.transaction(async (on) => {
    const held = new Set(
      (
        await on.query<{ call_id: string }>(
          `SELECT DISTINCT call_id FROM recordings WHERE call_id = ANY($1::uuid[]) AND legal_hold_at IS NOT NULL
           AND purged_at IS NULL`,
          [calls],
        )
      ).map(({ call_id }) => call_id),
    )
    const free = calls.filter((call) => !held.has(call))
    count(work.counts, 'held', held.size)
    const changed = new Set<string>()
    const names = await namesIn(on, free, work)
    for (const [what, place] of Object.entries(PLACES))
      for (const table of tablesOf(place, work.detached)) {
        const where = `t.${place.call ?? 'call_id'} = ANY($1::uuid[])`
        const rows = await rowsOf(on, table, place, where, [free], work)
        for (const row of await update(on, table, place, rows, names, work)) {
          count(work.counts, what, 1)
          if (row.call_id !== null) changed.add(row.call_id)
        }
      }
    count(work.counts, 'calls', changed.size)
    return free
  })

const tablesOf = ({ table, monthly }: Place, detached: readonly string[]): readonly string[] =>
  monthly === true ? [table, ...detached.filter((name) => name.startsWith(`${table}_`))] : [table]

type Row = Readonly<Record<string, string | null>> & {
  readonly tableoid: number
  readonly ctid: string
  readonly call_id: string | null
}

/** Locked until the transaction ends: their places cannot change. */
const rowsOf = (
  on: Queryable,
  table: string,
  { columns, call = 'call_id', hasOrganization }: Place,
  where: string,
  values: readonly unknown[],
  { order }: Work,
): Promise<readonly Row[]> => {
  const mine = `$${values.length + 1}`
  return on.query<Row>(
    `SELECT t.tableoid, t.ctid::text, t.${call}::text AS call_id, ${Object.keys(columns)
      .map((name) => `t.${name}::text`)
      .join(', ')} FROM ${table} AS t
     WHERE ${where} ${hasOrganization ? `AND (${mine}::integer IS NULL OR t.organization_id = ${mine})` : ''}
     FOR UPDATE`,
    hasOrganization ? [...values, order.organizationId ?? null] : values,
  )
}

/** Of each call in which the number called: the names that it went by. */
const namesIn = async (
  on: Queryable,
  calls: readonly string[],
  work: Work,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> => {
  const names = new Map<string, Set<string>>()
  const place = PLACES['records']
  if (place === undefined) return names
  for (const table of tablesOf(place, work.detached))
    for (const row of await rowsOf(on, table, place, 't.call_id = ANY($1::uuid[])', [calls], work)) {
      const [number = null, name = null] = [row['caller_number'], row['caller_name']]
      if (row.call_id === null || !work.forget.isNumber(number)) continue
      const known = names.get(row.call_id) ?? new Set<string>()
      if (name !== null && name !== '') known.add(name)
      names.set(row.call_id, known)
    }
  return names
}

/** The rows that had something of it. */
const update = async (
  on: Queryable,
  table: string,
  { columns }: Place,
  rows: readonly Row[],
  names: ReadonlyMap<string, ReadonlySet<string>>,
  { order, forget }: Work,
): Promise<readonly Row[]> => {
  const kinds = Object.entries(columns)
  const changes = rows.flatMap((row) => {
    const called = row.call_id === null ? undefined : names.get(row.call_id)
    const values = kinds.map(([name, kind]) => without(kind, row[name] ?? null, forget, called))
    return values.some((value, at) => value !== (row[kinds[at]?.[0] ?? ''] ?? null)) ? [{ row, values }] : []
  })
  if (changes.length > 0 && !order.dryRun) {
    const given = kinds.map(([name]) => `${name}_given`).join(', ')
    await on.query(
      `UPDATE ${table} AS t SET ${kinds.map(([name, kind]) => `${name} = ${name}_given${kind === 'jsonb' ? '::jsonb' : ''}`).join(', ')}
       FROM unnest($1::oid[], $2::tid[], ${kinds.map((_, at) => `$${at + 3}::text[]`).join(', ')})
         AS given (tableoid_given, ctid_given, ${given})
       WHERE t.tableoid = tableoid_given AND t.ctid = ctid_given`,
      [
        changes.map(({ row }) => row.tableoid),
        changes.map(({ row }) => row.ctid),
        ...kinds.map((_, at) => changes.map(({ values }) => values[at] ?? null)),
      ],
    )
  }
  return changes.map(({ row }) => row)
}

const without = (
  kind: Kind,
  value: string | null,
  forget: Forget,
  called: ReadonlySet<string> | undefined,
): string | null => {
  if (value === null) return null
  switch (kind) {
    case 'number':
      return forget.number(value)
    case 'needed':
      return forget.number(value) ?? ERASED
    case 'name':
      // A phone that has no name shows its number.
      return called === undefined ? (forget.isNumber(value) ? null : forget.text(value)) : null
    case 'text':
      return forget.text(value, called)
    case 'jsonb':
    case 'json':
      return inJson(value, forget, called)
  }
}

/** As it stood where nothing was found: a delivery is posted byte for byte. */
const inJson = (text: string, forget: Forget, called: ReadonlySet<string> | undefined): string => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (fault) {
    if (!(fault instanceof SyntaxError)) throw fault
    return forget.text(text, called)
  }
  const changed = forget.json(value, called)
  return changed === value ? text : JSON.stringify(changed)
}

/** Events of no call, such as a number that was verified. */
const eraseLooseEvents = (database: Database, work: Work): Promise<void> =>
  database.transaction(async (on) => {
    const place = PLACES['events']
    if (place === undefined) return
    const rows = await rowsOf(
      on,
      place.table,
      place,
      't.call_id IS NULL AND t.body LIKE $1 AND t.at < $2::timestamptz',
      [`%${digitsOf(work.order.number)}%`, new Date(work.order.before).toISOString()],
      work,
    )
    count(work.counts, 'events', (await update(on, place.table, place, rows, new Map(), work)).length)
  })

const deleteRecordings = async (
  database: Database,
  calls: readonly string[],
  { dryRun, organizationId, actor }: ErasureOrder,
  counts: Record<string, number>,
): Promise<void> => {
  const rows = await database.query<{ uuid: string }>(
    `SELECT uuid FROM recordings WHERE call_id = ANY($1::uuid[]) AND ($2::integer IS NULL OR organization_id = $2)
     AND deleted_at IS NULL AND purging_at IS NULL AND legal_hold_at IS NULL`,
    [calls, organizationId ?? null],
  )
  for (const { uuid } of rows) {
    if (
      dryRun ||
      (await deleteRecording(database, { recordingId: uuid, organizationId }, actor)) === 'deleted'
    )
      count(counts, 'recordingsDeleted', 1)
  }
}
