/** Call records as a CSV file: a header with the columns' names, a line a record, moments in ISO 8601 in UTC. */
import { csvLine } from '../cdr/csv.ts'
import type { ExportColumn, ExportRow } from './cdr-export-rows.ts'

/** The file in pieces, one a batch; without rows the header alone. */
export async function* csvOf(
  columns: readonly ExportColumn[],
  batches: AsyncIterable<readonly ExportRow[]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield UTF8.encode(csvLine(columns.map(({ name }) => ({ value: name, isText: false }))))
  for await (const rows of batches) yield UTF8.encode(rows.map((row) => lineOf(columns, row)).join(''))
}

const UTF8 = new TextEncoder()

const lineOf = (columns: readonly ExportColumn[], row: ExportRow): string =>
  csvLine(
    columns.map(({ name, kind }) => {
      const value = row[name] ?? null
      if (value === null) return { value, isText: false }
      if (kind === 'moment') return { value: momentOf(value), isText: false }
      return { value, isText: kind === 'text' || kind === 'json' }
    }),
  )

/** To the millisecond, as the API tells it. */
const momentOf = (microseconds: string): string => {
  const milliseconds = Math.floor(Number(microseconds) / 1_000)
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString() : ''
}
