/**
 * A carrier's records or invoice lines, read from the cells of a CSV. Carriers name their columns as they like: the names
 * that are known stand in NAMES, and what is not known can be named. Pure.
 */
import { EngineError } from '../base/errors.ts'
import { parseMoney, type Money } from '../telephony/money.ts'
import type { TimeZone } from '../telephony/time-zone.ts'
import type { ReconciledCall } from './reconcile.ts'

export const LINE_FIELDS = ['number', 'time', 'date', 'duration', 'amount', 'rate', 'currency'] as const
export type LineField = (typeof LINE_FIELDS)[number]

export type LineLayout = {
  /** From 0; undefined: there is none. */
  readonly columns: Readonly<Partial<Record<LineField, number>>>
  readonly isInMinutes: boolean
  /** ISO 4217, of a header such as `Amount (USD)`. */
  readonly currency: string | undefined
}

/** Compared in lower case without anything but letters and digits; the surer names first. */
const NAMES: Readonly<Record<LineField, string>> = {
  number:
    'called number|callednumber|dialed number|dialled number|destination number|called party|called party number|callee|callee number|b number|bnumber|b party|bnum|dst|dnis|cld|to number|dest number|termination number|rufnummer|numero appele|number|to|called|destination|phone number|dialed|dialled',
  time: 'start time|starttime|call start|start|call date time|datetime|date time|call time|start date time|calldate|call date|connect time|connecttime|setup time|timestamp|start stamp|answer time|begin time|started|start utc|start time utc|time|zeit',
  date: 'date|start date|day|datum',
  duration:
    'billed duration|billed seconds|billable seconds|billable duration|billsec|bill sec|charged duration|charged seconds|chargeable duration|rounded duration|billed duration sec|duration sec|duration seconds|duration s|call duration|duration|seconds|sec|secs|talk time|minutes|mins|duration min|duration minutes|billed minutes|dauer',
  amount:
    'amount|cost|charge|total cost|total charge|total|price|call cost|call charge|charged amount|net amount|total amount|billed amount|fee|betrag|montant|importe',
  rate: 'rate|rate per minute|price per minute|ppm|rate min|per minute rate|unit price|tariff rate',
  currency: 'currency|currency code|curr|ccy|waehrung',
}

const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, '')

const CURRENCY = /\b(USD|EUR|GBP|CHF|CAD|AUD|JPY|SEK|NOK|DKK|PLN|CZK|INR|SGD|HKD|NZD|ZAR|BRL|MXN)\b/

/**
 * Undefined: the row is no header, for it names no number, no time or no duration. `told`: columns by name, or by number
 * from 1. Throws CDR_RECONCILE_COLUMN for one that is told and is not there.
 */
export const lineLayoutOf = (
  cells: readonly string[],
  told: Readonly<Partial<Record<LineField, string>>> = {},
): LineLayout | undefined => {
  const titles = cells.map((cell) => plain(cell.replace(CURRENCY, ' ').replace(/[$€£]/g, ' ')))
  const columns: Partial<Record<LineField, number>> = {}
  const taken = new Set<number>()
  for (const field of LINE_FIELDS) {
    const name = told[field]
    if (name === undefined) continue
    const at = /^[0-9]{1,3}$/.test(name) ? Number(name) - 1 : titles.indexOf(plain(name))
    if (at < 0 || at >= cells.length)
      throw new EngineError('CDR_RECONCILE_COLUMN', `there is no column "${name}" for ${field}`, { field })
    columns[field] = at
    taken.add(at)
  }
  for (const field of LINE_FIELDS) {
    if (columns[field] !== undefined) continue
    for (const name of NAMES[field].split('|')) {
      const at = titles.findIndex((title, index) => title === plain(name) && !taken.has(index))
      if (at < 0) continue
      columns[field] = at
      taken.add(at)
      break
    }
  }
  const { number, time, date, duration, amount } = columns
  if (number === undefined || (time === undefined && date === undefined) || duration === undefined)
    return undefined
  return {
    columns,
    isInMinutes: /min/i.test(cells[duration] ?? ''),
    currency: amount === undefined ? undefined : CURRENCY.exec((cells[amount] ?? '').toUpperCase())?.[1],
  }
}

export type LineOptions = {
  /** Of times that name none. */
  readonly zone: TimeZone
  /** Of dates such as 03/04/2026. */
  readonly dateOrder: 'dmy' | 'mdy'
  readonly decimalMark: '.' | ','
}

