/**
 * What a reload of every rate costs the calls that are decided meanwhile: lookups and complete decisions alone, and
 * while the worker reads all rates from PostgreSQL and builds a new index. The worker and PostgreSQL have their share
 * of the machine's processors; how long this thread waited for one is told beside its longest pause.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRatesLink, type RatesLink } from '../../src/app/rates-link.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { RateIndex } from '../../src/routing/rate-lookup.ts'
import { migrate } from '../../src/store/migrations.ts'
import { connectForRates } from '../../src/store/rates-connection.ts'
import type { RatesReport } from '../../src/store/rates-load.ts'
import { asE164, type E164 } from '../../src/telephony/e164.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'
import { createDecider } from './lcr-decider.ts'
import { makeDecks } from './lcr-decks.ts'
import { copyDecks, withPostgres } from './lcr-server.ts'
import type { Bench, Figure } from './run.ts'

export const bench: Bench = {
  name: 'lcr-reload',
  describe: 'lookups and decisions while the worker reloads all of 1 and 5 million rates from PostgreSQL',
  run: () =>
    withPostgres(async (url) => {
      await migrate({ url, folder: SQL_FOLDER, logger: silentLogger })
      const figures: Figure[] = []
      for (const rates of RATES) figures.push(...(await measure(url, rates)))
      return figures
    }),
}

const CARRIERS = 10
const RATES = [1_000_000, 5_000_000]
const SEED = 20_261_120
const NUMBERS = 2 ** 17
/** Of each load, alone and during a reload in turns. */
const RELOADS = 3
/** Nothing of a reload takes so long; a bench ends by itself. */
const MOST_RELOAD_MS = 120_000

/** A turn of the thread: at each turn of a timer of one millisecond, or again and again. */
type Load = {
  readonly name: string
  readonly lookups: number
  readonly decisions: number
  readonly isSaturated: boolean
}
const LOADS: readonly Load[] = [
  { name: '5,000 calls/s', lookups: 20, decisions: 5, isSaturated: false },
  { name: 'saturated', lookups: 20, decisions: 5, isSaturated: true },
]

const measure = async (url: string, rates: number): Promise<readonly Figure[]> => {
  const called = await publish(url, rates)
  const engine = createEngine(url)
  try {
    await engine.forget()
    const first = await engine.reload()
    if (first.rateCount !== rates) throw new Error(`${first.rateCount} rates of ${rates} were loaded`)
    const index = engine.index()
    const figures: Figure[] = [
      { name: 'bytes_per_rate', value: index.byteLength / index.size, unit: 'bytes of the index', rates },
      { name: 'index', value: index.byteLength / 2 ** 20, unit: 'MiB', rates },
    ]
    for (const load of LOADS) {
      const alone: Watched[] = []
      const during: Watched[] = []
      // The first round warms up.
      for (let round = 0; round <= RELOADS; round += 1) {
        await engine.forget()
        const reloaded = await watch(engine, called, load, engine.reload)
        const quiet = await watch(engine, called, load, () => sleep(reloaded.tookMs, undefined))
        if (round === 0) continue
        during.push(reloaded)
        alone.push(quiet)
      }
      figures.push(...figuresOf(load, alone, during).map((figure) => ({ ...figure, rates })))
    }
    return figures
  } finally {
    await engine.stop()
  }
}

/**
 * Decks as an import leaves them: a new one for each carrier that ends what the carrier had. Returns numbers to call;
 * nothing else of the decks stays in memory, where collecting garbage would have to go through it.
 */
const publish = async (url: string, rates: number): Promise<readonly E164[]> => {
  const decks = makeDecks('shared', rates, CARRIERS, SEED)
  const on = await connectForRates({ url, purpose: 'bench' })
  try {
    await on.query('TRUNCATE rates; DELETE FROM rate_decks')
    await on.query(
      `INSERT INTO carriers (id, code, name) SELECT id, 'bench-' || id, 'Bench ' || id
       FROM generate_series(1, ${CARRIERS}) AS id ON CONFLICT DO NOTHING`,
    )
    await on.query(
      `INSERT INTO rate_decks (id, carrier_id, name, currency, replaces, effective_from)
       SELECT id, id, 'bench', 'EUR', true, now() - interval '30 days' FROM generate_series(1, ${CARRIERS}) AS id`,
    )
    const increments = ['60\t60', '30\t6', '6\t6', '1\t1', '60\t1']
    await copyDecks(
      on,
      `COPY rates (deck_id, prefix, destination, price_per_minute, connection_fee, first_increment_seconds,
         next_increment_seconds) FROM STDIN`,
      Array.from({ length: CARRIERS }, (_, carrier) => decks.columnsOf(carrier)),
      (carrier, prefix, price, kind) =>
        `${carrier}\t${prefix}\tBench\t${(price / 1e8).toFixed(8)}\t0\t${increments[kind] ?? ''}`,
    )
    await on.query('UPDATE rate_decks SET published_at = now()')
    await on.query('VACUUM (ANALYZE) rates')
    return decks.numbers(NUMBERS).map((digits) => asE164(`+${digits}`))
  } finally {
    on.close()
  }
}

