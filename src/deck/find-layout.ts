/**
 * Where the header of a deck is, and which character parts its columns. Carriers put titles, addresses and notes
 * above the header; the header is the first row that names a column of prefixes and one of prices.
 */
import { codeOf, EngineError } from '../base/errors.ts'
import { DELIMITERS, type DeckFormat, type Delimiter } from './format.ts'
import { layoutByNumber, layoutOf, namesIn, type Layout } from './header.ts'
import { createRecordCutter, type Records } from './records.ts'
import { visible } from './visible.ts'

/** What stands above a header is a letterhead, and no deck. */
export const MOST_LINES_ABOVE = 50

export type FoundLayout = {
  readonly layout: Layout
  /** Undefined: the file has none. */
  readonly headerLine: number | undefined
  /** Index of the first record below. */
  readonly firstRow: number
}

/** Throws DECK_NO_HEADER, DECK_AMBIGUOUS_HEADER. */
export const findLayout = ({ cells, lines }: Records, format: DeckFormat): FoundLayout => {
  const { headerRow } = format
  const byNumber = layoutByNumber(format)
  if (headerRow === false || (headerRow === undefined && byNumber !== undefined)) {
    if (byNumber === undefined)
      throw noHeader('without a header the option columns must number the columns of prefix and price', cells)
    // Without a header row told, what stands above the first digits is a title.
    const first = cells.findIndex((row) => /\d/.test(row[byNumber.columns.prefix] ?? ''))
    return { layout: byNumber, headerLine: undefined, firstRow: headerRow === false ? 0 : Math.max(first, 0) }
  }
  for (const [index, row] of cells.entries()) {
    const line = lines[index] ?? 0
    if (headerRow === undefined ? line > MOST_LINES_ABOVE : line > headerRow) break
    if (headerRow !== undefined && line !== headerRow) continue
    const layout = layoutOf(row, format)
    if (layout !== undefined) return { layout, headerLine: line, firstRow: index + 1 }
  }
  throw noHeader(
    headerRow === undefined
      ? `no header in the first ${MOST_LINES_ABOVE} lines names ${wantedBy(format)}`
      : `line ${headerRow} is no header that names ${wantedBy(format)}`,
    cells,
  )
}

/** The delimiter whose columns make a header; without one, the one that gives the most columns most steadily. */
export const findDelimiter = (text: string, lineEnd: '\n' | '\r', format: DeckFormat): Delimiter => {
  if (format.delimiter !== undefined) return format.delimiter
  const sample = firstLines(text, lineEnd, MOST_LINES_ABOVE + 10)
  const scored = DELIMITERS.map((delimiter) => ({
    delimiter,
    score: scoreOf(sample, delimiter, lineEnd, format),
  }))
  const [best] = scored.sort(
    (a, b) => b.score - a.score || TIES.indexOf(a.delimiter) - TIES.indexOf(b.delimiter),
  )
  return best?.delimiter ?? ','
}

/** A comma stands in prices and names, so that it comes last. */
const TIES: readonly Delimiter[] = [';', '\t', '|', ',']

const scoreOf = (sample: string, delimiter: Delimiter, lineEnd: '\n' | '\r', format: DeckFormat): number => {
  let records: Records
  try {
    records = createRecordCutter(delimiter, lineEnd, { line: 1, bytes: 0 }).cut(sample)
    const found = findLayout(records, format)
    if (found.headerLine !== undefined) return 1_000 + namesIn(found.layout.headers)
  } catch (fault) {
    const code = codeOf(fault)
    if (code === 'DECK_AMBIGUOUS_HEADER') return 1_000
    if (code === 'DECK_TOO_MANY_COLUMNS') return 1
    if (code === 'DECK_LINE_TOO_LONG') return 0
    if (fault instanceof EngineError && code === 'DECK_BAD_CSV') {
      // Wrong quotes are heard of when the file is read; what stands above them still shows the columns.
      const above = Number(fault.details['line']) - 1
      return above < 1 ? -1 : scoreOf(firstLines(sample, lineEnd, above), delimiter, lineEnd, format) - 0.5
    }
    if (code !== 'DECK_NO_HEADER') throw fault
    return 0
  }
  const widths = records.cells.map((row) => row.length)
  const counts = new Map<number, number>()
  for (const width of widths) counts.set(width, (counts.get(width) ?? 0) + 1)
  const [usual = 1, times = 0] = [...counts].sort((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? []
  return usual === 1 ? 0 : Math.floor((10 * times) / widths.length) + usual / 100
}

const firstLines = (text: string, lineEnd: string, lines: number): string => {
  let end = 0
  for (let line = 0; line < lines; line += 1) {
    const next = text.indexOf(lineEnd, end)
    if (next < 0) return text
    end = next + 1
  }
  return text.slice(0, end)
}

const wantedBy = ({ columns }: DeckFormat): string => {
  const told = Object.values(columns ?? {}).filter((column) => typeof column === 'string')
  return `${told.length === 0 ? '' : `${told.map((header) => `"${header}"`).join(', ')}, `}a column of prefixes (Prefix, Dial Code, Area Code ...) and one of prices (Rate, Price ...)`
}

const noHeader = (why: string, cells: Records['cells']): EngineError => {
  const closest = [...cells.slice(0, MOST_LINES_ABOVE)].sort((a, b) => namesIn(b) - namesIn(a))[0] ?? []
  return new EngineError('DECK_NO_HEADER', `${why}: say which by the option columns`, {
    closest: closest.slice(0, 30).map((cell) => visible(cell, 60)),
  })
}
