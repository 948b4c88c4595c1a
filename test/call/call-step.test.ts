import assert from 'node:assert/strict'
import type { CarriedCall } from '../../src/call/carried.ts'
import { stepCall, type CallInput, type SeenLeg } from '../../src/call/call-step.ts'
import type { LegInput } from '../../src/call/leg-state.ts'
import type { LiveCall } from '../../src/call/live-call.ts'
import { isHangupCause } from '../../src/telephony/hangup-cause.ts'
import { uuid } from '../support/snapshot.ts'

const SEEN: SeenLeg = {
  legUuid: uuid(1),
  leg: 'A',
  party: '1001',
  attempt: undefined,
  gateway: undefined,
  gatewayId: undefined,
  carrier: undefined,
  direction: 'inbound',
  from: '1001',
  to: '1002',
  simulated: false,
}

const PLANNED: CarriedCall = {
  callId: uuid(1),
  organizationId: 7,
  direction: 'outbound',
  userId: 11,
  dialled: '020 7946 0958',
  destination: undefined,
  callerNumber: '1001',
  lcrProfileId: undefined,
  attempts: [],
  devices: [],
}

const seen = (leg: number, given: Partial<SeenLeg> = {}): CallInput => ({
  kind: 'leg-seen',
  leg: { ...SEEN, legUuid: uuid(leg), leg: leg === 1 ? 'A' : 'B', ...given },
})

const LEG_INPUTS: Readonly<Record<string, LegInput>> = {
  progress: 'progress',
  media: 'progress-media',
  answer: 'answer',
  hold: 'hold',
  unhold: 'unhold',
  hangup: 'hangup',
}

/** `A`, `B`, `C` ... is a leg that is seen; `B answer`, `B hangup USER_BUSY 486`; `bridged`; `planned`. */
const inputOf = (text: string): CallInput => {
  const [name = '', what, cause, status] = text.split(' ')
  if (name === 'planned') return { kind: 'planned', carried: PLANNED }
  if (name === 'bridged') return { kind: 'bridged' }
  const leg = 'ABCDEF'.indexOf(name) + 1
  if (what === undefined || what === 'answered')
    return seen(leg, what === undefined ? {} : { answered: true })
  const input = LEG_INPUTS[what]
  assert.ok(input !== undefined, text)
  return {
    kind: 'leg',
    legUuid: uuid(leg),
    input,
    ...(cause !== undefined && isHangupCause(cause) ? { cause } : {}),
    ...(status === undefined ? {} : { sipStatus: Number(status) }),
  }
}

/** Handles `inputs`, one a second from 0. The story is what happened; the end is the call afterwards. */
const play = (inputs: string): { readonly call: LiveCall | undefined; readonly story: string } => {
  let call: LiveCall | undefined
  const story: string[] = []
  inputs.split(', ').forEach((text, second) => {
    const step = stepCall(uuid(1), call, inputOf(text), second * 1_000)
    call = step.call
    for (const { kind, leg } of step.happenings) {
      story.push(leg === undefined ? kind : `${'ABCDEF'[Number(leg.legUuid.slice(-1)) - 1] ?? '?'} ${kind}`)
    }
  })
  return { call, story: story.join(', ') }
}

const stateOf = (call: LiveCall | undefined): string =>
  call === undefined ? 'none' : `${call.state}: ${call.legs.map(({ state }) => state).join(' ')}`.trim()

