/** Recordings as they are listed and found. What is deleted or purged is not there; its audit is. */
import type { RecordingPart } from '../recording/file-name.ts'
import type { Queryable } from './database.ts'
import { badInput, id, matching, moment, whole } from './input.ts'
import type { ObjectPlace, PlaceRow } from './recording-writes.ts'

export type StoredFile = {
  readonly part: RecordingPart
  readonly format: 'wav' | 'mp3' | 'ogg'
  readonly sampleRate: number
  readonly channels: number
  readonly durationMs: number
  readonly sizeBytes: number
  readonly storedBytes: number
  readonly sha256: string
  readonly repaired: boolean
  readonly at: ObjectPlace
  readonly key: { readonly id: number; readonly wrapped: Buffer } | undefined
  readonly storedAt: number
  readonly archivedAt: number | undefined
}

export type StoredRecording = {
  readonly recordingId: string
  readonly organizationId: number
  readonly callId: string
  readonly policyId: number
  /** Milliseconds since the epoch, as every moment here. */
  readonly startedAt: number
  readonly direction: string | undefined
  readonly callerNumber: string | undefined
  readonly calleeNumber: string | undefined
  readonly callerUserId: number | undefined
  readonly calleeUserId: number | undefined
  readonly retainUntil: number | undefined
  readonly archivePolicyId: number | undefined
  readonly legalHold: { readonly at: number; readonly by: string; readonly reason: string } | undefined
  /** By their part. */
  readonly files: readonly StoredFile[]
}

export type RecordingQuery = {
  readonly organizationId?: number | undefined
  readonly callId?: string | undefined
  /** Who called or was called. */
  readonly userId?: number | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  /** Digits that the caller's or the callee's number contains. */
  readonly number?: string | undefined
  /** 1 ... 1,000. */
  readonly limit: number
  readonly cursor?: string | undefined
}

/** Newest first. Throws STORE_BAD_INPUT naming the field, or STORE_UNAVAILABLE. */
export const listRecordings = async (
  on: Queryable,
  query: RecordingQuery,
): Promise<{ readonly recordings: readonly StoredRecording[]; readonly next: string | undefined }> => {
  const limit = whole('limit', query.limit, 1, 1_000)
  const values: unknown[] = []
  const conditions = ['deleted_at IS NULL', 'purging_at IS NULL']
  const where = (condition: (parameter: string) => string, value: unknown): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  if (query.organizationId !== undefined)
    where((p) => `organization_id = ${p}`, id('organizationId', query.organizationId))
  if (query.callId !== undefined) where((p) => `call_id = ${p}`, query.callId)
  if (query.userId !== undefined)
    where((p) => `(caller_user_id = ${p} OR callee_user_id = ${p})`, id('userId', query.userId))
  if (query.since !== undefined) where((p) => `started_at >= ${p}`, moment('since', query.since))
  if (query.until !== undefined) where((p) => `started_at < ${p}`, moment('until', query.until))
  if (query.number !== undefined) {
    const digits = matching('number', query.number.replace(/^\+/, ''), /^\d{1,20}$/, 'takes digits')
    where((p) => `(caller_number LIKE ${p} OR callee_number LIKE ${p})`, `%${digits}%`)
  }
  if (query.cursor !== undefined) {
    const [startedAt, uuid] = readCursor(query.cursor)
    values.push(startedAt, uuid)
    conditions.push(`(started_at, uuid) < ($${values.length - 1}::timestamptz, $${values.length}::uuid)`)
  }
  const rows = await on.query<RecordingRow>(
    `SELECT ${FIELDS} FROM recordings WHERE ${conditions.join(' AND ')}
     ORDER BY started_at DESC, uuid DESC LIMIT ${limit + 1}`,
    values,
  )
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    recordings: await withFiles(on, page),
    next: rows.length > limit && last !== undefined ? writeCursor(last) : undefined,
  }
}

/** Undefined: there is none that `organizationId` may see. */
export const findRecording = async (
  on: Queryable,
  recordingId: string,
  organizationId: number | undefined,
): Promise<StoredRecording | undefined> => {
  const rows = await on.query<RecordingRow>(
    `SELECT ${FIELDS} FROM recordings WHERE uuid = $1 AND ($2::integer IS NULL OR organization_id = $2)
       AND deleted_at IS NULL AND purging_at IS NULL`,
    [recordingId, organizationId ?? null],
  )
  return (await withFiles(on, rows))[0]
}

