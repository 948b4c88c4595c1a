import assert from 'node:assert/strict'
import { failureOf } from '../../src/call/failure.ts'
import type { LiveCall, LiveLeg } from '../../src/call/live-call.ts'
import { NOW, uuid } from '../support/snapshot.ts'

const leg = (n: number, given: Partial<LiveLeg> = {}): LiveLeg => ({
  legUuid: uuid(n),
  leg: n === 1 ? 'A' : 'B',
  state: 'gone',
  party: '1001',
  attempt: undefined,
  gateway: undefined,
  gatewayId: undefined,
  carrier: undefined,
  startedAt: NOW,
  answeredAt: undefined,
  endedAt: NOW,
  hangupCause: undefined,
  sipStatus: undefined,
  ...given,
})

const call = (given: Partial<LiveCall>): LiveCall => ({
  callId: uuid(1),
  organizationId: 1,
  userId: 11,
  direction: 'outbound',
  state: 'ended',
  from: '1001',
  to: '+442079460123',
  startedAt: NOW,
  answeredAt: undefined,
  endedAt: NOW,
  hangupCause: 'USER_BUSY',
  simulated: false,
  legs: [],
  ...given,
})

suite('call: why it came to nothing', () => {
  const answered = { answeredAt: NOW }
  const rows: readonly (readonly [what: string, call: LiveCall, code: string | undefined])[] = [
    ['a call that lives has no failure', call({ state: 'ringing' }), undefined],
    [
      'a talk that ended is none',
      call({ hangupCause: 'NORMAL_CLEARING', legs: [leg(1, answered), leg(2, answered)] }),
      undefined,
    ],
    [
      'a talk whose line broke is none: somebody talked',
      call({ hangupCause: 'MEDIA_TIMEOUT', legs: [leg(1, answered), leg(2, answered)] }),
      undefined,
    ],
    [
      'an answered phone whose destination is busy is one',
      call({ ...answered, legs: [leg(1, answered), leg(2)] }),
      'DESTINATION_BUSY',
    ],
    [
      'a second carrier that answered makes it none',
      call({ legs: [leg(1), leg(2), leg(3, answered)] }),
      undefined,
    ],
    [
      'a caller who hung up while it rang cancelled',
      call({ hangupCause: 'NORMAL_CLEARING', legs: [leg(1), leg(2)] }),
      'CALL_CANCELLED',
    ],
    [
      'our own service that talked is none',
      call({ ...answered, hangupCause: 'NORMAL_CLEARING', legs: [leg(1, answered)] }),
      undefined,
    ],
    [
      'a call that never had a channel is one',
      call({ hangupCause: 'USER_NOT_REGISTERED' }),
      'DESTINATION_UNREACHABLE',
    ],
    [
      'an end without a cause is one all the same',
      call({ hangupCause: undefined, legs: [leg(1)] }),
      'CALL_FAILED',
    ],
  ]
  for (const [what, given, code] of rows)
    test(what, () => {
      assert.equal(failureOf(given)?.code, code)
    })

  test('the last status that a destination gave is told, before the one that the caller got', () => {
    const legs = [leg(1, { sipStatus: 480 }), leg(2, { sipStatus: 503 }), leg(3, { sipStatus: 486 })]
    assert.equal(failureOf(call({ legs }))?.sipStatus, 486)
    assert.equal(failureOf(call({ legs: legs.slice(0, 1) }))?.sipStatus, 480)
  })
})
