/**
 * How a deck is to be read: everything that a file may leave open. This file owns the options' names and their
 * check; it must never look at a deck. Plain JSON, so that a command line, an HTTP query and a carrier's stored
 * settings carry the same thing; a new option is a field of DeckFormat and a line of CHECKS.
 */
import { EngineError } from '../base/errors.ts'
import { parseMoney } from '../telephony/money.ts'
import { isTimeZone, momentOf } from './moment.ts'
import { incrementsOf } from './increments.ts'

/** What a column may hold. */
export const DECK_FIELDS = [
  'prefix',
  'countryCode',
  'areaCode',
  'destination',
  'price',
  'interstate',
  'intrastate',
  'indeterminate',
  'connectionFee',
  'minimumSeconds',
  'increments',
  'firstIncrement',
  'nextIncrement',
  'effectiveFrom',
  'effectiveTo',
  'currency',
] as const
export type DeckField = (typeof DECK_FIELDS)[number]

export const DELIMITERS = [',', ';', '\t', '|'] as const
export type Delimiter = (typeof DELIMITERS)[number]
export type DateOrder = 'dmy' | 'mdy'
export type DecimalMark = '.' | ','

export type DeckFormat = {
  /**
   * Which column holds what: a header, or a number that counts from 1; `false`: this file has none, whatever its
   * headers say. What is not named is found by its header. Where prefix and price are numbers, the file is taken
   * to have no header.
   */
  readonly columns?: Readonly<Partial<Record<DeckField, string | number | false>>> | undefined
  /** The line of the header, counted from 1; `false`: there is none. Else it is looked for in 50 lines. */
  readonly headerRow?: number | false | undefined
  /** Else the one of comma, semicolon, tab and pipe that makes columns. */
  readonly delimiter?: Delimiter | undefined
  /** A byte order mark wins. Else UTF-8, and Windows' Latin-1 where the bytes are no UTF-8. */
  readonly encoding?: 'utf-8' | 'utf-16le' | 'utf-16be' | 'latin-1' | undefined
  /** Else the prices of the file decide. */
  readonly decimalMark?: DecimalMark | undefined
  /** What 01/12/2026 is. Else the file decides, by a value above 12. */
  readonly dateOrder?: DateOrder | undefined
  /** Where dates without an offset are read: an IANA name or an offset such as +02:00. Default UTC. */
  readonly timeZone?: string | undefined
  /** An end date without a time of day is the last day that counts, and not the moment when it begins. */
  readonly lastDayIncluded?: boolean | undefined
  /** What prices and fees are in. Default `major`: dollars, euros. A header that says cents counts for its column. */
  readonly unit?: 'major' | 'cents' | undefined
  /** ISO 4217, of rows that name none. */
  readonly currency?: string | undefined
  /** When rows without a date begin to count: milliseconds since the epoch. */
  readonly effectiveFrom?: number | undefined
  /** When rows without an end cease to count: milliseconds since the epoch. */
  readonly effectiveTo?: number | undefined
  /** Of rows that have none, such as `30/6`. Default 60/60. */
  readonly increments?: string | undefined
  /** Of rows that have none. Default 0. */
  readonly minimumSeconds?: number | undefined
  /** Of rows that have none, in whole currency units (never cents) and digits: `0.01`. Default 0. */
  readonly connectionFee?: string | undefined
  /** Digits put before every prefix: `1` for a list of NPA-NXX. */
  readonly countryCode?: string | undefined
}

/**
 * Checks what a person or a program handed in. Numbers and booleans may come as text, as a query has them;
 * moments as milliseconds or as a date (`2026-12-01`, in `timeZone`). Throws DECK_BAD_FORMAT with `field`.
 */
export const deckFormatOf = (given: unknown): DeckFormat => {
  const source = objectOf('', given)
  const format: Record<string, unknown> = {}
  const zone = source['timeZone'] === undefined ? 'UTC' : CHECKS.timeZone('timeZone', source['timeZone'], '')
  for (const [field, value] of Object.entries(source)) {
    if (value === undefined) continue
    if (!isOption(field)) throw bad(field, `there is no such option; there are ${OPTIONS.join(', ')}`)
    format[field] = CHECKS[field](field, value, String(zone))
  }
  const { effectiveFrom, effectiveTo } = format
  if (typeof effectiveFrom === 'number' && typeof effectiveTo === 'number' && effectiveTo <= effectiveFrom)
    throw bad('effectiveTo', 'it must be after effectiveFrom')
  // Every value came out of the check of its own field.
  return format
}

type Check = (field: string, value: unknown, zone: string) => unknown

