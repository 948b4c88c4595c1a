/**
 * Whether a route earns or loses, both sides billed by their own increments: a carrier's 60/60 against a
 * customer's 1/1 loses on short calls what the printed prices seem to earn. Means do not tell: calls are billed
 * one by one, so the whole distribution of their lengths is billed.
 */
import type { Tariff } from '../telephony/tariff.ts'
import { costOf } from './bill.ts'

/** What selling under `sell` and buying under `buy` earns on the average call, in 10^-8 units; negative: it loses. */
export const marginOf = (sell: Tariff, buy: Tariff, averageSeconds: number): number => {
  let earned = 0
  for (const quantile of QUANTILES) {
    const seconds = Math.max(1, Math.ceil(averageSeconds * quantile))
    earned += costOf(sell, seconds) - costOf(buy, seconds)
  }
  return Math.floor(earned / QUANTILES.length)
}

/**
 * Calls that stand for all: the middles of 32 equally likely parts of an exponential distribution of mean 1, the
 * classical model of holding times (ITU-T E.501).
 */
const QUANTILES: readonly number[] = Array.from({ length: 32 }, (_, part) => -Math.log(1 - (part + 0.5) / 32))

/** The shortest call, in seconds, from which on none up to an hour loses; undefined: an hour loses still. */
export const breakEvenSeconds = (sell: Tariff, buy: Tariff): number | undefined => {
  for (let seconds = LONGEST_SECONDS; seconds >= 1; seconds -= 1) {
    if (costOf(sell, seconds) < costOf(buy, seconds))
      return seconds === LONGEST_SECONDS ? undefined : seconds + 1
  }
  return 1
}

const LONGEST_SECONDS = 3_600
