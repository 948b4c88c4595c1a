/**
 * Reads a carrier's deck from its bytes to batches of rates. This file owns the order of the work: text, delimiter,
 * header, a window of rows in which the file shows what it leaves open, then row after row. It holds one block of
 * text, that window, and some 40 bytes a rate to find duplicates; never the file.
 */
import { EngineError } from '../base/errors.ts'
import { createDuplicates } from './duplicates.ts'
import { findDelimiter, findLayout } from './find-layout.ts'
import { createFindings, type SkippedRows } from './findings.ts'
import { DECK_FIELDS, type DateOrder, type DeckField, type DeckFormat, type DecimalMark } from './format.ts'
import type { Layout } from './header.ts'
import type { DeckWarning, ReadRate } from './read-rate.ts'
import { createRecordCutter, type RecordCutter, type Records } from './records.ts'
import { createRowReader, type RowReader } from './row-reader.ts'
import { createTextBlocks, type Position } from './text-blocks.ts'
import { visible } from './visible.ts'
import { createWindow, type Window } from './window.ts'

export type DeckReaderOptions = {
  readonly format?: DeckFormat | undefined
  /** How many errors are kept; all are counted. Default 100. */
  readonly mostErrors?: number | undefined
  /** A file with more rates is refused (DECK_TOO_LARGE). Default ten million. */
  readonly mostRates?: number | undefined
}

export type ReadProgress = {
  /** Of the file, taken so far. */
  readonly bytes: number
  readonly lines: number
  /** Rows below the header, also those that are no rates. */
  readonly rows: number
  readonly rates: number
  readonly errors: number
}

export type ReadBatch = { readonly rates: readonly ReadRate[]; readonly progress: ReadProgress }

/** What the file turned out to be; complete when `read` has ended, also by an error. */
export type DeckReport = ReadProgress & {
  readonly encoding: string
  readonly delimiter: string | undefined
  /** Undefined: none was found, or the file has none. */
  readonly headerLine: number | undefined
  /** Field to header, or to the number of its column. */
  readonly columns: Readonly<Partial<Record<DeckField, string | number>>>
  /** Headers that no field was found for: to be looked at, since a price or an end date may be among them. */
  readonly unreadColumns: readonly string[]
  readonly decimalMark: DecimalMark | undefined
  readonly dateOrder: DateOrder | undefined
  /** ISO 4217; more than one where the rows differ; empty where nothing says. */
  readonly currencies: readonly string[]
  /** Of the rates that have dates; the first and last moments. */
  readonly effectiveFrom: { readonly first: number; readonly last: number } | undefined
  readonly ending: { readonly count: number; readonly first: number } | undefined
  readonly skipped: SkippedRows
  readonly warnings: readonly DeckWarning[]
  /** DECK_BAD_ROW with `{ line, column, value }`, the first `mostErrors` of `errors`. */
  readonly firstErrors: readonly EngineError[]
}

export type DeckReader = {
  /**
   * Batches of at most some twenty thousand rates, in the order of the file. A deck with any error is refused whole:
   * from the first error on no more rates come, and the end throws DECK_REFUSED with `{ errors, errorCount }`;
   * whoever stores batches must do so in a transaction. What is wrong with the file and not with a row is thrown
   * at once: DECK_NOT_TEXT, DECK_BAD_ENCODING, DECK_LINE_TOO_LONG, DECK_TOO_MANY_COLUMNS, DECK_BAD_CSV,
   * DECK_NO_HEADER, DECK_AMBIGUOUS_HEADER, DECK_AMBIGUOUS_COLUMNS, DECK_AMBIGUOUS_DATES, DECK_EMPTY,
   * DECK_TOO_LARGE. To be called once.
   */
  readonly read: (
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ) => AsyncGenerator<ReadBatch, void, undefined>
  readonly progress: () => ReadProgress
  readonly report: () => DeckReport
}

