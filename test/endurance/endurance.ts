/**
 * Calls for as long as is asked, while the engine and PostgreSQL are killed at random and posts come late, twice and out
 * of order. Then everything is let come to rest, and what is stored is held against what the switch posted.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseMoney } from '../../src/telephony/money.ts'
import type { ChaosPostgres } from './chaos-postgres.ts'
import { countPost } from './independent-count.ts'
import type { PostFront } from './post-front.ts'
import type { EnduranceWorld } from './world.ts'

export type EnduranceOptions = {
  readonly seconds: number
  readonly callsPerSecond: number
  readonly random: () => number
  /** Lines, as it goes. */
  readonly say: (line: string) => void
  /** How long what is stored may take to be all, once nothing is killed any more. */
  readonly restSeconds: number
}

export type EnduranceReport = {
  readonly figures: Readonly<Record<string, number | string>>
  /** Every difference, a sentence each; none is a run that passed. */
  readonly differences: readonly string[]
}

export const runEndurance = async (
  world: EnduranceWorld,
  front: PostFront,
  postgres: ChaosPostgres,
  options: EnduranceOptions,
): Promise<EnduranceReport> => {
  const { random, say } = options
  const kills = { engine: 0, postgres: 0, secondsWithoutEngine: 0, secondsWithoutPostgres: 0, longestWait: 0 }
  const until = performance.now() + options.seconds * 1_000
  const isOn = (): boolean => performance.now() < until
  let calls = 0

  const load = async (): Promise<void> => {
    const placed: Promise<void>[] = []
    while (isOn()) {
      calls += 1
      placed.push(world.call())
      await pause((-Math.log(1 - random()) * 1_000) / options.callsPerSecond)
    }
    await Promise.all(placed)
  }
  const killEngines = async (): Promise<void> => {
    for (;;) {
      await pauseWhile(isOn, 2_000 + random() * 6_000)
      if (!isOn()) return
      const from = performance.now()
      await world.killEngine()
      await pause(random() * 2_000)
      await world.startEngine()
      kills.engine += 1
      kills.secondsWithoutEngine += (performance.now() - from) / 1_000
      say(`the engine was killed and is back after ${seconds(from)} s`)
    }
  }
  const killPostgres = async (): Promise<void> => {
    for (;;) {
      await pauseWhile(isOn, 3_000 + random() * 8_000)
      if (!isOn()) return
      const from = performance.now()
      postgres.kill()
      await pause(500 + random() * 6_000)
      await postgres.startAgain()
      kills.postgres += 1
      kills.secondsWithoutPostgres += (performance.now() - from) / 1_000
      say(`PostgreSQL was killed and is back after ${seconds(from)} s`)
    }
  }
  await Promise.all([load(), killEngines(), killPostgres()])
  say(`${calls} calls were placed; what lives is let end`)
  await world.callsOver()
  await front.quiet()

  const differences: string[] = []
  const expect = (what: string, is: unknown, wanted: unknown): void => {
    if (is !== wanted) differences.push(`${what}: ${String(is)}, where ${String(wanted)} was expected`)
  }
  const restFrom = performance.now()
  await atRest(world, options.restSeconds)
  const rested = seconds(restFrom)

  // What the switch posted, counted by itself: a record that came twice is one.
  const posted = new Map(front.posted().map((body) => [countPost(body).uuid, countPost(body)]))
  const counted = [...posted.values()]
  const rows = await world.database.query<{
    leg_uuid: string
    billable_seconds: number
    cost: string | null
    estimated: boolean
  }>('SELECT leg_uuid, billable_seconds, total_cost AS cost, estimated FROM call_detail_records')
  const stored = new Set(rows.map(({ leg_uuid }) => leg_uuid))
  const costOf = (cost: string | null): bigint => (cost === null ? 0n : BigInt(parseMoney(cost)))
  const channels = world.channels()

  expect('channels without a record', channels.filter((uuid) => !stored.has(uuid)).length, 0)
  expect('posts without a record', counted.filter(({ uuid }) => !stored.has(uuid)).length, 0)
  expect('channels that the switch posted nothing of', channels.filter((uuid) => !posted.has(uuid)).length, 0)
  expect('records of no channel', rows.filter(({ leg_uuid }) => !posted.has(leg_uuid)).length, 0)
  expect('records more than once', rows.length - stored.size, 0)
  expect('estimates', rows.filter(({ estimated }) => estimated).length, 0)
  const secondsPosted = counted.reduce((sum, { billableSeconds }) => sum + billableSeconds, 0)
  const secondsStored = rows.reduce((sum, row) => sum + row.billable_seconds, 0)
  expect('billable seconds', secondsStored, secondsPosted)
  const costPosted = counted.reduce((sum, { cost }) => sum + cost, 0n)
  const costStored = rows.reduce((sum, { cost }) => sum + costOf(cost), 0n)
  expect('cost in 10^-8', costStored, costPosted)
  for (const row of rows) {
    const wanted = posted.get(row.leg_uuid)
    if (wanted === undefined) continue
    if (wanted.billableSeconds !== row.billable_seconds || wanted.cost !== costOf(row.cost))
      differences.push(
        `${row.leg_uuid}: ${row.billable_seconds} s and ${costOf(row.cost)}, where ${wanted.billableSeconds} s and ${wanted.cost} were expected`,
      )
  }
  expect('claims of legs', await countOf(world, 'cdr_legs'), rows.length)
  expect('records in quarantine', await world.metric('strowger_spool_quarantined_records'), 0)
  expect(
    'files that the switch left',
    readdirSync(world.cdrFolder).filter((name) => name.includes('.cdr.')).length,
    0,
  )
  await world.stopEngine()
  const spool = readdirSync(join(world.dataDir, 'spool'))
  expect('segments of the spool', spool.filter((name) => name.endsWith('.journal')).length, 0)

  const { posts, refused, doubled, delayed, swallowed } = front.counts()
  return {
    differences,
    figures: {
      switch: world.name,
      'seconds of load': options.seconds,
      calls,
      channels: channels.length,
      posts,
      'posts refused or lost (left as files)': refused,
      'posts doubled': doubled,
      'posts delayed': delayed,
      ...(swallowed === 0 ? {} : { 'posts swallowed on purpose': swallowed }),
      'kills of the engine': kills.engine,
      'seconds without an engine': kills.secondsWithoutEngine.toFixed(1),
      'kills of PostgreSQL': kills.postgres,
      'seconds without PostgreSQL': kills.secondsWithoutPostgres.toFixed(1),
      'seconds until all was stored': rested,
      records: rows.length,
      'billable seconds': secondsStored,
      'cost in 10^-8': String(costStored),
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const pauseWhile = async (isOn: () => boolean, ms: number): Promise<void> => {
  for (const end = performance.now() + ms; isOn() && performance.now() < end;) await pause(100)
}

const seconds = (from: number): string => ((performance.now() - from) / 1_000).toFixed(1)

const countOf = async (world: EnduranceWorld, table: 'cdr_legs'): Promise<number> => {
  const [row] = await world.database.query<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)
  return row?.count ?? -1
}

/** Nothing waits and nothing changes any more, or the time is over: the comparison says what lacks then. */
const atRest = async (world: EnduranceWorld, restSeconds: number): Promise<void> => {
  const end = performance.now() + restSeconds * 1_000
  let quiet = 0
  let before = -1
  while (performance.now() < end && quiet < 3) {
    await pause(500)
    const stored = await countOf(world, 'cdr_legs').catch(() => -1)
    const pending = await world.metric('strowger_spool_pending_records').catch(() => -1)
    const files = readdirSync(world.cdrFolder).filter((name) => name.includes('.cdr.')).length
    const channels = world.channels().length
    const isQuiet = pending === 0 && files === 0 && stored === before && stored >= channels
    quiet = isQuiet ? quiet + 1 : 0
    before = stored
  }
}
