import assert from 'node:assert/strict'
import type { PlannedRecording, RecordingDecision } from '../../src/call/recording.ts'
import { recordingActions, recordingHoldsCallee } from '../../src/xml-curl/recording-actions.ts'
import { uuid } from '../support/snapshot.ts'

const FILE = `/rec/1/2026-11-21/${uuid(9)}.mix.p3.c${uuid(1)}.wav`

const carried = (given: Partial<PlannedRecording['carried']> = {}): PlannedRecording['carried'] => ({
  recordingId: uuid(9),
  callId: uuid(1),
  legUuid: uuid(1),
  policyId: 3,
  channels: 'stereo',
  sampleRate: 8_000,
  pauseOnHold: false,
  files: [{ part: 'mix', path: FILE }],
  swapped: false,
  pci: false,
  ...given,
})

const planned = (given: Partial<PlannedRecording> = {}): PlannedRecording => ({
  carried: carried(),
  startOn: 'answer',
  pauseDigits: undefined,
  resumeDigits: undefined,
  external: 'callee',
  announcement: undefined,
  consent: undefined,
  isCallerAnswered: false,
  ...given,
})

const decision = (given: Partial<RecordingDecision> = {}): RecordingDecision => ({
  enabled: true,
  policyId: 3,
  planned: planned(),
  before: '',
  isRunning: false,
  ...given,
})

const lines = (given: RecordingDecision): readonly string[] =>
  recordingActions(given).map(([application, argument]) => `${application} ${argument ?? ''}`)

const withPlanned = (given: Partial<PlannedRecording>): readonly string[] =>
  lines(decision({ planned: planned(given) }))

const told = { prompt: { kind: 'file', path: '/snd/told.wav' } as const, toCaller: false, toCallee: false }