export const createDeckReader = (options: DeckReaderOptions = {}): DeckReader => {
  const { format = {}, mostErrors = 100, mostRates = 10_000_000 } = options
  const position: Position = { line: 1, bytes: 0 }
  const findings = createFindings(mostErrors)
  const duplicates = createDuplicates()
  const blocks = createTextBlocks(format.encoding, position)
  const currencies = new Set<string>()
  let cutter: RecordCutter | undefined
  let delimiter: string | undefined
  let layout: Layout | undefined
  let headerLine: number | undefined
  let window: Window | undefined
  let rowReader: RowReader | undefined
  let mark = format.decimalMark
  let order = format.dateOrder
  let rows = 0
  let rates = 0
  let ending: { count: number; first: number } | undefined
  let starts: { first: number; last: number } | undefined

  const progress = (): ReadProgress => ({
    bytes: position.bytes,
    lines: position.line - 1,
    rows,
    rates,
    errors: findings.errorCount(),
  })

  const batchOf = (some: readonly ReadRate[]): ReadBatch => ({ rates: some, progress: progress() })

  /** The first block: what parts the columns, and where the header is. */
  const open = (text: string): { readonly below: Records; readonly by: RecordCutter } => {
    const found = findDelimiter(text, blocks.lineEnd(), format)
    delimiter = found
    const by = createRecordCutter(found, blocks.lineEnd(), position)
    cutter = by
    const records = by.cut(text)
    if (!/[\p{L}\p{N}]/u.test(text)) throw empty('it has no rows')
    const header = findLayout(records, format)
    layout = header.layout
    headerLine = header.headerLine
    window = createWindow(header.layout, format)
    for (const [index, cells] of records.cells.slice(0, header.firstRow).entries()) {
      const line = records.lines[index] ?? 0
      if (line !== headerLine)
        findings.skip(line, cells.some((cell) => cell.trim() !== '') ? 'title' : 'blank', cells)
    }
    return {
      below: { cells: records.cells.slice(header.firstRow), lines: records.lines.slice(header.firstRow) },
      by,
    }
  }

  /** The window closes: from here on every row is read as it comes. */
  function* settle(from: Window): Generator<ReadBatch> {
    const settled = from.settle()
    mark = settled.mark
    order = settled.order
    rowReader = createRowReader(settled.layout, format, settled, findings)
    layout = settled.layout
    window = undefined
    for (const held of from.held()) yield* readRows(rowReader, held)
  }

  function* take(records: Records): Generator<ReadBatch> {
    if (rowReader !== undefined) yield* readRows(rowReader, records)
    else if (window?.add(records) === true) yield* settle(window)
  }

  function* readRows(reader: RowReader, { cells, lines }: Records): Generator<ReadBatch> {
    let batch: ReadRate[] = []
    for (let index = 0; index < cells.length; index += 1) {
      rows += 1
      const read = reader.read(cells[index] ?? [], lines[index] ?? 0)
      for (const rate of read) if (isKept(rate)) batch.push(rate)
      if (findings.errorCount() > 0) batch = []
      else if (batch.length >= RATES_IN_A_BATCH) {
        yield batchOf(batch)
        batch = []
      }
    }
    if (batch.length > 0) yield batchOf(batch)
  }

  const isKept = (rate: ReadRate): boolean => {
    const clash = duplicates.add(rate)
    switch (clash?.kind) {
      case 'same':
        findings.warn('duplicate', `${rate.prefix} in lines ${clash.line} and ${rate.line}`)
        return false
      case 'different':
        findings.fault(
          rate.line,
          columnName('prefix'),
          rate.prefix,
          `has another price or other terms from the same moment in line ${clash.line}`,
        )
        return false
      case 'many':
        findings.fault(
          rate.line,
          columnName('prefix'),
          rate.prefix,
          `has too many dated rates, the first in line ${clash.line}`,
        )
        return false
      case 'overlap':
        findings.warn('overlapping-dates', `${rate.prefix} in lines ${clash.line} and ${rate.line}`)
        break
      case undefined:
    }
    rates += 1
    if (rates > mostRates)
      throw new EngineError(
        'DECK_TOO_LARGE',
        `line ${rate.line}: the deck has more than ${mostRates} rates`,
        { line: rate.line },
      )
    note(rate)
    return true
  }

  const note = ({ currency, effectiveFrom, effectiveTo }: ReadRate): void => {
    if (currency !== undefined && !currencies.has(currency)) currencies.add(currency)
    if (effectiveTo !== undefined) {
      if (ending === undefined) ending = { count: 1, first: effectiveTo }
      else {
        ending.count += 1
        if (effectiveTo < ending.first) ending.first = effectiveTo
      }
    }
    if (effectiveFrom === undefined) return
    if (starts === undefined) starts = { first: effectiveFrom, last: effectiveFrom }
    else if (effectiveFrom < starts.first) starts.first = effectiveFrom
    else if (effectiveFrom > starts.last) starts.last = effectiveFrom
  }

  const columnName = (field: DeckField): string => {
    const index = layout?.columns[field] ?? -1
    return layout?.headers[index]?.trim() || String(index + 1)
  }

  const finish = function* (): Generator<ReadBatch> {
    cutter?.end()
    if (window !== undefined) yield* settle(window)
    if (findings.errorCount() > 0) throw refused(findings.errorCount(), findings.errors())
    if (rates === 0) throw empty(layout === undefined ? 'it has no rows' : 'it has no rate below its header')
  }

  return {
    async *read(chunks) {
      function* handle(texts: Iterable<string>): Generator<ReadBatch> {
        for (const text of texts) {
          if (cutter !== undefined) yield* take(cutter.cut(text))
          else yield* take(open(text).below)
        }
      }
      for await (const chunk of chunks) yield* handle(blocks.push(chunk))
      yield* handle(blocks.end())
      yield* finish()
    },
    progress,
    report: () => ({
      ...progress(),
      encoding: blocks.encoding(),
      delimiter,
      headerLine,
      columns: layout === undefined ? {} : mappingOf(layout),
      unreadColumns: layout === undefined ? [] : unreadOf(layout),
      decimalMark: mark,
      dateOrder: order,
      currencies: [...currencies],
      effectiveFrom: starts,
      ending,
      skipped: findings.skipped(),
      warnings: findings.warnings(),
      firstErrors: findings.errors(),
    }),
  }
}

const RATES_IN_A_BATCH = 8_192

const mappingOf = ({ columns, headers }: Layout): Readonly<Partial<Record<DeckField, string | number>>> =>
  Object.fromEntries(
    DECK_FIELDS.filter((field) => columns[field] >= 0).map((field) => [
      field,
      headers.length === 0 ? columns[field] + 1 : visible((headers[columns[field]] ?? '').trim(), 60),
    ]),
  )

const unreadOf = ({ columns, headers }: Layout): readonly string[] => {
  const read = new Set(Object.values(columns))
  return headers
    .filter((header, index) => header.trim() !== '' && !read.has(index))
    .map((header) => visible(header.trim(), 60))
}

const refused = (errorCount: number, errors: readonly EngineError[]): EngineError =>
  new EngineError(
    'DECK_REFUSED',
    `the deck has ${errorCount === 1 ? 'an error' : `${errorCount} errors`}: ${errors[0]?.message ?? ''}`,
    { errorCount, errors: errors.map(({ message, details }) => ({ message, ...details })) },
    errors[0],
  )

const empty = (why: string): EngineError => new EngineError('DECK_EMPTY', `this deck has no rates: ${why}`)
