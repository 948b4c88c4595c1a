import assert from 'node:assert/strict'
import { dispositionOf, type Ending } from '../../src/cdr/disposition.ts'
import type { Disposition } from '../../src/cdr/cdr.ts'
import { HANGUP_CAUSES, isHangupCause, type HangupCause } from '../../src/telephony/hangup-cause.ts'

suite('disposition', () => {
  const row = (name: string, cause: HangupCause, expected: Disposition, more: Partial<Ending> = {}): void => {
    test(name, () => {
      const ending = { answered: false, rang: false, cause, sipStatus: undefined, cancelled: false, ...more }
      assert.equal(dispositionOf(ending), expected)
    })
  }
  row('an answered call is ANSWERED, however it ended', 'MEDIA_TIMEOUT', 'ANSWERED', { answered: true })
  row('486 is BUSY', 'USER_BUSY', 'BUSY', { sipStatus: 486 })
  row('603 is the callee who declined: BUSY', 'CALL_REJECTED', 'BUSY', { sipStatus: 603 })
  row('403 is our account that was refused: FAILED', 'CALL_REJECTED', 'FAILED', { sipStatus: 403 })
  row('480 is NO_ANSWER', 'NO_USER_RESPONSE', 'NO_ANSWER', { sipStatus: 480 })
  row('our ring timeout is NO_ANSWER', 'ALLOTTED_TIMEOUT', 'NO_ANSWER', { rang: true })
  row('a silent carrier is FAILED', 'PROGRESS_TIMEOUT', 'FAILED')
  row('408 without ringing is FAILED', 'RECOVERY_ON_TIMER_EXPIRE', 'FAILED', { sipStatus: 408 })
  row('408 after ringing is NO_ANSWER', 'RECOVERY_ON_TIMER_EXPIRE', 'NO_ANSWER', {
    sipStatus: 408,
    rang: true,
  })
  row('a caller who gives up is CANCELLED', 'ORIGINATOR_CANCEL', 'CANCELLED')
  row('a CANCEL is one whatever cause the switch gave it', 'NORMAL_CLEARING', 'CANCELLED', {
    cancelled: true,
  })
  row('the slower phone of a fork is CANCELLED', 'LOSE_RACE', 'CANCELLED')
  row('503 is FAILED', 'NORMAL_TEMPORARY_FAILURE', 'FAILED', { sipStatus: 503 })
  row('an unknown number is FAILED', 'UNALLOCATED_NUMBER', 'FAILED', { sipStatus: 404 })

  test('every cause has a verdict', () => {
    for (const cause of Object.keys(HANGUP_CAUSES).filter(isHangupCause)) {
      const ending = { answered: false, rang: true, cause, sipStatus: undefined, cancelled: false }
      assert.notEqual(dispositionOf(ending), 'ANSWERED')
    }
  })
})