type Engine = {
  readonly decide: (destination: E164) => number
  readonly index: () => RateIndex
  /** A worker that knows no rates yet takes over, and is ready. */
  readonly forget: () => Promise<void>
  /** Everything is read and built; calls then go by it. */
  readonly reload: () => Promise<RatesReport>
  /** When the last index came. */
  readonly swappedAt: () => number
  readonly stop: () => Promise<void>
}

const createEngine = (databaseUrl: string): Engine => {
  const { replaceRates, decide } = createDecider(CARRIERS)
  let link: RatesLink | undefined
  let current: RateIndex | undefined
  let swappedAt = 0
  return {
    decide,
    index: () => {
      if (current === undefined) throw new Error('no rates came')
      return current
    },
    forget: async () => {
      await link?.stop()
      link = createRatesLink({
        databaseUrl,
        logger: silentLogger,
        clock: systemClock,
        onRates: (index) => {
          swappedAt = performance.now()
          current = index
          replaceRates(index)
        },
      })
      link.start()
      // There is no such deck; what answers is up.
      await link
        .exportDeck(-1)
        .next()
        .catch(() => undefined)
    },
    reload: async () => {
      const late = setTimeout(() => void link?.stop(), MOST_RELOAD_MS)
      try {
        await link?.reload()
      } finally {
        clearTimeout(late)
      }
      const report = link?.state().report
      if (report === undefined) throw new Error('no rates were loaded')
      return report
    },
    swappedAt: () => swappedAt,
    stop: async () => link?.stop(),
  }
}

type Watched = {
  readonly tookMs: number
  /** The longest time from one turn of the timer to the next. */
  readonly pauseMs: number
  /** The longest one without the time in which the thread could have run and had no processor. */
  readonly ownPauseMs: number
  /** Of that, garbage collection. */
  readonly ownGarbageMs: number
  /** The pause in which the new index came, without that time; 0: none did. */
  readonly swapMs: number
  /** How many were longer than 5 ms, without that time. */
  readonly latePauses: number
  /** The longest collection of garbage on this thread. */
  readonly gcMs: number
  readonly lookups: Timed
  readonly decisions: Timed
  readonly rssPeak: number
  readonly report: RatesReport | undefined
}

const watch = async (
  engine: Engine,
  called: readonly E164[],
  load: Load,
  act: () => Promise<RatesReport | undefined>,
): Promise<Watched> => {
  const [lookups, decisions] = [createTimes(), createTimes()]
  const [pauses, collections] = [createPauses(), watchGarbage()]
  let at = 0
  let kept = 0
  const numberAt = (): E164 => called[(at = (at + 1) % NUMBERS)] ?? UNUSED
  const work = (): void => {
    for (let each = 0; each < load.lookups; each += 1) {
      const digits = numberAt().slice(1)
      const index = engine.index()
      const before = performance.now()
      kept += index.longestPrefixOf(digits)
      lookups.add(performance.now() - before)
    }
    for (let each = 0; each < load.decisions; each += 1) {
      const number = numberAt()
      const before = performance.now()
      kept += engine.decide(number)
      decisions.add(performance.now() - before)
    }
  }
  let isOver = false
  const spin = (): void => {
    work()
    if (!isOver) setImmediate(spin)
  }
  const timer = setInterval(() => {
    pauses.turn(engine.swappedAt())
    if (!load.isSaturated) work()
  }, 1)
  if (load.isSaturated) spin()
  const startedAt = performance.now()
  let report: RatesReport | undefined
  try {
    report = await act()
    // The turn in which it came is one that counts.
    await sleep(20)
  } finally {
    isOver = true
    clearInterval(timer)
  }
  const garbage = collections.end()
  if (Number.isNaN(kept)) throw new Error('nothing was decided')
  return {
    tookMs: performance.now() - startedAt,
    ...pauses.end(garbage.within),
    gcMs: garbage.longestMs,
    lookups: lookups.end(),
    decisions: decisions.end(),
    report,
  }
}

const createPauses = () => {
  const waits = openWaits()
  let last = performance.now()
  let waited = waits.read()
  let turns = 0
  let own = { ms: 0, from: 0, to: 0 }
  let [pauseMs, swapMs, latePauses, rssPeak] = [0, 0, 0, 0]
  return {
    turn: (swappedAt: number): void => {
      const now = performance.now()
      const waitedNow = waits.read()
      const gap = now - last
      const ownMs = gap - (waitedNow - waited)
      if (swappedAt > last) swapMs = Math.max(swapMs, ownMs)
      if (ownMs > LATE_MS) latePauses += 1
      if (ownMs > own.ms) own = { ms: ownMs, from: last, to: now }
      pauseMs = Math.max(pauseMs, gap)
      last = now
      waited = waitedNow
      if (turns++ % 16 === 0) rssPeak = Math.max(rssPeak, process.memoryUsage.rss())
    },
    end: (garbageIn: (from: number, to: number) => number) => {
      waits.close()
      return {
        pauseMs,
        ownPauseMs: own.ms,
        ownGarbageMs: garbageIn(own.from, own.to),
        swapMs,
        latePauses,
        rssPeak,
      }
    },
  }
}

