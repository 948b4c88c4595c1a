/**
 * What is due: recordings to delete, to move, and objects that were left over. Each is claimed by itself in one statement
 * that asks again whether it is due, so that a hold which came in between counts.
 */
import type { StorageClass } from '../config/storage-classes.ts'
import type { RecordingPart } from '../recording/file-name.ts'
import type { Database, Queryable } from './database.ts'
import { placeOf } from './recording-reads.ts'
import { audit, leave, type ObjectPlace, type PlaceRow } from './recording-writes.ts'

export type DueRecording = { readonly recordingId: string; readonly organizationId: number }

/**
 * Recordings whose time is over by `now`, or that were deleted `purgeDays` before it, and those whose purge was
 * interrupted. Never one that is held. Oldest first, `limit` at the most, after `after`.
 */
export const listDue = async (
  on: Queryable,
  now: number,
  purgeDays: number,
  limit: number,
  after: string | undefined,
): Promise<readonly DueRecording[]> => {
  const rows = await on.query<{ readonly uuid: string; readonly organization_id: number }>(
    `SELECT uuid, organization_id FROM recordings WHERE ${DUE} AND ($3::uuid IS NULL OR uuid > $3) ORDER BY uuid LIMIT $4`,
    [new Date(now).toISOString(), purgeDays, after ?? null, limit],
  )
  return rows.map((row) => ({ recordingId: row.uuid, organizationId: row.organization_id }))
}

/** From here on nobody can hold or hear it. False: it is not due any more. */
export const claimDue = async (
  on: Queryable,
  recordingId: string,
  now: number,
  purgeDays: number,
): Promise<boolean> => {
  const rows = await on.query(
    `UPDATE recordings SET purging_at = coalesce(purging_at, now()) WHERE ${DUE} AND uuid = $3 RETURNING uuid`,
    [new Date(now).toISOString(), purgeDays, recordingId],
  )
  return rows.length > 0
}

/** A late part of what was purged is purged too. */
const DUE = `purged_at IS NULL AND (purging_at IS NOT NULL
  OR (legal_hold_at IS NULL AND (retain_until <= $1::timestamptz
    OR deleted_at <= $1::timestamptz - make_interval(days => $2))))`

export type DueFile = {
  readonly recordingId: string
  readonly part: RecordingPart
  readonly at: ObjectPlace
}

export const filesOf = async (on: Queryable, recordingId: string): Promise<readonly DueFile[]> => {
  const rows = await on.query<PlaceRow & { readonly part: RecordingPart }>(
    `SELECT part, store, bucket, storage_key FROM recording_files
     WHERE recording_uuid = $1 AND removed_at IS NULL ORDER BY part`,
    [recordingId],
  )
  return rows.map((row) => ({ recordingId, part: row.part, at: placeOf(row) }))
}

/** Its object is gone. The key goes with it: nothing opens what somebody may still have. */
export const markRemoved = async (on: Queryable, { recordingId, part }: DueFile): Promise<void> => {
  await on.query(
    `UPDATE recording_files SET removed_at = now(), key_id = NULL, wrapped_key = NULL
     WHERE recording_uuid = $1 AND part = $2`,
    [recordingId, part],
  )
}

/** All of its objects are gone. */
export const markPurged = (on: Database, { recordingId, organizationId }: DueRecording): Promise<void> =>
  on.transaction(async (transaction) => {
    await transaction.query(
      `UPDATE recordings SET purged_at = now() WHERE uuid = $1
         AND NOT EXISTS (SELECT 1 FROM recording_files WHERE recording_uuid = $1 AND removed_at IS NULL)`,
      [recordingId],
    )
    await audit(transaction, { recordingId, organizationId, action: 'purged', who: 'retention' })
  })

export type FileToArchive = DueFile & {
  readonly organizationId: number
  readonly storedBytes: number
  readonly contentType: string
  readonly target: 'folder' | 'bucket'
  readonly folder: string | undefined
  readonly bucket: string | undefined
  readonly storageClass: StorageClass | undefined
}

