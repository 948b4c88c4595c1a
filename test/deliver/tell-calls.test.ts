import assert from 'node:assert/strict'
import type { CallInput } from '../../src/call/call-step.ts'
import type { LiveEvent } from '../../src/call/live-call.ts'
import type { CallWish } from '../../src/call/wish.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createBoard } from '../../src/engine/board.ts'
import { createCallTeller, type OutgoingEvent } from '../../src/deliver/tell-calls.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { cdr } from '../http/samples.ts'

const CALL = asCallUuid('11111111-2222-4333-8444-555555555555')
const B1 = asCallUuid('22222222-2222-4333-8444-555555555555')
const B2 = asCallUuid('33333333-2222-4333-8444-555555555555')

const seen = (legUuid: typeof CALL, leg: 'A' | 'B', more: object = {}): CallInput => ({
  kind: 'leg-seen',
  leg: {
    legUuid,
    leg,
    party: leg === 'A' ? '1001' : '+442079460123',
    attempt: undefined,
    gateway: undefined,
    gatewayId: undefined,
    carrier: undefined,
    direction: 'outbound',
    from: '1001',
    to: '+442079460123',
    simulated: false,
    ...more,
  },
})
const planned: CallInput = {
  kind: 'planned',
  carried: {
    callId: CALL,
    organizationId: 1,
    direction: 'outbound',
    userId: 7,
    dialled: '+442079460123',
    destination: undefined,
    callerNumber: undefined,
    lcrProfileId: undefined,
    attempts: [],
    devices: [],
  } as unknown as Extract<CallInput, { kind: 'planned' }>['carried'],
}
const initiated = (wish?: CallWish): CallInput => ({
  kind: 'initiated',
  organizationId: 1,
  userId: 7,
  from: '1001',
  to: '+442079460123',
  wish,
})
const on = (legUuid: typeof CALL, input: 'progress' | 'answer' | 'hold' | 'unhold'): CallInput => ({
  kind: 'leg',
  legUuid,
  input,
})
const gone = (
  legUuid: typeof CALL,
  cause: 'NORMAL_CLEARING' | 'USER_BUSY' | 'NO_ANSWER',
  sipStatus?: number,
): CallInput => ({
  kind: 'leg',
  legUuid,
  input: 'hangup',
  cause,
  sipStatus,
})

/** What leaves the engine when this happens, on a real board. */
const told = async (inputs: readonly CallInput[], boot = 'boot'): Promise<readonly OutgoingEvent[]> => {
  const board = createBoard({ clock: systemClock, logger: silentLogger })
  const teller = createCallTeller(boot)
  const events: OutgoingEvent[] = []
  board.watch(undefined, (event: LiveEvent) => events.push(...teller.happened(event)))
  for (const input of inputs) board.post(CALL, input)
  await board.idle()
  return events
}
const callTypes = (events: readonly OutgoingEvent[]): string =>
  events
    .map(({ type }) => type)
    .filter((type) => type.startsWith('call.'))
    .map((type) => type.slice(5))
    .join(' ')