/** Where a part of a recording lies by its row, whatever became of the recording. */
export const findRecordingFile = async (
  on: Queryable,
  { recordingId, part }: { readonly recordingId: string; readonly part: string },
): Promise<
  | {
      readonly at: ObjectPlace
      readonly storedBytes: number
      readonly sourceBytes: number
      readonly removed: boolean
    }
  | undefined
> => {
  const [row] = await on.query<
    PlaceRow & { readonly stored_bytes: number; readonly source_bytes: number; readonly removed: boolean }
  >(
    `SELECT store, bucket, storage_key, stored_bytes, source_bytes, removed_at IS NOT NULL AS removed
     FROM recording_files WHERE recording_uuid = $1 AND part = $2`,
    [recordingId, part],
  )
  if (row === undefined) return undefined
  return {
    at: placeOf(row),
    storedBytes: row.stored_bytes,
    sourceBytes: row.source_bytes,
    removed: row.removed,
  }
}

/** The numbers of a call, once its record is stored. */
export const partiesOf = async (
  on: Queryable,
  callId: string,
): Promise<{ readonly caller: string; readonly callee: string } | undefined> => {
  const [row] = await on.query<{ readonly caller: string | null; readonly callee: string | null }>(
    `SELECT caller_number AS caller, coalesce(callee_number, dialled_number) AS callee
     FROM call_detail_records WHERE call_id = $1 AND leg = 'A' LIMIT 1`,
    [callId],
  )
  return row === undefined ? undefined : { caller: row.caller ?? '', callee: row.callee ?? '' }
}

/** Recordings by the calls that they are of. */
export const recordingIdsOf = async (
  on: Queryable,
  callIds: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const ids = new Map<string, string[]>()
  if (callIds.length === 0) return ids
  const rows = await on.query<{ readonly call_id: string; readonly uuid: string }>(
    `SELECT call_id, uuid FROM recordings
     WHERE call_id = ANY($1::uuid[]) AND deleted_at IS NULL AND purging_at IS NULL ORDER BY started_at, uuid`,
    [[...new Set(callIds)]],
  )
  for (const { call_id, uuid } of rows) ids.set(call_id, [...(ids.get(call_id) ?? []), uuid])
  return ids
}

/** Records with the recordings of their calls. */
export const withRecordings = async <Record extends { readonly callId: string }>(
  on: Queryable,
  records: readonly Record[],
): Promise<readonly (Record & { readonly recordings: readonly string[] })[]> => {
  const ids = await recordingIdsOf(
    on,
    records.map(({ callId }) => callId),
  )
  return records.map((record) => ({ ...record, recordings: ids.get(record.callId) ?? [] }))
}

export type AuditLine = {
  readonly at: number
  readonly action: string
  readonly who: string
  readonly address: string | undefined
  readonly part: string | undefined
  readonly firstByte: number | undefined
  readonly lastByte: number | undefined
  readonly detail: string | undefined
}

/** Newest first, 1,000 at the most. Undefined: nothing was ever done with such a recording, or it is another's. */
export const listAudit = async (
  on: Queryable,
  recordingId: string,
  organizationId: number | undefined,
): Promise<readonly AuditLine[] | undefined> => {
  const rows = await on.query<AuditRow>(
    `SELECT at, action, who, address, part, first_byte, last_byte, detail FROM recording_audit
     WHERE recording_uuid = $1 AND ($2::integer IS NULL OR organization_id = $2) ORDER BY id DESC LIMIT 1000`,
    [recordingId, organizationId ?? null],
  )
  if (rows.length === 0) {
    const known = await on.query(
      'SELECT 1 FROM recordings WHERE uuid = $1 AND ($2::integer IS NULL OR organization_id = $2)',
      [recordingId, organizationId ?? null],
    )
    if (known.length === 0) return undefined
  }
  return rows.map((row) => ({
    at: row.at,
    action: row.action,
    who: row.who,
    address: row.address ?? undefined,
    part: row.part ?? undefined,
    firstByte: row.first_byte ?? undefined,
    lastByte: row.last_byte ?? undefined,
    detail: row.detail ?? undefined,
  }))
}

export const placeOf = ({ store, bucket, storage_key }: PlaceRow): ObjectPlace => ({
  store,
  bucket: bucket ?? undefined,
  key: storage_key,
})

