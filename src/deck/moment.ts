/**
 * Dates as decks write them. This file owns which day a cell means; it must never guess: what can be read two ways
 * is said to be ambiguous, and who reads the whole file decides. Another form is another pattern in `civilOf`.
 */
import { isTimeZone as isNamedTimeZone } from '../telephony/time-zone.ts'
import type { DateOrder } from './format.ts'
import { END_OF_TIME } from './read-rate.ts'

export type DateReading = {
  /** Undefined: 01/12/2026 is refused, unless both readings are the same day. */
  readonly order: DateOrder | undefined
  /** IANA name or offset, of what has no offset of its own. */
  readonly zone: string
  /** A date without a time of day means the moment after that day. */
  readonly lastDayIncluded?: boolean | undefined
}

/** Milliseconds since the epoch; undefined: the cell says that there is no date; text: what is wrong with it. */
export const momentOf = (cell: string, reading: DateReading): number | undefined | string => {
  const text = cell.replace(/^'/, '').trim()
  if (NO_DATE.test(text)) return undefined
  const civil = civilOf(text, reading.order)
  if (typeof civil === 'string') return civil
  const { year, month, day, milliseconds = 0 } = civil
  const midnight = Date.UTC(year, month - 1, day)
  const made = new Date(midnight)
  if (year < 1970 || year > 9999 || made.getUTCMonth() !== month - 1 || made.getUTCDate() !== day)
    return 'is no date of the calendar from 1970 to 9999'
  const extra = civil.milliseconds === undefined && reading.lastDayIncluded === true ? DAY_MS : 0
  const local = midnight + extra + milliseconds
  const moment = civil.offsetMs === undefined ? fromZone(local, reading.zone) : local - civil.offsetMs
  return moment >= 0 && moment < END_OF_TIME ? moment : 'is no date of the calendar from 1970 to 9999'
}

/** Which order a cell proves; `either` for one that needs to be told; undefined for one that says nothing. */
export const orderOf = (cell: string): DateOrder | 'either' | undefined => {
  const match = NUMBERS.exec(cell.replace(/^'/, '').trim())
  const [, first = '', mark, second = ''] = match ?? []
  // Nobody writes the month first with full stops.
  if (match === null || mark === '.' || Number(first) === Number(second)) return undefined
  if (Number(first) > 12) return 'dmy'
  return Number(second) > 12 ? 'mdy' : 'either'
}

const DAY_MS = 86_400_000

const NO_DATE = /^(?:|-+|n\/?a|none|never|open|open end|unlimited|immediate(?:ly)?|now|asap)$/i

/** A day and a time of the day as written, in no zone yet. */
type Civil = {
  readonly year: number
  readonly month: number
  readonly day: number
  /** Into the day; undefined: the cell has no time. */
  readonly milliseconds: number | undefined
  readonly offsetMs: number | undefined
}

const TIME =
  '(?:(?:\\s+|T|,\\s*)(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?\\s*([AP]M)?\\s*(Z|UTC|GMT|[+-]\\d{2}:?\\d{2})?)?'
const NUMBERS = new RegExp(`^(\\d{1,2})([/.-])(\\d{1,2})\\2(\\d{4}|\\d{2})${TIME}$`, 'i')
const YEAR_FIRST = new RegExp(`^(\\d{4})([-/.])(\\d{1,2})\\2(\\d{1,2})${TIME}$`, 'i')
const NAMED = new RegExp(`^(\\d{1,2})[-/. ]*([a-z]{3,9})[-/., ]*(\\d{4}|\\d{2})${TIME}$`, 'i')
const MONTH_FIRST = new RegExp(`^([a-z]{3,9})[-. ]*(\\d{1,2})(?:[-, ]+)(\\d{4})${TIME}$`, 'i')
const MONTHS = 'january february march april may june july august september october november december'.split(
  ' ',
)

const civilOf = (text: string, order: DateOrder | undefined): Civil | string => {
  const compact = /^(\d{4})(\d{2})(\d{2})$/.exec(text)
  if (compact !== null) return civil(compact[1], compact[2], compact[3], [])
  const serial = /^(\d{5})(?:[.,](\d{1,12}))?$/.exec(text)
  if (serial !== null) return ofSerial(Number(serial[1]), serial[2])
  const iso = YEAR_FIRST.exec(text)
  if (iso !== null) return civil(iso[1], iso[3], iso[4], iso.slice(5))
  const numbers = NUMBERS.exec(text)
  if (numbers !== null) {
    const [, first, , second, year] = numbers
    const known = orderOf(text)
    if (known === 'either' && order === undefined)
      return 'may be day first or month first: say which by the option dateOrder (--date-order dmy or mdy)'
    if (known !== 'either' && known !== undefined && order !== undefined && known !== order)
      return `is not in the order of the other dates, which is ${order === 'dmy' ? 'day' : 'month'} first`
    const monthFirst = (known === 'either' ? order : known) === 'mdy'
    return civil(year, monthFirst ? first : second, monthFirst ? second : first, numbers.slice(5))
  }
  const named = NAMED.exec(text)
  if (named !== null) return civil(named[3], monthOf(named[2]), named[1], named.slice(4))
  const month = MONTH_FIRST.exec(text)
  if (month !== null) return civil(month[3], monthOf(month[1]), month[2], month.slice(4))
  return 'is no date such as 2026-12-01'
}

const monthOf = (name = ''): string =>
  String(MONTHS.findIndex((month) => month.startsWith(name.toLowerCase())) + 1)

const civil = (
  year = '',
  month = '',
  day = '',
  [hour, minute, second = '0', fraction = '', half, offset]: readonly (string | undefined)[],
): Civil | string => {
  const date = {
    year: year.length === 2 ? 2000 + Number(year) : Number(year),
    month: Number(month),
    day: Number(day),
  }
  if (hour === undefined) return { ...date, milliseconds: undefined, offsetMs: undefined }
  const hours =
    half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toUpperCase() === 'PM' ? 12 : 0)
  if (hours > 23 || Number(minute) > 59 || Number(second) > 59) return 'has no such time of day'
  const seconds = hours * 3_600 + Number(minute) * 60 + Number(second)
  return {
    ...date,
    milliseconds: seconds * 1_000 + Number(fraction.slice(0, 3).padEnd(3, '0')),
    offsetMs: offset === undefined ? undefined : offsetOf(offset),
  }
}

/**
 * Excel's 1900 date system counts days, and takes 1900 for a leap year as Lotus did, so that from March 1900 on
 * day 0 is 1899-12-30. The fraction is the time of day, to the second.
 */
const ofSerial = (serial: number, fraction: string | undefined): Civil => {
  const made = new Date(Date.UTC(1899, 11, 30) + serial * DAY_MS)
  const seconds = fraction === undefined ? undefined : Math.round(Number(`0.${fraction}`) * 86_400)
  return {
    year: made.getUTCFullYear(),
    month: made.getUTCMonth() + 1,
    day: made.getUTCDate(),
    milliseconds: seconds === undefined ? undefined : seconds * 1_000,
    offsetMs: undefined,
  }
}

const offsetOf = (text: string): number => {
  const match = /^([+-])(\d{2}):?(\d{2})$/.exec(text)
  if (match === null) return 0
  return (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3])) * 60_000
}

const OFFSET = /^[+-](?:0\d|1[0-4]):?[0-5]\d$/

export const isTimeZone = (name: string): boolean => OFFSET.test(name) || isNamedTimeZone(name)

/** Clock time in a zone as a moment. Of an hour that comes twice the first, of one that is left out the later. */
const fromZone = (local: number, zone: string): number => {
  if (/^(?:UTC|GMT|Z)$/i.test(zone)) return local
  if (OFFSET.test(zone)) return local - offsetOf(zone)
  const before = local - zoneOffset(local - DAY_MS, zone)
  if (before + zoneOffset(before, zone) === local) return before
  const after = local - zoneOffset(local + DAY_MS, zone)
  return after + zoneOffset(after, zone) === local ? after : before
}

const zoneOffset = (moment: number, zone: string): number => {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(moment)
  const part = (type: string): number => Number(parts.find((each) => each.type === type)?.value ?? 0)
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return shown - (moment - (moment % 1_000))
}
