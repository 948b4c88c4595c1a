/**
 * Takes rates in for the index that `rate-lookup` reads, and checks them. Millions of them take seconds: that is for a
 * worker.
 *
 * Rows come one by one (`add`), or as columns: whoever reads them from a stream parses no row into an object, but
 * gives the bytes as they came and where in them the prefixes lie (the chunk of a COPY will do), the prices as
 * integers of Money, and for each row the number of its terms:
 *
 *     const builder = createRateIndexBuilder()
 *     const deck = builder.deckOf({ owner: { kind: 'carrier', id: 7 }, deckId: 12, sequence: 12, currency: 'USD' })
 *     for each chunk, for each row of it:
 *       starts[n] = ...; ends[n] = ...; prices[n] = ...; terms[n] = builder.termsOf(deck, fee, 0, 60, 60, from, Infinity)
 *     builder.addColumns({ count: n, bytes: chunk, starts, ends, prices, terms })
 *     port.postMessage(builder.build())
 *
 * Columns are copied, so the arrays can be filled again.
 */
import type { Money } from '../telephony/money.ts'
import { compileRates, type CollectedRates } from './rate-compile.ts'
import { INDETERMINATE, INTERSTATE, INTRASTATE, type RateIndexParts } from './rate-parts.ts'
import { readPrefix } from './rate-prefix.ts'
import { badRate, createTermsBook, type RateDeck, type TermsBook } from './rate-terms.ts'

export type RateRow = RateDeck & {
  /** Up to 15 digits without plus; none: every number. */
  readonly prefix: string
  /** With prices by jurisdiction: for calls whose jurisdiction is indeterminate. */
  readonly pricePerMinute: Money
  /** Within the United States, where another price holds. */
  readonly interstatePrice?: Money | undefined
  readonly intrastatePrice?: Money | undefined
  readonly connectionFee: Money
  /** 0: none. */
  readonly minimumSeconds: number
  readonly firstIncrementSeconds: number
  readonly nextIncrementSeconds: number
  /** Milliseconds; until before `effectiveTo`, undefined: for good. */
  readonly effectiveFrom: number
  readonly effectiveTo: number | undefined
}

/** The first `count` places of each. */
export type RateColumns = {
  readonly count: number
  /** Row n's prefix is the ASCII digits from `bytes[starts[n]]` until before `bytes[ends[n]]`. */
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  /** Money per minute. */
  readonly prices: Float64Array
  /** As `termsOf` numbered them. */
  readonly terms: Uint32Array
  /** NaN: no price of its own. */
  readonly interstatePrices?: Float64Array
  readonly intrastatePrices?: Float64Array
}

/** All of it throws ROUTING_BAD_RATE for what is no rate; rows of a batch before the bad one are then in. */
export type RateIndexBuilder = Pick<TermsBook, 'deckOf' | 'termsOf'> & {
  readonly add: (row: RateRow) => void
  readonly addColumns: (columns: RateColumns) => void
  readonly build: () => RateIndexParts
}

export const createRateIndexBuilder = (): RateIndexBuilder => {
  const book = createTermsBook()
  let rows: CollectedRates = emptyRows(1_024)
  let rowCount = 0
  let entryCount = 0

  const put = (bytes: Uint8Array, start: number, end: number, price: number, terms: number): void => {
    if (entryCount === rows.high.length) rows = grown(rows)
    if (!readPrefix(bytes, start, end, entryCount, rows.high, rows.low))
      throw badRate('prefix', ASCII.decode(bytes.subarray(start, end)))
    rows.prices[entryCount] = price
    rows.terms[entryCount] = terms
    entryCount += 1
  }

  const addColumns = (columns: RateColumns): void => {
    const { count, bytes, starts, ends, prices, terms, interstatePrices, intrastatePrices } = columns
    for (let at = 0; at < count; at += 1) {
      const start = starts[at] ?? -1
      const end = ends[at] ?? -1
      const price = prices[at] ?? NaN
      const own = terms[at] ?? -1
      if (!book.has(own)) throw badRate('terms', own)
      const interstate = orElse(interstatePrices?.[at], price)
      const intrastate = orElse(intrastatePrices?.[at], price)
      for (const each of [price, interstate, intrastate])
        if (!Number.isSafeInteger(each)) throw badRate('price', each)
      // One entry for each price, so that a row whose prices are alike costs no more than a plain one.
      const rest = (interstate === price ? INTERSTATE : 0) | (intrastate === price ? INTRASTATE : 0)
      put(bytes, start, end, price, book.within(own, INDETERMINATE | rest))
      if (interstate !== price) {
        const both = intrastate === interstate ? INTRASTATE : 0
        put(bytes, start, end, interstate, book.within(own, INTERSTATE | both))
      }
      if (intrastate !== price && intrastate !== interstate)
        put(bytes, start, end, intrastate, book.within(own, INTRASTATE))
      rowCount += 1
    }
  }

  return {
    deckOf: book.deckOf,
    termsOf: book.termsOf,
    add: (row) => {
      const bytes = UTF8.encode(row.prefix)
      addColumns({
        count: 1,
        bytes,
        starts: Uint32Array.of(0),
        ends: Uint32Array.of(bytes.length),
        prices: Float64Array.of(row.pricePerMinute),
        terms: Uint32Array.of(
          book.termsOf(
            book.deckOf(row),
            row.connectionFee,
            row.minimumSeconds,
            row.firstIncrementSeconds,
            row.nextIncrementSeconds,
            row.effectiveFrom,
            row.effectiveTo ?? Infinity,
          ),
        ),
        interstatePrices: Float64Array.of(row.interstatePrice ?? NaN),
        intrastatePrices: Float64Array.of(row.intrastatePrice ?? NaN),
      })
    },
    addColumns,
    build: () => compileRates(book.arrange(), rows, rowCount, entryCount),
  }
}

const ASCII = new TextDecoder('latin1')
const UTF8 = new TextEncoder()

/** NaN alone stands for none; anything else that is no price is refused. */
const orElse = (own: number | undefined, price: number): number =>
  own === undefined || Number.isNaN(own) ? price : own

const emptyRows = (size: number): CollectedRates => ({
  high: new Int32Array(size),
  low: new Int32Array(size),
  prices: new Float64Array(size),
  terms: new Int32Array(size),
})

const grown = (rows: CollectedRates): CollectedRates => {
  const larger = emptyRows(rows.high.length * 2)
  larger.high.set(rows.high)
  larger.low.set(rows.low)
  larger.prices.set(rows.prices)
  larger.terms.set(rows.terms)
  return larger
}
