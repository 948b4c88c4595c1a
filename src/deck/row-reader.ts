/**
 * One row of cells to rates. This file owns how the columns of a row go together: which price counts, what the
 * defaults are, what contradicts what. What a single cell means is the affair of amount, moment, prefixes and
 * increments. It runs for millions of rows: a cell that says the same as in the row before is not read again.
 */
import { parseMoney, ZERO, type Money } from '../telephony/money.ts'
import { amountOf, isCurrency, markOf, plainAmountOf } from './amount.ts'
import type { Findings } from './findings.ts'
import type { DateOrder, DeckField, DeckFormat, DecimalMark } from './format.ts'
import type { Layout } from './header.ts'
import { incrementsOf, secondsOf, type Increments } from './increments.ts'
import { momentOf } from './moment.ts'
import { areasOf, isPlain, prefixesOf } from './prefixes.ts'
import type { ReadRate } from './read-rate.ts'
import { skipKindOf } from './skip-kind.ts'

/** What the file itself told about what it leaves open. */
export type Evidence = {
  readonly mark: DecimalMark | undefined
  readonly order: DateOrder | undefined
}

export type RowReader = {
  /** The rates of a row: none for a row that is no rate or that has a fault. */
  readonly read: (cells: readonly string[], line: number) => readonly ReadRate[]
}

