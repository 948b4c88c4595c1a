/**
 * Money and prices: integers at a fixed scale of eight decimals, never a float. A price is a safe integer
 * (up to 90 million currency units); products of price and time are taken in BigInt, rounded once per call.
 */
import { EngineError } from '../base/errors.ts'

export type Money = number & { readonly __brand: 'Money' }

export const MONEY_DECIMALS = 8
const UNIT = 10 ** MONEY_DECIMALS

export const ZERO = 0 as Money

/**
 * Reads `12`, `0.0085`, `-1.5`; throws TELEPHONY_BAD_PRICE for anything else, a ninth decimal, or an amount that
 * is no safe integer of units (beyond 90,071,992).
 */
export const parseMoney = (text: string): Money => {
  const match = /^(-?)(\d{1,8})(?:\.(\d{1,8})0*)?$/.exec(text.trim())
  const [, sign, whole = '0', fraction = ''] = match ?? []
  const amount = Number(whole) * UNIT + Number(fraction.padEnd(MONEY_DECIMALS, '0'))
  if (match === null || !Number.isSafeInteger(amount)) {
    throw new EngineError(
      'TELEPHONY_BAD_PRICE',
      `"${text.slice(0, 40)}" is not a price with at most ${MONEY_DECIMALS} decimals, up to 90 million`,
    )
  }
  return (sign === '-' && amount !== 0 ? -amount : amount) as Money
}

/** `0.00850000` as `0.0085`; at least two decimals, so that it reads as a price. */
export const formatMoney = (amount: Money): string => {
  const digits = String(Math.abs(amount)).padStart(MONEY_DECIMALS + 1, '0')
  const fraction = digits.slice(-MONEY_DECIMALS).replace(/0{1,6}$/, '')
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -MONEY_DECIMALS)}.${fraction}`
}

/** An integer count of 10^-8 units as Money; throws where it would leave the exact range. */
export const moneyOf = (units: bigint | number): Money => {
  const amount = Number(units)
  if (!Number.isSafeInteger(amount))
    throw new EngineError('TELEPHONY_MONEY_RANGE', `${String(units)} is beyond exact money`)
  return amount as Money
}

export const addMoney = (...amounts: readonly Money[]): Money =>
  moneyOf(amounts.reduce((sum, amount) => sum + BigInt(amount), 0n))

/** Rounds halves away from zero, so that a credit note is the exact opposite of its charge. */
export const divideHalfUp = (dividend: bigint, divisor: bigint): bigint => {
  const magnitude = ((dividend < 0n ? -dividend : dividend) * 2n + divisor) / (divisor * 2n)
  return dividend < 0n ? -magnitude : magnitude
}

/** Rounds away from zero, for the same reason. */
export const divideUp = (dividend: bigint, divisor: bigint): bigint => {
  const magnitude = ((dividend < 0n ? -dividend : dividend) + divisor - 1n) / divisor
  return dividend < 0n ? -magnitude : magnitude
}
