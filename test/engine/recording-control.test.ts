import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import type { CallInput } from '../../src/call/call-step.ts'
import type { LiveCall, LiveEvent, LiveLeg } from '../../src/call/live-call.ts'
import { encodeRecording, type CarriedRecording } from '../../src/call/recording.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import type { RecordingPolicy } from '../../src/directory/recording-records.ts'
import { createRecordingControl, type RecordingControl } from '../../src/engine/recording-control.ts'
import { recordingFileName } from '../../src/recording/file-name.ts'
import { policy } from '../recording/policy.ts'
import { NOW, snapshot, uuid } from '../support/snapshot.ts'

const leg = (given: Partial<LiveLeg> = {}): LiveLeg => ({
  legUuid: uuid(1),
  leg: 'A',
  state: 'answered',
  party: '1001',
  userId: 11,
  attempt: undefined,
  gateway: undefined,
  gatewayId: undefined,
  carrier: undefined,
  startedAt: NOW,
  answeredAt: NOW,
  endedAt: undefined,
  hangupCause: undefined,
  sipStatus: undefined,
  ...given,
})

const call = (given: Partial<LiveCall> = {}): LiveCall => ({
  callId: uuid(1),
  organizationId: 1,
  userId: 11,
  direction: 'outbound',
  state: 'talking',
  from: '1001',
  to: '+442079460123',
  startedAt: NOW,
  answeredAt: NOW,
  endedAt: undefined,
  hangupCause: undefined,
  simulated: false,
  legs: [leg(), leg({ legUuid: uuid(2), leg: 'B' })],
  ...given,
})

const path = `/rec/${recordingFileName({ organizationId: 1, day: '2026-11-21', recordingId: uuid(9), part: 'mix', policyId: 1, callId: uuid(1) })}`

const carried = (given: Partial<CarriedRecording> = {}): CarriedRecording => ({
  recordingId: uuid(9),
  callId: uuid(1),
  legUuid: uuid(1),
  policyId: 1,
  channels: 'stereo',
  sampleRate: 8_000,
  pauseOnHold: true,
  files: [{ part: 'mix', path }],
  swapped: false,
  pci: true,
  ...given,
})

type Opened = {
  readonly control: RecordingControl
  /** Commands but those that only read. */
  readonly sent: string[]
  /** `recording-paused by=hold` ... */
  readonly noted: string[]
  readonly variables: Map<string, string>
}

const open = (
  variables: Readonly<Record<string, string>> = {},
  policies: readonly RecordingPolicy[] = [policy({ settings: { ...policy().settings, optional: true } })],
  live: LiveCall = call(),
): Opened => {
  const held = new Map(Object.entries(variables))
  const [sent, noted]: [string[], string[]] = [[], []]
  const directory = createDirectory(snapshot({ recording: { policies, groups: [], audioFiles: [] } }))
  const control = createRecordingControl({
    commands: {
      api: (name, args = '') => {
        if (name === 'uuid_getvar') {
          const [uuidAsked = '', variable = ''] = args.split(' ')
          return Promise.resolve(uuidAsked === live.callId ? (held.get(variable) ?? '_undef_') : '_undef_')
        }
        sent.push(`${name} ${args}`)
        if (name === 'uuid_setvar_multi')
          for (const pair of args.slice(37).split(';'))
            held.set(pair.split('=')[0] ?? '', pair.slice(pair.indexOf('=') + 1))
        return Promise.resolve('+OK')
      },
      bgapi: () => Promise.reject(new Error('not asked for')),
    },
    board: {
      post: (callId, input: CallInput) => {
        if (input.kind === 'noted') {
          const { by } = input.detail ?? {}
          noted.push(
            `${input.what}${by === undefined ? '' : ` by=${String(by)}`}${callId === uuid(1) ? '' : ` of ${callId}`}`,
          )
        }
      },
      call: (callId) => (callId === live.callId ? live : undefined),
      calls: () => [live],
    },
    directory: () => directory,
    recordingFolder: '/rec',
    newUuid: () => uuid(70),
    now: () => NOW,
    logger: silentLogger,
  })
  return { control, sent, noted, variables: held }
}

