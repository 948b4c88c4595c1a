/** A draft by itself: one rate a prefix, in the order of the numbers, and what is odd about the draft alone. */
import { MOST_PREFIX_DIGITS, type DeckWarning, type ReadRate } from './read-rate.ts'

export type DraftRate = Omit<ReadRate, 'line'>

export type Groups = {
  /** One for each prefix, shorter before longer. */
  readonly rates: readonly DraftRate[]
  readonly prefixes: ReadonlySet<string>
  readonly warnings: readonly DeckWarning[]
}

/** `at`: of several dated rates the one in force then counts, else the next one; undefined: the one that starts last. */
export const groupsOf = (draft: Iterable<DraftRate>, at: number | undefined): Groups => {
  const all = [...draft]
  const rates: DraftRate[] = []
  const repeated: string[] = []
  const overlapping: string[] = []
  const shadowed: string[] = []
  let endings = 0
  let firstEnd = Number.POSITIVE_INFINITY
  /** The shorter prefixes of the one at hand, shortest first. */
  const above: DraftRate[] = []
  const order = sorted(all)
  for (let index = 0; index < order.length;) {
    const first = all[order[index] ?? 0]
    if (first === undefined) break
    const group = [first]
    for (index += 1; index < order.length; index += 1) {
      const next = all[order[index] ?? 0]
      if (next?.prefix !== first.prefix) break
      group.push(next)
    }
    for (const { effectiveTo } of group) {
      if (effectiveTo === undefined) continue
      endings += 1
      firstEnd = Math.min(firstEnd, effectiveTo)
    }
    // Sorted by their start, so that each is compared with the one before it that ends last.
    let end = Number.NEGATIVE_INFINITY
    for (const [place, rate] of group.entries()) {
      if (place > 0 && rate.effectiveFrom === group[place - 1]?.effectiveFrom) repeated.push(rate.prefix)
      else if (place > 0 && (rate.effectiveFrom ?? 0) < end) overlapping.push(rate.prefix)
      end = Math.max(end, rate.effectiveTo ?? Number.POSITIVE_INFINITY)
    }
    const chosen = chooseOf(first, group, at)
    while (above.length > 0 && !first.prefix.startsWith(above[above.length - 1]?.prefix ?? '')) above.pop()
    const shorter = above[above.length - 1]
    if (shorter !== undefined && isTheSame(shorter, chosen)) shadowed.push(chosen.prefix)
    above.push(chosen)
    rates.push(chosen)
  }
  return {
    rates,
    prefixes: new Set(rates.map(({ prefix }) => prefix)),
    warnings: [
      warningOf(
        'shadowed-prefix',
        shadowed.length,
        'prefixes cost what their shorter prefix costs, and could go',
        shadowed,
      ),
      warningOf(
        'duplicate',
        repeated.length,
        'rates start at the same moment as another of their prefix',
        repeated,
      ),
      warningOf(
        'overlapping-dates',
        overlapping.length,
        'rates are in force at the same time as another of their prefix: the later start counts',
        overlapping,
      ),
      {
        ...warningOf('ending-rates', endings, 'rates end', []),
        message: `${endings} rates end, the first at ${endings === 0 ? '' : new Date(firstEnd).toISOString()}`,
      },
    ],
  }
}

export const MOST_EXAMPLES = 20

export const warningOf = (
  code: string,
  count: number,
  what: string,
  examples: readonly string[],
): DeckWarning => ({ code, message: `${count} ${what}`, count, examples: examples.slice(0, MOST_EXAMPLES) })

/** By number range, shorter prefix first, then by start: numbers, since half a million texts sort five times slower. */
const sorted = (all: readonly DraftRate[]): Uint32Array => {
  const keys = Float64Array.from(
    all,
    ({ prefix }) => Number(prefix) * 10 ** (MOST_PREFIX_DIGITS - prefix.length),
  )
  const lengths = Uint8Array.from(all, ({ prefix }) => prefix.length)
  const starts = Float64Array.from(all, ({ effectiveFrom }) => effectiveFrom ?? 0)
  const by = (column: Float64Array | Uint8Array, a: number, b: number): number =>
    (column[a] ?? 0) - (column[b] ?? 0)
  return Uint32Array.from(all.keys()).sort(
    (a, b) => by(keys, a, b) || by(lengths, a, b) || by(starts, a, b) || a - b,
  )
}

const chooseOf = (first: DraftRate, group: readonly DraftRate[], at: number | undefined): DraftRate => {
  if (at === undefined) return group[group.length - 1] ?? first
  const begun = group.filter(
    ({ effectiveFrom = 0, effectiveTo }) => effectiveFrom <= at && (effectiveTo ?? at + 1) > at,
  )
  return begun[begun.length - 1] ?? group.find(({ effectiveFrom = 0 }) => effectiveFrom > at) ?? first
}

const isTheSame = (a: DraftRate, b: DraftRate): boolean =>
  a.pricePerMinute === b.pricePerMinute &&
  a.interstatePrice === b.interstatePrice &&
  a.intrastatePrice === b.intrastatePrice &&
  a.connectionFee === b.connectionFee &&
  a.minimumSeconds === b.minimumSeconds &&
  a.firstIncrementSeconds === b.firstIncrementSeconds &&
  a.nextIncrementSeconds === b.nextIncrementSeconds &&
  a.effectiveFrom === b.effectiveFrom &&
  a.effectiveTo === b.effectiveTo &&
  a.currency === b.currency
