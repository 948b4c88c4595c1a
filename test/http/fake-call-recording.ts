/** Recording as the HTTP tests see it: one policy, one group, one sound, of organisation 1; one call that is recorded. */
import type { AudioFile, RecordingPolicy, UserGroup } from '../../src/directory/recording-records.ts'
import { EngineError } from '../../src/base/errors.ts'
import type { CallRecordingDoors, OwnedCollection } from '../../src/http/recording-policy-doors.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'

export const POLICY: RecordingPolicy = {
  id: 1,
  organizationId: 1,
  name: 'All calls',
  enabled: true,
  scope: { type: 'all', users: [], groups: [], numbers: [] },
  settings: {
    format: 'wav',
    channels: 'stereo',
    sampleRate: 8000,
    startOn: 'answer',
    announcement: { enabled: false, audioFileId: undefined, playTo: 'external_only' },
    pauseOnHold: false,
    pauseDigits: '*1',
    resumeDigits: '*2',
    optional: false,
  },
  storage: { retention: 365, archivePolicy: undefined, encryptAtRest: true },
  compliance: { pciEnabled: false, gdprEnabled: false, consentRequired: false },
}

const GROUP: UserGroup = { id: 1, organizationId: 1, name: 'Sales', userIds: [11] }

const SOUND: AudioFile = {
  id: 1,
  organizationId: 1,
  name: 'Announcement',
  sha256: 'a'.repeat(64),
  sampleRate: 8000,
  durationMs: 1_000,
}

const collection = <New, Row extends { readonly id: number; readonly organizationId: number }>(
  row: Row,
): OwnedCollection<New, Row> => ({
  list: (organizationId) =>
    Promise.resolve(organizationId === undefined || organizationId === row.organizationId ? [row] : []),
  get: (id) => Promise.resolve(id === row.id ? row : undefined),
  add: (record) => Promise.resolve({ ...row, ...record }),
  update: (id, changes) => Promise.resolve(id === row.id ? { ...row, ...changes } : undefined),
  remove: (id) => Promise.resolve(id === row.id),
})

export const fakeCallRecording = (): CallRecordingDoors => ({
  policies: {
    ...collection(POLICY),
    add: () => Promise.resolve(POLICY),
    update: (id) => Promise.resolve(id === 1 ? POLICY : undefined),
  },
  groups: {
    ...collection(GROUP),
    add: () => Promise.resolve(GROUP),
    update: (id) => Promise.resolve(id === 1 ? GROUP : undefined),
  },
  audioFiles: {
    ...collection(SOUND),
    add: ({ content }) => {
      if (content.toString('latin1', 0, 4) !== 'RIFF')
        throw new EngineError('RECORDING_BAD_SOUND', 'the file cannot be used: it is not a WAV file')
      return Promise.resolve(SOUND)
    },
  },
  control: ({ action }) =>
    Promise.resolve({
      kind: 'done',
      recording: {
        ...STATE,
        state: action === 'stop' ? 'stopped' : action === 'pause' ? 'paused' : 'recording',
      },
    }),
  state: () => Promise.resolve(STATE),
})

const STATE = {
  recordingId: asCallUuid('11111111-2222-4333-8444-555555555555'),
  policyId: 1,
  state: 'recording',
} as const