const RUNNING = { strowger_recording: encodeRecording(carried()), strowger_recordings: uuid(9) }

const ask = async (
  { control }: Opened,
  action: 'start' | 'stop' | 'pause' | 'resume',
  more: { readonly policyId?: number; readonly organizationId?: number } = {},
): Promise<string> => {
  const outcome = await control.control({
    callId: uuid(1),
    organizationId: more.organizationId,
    action,
    policyId: more.policyId,
  })
  return outcome.kind === 'done' ? outcome.recording.state : outcome.code
}

const event = (
  name: string,
  headers: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>> = {},
) => ({
  name,
  get: (header: string) => headers[header],
  variable: (variable: string) => variables[variable],
})

const happened = (kind: 'held' | 'unheld', legUuid = uuid(2)): LiveEvent => ({
  id: 1,
  at: NOW,
  kind,
  call: call(),
  leg: leg({ legUuid }),
  detail: undefined,
  cost: undefined,
})

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

suite('the recording of a live call', () => {
  test('a pause masks, and says so on the channel and to who watches', async () => {
    const opened = open(RUNNING)
    assert.equal(await ask(opened, 'pause'), 'paused')
    assert.deepEqual(opened.sent, [
      `uuid_record ${uuid(1)} mask ${path}`,
      `uuid_setvar_multi ${uuid(1)} strowger_recording_state=paused`,
    ])
    assert.deepEqual(opened.noted, ['recording-paused by=api'])
    assert.equal(await ask(opened, 'pause'), 'paused')
    assert.equal(opened.sent.length, 2, 'a second pause sends nothing')
    assert.equal(await ask(opened, 'resume'), 'recording')
  })

  const refusals: readonly (readonly [
    sentence: string,
    opened: () => Opened,
    action: 'start' | 'stop' | 'pause',
    more: { readonly policyId?: number; readonly organizationId?: number },
    code: string,
  ])[] = [
    ['a call that is not recorded is not paused', () => open(), 'pause', {}, 'NOT_RECORDING'],
    [
      'one of another organisation is none',
      () => open(RUNNING),
      'pause',
      { organizationId: 2 },
      'HTTP_NOT_FOUND',
    ],
    [
      'a call that has ended is none',
      () => open(RUNNING, [], call({ state: 'ended' })),
      'pause',
      {},
      'HTTP_NOT_FOUND',
    ],
    ['what is recorded is not recorded again', () => open(RUNNING), 'start', {}, 'ALREADY_RECORDING'],
    ['a policy that is not there', () => open(), 'start', { policyId: 99 }, 'POLICY_NOT_FOUND'],
    [
      "another organisation's policy",
      () => open({}, [policy({ organizationId: 2 })]),
      'start',
      { policyId: 1 },
      'POLICY_NOT_FOUND',
    ],
    [
      'a disabled policy',
      () => open({}, [policy({ enabled: false })]),
      'start',
      { policyId: 1 },
      'POLICY_NOT_FOUND',
    ],
    [
      'what a policy insists on is not stopped',
      () => open(RUNNING, [policy()]),
      'stop',
      {},
      'RECORDING_REQUIRED',
    ],
    [
      'a policy that needs consent, which nobody gave',
      () =>
        open({}, [policy({ compliance: { pciEnabled: false, gdprEnabled: false, consentRequired: true } })]),
      'start',
      { policyId: 1 },
      'CONSENT_REQUIRED',
    ],
  ]
  for (const [sentence, opened, action, more, code] of refusals)
    test(sentence, async () => {
      const given = opened()
      assert.equal(await ask(given, action, more), code)
      assert.deepEqual(given.sent, [])
    })

  test('started over the API: the channel carries it before the file begins, and what an older plan would start is taken away', async () => {
    const opened = open({ strowger_recordings: uuid(8) })
    assert.equal(await ask(opened, 'start'), 'recording')
    const last = opened.sent.at(-1) ?? ''
    assert.match(
      last,
      new RegExp(
        `^uuid_record ${uuid(1)} start /rec/1/\\d{4}-\\d\\d-\\d\\d/${uuid(70)}\\.mix\\.p0\\.c${uuid(1)}\\.wav 0 \\{RECORD_STEREO=true`,
      ),
    )
    assert.ok(opened.sent.includes(`uuid_setvar ${uuid(1)} nolocal:api_on_answer_recording`))
    assert.equal(
      opened.variables.get('execute_on_record_start_strowger'),
      `set strowger_recordings=${uuid(8)},${uuid(70)}`,
    )
    assert.equal(opened.variables.get('recording_policy_id'), '0')
  })

  test('stopped where the policy leaves the choice', async () => {
    const opened = open(RUNNING)
    assert.equal(await ask(opened, 'stop'), 'stopped')
    assert.equal(opened.sent.at(-1), `uuid_record ${uuid(1)} stop ${path}`)
  })

  test('a hold pauses, and only what it paused goes on after it', async () => {
    const opened = open(RUNNING)
    opened.control.onLive(happened('held'))
    await settled()
    opened.control.onLive(happened('unheld'))
    await settled()
    assert.deepEqual(opened.noted, ['recording-paused by=hold', 'recording-resumed by=hold'])
    await ask(opened, 'pause')
    opened.control.onLive(happened('held'))
    await settled()
    opened.control.onLive(happened('unheld'))
    await settled()
    assert.deepEqual(opened.noted.slice(2), ['recording-paused by=api'], 'what a person paused stays paused')
  })

  test('with both parties on hold it goes on when the last comes back', async () => {
    const opened = open(RUNNING)
    for (const [kind, of] of [
      ['held', 1],
      ['held', 2],
      ['unheld', 1],
    ] as const) {
      opened.control.onLive(happened(kind, uuid(of)))
      await settled()
    }
    assert.deepEqual(opened.noted, ['recording-paused by=hold'])
    opened.control.onLive(happened('unheld', uuid(2)))
    await settled()
    assert.deepEqual(opened.noted, ['recording-paused by=hold', 'recording-resumed by=hold'])
  })

  test('the switch tells of begin and end, once for a recording that is split', () => {
    const { control, noted } = open()
    for (const part of ['a', 'b'])
      control.onEvent(event('RECORD_START', { 'Record-File-Path': path.replace('.mix.', `.${part}.`) }))
    control.onEvent(event('RECORD_STOP', { 'Record-File-Path': path }, { record_ms: '3020' }))
    control.onEvent(event('RECORD_STOP', { 'Record-File-Path': '/tmp/voicemail.wav' }))
    assert.deepEqual(noted, ['recording-started', 'recording-stopped'])
  })

  test('digits are told to nobody while a recording is paused for a payment, also when the phone paused it', () => {
    const { control, noted } = open()
    control.onEvent(event('RECORD_START', { 'Record-File-Path': path }, RUNNING))
    assert.equal(control.redactDigits(uuid(1)), false)
    const told = (state: string) =>
      event('CUSTOM', { 'Recording-Call-Id': uuid(1), 'Recording-Id': uuid(9), 'Recording-State': state })
    control.onEvent(told('paused'))
    assert.equal(control.redactDigits(uuid(1)), true)
    control.onEvent(told('recording'))
    assert.equal(control.redactDigits(uuid(1)), false)
    assert.deepEqual(noted, [
      'recording-started',
      'recording-paused by=digits',
      'recording-resumed by=digits',
    ])
  })

  test('an engine that comes back knows what is paused', async () => {
    const opened = open({ ...RUNNING, strowger_recording_state: 'paused' })
    await opened.control.resync()
    assert.equal(opened.control.redactDigits(uuid(1)), true)
    assert.deepEqual(await opened.control.state(uuid(1)), {
      recordingId: uuid(9),
      policyId: 1,
      state: 'paused',
    })
  })

  test('a variable that cannot be read costs nobody else anything', async () => {
    const opened = open({ strowger_recording: 'rubbish', strowger_recordings: uuid(9) })
    await opened.control.resync()
    opened.control.onEvent(
      event('RECORD_START', { 'Record-File-Path': path }, { strowger_recording: 'rubbish' }),
    )
    assert.deepEqual(opened.sent, [])
  })
})
