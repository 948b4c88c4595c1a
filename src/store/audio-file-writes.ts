/** Uploaded sounds: added and removed, never changed, so that what the switch plays under a name stays what it was. */
import { createHash } from 'node:crypto'
import type { AudioFile } from '../directory/recording-records.ts'
import type { Database, Queryable } from './database.ts'
import { conflict, guarded, id, madeId, name } from './input.ts'
import { AUDIO_FILES } from './recording-policy-rows.ts'
import { inTransaction } from './row-writes.ts'

export type NewAudioFile = {
  readonly organizationId: number
  readonly name: string
  /** WAV, PCM of 16 bit, one channel. */
  readonly content: Buffer
  readonly sampleRate: number
  readonly durationMs: number
}

export const listAudioFiles = (
  on: Queryable,
  organizationId: number | undefined,
): Promise<readonly AudioFile[]> =>
  on.query<AudioFile>(`${AUDIO_FILES} WHERE $1::integer IS NULL OR organization_id = $1 ORDER BY id`, [
    organizationId ?? null,
  ])

export const findAudioFile = async (on: Queryable, fileId: number): Promise<AudioFile | undefined> => {
  const [row] = await on.query<AudioFile>(`${AUDIO_FILES} WHERE id = $1`, [id('id', fileId)])
  return row
}

export const readAudioFile = async (on: Queryable, fileId: number): Promise<Buffer | undefined> => {
  const [row] = await on.query<{ content: Buffer }>('SELECT content FROM audio_files WHERE id = $1', [fileId])
  return row?.content
}

/** The new file's id. */
export const addAudioFile = async (on: Queryable, file: NewAudioFile): Promise<number> =>
  guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        `INSERT INTO audio_files (organization_id, name, content, sha256, sample_rate, duration_ms)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
        [
          id('organizationId', file.organizationId),
          name('name', file.name, 255),
          file.content,
          createHash('sha256').update(file.content).digest('hex'),
          file.sampleRate,
          file.durationMs,
        ],
      ),
    ),
  )

/** STORE_CONFLICT where a policy plays it. False: there was none. */
export const removeAudioFile = (on: Database | Queryable, fileId: number): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    const found = await transaction.query('SELECT 1 FROM audio_files WHERE id = $1 FOR UPDATE', [
      id('id', fileId),
    ])
    if (found.length === 0) return false
    const [policy] = await transaction.query<{ id: number }>(
      'SELECT id FROM recording_policies WHERE announcement_file_id = $1 ORDER BY id LIMIT 1',
      [fileId],
    )
    if (policy !== undefined)
      throw conflict('id', `it is needed by recording policy ${policy.id}: change that first`)
    await transaction.query('DELETE FROM audio_files WHERE id = $1', [fileId])
    return true
  })