suite('recording in a dialplan', () => {
  test('the contract stands on every planned call', () => {
    for (const [given, enabled] of [
      [decision(), 'true'],
      [decision({ enabled: false, planned: undefined }), 'false'],
      [decision({ isRunning: true, planned: undefined }), 'true'],
    ] as const) {
      assert.ok(lines(given).includes(`set recording_enabled=${enabled}`))
      assert.ok(lines(given).includes('set recording_policy_id=3'))
    }
    assert.deepEqual(recordingActions(undefined), [])
  })

  test('what an earlier plan left is taken away first, or its file would be written over', () => {
    const forget = lines(decision({ isRunning: true, planned: undefined })).find((line) =>
      line.startsWith('multiunset'),
    )
    for (const name of [
      'execute_on_answer_recording',
      'nolocal:api_on_answer_recording',
      'nolocal:group_confirm_key',
    ])
      assert.ok(forget?.split(' ').includes(name), name)
  })

  const starts: readonly (readonly [sentence: string, given: Partial<PlannedRecording>, line: string])[] = [
    [
      'a caller who is not answered yet: at his answer',
      {},
      `set execute_on_answer_recording=record_session ${FILE} {RECORD_STEREO=true,record_sample_rate=8000,RECORD_PRE_BUFFER_FRAMES=0,enable_file_write_buffering=false}`,
    ],
    [
      'a caller who was answered before: at the answer of whoever is called',
      { isCallerAnswered: true },
      `export nolocal:api_on_answer_recording=uuid_record ${uuid(1)} start ${FILE} 0 {RECORD_STEREO=true,record_sample_rate=8000,RECORD_PRE_BUFFER_FRAMES=0,enable_file_write_buffering=false}`,
    ],
    [
      'at ringing: at the 180 ...',
      { startOn: 'ring' },
      `export nolocal:api_on_ring_recording=uuid_record ${uuid(1)} start ${FILE} 0 {RECORD_STEREO=true,record_sample_rate=8000,RECORD_PRE_BUFFER_FRAMES=0,enable_file_write_buffering=false}`,
    ],
    [
      'immediately: at once',
      { startOn: 'immediate', carried: carried({ channels: 'mono', sampleRate: 16_000 }) },
      `record_session ${FILE} {RECORD_STEREO=false,record_sample_rate=16000,RECORD_PRE_BUFFER_FRAMES=0,enable_file_write_buffering=false}`,
    ],
    [
      'a call that came in: the sides are turned',
      { startOn: 'immediate', carried: carried({ swapped: true }) },
      `record_session ${FILE} {RECORD_STEREO_SWAP=true,record_sample_rate=8000,RECORD_PRE_BUFFER_FRAMES=0,enable_file_write_buffering=false}`,
    ],
  ]
  for (const [sentence, given, line] of starts)
    test(sentence, () => assert.ok(withPlanned(given).includes(line), withPlanned(given).join('\n')))

  test('split: our side reads where our user calls, and writes where he is called', () => {
    const files = [
      { part: 'a', path: '/rec/a.wav' },
      { part: 'b', path: '/rec/b.wav' },
    ] as const
    const sides = (swapped: boolean): readonly (string | undefined)[] =>
      withPlanned({ startOn: 'immediate', carried: carried({ channels: 'split', files, swapped }) })
        .filter((line) => line.startsWith('record_session'))
        .map((line) => /RECORD_(READ|WRITE)_ONLY/.exec(line)?.[1])
    assert.deepEqual(sides(false), ['READ', 'WRITE'])
    assert.deepEqual(sides(true), ['WRITE', 'READ'])
  })

  test('digits: our user presses them, on whichever side he is', () => {
    const bound = (swapped: boolean): string =>
      withPlanned({ pauseDigits: '*1', carried: carried({ swapped }) }).find((line) =>
        line.startsWith('bind_digit_action'),
      ) ?? ''
    assert.match(
      bound(false),
      /^bind_digit_action strowger,\*1,exec\[i\]:execute_extension,m:\^:record_session_mask:\/rec/,
    )
    assert.ok(bound(false).endsWith(' inline,self,self'))
    assert.ok(bound(true).endsWith(' inline,peer,self'))
  })

  test('a party that is not ours is answered before he is told; a phone of ours hears it as early media', () => {
    const announcement = { ...told, toCaller: true }
    const of = (external: 'caller' | 'callee'): readonly string[] => withPlanned({ announcement, external })
    assert.ok(of('caller').includes('answer '))
    assert.ok(of('callee').includes('pre_answer '))
    for (const external of ['caller', 'callee'] as const)
      assert.ok(of(external).includes('playback /snd/told.wav'))
  })

  test('a called party that is told is held, and early media is not taken for his answer', () => {
    const given = withPlanned({ announcement: { ...told, toCallee: true } })
    for (const line of [
      'export nolocal:strowger_announcement=/snd/told.wav',
      'export nolocal:group_confirm_key=exec',
      'export nolocal:group_confirm_file=execute_extension connect XML callee',
      'set ignore_early_media=ring_ready',
    ])
      assert.ok(given.includes(line), `${line}\n${given.join('\n')}`)
    assert.equal(recordingHoldsCallee(decision()), false)
    assert.equal(
      recordingHoldsCallee(decision({ planned: planned({ announcement: { ...told, toCallee: true } }) })),
      true,
    )
  })

  test('who has to agree is recorded by the extension that asks him, and by nothing else', () => {
    const consent = { prompt: told.prompt, timeoutMs: 6_000 }
    for (const external of ['caller', 'callee'] as const) {
      const given = withPlanned({ consent, external, isCallerAnswered: true })
      assert.ok(
        !given.some((line) => /^(record_session|set execute_on_answer|export nolocal:api_on)/.test(line)),
      )
      assert.ok(given.some((line) => line.includes('strowger_record_start=start ')))
    }
  })

  test('words without a voice are a tone, and with one its own', () => {
    const prompt = (spoken: boolean) => ({ kind: 'words', words: 'This call is recorded.', spoken }) as const
    const played = (spoken: boolean): string =>
      withPlanned({ announcement: { ...told, prompt: prompt(spoken), toCaller: true } }).find((line) =>
        line.startsWith('playback'),
      ) ?? ''
    assert.equal(played(true), 'playback say:This call is recorded.')
    assert.match(played(false), /^playback tone_stream:/)
  })

  test('the record of the call lists what its channel had before, too', () => {
    const given = lines(decision({ before: uuid(8) }))
    assert.ok(
      given.includes(`set execute_on_record_start_strowger=set strowger_recordings=${uuid(8)},${uuid(9)}`),
    )
  })
})
