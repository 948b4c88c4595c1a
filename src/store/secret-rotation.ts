/**
 * Brings every secret in the database under one master key, while engines run: a batch a transaction, each row by the
 * key id that stands in it. Ended in the middle nothing is lost, and what remains is done the next time; two that run
 * at once share the rows. It never writes over a secret that was changed meanwhile, and one that no key opens is
 * counted, told and left.
 */
import { codeOf } from '../base/errors.ts'
import type { Database, Queryable } from './database.ts'
import { SECRET_COLUMNS, type SecretColumn } from './secret-columns.ts'
import { decryptSecret, encryptSecret, keyIdOf } from './secret.ts'

export type SecretCount = {
  readonly table: string
  readonly column: string
  /** Under the key that encrypts now. */
  readonly current: number
  /** Under others. */
  readonly old: number
}

export type Rotation = {
  readonly table: string
  readonly column: string
  /** Re-encrypted by this run. */
  readonly rotated: number
  /** No key that we have opens them. */
  readonly unreadable: number
}

/** A batch is a transaction: small enough that nobody waits for its rows. */
const ROWS_A_BATCH = 100

export const countSecrets = async (on: Queryable, masterKey: Buffer): Promise<readonly SecretCount[]> => {
  const counts: SecretCount[] = []
  for (const { table, column } of SECRET_COLUMNS) {
    const [row] = await on.query<{ current: number; old: number }>(
      `SELECT count(*) FILTER (WHERE starts_with(${column}, $1)) AS current,
         count(*) FILTER (WHERE NOT starts_with(${column}, $1)) AS old
       FROM ${table} WHERE ${column} IS NOT NULL`,
      [startOf(masterKey)],
    )
    counts.push({ table, column, current: row?.current ?? 0, old: row?.old ?? 0 })
  }
  return counts
}

/** `masterKeys`: all that may open a secret. `onBatch` hears how many were done each time. Throws STORE_UNAVAILABLE. */
export const rotateSecrets = async (
  database: Database,
  masterKey: Buffer,
  masterKeys: readonly Buffer[],
  onBatch: (column: SecretColumn, rotated: number) => void = () => undefined,
): Promise<readonly Rotation[]> => {
  const rotations: Rotation[] = []
  for (const column of SECRET_COLUMNS) {
    let [rotated, unreadable] = [0, 0]
    let after: string | undefined
    for (;;) {
      const batch = await rotateBatch(database, masterKey, masterKeys, column, after)
      rotated += batch.rotated
      unreadable += batch.unreadable
      if (batch.rotated > 0) onBatch(column, batch.rotated)
      if (batch.last === undefined) break
      after = batch.last
    }
    rotations.push({ table: column.table, column: column.column, rotated, unreadable })
  }
  return rotations
}

type Batch = { readonly rotated: number; readonly unreadable: number; readonly last: string | undefined }

const rotateBatch = (
  database: Database,
  masterKey: Buffer,
  masterKeys: readonly Buffer[],
  { table, column, key }: SecretColumn,
  after: string | undefined,
): Promise<Batch> =>
  database.transaction(async (on) => {
    // As text both kinds of key have an order, and a row that cannot be read is passed instead of met again.
    const rows = await on.query<{ key: string; sealed: string }>(
      `SELECT ${key}::text AS key, ${column} AS sealed FROM ${table}
       WHERE ${column} IS NOT NULL AND NOT starts_with(${column}, $1) AND ($2::text IS NULL OR ${key}::text > $2)
       ORDER BY ${key}::text LIMIT ${ROWS_A_BATCH} FOR UPDATE`,
      [startOf(masterKey), after ?? null],
    )
    let [rotated, unreadable] = [0, 0]
    for (const row of rows) {
      const plain = opened(row.sealed, masterKeys)
      if (plain === undefined) {
        unreadable += 1
        continue
      }
      await on.query(`UPDATE ${table} SET ${column} = $1 WHERE ${key}::text = $2`, [
        encryptSecret(masterKey, plain),
        row.key,
      ])
      rotated += 1
    }
    return { rotated, unreadable, last: rows.at(-1)?.key }
  })

const opened = (sealed: string, masterKeys: readonly Buffer[]): string | undefined => {
  try {
    return decryptSecret(masterKeys, sealed)
  } catch (fault) {
    if (codeOf(fault) === 'STORE_BAD_SECRET') return undefined
    throw fault
  }
}

/** How a secret begins that stands under the key. */
const startOf = (masterKey: Buffer): string => `v1.${keyIdOf(masterKey)}.`
