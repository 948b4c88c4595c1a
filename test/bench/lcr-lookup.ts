import { createRateIndexBuilder } from '../../src/routing/rate-builder.ts'
import { openRateIndex, type RateIndex } from '../../src/routing/rate-lookup.ts'
import { SAMPLE_EVERY, type RateIndexParts } from '../../src/routing/rate-parts.ts'
import { HEAD_DIGITS, rankWidth, TAIL_DIGITS } from '../../src/routing/rate-prefix.ts'
import { makeDecks, type DeckShape, type Decks } from './lcr-decks.ts'
import type { Bench, Figure } from './run.ts'

/**
 * The rate index beside what one writes first, a Map of prefixes that is asked for the longest and then for each
 * shorter one, and beside the floor: reading the very slots of the index's columns that each lookup reads, noted
 * before, with nothing parsed, compared or decided. All take turns in one process and are measured in its CPU time.
 */
export const bench: Bench = {
  name: 'lcr-lookup',
  describe:
    'longest-prefix lookups in decks of 1 and 5 million rates over 10 carriers, against a Map and bare reads',
  run: () =>
    Promise.resolve(
      RATES.flatMap((rates) => (['shared', 'distinct'] as const).flatMap((shape) => measure(shape, rates))),
    ),
}

const RATES = [1_000_000, 5_000_000]
const CARRIERS = 10
const SEED = 20_261_120
const ROUNDS = 9
/** A turn lasts at least so long in CPU time. */
const TURN_US = 200_000
/** So many that what they read of the index does not stay in the processor's caches. */
const NUMBERS = 2 ** 19
const BATCH = 2 ** 12
const BATCHES = NUMBERS / BATCH
const NOW = Date.UTC(2026, 0, 1)
const DAY_MS = 86_400_000

/** Looks up the numbers from `first` until before `end`; what it returns keeps the work from being skipped. */
type Reader = (first: number, end: number) => number

const measure = (shape: DeckShape, rates: number): Figure[] => {
  const decks = makeDecks(shape, rates, CARRIERS, SEED)
  const { parts, seconds } = build(decks)
  const index = openRateIndex(parts)
  const numbers = decks.numbers(NUMBERS)
  const prefixes = new Map(decks.prefixes.map((prefix, at) => [prefix, at]))
  const deep = compareAll(index, prefixes, numbers)
  const readers = {
    lookups: lookupsIn(index, numbers),
    matches: matchesIn(index, numbers),
    Map: lookupsInMap(prefixes, numbers),
    'bare reads': bareReads(parts, numbers),
  } satisfies Record<string, Reader>
  const rounds = takeTurns(readers)
  const best = (name: keyof typeof readers): number => Math.max(...(rounds.get(name) ?? []))
  const median = (name: keyof typeof readers): number => middle(rounds.get(name) ?? [], 0.5)
  const latency = latencies(index, numbers)
  const figure = (name: string, value: number, unit: string, peer?: string, ratio?: number): Figure => ({
    name,
    of: shape,
    value,
    unit,
    ...(peer !== undefined && ratio !== undefined && { peer, ratio }),
    rates,
  })
  const of = (peer: 'Map' | 'bare reads'): Figure =>
    figure('lookups_per_second', best('lookups'), PER_SECOND, peer, best('lookups') / best(peer))
  return [
    figure('prefixes', parts.nodeCount, 'distinct'),
    figure('prefix_length', deep, 'digits matched on average'),
    figure('build_seconds', seconds, 's from columns'),
    figure('bytes_per_rate', index.byteLength / index.size, 'bytes'),
    of('Map'),
    of('bare reads'),
    figure(
      'lookups_per_second_median',
      median('lookups'),
      PER_SECOND,
      'Map',
      median('lookups') / median('Map'),
    ),
    figure('Map_lookups_per_second', best('Map'), PER_SECOND),
    figure('bare_reads_per_second', best('bare reads'), PER_SECOND),
    figure('matches_per_second', best('matches'), PER_SECOND),
    figure('matches_per_second_median', median('matches'), PER_SECOND),
    figure('lookup_p50', middle(latency.lookups, 0.5), 'ns with the clock'),
    figure('lookup_p99', middle(latency.lookups, 0.99), 'ns with the clock'),
    figure('match_p50', middle(latency.matches, 0.5), 'ns with the clock'),
    figure('match_p99', middle(latency.matches, 0.99), 'ns with the clock'),
    figure('clock_p50', middle(latency.clock, 0.5), 'ns'),
  ]
}