suite('call: one input at a time', () => {
  const rows: readonly (readonly [sentence: string, inputs: string, story: string, state: string])[] = [
    [
      'a call that is answered and ends',
      'A, planned, B, B progress, A progress, B answer, A answer, bridged, A hangup, B hangup',
      'A leg-started, B leg-started, B ringing, A ringing, B answered, A answered, talking, A leg-ended, B leg-ended, call-ended',
      'ended: gone gone',
    ],
    [
      'two attempts, the second of which answers',
      'A, B, B hangup NORMAL_TEMPORARY_FAILURE 503, C, C media, C answer, A answer, bridged',
      'A leg-started, B leg-started, B leg-ended, C leg-started, C early-media, C answered, A answered, talking',
      'talking: answered gone answered',
    ],
    [
      'a fork in which the losers lose the race',
      'A, B, C, B progress, C progress, C answer, B hangup LOSE_RACE, A answer, bridged',
      'A leg-started, B leg-started, C leg-started, B ringing, C ringing, C answered, B leg-ended, A answered, talking',
      'talking: answered gone answered',
    ],
    [
      'the caller gives up',
      'A, B, B progress, A hangup ORIGINATOR_CANCEL 487, B hangup ORIGINATOR_CANCEL',
      'A leg-started, B leg-started, B ringing, A leg-ended, B leg-ended, call-ended',
      'ended: gone gone',
    ],
    ['the A leg alone ends the call', 'A, A hangup', 'A leg-started, A leg-ended, call-ended', 'ended: gone'],
    [
      'a B leg that goes first leaves the call',
      'A, B, A answer, B hangup',
      'A leg-started, B leg-started, A answered, B leg-ended',
      'answered: answered gone',
    ],
    [
      'hold and back',
      'A, A answer, A hold, A unhold',
      'A leg-started, A answered, A held, A unheld',
      'answered: answered',
    ],
    [
      'a call on hold may end',
      'A, A answer, A hold, A hangup',
      'A leg-started, A answered, A held, A leg-ended, call-ended',
      'ended: gone',
    ],
    ['a repeated answer', 'A, A answer, A answer', 'A leg-started, A answered', 'answered: answered'],
    ['a repeated end', 'A, A hangup, A hangup', 'A leg-started, A leg-ended, call-ended', 'ended: gone'],
    ['a repeated leg', 'A, A, A answer, A', 'A leg-started, A answered', 'answered: answered'],
    [
      'a repeated bridge',
      'A, A answer, bridged, bridged',
      'A leg-started, A answered, talking',
      'talking: answered',
    ],
    [
      'ringing after the answer',
      'A, A answer, A progress, A media',
      'A leg-started, A answered',
      'answered: answered',
    ],
    ['ringing after early media', 'A, A media, A progress', 'A leg-started, A early-media', 'ringing: early'],
    ['hold before the answer', 'A, A hold', 'A leg-started', 'initiated: new'],
    [
      'an answer after the end',
      'A, A hangup, A answer',
      'A leg-started, A leg-ended, call-ended',
      'ended: gone',
    ],
    [
      'a bridge after the end',
      'A, A hangup, bridged',
      'A leg-started, A leg-ended, call-ended',
      'ended: gone',
    ],
    ['a leg of which nobody knows', 'A, B answer', 'A leg-started', 'initiated: new'],
    ['an input before any leg', 'A answer', '', 'none'],
    ['a bridge before any leg', 'bridged', '', 'none'],
    ['a plan before any leg', 'planned', '', 'initiated:'],
    [
      'the B leg before the A leg',
      'B, A, B progress',
      'B leg-started, A leg-started, B ringing',
      'ringing: ringing new',
    ],
    ['a leg that was answered before we looked', 'A answered', 'A leg-started', 'answered: answered'],
    [
      'legs that talked before we looked',
      'A answered, B answered, bridged',
      'A leg-started, B leg-started, talking',
      'talking: answered answered',
    ],
    [
      'a known leg that was answered while we saw nothing',
      'A, A progress, A answered',
      'A leg-started, A ringing, A answered',
      'answered: answered',
    ],
    [
      'a known leg on hold that is seen again',
      'A, A answer, A hold, A answered',
      'A leg-started, A answered, A held',
      'answered: held',
    ],
    [
      'a leg that is gone and seen again',
      'A, A hangup, A answered',
      'A leg-started, A leg-ended, call-ended',
      'ended: gone',
    ],
  ]
  for (const [sentence, inputs, story, state] of rows) {
    test(sentence, () => {
      const played = play(inputs)
      assert.equal(played.story, story)
      assert.equal(stateOf(played.call), state)
    })
  }

  test('times are those of the inputs, and the first answer is the answer', () => {
    const { call } = play('A, B, B progress, B answer, A answer, bridged, A hangup, B hangup')
    assert.deepEqual([call?.startedAt, call?.answeredAt, call?.endedAt], [0, 3_000, 7_000])
    const [a, b] = call?.legs ?? []
    assert.deepEqual([a?.startedAt, a?.answeredAt, a?.endedAt], [0, 4_000, 6_000])
    assert.deepEqual([b?.startedAt, b?.answeredAt, b?.endedAt], [1_000, 3_000, 7_000])
  })

  test('an unanswered call has no time of answer', () => {
    const { call } = play('A, B, B progress, B hangup USER_BUSY, A hangup USER_BUSY')
    assert.equal(call?.answeredAt, undefined)
  })

  test("the call's cause is its A leg's, a leg's its own, with the SIP status", () => {
    const { call } = play('A, B, B hangup USER_BUSY 486, A hangup CALL_REJECTED')
    assert.equal(call?.hangupCause, 'CALL_REJECTED')
    assert.deepEqual([call.legs[1]?.hangupCause, call.legs[1]?.sipStatus], ['USER_BUSY', 486])
  })

  test('the plan says whose call it is, whenever it comes', () => {
    for (const inputs of ['planned, A', 'A, planned']) {
      const { call } = play(inputs)
      assert.deepEqual(
        [call?.organizationId, call?.userId, call?.direction, call?.from, call?.to],
        [7, 11, 'outbound', '1001', '020 7946 0958'],
      )
    }
  })

  test('without a plan the first leg says it', () => {
    const { call } = play('A')
    assert.deepEqual([call?.organizationId, call?.direction, call?.to], [undefined, 'inbound', '1002'])
  })

  test('the plan of a leg that was transferred says nothing of who called whom', () => {
    const { call } = play('planned, A, B')
    const carried = { ...PLANNED, channelUuid: uuid(2), dialled: '1003', userId: 12 }
    const step = stepCall(uuid(1), call, { kind: 'planned', carried }, 9_000)
    assert.equal(step.call, call)
    // After a gap it may be all that there is.
    const alone = stepCall(uuid(1), undefined, { kind: 'planned', carried }, 9_000)
    assert.equal(alone.call?.organizationId, 7)
  })

  test('a leg that was muted is so until it is heard again', () => {
    const { call } = play('planned, A, B')
    const muted = stepCall(uuid(1), call, { kind: 'noted', what: 'muted', legUuid: uuid(2) }, 9_000)
    assert.deepEqual(
      muted.call?.legs.map((leg) => leg.muted),
      [undefined, true],
    )
    assert.equal(muted.happenings[0]?.leg?.muted, true)
    const heard = stepCall(uuid(1), muted.call, { kind: 'noted', what: 'unmuted', legUuid: uuid(2) }, 9_000)
    assert.equal(heard.call?.legs[1]?.muted, false)
  })

  test('a step changes nothing that it was given', () => {
    const { call } = play('A, B, B progress')
    const before = structuredClone(call)
    stepCall(uuid(1), call, inputOf('B hangup'), 9_000)
    stepCall(uuid(1), call, inputOf('C'), 9_000)
    assert.deepEqual(call, before)
  })
})
