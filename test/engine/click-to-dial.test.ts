/** From a request to a ringing phone: what is looked at, in which order, and what the switch is told. */
import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { decodeWish } from '../../src/call/wish.ts'
import { createBoard } from '../../src/engine/board.ts'
import { dial, type DialOutcome, type DialRequest } from '../../src/engine/click-to-dial.ts'
import { createQuotaCounters } from '../../src/limits/quota-counters.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { carriers, ddi, device, gateway, NOW, uuid, type GivenWorld } from '../support/snapshot.ts'
import { plannerIn, worldWith } from '../support/world.ts'
import { fakeCommands, type FakeCommands } from './fake-commands.ts'

const TO = '+442079460123'
const OWN = '+442079460101'

type Given = {
  readonly world?: GivenWorld
  /** User names of phones that are registered. */
  readonly registered?: readonly string[]
  readonly isSwitchUp?: boolean
  readonly concurrentCalls?: number
}

const setUp = ({
  world: given = {},
  registered = ['ada-desk'],
  isSwitchUp = true,
  concurrentCalls,
}: Given = {}) => {
  const clock = createManualClock(NOW)
  const counters = createQuotaCounters({
    organization: () => ({
      callsPerSecond: undefined,
      concurrentCalls,
      dailySpend: undefined,
      premiumRate: undefined,
    }),
    user: () => undefined,
  })
  const world = worldWith(
    {
      ...carriers(1),
      numbers: [ddi(OWN)],
      devices: [device(), device({ id: 112, username: 'ada-mobile' })],
      ...given,
    },
    { quotas: counters.check },
  )
  const commands: FakeCommands = fakeCommands((line) => {
    const name = /^sofia_contact phones\/([\w-]+)@/.exec(line)?.[1]
    if (name === undefined) return undefined
    return registered.includes(name) ? `sofia/phones/sip:${name}@192.0.2.1` : 'error/user_not_registered'
  })
  const ask = (request: Partial<DialRequest> = {}): Promise<DialOutcome> =>
    dial(
      {
        from: { userId: 11, deviceId: undefined },
        to: TO,
        organizationId: undefined,
        callerId: undefined,
        ringTimeoutSeconds: undefined,
        ...request,
      },
      {
        world,
        board: createBoard({ clock, logger: silentLogger }),
        isSwitchUp: () => isSwitchUp,
        commands,
        planner: plannerIn(world),
        quotas: counters,
        now: () => NOW,
        logger: silentLogger,
      },
    )
  const originated = (): readonly string[] => commands.told.filter((line) => line.startsWith('originate '))
  return { ask, originated, counters }
}
/** `initiated`, or the code of the refusal. */
const told = (outcome: DialOutcome): string => (outcome.kind === 'refused' ? outcome.code : outcome.kind)

suite('engine: click-to-dial', () => {
  const refused: readonly (readonly [
    what: string,
    request: Partial<DialRequest>,
    code: string,
    given?: Given,
  ])[] = [
    ['a user whom nobody knows', { from: { userId: 99, deviceId: undefined } }, 'USER_NOT_FOUND'],
    ['a user of another organisation', { organizationId: 2 }, 'USER_NOT_FOUND'],
    ['a device that is not his', { from: { userId: 11, deviceId: 999 } }, 'DEVICE_UNAVAILABLE'],
    ['no phone that is there', {}, 'DEVICE_UNAVAILABLE', { registered: [] }],
    ["a caller ID that is somebody else's", { callerId: '+442079460999' }, 'CALLER_ID_NOT_ALLOWED'],
    ['what is no number', { to: '*' }, 'INVALID_DESTINATION'],
    ['a number that is none', { to: '+4420' }, 'INVALID_DESTINATION'],
    ['a premium-rate number', { to: '+449098790000' }, 'BLOCKED'],
    ['a number without a carrier', {}, 'CARRIER_UNAVAILABLE', { world: { lcrRoutes: [] } }],
    ['a switch that is away', {}, 'SWITCH_UNAVAILABLE', { isSwitchUp: false }],
    ['a quota that is used up', {}, 'QUOTA_EXCEEDED', { concurrentCalls: 0 }],
    ['a recording policy that is not there', { wish: { recordingPolicyId: 7 } }, 'POLICY_NOT_FOUND'],
    [
      'a message that is not there',
      { wish: { machineDetection: { action: 'leave-message', messageFileId: 7 } } },
      'FILE_NOT_FOUND',
    ],
  ]
  for (const [what, request, code, given] of refused)
    test(`${what} is ${code}, and nothing is dialled`, async () => {
      const { ask, originated, counters } = setUp(given)
      assert.equal(told(await ask(request)), code)
      assert.deepEqual(originated(), [])
      assert.equal(counters.usage(1, undefined, NOW).concurrentCalls, 0)
    })

  const devices: readonly (readonly [
    what: string,
    deviceId: number | undefined,
    registered: readonly string[],
    rung: string,
  ])[] = [
    ['the first that is registered', undefined, ['ada-mobile'], 'ada-mobile'],
    ['the one that was named', 112, ['ada-desk', 'ada-mobile'], 'ada-mobile'],
    ['another where the named one is away', 112, ['ada-desk'], 'ada-desk'],
  ]
  for (const [what, deviceId, registered, rung] of devices)
    test(`of several devices ${what} rings`, async () => {
      const { ask, originated } = setUp({ registered })
      assert.equal(told(await ask({ from: { userId: 11, deviceId } })), 'initiated')
      assert.match(originated()[0] ?? '', new RegExp(`user/${rung}@`))
    })

  test('the wish rides on the phone, with the caller ID that was checked, under the id that was given', async () => {
    const { ask, originated } = setUp()
    const outcome = await ask({
      callId: uuid(77),
      callerId: '020 7946 0101',
      ringTimeoutSeconds: 20,
      wish: { maxDurationSeconds: 60, crm: { recordId: '7' } },
    })
    assert.deepEqual(outcome, { kind: 'initiated', callId: uuid(77), callUuid: uuid(77) })
    const [line = ''] = originated()
    assert.match(line, new RegExp(`origination_uuid=${uuid(77)}`))
    assert.match(line, /originate_timeout=20[,}]/)
    assert.match(line, / \+442079460123 XML phones$/)
    assert.deepEqual(decodeWish(/strowger_wish=([\w-]+)/.exec(line)?.[1] ?? ''), {
      maxDurationSeconds: 60,
      crm: { recordId: '7' },
      callerId: OWN,
    })
  })

  test('of requests at once only as many ring as there are places', async () => {
    const { ask, originated } = setUp({ concurrentCalls: 2 })
    const outcomes = await Promise.all([ask(), ask(), ask(), ask()])
    assert.deepEqual(outcomes.map(told).sort(), [
      'QUOTA_EXCEEDED',
      'QUOTA_EXCEEDED',
      'initiated',
      'initiated',
    ])
    assert.equal(originated().length, 2)
  })

  test('an emergency call needs no place and takes none', async () => {
    const { ask, counters } = setUp({
      concurrentCalls: 0,
      world: { gateways: [gateway(1, { carriesEmergency: true })] },
    })
    assert.equal(told(await ask({ to: '112' })), 'initiated')
    assert.equal(counters.usage(1, undefined, NOW).concurrentCalls, 0)
  })
})
