import assert from 'node:assert/strict'
import { encodeRecording } from '../../src/call/recording.ts'
import { readRecordingAsk } from '../../src/engine/recording-ask.ts'
import { uuid } from '../support/snapshot.ts'

const CARRIED = encodeRecording({
  recordingId: uuid(9),
  callId: uuid(1),
  legUuid: uuid(1),
  policyId: 3,
  channels: 'stereo',
  sampleRate: 8_000,
  pauseOnHold: false,
  files: [],
  swapped: false,
  pci: false,
})

const ask = (fields: Readonly<Record<string, string>>) =>
  readRecordingAsk((name) => fields[name] ?? fields[name.replace(/^variable_/, '')])

suite('what a channel says of recording', () => {
  const rows: readonly (readonly [
    sentence: string,
    fields: Readonly<Record<string, string>>,
    told: Partial<ReturnType<typeof readRecordingAsk>>,
  ])[] = [
    [
      'nothing',
      {},
      { enabled: undefined, policyId: undefined, isRunning: false, before: '', isCallerAnswered: false },
    ],
    [
      "an operator's dialplan wants it",
      { recording_enabled: 'true', recording_policy_id: '12' },
      { enabled: true, policyId: 12 },
    ],
    ["an operator's dialplan does not", { recording_enabled: 'false' }, { enabled: false }],
    [
      'values that are none',
      { recording_enabled: 'yes', recording_policy_id: '12; drop' },
      { enabled: undefined, policyId: undefined },
    ],
    [
      'what an earlier plan of ours said is no wish',
      { strowger_call: 'e30', recording_enabled: 'false', recording_policy_id: '3' },
      { enabled: undefined, policyId: undefined },
    ],
    [
      'a recording goes on',
      { strowger_call: 'e30', strowger_recording: CARRIED, strowger_recordings: uuid(9) },
      { isRunning: true, before: uuid(9) },
    ],
    [
      'one that is paused goes on, too',
      { strowger_recording: CARRIED, strowger_recordings: uuid(9), strowger_recording_state: 'paused' },
      { isRunning: true },
    ],
    [
      'one that was stopped does not',
      { strowger_recording: CARRIED, strowger_recordings: uuid(9), strowger_recording_state: 'stopped' },
      { isRunning: false, before: uuid(9) },
    ],
    ['one that never began does not', { strowger_recording: CARRIED }, { isRunning: false, before: '' }],
    ['rubbish among the ids is left out', { strowger_recordings: `${uuid(8)},../etc,` }, { before: uuid(8) }],
    ['the caller was answered', { 'Answer-State': 'answered' }, { isCallerAnswered: true }],
  ]
  for (const [sentence, fields, told] of rows)
    test(sentence, () => assert.deepEqual({ ...ask(fields), ...told }, ask(fields)))
})
