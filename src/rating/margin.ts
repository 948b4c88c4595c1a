/**
 * Whether a route earns or loses, both sides billed by their own increments: a carrier's 60/60 against a
 * customer's 1/1 loses on short calls what the printed prices seem to earn. Means do not tell: calls are billed
 * one by one, so the whole distribution of their lengths is billed.
 */
import { settled, type QuotedExchange } from '../telephony/exchange.ts'
import type { Tariff } from '../telephony/tariff.ts'
import { costOf } from './bill.ts'

/** One side of the deal. `exchange` leads to the currency of the sum; undefined: the tariff is in it. */
export type Side = { readonly tariff: Tariff; readonly exchange?: QuotedExchange | undefined }

/** What selling under `sell` and buying under `buy` earns on the average call, in 10^-8 units; negative: it loses. */
export const marginOf = (sell: Side, buy: Side, averageSeconds: number): number => {
  let earned = 0
  for (const quantile of QUANTILES) {
    const seconds = Math.max(1, Math.ceil(averageSeconds * quantile))
    earned += amountOf(sell, seconds) - amountOf(buy, seconds)
  }
  return Math.floor(earned / QUANTILES.length)
}

/**
 * Calls that stand for all: the middles of 32 equally likely parts of an exponential distribution of mean 1, the
 * classical model of holding times (ITU-T E.501).
 */
const QUANTILES: readonly number[] = Array.from({ length: 32 }, (_, part) => -Math.log(1 - (part + 0.5) / 32))

/** The shortest call, in seconds, from which on none up to an hour loses; undefined: an hour loses still. */
export const breakEvenSeconds = (sell: Side, buy: Side): number | undefined => {
  for (let seconds = LONGEST_SECONDS; seconds >= 1; seconds -= 1) {
    if (amountOf(sell, seconds) < amountOf(buy, seconds))
      return seconds === LONGEST_SECONDS ? undefined : seconds + 1
  }
  return 1
}

const LONGEST_SECONDS = 3_600

/** What is worth nothing that is known counts as nothing: who asks has seen to it that both are known. */
const amountOf = ({ tariff, exchange }: Side, seconds: number): number =>
  settled(costOf(tariff, seconds), exchange) ?? 0
