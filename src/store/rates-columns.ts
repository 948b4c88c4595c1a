/**
 * Rates as columns, a deck at a time: what COPY gives, read byte by byte without an object or a text for each row.
 * This file owns the form in which rates leave the database, and what of a row that a hand wrote is no rate. A deck's
 * rates never change once it is published, so columns are kept from load to load.
 */
import type { RateColumns, RateIndexBuilder } from '../routing/rate-builder.ts'
import { MOST_DIGITS } from '../routing/rate-prefix.ts'
import type { CountingDeck } from './rate-deck-versions.ts'

/** In this order; what rows have in common stands last, so that it is compared and not read again. */
const COLUMNS = `prefix, price_per_minute, interstate_price, intrastate_price, deck_id, connection_fee, minimum_seconds,
  first_increment_seconds, next_increment_seconds, effective_from, effective_to`

/** `deckIds` are ours. Rates that ended more than a day ago are of no use, unless an earlier moment is asked for, in ms. */
export const copyOfRates = (deckIds: readonly number[], endingAfterMs?: number): string =>
  `COPY (SELECT ${COLUMNS} FROM rates WHERE deck_id = ANY ('{${deckIds.join(',')}}')
     AND (effective_to IS NULL OR effective_to > ${
       endingAfterMs === undefined
         ? `now() - interval '1 day'`
         : `to_timestamp(${Math.trunc(endingAfterMs / 1_000)})`
     })) TO STDOUT`

/** Of one deck. */
export type DeckRates = {
  readonly count: number
  /** The digits of all prefixes, one after another; row n's are from `ends[n]` until before `ends[n + 1]`. */
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  /** Money per minute; by jurisdiction NaN where it has none, undefined where no row has one. */
  readonly prices: Float64Array
  readonly interstatePrices: Float64Array | undefined
  readonly intrastatePrices: Float64Array | undefined
  /** By row, which of `variants`. */
  readonly terms: Uint32Array
  readonly variants: readonly Terms[]
  readonly leftOut: LeftOut
}

/** Rows that are no rates, and what is wrong with the first of them. */
export type LeftOut = { readonly count: number; readonly first: string }

/** Undefined dates are the deck's. */
export type Terms = {
  readonly connectionFee: number
  readonly minimumSeconds: number
  readonly firstIncrementSeconds: number
  readonly nextIncrementSeconds: number
  readonly effectiveFrom: number | undefined
  readonly effectiveTo: number | undefined
}

export type RatesReader = {
  /** The next block of the COPY, cut anywhere. */
  readonly read: (block: Uint8Array) => void
  /** By the id of the deck; a deck that has no rows is missing. */
  readonly end: () => ReadonlyMap<number, DeckRates>
}

export const createRatesReader = (): RatesReader => {
  const decks = new Map<number, Collector>()
  const known = new Map<string, Tail>()
  let rest: Uint8Array = NOTHING
  let tail: Tail | undefined
  let tailBytes: Uint8Array = NOTHING
  let bytes: Uint8Array = NOTHING
  let at = 0

  /** Reads a whole line from `at` on; COPY ends each with a line end, and escapes those within. */
  const readRow = (): void => {
    const start = at
    const end = prefixEnd()
    const price = amount()
    const interstate = amount()
    const intrastate = amount()
    const { collector, terms, fault } = endOfRow()
    if (
      price >= 0 &&
      end > start &&
      end - start <= MOST_DIGITS &&
      !(interstate < 0) &&
      !(intrastate < 0) &&
      fault === ''
    )
      collector.add(bytes, start, end, price, interstate, intrastate, terms)
    else collector.leaveOut(whyNot(start, end, price, fault))
  }

  /** The end of the digits from `at` on; -1 where there is anything else. Goes on behind the tab. */
  const prefixEnd = (): number => {
    let isDigits = true
    for (; bytes[at] !== TAB; at += 1) if (!isDigit(bytes[at] ?? 0)) isDigits = false
    at += 1
    return isDigits ? at - 1 : -1
  }

  /** As numeric(20,8) prints it, in units of Money: its digits without the point. NaN for NULL, -1 for no amount. */
  const amount = (): number => {
    let units = 0
    let isAmount = true
    if (bytes[at] === BACKSLASH) units = Number.NaN
    for (; bytes[at] !== TAB; at += 1) {
      const digit = (bytes[at] ?? 0) - ZERO
      if (digit >= 0 && digit <= 9) units = units * 10 + digit
      else if (bytes[at] !== POINT) isAmount = false
    }
    at += 1
    return Number.isNaN(units) || (isAmount && units <= Number.MAX_SAFE_INTEGER) ? units : -1
  }

  /** What follows the amounts, to the end of the line: nearly always what the row before had. */
  const endOfRow = (): Tail => {
    const start = at
    if (tail !== undefined && startsWith(tailBytes)) return tail
    at = bytes.indexOf(LINE_END, start) + 1
    tailBytes = bytes.slice(start, at)
    const text = LATIN.decode(tailBytes.subarray(0, -1))
    tail = known.get(text)
    if (tail === undefined) known.set(text, (tail = readTail(text, decks)))
    return tail
  }

  /** `at` then is behind it. */
  const startsWith = (expected: Uint8Array): boolean => {
    for (let each = 0; each < expected.length; each += 1)
      if (bytes[at + each] !== expected[each]) return false
    at += expected.length
    return true
  }

  const whyNot = (start: number, end: number, price: number, fault: string): string => {
    const prefix = LATIN.decode(bytes.subarray(start, bytes.indexOf(TAB, start))).slice(0, 40)
    if (end <= start || end - start > MOST_DIGITS) return `"${prefix}" is not a prefix`
    return fault === ''
      ? `${prefix} has no price that can be${price < 0 ? '' : ' in a jurisdiction'}`
      : `${prefix} ${fault}`
  }

  return {
    read: (block) => {
      bytes = rest.length === 0 ? block : joined(rest, block)
      const end = bytes.lastIndexOf(LINE_END) + 1
      at = 0
      while (at < end) readRow()
      rest = bytes.slice(end)
    },
    end: () => new Map([...decks].map(([deckId, collector]) => [deckId, collector.end()])),
  }
}

