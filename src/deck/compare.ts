/**
 * What a new deck changes against today's. This file owns what counts as dearer, and what a person must hear of
 * before a deck goes live; it must never decide for them: everything here is a count, an example or a warning.
 */
import type { Money } from '../telephony/money.ts'
import { coverageOf, lostBetween } from './coverage.ts'
import { groupsOf, MOST_EXAMPLES, warningOf, type DraftRate } from './draft.ts'
import { compareFalls, compareRises, createTop, risesBeyond, type Jump } from './jumps.ts'
import type { DeckWarning } from './read-rate.ts'

/** A rate that is in force today. */
export type CurrentRate = Pick<
  DraftRate,
  | 'prefix'
  | 'pricePerMinute'
  | 'interstatePrice'
  | 'intrastatePrice'
  | 'connectionFee'
  | 'minimumSeconds'
  | 'firstIncrementSeconds'
  | 'nextIncrementSeconds'
> & { readonly destination?: string | undefined; readonly currency?: string | undefined }

/** Today's deck of the carrier, at the one moment that the caller chose. */
export type CurrentRates = {
  /** Of exactly this prefix. */
  readonly rateOf: (prefix: string) => CurrentRate | undefined
  /** Of the longest prefix that `prefix` begins with, which may be itself. */
  readonly covering: (prefix: string) => CurrentRate | undefined
  readonly entries: () => Iterable<CurrentRate>
}

export type CompareOptions = {
  /** The draft is the whole list, and what it lacks is closed. False: it adds to what there is. Default true. */
  readonly replaces?: boolean | undefined
  /** How many jumps, drops and closed prefixes are listed. Default 20. */
  readonly most?: number | undefined
  /** A rise beyond this many whole percent is warned of. Default 50. */
  readonly jumpPercent?: number | undefined
  /** Of a prefix with several dates the rate that is in force then counts (ms). Default: the one that starts last. */
  readonly at?: number | undefined
}

export type DeckDifference = {
  /** Prefixes of the draft: the sum of the next six. */
  readonly prefixes: number
  /** Not in today's deck, though perhaps covered there by a shorter one. */
  readonly added: number
  /** By the price per minute; where that is the same by the other prices and the fee, of which one rises. */
  readonly dearer: number
  readonly cheaper: number
  /** The same prices in other increments, or with another minimum. */
  readonly otherTerms: number
  readonly unchanged: number
  /** Priced in another currency than today, and not compared. */
  readonly otherCurrency: number
  /** In today's deck and not in the draft; 0 where the draft adds. */
  readonly closed: number
  readonly firstClosed: readonly { readonly prefix: string; readonly destination: string }[]
  /** The greatest rises first, by ratio; also those of new prefixes against what covers them today. */
  readonly jumps: readonly Jump[]
  readonly drops: readonly Jump[]
  readonly warnings: readonly DeckWarning[]
}

/**
 * Compares a draft with today's deck. The draft is walked once and kept as an array: half a million rates take
 * a second or two. Warnings: `price-jump`, `likely-unit-error`, `other-currency`, `shadowed-prefix`, `duplicate`,
 * `overlapping-dates`, `lost-numbers`, `lost-countries`, `ending-rates`.
 */
export const compareDecks = (
  current: CurrentRates,
  draft: Iterable<DraftRate>,
  options: CompareOptions = {},
): DeckDifference => {
  const { replaces = true, most = 20, jumpPercent = 50 } = options
  const groups = groupsOf(draft, options.at)
  const counts = { added: 0, dearer: 0, cheaper: 0, otherTerms: 0, unchanged: 0, otherCurrency: 0 }
  const jumps = createTop<Jump>(most, compareRises)
  const drops = createTop<Jump>(most, compareFalls)
  const beyond: string[] = []
  let beyondCount = 0
  const ratios: number[] = []

  for (const rate of groups.rates) {
    const exact = current.rateOf(rate.prefix)
    const old = exact ?? current.covering(rate.prefix)
    const isForeign = areForeign(old, rate)
    if (exact === undefined) counts.added += 1
    else counts[isForeign ? 'otherCurrency' : changeOf(exact, rate)] += 1
    if (old === undefined || isForeign) continue
    if (old.pricePerMinute > 0 && rate.pricePerMinute > 0)
      ratios.push(rate.pricePerMinute / old.pricePerMinute)
    const changes = changesOf(old, rate)
    const rise = greatest(
      changes.filter(({ oldPrice, newPrice }) => newPrice > oldPrice),
      compareRises,
    )
    if (rise !== undefined) {
      jumps.offer(rise)
      if (risesBeyond(rise, jumpPercent)) {
        beyondCount += 1
        if (beyond.length < MOST_EXAMPLES) beyond.push(rise.prefix)
      }
    }
    const fall = greatest(
      changes.filter(({ oldPrice, newPrice }) => newPrice < oldPrice),
      compareFalls,
    )
    if (fall !== undefined) drops.offer(fall)
  }

  const closed = replaces ? closedBy(current, groups.prefixes, most) : { count: 0, first: [] }
  const lost = replaces
    ? lostBetween(coverageOf(prefixesOf(current.entries())), coverageOf(groups.prefixes))
    : { holes: [], countries: [] }
  return {
    prefixes: groups.rates.length,
    ...counts,
    closed: closed.count,
    firstClosed: closed.first,
    jumps: jumps.items(),
    drops: drops.items(),
    warnings: [
      ...unitError(ratios),
      warningOf('price-jump', beyondCount, `rates rise by more than ${jumpPercent} %`, beyond),
      warningOf('other-currency', counts.otherCurrency, 'rates are in another currency than today', []),
      warningOf(
        'lost-numbers',
        lost.holes.length,
        'ranges of numbers were reached and are no longer',
        lost.holes,
      ),
      warningOf(
        'lost-countries',
        lost.countries.length,
        'calling codes were reached and are no longer',
        lost.countries,
      ),
      ...groups.warnings,
    ].filter((each) => each.count > 0),
  }
}

