import assert from 'node:assert/strict'
import {
  FAILOVER_CAUSES,
  HANGUP_CAUSES,
  hangupCauseOf,
  isHangupCause,
} from '../../src/telephony/hangup-cause.ts'

suite('hangup causes', () => {
  // switch_types.h of FreeSWITCH 1.10.12, switch_call_cause_t.
  const row = (cause: keyof typeof HANGUP_CAUSES, number: number, sip: number): void => {
    test(`${cause} is ${number} and leaves as ${sip}`, () =>
      assert.deepEqual(HANGUP_CAUSES[cause], { number, sip }))
  }
  row('NO_ANSWER', 19, 480)
  row('NO_USER_RESPONSE', 18, 408)
  row('USER_BUSY', 17, 486)
  row('RECOVERY_ON_TIMER_EXPIRE', 102, 504)
  row('ORIGINATOR_CANCEL', 487, 487)
  row('GATEWAY_DOWN', 809, 503)
  row('INVALID_GATEWAY', 808, 484)
  row('INVALID_PROFILE', 811, 502)
  row('REJECT_ALL', 825, 603)
  row('CALL_REJECTED', 21, 603)
  row('NORMAL_CLEARING', 16, 480)
  row('NORMAL_TEMPORARY_FAILURE', 41, 503)

  test('no number stands for two causes', () => {
    const numbers = Object.values(HANGUP_CAUSES).map(({ number }) => number)
    assert.equal(new Set(numbers).size, numbers.length)
  })
  test('a cause that the table does not know is NORMAL_UNSPECIFIED', () => {
    for (const text of [undefined, '', 'CHANNEL_UNAVAILABLE', 'user_busy', 'toString', '__proto__']) {
      assert.equal(hangupCauseOf(text), 'NORMAL_UNSPECIFIED')
    }
    assert.ok(!isHangupCause('constructor'))
  })
  test('a callee who answered in some way is never a reason for the next carrier', () => {
    for (const cause of [
      'USER_BUSY',
      'NO_ANSWER',
      'CALL_REJECTED',
      'UNALLOCATED_NUMBER',
      'ORIGINATOR_CANCEL',
      'ALLOTTED_TIMEOUT',
      'NORMAL_CLEARING',
    ] as const) {
      assert.ok(!FAILOVER_CAUSES.includes(cause), cause)
    }
  })
  test('every reason for the next carrier is a cause, once', () => {
    assert.ok(FAILOVER_CAUSES.every(isHangupCause))
    assert.equal(new Set(FAILOVER_CAUSES).size, FAILOVER_CAUSES.length)
  })
})
