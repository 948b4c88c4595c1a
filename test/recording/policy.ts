/** A recording policy, with what a test gives. */
import type { RecordingPolicy } from '../../src/directory/recording-records.ts'

export const policy = (given: Partial<RecordingPolicy> = {}): RecordingPolicy => ({
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
    pauseDigits: undefined,
    resumeDigits: undefined,
    optional: false,
  },
  storage: { retention: 365, archivePolicy: undefined, encryptAtRest: true },
  compliance: { pciEnabled: false, gdprEnabled: false, consentRequired: false },
  ...given,
})
