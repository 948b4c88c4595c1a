/**
 * Call records as flat rows for files: every column of CDR_COLUMNS as the table has it, so that a new column is in the
 * next export by itself, and what a call cost in all beside its A leg.
 */
import type { CdrQuery } from '../cdr/query.ts'
import { formatMoney } from '../telephony/money.ts'
import { readCallSums } from './call-sums.ts'
import { CDR_COLUMNS } from './cdr-columns.ts'
import { searchCdrs, type FoundRow } from './cdr-search.ts'
import type { Queryable } from './database.ts'

export type ExportColumn =
  | { readonly name: string; readonly kind: 'text' | 'integer' | 'boolean' | 'moment' | 'json' }
  | { readonly name: string; readonly kind: 'decimal'; readonly precision: number; readonly scale: number }

/** In PostgreSQL's own text, a moment in microseconds since the epoch. */
export type ExportRow = Readonly<Record<string, string | null>>

/** In the order in which they stand in a file. Throws STORE_UNAVAILABLE. */
export const exportColumns = async (on: Queryable): Promise<readonly ExportColumn[]> => {
  const rows = await on.query<{ name: string; type: string; modifier: number }>(
    `SELECT attname AS name, format_type(atttypid, NULL) AS type, atttypmod AS modifier FROM pg_attribute
     WHERE attrelid = 'call_detail_records'::regclass AND attnum > 0 AND NOT attisdropped`,
  )
  const known = new Map(rows.map(({ name, type, modifier }) => [name, columnOf(name, type, modifier)]))
  return [
    ...CDR_COLUMNS.flatMap(([name]) => known.get(name) ?? []),
    ...SUMS.map((sum) => ({ name: `call_${sum}`, kind: 'decimal', precision: 20, scale: 8 }) as const),
    { name: CALL_CURRENCY, kind: 'text' },
  ]
}

/** Oldest first. Throws STORE_BAD_INPUT before the first batch, and STORE_UNAVAILABLE. */
export async function* exportRows(
  on: Queryable,
  query: CdrQuery,
  columns: readonly ExportColumn[],
): AsyncGenerator<readonly ExportRow[], void, undefined> {
  const select = columns
    .filter(({ name }) => !name.startsWith('call_') || name === 'call_id')
    .map(selected)
    .join(', ')
  const search = searchCdrs<ExportRow>(on, { query, select, order: 'oldest', batch: () => ROWS_A_BATCH })
  for await (const { rows } of search) if (rows.length > 0) yield await withSums(on, rows)
}

const ROWS_A_BATCH = 2_000

const SUMS = ['cost', 'sale', 'tax', 'margin'] as const
const CALL_CURRENCY = 'call_currency'

const withSums = async (
  on: Queryable,
  rows: readonly (ExportRow & FoundRow)[],
): Promise<readonly ExportRow[]> => {
  const calls = rows.flatMap((row) => (row['leg'] === 'A' ? [row['call_id'] ?? ''] : []))
  const times = { earliest: rows[0]?.start_us ?? 0, latest: rows.at(-1)?.start_us ?? 0 }
  const sums = await readCallSums(on, calls, {
    earliest: Math.floor(times.earliest / 1_000),
    latest: Math.ceil(times.latest / 1_000),
  })
  return rows.map((row: ExportRow): ExportRow => {
    const found = row['leg'] === 'A' ? sums.get(row['call_id'] ?? '') : undefined
    if (found === undefined) return row
    const told = SUMS.flatMap((sum) => {
      const part = found[sum]
      return part === undefined ? [] : [[`call_${sum}`, formatMoney(part.amount)] as const]
    })
    return {
      ...row,
      ...Object.fromEntries(told),
      [CALL_CURRENCY]: (found.cost ?? found.sale)?.currency ?? null,
    }
  })
}

const selected = ({ name, kind }: ExportColumn): string =>
  // The search selects it already.
  name === 'leg_uuid'
    ? 'c.leg_uuid'
    : kind === 'moment'
      ? `(extract(epoch FROM c.${name}) * 1000000)::bigint::text AS ${name}`
      : `c.${name}::text AS ${name}`

const columnOf = (name: string, type: string, modifier: number): ExportColumn => {
  switch (type) {
    case 'integer':
      return { name, kind: 'integer' }
    case 'boolean':
      return { name, kind: 'boolean' }
    case 'timestamp with time zone':
      return { name, kind: 'moment' }
    case 'jsonb':
      return { name, kind: 'json' }
    case 'numeric':
      // PostgreSQL's numeric.c: the modifier holds both, 4 bytes of header added. Without one there is no bound.
      return modifier < 4
        ? { name, kind: 'text' }
        : { name, kind: 'decimal', precision: ((modifier - 4) >> 16) & 0xffff, scale: (modifier - 4) & 0x7ff }
    default:
      return { name, kind: 'text' }
  }
}
