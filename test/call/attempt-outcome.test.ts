import assert from 'node:assert/strict'
import {
  ATTEMPT_OUTCOMES,
  failureReachOf,
  outcomeOf,
  type AttemptOutcome,
  type FailureReach,
} from '../../src/call/attempt-outcome.ts'
import {
  FAILOVER_CAUSES,
  HANGUP_CAUSES,
  hangupCauseOf,
  type HangupCause,
} from '../../src/telephony/hangup-cause.ts'

/** Sentence, cause, SIP status, what happened before (a answered, r rang, c the caller hung up), verdict. */
type Row = readonly [string, HangupCause, number | undefined, string, AttemptOutcome]

const ROWS: readonly Row[] = [
  ['an answered call is answered, whoever ended it', 'NORMAL_CLEARING', 200, 'ra', 'answered'],
  [
    'an answered call whose network failed later is answered',
    'NETWORK_OUT_OF_ORDER',
    undefined,
    'a',
    'answered',
  ],
  ['a caller who hangs up cancels', 'ORIGINATOR_CANCEL', 487, 'rc', 'cancelled'],
  [
    'a caller who hangs up cancels, whatever the switch writes',
    'NORMAL_TEMPORARY_FAILURE',
    487,
    'c',
    'cancelled',
  ],
  ['the slower of a fork is cancelled', 'LOSE_RACE', 487, 'r', 'cancelled'],
  ['an order over the API cancels', 'MANAGER_REQUEST', undefined, '', 'cancelled'],
  ['a switch that stops cancels', 'SYSTEM_SHUTDOWN', undefined, 'r', 'cancelled'],
  ['busy is the callee', 'USER_BUSY', 486, '', 'callee'],
  ['busy everywhere is the callee', 'BUSY_EVERYWHERE', 600, '', 'callee'],
  ['a callee who declines is the callee', 'CALL_REJECTED', 603, '', 'callee'],
  ['a refusal of which no status is known is nobody blamed for', 'CALL_REJECTED', undefined, '', 'callee'],
  ['our account refused is the carrier', 'CALL_REJECTED', 403, '', 'carrier'],
  ['our account without credit is the carrier', 'CALL_REJECTED', 402, '', 'carrier'],
  ['a challenge that we cannot answer is the carrier', 'CALL_REJECTED', 407, 'r', 'carrier'],
  ['480 is the callee', 'NO_USER_RESPONSE', 480, '', 'callee'],
  ['nobody answered', 'NO_ANSWER', undefined, 'r', 'callee'],
  ['our ring time-out after ringing is the callee', 'ALLOTTED_TIMEOUT', 487, 'r', 'callee'],
  ['our ring time-out without ringing is the carrier', 'ALLOTTED_TIMEOUT', 487, '', 'carrier'],
  ['our time-out for silence is the carrier', 'PROGRESS_TIMEOUT', 487, '', 'carrier'],
  ['408 after ringing is the callee', 'RECOVERY_ON_TIMER_EXPIRE', 408, 'r', 'callee'],
  ['408 out of silence is the carrier', 'RECOVERY_ON_TIMER_EXPIRE', 408, '', 'carrier'],
  ['503 is the carrier', 'NORMAL_TEMPORARY_FAILURE', 503, '', 'carrier'],
  ['503 after early media is the carrier', 'NORMAL_TEMPORARY_FAILURE', 503, 'r', 'carrier'],
  ['a gateway that is down is the carrier', 'GATEWAY_DOWN', undefined, '', 'carrier'],
  ['no codec in common is the carrier', 'INCOMPATIBLE_DESTINATION', 488, '', 'carrier'],
  ['no route there is the carrier', 'NO_ROUTE_DESTINATION', 404, '', 'carrier'],
  ['a number that nobody has is not blamed on one call', 'UNALLOCATED_NUMBER', 404, '', 'callee'],
  ['an incomplete number is not the carrier', 'INVALID_NUMBER_FORMAT', 484, '', 'callee'],
  ['an unknown cause with 500 is the carrier', hangupCauseOf('SOMETHING_NEW'), 500, '', 'carrier'],
  ['an unknown cause with 480 is the callee', hangupCauseOf('SOMETHING_NEW'), 480, '', 'callee'],
  ['an unknown cause with 487 was cancelled', hangupCauseOf(undefined), 487, 'r', 'cancelled'],
  ['an unknown cause after ringing is the callee', hangupCauseOf(undefined), undefined, 'r', 'callee'],
  ['an unknown cause out of silence is the carrier', hangupCauseOf(undefined), undefined, '', 'carrier'],
  ['an orderly end before anything came back is ours', 'NORMAL_CLEARING', undefined, '', 'cancelled'],
  ['an orderly end after ringing is the callee', 'NORMAL_CLEARING', undefined, 'r', 'callee'],
]

suite('call: the outcome of an attempt', () => {
  for (const [sentence, cause, status, flags, outcome] of ROWS) {
    test(`${sentence}: ${outcome}`, () => {
      const seen = {
        answered: flags.includes('a'),
        rang: flags.includes('r'),
        cancelledByCaller: flags.includes('c'),
      }
      assert.equal(outcomeOf(cause, status, seen), outcome)
    })
  }

  test('every cause has an outcome, and only an answered call is answered', () => {
    const silent = { answered: false, rang: false, cancelledByCaller: false }
    for (const name of Object.keys(HANGUP_CAUSES)) {
      const outcome = outcomeOf(hangupCauseOf(name), undefined, silent)
      assert.ok(ATTEMPT_OUTCOMES.includes(outcome))
      assert.notEqual(outcome, 'answered', name)
      assert.equal(outcomeOf(hangupCauseOf(name), undefined, { ...silent, answered: true }), 'answered')
    }
  })

  test('what makes the hunt go on out of silence is the carrier every time', () => {
    for (const cause of FAILOVER_CAUSES)
      assert.equal(
        outcomeOf(cause, undefined, { answered: false, rang: false, cancelledByCaller: false }),
        'carrier',
        cause,
      )
  })

  const reaches: readonly (readonly [HangupCause, FailureReach])[] = [
    ['NO_ROUTE_DESTINATION', 'destination'],
    ['NO_ROUTE_TRANSIT_NET', 'destination'],
    ['UNALLOCATED_NUMBER', 'unclear'],
    ['NORMAL_TEMPORARY_FAILURE', 'gateway'],
    ['PROGRESS_TIMEOUT', 'gateway'],
  ]
  for (const [cause, reach] of reaches) {
    test(`${cause} reaches as far as: ${reach}`, () => assert.equal(failureReachOf(cause), reach))
  }
})