const PER_SECOND = '/CPU s'

const build = (decks: Decks): { readonly parts: RateIndexParts; readonly seconds: number } => {
  const carriers = Array.from({ length: CARRIERS }, (_, carrier) => decks.columnsOf(carrier))
  const before = process.cpuUsage()
  const builder = createRateIndexBuilder()
  for (const [carrier, { kinds, ...columns }] of carriers.entries()) {
    const owner = { kind: 'carrier', id: carrier + 1 } as const
    const deck = builder.deckOf({ owner, deckId: carrier + 1, sequence: carrier + 1, currency: 'USD' })
    const terms = new Uint32Array(columns.count)
    // As a reader of rows does: it asks for the terms of each.
    for (let row = 0; row < columns.count; row += 1) {
      const kind = kinds[row] ?? 0
      const from = kind === 4 ? NOW + 30 * DAY_MS : NOW - 30 * DAY_MS
      terms[row] = builder.termsOf(deck, 0, 0, kind < 2 ? 60 : 1, kind < 1 ? 60 : 1, from, Infinity)
    }
    builder.addColumns({ ...columns, terms })
  }
  const parts = builder.build()
  const { user, system } = process.cpuUsage(before)
  return { parts, seconds: (user + system) / 1e6 }
}

const lookupsIn =
  (index: RateIndex, numbers: readonly string[]): Reader =>
  (first, end) => {
    let sum = 0
    for (let at = first; at < end; at += 1) sum += index.longestPrefixOf(numbers[at] ?? '')
    return sum
  }

/** All ten carriers' rates are asked for. */
const matchesIn = (index: RateIndex, numbers: readonly string[]): Reader => {
  const slots = Array.from({ length: CARRIERS }, (_, carrier) => index.ownerSlotOf('carrier', carrier + 1))
  return (first, end) => {
    let sum = 0
    for (let at = first; at < end; at += 1) {
      const match = index.match(numbers[at] ?? '', NOW)
      for (const slot of slots) sum += match.entryOf(slot)
    }
    return sum
  }
}

const longestIn = (prefixes: ReadonlyMap<string, number>, longest: number, digits: string): number => {
  for (let length = Math.min(longest, digits.length); length > 0; length -= 1) {
    const found = prefixes.get(digits.slice(0, length))
    if (found !== undefined) return found
  }
  return -1
}

const longestOf = (prefixes: ReadonlyMap<string, number>): number =>
  [...prefixes.keys()].reduce((longest, { length }) => Math.max(longest, length), 0)

const lookupsInMap = (prefixes: ReadonlyMap<string, number>, numbers: readonly string[]): Reader => {
  const longest = longestOf(prefixes)
  return (first, end) => {
    let sum = 0
    for (let at = first; at < end; at += 1) sum += longestIn(prefixes, longest, numbers[at] ?? '')
    return sum
  }
}