const oneOf =
  (choices: readonly string[], named: Readonly<Record<string, string>> = {}): Check =>
  (field, value) => {
    const text = typeof value === 'string' ? (named[value.toLowerCase()] ?? value) : undefined
    if (text === undefined || !choices.includes(text))
      throw bad(
        field,
        `it must be one of ${[...choices.map((each) => (each === '\t' ? 'tab' : each)), ...Object.keys(named)].join(' ')}`,
      )
    return text
  }

const text =
  (form: RegExp, why: string): Check =>
  (field, value) => {
    const written = typeof value === 'number' ? String(value) : value
    if (typeof written !== 'string' || !form.test(written)) throw bad(field, why)
    return written
  }

const whole = (field: string, value: unknown, least: number, most: number): number => {
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < least || number > most)
    throw bad(field, `it must be a whole number from ${least} to ${most}`)
  return number
}

const moment: Check = (field, value, zone) => {
  const read = typeof value === 'string' ? momentOf(value, { order: undefined, zone }) : value
  if (typeof read === 'number' && Number.isSafeInteger(read) && read >= 0 && read < Date.UTC(10_000, 0, 1))
    return read
  throw bad(field, 'it must be a date such as 2026-12-01, or milliseconds since 1970')
}

const columnOf = (field: string, value: unknown): string | number | false => {
  if (value === false || value === 'false') return false
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{1,3}$/.test(value)))
    return whole(field, value, 1, MOST_COLUMNS)
  if (typeof value === 'string' && value.trim() !== '' && value.length <= 200) return value
  throw bad(field, 'it must be a header, a number that counts from 1, or false')
}

/** A deck has a dozen columns; a thousand are no deck. */
export const MOST_COLUMNS = 256

const CHECKS: Readonly<Record<keyof DeckFormat, Check>> = {
  columns: (field, value) => {
    const columns: Record<string, unknown> = {}
    for (const [name, column] of Object.entries(objectOf(field, value))) {
      if (!DECK_FIELDS.some((each) => each === name))
        throw bad(`${field}.${name}`, `there is no such field; there are ${DECK_FIELDS.join(', ')}`)
      if (column !== undefined) columns[name] = columnOf(`${field}.${name}`, column)
    }
    return columns
  },
  headerRow: (field, value) =>
    value === false || value === 'false' || value === 'none' ? false : whole(field, value, 1, 1_000),
  delimiter: oneOf(DELIMITERS, { tab: '\t', comma: ',', semicolon: ';', pipe: '|' }),
  encoding: oneOf(['utf-8', 'utf-16le', 'utf-16be', 'latin-1']),
  decimalMark: oneOf(['.', ','], { point: '.', comma: ',' }),
  dateOrder: oneOf(['dmy', 'mdy']),
  timeZone: (field, value) => {
    if (typeof value === 'string' && isTimeZone(value)) return value
    throw bad(field, 'it must be a time zone such as Europe/Berlin, UTC or +02:00')
  },
  lastDayIncluded: (field, value) => {
    if (value === true || value === 'true') return true
    if (value === false || value === 'false') return false
    throw bad(field, 'it must be true or false')
  },
  unit: oneOf(['major', 'cents']),
  currency: text(/^[A-Z]{3}$/, 'it must be an ISO 4217 currency code, such as GBP'),
  effectiveFrom: moment,
  effectiveTo: moment,
  increments: (field, value) => {
    const written = typeof value === 'number' ? String(value) : value
    if (typeof written !== 'string' || typeof incrementsOf(written) === 'string')
      throw bad(field, 'it must be seconds such as 60/60, 30/6 or 1')
    return written
  },
  minimumSeconds: (field, value) => whole(field, value, 0, 3_600),
  connectionFee: (field, value) => {
    try {
      if (typeof value === 'string' && parseMoney(value) >= 0) return value
    } catch (fault) {
      throw bad(field, 'it must be a price with at most 8 decimals, such as 0.01', fault)
    }
    throw bad(field, 'it must be text such as "0.01", not negative')
  },
  countryCode: text(/^[1-9]\d{0,3}$/, 'it must be the digits of a calling code, such as 1'),
}

const OPTIONS = Object.keys(CHECKS)
const isOption = (name: string): name is keyof DeckFormat => Object.hasOwn(CHECKS, name)

const objectOf = (field: string, value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad(field, 'it must be an object')
  return value as Readonly<Record<string, unknown>>
}

const bad = (field: string, why: string, cause?: unknown): EngineError =>
  new EngineError(
    'DECK_BAD_FORMAT',
    `${field === '' ? 'the format of the deck' : field}: ${why}`,
    { field },
    cause,
  )
