import assert from 'node:assert/strict'
import {
  causeOfQ850,
  causeOfRefusal,
  causeOfSipStatus,
  sipStatusesOf,
} from '../../src/telephony/sip-status.ts'

/**
 * What CHANNEL_HANGUP_COMPLETE of a leg over a gateway said, for a refusal with each status from 300 to 699, with
 * ignore_q850_reason and outbound_redirect_fatal: FreeSWITCH 1.10.12 and 1.11.3-dev, alike.
 */
const MEASURED: readonly (readonly [cause: string, statuses: readonly number[]])[] = [
  ['REQUESTED_CHAN_UNAVAIL', [300, 301, 302, 305]],
  ['NORMAL_TEMPORARY_FAILURE', [400, 481, 500, 503]],
  ['CALL_REJECTED', [401, 402, 403, 407, 603, 608]],
  ['UNALLOCATED_NUMBER', [404]],
  ['SERVICE_UNAVAILABLE', [405]],
  ['SERVICE_NOT_IMPLEMENTED', [406, 415, 501]],
  ['RECOVERY_ON_TIMER_EXPIRE', [408, 504]],
  ['NUMBER_CHANGED', [410]],
  ['INTERWORKING', [413, 414, 416, 420, 421, 423, 505, 513]],
  ['NO_IDENTITY', [428]],
  ['BAD_IDENTITY_INFO', [429]],
  ['UNSUPPORTED_CERTIFICATE', [437]],
  ['INVALID_IDENTITY', [438]],
  ['NO_USER_RESPONSE', [480]],
  ['EXCHANGE_ROUTING_ERROR', [482, 483]],
  ['INVALID_NUMBER_FORMAT', [484]],
  ['NO_ROUTE_DESTINATION', [485, 604]],
  ['USER_BUSY', [486, 600]],
  ['ORIGINATOR_CANCEL', [487]],
  ['INCOMPATIBLE_DESTINATION', [488, 606]],
  ['NETWORK_OUT_OF_ORDER', [502]],
  ['UNWANTED', [607]],
]

suite('telephony: what sofia makes of a refusal', () => {
  test('is what was measured, and NORMAL_UNSPECIFIED for every other status', () => {
    const measured = new Map(MEASURED.flatMap(([cause, statuses]) => statuses.map((each) => [each, cause])))
    for (let status = 300; status < 700; status++) {
      assert.equal(causeOfSipStatus(status), measured.get(status) ?? 'NORMAL_UNSPECIFIED', String(status))
    }
  })

  test('each cause knows the statuses that become it', () => {
    assert.deepEqual(sipStatusesOf('CALL_REJECTED'), [401, 402, 403, 407, 603, 608])
    assert.deepEqual(sipStatusesOf('UNALLOCATED_NUMBER'), [404])
    assert.deepEqual(sipStatusesOf('PROGRESS_TIMEOUT'), [])
  })

  const rows: readonly (readonly [
    status: number,
    reason: number | undefined,
    believes: 'status' | 'reason',
    cause: string | undefined,
  ])[] = [
    [503, 17, 'reason', 'USER_BUSY'],
    [503, 17, 'status', 'NORMAL_TEMPORARY_FAILURE'],
    [486, 34, 'reason', 'NORMAL_CIRCUIT_CONGESTION'],
    [486, 34, 'status', 'USER_BUSY'],
    [488, 17, 'reason', 'USER_BUSY'],
    [403, 127, 'reason', 'INTERWORKING'],
    // A number without a cause is UNKNOWN to the switch; 0 is as good as no Reason.
    [503, 999, 'reason', undefined],
    [503, 5, 'reason', undefined],
    [404, 300, 'reason', undefined],
    [404, 300, 'status', 'UNALLOCATED_NUMBER'],
    [503, 0, 'reason', 'NORMAL_TEMPORARY_FAILURE'],
    [503, undefined, 'reason', 'NORMAL_TEMPORARY_FAILURE'],
    [302, 17, 'reason', 'REQUESTED_CHAN_UNAVAIL'],
  ]
  for (const [status, reason, believes, cause] of rows) {
    test(`${status} with a Reason of ${reason ?? 'nothing'} is ${cause ?? 'UNKNOWN'} where the ${believes} is believed`, () => {
      assert.equal(causeOfRefusal(status, reason, believes), cause)
    })
  }

  test('a number of Q.850 is the cause that has it', () => {
    assert.equal(causeOfQ850(41), 'NORMAL_TEMPORARY_FAILURE')
    assert.equal(causeOfQ850(18), 'NO_USER_RESPONSE')
    assert.equal(causeOfQ850(4), undefined)
  })
})