export const createRowReader = (
  layout: Layout,
  format: DeckFormat,
  evidence: Evidence,
  findings: Findings,
): RowReader => {
  const { columns } = layout
  const usual = incrementsOf(format.increments ?? '60/60')
  const defaults: Increments = typeof usual === 'string' ? { first: 60, next: 60 } : usual
  const defaultFee = parseMoney(format.connectionFee ?? '0')
  const own = format.countryCode ?? ''
  let mark = evidence.mark
  /** Without a header as many as the first row has. */
  let width = layout.headers.length > 0 ? layout.headers.length : undefined
  /** What a word or a sign in one of the row's prices said. */
  let priceCurrency: string | undefined

  const cellOf = (cells: readonly string[], field: DeckField): string => cells[columns[field]] ?? ''

  const nameOf = (field: DeckField): string =>
    layout.headers[columns[field]]?.trim() || String(columns[field] + 1)

  const fault = (line: number, field: DeckField, value: string, why: string): void => {
    findings.fault(line, nameOf(field), value.trim(), why)
  }

  /** No pattern is tried on a cell that long, and none is remembered. */
  const isTooLong = (cells: readonly string[], field: DeckField, line: number): boolean => {
    const cell = cellOf(cells, field)
    if (cell.length <= MOST_CHARACTERS_IN_A_VALUE) return false
    fault(line, field, cell, `has more than ${MOST_CHARACTERS_IN_A_VALUE} characters`)
    return true
  }

  const amountIn = (cells: readonly string[], field: DeckField, line: number): Money | undefined => {
    const cell = cellOf(cells, field)
    if (cell === '' || isTooLong(cells, field, line)) return undefined
    const unit = format.unit ?? (layout.inCents.has(field) ? 'cents' : 'major')
    // Without evidence the first price that shows a mark settles it for the rest.
    mark ??= markOf(cell) ?? (cell.includes('.') ? '.' : undefined)
    const plain = plainAmountOf(cell, { mark, unit })
    if (!Number.isNaN(plain)) return plain as Money
    if (cell.trim() === '') return undefined
    const read = amountOf(cell, { mark, unit })
    if (typeof read === 'string') {
      fault(line, field, cell, read)
      return undefined
    }
    if (read.currency !== undefined && priceCurrency !== undefined && read.currency !== priceCurrency)
      fault(line, field, cell, `is in ${read.currency}, another price of the row in ${priceCurrency}`)
    priceCurrency = read.currency ?? priceCurrency
    return read.amount
  }

  const zone = format.timeZone ?? 'UTC'
  const startOf = remember((cell) => momentOf(cell, { order: evidence.order, zone }))
  const endOf = remember((cell) =>
    momentOf(cell, { order: evidence.order, zone, lastDayIncluded: format.lastDayIncluded }),
  )
  const pairOf = remember(incrementsOf)
  const stepOf = remember((cell) => secondsOf(cell, 1))
  const leastOf = remember((cell) => secondsOf(cell, 0))
  const codeOf = remember((cell): { readonly code: string } | string => {
    const code = cell.trim().toUpperCase()
    return isCurrency(code) ? { code } : 'is no currency code of ISO 4217'
  })

  /** A cell that may be absent or empty, as a value; faults are noted. */
  const valueIn = <Value extends object | number | undefined>(
    cells: readonly string[],
    field: DeckField,
    line: number,
    read: (cell: string) => Value | string,
  ): Value | undefined => {
    if (columns[field] < 0) return undefined
    const cell = cellOf(cells, field)
    if (cell === '' || isTooLong(cells, field, line) || cell.trim() === '') return undefined
    const value = read(cell)
    if (typeof value !== 'string') return value
    fault(line, field, cell, value)
    return undefined
  }

  const prefixIn = (cells: readonly string[]): readonly string[] | string => {
    const cell = cellOf(cells, 'prefix')
    if (columns.countryCode < 0) return own === '' && isPlain(cell) ? [cell] : prefixesOf(cell, own)
    const country = cellOf(cells, 'countryCode')
    if (own === '') return areasOf(country, cell)
    // NPA and NXX in two columns, below the format's country code.
    return areasOf(own + country.trim(), cell)
  }

  const incrementsIn = (cells: readonly string[], line: number): Increments => {
    if (columns.increments < 0 && columns.firstIncrement < 0 && columns.nextIncrement < 0) return defaults
    const pair = valueIn(cells, 'increments', line, pairOf)
    const first = valueIn(cells, 'firstIncrement', line, stepOf)
    const next = valueIn(cells, 'nextIncrement', line, stepOf)
    if (first === undefined && next === undefined) return pair ?? defaults
    return {
      first: first ?? pair?.first ?? next ?? defaults.first,
      next: next ?? pair?.next ?? first ?? defaults.next,
    }
  }

  const currencyIn = (cells: readonly string[], line: number): string | undefined => {
    const code = valueIn(cells, 'currency', line, codeOf)?.code
    const named = code ?? layout.currency
    if (named !== undefined && priceCurrency !== undefined && named !== priceCurrency)
      fault(line, 'price', priceCurrency, `is in a price, where the currency is ${named}`)
    return named ?? priceCurrency ?? format.currency
  }

  const destinationIn = (cells: readonly string[], line: number): string => {
    const cell = cellOf(cells, 'destination')
    if (cell === '') return ''
    let name = cell.trim()
    if (UNPRINTABLE.test(name)) {
      // A line break within quotes is layout; any other control character is a terminal's or worse.
      name = name.replace(/[\r\n\t]+/g, ' ')
      if (UNPRINTABLE.test(name)) fault(line, 'destination', cell, 'has control characters')
    }
    if (name.length > MOST_CHARACTERS_IN_A_NAME)
      fault(line, 'destination', cell, `has more than ${MOST_CHARACTERS_IN_A_NAME} characters`)
    return name.startsWith("'") && /^'['=+\-@＝＋－＠]/.test(name) ? name.slice(1) : name
  }

  /** A comma in a price or a name without quotes moves the cells behind it: 0,0085 would be free of charge. */
  const checkWidth = (cells: readonly string[], line: number): void => {
    width ??= cells.length
    if (cells.length <= width) return
    const beyond = cells.findIndex((cell, index) => index >= (width ?? 0) && cell.trim() !== '')
    if (beyond >= 0)
      findings.fault(
        line,
        String(beyond + 1),
        cells[beyond] ?? '',
        'is beyond the columns of the deck: does a name or a price before it lack its quotes?',
      )
  }

  return {
    read: (cells, line) => {
      const prefixes = prefixIn(cells)
      if (typeof prefixes === 'string' || prefixes[0] !== cellOf(cells, 'prefix')) {
        const kind = skipKindOf(cells, cellOf(cells, 'prefix'), layout.headers)
        if (kind !== undefined) {
          findings.skip(line, kind, cells)
          return []
        }
      }
      const before = findings.errorCount()
      checkWidth(cells, line)
      priceCurrency = undefined
      if (typeof prefixes === 'string') fault(line, 'prefix', cellOf(cells, 'prefix'), prefixes)
      const priced = columns.price < 0 ? undefined : amountIn(cells, 'price', line)
      const interstatePrice = columns.interstate < 0 ? undefined : amountIn(cells, 'interstate', line)
      const intrastatePrice = columns.intrastate < 0 ? undefined : amountIn(cells, 'intrastate', line)
      const connectionFee =
        (columns.connectionFee < 0 ? undefined : amountIn(cells, 'connectionFee', line)) ?? defaultFee
      const pricePerMinute = priced ?? dearer(interstatePrice, intrastatePrice)
      const increments = incrementsIn(cells, line)
      const minimumSeconds = valueIn(cells, 'minimumSeconds', line, leastOf) ?? format.minimumSeconds ?? 0
      const effectiveFrom = valueIn(cells, 'effectiveFrom', line, startOf) ?? format.effectiveFrom
      const effectiveTo = valueIn(cells, 'effectiveTo', line, endOf) ?? format.effectiveTo
      const currency = currencyIn(cells, line)
      const destination = destinationIn(cells, line)
      if (effectiveFrom !== undefined && effectiveTo !== undefined && effectiveTo <= effectiveFrom)
        fault(
          line,
          columns.effectiveTo < 0 ? 'effectiveFrom' : 'effectiveTo',
          cellOf(cells, 'effectiveTo'),
          'ends before it starts',
        )
      if (pricePerMinute === undefined && findings.errorCount() === before)
        fault(line, columns.price < 0 ? 'interstate' : 'price', '', 'is empty: the price is missing')
      if (findings.errorCount() > before || pricePerMinute === undefined || typeof prefixes === 'string')
        return []
      const isByJurisdiction = interstatePrice !== undefined || intrastatePrice !== undefined
      return prefixes.map((prefix): ReadRate => {
        if (isByJurisdiction) {
          if (priced === undefined) findings.warn('no-indeterminate-price', prefix)
          if (!prefix.startsWith('1')) findings.warn('jurisdiction-outside-1', prefix)
        }
        return {
          line,
          prefix,
          destination,
          pricePerMinute,
          ...(isByJurisdiction ? { interstatePrice, intrastatePrice } : undefined),
          connectionFee,
          minimumSeconds,
          firstIncrementSeconds: increments.first,
          nextIncrementSeconds: increments.next,
          effectiveFrom,
          effectiveTo,
          currency,
        }
      })
    },
  }
}

const MOST_CHARACTERS_IN_A_VALUE = 100
/** Nobody can check a longer one, and a name that long is a row that lost its line end. */
export const MOST_CHARACTERS_IN_A_NAME = 255
// eslint-disable-next-line no-control-regex -- they are what is looked for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Cs}/u

const dearer = (inter: Money | undefined, intra: Money | undefined): Money | undefined =>
  inter === undefined && intra === undefined ? undefined : (Math.max(inter ?? ZERO, intra ?? ZERO) as Money)

/** A column of dates or increments has few values: each is read once. */
const remember = <Value>(read: (cell: string) => Value): ((cell: string) => Value) => {
  const known = new Map<string, Value>()
  let lastCell: string | undefined
  let lastValue: Value | undefined
  return (cell) => {
    if (cell === lastCell) return lastValue as Value
    let value = known.get(cell)
    if (value === undefined) {
      value = read(cell)
      if (known.size >= MOST_REMEMBERED) known.clear()
      known.set(cell, value)
    }
    lastCell = cell
    lastValue = value
    return value
  }
}

const MOST_REMEMBERED = 10_000
