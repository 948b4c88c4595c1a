/**
 * What one currency was worth in another on a day, from rates that are told by day: of that day, or the last known
 * before it where that is not too old (banks tell none on weekends and holidays). Days are UTC's.
 */
import { crossRate, ONE_TO_ONE, type QuotedExchange } from '../telephony/exchange.ts'

export type ExchangeRate = {
  /** One unit of it is worth `rate` of `currency`. */
  readonly base: string
  readonly currency: string
  /** Days since 1970-01-01. */
  readonly day: number
  /** A decimal. */
  readonly rate: string
}

export type ExchangeRates = {
  /** Undefined: it is the same currency, and nothing is exchanged. A rate that nobody told is undefined within. */
  readonly quote: (from: string, to: string, atMs: number) => QuotedExchange | undefined
}

export const DAY_MS = 86_400_000

/** `mostDays`: how much older than the day asked for a rate may be. */
export const createExchangeRates = (rows: readonly ExchangeRate[], mostDays: number): ExchangeRates => {
  /** Of base and currency, the newest day first. */
  const told = new Map<string, Map<string, Dated[]>>()
  for (const { base, currency, day, rate } of rows) {
    const byCurrency = told.get(base) ?? new Map<string, Dated[]>()
    told.set(base, byCurrency)
    const dated = byCurrency.get(currency) ?? []
    byCurrency.set(currency, dated)
    dated.push({ day, rate })
  }
  for (const byCurrency of told.values())
    for (const dated of byCurrency.values()) dated.sort((a, b) => b.day - a.day)

  const worth = (base: string, currency: string, day: number): Dated | undefined => {
    if (base === currency) return { day, rate: ONE_TO_ONE }
    const found = told.get(base)?.get(currency)
    return found === undefined ? undefined : firstNotAfter(found, day)
  }

  /** Two currencies of one base stand to each other as to it; of several bases the newest rates speak. */
  const rateOn = (from: string, to: string, day: number): string | undefined => {
    let best: Dated | undefined
    for (const base of told.keys()) {
      const [ofFrom, ofTo] = [worth(base, from, day), worth(base, to, day)]
      if (ofFrom === undefined || ofTo === undefined) continue
      const older = Math.min(ofFrom.day, ofTo.day)
      if (day - older > mostDays) continue
      if (best === undefined || older > best.day || (older === best.day && base === from))
        best = { day: older, rate: base === from ? ofTo.rate : crossRate(ofFrom.rate, ofTo.rate) }
    }
    return best?.rate
  }

  /** Calls of a day ask for the same few over and over. */
  let known = { day: Number.NaN, quotes: new Map<string, QuotedExchange>() }
  return {
    quote: (from, to, atMs) => {
      if (from === to) return undefined
      const day = Math.floor(atMs / DAY_MS)
      if (known.day !== day) known = { day, quotes: new Map() }
      const key = `${from}/${to}`
      const quoted = known.quotes.get(key) ?? { to, rate: rateOn(from, to, day) }
      known.quotes.set(key, quoted)
      return quoted
    },
  }
}

type Dated = { readonly day: number; readonly rate: string }

/** `dated` has the newest first. */
const firstNotAfter = (dated: readonly Dated[], day: number): Dated | undefined => {
  let low = 0
  let high = dated.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((dated[middle]?.day ?? 0) > day) low = middle + 1
    else high = middle
  }
  return dated[low]
}
