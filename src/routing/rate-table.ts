/**
 * Rates, indexed for the longest prefix of one carrier at one moment. A carrier is judged by its own longest
 * prefix only: comparing prefixes across carriers (mod_lcr) lets a dear carrier with a longer prefix beat a
 * cheap one with a shorter.
 */
import type { Rate } from '../directory/records.ts'

export type RateTable = {
  /** The rate of the carrier's longest prefix of `digits` that is in force at `now` (ms), or undefined. */
  readonly rateOf: (carrierId: number, digits: string, now: number) => Rate | undefined
  readonly size: number
}

export const createRateTable = (rates: readonly Rate[]): RateTable => {
  // carrier -> prefix -> its rates, latest start first; and the lengths that a carrier's prefixes have.
  const carriers = new Map<number, { readonly byPrefix: Map<string, Rate[]>; longest: number }>()
  for (const rate of rates) {
    let carrier = carriers.get(rate.carrierId)
    if (carrier === undefined) carriers.set(rate.carrierId, (carrier = { byPrefix: new Map(), longest: 0 }))
    const dated = carrier.byPrefix.get(rate.prefix)
    if (dated === undefined) carrier.byPrefix.set(rate.prefix, [rate])
    else dated.push(rate)
    carrier.longest = Math.max(carrier.longest, rate.prefix.length)
  }
  for (const { byPrefix } of carriers.values()) {
    for (const dated of byPrefix.values())
      dated.sort((a, b) => b.effectiveFrom - a.effectiveFrom || b.deckId - a.deckId)
  }
  return {
    rateOf: (carrierId, digits, now) => {
      const carrier = carriers.get(carrierId)
      if (carrier === undefined) return undefined
      for (let length = Math.min(digits.length, carrier.longest); length >= 0; length -= 1) {
        const rate = carrier.byPrefix.get(digits.slice(0, length))?.find((each) => isInForce(each, now))
        if (rate !== undefined) return rate
      }
      return undefined
    },
    size: rates.length,
  }
}

const isInForce = (rate: Rate, now: number): boolean =>
  rate.effectiveFrom <= now && (rate.effectiveTo === undefined || now < rate.effectiveTo)
