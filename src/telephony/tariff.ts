import type { Money } from './money.ts'

/** How a call's seconds become money. Prices are per minute; `currency` is ISO 4217. */
export type Tariff = {
  readonly pricePerMinute: Money
  readonly connectionFee: Money
  /** Seconds that every answered call pays for at least, before increments; undefined: none. */
  readonly minimumSeconds?: number | undefined
  /** Seconds that every answered call pays for at least, and the step after them: 60/60, 30/6, 1/1. */
  readonly firstIncrementSeconds: number
  readonly nextIncrementSeconds: number
  readonly currency: string
}
