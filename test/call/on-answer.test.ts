import assert from 'node:assert/strict'
import {
  afterVerdict,
  decodeOnAnswer,
  encodeOnAnswer,
  holdsCallee,
  needsListening,
} from '../../src/call/on-answer.ts'

suite('call: on an answer', () => {
  test('what is carried is read as it was written, in letters that nothing on the way reads', () => {
    const carried = {
      organizationId: 7,
      goOnAfter: 'NORMAL_TEMPORARY_FAILURE,SWITCH_CONGESTION',
      confirm: { timeoutSeconds: 20 },
      machine: { action: 'leave-message', messageFileId: 3 },
      tones: { country: 'GB' },
    } as const
    assert.match(encodeOnAnswer(carried), /^[\w-]+$/)
    assert.deepEqual(decodeOnAnswer(encodeOnAnswer(carried)), carried)
  })

  for (const text of [
    '',
    '%',
    'bnVsbA',
    'e30',
    Buffer.from('{"goOnAfter":1,"organizationId":1}').toString('base64url'),
  ])
    test(`"${text}" says nothing`, () => {
      assert.throws(() => decodeOnAnswer(text), { code: 'CALL_BAD_CARRIED' })
    })

  const rows = [
    ['hangup', 'human', true, 'connect'],
    ['hangup', 'unsure', true, 'connect'],
    ['hangup', 'machine', true, 'hang-up'],
    ['hangup', 'fax', true, 'hang-up'],
    ['leave-message', 'machine', true, 'leave-message'],
    ['leave-message', 'machine', false, 'hang-up'],
    ['leave-message', 'fax', true, 'hang-up'],
    ['leave-message', 'human', true, 'connect'],
    ['connect', 'machine', true, 'connect'],
    ['connect', 'fax', true, 'connect'],
  ] as const
  for (const [action, verdict, hasMessage, expected] of rows)
    test(`${action}, and ${verdict} answered${hasMessage ? '' : ' without a message to leave'}: ${expected}`, () =>
      assert.equal(afterVerdict(action, verdict, hasMessage), expected))

  test('who is only listened to beside the talk is not held', () => {
    assert.equal(holdsCallee({ machine: { action: 'connect' } }), false)
    assert.equal(holdsCallee({ machine: { action: 'hangup' } }), true)
    assert.equal(holdsCallee({ tones: { country: 'DE' } }), true)
    assert.equal(holdsCallee({ confirm: { timeoutSeconds: 5 } }), true)
    assert.equal(needsListening({ confirm: { timeoutSeconds: 5 } }), false)
    assert.equal(needsListening({ machine: { action: 'connect' } }), true)
  })
})
