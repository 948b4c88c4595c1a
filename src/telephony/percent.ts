/** Percentages as text, exact: what a tax is a part of an amount in. */
import { EngineError } from '../base/errors.ts'
import { divideHalfUp, moneyOf, type Money } from './money.ts'

/** A tax that comes on top of a price. `percent` is a decimal: `7.7`. */
export type QuotedTax = { readonly name: string; readonly percent: string }

const DECIMALS = 4

/** Reads `7.7`, `0`, `21`; throws TELEPHONY_BAD_PERCENT for more than four decimals, or more than 999. */
export const parsePercent = (text: string): string => {
  const units = unitsOf(text)
  const digits = String(units).padStart(DECIMALS + 1, '0')
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '')
  return `${digits.slice(0, -DECIMALS)}${fraction === '' ? '' : `.${fraction}`}`
}

/** So many percent of the amount, half a unit of 10^-8 rounded away from zero. */
export const percentOf = (amount: Money, percent: string): Money =>
  moneyOf(divideHalfUp(BigInt(amount) * unitsOf(percent), 100n * 10n ** BigInt(DECIMALS)))

const unitsOf = (text: string): bigint => {
  const match = /^(\d{1,3})(?:\.(\d{1,4})0*)?$/.exec(text.trim())
  if (match === null)
    throw new EngineError(
      'TELEPHONY_BAD_PERCENT',
      `"${text.slice(0, 40)}" is no percentage from 0 to 999 with at most ${DECIMALS} decimals`,
    )
  return BigInt((match[1] ?? '0') + (match[2] ?? '').padEnd(DECIMALS, '0'))
}
