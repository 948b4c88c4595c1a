/**
 * The prefixes that a cell means: one, a list, a range. This file owns the ways in which carriers write several
 * into one cell; it must never guess: a list that could mean two things is refused, since a wrong prefix is
 * another country's price.
 */
import { MOST_PREFIX_DIGITS } from './read-rate.ts'

/** A cell that means more than this is a slip of the pen, such as 4-4499999. */
export const MOST_PREFIXES_IN_A_CELL = 10_000

/**
 * Accepts `4420`, `+44 20`, `0044`, `'44`, `1-242`; the lists `4420,4421`, `44;20,21`, `44 20/21`, `4420/21`; and the
 * ranges `4420-4423`, `4420-23`. Text instead of a list: what is wrong with the cell, to stand behind it.
 */
export const prefixesOf = (cell: string, countryCode = ''): readonly string[] | string => {
  if (countryCode === '' && isPlain(cell)) return [cell]
  const expanded = expand(cell, countryCode)
  if (typeof expanded === 'string') return expanded
  for (const prefix of expanded) {
    if (prefix === '') return 'is empty'
    if (prefix.length > MOST_PREFIX_DIGITS) return `is longer than ${MOST_PREFIX_DIGITS} digits`
    if (prefix.startsWith('0'))
      return 'begins with 0, and no calling code does: national numbers need the option countryCode'
  }
  return expanded
}

/**
 * The same for areas in a column beside their country's: `20, 21, 22-24`. An empty cell is the country itself.
 */
export const areasOf = (country: string, areas: string): readonly string[] | string => {
  const base = digitsOf(country.replace(/^(\s*\+?1)-(?=[2-9]\d\d\s*$)/, '$1'))
  if (base === undefined || base === '') return `has no calling code beside it, but "${country.slice(0, 20)}"`
  if (areas.trim() === '') return prefixesOf(base)
  return prefixesOf(areas, base)
}

/** A prefix as the engine has it, which is nearly every cell. */
export const isPlain = (cell: string): boolean => {
  const length = cell.length
  if (length === 0 || length > MOST_PREFIX_DIGITS || cell.charCodeAt(0) === 48) return false
  for (let index = 0; index < length; index += 1) {
    const code = cell.charCodeAt(index)
    if (code < 48 || code > 57) return false
  }
  return true
}

