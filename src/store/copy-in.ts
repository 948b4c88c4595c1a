/**
 * Rows into a table by COPY: the format that PostgreSQL reads with the least work, and that takes any number of columns
 * without a parameter for each. The text format of COPY is described in PostgreSQL's manual under COPY, "Text Format".
 */
import type pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { CellValue } from './cdr-columns.ts'

/** Feeds `rows` to a `COPY ... FROM STDIN` on a connection that a transaction holds. Rejects with what pg throws. */
export const copyIn = (client: pg.PoolClient, statement: string, rows: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(statement))
    // Also where the connection is lost: then no callback of a write comes any more.
    stream.on('error', reject)
    stream.once('finish', resolve)
    stream.end(rows)
  })

/** One line of COPY's text format, with its end. Fields of a row edited by hand may be missing: that is NULL. */
export const copyLine = (cells: readonly (CellValue | undefined)[]): string =>
  `${cells.map(copyCell).join('\t')}\n`

const copyCell = (cell: CellValue | undefined): string => {
  if (cell === null || cell === undefined) return '\\N'
  if (typeof cell !== 'string') return String(cell)
  return SPECIAL.test(cell) ? cell.replace(ALL_SPECIAL, escaped) : cell
}

const SPECIAL = /[\\\b\f\n\r\t\v]/
const ALL_SPECIAL = /[\\\b\f\n\r\t\v]/g

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

const escaped = (character: string): string => ESCAPES[character] ?? character
