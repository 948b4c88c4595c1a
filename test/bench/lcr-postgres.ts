/**
 * One question asked in three ways over the same rates: of every carrier the longest prefix in force, cheapest first.
 * The index in this process, mod_lcr's statement on mod_lcr's tables, and the best statement that we know on the best
 * index that we know, both on a PostgreSQL that holds all of it in its buffers. Answers are compared before anything
 * is timed; then all take turns. A question's CPU time is this process's and, of PostgreSQL, its backend's.
 */
import { readFileSync } from 'node:fs'
import pg from 'pg'
import { createRateIndexBuilder } from '../../src/routing/rate-builder.ts'
import { openRateIndex, type RateIndex } from '../../src/routing/rate-lookup.ts'
import { connectForRates } from '../../src/store/rates-connection.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { createDecider } from './lcr-decider.ts'
import { makeDecks } from './lcr-decks.ts'
import { modLcrQuestion, modLcrTables, prefixesOf, reordered, routesOf, type Priced } from './lcr-mod-lcr.ts'
import { copyDecks, withPostgres, type CarrierColumns } from './lcr-server.ts'
import type { Bench, Figure } from './run.ts'

export const bench: Bench = {
  name: 'lcr-postgres',
  describe: 'carriers by price for a number: the index in process, mod_lcr, and the best SQL on PostgreSQL',
  run: () =>
    withPostgres(async (url) => {
      const figures: Figure[] = []
      for (const rates of RATES) figures.push(...(await measure(url, rates)))
      return figures
    }),
}

const RATES = [1_000_000, 5_000_000]
const CARRIERS = 10
const SEED = 20_261_120
const NUMBERS = 2 ** 17
/** So many of the numbers are asked in all ways before anything is timed. */
const COMPARED = 5_000
const ROUNDS = 7
const TURN_MS = 500
const AT_ONCE = 64
const SCANS = 5
const DAY_MS = 86_400_000

const measure = async (url: string, rates: number): Promise<readonly Figure[]> => {
  const decks = makeDecks('shared', rates, CARRIERS, SEED)
  // Once: they are drawn by lot.
  const columns = Array.from({ length: CARRIERS }, (_, carrier) => decks.columnsOf(carrier))
  const index = indexOf(columns)
  const loaded = await loadAll(url, columns)
  const numbers = decks.numbers(NUMBERS)
  const clients = await Promise.all([
    connect(url, 'public', false),
    connect(url, 'mod_lcr', false),
    connect(url, 'public', true),
    connect(url, 'reference', false),
  ])
  const [indexed, modLcr, pipelined, reference] = clients
  try {
    const compared = await compareAll(index, indexed.client, modLcr.client, numbers.slice(0, COMPARED))
    const decider = createDecider(CARRIERS)
    decider.replaceRates(index)
    const called = numbers.map((digits) => asE164(`+${digits}`))
    const contenders = {
      index: inProcess((at) => answerOf(index, numbers[at % NUMBERS] ?? '').length),
      decisions: inProcess((at) => decider.decide(called[at % NUMBERS] ?? UNUSED)),
      'mod_lcr SQL': asked(modLcr, (at) => modLcr.client.query(modLcrQuestion(numbers[at % NUMBERS] ?? ''))),
      'indexed SQL': asked(indexed, (at) => indexed.client.query(question(numbers[at % NUMBERS] ?? ''))),
      [`indexed SQL, ${AT_ONCE} at once`]: asked(
        pipelined,
        (at) =>
          Promise.all(
            Array.from({ length: AT_ONCE }, (_, each) =>
              pipelined.client.query(question(numbers[(at * AT_ONCE + each) % NUMBERS] ?? '')),
            ),
          ),
        AT_ONCE,
      ),
      'an empty question': asked(indexed, () => indexed.client.query(EMPTY_QUESTION)),
    } satisfies Record<string, Contender>
    const turns = await takeTurns(contenders)
    const scans = await scanTimes(reference.client, indexed.client, numbers)
    return figuresOf(rates, turns, [
      { name: 'PostgreSQL: seconds to load and index', value: loaded, unit: 's', rates },
      { name: 'answers compared and alike', value: COMPARED, unit: 'numbers', rates },
      {
        name: 'mod_lcr: first carrier is not the cheapest',
        value: compared.dearer / COMPARED,
        unit: 'of the numbers',
        rates,
      },
      {
        name: 'mod_lcr, reorder_by_rate: first carrier is not the cheapest',
        value: compared.dearerReordered / COMPARED,
        unit: 'of the numbers',
        rates,
      },
      {
        name: 'LIKE over all rows: questions_per_second',
        value: 1e3 / middle(scans, 0.5),
        unit: `/s, median of ${SCANS}`,
        rates,
      },
    ])
  } finally {
    await Promise.all(clients.map(({ client }) => client.end()))
  }
}

