/**
 * One row, written by its columns. Names of tables and columns come from our own files, values always go as
 * parameters. A column that is undefined is left as it is, one that is null is emptied.
 */
import type { Database, Queryable } from './database.ts'
import { badInput, conflict, guarded, id, madeId } from './input.ts'

export type RecordTable =
  | 'organizations'
  | 'carriers'
  | 'gateways'
  | 'users'
  | 'devices'
  | 'numbers'
  | 'lcr_profiles'
  | 'lcr_routes'
  | 'blocked_prefixes'
  | 'caller_id_rules'
  | 'carrier_caller_ids'
  | 'rate_decks'
  | 'tax_rates'

export type Columns = Readonly<Record<string, unknown>>

/** Of a record with its fields: any of them, or none. */
export type Changes<Fields> = { readonly [Field in keyof Fields]?: Fields[Field] | undefined }

/** Checks what is given; undefined and null mean what they mean to a column. */
export const given = <Value, Checked>(
  value: Value | null | undefined,
  check: (value: Value) => Checked,
): Checked | null | undefined => {
  if (value === undefined) return undefined
  return value === null ? null : check(value)
}

/** The new row's id. */
export const insertRow = async (on: Queryable, table: RecordTable, columns: Columns): Promise<number> => {
  const [names, values] = namesAndValues(columns)
  const text = `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map((_, at) => `$${at + 1}`).join(', ')}) RETURNING id`
  return guarded(async () => madeId(await on.query<{ id: number }>(text, values)))
}

/** False: there is no such row. */
export const updateRow = async (
  on: Queryable,
  table: RecordTable,
  rowId: number,
  columns: Columns,
): Promise<boolean> => {
  const [names, values] = namesAndValues(columns)
  const assignments = [...names.map((name, at) => `${name} = $${at + 2}`), 'updated_at = now()']
  const text = `UPDATE ${table} SET ${assignments.join(', ')} WHERE id = $1 RETURNING id`
  const rows = await guarded(() => on.query(text, [id('id', rowId), ...values]))
  return rows.length > 0
}

const namesAndValues = (columns: Columns): readonly [readonly string[], readonly unknown[]] => {
  const set = Object.entries(columns).filter(([, value]) => value !== undefined)
  return [set.map(([name]) => name), set.map(([, value]) => value)]
}

/** Rows of `table` whose `column` holds the id; `word` and `words` are what people call one and several. */
export type Referrer = {
  readonly table: RecordTable
  readonly column: string
  readonly word: string
  readonly words: string
}

/** So many of each kind are named where something refers to a row. */
const MOST_NAMED = 5

/** False: there is no such row. STORE_CONFLICT names what refers to it. */
export const removeRow = (
  on: Database | Queryable,
  table: RecordTable,
  rowId: number,
  referrers: readonly Referrer[] = [],
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    // Whoever would come to refer to the row waits: a foreign key takes FOR KEY SHARE.
    const found = await transaction.query(`SELECT 1 FROM ${table} WHERE id = $1 FOR UPDATE`, [
      id('id', rowId),
    ])
    if (found.length === 0) return false
    const named: string[] = []
    for (const { table: from, column, word, words } of referrers) {
      const rows = await transaction.query<{ id: number }>(
        `SELECT id FROM ${from} WHERE ${column} = $1 ORDER BY id LIMIT ${MOST_NAMED + 1}`,
        [rowId],
      )
      const ids = rows.slice(0, MOST_NAMED).map((row) => row.id)
      if (ids.length === 0) continue
      const more = rows.length > MOST_NAMED ? ' and more' : ''
      named.push(`${ids.length === 1 ? word : words} ${ids.join(', ')}${more}`)
    }
    if (named.length > 0) {
      throw conflict('id', `it is needed by ${named.join('; ')}: remove or change what needs it first`)
    }
    await guarded(() => transaction.query(`DELETE FROM ${table} WHERE id = $1`, [rowId]))
    return true
  })

/** The row as it is, kept from others until the transaction ends. */
export const lockRow = async <Row extends object>(
  on: Queryable,
  table: RecordTable,
  rowId: number,
  columns: string,
): Promise<Row | undefined> => {
  const [row] = await on.query<Row>(`SELECT ${columns} FROM ${table} WHERE id = $1 FOR UPDATE`, [
    id('id', rowId),
  ])
  return row
}

/** Refuses to change what other rows were checked against. The value that it has may be given again. */
export const stays = (
  field: string,
  value: number | string | null | undefined,
  current: number | string | null,
): void => {
  if (value !== undefined && value !== current)
    throw badInput(field, 'it stays as it was added; add another record instead')
}

/** Makes it a transaction where it is not part of one. */
export const inTransaction = <Result>(
  on: Database | Queryable,
  work: (on: Queryable) => Promise<Result>,
): Promise<Result> => ('transaction' in on ? on.transaction(work) : work(on))

/**
 * Changes a row whose owner stays: what refers to it was checked against that. `check` may refuse more before
 * anything is written. False: there is no such row.
 */
export const updateOwned = (
  on: Database | Queryable,
  row: { readonly table: RecordTable; readonly id: number },
  organizationId: number | null | undefined,
  columns: Columns,
  check?: (transaction: Queryable, owner: number | null) => Promise<void>,
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const current = await lockRow<{ organization_id: number | null }>(
      transaction,
      row.table,
      row.id,
      'organization_id',
    )
    if (current === undefined) return false
    stays('organizationId', organizationId, current.organization_id)
    await check?.(transaction, current.organization_id)
    return updateRow(transaction, row.table, row.id, columns)
  })
