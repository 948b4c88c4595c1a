/** Rates on their way into the table: lines for COPY FROM, in its text format (PostgreSQL manual, COPY). */
import type { ReadRate } from '../deck/read-rate.ts'
import { formatMoney, type Money } from '../telephony/money.ts'

export const COPY_INTO_RATES = `COPY rates (deck_id, prefix, destination, price_per_minute, interstate_price, intrastate_price,
  connection_fee, minimum_seconds, first_increment_seconds, next_increment_seconds, effective_from, effective_to)
  FROM STDIN`

/** Dates that are the deck's are not written: they change with it. */
export type DeckDates = {
  readonly effectiveFrom: number | undefined
  readonly effectiveTo: number | undefined
}

export type RateEncoder = { readonly encode: (rates: readonly ReadRate[]) => Uint8Array }

export const createRateEncoder = (deckId: number, dates: DeckDates): RateEncoder => {
  const prices = new Map<number, string>()
  let last: ReadRate | undefined
  let lastEnd = ''
  let lastName = ''
  let lastField = ''

  const priceOf = (price: Money | undefined): string => {
    if (price === undefined) return NULL
    let text = prices.get(price)
    if (text === undefined) {
      if (prices.size === MOST_PRICES) prices.clear()
      prices.set(price, (text = formatMoney(price)))
    }
    return text
  }

  /** Row after row says the same: only the first of them is spelled out. */
  const endOf = (rate: ReadRate): string => {
    if (last !== undefined && hasSameTerms(last, rate)) return lastEnd
    last = rate
    const { effectiveFrom, effectiveTo } = rate
    lastEnd = [
      priceOf(rate.connectionFee),
      rate.minimumSeconds,
      rate.firstIncrementSeconds,
      rate.nextIncrementSeconds,
      effectiveFrom === undefined || effectiveFrom === dates.effectiveFrom ? NULL : isoOf(effectiveFrom),
      effectiveTo === undefined || effectiveTo === dates.effectiveTo ? NULL : isoOf(effectiveTo),
    ].join('\t')
    return lastEnd
  }

  const fieldOf = (name: string): string => {
    if (name !== lastName) {
      lastName = name
      lastField = name.replace(CONTROLS, ' ').replaceAll('\\', '\\\\')
    }
    return lastField
  }

  return {
    encode: (rates) => {
      let lines = ''
      for (const rate of rates) {
        const { prefix, pricePerMinute, interstatePrice, intrastatePrice } = rate
        lines +=
          `${deckId}\t${prefix}\t${fieldOf(rate.destination)}\t${priceOf(pricePerMinute)}\t` +
          `${priceOf(interstatePrice)}\t${priceOf(intrastatePrice)}\t${endOf(rate)}\n`
      }
      return UTF8.encode(lines)
    },
  }
}

const NULL = '\\N'
const UTF8 = new TextEncoder()
/** What would end a field or a line, and NUL, which no text of PostgreSQL can hold. */
const CONTROLS = /\p{Cc}/gu
/** A deck has some hundreds of prices; one that has a price for each row is not kept whole. */
const MOST_PRICES = 50_000

const isoOf = (moment: number): string => new Date(moment).toISOString()

const hasSameTerms = (a: ReadRate, b: ReadRate): boolean =>
  a.connectionFee === b.connectionFee &&
  a.minimumSeconds === b.minimumSeconds &&
  a.firstIncrementSeconds === b.firstIncrementSeconds &&
  a.nextIncrementSeconds === b.nextIncrementSeconds &&
  a.effectiveFrom === b.effectiveFrom &&
  a.effectiveTo === b.effectiveTo
