/**
 * Rows of recordings: written when their file is in the store, and never before. Who deletes, holds and listens leaves a
 * line in the audit in the same transaction, or does not do it.
 */
import { isCallUuid } from '../telephony/call-uuid.ts'
import type { RecordingFile, RecordingPart } from '../recording/file-name.ts'
import type { Database, Queryable } from './database.ts'
import { plain } from './input.ts'

export type ObjectPlace = {
  readonly store: 'disk' | 's3'
  readonly bucket: string | undefined
  readonly key: string
}

export type NewRecordingRow = {
  readonly file: RecordingFile
  readonly format: 'wav' | 'mp3' | 'ogg'
  readonly prepared: {
    readonly sampleRate: number
    readonly channels: number
    readonly durationMs: number
    readonly sizeBytes: number
    readonly storedBytes: number
    readonly sha256: string
    readonly sourceBytes: number
    readonly repaired: boolean
  }
  readonly at: ObjectPlace
  /** Milliseconds since the epoch, as retainUntil. */
  readonly startedAt: number
  readonly retainUntil: number | undefined
  readonly archivePolicyId: number | undefined
  readonly keyId: number | undefined
  readonly wrappedKey: Buffer | undefined
  /** Of the row that was seen, where its object is missing. */
  readonly replaces: ObjectPlace | undefined
}

/**
 * `known`: the recording has another object, which stays. A longer file of the same recording takes the place of a shorter
 * one; what that leaves in the store is noted, and removed by the nightly job.
 */
export const insertRecording = (on: Database, row: NewRecordingRow): Promise<'stored' | 'known'> =>
  on.transaction(async (transaction) => {
    const { file, prepared, at } = row
    await transaction.query(
      `INSERT INTO recordings (uuid, organization_id, call_id, policy_id, started_at, retain_until, archive_policy_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7)
       ON CONFLICT (uuid) DO UPDATE SET
         started_at = least(recordings.started_at, excluded.started_at),
         retain_until = CASE WHEN recordings.retain_until IS NOT NULL AND excluded.retain_until IS NOT NULL
           THEN greatest(recordings.retain_until, excluded.retain_until) END,
         purged_at = NULL`,
      [
        file.recordingId,
        file.organizationId,
        file.callId,
        file.policyId,
        new Date(row.startedAt).toISOString(),
        row.retainUntil === undefined ? null : new Date(row.retainUntil).toISOString(),
        row.archivePolicyId ?? null,
      ],
    )
    const [before] = await transaction.query<PlaceRow & { readonly source_bytes: number }>(
      `SELECT store, bucket, storage_key, source_bytes FROM recording_files
       WHERE recording_uuid = $1 AND part = $2 FOR UPDATE`,
      [file.recordingId, file.part],
    )
    if (before !== undefined) {
      const isReplaced = row.replaces?.key === before.storage_key && before.storage_key !== at.key
      if (!isReplaced && before.source_bytes >= prepared.sourceBytes) return 'known'
      if (before.storage_key !== at.key) await leave(transaction, before)
    }
    await transaction.query(
      `INSERT INTO recording_files (recording_uuid, part, format, sample_rate, channels, duration_ms, size_bytes,
         stored_bytes, sha256, source_bytes, repaired, store, bucket, storage_key, key_id, wrapped_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
       ON CONFLICT (recording_uuid, part) DO UPDATE SET
         format = excluded.format, sample_rate = excluded.sample_rate, channels = excluded.channels,
         duration_ms = excluded.duration_ms, size_bytes = excluded.size_bytes, stored_bytes = excluded.stored_bytes,
         sha256 = excluded.sha256, source_bytes = excluded.source_bytes, repaired = excluded.repaired,
         store = excluded.store, bucket = excluded.bucket, storage_key = excluded.storage_key, key_id = excluded.key_id,
         wrapped_key = excluded.wrapped_key, stored_at = now(), archived_at = NULL, removed_at = NULL`,
      [
        file.recordingId,
        file.part,
        row.format,
        prepared.sampleRate,
        prepared.channels,
        prepared.durationMs,
        prepared.sizeBytes,
        prepared.storedBytes,
        prepared.sha256,
        prepared.sourceBytes,
        prepared.repaired,
        at.store,
        at.bucket ?? null,
        at.key,
        row.keyId ?? null,
        row.wrappedKey ?? null,
      ],
    )
    await fillCallFacts(transaction, [file.callId])
    return 'stored'
  })

export type PlaceRow = {
  readonly store: 'disk' | 's3'
  readonly bucket: string | null
  readonly storage_key: string
}

/** Notes an object to which no row points any more. */
export const leave = async (on: Queryable, { store, bucket, storage_key }: PlaceRow): Promise<void> => {
  await on.query('INSERT INTO recording_leftovers (store, bucket, storage_key) VALUES ($1, $2, $3)', [
    store,
    bucket,
    storage_key,
  ])
}