/** Cheapest first. */
const answerOf = (index: RateIndex, digits: string): readonly Priced[] => {
  const match = index.match(digits, NOW)
  const found: Priced[] = []
  for (let slot = 0; slot < CARRIERS; slot += 1) {
    const entry = match.entryOf(slot)
    if (entry >= 0)
      found.push([slot + 1, index.pricePerMinuteOf(entry), digits.slice(0, match.prefixLengthOf(slot))])
  }
  return found.sort((a, b) => a[1] - b[1] || a[0] - b[0])
}

const NOW = Date.now()
const FROM = NOW - 30 * DAY_MS
/** Of the rates that are not in force yet. */
const LATER = NOW + 30 * DAY_MS

const indexOf = (carriers: readonly CarrierColumns[]): RateIndex => {
  const builder = createRateIndexBuilder()
  for (const [at, { kinds, ...columns }] of carriers.entries()) {
    const carrier = at + 1
    const owner = { kind: 'carrier', id: carrier } as const
    const deck = builder.deckOf({ owner, deckId: carrier, sequence: carrier, currency: 'EUR' })
    const [current, later] = [FROM, LATER].map((from) => builder.termsOf(deck, 0, 0, 60, 60, from, Infinity))
    const terms = Uint32Array.from(kinds, (kind) => (kind === 4 ? later : current) ?? 0)
    builder.addColumns({ ...columns, terms })
  }
  return openRateIndex(builder.build())
}

const UNUSED = asE164('+442079460958')

/**
 * Prefixes as numbers: no number begins with 0, and they compare faster than texts. What the answer needs lies in the
 * index, so no row is fetched.
 */
const TABLES = `
  CREATE TABLE indexed_rates (prefix bigint, carrier_id integer, price bigint, effective_from timestamptz)`
const AFTER_LOADING = `
  CREATE INDEX ON indexed_rates (prefix, carrier_id) INCLUDE (price, effective_from);`

const question = (digits: string) => ({
  name: 'question',
  text: `SELECT carrier_id, price, prefix FROM (
      SELECT DISTINCT ON (carrier_id) carrier_id, price, prefix FROM indexed_rates
      WHERE prefix = ANY ($1::bigint[]) AND effective_from <= now() ORDER BY carrier_id, prefix DESC
    ) AS own ORDER BY price, carrier_id`,
  values: [`{${prefixesOf(digits).join(',')}}`],
  rowMode: 'array' as const,
})

const EMPTY_QUESTION = { name: 'empty', text: 'SELECT 1', rowMode: 'array' as const }

/** Every rule of every prefix is compared with the number. */
const REFERENCE_TABLES = `
  CREATE SCHEMA reference;
  CREATE TABLE reference.carriers AS SELECT id, id::text AS name, true AS enabled FROM mod_lcr.carriers;
  CREATE TABLE reference.gateways AS SELECT id, 'gw' || id AS name, true AS enabled FROM mod_lcr.carriers;
  CREATE TABLE reference.lcr_routes AS
    SELECT prefix::text, carrier_id, carrier_id AS gateway_id, 100 AS priority, 1 AS weight,
      (price / 1e8)::numeric(20,8) AS rate_per_minute, true AS enabled FROM indexed_rates`
