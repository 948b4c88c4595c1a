/** The keys under which an organisation's recordings are encrypted, each sealed by the master key. */
import { randomBytes } from 'node:crypto'
import { EngineError } from '../base/errors.ts'
import type { Database, Queryable } from './database.ts'
import { decryptSecret, encryptSecret } from './secret.ts'

export type OrganizationKey = { readonly id: number; readonly key: Buffer }

export type KeyRing = {
  /** The organisation's present key; made at its first recording. */
  readonly current: (organizationId: number) => Promise<OrganizationKey>
  /** Throws STORE_NO_KEY, STORE_BAD_SECRET. */
  readonly byId: (keyId: number) => Promise<Buffer>
  /**
   * Makes a new key for the organisation and wraps the keys of all of its files anew; the files stay as they are. What
   * was interrupted is finished by the next rotation. `rewrap` throws where the old key does not open what it should.
   */
  readonly rotate: (
    organizationId: number,
    rewrap: Rewrap,
  ) => Promise<{ readonly keyId: number; readonly files: number }>
}

export type Rewrap = (
  wrapped: Buffer,
  file: { readonly recordingId: string; readonly part: string },
  from: Buffer,
  to: Buffer,
) => Buffer

const KEY_BYTES = 32
const FILES_A_BATCH = 500

/** `masterKeys`: the first seals, all open. */
export const createKeyRing = (database: Database, masterKeys: readonly [Buffer, ...Buffer[]]): KeyRing => {
  // Keys never change: one that was opened is kept. How many there are grows with rotations, not with recordings.
  const opened = new Map<number, Buffer>()
  const open = (id: number, sealed: string): Buffer => {
    const key = opened.get(id) ?? Buffer.from(decryptSecret(masterKeys, sealed), 'base64')
    opened.set(id, key)
    return key
  }
  const byId = async (keyId: number): Promise<Buffer> => {
    const known = opened.get(keyId)
    if (known !== undefined) return known
    const [row] = await database.query<KeyRow>('SELECT id, sealed_key FROM recording_keys WHERE id = $1', [
      keyId,
    ])
    if (row === undefined) throw new EngineError('STORE_NO_KEY', `there is no recording key ${keyId}`)
    return open(row.id, row.sealed_key)
  }
  const make = async (on: Queryable, organizationId: number): Promise<KeyRow | undefined> => {
    const sealed = encryptSecret(masterKeys[0], randomBytes(KEY_BYTES).toString('base64'))
    const [row] = await on.query<KeyRow>(
      `INSERT INTO recording_keys (organization_id, sealed_key) VALUES ($1, $2)
       ON CONFLICT (organization_id) WHERE retired_at IS NULL DO NOTHING RETURNING id, sealed_key`,
      [organizationId, sealed],
    )
    return row
  }
  const present = async (organizationId: number): Promise<KeyRow | undefined> => {
    const [row] = await database.query<KeyRow>(
      'SELECT id, sealed_key FROM recording_keys WHERE organization_id = $1 AND retired_at IS NULL',
      [organizationId],
    )
    return row
  }
  return {
    current: async (organizationId) => {
      // Two engines that make one at once: the second finds the first's.
      const row =
        (await present(organizationId)) ??
        (await make(database, organizationId)) ??
        (await present(organizationId))
      if (row === undefined)
        throw new EngineError('STORE_NO_KEY', `organisation ${organizationId} has no recording key`)
      return { id: row.id, key: open(row.id, row.sealed_key) }
    },
    byId,
    rotate: async (organizationId, rewrap) => {
      const made = await database.transaction(async (transaction) => {
        await transaction.query(
          'UPDATE recording_keys SET retired_at = now() WHERE organization_id = $1 AND retired_at IS NULL',
          [organizationId],
        )
        return make(transaction, organizationId)
      })
      if (made === undefined)
        throw new EngineError('STORE_CONFLICT', 'the key is being rotated by somebody else')
      const to = open(made.id, made.sealed_key)
      let files = 0
      for (;;) {
        const count = await database.transaction(async (transaction) => {
          const rows = await transaction.query<WrappedRow>(
            `SELECT f.recording_uuid, f.part, f.key_id, f.wrapped_key
             FROM recording_files AS f JOIN recordings AS r ON r.uuid = f.recording_uuid
             WHERE r.organization_id = $1 AND f.key_id <> $2 LIMIT ${FILES_A_BATCH} FOR UPDATE OF f`,
            [organizationId, made.id],
          )
          for (const row of rows) {
            const file = { recordingId: row.recording_uuid, part: row.part }
            await transaction.query(
              'UPDATE recording_files SET key_id = $3, wrapped_key = $4 WHERE recording_uuid = $1 AND part = $2',
              [
                file.recordingId,
                file.part,
                made.id,
                rewrap(row.wrapped_key, file, await byId(row.key_id), to),
              ],
            )
          }
          return rows.length
        })
        files += count
        if (count < FILES_A_BATCH) return { keyId: made.id, files }
      }
    },
  }
}

type KeyRow = { readonly id: number; readonly sealed_key: string }

type WrappedRow = {
  readonly recording_uuid: string
  readonly part: string
  readonly key_id: number
  readonly wrapped_key: Buffer
}
