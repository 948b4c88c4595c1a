/**
 * The first rows of a deck, held until they have shown what the file leaves open: the decimal mark, the order of
 * day and month, whether codes stand below their country. It must never guess: what stays open is an error that
 * names the option.
 */
import { EngineError } from '../base/errors.ts'
import { markOf } from './amount.ts'
import type { DateOrder, DeckField, DeckFormat, DecimalMark } from './format.ts'
import type { Layout } from './header.ts'
import { orderOf } from './moment.ts'
import { isPlain } from './prefixes.ts'
import type { Records } from './records.ts'
import { visible } from './visible.ts'

export type Window = {
  /** True: enough was seen, `settle` may be called. */
  readonly add: (records: Records) => boolean
  /** Throws DECK_AMBIGUOUS_DATES or DECK_AMBIGUOUS_COLUMNS. */
  readonly settle: () => {
    readonly layout: Layout
    readonly mark: DecimalMark | undefined
    readonly order: DateOrder | undefined
  }
  readonly held: () => readonly Records[]
}

/** Rows in which a mark shows itself, if it ever does. */
const ENOUGH_ROWS = 1_000
/** A file that is held until a day above 12 turns up is held no longer than this, lest it all be in memory. */
const MOST_HELD_ROWS = 50_000

export const createWindow = (layout: Layout, format: DeckFormat): Window => {
  const { columns } = layout
  const held: Records[] = []
  let rows = 0
  let mark = format.decimalMark
  let order = format.dateOrder
  let open: { readonly line: number; readonly column: string; readonly value: string } | undefined
  let wholeCodes = 0
  let areas = 0

  const look = (cells: readonly string[], line: number): void => {
    const code = (cells[columns.prefix] ?? '').trim()
    const country = (cells[columns.countryCode] ?? '').trim()
    // A total or a note shows nothing.
    if (!/\d/.test(code) && !/\d/.test(country)) return
    if (rows <= ENOUGH_ROWS) {
      for (const field of AMOUNTS) mark ??= markOf(cells[columns[field]] ?? '')
      if (country !== '' && code !== '') {
        // `GB` beside 4420 is no calling code that the code could stand below.
        if (/\p{L}/u.test(country) || (isPlain(code) && code.startsWith(country.replace(/\D/g, ''))))
          wholeCodes += 1
        else areas += 1
      }
    }
    if (order !== undefined) return
    for (const field of DATES) {
      const value = cells[columns[field]] ?? ''
      const shown = value === '' ? undefined : orderOf(value)
      if (shown === 'either')
        open ??= {
          line,
          column: visible(layout.headers[columns[field]] ?? String(columns[field] + 1), 60),
          value,
        }
      else order ??= shown
    }
  }

  return {
    add: (records) => {
      held.push(records)
      for (let index = 0; index < records.cells.length; index += 1) {
        rows += 1
        look(records.cells[index] ?? [], records.lines[index] ?? 0)
      }
      return (rows >= ENOUGH_ROWS && (open === undefined || order !== undefined)) || rows >= MOST_HELD_ROWS
    },
    settle: () => {
      if (open !== undefined && order === undefined)
        throw new EngineError(
          'DECK_AMBIGUOUS_DATES',
          `line ${open.line}, column "${open.column}": "${open.value}" may be day first or month first, and no date of ` +
            `the first ${rows} rows tells: say which by the option dateOrder (--date-order dmy or mdy), or leave the ` +
            `column out and give effectiveFrom for all`,
          open,
        )
      return { layout: withoutCountry(layout, format, wholeCodes, areas), mark, order }
    },
    held: () => held,
  }
}

const AMOUNTS: readonly DeckField[] = ['price', 'interstate', 'intrastate', 'connectionFee']
const DATES: readonly DeckField[] = ['effectiveFrom', 'effectiveTo']

/** `Country Code` beside `Code`: the codes tell whether they are whole or areas of the country. */
const withoutCountry = (
  layout: Layout,
  { columns: told }: DeckFormat,
  wholeCodes: number,
  areas: number,
): Layout => {
  const { columns } = layout
  const isSure = columns.countryCode < 0 || columns.areaCode >= 0 || wholeCodes + areas === 0
  if (isSure || (typeof told?.countryCode !== 'undefined' && wholeCodes === 0)) return layout
  if (areas > 0 && wholeCodes > 0)
    throw new EngineError(
      'DECK_AMBIGUOUS_COLUMNS',
      `${wholeCodes} codes begin with their country code and ${areas} do not: say by the option columns which is which ` +
        '(countryCode and areaCode, or prefix and countryCode: false)',
      { wholeCodes, areas },
    )
  return areas > 0 ? layout : { ...layout, columns: { ...columns, countryCode: -1 } }
}
