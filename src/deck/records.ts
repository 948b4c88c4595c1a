/**
 * Text to records of cells. csv-parse decides what CSV is; lines without a quote character, which are most, and
 * those whose quotes only enclose cells are split here, which gives the same (a property test compares). A record is whole where its
 * quotes are even: csv-parse allows a quote at a cell's start only, so an odd count is an open cell.
 */
import { CsvError, parse } from 'csv-parse/sync'
import { EngineError } from '../base/errors.ts'
import { MOST_COLUMNS, type Delimiter } from './format.ts'
import { MOST_BYTES_IN_A_LINE, type Position } from './text-blocks.ts'

export type Records = {
  readonly cells: readonly (readonly string[])[]
  /** Where each record begins, from 1. */
  readonly lines: readonly number[]
}

export type RecordCutter = {
  /** Whole lines; an open quote is carried to the next block. */
  readonly cut: (text: string) => Records
  /** Throws DECK_BAD_CSV where a quote is still open. */
  readonly end: () => void
}

/** Throws, each with `line`: DECK_BAD_CSV, DECK_LINE_TOO_LONG, DECK_TOO_MANY_COLUMNS. Moves `position.line`. */
export const createRecordCutter = (
  delimiter: Delimiter,
  lineEnd: '\n' | '\r',
  position: Position,
): RecordCutter => {
  const options = {
    delimiter,
    record_delimiter: lineEnd === '\n' ? ['\r\n', '\n'] : ['\r'],
    relax_column_count: true,
    skip_empty_lines: false,
  }
  let open = ''
  let openIsEven = true
  let openLine = 0

  const parseQuoted = (
    texts: readonly string[],
    lines: readonly number[],
  ): readonly (readonly string[])[] => {
    let parsed: readonly (readonly string[])[]
    try {
      parsed = parse(texts.join(''), options)
    } catch (fault) {
      if (!(fault instanceof CsvError)) throw fault
      const done = fault['records']
      throw badCsv(lines[typeof done === 'number' ? done : 0] ?? position.line, reasonOf(fault), fault)
    }
    if (parsed.length !== texts.length)
      throw badCsv(lines[0] ?? position.line, 'quotes and line ends do not make rows')
    return parsed
  }

  return {
    cut: (text) => {
      const cells: (readonly string[])[] = []
      const lines: number[] = []
      const quoted: string[] = []
      const slots: number[] = []
      const slotLines: number[] = []
      const parts = text.split(lineEnd)
      const endsWhole = text.endsWith(lineEnd)
      if (endsWhole) parts.pop()
      const mayQuote = open !== '' || text.includes('"')
      for (const [index, part] of parts.entries()) {
        const line = position.line
        position.line += 1
        const isEnded = endsWhole || index < parts.length - 1
        if (part.length > MOST_BYTES_IN_A_LINE) throw tooLong(line)
        if (open === '') {
          const bare = isEnded && lineEnd === '\n' && part.endsWith('\r') ? part.slice(0, -1) : part
          const simple = mayQuote && bare.includes('"') ? splitQuoted(bare, delimiter) : bare.split(delimiter)
          if (simple !== undefined) {
            cells.push(narrow(simple, line))
            lines.push(line)
            continue
          }
        }
        if (open === '') openLine = line
        open += isEnded ? part + lineEnd : part
        if (!isEven(part)) openIsEven = !openIsEven
        if (openIsEven) {
          slots.push(cells.length)
          slotLines.push(openLine)
          lines.push(openLine)
          cells.push([])
          quoted.push(open)
          open = ''
        } else if (open.length > MOST_BYTES_IN_A_LINE) {
          parseQuoted([...quoted, open], [...slotLines, openLine])
          throw neverClosed(openLine)
        }
      }
      for (const [index, record] of (quoted.length === 0 ? [] : parseQuoted(quoted, slotLines)).entries())
        cells[slots[index] ?? 0] = narrow(record, slotLines[index] ?? 0)
      return { cells, lines }
    },
    end: () => {
      if (open === '') return
      parseQuoted([open], [openLine])
      throw neverClosed(openLine)
    },
  }
}

/** A line whose cells are bare or wholly in quotes, without a quote inside; undefined: csv-parse is to see it. */
const splitQuoted = (line: string, delimiter: string): string[] | undefined => {
  const cells: string[] = []
  let at = 0
  for (;;) {
    if (line.charCodeAt(at) === QUOTE) {
      const close = line.indexOf('"', at + 1)
      if (close < 0 || (close + 1 < line.length && line[close + 1] !== delimiter)) return undefined
      cells.push(line.slice(at + 1, close))
      at = close + 1
    } else {
      const next = line.indexOf(delimiter, at)
      const cell = line.slice(at, next < 0 ? line.length : next)
      if (cell.includes('"')) return undefined
      cells.push(cell)
      at += cell.length
    }
    if (at >= line.length) return cells
    at += 1
  }
}

const QUOTE = 34

const isEven = (text: string): boolean => {
  let even = true
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) even = !even
  return even
}

/** csv-parse checks what it was given; a row of a deck is narrow. */
const narrow = (record: readonly string[], line: number): readonly string[] => {
  if (record.length <= MOST_COLUMNS) return record
  throw new EngineError(
    'DECK_TOO_MANY_COLUMNS',
    `line ${line} has ${record.length} columns, and a deck at most ${MOST_COLUMNS}`,
    { line },
  )
}

const reasonOf = ({ code }: CsvError): string => REASONS[code] ?? 'the quotes of this row are wrong'

const REASONS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote that opens here is never closed',
  INVALID_OPENING_QUOTE:
    'a quote within a cell that does not begin with one: write the whole cell in quotes, the quote twice',
  CSV_INVALID_CLOSING_QUOTE:
    'a quote that closes a cell is followed by more of it: a quote within a cell is written twice',
}

const badCsv = (line: number, why: string, cause?: unknown): EngineError =>
  new EngineError('DECK_BAD_CSV', `line ${line}: ${why}`, { line }, cause)

const neverClosed = (line: number): EngineError => badCsv(line, 'a quote that opens here is never closed')

const tooLong = (line: number): EngineError =>
  new EngineError(
    'DECK_LINE_TOO_LONG',
    `line ${line} is longer than ${MOST_BYTES_IN_A_LINE} bytes, so this is no deck`,
    {
      line,
    },
  )