const expand = (cell: string, base: string): readonly string[] | string => {
  const text = cell.trim().replace(/^['’]/, '').trim()
  if (text === '') return 'is empty'
  if (/^\d+(?:[.,]\d+)?E\+?\d+$/i.test(text))
    return 'was shortened by a spreadsheet, its last digits are lost: format the column as text and export it again'
  if (/^\d+\.0+$/.test(text)) return 'has decimals: format the column as text and export it again'
  const strange = /[^\d+\-–—/,;:|()\s]/.exec(text)
  if (strange !== null) return 'is no prefix of digits'
  const based = /^([^;:]+)[;:](.*[,/\-–—].*)$/.exec(text)
  if (based !== null) {
    const own = digitsOf(based[1] ?? '')
    if (own === undefined || own === '') return 'is no list of prefixes'
    // `44;20,21` names the country once; `4420;4421-4423` is a plain list, which shares its first digits.
    const rest = based[2] ?? ''
    return /[;:]/.test(rest) || alike(own, rest)
      ? list(text.split(/[;:,]/), base)
      : list(rest.split(','), base + own)
  }
  const items = text.split(/[,;|]/).map((item) => item.trim())
  return items.length === 1 ? alternatives(text, base) : severalOf(items, base)
}

/** `44 20, 21` begins with its country; elsewhere each item is a whole prefix. */
const severalOf = (items: readonly string[], base: string): readonly string[] | string => {
  if (base !== '') return list(items, base)
  const [first = '', ...rest] = items.filter((item) => item !== '')
  const spaced = /^(.*\S)\s+([\d\-–—/]+)$/.exec(first)
  if (spaced !== null && rest.every((item) => !/\s/.test(item))) {
    const own = digitsOf(spaced[1] ?? '')
    return own === undefined ? 'is no list of prefixes' : list([spaced[2] ?? '', ...rest], own)
  }
  const head = digitsOf(first.split(/[-–—/]/)[0] ?? '') ?? ''
  if (!rest.every((item) => alike(head, item)))
    return 'may be whole prefixes or areas of the first: write them whole, or as 44;20,21, or the country in a column of its own'
  return list([first, ...rest], '')
}

/** Shares what makes a country: two whole prefixes that begin alike are no areas of one another. */
const alike = (head: string, item: string): boolean => {
  const digits = digitsOf(item.split(/[-–—/,]/)[0] ?? '') ?? ''
  return head.length >= 2 && digits.slice(0, 2) === head.slice(0, 2)
}

const list = (items: readonly string[], base: string): readonly string[] | string => {
  const all: string[] = []
  for (const item of items) {
    if (item.trim() === '') continue
    const some = alternatives(item.trim(), base)
    if (typeof some === 'string') return some
    if (all.length + some.length > MOST_PREFIXES_IN_A_CELL) return TOO_MANY
    for (const prefix of some) all.push(prefix)
  }
  return all.length === 0 ? 'is empty' : all
}

/** `20/21`: the next ones replace the last digits of the first, unless a space cuts the country off: `44 20/121`. */
const alternatives = (item: string, base: string): readonly string[] | string => {
  const [first = '', ...rest] = item.split('/').map((part) => part.trim())
  if (rest.length === 0) return range(first, base)
  const spaced = /^(.*\S)\s+(\S+)$/.exec(first)
  const own = spaced === null ? '' : digitsOf(spaced[1] ?? '')
  if (own === undefined) return 'is no list of prefixes'
  if (own !== '') return list([spaced?.[2] ?? '', ...rest], base + own)
  const whole = digitsOf(first)
  if (whole === undefined || rest.some((part) => !/^\d+$/.test(part) || part.length > whole.length))
    return 'is no list of prefixes'
  return [whole, ...rest.map((part) => whole.slice(0, whole.length - part.length) + part)].map(
    (prefix) => base + prefix,
  )
}

const range = (item: string, base: string): readonly string[] | string => {
  const ends = item.split(/[-–—]/)
  const [left, right] = ends.map(digitsOf)
  if (left === undefined || left === '' || ends.length > 2) return 'is no prefix of digits'
  if (ends.length === 1) return [base + left]
  if (right === undefined || right === '') return 'is a range without an end'
  // The ITU writes the members of +1 so: 1-242 is the Bahamas.
  if (base === '' && left === '1' && /^[2-9]\d\d$/.test(right)) return [left + right]
  if (right.length > left.length) return 'is a range whose end is longer than its start'
  const last = left.slice(0, left.length - right.length) + right
  if (left.length > MOST_PREFIX_DIGITS) return `is longer than ${MOST_PREFIX_DIGITS} digits`
  const count = Number(last) - Number(left) + 1
  if (count < 1) return 'is a range that runs backwards'
  if (count > MOST_PREFIXES_IN_A_CELL) return TOO_MANY
  return Array.from(
    { length: count },
    (_, step) => base + String(Number(left) + step).padStart(left.length, '0'),
  )
}

const TOO_MANY = `means more than ${MOST_PREFIXES_IN_A_CELL} prefixes`

/** Digits of one prefix without plus, 00, spaces and brackets; undefined: it is none. */
const digitsOf = (text: string): string | undefined => {
  const match = /^(?:\+|00)?(\d*)$/.exec(
    text
      .trim()
      .replace(/^['’]/, '')
      .replace(/\s/g, '')
      .replace(/\((\d*)\)/g, '$1'),
  )
  return match?.[1]
}
