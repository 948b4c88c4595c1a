/**
 * Amounts of money as decks write them, from their digits and never through a float. This file owns what a cell
 * is worth; it must never guess between a decimal comma and a thousands separator: `1,234` needs evidence, which
 * the reader gathers (`markOf`) or the format gives.
 */
import { MONEY_DECIMALS, type Money } from '../telephony/money.ts'
import type { DecimalMark } from './format.ts'

export type Amount = {
  readonly amount: Money
  /** ISO 4217, where the cell names one by a word or an unmistakable sign. */
  readonly currency: string | undefined
}

export type AmountReading = {
  /** The file's; undefined: not known (yet). */
  readonly mark: DecimalMark | undefined
  readonly unit: 'major' | 'cents'
}

/**
 * The amount of a cell that is digits with at most one decimal point, which is nearly every cell; NaN for any
 * other, which `amountOf` reads. Never negative. Give it the unit and mark as to `amountOf`.
 */
export const plainAmountOf = (cell: string, { mark, unit }: AmountReading): number => {
  const length = cell.length
  let value = 0
  let point = -1
  for (let index = 0; index < length; index += 1) {
    const code = cell.charCodeAt(index)
    if (code >= 48 && code <= 57) value = value * 10 + (code - 48)
    else if (code === 46 && point < 0 && mark !== ',') point = index
    else return Number.NaN
  }
  const decimals = (point < 0 ? 0 : length - point - 1) + (unit === 'cents' ? 2 : 0)
  // 15 digits are exact in a double, and scaled to 8 decimals only where the sum stays so.
  if (length === 0 || point === 0 || point === length - 1 || length > 15 || decimals > MONEY_DECIMALS)
    return Number.NaN
  const units = value * (SCALE[MONEY_DECIMALS - decimals] ?? Number.NaN)
  return Number.isSafeInteger(units) ? units : Number.NaN
}

const SCALE = [1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8]

/** Text instead of an amount: what is wrong with the cell, to stand behind it. */
export const amountOf = (cell: string, { mark, unit }: AmountReading): Amount | string => {
  const match = CELL.exec(cell.replace(SPACES, ' ').replace(/^'/, '').trim())
  if (match === null) return 'is no amount of money'
  const [, before = '', sign, between = '', number = '', exponent = '0', after = ''] = match
  const currency = currencyOf([before, between, after])
  if (currency === undefined) return 'names no currency that we know, or several'
  if (sign === '-' || sign === '−' || (before.startsWith('(') && /[1-9]/.test(number))) return 'is negative'
  const digits = digitsOf(number, mark)
  if (typeof digits === 'string') return digits
  const units = unitsOf(digits, Number(exponent) - (unit === 'cents' ? 2 : 0))
  return typeof units === 'string'
    ? units
    : { amount: units, currency: currency === '' ? undefined : currency }
}

/** Which decimal mark a cell proves; undefined: it has none, or could have either. */
export const markOf = (cell: string): DecimalMark | undefined => {
  const number = CELL.exec(cell.replace(SPACES, ' ').replace(/^'/, '').trim())?.[4]
  const last = number === undefined ? null : /^(.*)([.,])(\d*)$/.exec(number)
  if (number === undefined || last === null) return undefined
  const [, head = '', mark, tail = ''] = last
  const own = mark === '.' ? '.' : ','
  const other = own === '.' ? ',' : '.'
  if (head.includes(other)) return own
  if (head.includes(own)) return other
  if (/[ '’]/.test(head)) return own
  return couldBeThousands(head, tail) ? undefined : own
}

const SPACES = /[\s\u00a0\u2007\u2009\u202f]+/g
const CURRENCY = '(?:[A-Za-z]{3}|(?:US|A|C|HK|NZ|S)?\\$|[€£¥])'
const CELL = new RegExp(
  `^(\\(?${CURRENCY}?) ?([-+−])? ?(${CURRENCY})? ?(\\d[\\d.,' ’]*|[.,]\\d+)(?:E([-+]?\\d{1,3}))? ?(${CURRENCY}?)` +
    '(?: ?(?:/|per) ?min(?:ute)?\\.?)?\\)?$',
  'i',
)

const couldBeThousands = (head: string, tail: string): boolean =>
  tail.length === 3 && /^[1-9]\d{0,2}$/.test(head)

type Digits = { readonly whole: string; readonly fraction: string }

const digitsOf = (written: string, mark: DecimalMark | undefined): Digits | string => {
  const number = written.trim().replace(/[.,]$/, '')
  const proof = markOf(number)
  if (mark !== undefined && proof !== undefined && proof !== mark)
    return `has a decimal ${proof === ',' ? 'comma' : 'point'}, where the file has decimal ${mark === ',' ? 'commas' : 'points'}`
  // A point that could be either is a point, unless the file has decimal commas; a comma needs to be told.
  const decimal = mark ?? proof ?? '.'
  if (mark === undefined && proof === undefined && number.includes(','))
    return 'may have a decimal comma or a thousands separator: say which by the option decimalMark (--decimal-mark , or .)'
  const [whole = '', fraction = '', ...more] = number.split(decimal)
  if (more.length > 0 || /\D/.test(fraction)) return 'is no amount of money'
  const separator = /\D/.exec(whole)?.[0]
  if (separator === undefined) return { whole, fraction }
  const groups = whole.split(separator)
  return groups.every((group, index) => (index === 0 ? /^\d{1,3}$/ : /^\d{3}$/).test(group))
    ? { whole: groups.join(''), fraction }
    : 'is no amount of money'
}

/** Shifts the point by the exponent, digit by digit: 8.5E-3 is 0.0085, exactly. */
const unitsOf = ({ whole, fraction }: Digits, exponent: number): Money | string => {
  const digits = whole + fraction
  if (/^0*$/.test(digits)) return 0 as Money
  const point = whole.length + exponent
  if (point > 40) return 'is beyond 90 million'
  const all = point < 0 ? '0'.repeat(Math.min(-point, 400)) + digits : digits.padEnd(point, '0')
  const cut = Math.max(point, 0)
  const decimals = all.slice(cut).replace(/0+$/, '')
  if (decimals.length > MONEY_DECIMALS) return `is finer than ${MONEY_DECIMALS} decimals`
  const units = BigInt(`0${all.slice(0, cut)}${decimals.padEnd(MONEY_DECIMALS, '0')}`)
  return units > BigInt(Number.MAX_SAFE_INTEGER) ? 'is beyond 90 million' : (Number(units) as Money)
}

/** '' for none, undefined for one that does not exist or for two that differ. */
const currencyOf = (written: readonly string[]): string | undefined => {
  const named = new Set(
    written
      .map((text) => text.replace('(', '').toUpperCase())
      .map((text) => SIGNS[text] ?? text)
      .filter((text) => text !== ''),
  )
  const [only = ''] = named
  return named.size > 1 || (only !== '' && !isCurrency(only)) ? undefined : only
}

export const isCurrency = (code: string): boolean => CURRENCIES.has(code)

const CURRENCIES: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** A bare dollar or yen sign is several currencies', and says nothing. */
const SIGNS: Readonly<Record<string, string>> = {
  '€': 'EUR',
  '£': 'GBP',
  $: '',
  '¥': '',
  US$: 'USD',
  A$: 'AUD',
  C$: 'CAD',
  HK$: 'HKD',
  NZ$: 'NZD',
  S$: 'SGD',
}
