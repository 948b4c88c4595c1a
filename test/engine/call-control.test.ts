import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { encodeCarried } from '../../src/call/carried.ts'
import type { LiveCall, LiveLeg } from '../../src/call/live-call.ts'
import { createCallControl, type ControlOptions, type ControlRequest } from '../../src/engine/call-control.ts'
import type { CallInput } from '../../src/call/call-step.ts'
import type { CallUuid } from '../../src/telephony/call-uuid.ts'
import { carriers, NOW, uuid } from '../support/snapshot.ts'
import { plannerIn, worldWith } from '../support/world.ts'
import { fakeCommands, type AnswerCommand } from './fake-commands.ts'

const [A, B] = [uuid(1), uuid(2)]

const leg = (legUuid: CallUuid, which: 'A' | 'B'): LiveLeg => ({
  legUuid,
  leg: which,
  state: 'answered',
  party: which === 'A' ? '1001' : '+442079460958',
  attempt: undefined,
  gateway: undefined,
  gatewayId: undefined,
  carrier: undefined,
  startedAt: NOW,
  answeredAt: NOW,
  endedAt: undefined,
  hangupCause: undefined,
  sipStatus: undefined,
})
const CALL: LiveCall = {
  callId: A,
  organizationId: 1,
  userId: 11,
  direction: 'outbound',
  state: 'talking',
  from: '1001',
  to: '+442079460958',
  startedAt: NOW,
  answeredAt: NOW,
  endedAt: undefined,
  hangupCause: undefined,
  simulated: false,
  legs: [leg(A, 'A'), leg(B, 'B')],
}

const dumpOf = (legUuid: string, more: Readonly<Record<string, string>> = {}): string =>
  JSON.stringify({
    'Unique-ID': legUuid,
    'Answer-State': 'answered',
    'Channel-Call-State': 'ACTIVE',
    variable_bridge_uuid: legUuid === A ? B : A,
    ...(legUuid === B
      ? {
          variable_strowger_attempt: encodeCarried({
            n: 1,
            callId: A,
            legUuid: B,
            organizationId: 1,
            userId: 11,
            gatewayId: 1,
            gatewayName: 'edge 1',
            carrierId: 1,
            carrierName: 'Carrier 1',
            number: '442079460958',
            rate: undefined,
          }),
        }
      : {}),
    ...more,
  })

const controlling = (answer: AnswerCommand = () => undefined, given: Partial<ControlOptions> = {}) => {
  const posted: CallInput[] = []
  const commands = fakeCommands(async (line) => {
    const dumped = /^uuid_dump (\S+) json$/.exec(line)?.[1]
    return (await answer(line)) ?? (dumped === undefined ? undefined : dumpOf(dumped))
  })
  const world = worldWith(carriers(1))
  const { control, beforeRecording, recordingBegan } = createCallControl({
    board: {
      call: (callId) => (callId === A ? CALL : undefined),
      calls: () => [CALL],
      post: (_callId, input) => posted.push(input),
    },
    commands,
    isSwitchUp: () => true,
    world,
    planner: plannerIn(world),
    now: () => NOW,
    sleep: () => Promise.resolve(),
    logger: silentLogger,
    ...given,
  })
  const told = (): readonly string[] => commands.told.filter((line) => !line.startsWith('uuid_dump'))
  return { control, beforeRecording, recordingBegan, posted, told }
}

const codeOfOutcome = async (
  { control }: ReturnType<typeof controlling>,
  request: ControlRequest,
  boundTo?: number,
): Promise<string> => {
  const outcome = await control(A, request, boundTo)
  return outcome.kind === 'done' ? 'done' : outcome.code
}