/** Throws CDR_RECONCILE_LINE saying what cannot be read; a total under a list has no number. */
export const readLine = (
  cells: readonly string[],
  id: string,
  { columns, isInMinutes, currency }: LineLayout,
  options: LineOptions,
): ReconciledCall => {
  const cell = (field: LineField): string => {
    const at = columns[field]
    return at === undefined ? '' : (cells[at] ?? '').trim()
  }
  const number = cell('number').replace(/\D/g, '')
  if (number.length < 3) throw bad(id, `"${cell('number').slice(0, 30)}" is no number that was called`)
  const text = [cell('date'), cell('time')].filter((part) => part !== '').join(' ')
  const at = momentOf(text, options)
  if (at === undefined) throw bad(id, `"${text.slice(0, 40)}" is no moment`)
  const seconds = secondsOf(cell('duration'), isInMinutes, options.decimalMark)
  if (seconds === undefined) throw bad(id, `"${cell('duration').slice(0, 30)}" is no duration`)
  const amount = moneyIn(cell('amount'), options.decimalMark)
  if (amount === undefined && cell('amount') !== '')
    throw bad(id, `"${cell('amount').slice(0, 30)}" is no amount`)
  const named = cell('currency').toUpperCase()
  return {
    ...{ id, at, number, seconds, amount, rate: moneyIn(cell('rate'), options.decimalMark) },
    currency: /^[A-Z]{3}$/.test(named) ? named : currency,
    ...(seconds === 0 && (amount ?? 0) === 0 ? { isOptional: true } : {}),
  }
}

const bad = (line: string, why: string): EngineError =>
  new EngineError('CDR_RECONCILE_LINE', `${line}: ${why}`, { line })

const DAY_FIRST = /^(\d{1,2})[./-](\d{1,2})[./-](\d{4})(?:[ T,]+(.*))?$/
const YEAR_FIRST = /^(\d{4})[./-](\d{1,2})[./-](\d{1,2})(?:[ T]+(.*))?$/
const CLOCK =
  /^(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp][Mm])?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/

const momentOf = (text: string, { zone, dateOrder }: LineOptions): number | undefined => {
  if (/^\d{10}(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1_000)
  if (/^\d{13}$/.test(text)) return Number(text)
  const yearFirst = YEAR_FIRST.exec(text)
  const dayFirst = yearFirst === null ? DAY_FIRST.exec(text) : null
  const [year, month, day, rest] =
    yearFirst !== null
      ? [yearFirst[1], yearFirst[2], yearFirst[3], yearFirst[4]]
      : dayFirst !== null
        ? dateOrder === 'dmy'
          ? [dayFirst[3], dayFirst[2], dayFirst[1], dayFirst[4]]
          : [dayFirst[3], dayFirst[1], dayFirst[2], dayFirst[4]]
        : []
  if (year === undefined || month === undefined || day === undefined) return undefined
  const clock = CLOCK.exec((rest ?? '00:00').trim())
  if (clock === null) return undefined
  const [, hour = '0', minute = '0', second = '0', fraction = '', half, offset] = clock
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (/p/i.test(half) ? 12 : 0)
  const milliseconds = Math.floor(Number(`0.${fraction === '' ? '0' : fraction}`) * 1_000)
  const wall = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    hours,
    Number(minute),
    Number(second),
    milliseconds,
  )
  const isDate = new Date(wall).getUTCMonth() === Number(month) - 1 && hours < 24 && Number(minute) < 60
  if (!isDate) return undefined
  if (offset === undefined) {
    // Twice: the offset at the moment itself, which the first answer nearly is.
    const guess = wall - zone.offsetMs(wall)
    return wall - zone.offsetMs(guess)
  }
  const parts = /^([+-])(\d{2}):?(\d{2})$/.exec(offset)
  if (parts === null) return wall
  const minutes = Number(parts[2]) * 60 + Number(parts[3])
  return wall - (parts[1] === '-' ? -1 : 1) * minutes * 60_000
}

/** `65`, `65.4`, `1:05`, `00:01:05`; a part of a second is a second. */
const secondsOf = (text: string, isInMinutes: boolean, mark: '.' | ','): number | undefined => {
  const clock = /^(?:(\d{1,3}):)?(\d{1,3}):(\d{2})$/.exec(text)
  if (clock !== null) return Number(clock[1] ?? 0) * 3_600 + Number(clock[2]) * 60 + Number(clock[3])
  const amount = (mark === ',' ? text.replace(',', '.') : text).replace(/\s*(s|sec|seconds|min|m)$/i, '')
  if (!/^\d{1,7}(\.\d{1,6})?$/.test(amount)) return undefined
  return Math.ceil(Math.round(Number(amount) * (isInMinutes ? 60 : 1) * 1_000) / 1_000)
}

/** Beyond eight decimals it is rounded: nobody pays them. */
const moneyIn = (text: string, mark: '.' | ','): Money | undefined => {
  const bare = text.replace(/[$€£\s]|[A-Z]{3}/g, '')
  const number = mark === ',' ? bare.replace(/\./g, '').replace(',', '.') : bare.replace(/,/g, '')
  const match = /^(-?\d{0,8})(?:\.(\d*))?$/.exec(number)
  if (match === null || number === '' || number === '-' || number === '.') return undefined
  const [, whole = '', fraction = ''] = match
  const digits = fraction.slice(0, 8)
  const up = Number(fraction.charAt(8)) >= 5 ? 1 : 0
  const base = parseMoney(
    `${whole === '' ? '0' : whole === '-' ? '-0' : whole}${digits === '' ? '' : `.${digits}`}`,
  )
  return (base + (number.startsWith('-') ? -up : up)) as Money
}