/** Files whose archive policy says that they move by `now`. */
export const listToArchive = async (
  on: Queryable,
  now: number,
  limit: number,
): Promise<readonly FileToArchive[]> => {
  const rows = await on.query<ArchiveRow>(
    `SELECT f.recording_uuid, f.part, f.store, f.bucket, f.storage_key, f.stored_bytes, f.format, f.key_id,
       r.organization_id, p.target, p.folder, p.bucket AS target_bucket, p.storage_class
     FROM recording_files AS f
     JOIN recordings AS r ON r.uuid = f.recording_uuid
     JOIN archive_policies AS p ON p.id = r.archive_policy_id
       AND (p.organization_id IS NULL OR p.organization_id = r.organization_id)
     WHERE f.archived_at IS NULL AND f.removed_at IS NULL AND r.deleted_at IS NULL AND r.purging_at IS NULL
       AND r.started_at <= $1::timestamptz - make_interval(days => p.after_days)
     ORDER BY r.started_at LIMIT $2`,
    [new Date(now).toISOString(), limit],
  )
  return rows.map((row) => ({
    recordingId: row.recording_uuid,
    part: row.part,
    at: placeOf(row),
    organizationId: row.organization_id,
    storedBytes: row.stored_bytes,
    contentType:
      row.key_id === null
        ? `audio/${row.format === 'mp3' ? 'mpeg' : row.format}`
        : 'application/octet-stream',
    target: row.target,
    folder: row.folder ?? undefined,
    bucket: row.target_bucket ?? undefined,
    storageClass: row.storage_class ?? undefined,
  }))
}

type ArchiveRow = PlaceRow & {
  readonly recording_uuid: string
  readonly part: RecordingPart
  readonly stored_bytes: number
  readonly format: string
  readonly key_id: number | null
  readonly organization_id: number
  readonly target: 'folder' | 'bucket'
  readonly folder: string | null
  readonly target_bucket: string | null
  readonly storage_class: StorageClass | null
}

/** The row points to the copy, and what it pointed to is left over. False: it changed meanwhile; the copy is left over. */
export const moveFile = (on: Database, file: FileToArchive, to: ObjectPlace): Promise<boolean> =>
  on.transaction(async (transaction) => {
    const moved = await transaction.query(
      `UPDATE recording_files SET store = $4, bucket = $5, storage_key = $6, archived_at = now()
       WHERE recording_uuid = $1 AND part = $2 AND storage_key = $3 AND removed_at IS NULL RETURNING part`,
      [file.recordingId, file.part, file.at.key, to.store, to.bucket ?? null, to.key],
    )
    const row = (place: ObjectPlace): PlaceRow => ({
      store: place.store,
      bucket: place.bucket ?? null,
      storage_key: place.key,
    })
    if (moved.length === 0) {
      await leave(transaction, row(to))
      return false
    }
    await leave(transaction, row(file.at))
    const { recordingId, organizationId, part } = file
    const detail = to.store === 's3' ? `bucket ${to.bucket ?? ''}` : `folder ${file.folder ?? ''}`
    await audit(transaction, {
      recordingId,
      organizationId,
      part,
      action: 'archived',
      who: 'archive policy',
      detail,
    })
    return true
  })

export type Leftover = { readonly id: number; readonly at: ObjectPlace }

/** Those that were left so long ago, by the database's clock, that nobody reads them any more. */
export const listLeftovers = async (on: Queryable, agoMs: number): Promise<readonly Leftover[]> => {
  const rows = await on.query<PlaceRow & { readonly id: number }>(
    `SELECT l.id, l.store, l.bucket, l.storage_key FROM recording_leftovers AS l WHERE l.left_at <= now() - make_interval(secs => $1)
       AND NOT EXISTS (SELECT 1 FROM recording_files AS f WHERE f.storage_key = l.storage_key AND f.store = l.store
         AND f.bucket IS NOT DISTINCT FROM l.bucket AND f.removed_at IS NULL)
     ORDER BY l.id LIMIT 1000`,
    [agoMs / 1_000],
  )
  return rows.map((row) => ({ id: row.id, at: placeOf(row) }))
}

export const forgetLeftover = async (on: Queryable, leftoverId: number): Promise<void> => {
  await on.query('DELETE FROM recording_leftovers WHERE id = $1', [leftoverId])
}