/**
 * Copies caller, callee and users from the calls' records to recordings that do not have them yet; without `callIds`, to
 * all of them. The A leg speaks for the call.
 */
export const fillCallFacts = async (on: Queryable, callIds?: readonly string[]): Promise<void> => {
  await on.query(
    `UPDATE recordings AS r SET facts_at = now(), direction = c.direction, caller_number = c.caller_number,
       callee_number = coalesce(c.callee_number, c.dialled_number), caller_user_id = c.caller_user_id,
       callee_user_id = c.callee_user_id
     FROM call_detail_records AS c
     WHERE r.facts_at IS NULL AND c.call_id = r.call_id AND c.leg = 'A'
       AND c.organization_id IS NOT DISTINCT FROM r.organization_id ${callIds === undefined ? '' : 'AND r.call_id = ANY($1::uuid[])'}`,
    callIds === undefined ? [] : [callIds.filter(isCallUuid)],
  )
}

export type Audited = {
  readonly recordingId: string
  readonly organizationId: number
  readonly action: 'listened' | 'linked' | 'deleted' | 'held' | 'released' | 'purged' | 'archived'
  readonly who: string
  readonly address?: string | undefined
  readonly part?: RecordingPart | undefined
  /** Bytes of the file as it is heard, both included. */
  readonly range?: { readonly first: number; readonly last: number } | undefined
  readonly detail?: string | undefined
}

export const audit = async (on: Queryable, line: Audited): Promise<void> => {
  await on.query(
    `INSERT INTO recording_audit (recording_uuid, organization_id, action, who, address, part, first_byte, last_byte, detail)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      line.recordingId,
      line.organizationId,
      line.action,
      line.who,
      line.address ?? null,
      line.part ?? null,
      line.range?.first ?? null,
      line.range?.last ?? null,
      line.detail ?? null,
    ],
  )
}

/** Who acts, for the audit. */
export type Actor = { readonly who: string; readonly address: string | undefined }

/** What a change is bound to: `organizationId` undefined is the platform. */
export type Bound = { readonly recordingId: string; readonly organizationId: number | undefined }

/** Hidden at once, and purged later. */
export const deleteRecording = (
  on: Database,
  bound: Bound,
  actor: Actor,
): Promise<'deleted' | 'held' | 'not-found'> =>
  on.transaction(async (transaction) => {
    const row = await lock(transaction, bound)
    if (row === undefined) return 'not-found'
    if (row.held) return 'held'
    await transaction.query('UPDATE recordings SET deleted_at = now(), deleted_by = $2 WHERE uuid = $1', [
      bound.recordingId,
      actor.who,
    ])
    await audit(transaction, { ...bound, ...actor, organizationId: row.organization_id, action: 'deleted' })
    return 'deleted'
  })

/** Holds it, whatever its retention says; a hold that is there gets the new reason. Throws STORE_BAD_INPUT (reason). */
export const holdRecording = (
  on: Database,
  bound: Bound,
  reason: string,
  actor: Actor,
): Promise<'held' | 'not-found'> =>
  on.transaction(async (transaction) => {
    const text = plain('reason', reason.trim(), 1_000)
    const row = await lock(transaction, bound)
    if (row === undefined) return 'not-found'
    await transaction.query(
      `UPDATE recordings SET legal_hold_at = coalesce(legal_hold_at, now()), legal_hold_by = $2, legal_hold_reason = $3
       WHERE uuid = $1`,
      [bound.recordingId, actor.who, text],
    )
    await audit(transaction, {
      ...bound,
      ...actor,
      organizationId: row.organization_id,
      action: 'held',
      detail: text,
    })
    return 'held'
  })

export const releaseRecording = (
  on: Database,
  bound: Bound,
  actor: Actor,
): Promise<'released' | 'not-held' | 'not-found'> =>
  on.transaction(async (transaction) => {
    const row = await lock(transaction, bound)
    if (row === undefined) return 'not-found'
    if (!row.held) return 'not-held'
    await transaction.query(
      `UPDATE recordings SET legal_hold_at = NULL, legal_hold_by = NULL, legal_hold_reason = NULL WHERE uuid = $1`,
      [bound.recordingId],
    )
    await audit(transaction, { ...bound, ...actor, organizationId: row.organization_id, action: 'released' })
    return 'released'
  })

/** What is deleted, or being purged, is there for nobody. */
const lock = async (
  on: Queryable,
  { recordingId, organizationId }: Bound,
): Promise<{ readonly organization_id: number; readonly held: boolean } | undefined> => {
  const [row] = await on.query<{ readonly organization_id: number; readonly held: boolean }>(
    `SELECT organization_id, legal_hold_at IS NOT NULL AS held FROM recordings
     WHERE uuid = $1 AND ($2::integer IS NULL OR organization_id = $2)
       AND deleted_at IS NULL AND purging_at IS NULL FOR UPDATE`,
    [recordingId, organizationId ?? null],
  )
  return row
}
