/**
 * Finds the longest prefix of a number. Its first six digits lead to the nodes of all longer prefixes that begin so,
 * and a search among them to the last one that is not after the number: that, or the nearest of its own prefixes, is
 * the longest prefix of the number. The nodes lead on to all shorter ones.
 *
 * What a lookup costs is memory that is not in the processor's cache. So what the search reads is kept apart from what
 * comes after it, and a search among many reads one line of the tails: the rest of its way leads through `samples`.
 */
import { SAMPLE_EVERY, SAMPLE_SHIFT, type RateIndexParts } from './rate-parts.ts'
import {
  HEAD_DIGITS,
  HEADS,
  MOST_DIGITS,
  rankWidth,
  SHORT_DIGITS,
  spellRank,
  TAIL_DIGITS,
} from './rate-prefix.ts'

export type RateNodes = {
  /** -1 for what is not 1 to 15 digits, too. */
  readonly longestPrefixOf: (digits: string) => number
  readonly prefixOfNode: (node: number) => string
  /** In dialling order: `1`, `12`, `2`. */
  readonly nodesInOrder: () => IterableIterator<number>
}

export const openRateNodes = ({ buffers, nodeCount, shortNodeCount }: RateIndexParts): RateNodes => {
  const shorts = new Int32Array(buffers.shorts)
  const heads = new Int32Array(buffers.heads)
  const tails = new Int32Array(buffers.tails)
  const lengths = new Uint8Array(buffers.lengths)
  const samples = new Int32Array(buffers.samples)
  const nodes = new Int32Array(buffers.nodes)

  const longestPrefixOf = (digits: string): number => {
    const length = digits.length
    if (length === 0 || length > MOST_DIGITS) return -1
    let head = 0
    let shortRank = 0
    let at = 0
    for (; at < SHORT_DIGITS && at < length; at += 1) {
      const digit = digits.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) return -1
      head = head * 10 + digit
      shortRank += 1 + digit * (SHORT_WIDTHS[at] ?? 0)
    }
    if (length < HEAD_DIGITS) return shorts[shortRank] ?? -1
    const last = digits.charCodeAt(at) - 48
    if (last < 0 || last > 9) return -1
    head = head * 10 + last
    let tail = 0
    for (at = HEAD_DIGITS; at < length; at += 1) {
      const digit = digits.charCodeAt(at) - 48
      if (digit < 0 || digit > 9) return -1
      tail += 1 + digit * (TAIL_WIDTHS[at] ?? 0)
    }
    const first = heads[head] ?? 0
    const end = heads[head + 1] ?? 0
    // The sign of a difference as a mask, since a branch here is guessed wrong every other time. First among the
    // samples, which stay in the processor's cache, then within one line of memory.
    let sample = (first + SAMPLE_EVERY - 1) >>> SAMPLE_SHIFT
    let left = ((end + SAMPLE_EVERY - 1) >>> SAMPLE_SHIFT) - sample
    while (left > 0) {
      const half = (left + 1) >>> 1
      sample += half & (((samples[sample + half - 1] ?? 0) - tail - 1) >> 31)
      left -= half
    }
    let low = Math.max(first, (sample - 1) << SAMPLE_SHIFT)
    left = Math.min(end, sample << SAMPLE_SHIFT) - low
    while (left > 0) {
      const half = (left + 1) >>> 1
      low += half & (((tails[low + half - 1] ?? 0) - tail - 1) >> 31)
      left -= half
    }
    let node = low - 1
    while (node >= first) {
      // All that begins with this prefix has the ranks from its own on, as many as its width.
      if (tail - (tails[node] ?? 0) < (NODE_WIDTHS[lengths[node] ?? 0] ?? 0)) return node
      node = nodes[2 * node] ?? -1
    }
    return shorts[shortRank] ?? -1
  }

  function* nodesInOrder() {
    let node = shortNodeCount
    for (let short = 0; short < shortNodeCount; short += 1) {
      // A short prefix comes before all that begin with it, the first of which has zeros behind it.
      const below = heads[Number(spellRank(tails[short] ?? 0, SHORT_DIGITS).padEnd(HEAD_DIGITS, '0'))] ?? 0
      for (; node < below; node += 1) yield node
      yield short
    }
    for (; node < nodeCount; node += 1) yield node
  }

  return {
    longestPrefixOf,
    prefixOfNode: (node) => {
      const tail = tails[node] ?? 0
      if (node < shortNodeCount) return spellRank(tail, SHORT_DIGITS)
      // The last head whose nodes begin at this one or before.
      let low = 0
      let high = HEADS
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((heads[middle] ?? 0) <= node) low = middle + 1
        else high = middle
      }
      return String(low - 1).padStart(HEAD_DIGITS, '0') + spellRank(tail, TAIL_DIGITS)
    },
    nodesInOrder,
  }
}

const SHORT_WIDTHS = Int32Array.from({ length: SHORT_DIGITS }, (_, at) => rankWidth(SHORT_DIGITS - 1 - at))
/** By the place of a digit in the number. */
const TAIL_WIDTHS = Int32Array.from({ length: MOST_DIGITS }, (_, at) =>
  at < HEAD_DIGITS ? 0 : rankWidth(TAIL_DIGITS - 1 - (at - HEAD_DIGITS)),
)
/** By the length of a prefix: how many ranks begin with it. */
const NODE_WIDTHS = Int32Array.from({ length: MOST_DIGITS + 1 }, (_, length) =>
  length < HEAD_DIGITS ? 0 : rankWidth(MOST_DIGITS - length),
)