suite('engine: call control', () => {
  test('a call of another organisation is none, and nothing is told to the switch', async () => {
    const given = controlling()
    assert.equal(await codeOfOutcome(given, { verb: 'hold' }, 2), 'CALL_NOT_FOUND')
    assert.equal(await codeOfOutcome(given, { verb: 'hold' }, 1), 'done')
    assert.deepEqual(given.told(), [`uuid_hold ${A}`])
  })

  test('a switch that is away is told as such', async () => {
    const given = controlling(undefined, { isSwitchUp: () => false })
    assert.equal(await codeOfOutcome(given, { verb: 'hold' }), 'SWITCH_UNAVAILABLE')
  })

  test('what the switch refuses is refused, and nothing is noted', async () => {
    const given = controlling((line) =>
      line.startsWith('uuid_audio') ? '-ERR No such channel!\n' : undefined,
    )
    assert.equal(await codeOfOutcome(given, { verb: 'mute' }), 'CONTROL_FAILED')
    assert.deepEqual(given.posted, [])
  })

  test('two commands to one call are done one after the other, each whole', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const given = controlling(async (line) => {
      if (line.startsWith('uuid_hold')) await held
      return undefined
    })
    const first = given.control(A, { verb: 'hold' }, undefined)
    const second = given.control(A, { verb: 'dtmf', digits: '1' }, undefined)
    for (let turn = 0; turn < 20 && given.told().length === 0; turn++)
      await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(given.told(), [`uuid_hold ${A}`])
    release()
    await Promise.all([first, second])
    assert.deepEqual(given.told(), [`uuid_hold ${A}`, `uuid_send_dtmf ${B} 1`])
  })

  test('a command that failed does not hold back the next', async () => {
    const given = controlling((line) => {
      if (line.startsWith('uuid_hold')) throw new Error('the socket broke')
      return undefined
    })
    await assert.rejects(given.control(A, { verb: 'hold' }, undefined), /the socket broke/)
    assert.equal(await codeOfOutcome(given, { verb: 'mute' }), 'done')
  })

  test('a transfer to a number that nobody takes is refused before anything is told', async () => {
    const empty = worldWith(carriers(0))
    const given = controlling(undefined, { world: empty, planner: plannerIn(empty) })
    const outcome = await codeOfOutcome(given, { verb: 'transfer', mode: 'blind', to: '+33142685300' })
    assert.equal(outcome, 'CARRIER_UNAVAILABLE')
    assert.deepEqual(given.told(), [])
  })

  test('a blind transfer notes who answered, who pays and who transfers, then moves the other party', async () => {
    const given = controlling()
    assert.equal(
      await codeOfOutcome(given, { verb: 'transfer', mode: 'blind', to: '+44 20 7946 0999' }),
      'done',
    )
    assert.deepEqual(given.told(), [
      `uuid_setvar_multi ${A} strowger_answered_leg=${B}`,
      `uuid_setvar_multi ${B} strowger_organization_id=1;strowger_user_id=11;strowger_transferred_by=11;strowger_requested_caller_id=;hangup_after_bridge=true`,
      `sched_hangup +14400 ${B} ALLOTTED_TIMEOUT`,
      `uuid_transfer ${B} +442079460999 XML phones`,
    ])
    assert.deepEqual(
      given.posted.map((input) => (input.kind === 'noted' ? [input.what, input.detail] : input.kind)),
      [['transferred', { mode: 'blind', to: '+442079460999', byUserId: 11 }]],
    )
  })

  test('a text that is no number reaches no switch', async () => {
    const given = controlling()
    for (const to of ['1002 XML trunks', "1';", '${x}', 'a'.repeat(40)]) {
      assert.equal(await codeOfOutcome(given, { verb: 'transfer', mode: 'blind', to }), 'INVALID_DESTINATION')
    }
    assert.deepEqual(given.told(), [])
  })

  test('a leg that the switch has no more is no leg', async () => {
    const given = controlling((line) =>
      line === `uuid_dump ${B} json` ? '-ERR No such channel!\n' : undefined,
    )
    assert.equal(await codeOfOutcome(given, { verb: 'mute', leg: 'B' }), 'LEG_NOT_FOUND')
    assert.equal(await codeOfOutcome(given, { verb: 'park' }), 'NOT_CONNECTED')
  })

  test('a supervisor who whispers is silent while a recording begins, then behind it', async () => {
    const supervisor = uuid(3)
    const given = controlling((line) => {
      if (line === `uuid_dump ${A} json`)
        return dumpOf(A, { variable_strowger_supervisor: `${supervisor}/whisper` })
      return line.startsWith('uuid_exists') ? 'true' : undefined
    })
    await given.beforeRecording(A, 2)
    assert.deepEqual(given.told(), [], 'nobody of another organisation touches him')
    await given.beforeRecording(A, 1)
    await given.recordingBegan(A)
    const flags = (bleg: boolean): string =>
      `uuid_setvar_multi ${supervisor} eavesdrop_whisper_bleg=${bleg};eavesdrop_whisper_aleg=false`
    assert.deepEqual(
      given.told().filter((line) => !line.startsWith('uuid_exists')),
      [
        flags(false),
        `uuid_transfer ${supervisor} eavesdrop:${A} inline`,
        flags(true),
        `uuid_transfer ${supervisor} eavesdrop:${A} inline`,
      ],
    )
  })
})
