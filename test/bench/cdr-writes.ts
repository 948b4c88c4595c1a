import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { createCdrCompanions } from '../../src/app/cdr-companions.ts'
import { openCdrIntake } from '../../src/app/cdr-intake.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { Cdr } from '../../src/cdr/cdr.ts'
import { CDR_COLUMNS, linesOf, namesOf } from '../../src/store/cdr-columns.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import type { CdrCompanion } from '../../src/store/cdr-companion.ts'
import type { Database } from '../../src/store/database.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { wholePosts } from './cdr-bodies.ts'
import { withCdrStage, type CdrStage } from './cdr-stage.ts'
import type { Bench, Figure } from './run.ts'

/**
 * CDRs made durable on one PostgreSQL with its usual settings (fsync on), everything over one connection. A call is two
 * records, an A leg with one attempt and its B leg. Ours claims every leg, writes the record, its attempts and all that
 * goes with it; the peers write the record alone, from text that was made before the clock started. Each peer has a
 * fresh copy of the schema.
 */
export const bench: Bench = {
  name: 'cdr-writes',
  describe: 'CDRs a second made durable: ours against one INSERT a CDR and against bare COPY',
  run: () =>
    withCdrStage(async (stage) => {
      const best: Record<Measured, number> = { inserts: 0, bare: 0, copy: 0, ours: 0, whole: 0, piped: 0 }
      // In turns, and the best of each: what else the machine does hits all of them alike.
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const name of Object.keys(best) as Measured[])
          best[name] = Math.max(best[name], await MEASURES[name](stage))
      }
      const { inserts, bare, copy, ours, whole, piped } = best
      const of = (name: string, value: number): Figure[] => [
        figure(name, value, 'one INSERT a CDR', inserts),
        figure(name, value, 'COPY into the same table', copy),
      ]
      return [
        { name: 'one INSERT a CDR', value: inserts, unit: 'CDRs/s' },
        { name: 'COPY into a table without indexes', value: bare, unit: 'CDRs/s' },
        { name: 'COPY into the same table', value: copy, unit: 'CDRs/s' },
        ...of('ours, built records', ours),
        ...of('ours, with all that is written beside them', whole),
        ...of('ours, from whole posts in the spool', piped),
      ]
    }),
}

const ROUNDS = 3
const INSERTS = 2_000
const RECORDS = 20_000
/** Some 20 kB each. */
const POSTS = 4_000
/** As the drain of the spool hands them in. */
const BATCH = 500

const figure = (name: string, value: number, peer: string, than: number): Figure => ({
  name,
  value,
  unit: 'CDRs/s',
  peer,
  ratio: value / than,
})

const perSecond = async (count: number, act: () => Promise<void>): Promise<number> => {
  const startedAt = performance.now()
  await act()
  return (count * 1_000) / (performance.now() - startedAt)
}

/** Calls of the last hours, as they would come. */
const records = (count: number): readonly Cdr[] => {
  const from = Date.now() - 7_200_000
  const made: Cdr[] = []
  for (let n = 0; made.length < count; n += 1) {
    const startTime = from + n * 50
    const numbers = {
      organizationId: 1 + (n % 50),
      callerNumber: `+44207946${String(n % 10_000).padStart(4, '0')}`,
      calleeNumber: `+4477009${String((n * 7_919) % 100_000).padStart(5, '0')}`,
      startTime,
      progressTime: startTime + 1_000,
      answerTime: startTime + 4_000,
      endTime: startTime + 65_001,
    }
    const a = cdrOf({ ...numbers, rate: undefined, cost: undefined, chargedSeconds: undefined })
    made.push({
      ...a,
      attempts: a.attempts.slice(1).map((attempt) => ({ ...attempt, legUuid: newCallUuid() })),
    })
    made.push(cdrOf({ ...numbers, leg: 'B', callId: a.callId, parentUuid: a.legUuid, attempts: [] }))
  }
  return made.slice(0, count)
}

const singleInserts = ({ within }: CdrStage): Promise<number> =>
  within(async (_, url) => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    const cdrs = records(INSERTS)
    const text = `INSERT INTO call_detail_records (${namesOf(CDR_COLUMNS)}) VALUES (${CDR_COLUMNS.map((_column, at) => `$${at + 1}`).join(', ')})`
    try {
      return await perSecond(INSERTS, async () => {
        for (const cdr of cdrs)
          await client.query({ name: 'one', text, values: CDR_COLUMNS.map(([, , value]) => value(cdr)) })
      })
    } finally {
      await client.end()
    }
  })

const copied = ({ within }: CdrStage, kind: 'bare' | 'indexed'): Promise<number> =>
  within(async (database) => {
    const table = kind === 'bare' ? 'bare_records' : 'call_detail_records'
    await database.query('CREATE TABLE bare_records (LIKE call_detail_records INCLUDING DEFAULTS)')
    const lines = linesOf(CDR_COLUMNS, records(RECORDS))
    return perSecond(RECORDS, () =>
      database.transaction((on) => on.copyIn(`COPY ${table} (${namesOf(CDR_COLUMNS)}) FROM STDIN`, lines)),
    )
  })

const stored = ({ within }: CdrStage, companions: readonly CdrCompanion[]): Promise<number> =>
  within(async (database) => {
    const cdrs = records(RECORDS)
    const rate = await perSecond(RECORDS, async () => {
      for (let at = 0; at < RECORDS; at += BATCH)
        await insertCdrs(database, cdrs.slice(at, at + BATCH), companions)
    })
    await allStored(database)
    return rate
  })

/** From the spool, where the posts wait as FreeSWITCH made them: read, parsed, rated, stored, acknowledged. */
const pipeline = ({ within, folder }: CdrStage): Promise<number> =>
  within(async (database) => {
    const companions = createCdrCompanions()
    const intake = await openCdrIntake({
      dataDir: await mkdtemp(join(folder, 'engine-')),
      leftBySwitch: undefined,
      clock: systemClock,
      logger: silentLogger,
      store: (cdrs) => insertCdrs(database, cdrs, companions),
      onStored: () => undefined,
    })
    try {
      const bodies = wholePosts(POSTS)
      for (let at = 0; at < bodies.length; at += 1_000)
        await Promise.all(bodies.slice(at, at + 1_000).map(intake.accept))
      return await perSecond(POSTS, async () => {
        await intake.drain()
        while (intake.state().pending > 0) await new Promise((resolve) => setTimeout(resolve, 5))
      })
    } finally {
      await intake.stop()
    }
  })

type Measured = 'inserts' | 'bare' | 'copy' | 'ours' | 'whole' | 'piped'

const MEASURES: Readonly<Record<Measured, (stage: CdrStage) => Promise<number>>> = {
  inserts: singleInserts,
  bare: (stage) => copied(stage, 'bare'),
  copy: (stage) => copied(stage, 'indexed'),
  ours: (stage) => stored(stage, []),
  whole: (stage) => stored(stage, createCdrCompanions()),
  piped: pipeline,
}

const allStored = async (database: Database): Promise<void> => {
  const [row] = await database.query<{ count: number }>('SELECT count(*) AS count FROM call_detail_records')
  if (row?.count !== RECORDS) throw new Error(`${row?.count ?? 0} of ${RECORDS} records are there`)
}