/** The slots are those that the lookup of each number touches, in its order, except for walks up from a neighbour. */
const bareReads = (parts: RateIndexParts, numbers: readonly string[]): Reader => {
  const heads = new Int32Array(parts.buffers.heads)
  const columns = [new Int32Array(parts.buffers.samples), new Int32Array(parts.buffers.tails)] as const
  const touched = [createSlots(numbers.length), createSlots(numbers.length)] as const
  const headSlots = new Int32Array(numbers.length)
  for (const [at, digits] of numbers.entries()) {
    const head = Number(digits.slice(0, HEAD_DIGITS))
    const [first, end] = [heads[head] ?? 0, heads[head + 1] ?? 0]
    const tail = Array.from(digits.slice(HEAD_DIGITS)).reduce(
      (rank, digit, place) => rank + 1 + Number(digit) * rankWidth(TAIL_DIGITS - 1 - place),
      0,
    )
    const search = (which: 0 | 1, from: number, until: number): number => {
      let [low, high] = [from, until]
      while (low < high) {
        const probed = (low + high) >>> 1
        touched[which].add(probed)
        if ((columns[which][probed] ?? 0) <= tail) low = probed + 1
        else high = probed
      }
      return low
    }
    const every = (node: number): number => Math.ceil(node / SAMPLE_EVERY)
    const sample = search(0, every(first), every(end))
    const node =
      search(1, Math.max(first, (sample - 1) * SAMPLE_EVERY), Math.min(end, sample * SAMPLE_EVERY)) - 1
    touched[1].add(Math.max(0, node))
    headSlots[at] = head
    for (const slots of touched) slots.end(at)
  }
  const [samples, nodes] = columns
  const [inSamples, inNodes] = [touched[0].packed(), touched[1].packed()]
  return (first, end) => {
    let sum = 0
    for (let at = first; at < end; at += 1) {
      const head = headSlots[at] ?? 0
      sum += (heads[head] ?? 0) + (heads[head + 1] ?? 0)
      const lastSample = inSamples.ends[at + 1] ?? 0
      for (let slot = inSamples.ends[at] ?? 0; slot < lastSample; slot += 1)
        sum += samples[inSamples.slots[slot] ?? 0] ?? 0
      const lastNode = inNodes.ends[at + 1] ?? 0
      for (let slot = inNodes.ends[at] ?? 0; slot < lastNode; slot += 1)
        sum += nodes[inNodes.slots[slot] ?? 0] ?? 0
    }
    return sum
  }
}

/** Lists of slots, one for each number, end to end. */
const createSlots = (count: number) => {
  const slots: number[] = []
  const ends = new Int32Array(count + 1)
  return {
    add: (slot: number): void => void slots.push(slot),
    end: (at: number): void => {
      ends[at + 1] = slots.length
    },
    packed: () => ({ slots: Int32Array.from(slots), ends }),
  }
}

/** Every number, before anything is timed; returns the mean length of what matches. */
const compareAll = (
  index: RateIndex,
  prefixes: ReadonlyMap<string, number>,
  numbers: readonly string[],
): number => {
  const spelled = [...prefixes.keys()]
  const longest = longestOf(prefixes)
  let digits = 0
  for (const number of numbers) {
    const prefix = index.prefixOfNode(index.longestPrefixOf(number))
    const expected = spelled[longestIn(prefixes, longest, number)]
    if (prefix !== expected) throw new Error(`${number}: ${prefix} is not ${String(expected)}`)
    digits += prefix.length
  }
  return digits / numbers.length
}

/** Lookups a CPU second of each reader in each round; each round goes on through the numbers. */
const takeTurns = (readers: Readonly<Record<string, Reader>>): ReadonlyMap<string, readonly number[]> => {
  const rounds = new Map<string, number[]>()
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, read] of Object.entries(readers)) {
      const before = process.cpuUsage()
      let batch = round * 7
      let done = 0
      let usedUs = 0
      while (usedUs < TURN_US) {
        const first = (batch++ % BATCHES) * BATCH
        kept += read(first, first + BATCH)
        done += BATCH
        const { user, system } = process.cpuUsage(before)
        usedUs = user + system
      }
      if (Number.isNaN(kept)) throw new Error('nothing was read')
      // The first round warms up.
      if (round > 0) rounds.set(name, [...(rounds.get(name) ?? []), (done * 1e6) / usedUs])
    }
  }
  return rounds
}
let kept = 0

/** Nanoseconds of single questions, the reading of the clock within. */
const latencies = (index: RateIndex, numbers: readonly string[]) => {
  const time = (ask: (digits: string) => number): readonly number[] =>
    numbers.map((digits) => {
      const before = performance.now()
      kept += ask(digits)
      return (performance.now() - before) * 1e6
    })
  const slot = index.ownerSlotOf('carrier', 1)
  return {
    lookups: time((digits) => index.longestPrefixOf(digits)),
    matches: time((digits) => index.match(digits, NOW).entryOf(slot)),
    clock: time(() => 0),
  }
}

const middle = (values: readonly number[], at: number): number => {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.floor((sorted.length - 1) * at)] ?? 0
}