const LATE_MS = 5

/** How long this process's first thread was ready to run and had no processor, in ms; 0 where nothing tells. */
const openWaits = (): { readonly read: () => number; readonly close: () => void } => {
  if (process.platform !== 'linux') return { read: () => 0, close: () => undefined }
  const file = openSync('/proc/self/schedstat', 'r')
  const bytes = Buffer.alloc(128)
  return {
    read: () =>
      Number(bytes.toString('latin1', 0, readSync(file, bytes, 0, bytes.length, 0)).split(' ')[1]) / 1e6,
    close: () => closeSync(file),
  }
}

const watchGarbage = () => {
  const collections: { readonly from: number; readonly to: number }[] = []
  const take = (entries: readonly PerformanceEntry[]): void => {
    for (const { startTime, duration } of entries)
      if (duration > 0.5) collections.push({ from: startTime, to: startTime + duration })
  }
  const observer = new PerformanceObserver((list) => take(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  return {
    end: () => {
      take(observer.takeRecords())
      observer.disconnect()
      return {
        longestMs: Math.max(0, ...collections.map(({ from, to }) => to - from)),
        within: (from: number, to: number): number =>
          collections.reduce(
            (sum, each) => sum + Math.max(0, Math.min(to, each.to) - Math.max(from, each.from)),
            0,
          ),
      }
    },
  }
}

type Timed = { readonly perSecond: number; readonly p50Ns: number; readonly p99Ns: number }

/** Room for the last so many: nothing grows while pauses are measured. */
const createTimes = () => {
  const times = new Float32Array(2 ** 20)
  let count = 0
  let sumMs = 0
  return {
    add: (ms: number): void => {
      times[count % times.length] = ms
      count += 1
      sumMs += ms
    },
    end: (): Timed => {
      const sorted = times.slice(0, Math.min(count, times.length)).sort()
      const at = (share: number): number => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 1e6
      return { perSecond: (count * 1e3) / sumMs, p50Ns: at(0.5), p99Ns: at(0.99) }
    },
  }
}

const figuresOf = (load: Load, alone: readonly Watched[], during: readonly Watched[]): readonly Figure[] => {
  const most = (watched: readonly Watched[], of: (each: Watched) => number): number =>
    Math.max(...watched.map(of))
  const median = (watched: readonly Watched[], of: (each: Watched) => number): number =>
    watched.map(of).sort((a, b) => a - b)[watched.length >>> 1] ?? 0
  const both = (
    name: string,
    unit: string,
    of: (each: Watched) => number,
    pick = median,
  ): readonly Figure[] => {
    const [quiet, busy] = [pick(alone, of), pick(during, of)]
    return [
      { name: `${name}, alone`, of: load.name, value: quiet, unit },
      { name, of: load.name, value: busy, unit, peer: 'alone', ratio: busy / quiet },
    ]
  }
  const one = (name: string, unit: string, of: (each: Watched) => number, pick = median): Figure => ({
    name,
    of: load.name,
    value: pick(during, of),
    unit,
  })
  return [
    ...both('lookups_per_second', '/s of the thread, with the clock', ({ lookups }) => lookups.perSecond),
    ...both('lookup p50', 'ns with the clock', ({ lookups }) => lookups.p50Ns),
    ...both('lookup p99', 'ns with the clock', ({ lookups }) => lookups.p99Ns),
    ...both('decisions_per_second', '/s of the thread', ({ decisions }) => decisions.perSecond),
    ...both('decision p50', 'ns', ({ decisions }) => decisions.p50Ns),
    ...both('decision p99', 'ns', ({ decisions }) => decisions.p99Ns),
    ...both('reload_pause_ms_max', `ms, of ${RELOADS}`, ({ pauseMs }) => pauseMs, most),
    ...both('the longest pause less waiting for a processor', 'ms', ({ ownPauseMs }) => ownPauseMs, most),
    ...both('the same, median', 'ms', ({ ownPauseMs }) => ownPauseMs),
    ...both('garbage collection in that pause', 'ms, median', ({ ownGarbageMs }) => ownGarbageMs),
    ...both('such pauses above 5 ms', 'a reload', ({ latePauses }) => latePauses),
    ...both('longest garbage collection', 'ms', ({ gcMs }) => gcMs, most),
    one('such pause in which the new index came', `ms, most of ${RELOADS}`, ({ swapMs }) => swapMs, most),
    one('load_seconds', 's', ({ tookMs }) => tookMs / 1e3),
    one('load_seconds, reading', 's', ({ report }) => (report?.readMs ?? 0) / 1e3),
    one('load_seconds, building', 's', ({ report }) => (report?.buildMs ?? 0) / 1e3),
    ...both('rss_peak', 'MiB', ({ rssPeak }) => rssPeak / 2 ** 20, most),
  ]
}

const UNUSED = asE164('+442079460958')
