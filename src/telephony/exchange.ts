/**
 * Exchange rates: decimals of twelve places in text, never a float. The rate that is kept with a record is the rate that
 * was multiplied with, so that anybody can do the sum again.
 */
import { EngineError } from '../base/errors.ts'
import { divideHalfUp, moneyOf, type Money } from './money.ts'

/** How a currency leads to the organisation's, where it is another. */
export type QuotedExchange = {
  /** The organisation's currency. */
  readonly to: string
  /** What one unit is worth in `to`, a decimal; undefined: nobody had told. */
  readonly rate: string | undefined
}

const DECIMALS = 12
const UNIT = 10n ** BigInt(DECIMALS)

/** Reads `1.0862`; throws TELEPHONY_BAD_EXCHANGE_RATE for what is not above 0, or has a thirteenth decimal. */
export const parseExchangeRate = (text: string): string => formatted(unitsOf(text))

/** Half a unit of 10^-8 is rounded away from zero. Throws TELEPHONY_MONEY_RANGE beyond exact money. */
export const exchanged = (amount: Money, rate: string): Money =>
  moneyOf(divideHalfUp(BigInt(amount) * unitsOf(rate), UNIT))

/** In the organisation's currency; undefined: nobody had told what it is worth. Without an exchange it is that already. */
export const settled = (amount: Money, exchange: QuotedExchange | undefined): Money | undefined =>
  exchange === undefined ? amount : exchange.rate === undefined ? undefined : exchanged(amount, exchange.rate)

/** What one `from` is in `to`, both told as so many of each for one of a third; rounded to the twelfth decimal. */
export const crossRate = (from: string, to: string): string =>
  formatted(divideHalfUp(unitsOf(to) * UNIT, unitsOf(from)))

export const ONE_TO_ONE = '1'

const unitsOf = (text: string): bigint => {
  const [, whole = '', fraction = ''] = /^(\d{1,12})(?:\.(\d{1,12})0*)?$/.exec(text.trim()) ?? []
  const units = whole === '' ? 0n : BigInt(whole + fraction.padEnd(DECIMALS, '0'))
  if (units > 0n) return units
  throw new EngineError(
    'TELEPHONY_BAD_EXCHANGE_RATE',
    `"${text.slice(0, 40)}" is not an exchange rate: a decimal above 0 with at most ${DECIMALS} decimals`,
  )
}

const formatted = (units: bigint): string => {
  const digits = String(units).padStart(DECIMALS + 1, '0')
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '')
  return fraction === '' ? digits.slice(0, -DECIMALS) : `${digits.slice(0, -DECIMALS)}.${fraction}`
}
