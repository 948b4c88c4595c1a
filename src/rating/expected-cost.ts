import type { Money } from '../telephony/money.ts'
import type { Tariff } from '../telephony/tariff.ts'
import { costOf } from './bill.ts'

/**
 * Carriers are compared by the cost of a call of the destination's average length, so that connection fees and
 * increments count and not only the price per minute. Until one was measured it is three minutes, the usual mean
 * of answered calls.
 */
export const DEFAULT_EXPECTED_SECONDS = 180

/** What an answered call of `expectedSeconds` would cost. Throws TELEPHONY_MONEY_RANGE beyond exact money. */
export const expectedCost = (tariff: Tariff, expectedSeconds: number = DEFAULT_EXPECTED_SECONDS): Money =>
  costOf(tariff, Math.max(1, Math.ceil(expectedSeconds)))