/** Gives a deck's rates to the index. Whatever would never count is left out. */
export const addDeckRates = (
  builder: RateIndexBuilder,
  { owner, deckId, sequence, currency, charging, effectiveFrom, effectiveTo, endsAt }: CountingDeck,
  rates: DeckRates,
): void => {
  const deck = builder.deckOf({ owner, deckId, sequence, currency, charging })
  const numbers = Uint32Array.from(rates.variants, (terms) => {
    const from = terms.effectiveFrom ?? effectiveFrom
    const to = Math.min(terms.effectiveTo ?? effectiveTo, endsAt)
    if (!(to > from) || faultIn(terms) !== '') return NEVER
    const { connectionFee, minimumSeconds, firstIncrementSeconds, nextIncrementSeconds } = terms
    return builder.termsOf(
      deck,
      connectionFee,
      minimumSeconds,
      firstIncrementSeconds,
      nextIncrementSeconds,
      from,
      to,
    )
  })
  const terms = rates.terms.map((variant) => numbers[variant] ?? NEVER)
  const whole = {
    bytes: rates.bytes,
    prices: rates.prices,
    ...(rates.interstatePrices !== undefined && { interstatePrices: rates.interstatePrices }),
    ...(rates.intrastatePrices !== undefined && { intrastatePrices: rates.intrastatePrices }),
    starts: rates.ends.subarray(0, rates.count),
    ends: rates.ends.subarray(1),
    terms,
  }
  builder.addColumns(
    numbers.includes(NEVER)
      ? onlyCounting({ ...whole, count: rates.count })
      : { ...whole, count: rates.count },
  )
}

/** No number of terms: a deck has never so many. */
const NEVER = 0xffffffff

const onlyCounting = (columns: RateColumns): RateColumns => {
  const counts = (_: unknown, at: number): boolean => columns.terms[at] !== NEVER
  const { interstatePrices, intrastatePrices } = columns
  const terms = columns.terms.filter(counts)
  return {
    bytes: columns.bytes,
    count: terms.length,
    terms,
    starts: columns.starts.filter(counts),
    ends: columns.ends.filter(counts),
    prices: columns.prices.filter(counts),
    ...(interstatePrices !== undefined && { interstatePrices: interstatePrices.filter(counts) }),
    ...(intrastatePrices !== undefined && { intrastatePrices: intrastatePrices.filter(counts) }),
  }
}

const TAB = 9
const LINE_END = 10
const POINT = 46
const ZERO = 48
const BACKSLASH = 92
const isDigit = (byte: number): boolean => byte >= ZERO && byte <= ZERO + 9

const NOTHING = new Uint8Array(0)
const LATIN = new TextDecoder('latin1')

