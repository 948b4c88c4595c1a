import assert from 'node:assert/strict'
import { buildCdr } from '../../src/cdr/build.ts'
import { aLeg, attempt, B_ANSWERED, B_FAILED, B_THIRD, call } from './posts.ts'

const CONGESTION = 'NORMAL_CIRCUIT_CONGESTION/503/NORMAL_CIRCUIT_CONGESTION'
const failed = (leg: string, cause: string): string => `${leg};${cause}`
const legs = (...items: readonly string[]): string =>
  items.length === 1 ? (items[0] ?? '') : `ARRAY::${items.join('|:')}`

/** An A leg that nobody answered, with the channels that its attempts made. */
const unanswered = (
  causes: readonly string[],
  variables: Readonly<Record<string, string | undefined>> = {},
): Readonly<Record<string, string | undefined>> => ({
  answer_uepoch: '0',
  bridge_uuid: undefined,
  last_bridge_to: undefined,
  last_bridge_hangup_cause: undefined,
  originate_disposition: undefined,
  originate_failed_cause: undefined,
  sip_hangup_disposition: 'send_refuse',
  sip_term_status: undefined,
  strowger_result_1: undefined,
  originated_legs:
    causes.length === 0 ? undefined : legs(...causes.map((item) => item.replace(/;.*/, ';Outbound Call;44'))),
  originate_causes: causes.length === 0 ? undefined : legs(...causes),
  ...variables,
})

