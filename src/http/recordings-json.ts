/** Recordings as our API tells them. Where a file lies in the store, and its keys, are nobody's outside. */
import { Type } from '@sinclair/typebox'
import { CONTENT_TYPES, RECORDING_FORMATS } from '../media/recording-formats.ts'
import { RECORDING_PARTS } from '../recording/file-name.ts'
import { choice, iso, isoOrNull, nullable, time } from './fields.ts'
import type {
  ArchivePolicy,
  AuditLine,
  Pending,
  Quarantined,
  StoredFile,
  StoredRecording,
} from './recordings-doors.ts'

const string = Type.String()
const integer = Type.Integer()

const FileJson = Type.Object({
  part: choice(RECORDING_PARTS),
  format: choice(RECORDING_FORMATS),
  contentType: string,
  sampleRate: integer,
  channels: integer,
  durationMs: integer,
  sizeBytes: integer,
  sha256: Type.String({ description: 'of the file as it is heard' }),
  encrypted: Type.Boolean(),
  repaired: Type.Boolean({ description: 'the switch did not close it; its length was found out' }),
  store: choice(['disk', 's3']),
  storedAt: time('a moment'),
  archivedAt: nullable(time('a moment')),
})

export const RecordingJson = Type.Object({
  id: string,
  organizationId: integer,
  callId: string,
  policyId: nullable(integer),
  startedAt: time('a moment'),
  durationMs: Type.Integer({ description: 'of its longest file' }),
  direction: nullable(string),
  callerNumber: nullable(string),
  calleeNumber: nullable(string),
  callerUserId: nullable(integer),
  calleeUserId: nullable(integer),
  retainUntil: nullable(time('a moment')),
  legalHold: nullable(Type.Object({ at: time('a moment'), by: string, reason: string })),
  files: Type.Array(FileJson),
})

const fileJson = (file: StoredFile) => ({
  part: file.part,
  format: file.format,
  contentType: CONTENT_TYPES[file.format],
  sampleRate: file.sampleRate,
  channels: file.channels,
  durationMs: file.durationMs,
  sizeBytes: file.sizeBytes,
  sha256: file.sha256,
  encrypted: file.key !== undefined,
  repaired: file.repaired,
  store: file.at.store,
  storedAt: iso(file.storedAt),
  archivedAt: isoOrNull(file.archivedAt),
})

export const recordingJson = (recording: StoredRecording) => ({
  id: recording.recordingId,
  organizationId: recording.organizationId,
  callId: recording.callId,
  policyId: recording.policyId === 0 ? null : recording.policyId,
  startedAt: iso(recording.startedAt),
  durationMs: Math.max(0, ...recording.files.map(({ durationMs }) => durationMs)),
  direction: recording.direction ?? null,
  callerNumber: recording.callerNumber ?? null,
  calleeNumber: recording.calleeNumber ?? null,
  callerUserId: recording.callerUserId ?? null,
  calleeUserId: recording.calleeUserId ?? null,
  retainUntil: isoOrNull(recording.retainUntil),
  legalHold:
    recording.legalHold === undefined ? null : { ...recording.legalHold, at: iso(recording.legalHold.at) },
  files: recording.files.map(fileJson),
})

export const AuditJson = Type.Object({
  at: time('a moment'),
  action: Type.String({ description: 'listened, linked, deleted, held, released, purged or archived' }),
  who: string,
  address: nullable(string),
  part: nullable(string),
  firstByte: nullable(integer),
  lastByte: nullable(integer),
  detail: nullable(string),
})

export const auditJson = (line: AuditLine) => ({
  at: iso(line.at),
  action: line.action,
  who: line.who,
  address: line.address ?? null,
  part: line.part ?? null,
  firstByte: line.firstByte ?? null,
  lastByte: line.lastByte ?? null,
  detail: line.detail ?? null,
})

export const PendingJson = Type.Object({
  recordingId: string,
  organizationId: integer,
  callId: string,
  part: string,
  bytes: integer,
  ageSeconds: integer,
  why: string,
})

export const pendingJson = (pending: Pending) => ({
  recordingId: pending.recordingId,
  organizationId: pending.organizationId,
  callId: pending.callId,
  part: pending.part,
  bytes: pending.bytes,
  ageSeconds: Math.round(pending.ageMs / 1_000),
  why: pending.why,
})

export const QuarantinedJson = Type.Object({
  name: string,
  organizationId: integer,
  recordingId: string,
  callId: string,
  bytes: integer,
  why: string,
  at: string,
})

export const quarantinedJson = (file: Quarantined) => ({ ...file })

export const ArchivePolicyJson = Type.Object({
  id: integer,
  organizationId: nullable(integer),
  name: string,
  afterDays: integer,
  target: choice(['folder', 'bucket']),
  folder: nullable(string),
  bucket: nullable(string),
  storageClass: nullable(string),
})

export const archivePolicyJson = (policy: ArchivePolicy) => ({
  id: policy.id,
  organizationId: policy.organizationId ?? null,
  name: policy.name,
  afterDays: policy.afterDays,
  target: policy.target,
  folder: policy.folder ?? null,
  bucket: policy.bucket ?? null,
  storageClass: policy.storageClass ?? null,
})