const REFERENCE_QUESTION = `
  SELECT l.prefix, c.name, g.name, l.priority, l.weight, l.rate_per_minute,
    concat('sofia/gateway/', g.name, '/', $1::text)
  FROM lcr_routes AS l JOIN carriers AS c ON c.id = l.carrier_id JOIN gateways AS g ON g.id = l.gateway_id
  WHERE l.enabled AND c.enabled AND g.enabled AND $1::text LIKE concat(l.prefix, '%')
  ORDER BY length(l.prefix) DESC, l.priority, l.weight DESC`

/** Returns the seconds. */
const loadAll = async (url: string, carriers: readonly CarrierColumns[]): Promise<number> => {
  const on = await connectForRates({ url, purpose: 'bench' })
  const startedAt = performance.now()
  try {
    await on.query(`DROP TABLE IF EXISTS indexed_rates; DROP SCHEMA IF EXISTS mod_lcr CASCADE;
      DROP SCHEMA IF EXISTS reference CASCADE; ${TABLES}`)
    const [current, later] = [FROM, LATER].map((at) => new Date(at).toISOString())
    await copyDecks(on, 'COPY indexed_rates FROM STDIN', carriers, (carrier, prefix, price, kind) =>
      [prefix, carrier, price, kind === 4 ? later : current].join('\t'),
    )
    for (const statements of [AFTER_LOADING, modLcrTables(CARRIERS), REFERENCE_TABLES])
      await on.query(statements)
    await on.query('VACUUM (ANALYZE)')
    return (performance.now() - startedAt) / 1e3
  } finally {
    on.close()
  }
}

type Connected = { readonly client: pg.Client; readonly pid: number }

const connect = async (url: string, schema: string, pipeline: boolean): Promise<Connected> => {
  const client = new pg.Client({
    connectionString: url,
    pipeline,
    // The generic plan is the right one, and costs no planning.
    options: `-c search_path=${schema} -c plan_cache_mode=force_generic_plan`,
  })
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return { client, pid: rows[0]?.pid ?? -1 }
}

type Compared = { readonly dearer: number; readonly dearerReordered: number }

/**
 * The indexed statement must say what the index says; mod_lcr's rows must hold, of each carrier, the same prefix and
 * price. Which carrier it would try first is another matter, and is counted. It keeps five decimals, so carriers
 * whose prices are alike so far count as alike.
 */
const compareAll = async (
  index: RateIndex,
  indexed: pg.Client,
  modLcr: pg.Client,
  numbers: readonly string[],
): Promise<Compared> => {
  let dearer = 0
  let dearerReordered = 0
  for (const digits of numbers) {
    const answer = answerOf(index, digits)
    const { rows } = await indexed.query<string[]>(question(digits))
    expectAlike(
      digits,
      answer,
      rows.map(([carrier, price, prefix = '']) => [Number(carrier), Number(price), prefix]),
    )
    const routes = routesOf((await modLcr.query<string[]>(modLcrQuestion(digits))).rows)
    const rounded = answer.map(([carrier, price, prefix]): Priced => [
      carrier,
      Math.round(price / 1e3),
      prefix,
    ])
    expectAlike(digits, rounded.toSorted(byCarrier), routes.toSorted(byCarrier))
    const cheapest = Math.min(...rounded.map(([, price]) => price))
    if ((routes[0]?.[1] ?? Infinity) > cheapest) dearer += 1
    if ((reordered(routes)[0]?.[1] ?? Infinity) > cheapest) dearerReordered += 1
  }
  return { dearer, dearerReordered }
}

const byCarrier = (a: Priced, b: Priced): number => a[0] - b[0]

const expectAlike = (digits: string, expected: readonly Priced[], given: readonly Priced[]): void => {
  if (JSON.stringify(expected) !== JSON.stringify(given))
    throw new Error(`${digits}: ${JSON.stringify(given)} is not ${JSON.stringify(expected)}`)
}

/** Asks the question with the number `at`; `size` questions at once. `pid`: of the backend that works for it. */
type Contender = {
  readonly ask: (at: number) => unknown
  readonly size: number
  readonly pid: number | undefined
}

const inProcess = (ask: (at: number) => number): Contender => ({ ask, size: 1, pid: undefined })
const asked = ({ pid }: Connected, ask: (at: number) => Promise<unknown>, size = 1): Contender => ({
  ask,
  size,
  pid,
})

