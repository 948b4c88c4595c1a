/**
 * How long a price list takes from a file to calls: ten carriers' files through the real HTTP import, one after
 * another, each until calls go by it. And what a reload of all rates costs the thread that handles calls.
 */
import { once } from 'node:events'
import { createReadStream, readFileSync } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { createRatesLink } from '../../src/app/rates-link.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { upload } from '../../src/cli/upload.ts'
import { startPostgres } from '../../src/store/embedded-postgres.ts'
import { addCarrier } from '../../src/store/gateway-writes.ts'
import { TOKEN } from '../http/fake-doors.ts'
import { startDeckServer, type DeckServer } from '../integration/deck-server.ts'
import { openFolder } from '../support/postgres.ts'
import type { Bench, Figure } from './run.ts'

const CARRIERS = 10
const SIZES = [1_000_000, 5_000_000]

export const bench: Bench = {
  name: 'lcr-import',
  describe: 'price lists of ten carriers from CSV to live, and the pause of a reload',
  run: async () => {
    const { folder, remove } = openFolder()
    const postgres = await startPostgres({
      folder: join(folder, 'postgres'),
      logger: silentLogger,
      searchPath: process.env['PATH'],
    })
    // A server that ends with the measurement, and not with a run of tests.
    process.env['STROWGER_TEST_DATABASE_URL'] = postgres.url
    try {
      const figures: Figure[] = []
      for (const size of SIZES) figures.push(...(await measure(size)))
      return figures
    } finally {
      await postgres.stop()
      remove()
    }
  },
}

const measure = async (rates: number): Promise<readonly Figure[]> => {
  const server = await startDeckServer()
  const folder = await mkdtemp(join(tmpdir(), 'lcr-import-'))
  try {
    const files: string[] = []
    for (let carrier = 1; carrier <= CARRIERS; carrier += 1) {
      await addCarrier(server.database, { code: `bench-${carrier}`, name: `Bench ${carrier}` })
      files.push(await writeList(folder, carrier, rates / CARRIERS))
    }
    const startedAt = performance.now()
    for (const [at, path] of files.entries()) await importFile(server, path, `bench-${at + 1}`)
    const seconds = (performance.now() - startedAt) / 1_000
    const loaded = server.reports.at(-1)
    if (loaded === undefined || loaded.rateCount < rates)
      throw new Error(`only ${loaded?.rateCount ?? 0} rates are live`)
    const reload = await pauseOfReload(server)
    const idle = await pauseDuring(() => setTimeout(reload.tookMs))
    const busy = await pauseDuring(() => keepCoresBusy(reload.tookMs))
    return [
      { name: 'csv_to_live_seconds', value: seconds, unit: 's', rates },
      { name: 'csv_to_live_rates_per_second', value: rates / seconds, unit: 'rates/s', rates },
      { name: 'reload_seconds', value: reload.tookMs / 1_000, unit: 's', rates },
      {
        name: 'reload_pause_ms_max',
        value: reload.pauseMs,
        unit: 'ms',
        peer: 'the same while two other threads spin',
        ratio: reload.pauseMs / busy.pauseMs,
        rates,
      },
      { name: 'reload_pause_own_cpu_ms_max', value: reload.ownCpuMs, unit: 'ms', rates },
      { name: 'pause_ms_max while two other threads spin', value: busy.pauseMs, unit: 'ms' },
      { name: 'pause_ms_max of an idle engine', value: idle.pauseMs, unit: 'ms' },
    ]
  } finally {
    await server.stop()
    await rm(folder, { recursive: true })
  }
}

const importFile = async (server: DeckServer, path: string, carrier: string): Promise<void> => {
  const answer = await upload(
    { url: server.url, token: TOKEN, tokenHint: '' },
    {
      path: '/v1/rate-decks/import',
      query: { carrier, currency: 'GBP', wait: 300 },
      file: createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>,
      total: (await stat(path)).size,
      onSent: () => undefined,
      signal: new AbortController().signal,
    },
  )
  if (answer['live'] !== true) throw new Error(`not live: ${JSON.stringify(answer).slice(0, 500)}`)
}

/** The prefixes that carriers have in common, each with a price of its own. */
const writeList = async (folder: string, carrier: number, rates: number): Promise<string> => {
  const path = join(folder, `${carrier}.csv`)
  const file = await open(path, 'w')
  let text = 'Destination,Prefix,Rate,Increment\n'
  for (let n = 0; n < rates; n += 1) {
    const country = 20 + (n % 79)
    text += `Country ${country} Area ${n % 997},${country}${String(n).padStart(6, '0')},${(0.001 + ((n * 7 + carrier) % 5_000) / 100_000).toFixed(5)},${n % 10 === 0 ? '1/1' : '60/60'}\n`
    if (text.length < 1_000_000 && n + 1 < rates) continue
    await file.writeFile(text)
    text = ''
  }
  await file.close()
  return path
}

type Pause = {
  readonly pauseMs: number
  /** The most that this thread computed in one gap; what else a gap has is waiting for a core. NaN but on Linux. */
  readonly ownCpuMs: number
  readonly tookMs: number
}

/** A link that knows nothing yet reads all. */
const pauseOfReload = async (server: DeckServer): Promise<Pause> => {
  const link = createRatesLink({
    databaseUrl: server.databaseUrl,
    logger: silentLogger,
    clock: systemClock,
    onRates: () => undefined,
  })
  link.start()
  // The thread is up, and the first thing that it is asked is answered.
  for await (const piece of link.exportDeck(1)) if (piece.length === 0) break
  try {
    return await pauseDuring(() => link.reload())
  } finally {
    await link.stop()
  }
}

/** What a machine does to the timer of a thread that has nothing to do with it. */
const keepCoresBusy = async (forMs: number): Promise<void> => {
  const spin = `const end = Date.now() + ${forMs}; while (Date.now() < end);`
  await Promise.all([spin, spin].map((code) => once(new Worker(code, { eval: true, execArgv: [] }), 'exit')))
}

/** Nanoseconds that this thread has computed (Linux, Documentation/scheduler/sched-stats.rst). */
const ownCpu = (): number => {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0])
  } catch {
    // There is no such file but on Linux.
    return Number.NaN
  }
}

/** The largest gap of a timer that is due each millisecond. */
const pauseDuring = async (act: () => Promise<void>): Promise<Pause> => {
  const startedAt = performance.now()
  let last = startedAt
  let lastCpu = ownCpu()
  let pauseMs = 0
  let ownCpuMs = 0
  const timer = setInterval(() => {
    const now = performance.now()
    const cpu = ownCpu()
    pauseMs = Math.max(pauseMs, now - last)
    ownCpuMs = Math.max(ownCpuMs, (cpu - lastCpu) / 1e6)
    last = now
    lastCpu = cpu
  }, 1)
  try {
    await act()
    return { pauseMs, ownCpuMs, tookMs: performance.now() - startedAt }
  } finally {
    clearInterval(timer)
  }
}
