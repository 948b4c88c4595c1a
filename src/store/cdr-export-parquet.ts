/**
 * Call records as a Parquet file: a row group each time enough rows have come, so that no more than one group is in
 * memory, however long the file. Money is DECIMAL, exact; moments are TIMESTAMP in UTC, to the microsecond.
 */
import { ByteWriter, ParquetWriter, type ColumnSource, type SchemaElement } from 'hyparquet-writer'
import { EngineError } from '../base/errors.ts'
import type { ExportColumn, ExportRow } from './cdr-export-rows.ts'

/** The file in pieces, one a row group and one for its end. */
export async function* parquetOf(
  columns: readonly ExportColumn[],
  batches: AsyncIterable<readonly ExportRow[]>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = new ByteWriter(FIRST_BUFFER_BYTES)
  const file = new ParquetWriter({ writer, schema: schemaOf(columns), createdBy: 'strowger' })
  // Offsets go on counting; what was taken is overwritten.
  const take = (): Uint8Array => {
    const bytes = writer.getBytes().slice()
    writer.index = 0
    return bytes
  }
  let group: ExportRow[] = []
  for await (const rows of batches) {
    group.push(...rows)
    if (group.length < ROWS_A_GROUP) continue
    write(file, columns, group)
    group = []
    yield take()
  }
  if (group.length > 0) write(file, columns, group)
  finished(file.finish())
  yield take()
}

/** A group costs some kilobytes of the file's end, which is kept until then: fewer is flatter. */
const ROWS_A_GROUP = 50_000
const FIRST_BUFFER_BYTES = 1024 * 1024

const write = (file: ParquetWriter, columns: readonly ExportColumn[], rows: readonly ExportRow[]): void => {
  const columnData = columns.map((column): ColumnSource => {
    const { name } = column
    return { name, data: rows.map((row) => valueOf(column, row[name] ?? null)), offsetIndex: false }
  })
  finished(file.write({ columnData, rowGroupSize: rows.length }))
}

/** The writer waits for nothing where its sink does not. */
const finished = (pending: void | Promise<void>): void => {
  if (pending !== undefined)
    throw new EngineError('STORE_EXPORT_FAILED', 'the Parquet writer did not write at once')
}

const schemaOf = (columns: readonly ExportColumn[]): SchemaElement[] => [
  { name: 'call_records', num_children: columns.length },
  ...columns.map((column): SchemaElement => ({
    name: column.name,
    repetition_type: 'OPTIONAL',
    ...elementOf(column),
  })),
]

const elementOf = (column: ExportColumn): Omit<SchemaElement, 'name'> => {
  switch (column.kind) {
    case 'integer':
      return { type: 'INT32' }
    case 'boolean':
      return { type: 'BOOLEAN' }
    case 'moment':
      return {
        type: 'INT64',
        converted_type: 'TIMESTAMP_MICROS',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
      }
    case 'json':
      return { type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } }
    case 'decimal': {
      const { precision, scale } = column
      return {
        type: 'FIXED_LEN_BYTE_ARRAY',
        type_length: bytesFor(precision),
        converted_type: 'DECIMAL',
        logical_type: { type: 'DECIMAL', precision, scale },
        precision,
        scale,
      }
    }
    case 'text':
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
  }
}

/** The least that holds so many digits and a sign (Parquet, LogicalTypes.md, DECIMAL). */
const bytesFor = (precision: number): number => Math.ceil((precision * Math.log2(10) + 1) / 8)

const valueOf = (column: ExportColumn, text: string | null): unknown => {
  if (text === null) return null
  switch (column.kind) {
    case 'integer':
      return Number(text)
    case 'boolean':
      return text === 'true'
    case 'moment':
      return BigInt(text)
    case 'json':
      return JSON.parse(text) as unknown
    case 'decimal':
      return unscaled(text, column.scale)
    case 'text':
      return text
  }
}

/** `-0.01700001` at scale 8 as -1700001. */
const unscaled = (text: string, scale: number): bigint => {
  const [whole = '0', fraction = ''] = text.split('.')
  const digits = BigInt(`${whole.replace('-', '')}${fraction.padEnd(scale, '0').slice(0, scale)}`)
  return text.startsWith('-') ? -digits : digits
}
