import assert from 'node:assert/strict'
import type { RecordingAsk } from '../../src/call/recording.ts'
import type { Plan } from '../../src/call/plan.ts'
import type { CallWish } from '../../src/call/wish.ts'
import { NO_RECORDING_ROWS, type RecordingPolicy } from '../../src/directory/recording-records.ts'
import { planFromTrunk } from '../../src/plan/plan-from-trunk.ts'
import { planFromUser } from '../../src/plan/make-plan.ts'
import { policy } from '../recording/policy.ts'
import {
  carriers,
  ddi,
  device,
  NOW,
  organization,
  rate,
  surroundings,
  user,
  uuid,
  uuidsFrom,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'

const SETTINGS = { ...PLAN_SETTINGS, recordingFolder: '/rec', soundFolder: '/snd', hasVoice: () => true }
const SOUND = {
  id: 7,
  organizationId: 1,
  name: 'Told',
  sha256: 'ab'.repeat(32),
  sampleRate: 8_000,
  durationMs: 900,
}

const world = (policies: readonly RecordingPolicy[]) =>
  surroundings({
    ...carriers(1),
    rates: [rate(1, '44', '0.01')],
    users: [user(), user({ id: 12, extension: '1002', name: 'Grace' })],
    devices: [device(), device({ id: 112, userId: 12, username: 'grace-desk' })],
    numbers: [ddi('+442079460102', { userId: 12 })],
    recording: { ...NO_RECORDING_ROWS, policies, audioFiles: [SOUND] },
  })

type Given = {
  readonly dialled?: string
  readonly wish?: CallWish
  readonly ask?: Partial<RecordingAsk>
  readonly settings?: { readonly recordingFolder: undefined }
}

const NOTHING_ASKED: RecordingAsk = {
  enabled: undefined,
  policyId: undefined,
  isRunning: false,
  before: '',
  isCallerAnswered: false,
}

const dial = (
  policies: readonly RecordingPolicy[],
  { dialled = '+442079460999', wish, ask, settings }: Given = {},
): Plan =>
  planFromUser(
    {
      callId: uuid(1),
      organization: organization(),
      user: user(),
      dialled,
      wish,
      recording: { ...NOTHING_ASKED, ...ask },
      now: NOW,
    },
    world(policies),
    { ...SETTINGS, ...settings, newUuid: uuidsFrom(100) },
  )

const comesIn = (policies: readonly RecordingPolicy[]): Plan => {
  const plan = planFromTrunk(
    {
      callId: uuid(1),
      dialled: '+442079460102',
      callerNumber: '+33142685300',
      callerName: undefined,
      now: NOW,
    },
    world(policies),
    { ...SETTINGS, newUuid: uuidsFrom(100) },
  )
  assert.ok(plan !== undefined)
  return plan
}

const settings = (given: Partial<RecordingPolicy['settings']>): RecordingPolicy =>
  policy({ settings: { ...policy().settings, ...given } })
const compliance = (given: Partial<RecordingPolicy['compliance']>): RecordingPolicy =>
  policy({ compliance: { ...policy().compliance, ...given } })
const told = (playTo: 'all' | 'external_only' | 'internal_only', audioFileId?: number): RecordingPolicy =>
  settings({ announcement: { enabled: true, audioFileId, playTo } })

/** `caller`, `callee`, both or neither. */
const hearers = ({ recording }: Plan): string => {
  const announcement = recording?.planned?.announcement
  return [announcement?.toCaller === true ? 'caller' : '', announcement?.toCallee === true ? 'callee' : '']
    .filter((side) => side !== '')
    .join(' and ')
}

suite('the recording of a plan', () => {
  test('no policy and no wish: it is said on the channel, and no line of the trace', () => {
    const plan = dial([])
    assert.deepEqual(plan.recording, {
      enabled: false,
      policyId: 0,
      planned: undefined,
      before: '',
      isRunning: false,
    })
    assert.ok(!plan.trace.some((line) => line.includes('record')))
  })

  test('a policy: the file says whose it is, and our user is the first side', () => {
    const carried = dial([policy()]).recording?.planned?.carried
    assert.equal(carried?.swapped, false)
    assert.match(
      carried.files[0]?.path ?? '',
      /^\/rec\/1\/20\d\d-\d\d-\d\d\/00000000-0000-4000-8000-\d{12}\.mix\.p1\.c00000000-0000-4000-8000-000000000001\.wav$/,
    )
  })

  test('a call that comes in: the sides are turned, for the caller is not ours', () => {
    assert.equal(comesIn([policy()]).recording?.planned?.carried.swapped, true)
  })

  test('split: two files of one recording', () => {
    const files = dial([settings({ channels: 'split' })]).recording?.planned?.carried.files ?? []
    assert.deepEqual(
      files.map(({ part }) => part),
      ['a', 'b'],
    )
    assert.equal(new Set(files.map(({ path }) => path.replace(/\.[ab]\./, '.'))).size, 1)
  })

  const announcements: readonly (readonly [sentence: string, plan: () => Plan, whom: string])[] = [
    ['the other party of a call out', () => dial([told('external_only')]), 'callee'],
    ['our side of a call out', () => dial([told('internal_only')]), 'caller'],
    ['all of a call out', () => dial([told('all')]), 'caller and callee'],
    ['the other party of a call in', () => comesIn([told('external_only')]), 'caller'],
    ['our side of a call in', () => comesIn([told('internal_only')]), 'callee'],
    [
      'our side of a call between us',
      () => dial([told('internal_only')], { dialled: '1002' }),
      'caller and callee',
    ],
    ['the other party of a call between us', () => dial([told('external_only')], { dialled: '1002' }), ''],
  ]
  for (const [sentence, plan, whom] of announcements)
    test(`an announcement to ${sentence} is for ${whom === '' ? 'nobody' : `the ${whom}`}`, () =>
      assert.equal(hearers(plan()), whom))

  test('an uploaded sound is named by its hash; one that is gone is spoken', () => {
    assert.deepEqual(dial([told('all', 7)]).recording?.planned?.announcement?.prompt, {
      kind: 'file',
      path: '/snd/1/7-abababababababab.wav',
    })
    const prompt = dial([told('all', 8)]).recording?.planned?.announcement?.prompt
    assert.equal(prompt?.kind === 'words' && prompt.spoken, true)
  })

  test('consent: who is asked is not told besides, and nothing is recorded before he answered', () => {
    const asking = policy({
      settings: { ...told('all').settings, startOn: 'immediate' },
      compliance: { ...policy().compliance, consentRequired: true },
    })
    const plan = dial([asking])
    assert.equal(plan.recording?.planned?.startOn, 'answer')
    assert.equal(hearers(plan), 'caller')
    assert.ok(plan.trace.some((line) => line.endsWith('once there is consent')))
  })

  const refusals: readonly (readonly [sentence: string, plan: () => Plan, line: RegExp])[] = [
    [
      'consent is required, and the call is between us',
      () => dial([compliance({ consentRequired: true })], { dialled: '1002' }),
      /nobody outside is there to ask/,
    ],
    [
      'consent is required, and somebody calls for help',
      () => dial([compliance({ consentRequired: true })], { dialled: '112' }),
      /emergency/,
    ],
    [
      'the switch cannot be told the folder',
      () => dial([policy()], { settings: { recordingFolder: undefined } }),
      /cannot be told the folder/,
    ],
    [
      'it is wished not to be, and the policy leaves the choice',
      () => dial([settings({ optional: true })], { wish: { recordCall: false } }),
      /leaves the choice/,
    ],
  ]
  for (const [sentence, plan, line] of refusals)
    test(`not recorded: ${sentence}`, () => {
      const { recording, trace } = plan()
      assert.equal(recording?.enabled, false)
      assert.equal(recording.planned, undefined)
      assert.match(trace.at(-1) ?? '', line)
    })

  test('an emergency call is recorded, and nobody waits for an announcement', () => {
    const plan = dial([told('all')], { dialled: '112' })
    assert.equal(plan.recording?.enabled, true)
    assert.equal(hearers(plan), '')
  })

  test("an operator's dialplan asks for it by its variables, and the API's wish comes first", () => {
    assert.equal(dial([], { ask: { enabled: true } }).recording?.enabled, true)
    assert.equal(dial([policy({ id: 5, enabled: true })], { ask: { policyId: 5 } }).recording?.policyId, 5)
    const optional = settings({ optional: true })
    assert.equal(
      dial([optional], { ask: { enabled: true }, wish: { recordCall: false } }).recording?.enabled,
      false,
    )
  })

  test('a recording that goes on is not begun again', () => {
    const { recording } = dial([policy()], { ask: { isRunning: true, before: uuid(50) } })
    assert.deepEqual([recording?.enabled, recording?.planned, recording?.isRunning], [true, undefined, true])
  })

  test('a call that talks with the engine has no recording', () => {
    assert.equal(dial([policy()], { dialled: '*43' }).recording, undefined)
  })
})
