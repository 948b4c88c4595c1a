/** What an owner charges, or is charged, at one moment: an index as the comparison of decks reads it. */
import type { CurrentRate, CurrentRates } from '../deck/compare.ts'
import type { RateOwner } from '../routing/rate-parts.ts'
import type { Jurisdiction } from '../telephony/jurisdiction.ts'
import type { RateIndex } from '../routing/rate-lookup.ts'
import type { Money } from '../telephony/money.ts'

/** `now` in ms. Destinations are not known here: the index has none. */
export const currentRatesOf = (index: RateIndex, { kind, id }: RateOwner, now: number): CurrentRates => {
  const rateAt = (prefix: string, entry: number): CurrentRate => {
    const {
      pricePerMinute,
      connectionFee,
      minimumSeconds = 0,
      currency,
      ...increments
    } = index.tariffOf(entry)
    const within = (jurisdiction: Jurisdiction): Money | undefined => {
      // Jurisdictions are of calls within the United States; elsewhere a price holds for all of them.
      if (!prefix.startsWith('1')) return undefined
      const own = index.rateOf(kind, id, prefix, now, jurisdiction)
      const price = own < 0 ? pricePerMinute : index.pricePerMinuteOf(own)
      return price === pricePerMinute ? undefined : price
    }
    return {
      prefix,
      pricePerMinute,
      interstatePrice: within('interstate'),
      intrastatePrice: within('intrastate'),
      connectionFee,
      minimumSeconds,
      ...increments,
      currency,
    }
  }
  const covering = (prefix: string): CurrentRate | undefined => {
    const entry = index.rateOf(kind, id, prefix, now)
    return entry < 0 ? undefined : rateAt(index.prefixOf(entry), entry)
  }
  return {
    covering,
    rateOf: (prefix) => {
      const found = covering(prefix)
      return found?.prefix === prefix ? found : undefined
    },
    entries: function* () {
      for (const { prefix, entry } of index.inForce(kind, id, now)) yield rateAt(prefix, entry)
    },
  }
}
