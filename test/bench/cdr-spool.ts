import { join } from 'node:path'
import { createCdrCompanions } from '../../src/app/cdr-companions.ts'
import { openCdrIntake } from '../../src/app/cdr-intake.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { wholePosts } from './cdr-bodies.ts'
import { withCdrStage } from './cdr-stage.ts'
import type { Bench } from './run.ts'

/**
 * A spool that has filled up while PostgreSQL was away, drained from its first record to its last, in a process that does
 * nothing else; beside it a timer says how long anything else on that thread would have waited. `SPOOL_RECORDS=1000000`
 * is the whole million (21 GB of disk).
 */
export const bench: Bench = {
  name: 'cdr-spool',
  describe: 'a spool of records drained into PostgreSQL: how fast, with how much memory, and who else waits',
  run: () =>
    withCdrStage(({ within, folder }) =>
      within(async (database) => {
        const records = Number(process.env['SPOOL_RECORDS'] ?? 30_000)
        const companions = createCdrCompanions()
        const open = () =>
          openCdrIntake({
            dataDir: join(folder, 'engine'),
            leftBySwitch: undefined,
            clock: systemClock,
            logger: silentLogger,
            store: (cdrs) => insertCdrs(database, cdrs, companions),
            onStored: () => undefined,
          })
        const filling = await open()
        const filledFrom = performance.now()
        for (let at = 0; at < records; at += AT_ONCE)
          await Promise.all(wholePosts(Math.min(AT_ONCE, records - at)).map(filling.accept))
        const accepted = (records * 1_000) / (performance.now() - filledFrom)
        await filling.stop()

        const openedFrom = performance.now()
        const intake = await open()
        const openedMs = performance.now() - openedFrom
        const lag = watchLag()
        const startedAt = performance.now()
        const cpuBefore = process.cpuUsage()
        await intake.drain()
        let peak = 0
        while (intake.state().pending > 0) {
          peak = Math.max(peak, process.memoryUsage().rss)
          await new Promise((resolve) => setTimeout(resolve, 20))
        }
        const seconds = (performance.now() - startedAt) / 1_000
        const { user, system } = process.cpuUsage(cpuBefore)
        const lags = lag()
        await intake.stop()
        const [row] = await database.query<{ count: number }>(
          'SELECT count(*) AS count FROM call_detail_records',
        )
        if (row?.count !== records) throw new Error(`${row?.count ?? 0} of ${records} records are there`)
        return [
          { name: 'taken in, fsynced', value: accepted, unit: 'records/s' },
          { name: `a start with ${records.toLocaleString('en')} records`, value: openedMs, unit: 'ms' },
          { name: 'drained', value: records / seconds, unit: 'records/s' },
          { name: 'CPU of the engine a record', value: (user + system) / records, unit: 'us' },
          { name: 'memory at the most', value: peak / 1_048_576, unit: 'MiB' },
          { name: 'others wait, p99', value: lags.p99, unit: 'ms' },
          { name: 'others wait, the longest', value: lags.longest, unit: 'ms' },
        ]
      }),
    ),
}

const AT_ONCE = 1_000

/** How much later than it should a timer of 5 ms comes. */
const watchLag = (): (() => { readonly p99: number; readonly longest: number }) => {
  const lags: number[] = []
  let due = performance.now() + 5
  const timer = setInterval(() => {
    const now = performance.now()
    lags.push(Math.max(0, now - due))
    due = now + 5
  }, 5)
  return () => {
    clearInterval(timer)
    const sorted = lags.toSorted((one, other) => one - other)
    return { p99: sorted[Math.floor(sorted.length * 0.99)] ?? 0, longest: sorted.at(-1) ?? 0 }
  }
}
