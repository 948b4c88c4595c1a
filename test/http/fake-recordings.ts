/** Recordings of an engine that answers from memory: one of 100,000 bytes, of organisation 1. */
import { createHash } from 'node:crypto'
import type { Actor, ByteRange, RecordingDoors, StoredRecording } from '../../src/http/recordings-doors.ts'
import { CALL_ID, NOON } from './samples.ts'

export const RECORDING_ID = '7d3c1a52-5b0e-4c1f-9a77-0a6a4a1c2e01'
export const SOUND = Buffer.from(Array.from({ length: 100_000 }, (_, at) => at % 251))

export const recording: StoredRecording = {
  recordingId: RECORDING_ID,
  organizationId: 1,
  callId: CALL_ID,
  policyId: 3,
  startedAt: NOON,
  direction: 'outbound',
  callerNumber: '+442079460001',
  calleeNumber: '+442079460123',
  callerUserId: 11,
  calleeUserId: undefined,
  retainUntil: NOON + 86_400_000,
  archivePolicyId: undefined,
  legalHold: undefined,
  files: [
    {
      part: 'mix',
      format: 'wav',
      sampleRate: 8_000,
      channels: 2,
      durationMs: 3_124,
      sizeBytes: SOUND.length,
      storedBytes: 100_064,
      sha256: createHash('sha256').update(SOUND).digest('hex'),
      repaired: false,
      at: { store: 'disk', bucket: undefined, key: '1/2026/08/01/x.wav' },
      key: { id: 1, wrapped: Buffer.alloc(60, 7) },
      storedAt: NOON,
      archivedAt: undefined,
    },
  ],
}

export type Heard = { readonly range: ByteRange; readonly actor: Actor }

/** `heard` collects who listened to what. */
export const fakeRecordings = (
  heard: Heard[] = [],
  changes: Partial<RecordingDoors> = {},
): RecordingDoors => {
  const sees = (recordingId: string, organizationId: number | undefined): boolean =>
    recordingId === RECORDING_ID && (organizationId === undefined || organizationId === 1)
  return {
    list: ({ organizationId }) =>
      Promise.resolve({
        recordings: organizationId === undefined || organizationId === 1 ? [recording] : [],
        next: undefined,
      }),
    find: ({ recordingId, organizationId }) =>
      Promise.resolve(sees(recordingId, organizationId) ? recording : undefined),
    listen: (_recording, _file, range, actor) => {
      heard.push({ range, actor })
      return Promise.resolve(
        (async function* () {
          // More than one piece, as a store gives them.
          for (let at = range.first; at <= range.last; at += 30_000)
            yield await Promise.resolve(SOUND.subarray(at, Math.min(at + 30_000, range.last + 1)))
        })(),
      )
    },
    remove: ({ recordingId, organizationId }) =>
      Promise.resolve(sees(recordingId, organizationId) ? 'deleted' : 'not-found'),
    hold: ({ recordingId, organizationId }) =>
      Promise.resolve(sees(recordingId, organizationId) ? 'held' : 'not-found'),
    release: ({ recordingId, organizationId }) =>
      Promise.resolve(sees(recordingId, organizationId) ? 'released' : 'not-found'),
    audit: ({ recordingId, organizationId }) =>
      Promise.resolve(
        sees(recordingId, organizationId)
          ? [
              {
                at: NOON,
                action: 'listened',
                who: 'admin',
                address: '127.0.0.1',
                part: 'mix',
                firstByte: 0,
                lastByte: 99_999,
                detail: undefined,
              },
            ]
          : undefined,
      ),
    link: (_recording, { part }) =>
      Promise.resolve({ query: `part=${part}&expires=1&by=admin&signature=x`, expiresAt: NOON }),
    readLink: ({ signature }) => (signature === 'right' ? { part: 'mix', by: 'admin' } : undefined),
    rotateKey: (organizationId) => Promise.resolve(organizationId === 1 ? { keyId: 2, files: 1 } : undefined),
    state: () => ({ pending: 1, oldestAgeMs: 5_000, quarantined: 0, trouble: undefined }),
    pending: () =>
      Promise.resolve([
        {
          organizationId: 1,
          recordingId: RECORDING_ID,
          callId: CALL_ID,
          part: 'mix',
          bytes: 44,
          ageMs: 5_000,
          isHeldUp: false,
          why: 'its call goes on',
        },
      ]),
    quarantined: () => Promise.resolve([]),
    archivePolicies: {
      list: () => Promise.resolve([]),
      find: () => Promise.resolve(undefined),
      add: (policy) =>
        Promise.resolve({
          id: 1,
          organizationId: policy.organizationId ?? undefined,
          name: policy.name,
          afterDays: policy.afterDays,
          target: 'folder',
          folder: policy.folder ?? undefined,
          bucket: undefined,
          storageClass: undefined,
        }),
      remove: (id) => Promise.resolve(id === 1),
    },
    ...changes,
  }
}
