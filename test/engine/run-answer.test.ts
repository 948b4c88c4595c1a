/** What is sent to the switch about a callee who answered, and in which order. The switch itself is in test/live. */
import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { ATTEMPT_VARIABLE, encodeCarried } from '../../src/call/carried.ts'
import { encodeOnAnswer, ON_ANSWER_VARIABLE, type OnAnswer } from '../../src/call/on-answer.ts'
import type { CallInput } from '../../src/call/call-step.ts'
import { readConfig } from '../../src/config/config.ts'
import { runAnswer } from '../../src/engine/run-answer.ts'
import type { Conversation } from '../../src/esl/conversation.ts'
import type { EslEvent } from '../../src/esl/event.ts'
import { babble, cadence, joined, silence, sine } from '../support/line-sound.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { uuid } from '../support/snapshot.ts'

const A = uuid(1)
const B = uuid(2)

const HUNG_UP = [
  "uuid_transfer B 'm:^:sleep:1000^hangup:NORMAL_CLEARING' inline",
  'uuid_kill A NO_ANSWER',
  'uuid_kill B NORMAL_CLEARING',
]

const eventOf = (variables: Readonly<Record<string, string>>): EslEvent => ({
  name: 'CHANNEL_DATA',
  subclass: undefined,
  body: undefined,
  get: () => undefined,
  variable: (name) => variables[name],
  headers: () => new Map(),
})

type Given = {
  readonly what: OnAnswer
  /** Undefined: the switch cannot record the leg. */
  readonly sound: Int16Array | undefined
  readonly pressed?: string
  readonly message?: string
  readonly hunted?: boolean
}

/** What the switch was told, what was noted, and whether the leg was let go of. */
const run = async ({
  what,
  sound,
  pressed = '',
  message,
  hunted = false,
}: Given): Promise<readonly string[]> => {
  const clock = createManualClock()
  const done: string[] = []
  let close: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    close = resolve
  })
  const carried = {
    n: 1,
    callId: A,
    legUuid: B,
    organizationId: 7,
    userId: 1,
    gatewayId: 1,
    gatewayName: 'g',
    carrierId: 1,
    carrierName: 'c',
    number: '+44',
    rate: undefined,
  }
  const conversation: Conversation = {
    uuid: B,
    channel: eventOf({
      [ON_ANSWER_VARIABLE]: encodeOnAnswer({ ...what, organizationId: 7, goOnAfter: 'SWITCH_CONGESTION' }),
      [ATTEMPT_VARIABLE]: encodeCarried(carried),
    }),
    execute: (application) => {
      done.push(application)
      return Promise.resolve(eventOf({ strowger_confirm: pressed }))
    },
    start: () => Promise.resolve(),
    api: () => Promise.resolve(''),
    setVariable: () => Promise.resolve(),
    hangup: () => Promise.resolve(),
    closed,
    close: () => {
      done.push('let go')
      close()
    },
  }
  const api = (name: string, args = ''): Promise<string> => {
    if (name === 'uuid_getvar') return Promise.resolve(hunted ? 'xyz' : '_undef_')
    done.push(`${name} ${args.replaceAll(A, 'A').replaceAll(B, 'B')}`)
    return Promise.resolve('+OK')
  }
  await runAnswer(conversation, {
    commands: { api, bgapi: api },
    audio: {
      listen: (_, onSamples) => {
        if (sound === undefined) return Promise.resolve(undefined)
        onSamples(sound)
        return Promise.resolve({ hasSound: () => true, stop: () => Promise.resolve() })
      },
    },
    board: {
      post: (_, input: CallInput) => {
        if (input.kind === 'noted') done.push(`noted ${input.what} ${JSON.stringify(input.detail)}`)
      },
    },
    rules: {
      greeting: readConfig({}, '/tmp').answering.greeting,
      beepSilenceMs: 2_500,
      longestGreetingMs: 45_000,
    },
    messagePath: () => Promise.resolve(message),
    prompt: () => 'prompt.wav',
    clock,
    logger: silentLogger,
  })
  for (let turn = 0; turn < 20; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(100)
  }
  return done
}

const HUMAN = joined(silence(300), babble(400), silence(1_500))
const MACHINE = joined(silence(300), babble(3_000), silence(400), sine(1_000, 400), silence(400))
const hangup = { machine: { action: 'hangup' } } as const