suite('attempts, as the A leg tells them', () => {
  const row = (
    name: string,
    variables: Readonly<Record<string, string | undefined>>,
    ...expected: readonly string[]
  ): void => {
    test(name, () => {
      const told = buildCdr(aLeg(variables)).attempts.map(
        ({ n, outcome, cause, sipStatus, why }) =>
          `${n} ${outcome} ${cause ?? '-'} ${sipStatus ?? '-'}: ${why}`,
      )
      assert.deepEqual(told, expected)
    })
  }
  const NOT_AFTER_2 = '3 NOT_TRIED - -: not tried: attempt 2 was answered'

  row(
    'as recorded: 503, then answered, the third not tried',
    {},
    '1 FAILED NORMAL_CIRCUIT_CONGESTION 503: failed: NORMAL_CIRCUIT_CONGESTION, SIP 503',
    '2 ANSWERED - -: answered',
    NOT_AFTER_2,
  )
  row(
    'the first answered',
    {
      strowger_result_1: undefined,
      bridge_uuid: B_FAILED,
      originated_legs: `${B_FAILED};Outbound Call;44`,
      originate_causes: failed(B_FAILED, 'NONE'),
    },
    '1 ANSWERED - -: answered',
    '2 NOT_TRIED - -: not tried: attempt 1 was answered',
    '3 NOT_TRIED - -: not tried: attempt 1 was answered',
  )
  row(
    'a busy callee stands: nobody else is rung',
    unanswered([failed(B_FAILED, 'USER_BUSY')], {
      last_bridge_hangup_cause: 'USER_BUSY',
      sip_invite_failure_status: '486',
      hangup_cause: 'USER_BUSY',
    }),
    '1 FAILED USER_BUSY 486: failed: USER_BUSY, SIP 486',
    "2 NOT_TRIED - -: not tried: attempt 1 was busy: the callee's answer stands",
    "3 NOT_TRIED - -: not tried: attempt 1 was busy: the callee's answer stands",
  )
  row(
    'the caller gives up while the second rings',
    unanswered([failed(B_FAILED, 'NORMAL_CIRCUIT_CONGESTION'), failed(B_ANSWERED, 'ORIGINATOR_CANCEL')], {
      strowger_result_1: CONGESTION,
      hangup_cause: 'ORIGINATOR_CANCEL',
      sip_hangup_disposition: 'recv_cancel',
      sip_invite_failure_status: '487',
    }),
    '1 FAILED NORMAL_CIRCUIT_CONGESTION 503: failed: NORMAL_CIRCUIT_CONGESTION, SIP 503',
    '2 FAILED ORIGINATOR_CANCEL 487: failed: ORIGINATOR_CANCEL, SIP 487',
    '3 NOT_TRIED - -: not tried: the caller hung up',
  )
  row(
    'a gateway that is down makes no channel',
    {
      originated_legs: `${B_ANSWERED};Outbound Call;44`,
      originate_causes: failed(B_ANSWERED, 'NONE'),
      strowger_result_1: '//GATEWAY_DOWN',
    },
    '1 NO_CHANNEL GATEWAY_DOWN -: no channel: the gateway is down',
    '2 ANSWERED - -: answered',
    NOT_AFTER_2,
  )
  row(
    'a gateway that is full leaves nothing at all',
    {
      originated_legs: `${B_ANSWERED};Outbound Call;44`,
      originate_causes: failed(B_ANSWERED, 'NONE'),
      strowger_result_1: '//',
    },
    '1 NO_CHANNEL - -: no channel: the gateway is full',
    '2 ANSWERED - -: answered',
    NOT_AFTER_2,
  )
  row(
    'a gateway that the switch does not know, at the end of the list',
    unanswered([failed(B_FAILED, 'NORMAL_TEMPORARY_FAILURE'), failed(B_ANSWERED, 'PROGRESS_TIMEOUT')], {
      strowger_result_1: 'NORMAL_TEMPORARY_FAILURE/503/NORMAL_TEMPORARY_FAILURE',
      strowger_result_2: 'PROGRESS_TIMEOUT//PROGRESS_TIMEOUT',
      strowger_result_3: '//INVALID_GATEWAY',
    }),
    '1 FAILED NORMAL_TEMPORARY_FAILURE 503: failed: NORMAL_TEMPORARY_FAILURE, SIP 503',
    '2 FAILED PROGRESS_TIMEOUT 487: failed: PROGRESS_TIMEOUT, SIP 487',
    '3 NO_CHANNEL INVALID_GATEWAY -: no channel: the switch does not know the gateway',
  )
  row(
    'early media and then a 503: bridged, but never answered',
    {
      originated_legs: legs(`${B_FAILED};a;1`, `${B_ANSWERED};a;1`),
      originate_causes: legs(failed(B_FAILED, 'NONE'), failed(B_ANSWERED, 'NONE')),
      strowger_result_1: 'NORMAL_TEMPORARY_FAILURE/503/SUCCESS',
    },
    '1 FAILED NORMAL_TEMPORARY_FAILURE 503: failed: NORMAL_TEMPORARY_FAILURE, SIP 503',
    '2 ANSWERED - -: answered',
    NOT_AFTER_2,
  )
  row(
    'a caller who was answered before, and a callee who is busy after early media',
    {
      originated_legs: `${B_FAILED};a;1`,
      originate_causes: failed(B_FAILED, 'NONE'),
      bridge_uuid: B_FAILED,
      last_bridge_to: B_FAILED,
      strowger_result_1: undefined,
      last_bridge_hangup_cause: 'USER_BUSY',
      sip_invite_failure_status: '486',
    },
    '1 FAILED USER_BUSY 486: failed: USER_BUSY, SIP 486',
    "2 NOT_TRIED - -: not tried: attempt 1 was busy: the callee's answer stands",
    "3 NOT_TRIED - -: not tried: attempt 1 was busy: the callee's answer stands",
  )
  row(
    'the caller is gone before the first attempt',
    unanswered([], { hangup_cause: 'ORIGINATOR_CANCEL', sip_hangup_disposition: 'recv_cancel' }),
    '1 NOT_TRIED - -: not tried: the caller hung up',
    '2 NOT_TRIED - -: not tried: the caller hung up',
    '3 NOT_TRIED - -: not tried: the caller hung up',
  )

  const toldBy = (
    end: string,
    ...results: readonly string[]
  ): Readonly<Record<string, string | undefined>> => ({
    ...unanswered(
      [failed(B_FAILED, 'CALL_REJECTED'), failed(B_ANSWERED, 'USER_BUSY')].slice(0, results.length),
      { hangup_cause: 'USER_BUSY', sip_term_status: '486', strowger_hunt_end: end },
    ),
    ...Object.fromEntries(results.map((result, index) => [`strowger_result_${index + 1}`, result])),
  })
  row(
    'a hunt that an engine ran and stopped: the result of the last is there, and nobody was tried after it',
    toldBy('2/stopped', 'CALL_REJECTED/403/CALL_REJECTED', 'USER_BUSY/486/USER_BUSY'),
    '1 FAILED CALL_REJECTED 403: failed: CALL_REJECTED, SIP 403',
    '2 FAILED USER_BUSY 486: failed: USER_BUSY, SIP 486',
    "3 NOT_TRIED - -: not tried: attempt 2 was busy: the callee's answer stands",
  )
  row(
    'a hunt that an engine ended because the time was spent',
    toldBy('1/budget', 'CALL_REJECTED/403/CALL_REJECTED'),
    '1 FAILED CALL_REJECTED 403: failed: CALL_REJECTED, SIP 403',
    '2 NOT_TRIED - -: not tried: the time for reaching anybody was spent',
    '3 NOT_TRIED - -: not tried: the time for reaching anybody was spent',
  )
  row(
    'a hunt that an engine ran to its end',
    {
      ...toldBy('3/exhausted', 'CALL_REJECTED/403/CALL_REJECTED', 'USER_BUSY/486/USER_BUSY'),
      strowger_result_3: '//GATEWAY_DOWN',
    },
    '1 FAILED CALL_REJECTED 403: failed: CALL_REJECTED, SIP 403',
    '2 FAILED USER_BUSY 486: failed: USER_BUSY, SIP 486',
    '3 NO_CHANNEL GATEWAY_DOWN -: no channel: the gateway is down',
  )
  row(
    'what stands in the end of a hunt without being one is not believed',
    {
      ...toldBy('x/stopped', 'CALL_REJECTED/403/CALL_REJECTED', 'USER_BUSY/486/USER_BUSY'),
      strowger_result_3: '//GATEWAY_DOWN',
    },
    '1 FAILED CALL_REJECTED 403: failed: CALL_REJECTED, SIP 403',
    '2 FAILED USER_BUSY 486: failed: USER_BUSY, SIP 486',
    '3 NO_CHANNEL GATEWAY_DOWN -: no channel: the gateway is down',
  )

  test('every planned attempt is told, with its gateway, carrier, number and rate', () => {
    const { attempts } = buildCdr(aLeg())
    assert.deepEqual(
      attempts.map(({ legUuid }) => legUuid),
      [B_FAILED, B_ANSWERED, B_THIRD],
    )
    const { rate, gatewayName, carrierName, number } = attempts[1] ?? {}
    assert.deepEqual(rate, attempt(2, B_ANSWERED).rate)
    assert.deepEqual([gatewayName, carrierName, number], ['London 2', 'Carrier 2', '442079460123'])
  })
  test('a call to phones has none', () => {
    assert.deepEqual(buildCdr(aLeg({}, { ...call, attempts: [] })).attempts, [])
  })
})