const joined = (first: Uint8Array, second: Uint8Array): Uint8Array => {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

/** What stands behind the amounts of a row, read. */
type Tail = {
  readonly collector: Collector
  readonly terms: number
  /** Why no rate can have these terms; empty: it can. */
  readonly fault: string
}

const readTail = (text: string, decks: Map<number, Collector>): Tail => {
  const [deck, fee = '', minimum, first, next, from = '', to = ''] = text.split('\t')
  let collector = decks.get(Number(deck))
  if (collector === undefined) decks.set(Number(deck), (collector = createCollector()))
  const terms = {
    connectionFee: /^\d+\.\d{8}$/.test(fee) ? Number(fee.replace('.', '')) : Number.NaN,
    minimumSeconds: Number(minimum),
    firstIncrementSeconds: Number(first),
    nextIncrementSeconds: Number(next),
    effectiveFrom: momentOf(from),
    effectiveTo: momentOf(to),
  }
  return { collector, terms: collector.addVariant(terms), fault: faultIn(terms) }
}

const faultIn = (terms: Terms): string => {
  if (!Number.isSafeInteger(terms.connectionFee)) return 'has no connection fee that can be'
  if (terms.minimumSeconds < 0) return 'has less than no seconds at least'
  if (terms.firstIncrementSeconds < 1 || terms.nextIncrementSeconds < 1)
    return 'has an increment of less than a second'
  return Number.isNaN(terms.effectiveFrom) || Number.isNaN(terms.effectiveTo) ? 'has no date that can be' : ''
}

/** As a session in UTC prints timestamptz; what a hand wrote as infinite is infinite. Undefined for NULL. */
const momentOf = (text: string): number | undefined => {
  if (text === '\\N') return undefined
  if (text === 'infinity') return Number.POSITIVE_INFINITY
  return text === '-infinity'
    ? Number.NEGATIVE_INFINITY
    : Date.parse(text.replace(' ', 'T').replace(/\+00$/, 'Z'))
}

type Collector = ReturnType<typeof createCollector>

/** The columns of a deck, which double when they are full. */
const createCollector = () => {
  let room = 1_024
  let count = 0
  let byteCount = 0
  let bytes = new Uint8Array(room * 8)
  let ends = new Uint32Array(room + 1)
  let prices = new Float64Array(room)
  let terms = new Uint32Array(room)
  let jurisdictions: readonly [Float64Array, Float64Array] | undefined
  const variants: Terms[] = []
  let badCount = 0
  let firstBad = ''

  const grow = (): void => {
    room *= 2
    ends = grown(ends, new Uint32Array(room + 1))
    prices = grown(prices, new Float64Array(room))
    terms = grown(terms, new Uint32Array(room))
    jurisdictions &&= [
      grown(jurisdictions[0], new Float64Array(room)),
      grown(jurisdictions[1], new Float64Array(room)),
    ]
  }

  return {
    addVariant: (variant: Terms): number => variants.push(variant) - 1,
    add: (
      from: Uint8Array,
      start: number,
      end: number,
      price: number,
      interstate: number,
      intrastate: number,
      variant: number,
    ): void => {
      if (count === room) grow()
      if (byteCount + MOST_DIGITS > bytes.length) bytes = grown(bytes, new Uint8Array(bytes.length * 2))
      for (let at = start; at < end; at += 1) {
        bytes[byteCount] = from[at] ?? 0
        byteCount += 1
      }
      ends[count + 1] = byteCount
      prices[count] = price
      terms[count] = variant
      if (jurisdictions !== undefined || !Number.isNaN(interstate) || !Number.isNaN(intrastate)) {
        jurisdictions ??= [new Float64Array(room).fill(Number.NaN), new Float64Array(room).fill(Number.NaN)]
        jurisdictions[0][count] = interstate
        jurisdictions[1][count] = intrastate
      }
      count += 1
    },
    leaveOut: (why: string): void => {
      if (badCount === 0) firstBad = why
      badCount += 1
    },
    end: (): DeckRates => ({
      count,
      bytes: bytes.slice(0, byteCount),
      ends: ends.slice(0, count + 1),
      prices: prices.slice(0, count),
      interstatePrices: jurisdictions?.[0].slice(0, count),
      intrastatePrices: jurisdictions?.[1].slice(0, count),
      terms: terms.slice(0, count),
      variants,
      leftOut: { count: badCount, first: firstBad },
    }),
  }
}

const grown = <Column extends Uint8Array | Uint32Array | Float64Array>(
  old: Column,
  larger: Column,
): Column => {
  larger.set(old)
  return larger
}