const areForeign = (old: CurrentRate | undefined, rate: DraftRate): boolean =>
  old?.currency !== undefined && rate.currency !== undefined && old.currency !== rate.currency

const changeOf = (old: CurrentRate, rate: DraftRate): 'dearer' | 'cheaper' | 'otherTerms' | 'unchanged' => {
  if (rate.pricePerMinute !== old.pricePerMinute)
    return rate.pricePerMinute > old.pricePerMinute ? 'dearer' : 'cheaper'
  const steps = [
    // A deck without jurisdictions charges its one price for all of them.
    (rate.interstatePrice ?? rate.pricePerMinute) - (old.interstatePrice ?? old.pricePerMinute),
    (rate.intrastatePrice ?? rate.pricePerMinute) - (old.intrastatePrice ?? old.pricePerMinute),
    rate.connectionFee - old.connectionFee,
  ]
  if (steps.some((step) => step > 0)) return 'dearer'
  if (steps.some((step) => step < 0)) return 'cheaper'
  return rate.minimumSeconds === old.minimumSeconds &&
    rate.firstIncrementSeconds === old.firstIncrementSeconds &&
    rate.nextIncrementSeconds === old.nextIncrementSeconds
    ? 'unchanged'
    : 'otherTerms'
}

const changesOf = (old: CurrentRate, rate: DraftRate): readonly Jump[] => {
  const main = changeOfOne('price', old, rate, old.pricePerMinute, rate.pricePerMinute)
  if (rate.interstatePrice === undefined && rate.intrastatePrice === undefined) return main
  return [
    ...main,
    ...changeOfOne('interstate', old, rate, old.interstatePrice, rate.interstatePrice),
    ...changeOfOne('intrastate', old, rate, old.intrastatePrice, rate.intrastatePrice),
  ]
}

const changeOfOne = (
  of: Jump['of'],
  { prefix: oldPrefix }: CurrentRate,
  { prefix, destination }: DraftRate,
  oldPrice: Money | undefined,
  newPrice: Money | undefined,
): readonly Jump[] =>
  oldPrice === undefined || newPrice === undefined || oldPrice === newPrice
    ? []
    : [{ prefix, destination, oldPrefix, oldPrice, newPrice, of }]

const greatest = (changes: readonly Jump[], compare: (a: Jump, b: Jump) => number): Jump | undefined =>
  changes.reduce<Jump | undefined>(
    (best, each) => (best === undefined || compare(each, best) > 0 ? each : best),
    undefined,
  )

/** Prices in cents are a hundred times those in dollars; no market moves its median so far. A heuristic: floats do. */
const unitError = (ratios: readonly number[]): readonly DeckWarning[] => {
  const median = ratios.length < 3 ? 1 : (Float64Array.from(ratios).sort()[ratios.length >>> 1] ?? 1)
  const message =
    median >= 50 && median <= 200
      ? 'prices are about 100 times those of today: are they in cents (option unit)?'
      : median >= 0.005 && median <= 0.02
        ? "prices are about a hundredth of today's: are they in whole units (option unit)?"
        : undefined
  return message === undefined ? [] : [{ code: 'likely-unit-error', message, count: 1, examples: [] }]
}

const closedBy = (
  current: CurrentRates,
  prefixes: ReadonlySet<string>,
  most: number,
): { readonly count: number; readonly first: DeckDifference['firstClosed'] } => {
  const first: { prefix: string; destination: string }[] = []
  let count = 0
  for (const { prefix, destination = '' } of current.entries()) {
    if (prefixes.has(prefix)) continue
    count += 1
    if (first.length < most) first.push({ prefix, destination })
  }
  return { count, first }
}

function* prefixesOf(rates: Iterable<CurrentRate>): Generator<string> {
  for (const { prefix } of rates) yield prefix
}
