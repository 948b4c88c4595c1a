/**
 * Compiles what the builder took in: one stable sort of all entries by prefix and terms, and everything falls out of
 * it. All of it is linear in the number of entries; nothing here is ever an object for each.
 */
import { SAMPLE_EVERY, SAMPLE_SHIFT, type RateIndexParts } from './rate-parts.ts'
import {
  HEAD_DIGITS,
  HEADS,
  lengthOfRank,
  MOST_DIGITS,
  rankWidth,
  SHORT_DIGITS,
  shortRankOfHead,
  SHORTS,
  TAIL_DIGITS,
} from './rate-prefix.ts'
import { sortRows } from './rate-sort.ts'
import { sharedFloat64, sharedInt32, type ArrangedTerms } from './rate-terms.ts'

/** By entry. `high` and `low` are its prefix, as readPrefix writes it; `terms` are the book's numbers. */
export type CollectedRates = {
  readonly high: Int32Array
  readonly low: Int32Array
  readonly prices: Float64Array
  readonly terms: Int32Array
}

export const compileRates = (
  arranged: ArrangedTerms,
  rows: CollectedRates,
  rowCount: number,
  entryCount: number,
): RateIndexParts => {
  const { numbers, places, buffers, ...terms } = arranged
  const rowPlaces = new Int32Array(entryCount)
  for (let at = 0; at < entryCount; at += 1) rowPlaces[at] = places[rows.terms[at] ?? 0] ?? 0
  const order = sortRows(entryCount, [rowPlaces, rows.low, rows.high])

  const prices = sharedFloat64(entryCount)
  const entryTerms = sharedInt32(entryCount)
  const high = new Int32Array(entryCount)
  const low = new Int32Array(entryCount)
  let nodeCount = 0
  let shortNodeCount = 0
  for (let at = 0; at < entryCount; at += 1) {
    const row = order[at] ?? 0
    prices[at] = rows.prices[row] ?? 0
    entryTerms[at] = numbers[rows.terms[row] ?? 0] ?? 0
    high[at] = rows.high[row] ?? 0
    low[at] = rows.low[row] ?? 0
    if (at === 0 || high[at] !== high[at - 1] || low[at] !== low[at - 1]) {
      nodeCount += 1
      if ((high[at] ?? 0) < SHORTS) shortNodeCount += 1
    }
  }
  return {
    rowCount,
    entryCount,
    nodeCount,
    shortNodeCount,
    ...terms,
    buffers: {
      ...buffers,
      ...nodesOf(high, low, nodeCount, shortNodeCount),
      prices: prices.buffer,
      entryTerms: entryTerms.buffer,
    },
  }
}

/** From the sorted prefixes of all entries: a node for each that is distinct, and the tables that lead to it. */
const nodesOf = (high: Int32Array, low: Int32Array, nodeCount: number, shortNodeCount: number) => {
  const shorts = sharedInt32(SHORTS)
  const heads = sharedInt32(HEADS + 1)
  const tails = sharedInt32(nodeCount)
  const lengths = new Uint8Array(new SharedArrayBuffer(nodeCount))
  const nodes = sharedInt32(2 * (nodeCount + 1))
  const path = createPath()
  let entry = 0
  const addNode = (node: number, rank: number, parent: number, length: number): void => {
    tails[node] = rank
    lengths[node] = length
    nodes[2 * node] = parent
    nodes[2 * node + 1] = entry
    const [ownHigh, ownLow] = [high[entry], low[entry]]
    while (entry < high.length && high[entry] === ownHigh && low[entry] === ownLow) entry += 1
  }

  shorts.fill(-1)
  for (let node = 0; node < shortNodeCount; node += 1) {
    const rank = high[entry] ?? 0
    const length = lengthOfRank(rank, SHORT_DIGITS)
    // What covers this rank so far is its longest prefix; what it covers itself, longer ones take from it in turn.
    addNode(node, rank, shorts[rank] ?? -1, length)
    shorts.fill(node, rank, rank + rankWidth(SHORT_DIGITS - length))
  }
  let filled = 0
  for (let node = shortNodeCount; node < nodeCount;) {
    const head = (high[entry] ?? 0) - SHORTS
    heads.fill(node, filled, head + 1)
    filled = head + 1
    const shortest = shorts[shortRankOfHead(head)] ?? -1
    path.clear()
    for (; node < nodeCount && high[entry] === SHORTS + head; node += 1) {
      const rank = low[entry] ?? 0
      const parent = path.parentOf(rank)
      const length = lengthOfRank(rank, TAIL_DIGITS)
      addNode(node, rank, parent < 0 ? shortest : parent, HEAD_DIGITS + length)
      path.push(node, rank + rankWidth(TAIL_DIGITS - length))
    }
  }
  heads.fill(nodeCount, filled)
  nodes[2 * nodeCount + 1] = entry
  const samples = sharedInt32((nodeCount + SAMPLE_EVERY - 1) >>> SAMPLE_SHIFT)
  for (let at = 0; at < samples.length; at += 1) samples[at] = tails[at << SAMPLE_SHIFT] ?? 0
  return {
    shorts: shorts.buffer,
    heads: heads.buffer,
    tails: tails.buffer,
    lengths: lengths.buffer,
    samples: samples.buffer,
    nodes: nodes.buffer,
  }
}

/** The nodes of one head that are prefixes of the next in order, and the rank at which each one's own end. */
const createPath = () => {
  const nodes = new Int32Array(MOST_DIGITS + 1)
  const ends = new Int32Array(MOST_DIGITS + 1)
  let depth = 0
  return {
    clear: (): void => {
      depth = 0
    },
    push: (node: number, end: number): void => {
      nodes[depth] = node
      ends[depth] = end
      depth += 1
    },
    /** The longest of them that is a prefix of `rank` too, -1; the others are left behind. */
    parentOf: (rank: number): number => {
      while (depth > 0 && rank >= (ends[depth - 1] ?? 0)) depth -= 1
      return depth === 0 ? -1 : (nodes[depth - 1] ?? -1)
    },
  }
}