suite('deliver: what is told of a call', () => {
  const rows: readonly (readonly [sentence: string, inputs: readonly CallInput[], types: string])[] = [
    [
      'a dialled call: nothing until it is known whose it is, then all of it',
      [
        seen(CALL, 'A'),
        planned,
        seen(B1, 'B'),
        on(B1, 'progress'),
        on(B1, 'answer'),
        on(CALL, 'answer'),
        { kind: 'bridged' },
        gone(B1, 'NORMAL_CLEARING'),
        gone(CALL, 'NORMAL_CLEARING'),
      ],
      'initiated ringing answered talking completed',
    ],
    [
      'the caller’s phone of a call of the API is not the call’s answer',
      [
        initiated(),
        seen(CALL, 'A'),
        on(CALL, 'answer'),
        seen(B1, 'B'),
        on(B1, 'progress'),
        gone(B1, 'USER_BUSY', 486),
        gone(CALL, 'USER_BUSY'),
      ],
      'initiated ringing failed',
    ],
    [
      'a phone that nobody picks up',
      [initiated(), seen(CALL, 'A'), on(CALL, 'progress'), gone(CALL, 'NO_ANSWER')],
      'initiated failed',
    ],
    [
      'a call that came to nothing before a channel',
      [initiated(), { kind: 'unmade', cause: 'USER_NOT_REGISTERED' }],
      'initiated failed',
    ],
    [
      'a second carrier rings again; the answer is told once',
      [
        initiated(),
        seen(CALL, 'A'),
        on(CALL, 'answer'),
        seen(B1, 'B'),
        on(B1, 'progress'),
        gone(B1, 'NO_ANSWER'),
        seen(B2, 'B'),
        on(B2, 'progress'),
        on(B2, 'answer'),
        { kind: 'bridged' },
      ],
      'initiated ringing ringing answered talking',
    ],
    [
      'what the switch answers itself, such as an echo test',
      [seen(CALL, 'A'), planned, on(CALL, 'answer'), gone(CALL, 'NORMAL_CLEARING')],
      'initiated answered completed',
    ],
    [
      'holding and digits, as often as they come',
      [
        initiated(),
        seen(CALL, 'A'),
        on(CALL, 'answer'),
        on(CALL, 'hold'),
        on(CALL, 'unhold'),
        on(CALL, 'hold'),
        { kind: 'noted', what: 'dtmf', legUuid: CALL, detail: { digits: '1' } },
        { kind: 'noted', what: 'dtmf', legUuid: CALL, detail: { digits: '1' } },
      ],
      'initiated held unheld held dtmf dtmf',
    ],
    [
      'a machine that answered',
      [
        initiated(),
        seen(CALL, 'A'),
        seen(B1, 'B'),
        on(B1, 'answer'),
        { kind: 'noted', what: 'machine-detection', legUuid: B1, detail: { verdict: 'machine' } },
      ],
      'initiated answered machine',
    ],
    [
      'found again in the middle by a new engine',
      [planned, seen(CALL, 'A', { answered: true }), seen(B1, 'B', { answered: true }), { kind: 'bridged' }],
      'initiated answered talking',
    ],
  ]
  for (const [sentence, inputs, types] of rows) {
    test(sentence, async () => assert.equal(callTypes(await told(inputs)), types))
  }

  test('a failed call says the cause, our code and what a person is told', async () => {
    const events = await told([
      initiated(),
      seen(CALL, 'A'),
      seen(B1, 'B'),
      gone(B1, 'USER_BUSY', 486),
      gone(CALL, 'USER_BUSY'),
    ])
    assert.deepEqual(events.at(-1)?.payload['outcome'], {
      cause: 'USER_BUSY',
      q850: 17,
      sipStatus: 486,
      code: 'DESTINATION_BUSY',
      message: 'The destination number is busy',
      userMessage: 'The number you called is busy. Please try again later.',
    })
  })

  test('an event has the same id whoever tells it, but for what may come again', async () => {
    const inputs = [initiated(), seen(CALL, 'A'), on(CALL, 'answer'), on(CALL, 'hold')]
    const [one, other] = [await told(inputs, 'one'), await told(inputs, 'other')]
    const differ = one.filter(({ id }, at) => id !== other[at]?.id).map(({ type }) => type)
    assert.deepEqual(differ, ['call.held'])
    assert.equal(new Set(one.map(({ id }) => id)).size, one.length)
  })

  test('a callback hears what it asked for', async () => {
    const url = 'https://example.com/cb'
    const of = async (events: NonNullable<CallWish['callback']>['events']): Promise<string> =>
      (
        await told([
          initiated({ callback: { url, events } }),
          seen(CALL, 'A'),
          seen(B1, 'B'),
          on(B1, 'progress'),
          on(B1, 'answer'),
          gone(B1, 'NORMAL_CLEARING'),
          gone(CALL, 'NORMAL_CLEARING'),
        ])
      )
        .filter(({ callbackUrl }) => callbackUrl === url)
        .map(({ payload }) => String(payload['event']))
        .join(' ')
    assert.equal(await of(undefined), 'answered completed')
    assert.equal(await of(['initiated', 'ringing']), 'initiated ringing')
    assert.equal(await of([]), '')
  })

  test('a recording is told once as stored, with what was noted of it', async () => {
    const stored: CallInput = {
      kind: 'noted',
      what: 'recording-stored',
      detail: { recordingId: 'r1', durationMs: 900 },
    }
    const events = await told([initiated(), seen(CALL, 'A'), stored, stored])
    const recordings = events.filter(({ type }) => type === 'recording.stored')
    assert.deepEqual(
      recordings.map(({ payload }) => payload['detail']),
      [{ recordingId: 'r1', durationMs: 900 }],
    )
  })
})

suite('deliver: a call that ended while no engine watched', () => {
  const record = cdr({ callId: CALL, legUuid: CALL, disposition: 'ANSWERED', organizationId: 1 })

  test('its end and its record are told from the record, with ids that the board would have used', async () => {
    const fromBoard = await told([
      initiated(),
      seen(CALL, 'A'),
      on(CALL, 'answer'),
      gone(CALL, 'NORMAL_CLEARING'),
    ])
    const events = createCallTeller('later').recorded(record, undefined, {
      amount: parseMoney('0.0042'),
      currency: 'GBP',
    })
    assert.deepEqual(
      events.map(({ type }) => type),
      ['call.completed', 'cdr.stored'],
    )
    assert.equal(events[0]?.id, fromBoard.at(-1)?.id)
    assert.deepEqual(events[1]?.payload['cost'], { amount: '0.0042', currency: 'GBP' })
  })

  test('a phone that was rung first has answered; whether the call was is told by its attempts', () => {
    const attempt = { ...cdr().attempts[0], outcome: 'FAILED' } as (typeof record.attempts)[number]
    const [end] = createCallTeller('later').recorded({ ...record, attempts: [attempt] }, undefined, undefined)
    assert.equal(end?.type, 'call.failed')
  })

  test('a callback is called from the wish that stands in the record', () => {
    const wish: CallWish = { callback: { url: 'https://example.com/cb', events: ['completed'] } }
    const events = createCallTeller('later').recorded(record, wish, undefined)
    assert.deepEqual(
      events.map(({ callbackUrl }) => callbackUrl),
      ['https://example.com/cb', undefined],
    )
  })

  test('a recording that is stored later has the id that the board would have used', async () => {
    const detail = { recordingId: 'r1', part: 'mix', durationMs: 900 }
    const fromBoard = await told([
      initiated(),
      seen(CALL, 'A'),
      { kind: 'noted', what: 'recording-stored', detail },
    ])
    const event = createCallTeller('later').recordingStored({
      callId: CALL,
      organizationId: 1,
      at: 5,
      detail,
    })
    assert.equal(event.id, fromBoard.at(-1)?.id)
  })

  test('a record of no organisation tells nothing', () => {
    assert.deepEqual(
      createCallTeller('later').recorded({ ...record, organizationId: undefined }, undefined, undefined),
      [],
    )
  })
})
