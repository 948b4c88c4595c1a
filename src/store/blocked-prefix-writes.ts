/** Rows of what must not be called: the platform's, and each organisation's own. */
import type { Database, Queryable } from './database.ts'
import { id, matching, oneOf, plain } from './input.ts'
import { given, insertRow, removeRow, updateOwned, type Changes, type Columns } from './row-writes.ts'

export type NewBlockedPrefix = {
  /** Undefined or null: the platform's, for every organisation. */
  readonly organizationId?: number | null | undefined
  /** 1 to 15 digits, without plus. */
  readonly prefix: string
  /** `block` (default), or `allow` what lies within a blocked one. */
  readonly action?: string | undefined
  /** Why, for people; null: none. */
  readonly note?: string | null | undefined
  readonly enabled?: boolean | undefined
}

export const addBlockedPrefix = async (on: Queryable, record: NewBlockedPrefix): Promise<number> =>
  insertRow(on, 'blocked_prefixes', {
    organization_id: given(record.organizationId, (value) => id('organizationId', value)),
    ...columnsOf(record),
  })

/** For whom it is stays. False: there is no such row. */
export const updateBlockedPrefix = (
  on: Database | Queryable,
  rowId: number,
  changes: Changes<NewBlockedPrefix>,
): Promise<boolean> =>
  updateOwned(on, { table: 'blocked_prefixes', id: rowId }, changes.organizationId, columnsOf(changes))

export const removeBlockedPrefix = (on: Database | Queryable, rowId: number): Promise<boolean> =>
  removeRow(on, 'blocked_prefixes', rowId)

const columnsOf = (record: Changes<NewBlockedPrefix>): Columns => ({
  prefix: given(record.prefix, (value) =>
    matching('prefix', value, /^[0-9]{1,15}$/, 'it is 1 to 15 digits, without plus'),
  ),
  action: given(record.action, (value) => oneOf('action', value, ['block', 'allow'])),
  note:
    record.note === null
      ? ''
      : given(record.note, (value) => (value === '' ? value : plain('note', value, 255))),
  enabled: record.enabled,
})