suite('engine: a callee who answered', () => {
  test('a person: both records have the verdict, and the leg is let go of', async () => {
    const done = await run({ what: hangup, sound: HUMAN })
    assert.deepEqual(done, [
      'noted machine-detection {"verdict":"human","decisionMs":1500,"why":"short-greeting","action":"hangup"}',
      'uuid_setvar A strowger_amd human/1500/short-greeting',
      'uuid_setvar B strowger_amd human/1500/short-greeting',
      'let go',
    ])
  })

  test('a machine: the callee leaves the dialling before both are hung up, and is never let go of', async () => {
    const done = await run({ what: hangup, sound: MACHINE })
    assert.deepEqual(done.slice(-3), HUNG_UP)
    assert.ok(!done.includes('let go'))
  })

  test('a message: the callee leaves the dialling first, then the caller is released, then the beep', async () => {
    const what = { machine: { action: 'leave-message', messageFileId: 5 } } as const
    const done = await run({ what, sound: MACHINE, message: "/sounds/it's.wav" })
    assert.deepEqual(done.slice(3), [
      "uuid_transfer B 'm:^:playback:silence_stream://45000^playback:/sounds/it\\'s.wav^hangup:NORMAL_CLEARING' inline",
      'uuid_kill A NO_ANSWER',
      'uuid_break B',
      'noted played {"what":"message","fileId":5,"after":"beep","beepAtMs":3700,"beepMs":400,"beepHz":1000}',
    ])
  })

  test('a message that is not there: the machine is hung up', async () => {
    const what = { machine: { action: 'leave-message', messageFileId: 5 } } as const
    const done = await run({ what, sound: MACHINE })
    assert.deepEqual(done.slice(-3), HUNG_UP)
  })

  test('a leg that cannot be heard is connected', async () => {
    const done = await run({ what: hangup, sound: undefined })
    assert.equal(done.at(-1), 'let go')
    assert.ok(done.some((each) => each.startsWith('noted machine-detection {"verdict":"unsure"')))
  })

  test('a sound that tells nothing is connected when the time is over', async () => {
    const done = await run({ what: hangup, sound: silence(5_000) })
    assert.ok(done.includes('uuid_setvar A strowger_amd unsure/2500/silence'))
    assert.equal(done.at(-1), 'let go')
  })

  test('where the call is connected anyway it is so at once, and the verdict comes after', async () => {
    const done = await run({ what: { machine: { action: 'connect' } }, sound: MACHINE })
    assert.equal(done[0], 'let go')
    assert.match(done[1] ?? '', /^noted machine-detection \{"verdict":"machine"/)
  })

  test('a person who presses 1', async () => {
    const done = await run({
      what: { ...hangup, confirm: { timeoutSeconds: 6 } },
      sound: HUMAN,
      pressed: '1',
    })
    assert.deepEqual(done.slice(-3), ['play_and_get_digits', 'noted confirmed {}', 'let go'])
  })

  test('a person who presses nothing', async () => {
    const done = await run({ what: { ...hangup, confirm: { timeoutSeconds: 6 } }, sound: HUMAN })
    assert.deepEqual(done.slice(-4), ['play_and_get_digits', ...HUNG_UP])
  })

  const tones = { tones: { country: 'GB' } } as const
  test('a busy tone: the attempt fails as if the carrier had said so', async () => {
    const sound = joined(silence(200), cadence(400, [375, 375], 8))
    assert.deepEqual(await run({ what: tones, sound }), [
      'uuid_setvar A continue_on_fail SWITCH_CONGESTION',
      'uuid_kill B USER_BUSY',
    ])
  })

  test('a busy tone where the engine runs the hunt: it decides what comes next', async () => {
    const sound = joined(silence(200), cadence(400, [375, 375], 8))
    const done = await run({ what: tones, sound, hunted: true })
    assert.equal(done[0], 'uuid_setvar A continue_on_fail true')
  })

  test('a busy tone after the trunk was connected ends the call', async () => {
    const sound = joined(babble(800), silence(200), cadence(400, [375, 375], 8))
    assert.deepEqual(await run({ what: tones, sound }), ['let go', 'uuid_kill B USER_BUSY'])
  })

  test('what cannot be read is a fault, and the leg goes on', async () => {
    await assert.rejects(runAnswer({ channel: eventOf({}) } as unknown as Conversation, {} as never), {
      code: 'CALL_BAD_CARRIED',
    })
  })
})
