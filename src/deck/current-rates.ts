import type { CurrentRate, CurrentRates } from './compare.ts'

/** A list of rates as `compareDecks` asks for it, where no index of them is at hand. The last of a prefix counts. */
export const currentRatesOf = (rates: Iterable<CurrentRate>): CurrentRates => {
  const byPrefix = new Map<string, CurrentRate>()
  for (const rate of rates) byPrefix.set(rate.prefix, rate)
  return {
    rateOf: (prefix) => byPrefix.get(prefix),
    covering: (prefix) => {
      for (let length = prefix.length; length > 0; length -= 1) {
        const rate = byPrefix.get(prefix.slice(0, length))
        if (rate !== undefined) return rate
      }
      return undefined
    },
    entries: () => byPrefix.values(),
  }
}
