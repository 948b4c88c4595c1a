import type { Money } from '../telephony/money.ts'
import type { Tariff } from '../telephony/tariff.ts'
import { bill } from './bill.ts'

/**
 * Carriers are compared by the cost of a call of this many seconds, so that connection fees and increments
 * count and not only the price per minute. Three minutes is the usual mean of answered calls.
 */
export const DEFAULT_EXPECTED_SECONDS = 180

/** What an answered call of `expectedSeconds` would cost. Throws as `bill` does. */
export const expectedCost = (tariff: Tariff, expectedSeconds: number = DEFAULT_EXPECTED_SECONDS): Money =>
  bill(tariff, Math.max(1, Math.ceil(expectedSeconds))).cost
