/**
 * Which numbers a deck reaches, as ranges of 15-digit numbers. Prefixes nest or are apart, so that what a deck
 * covers are its shortest prefixes.
 */
import { callingCodeOf } from './calling-code.ts'
import { MOST_PREFIX_DIGITS } from './read-rate.ts'

/** Ranges from `starts[i]` until before `ends[i]`, apart and ascending. */
export type Coverage = { readonly starts: Float64Array; readonly ends: Float64Array }

/** In any order; each of 1 to 15 digits. */
export const coverageOf = (prefixes: Iterable<string>): Coverage => {
  // A range is its first number and its length's power of ten; sorted by the first, the longer range leads.
  const firsts: number[] = []
  const sizes: number[] = []
  for (const prefix of prefixes) {
    const size = 10 ** (MOST_PREFIX_DIGITS - prefix.length)
    firsts.push(Number(prefix) * size)
    sizes.push(size)
  }
  const order = Uint32Array.from(firsts.keys()).sort(
    (a, b) => (firsts[a] ?? 0) - (firsts[b] ?? 0) || (sizes[b] ?? 0) - (sizes[a] ?? 0),
  )
  const starts: number[] = []
  const ends: number[] = []
  for (const index of order) {
    const start = firsts[index] ?? 0
    const last = ends.length - 1
    if (last >= 0 && start < (ends[last] ?? 0)) continue
    // Neighbours become one range: 4420 to 4429 cover what 442 covered.
    if (last >= 0 && start === ends[last]) ends[last] = start + (sizes[index] ?? 0)
    else {
      starts.push(start)
      ends.push(start + (sizes[index] ?? 0))
    }
  }
  return { starts: Float64Array.from(starts), ends: Float64Array.from(ends) }
}

export type Lost = {
  /** Prefixes that were reached and are no longer, where their calling code still is in part. */
  readonly holes: readonly string[]
  /** Calling codes of which nothing is reached any more. */
  readonly countries: readonly string[]
}

/** What `before` reaches and `after` does not. */
export const lostBetween = (before: Coverage, after: Coverage): Lost => {
  const holes: string[] = []
  const countries = new Set<string>()
  const lose = (start: number, end: number): void => {
    for (const prefix of prefixesWithin(start, end)) {
      const code = callingCodeOf(prefix)
      const size = 10 ** (MOST_PREFIX_DIGITS - code.length)
      if (reaches(after, Number(code) * size, (Number(code) + 1) * size)) holes.push(prefix)
      else countries.add(code)
    }
  }
  let next = 0
  for (const [index, from] of before.starts.entries()) {
    const end = before.ends[index] ?? 0
    let start = from
    while (next < after.ends.length && (after.ends[next] ?? 0) <= start) next += 1
    for (let at = next; at < after.starts.length && (after.starts[at] ?? 0) < end; at += 1) {
      if ((after.starts[at] ?? 0) > start) lose(start, after.starts[at] ?? 0)
      start = Math.max(start, after.ends[at] ?? 0)
    }
    if (start < end) lose(start, end)
  }
  return { holes, countries: [...countries] }
}

const reaches = ({ starts, ends }: Coverage, start: number, end: number): boolean => {
  let low = 0
  let high = ends.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ends[middle] ?? 0) <= start) low = middle + 1
    else high = middle
  }
  return low < starts.length && (starts[low] ?? 0) < end
}

/** The fewest prefixes that are the range, none of them shorter than a calling code is. */
const prefixesWithin = (start: number, end: number): readonly string[] => {
  const prefixes: string[] = []
  for (let at = start; at < end;) {
    let length = MOST_PREFIX_DIGITS
    for (; length > 1; length -= 1) {
      const size = 10 ** (MOST_PREFIX_DIGITS - length + 1)
      if (at % size !== 0 || at + size > end) break
    }
    const prefix = String(at).padStart(MOST_PREFIX_DIGITS, '0').slice(0, length)
    // `4` is ten countries: each of them is told apart.
    for (const part of partsOf(prefix)) prefixes.push(part)
    at += 10 ** (MOST_PREFIX_DIGITS - length)
  }
  return prefixes
}

const partsOf = (prefix: string): readonly string[] => {
  const code = callingCodeOf(prefix)
  if (
    prefix.length >= 3 ||
    code === '1' ||
    code === '7' ||
    (code.length === 2 && callingCodeOf(`${code}0`) === code)
  )
    return [prefix]
  return Array.from({ length: 10 }, (_, digit) => partsOf(`${prefix}${digit}`)).flat()
}
