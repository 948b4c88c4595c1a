/**
 * One kind of record over its table, for everybody and for one organisation. Whoever is bound to an organisation sees
 * its own rows and what is offered to it, and changes its own alone: checked in the transaction that writes.
 */
import { EngineError } from '../base/errors.ts'
import type { Collection } from '../http/record-doors.ts'
import type { Database, Queryable } from '../store/database.ts'
import type { RecordReads } from '../store/record-reads.ts'
import type { RecordTable } from '../store/row-writes.ts'
import { checkReferences, seenBy, standingOf } from '../store/tenancy.ts'

export type RecordWrites<New> = {
  /** The new row's id. */
  readonly add: (on: Database | Queryable, record: New) => Promise<number>
  readonly update: (on: Database | Queryable, id: number, changes: Partial<New>) => Promise<boolean>
  readonly remove: (on: Database | Queryable, id: number) => Promise<boolean>
}

export type OwnRecordOptions<New, Row> = {
  readonly database: Database
  readonly table: RecordTable
  readonly reads: RecordReads<Row>
  readonly writes: RecordWrites<New>
  /** What an organisation is told of a row that the platform offers it; default all. */
  readonly offered?: ((row: Row) => Row) | undefined
  /** In the transaction that adds a row for an organisation. */
  readonly added?: ((on: Queryable, id: number) => Promise<void>) | undefined
}

export const ownRecords = <New extends object, Row extends { readonly id: number }>({
  database,
  table,
  reads,
  writes,
  offered = (row) => row,
  added = () => Promise.resolve(),
}: OwnRecordOptions<New, Row>): Collection<New, Row> => {
  const shownTo = async (rows: readonly Row[], boundTo: number | undefined): Promise<readonly Row[]> => {
    if (boundTo === undefined || rows.length === 0) return rows
    const seen = await seenBy(
      database,
      table,
      rows.map(({ id }) => id),
      boundTo,
    )
    return rows.flatMap((row) => {
      const standing = seen.get(row.id)
      return standing === undefined ? [] : [standing === 'own' ? row : offered(row)]
    })
  }
  const get = async (id: number, boundTo: number | undefined): Promise<Row | undefined> => {
    const row = await reads.get(database, id)
    const [shown] = await shownTo(row === undefined ? [] : [row], boundTo)
    return shown
  }
  const there = async (id: number, boundTo: number | undefined): Promise<Row> => {
    const row = await get(id, boundTo)
    if (row !== undefined) return row
    throw new EngineError('STORE_NOT_FOUND', 'the record was removed as soon as it was added')
  }
  /** False: to the organisation there is no such row. */
  const isOwn = async (on: Queryable, id: number, boundTo: number): Promise<boolean> => {
    const standing = await standingOf(on, table, id, boundTo)
    if (standing !== 'offered') return standing === 'own'
    throw new EngineError('ACCESS_FORBIDDEN', "this is the platform's: the organisation may only see it", {
      field: 'id',
    })
  }

  return {
    list: async ({ organizationId, boundTo }) => shownTo(await reads.list(database, organizationId), boundTo),
    get,
    add: async (record, boundTo) => {
      if (boundTo === undefined) return there(await writes.add(database, record), undefined)
      const id = await database.transaction(async (on) => {
        await checkReferences(on, record as Readonly<Record<string, unknown>>, boundTo)
        const made = await writes.add(on, record)
        await added(on, made)
        return made
      })
      return there(id, boundTo)
    },
    update: async (id, changes, boundTo) => {
      if (boundTo === undefined)
        return (await writes.update(database, id, changes)) ? get(id, undefined) : undefined
      const changed = await database.transaction(async (on) => {
        if (!(await isOwn(on, id, boundTo))) return false
        await checkReferences(on, changes, boundTo)
        return writes.update(on, id, changes)
      })
      return changed ? get(id, boundTo) : undefined
    },
    remove: (id, boundTo) =>
      boundTo === undefined
        ? writes.remove(database, id)
        : database.transaction(async (on) => (await isOwn(on, id, boundTo)) && writes.remove(on, id)),
  }
}