/** By round: questions a second, by the clock and by CPU time; every question's ms. */
type Turn = { readonly perSecond: number[]; readonly perCpuSecond: number[]; readonly ms: number[] }

const takeTurns = async (
  contenders: Readonly<Record<string, Contender>>,
): Promise<ReadonlyMap<string, Turn>> => {
  const turns = new Map<string, Turn>()
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, contender] of Object.entries(contenders)) {
      const turn = await takeTurn(contender, round * 9_973)
      // The first round warms up.
      if (round === 0) turns.set(name, { perSecond: [], perCpuSecond: [], ms: [] })
      else {
        const sum = turns.get(name)
        sum?.perSecond.push(turn.perSecond)
        sum?.perCpuSecond.push(turn.perCpuSecond)
        for (const each of turn.ms) sum?.ms.push(each)
      }
    }
  }
  return turns
}

const takeTurn = async ({ ask, size, pid }: Contender, first: number) => {
  const cpuBefore = cpuMs(pid)
  const startedAt = performance.now()
  const ms: number[] = []
  let at = first
  let now = startedAt
  while (now < startedAt + TURN_MS) {
    const answer = ask(at)
    if (answer instanceof Promise) await answer
    at += 1
    const before = now
    now = performance.now()
    ms.push(now - before)
  }
  const done = (at - first) * size
  return {
    ms,
    perSecond: (done * 1e3) / (now - startedAt),
    perCpuSecond: (done * 1e3) / (cpuMs(pid) - cpuBefore),
  }
}

/** Of this process and a backend; where there is no /proc, of this process alone. */
const cpuMs = (pid: number | undefined): number => {
  const { user, system } = process.cpuUsage()
  let backend = 0
  if (pid !== undefined && process.platform === 'linux')
    backend = Number(readFileSync(`/proc/${pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6
  return (user + system) / 1e3 + backend
}

/** Milliseconds by the clock, and as many rows as there are rates with a prefix of the number. */
const scanTimes = async (
  reference: pg.Client,
  indexed: pg.Client,
  numbers: readonly string[],
): Promise<readonly number[]> => {
  const times: number[] = []
  for (const digits of numbers.slice(0, SCANS)) {
    const { rows: expected } = await indexed.query<{ count: string }>(
      `SELECT count(*) FROM indexed_rates WHERE prefix IN (${prefixesOf(digits).join(',')})`,
    )
    const startedAt = performance.now()
    const { rows } = await reference.query(REFERENCE_QUESTION, [digits])
    times.push(performance.now() - startedAt)
    if (rows.length !== Number(expected[0]?.count)) throw new Error(`${digits}: ${rows.length} rows by LIKE`)
  }
  return times
}

const figuresOf = (
  rates: number,
  turns: ReadonlyMap<string, Turn>,
  others: readonly Figure[],
): readonly Figure[] => {
  const best = (name: string): number => Math.max(...(turns.get(name)?.perCpuSecond ?? []))
  const compared = ['index', 'decisions'].flatMap((name) =>
    [...turns.keys()]
      .filter((peer) => peer.includes('SQL'))
      .map((peer) => ({
        name: `${name}: questions_per_second`,
        value: best(name),
        unit: '/CPU s, best',
        peer,
        ratio: best(name) / best(peer),
        rates,
      })),
  )
  const single = [...turns].flatMap(([name, { perSecond, perCpuSecond, ms }]) => [
    { name: `${name}: questions_per_second`, value: best(name), unit: '/CPU s, best', rates },
    {
      name: `${name}: questions_per_second`,
      value: middle(perCpuSecond, 0.5),
      unit: '/CPU s, median',
      rates,
    },
    { name: `${name}: questions_per_second`, value: middle(perSecond, 0.5), unit: '/s, median', rates },
    ...(name.includes('at once')
      ? []
      : [
          { name: `${name}: p50`, value: middle(ms, 0.5) * 1e3, unit: 'us', rates },
          { name: `${name}: p99`, value: middle(ms, 0.99) * 1e3, unit: 'us', rates },
        ]),
  ])
  return [...compared, ...single, ...others]
}

const middle = (values: readonly number[], at: number): number => {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.floor((sorted.length - 1) * at)] ?? 0
}