type AuditRow = {
  readonly at: number
  readonly action: string
  readonly who: string
  readonly address: string | null
  readonly part: string | null
  readonly first_byte: number | null
  readonly last_byte: number | null
  readonly detail: string | null
}

const FIELDS = `uuid, organization_id, call_id, policy_id, started_at, direction, caller_number, callee_number,
  caller_user_id, callee_user_id, retain_until, archive_policy_id, legal_hold_at, legal_hold_by, legal_hold_reason`

type RecordingRow = {
  readonly uuid: string
  readonly organization_id: number
  readonly call_id: string
  readonly policy_id: number
  readonly started_at: number
  readonly direction: string | null
  readonly caller_number: string | null
  readonly callee_number: string | null
  readonly caller_user_id: number | null
  readonly callee_user_id: number | null
  readonly retain_until: number | null
  readonly archive_policy_id: number | null
  readonly legal_hold_at: number | null
  readonly legal_hold_by: string | null
  readonly legal_hold_reason: string | null
}

type FileRow = PlaceRow & {
  readonly recording_uuid: string
  readonly part: RecordingPart
  readonly format: 'wav' | 'mp3' | 'ogg'
  readonly sample_rate: number
  readonly channels: number
  readonly duration_ms: number
  readonly size_bytes: number
  readonly stored_bytes: number
  readonly sha256: string
  readonly repaired: boolean
  readonly key_id: number | null
  readonly wrapped_key: Buffer | null
  readonly stored_at: number
  readonly archived_at: number | null
}

const withFiles = async (
  on: Queryable,
  rows: readonly RecordingRow[],
): Promise<readonly StoredRecording[]> => {
  if (rows.length === 0) return []
  const files = await on.query<FileRow>(
    `SELECT recording_uuid, part, format, sample_rate, channels, duration_ms, size_bytes, stored_bytes, sha256, repaired,
       store, bucket, storage_key, key_id, wrapped_key, stored_at, archived_at
     FROM recording_files WHERE recording_uuid = ANY($1::uuid[]) AND removed_at IS NULL ORDER BY part`,
    [rows.map(({ uuid }) => uuid)],
  )
  return rows.map((row) =>
    toRecording(row, files.filter((file) => file.recording_uuid === row.uuid).map(toFile)),
  )
}

const toFile = (row: FileRow): StoredFile => ({
  part: row.part,
  format: row.format,
  sampleRate: row.sample_rate,
  channels: row.channels,
  durationMs: row.duration_ms,
  sizeBytes: row.size_bytes,
  storedBytes: row.stored_bytes,
  sha256: row.sha256,
  repaired: row.repaired,
  at: placeOf(row),
  key:
    row.key_id === null || row.wrapped_key === null
      ? undefined
      : { id: row.key_id, wrapped: row.wrapped_key },
  storedAt: row.stored_at,
  archivedAt: row.archived_at ?? undefined,
})

const toRecording = (row: RecordingRow, files: readonly StoredFile[]): StoredRecording => ({
  recordingId: row.uuid,
  organizationId: row.organization_id,
  callId: row.call_id,
  policyId: row.policy_id,
  startedAt: row.started_at,
  direction: row.direction ?? undefined,
  callerNumber: row.caller_number ?? undefined,
  calleeNumber: row.callee_number ?? undefined,
  callerUserId: row.caller_user_id ?? undefined,
  calleeUserId: row.callee_user_id ?? undefined,
  retainUntil: row.retain_until ?? undefined,
  archivePolicyId: row.archive_policy_id ?? undefined,
  legalHold:
    row.legal_hold_at === null
      ? undefined
      : { at: row.legal_hold_at, by: row.legal_hold_by ?? '', reason: row.legal_hold_reason ?? '' },
  files,
})

const writeCursor = ({ started_at, uuid }: RecordingRow): string =>
  Buffer.from(`${new Date(started_at).toISOString()} ${uuid}`).toString('base64url')

const readCursor = (cursor: string): readonly [string, string] => {
  const [at = '', uuid = '', ...rest] = Buffer.from(cursor, 'base64url').toString('latin1').split(' ')
  if (
    rest.length > 0 ||
    !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at) ||
    !Number.isFinite(Date.parse(at)) ||
    !/^[0-9a-f-]{36}$/.test(uuid)
  )
    throw badInput('cursor', 'it is not the "next" of a page')
  return [at, uuid]
}
