import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  causesToGoOn,
  FULL,
  lastWordOf,
  needsConversation,
  nextMove,
  verdictOf,
  withinBudget,
  type Failure,
  type Verdict,
} from '../../src/call/failover.ts'
import { DEFAULT_FAILOVER_POLICY, type FailoverPolicy } from '../../src/telephony/failover-policy.ts'
import { FAILOVER_CAUSES, type HangupCause } from '../../src/telephony/hangup-cause.ts'
import { causeOfRefusal } from '../../src/telephony/sip-status.ts'

const policy = (given: Partial<FailoverPolicy> = {}): FailoverPolicy => ({
  ...DEFAULT_FAILOVER_POLICY,
  ...given,
})
const refused = (status: number, more: { readonly reason?: number; readonly rang?: true } = {}): Failure => ({
  cause: causeOfRefusal(status, more.reason, more.reason === undefined ? 'status' : 'reason'),
  sipStatus: status,
  rang: more.rang === true,
})
const ended = (cause: HangupCause): Failure => ({ cause, sipStatus: undefined, rang: false })
const SILENT = ended('PROGRESS_TIMEOUT')

suite('call: whether a hunt goes on', () => {
  const rows: readonly (readonly [
    sentence: string,
    given: Partial<FailoverPolicy>,
    failure: Failure,
    verdict: Verdict,
  ])[] = [
    ['congestion goes on', {}, refused(503), 'next'],
    ['a busy callee stops', {}, refused(486), 'stop'],
    ['a declining callee stops', {}, refused(603), 'stop'],
    ['403 may be a declining callee, so it stops', {}, refused(403), 'stop'],
    ['a number that nobody has stops', {}, refused(404), 'stop'],
    ['silence goes on', {}, SILENT, 'next'],
    ['a gateway that is down goes on', {}, ended('GATEWAY_DOWN'), 'next'],
    ['a callee who does not answer stops', {}, ended('ALLOTTED_TIMEOUT'), 'stop'],
    ['a redirection goes on', {}, refused(302), 'next'],
    ['congestion after ringing stops', {}, refused(503, { rang: true }), 'stop'],
    [
      'congestion after ringing stops whatever is ruled',
      { next: [503] },
      refused(503, { rang: true }),
      'stop',
    ],
    ['its 404 means no route here', { next: [404] }, refused(404), 'next'],
    ['its 403 is ours to fix', { next: [403] }, refused(403), 'next'],
    ['its 403 is ours, the 603 is the callee', { next: [403] }, refused(603), 'stop'],
    ['busy from it is congestion', { next: [486] }, refused(486), 'next'],
    ['its 503 is final', { stop: [503] }, refused(503), 'stop'],
    ['its 503 is final, its 500 is not', { stop: [503] }, refused(500), 'next'],
    ['a cause by name', { next: ['UNALLOCATED_NUMBER'] }, refused(404), 'next'],
    ['a status beats a cause', { next: ['CALL_REJECTED'], stop: [603] }, refused(603), 'stop'],
    ['a status beats a cause the other way', { stop: ['CALL_REJECTED'], next: [403] }, refused(403), 'next'],
    ['of one rule in both lists stop counts', { next: [404], stop: [404] }, refused(404), 'stop'],
    ['a Reason that is believed', { believes: 'reason' }, refused(503, { reason: 17 }), 'stop'],
    ['a Reason that is believed goes on', { believes: 'reason' }, refused(486, { reason: 34 }), 'next'],
    ['a Reason that no cause has stops', { believes: 'reason' }, refused(503, { reason: 999 }), 'stop'],
    [
      'a status beats a Reason that is believed',
      { believes: 'reason', next: [503] },
      refused(503, { reason: 17 }),
      'next',
    ],
    ['a full gateway goes on, whatever is ruled', { stop: ['NORMAL_CIRCUIT_CONGESTION'] }, FULL, 'next'],
  ]
  for (const [sentence, given, failure, verdict] of rows) {
    test(sentence, () => assert.equal(verdictOf(policy(given), failure), verdict))
  }
})

suite('call: which hunt has to be a conversation', () => {
  const rows: readonly (readonly [
    sentence: string,
    policies: readonly Partial<FailoverPolicy>[],
    why: RegExp | undefined,
  ])[] = [
    ['no rules', [{}, {}, {}], undefined],
    ['a Reason that is believed', [{ believes: 'reason' }, {}], undefined],
    [
      'a rule that says what is so anyway',
      [{ next: [503], stop: [486, 600, 'CALL_REJECTED'] }, {}],
      undefined,
    ],
    ['a cause after which it stops', [{ stop: ['NORMAL_TEMPORARY_FAILURE'] }, {}], undefined],
    ['a cause of no weight after which it goes on', [{ next: ['INTERWORKING'] }, {}], /INTERWORKING/],
    ['403 apart from 603', [{ next: [403] }, {}], /CALL_REJECTED stands for more/],
    ['503 apart from 500', [{ stop: [503] }, {}], /NORMAL_TEMPORARY_FAILURE stands for more/],
    ['404, which would be the last word', [{ next: ['UNALLOCATED_NUMBER'] }, {}], /told of it at the end/],
    ['a status beside a Reason', [{ believes: 'reason', stop: [503] }, {}], /stands for more/],
    ['a stop after silence, with more said before', [{}, { stop: ['PROGRESS_TIMEOUT'] }, {}], /says less/],
    ['a stop after silence, with nothing before', [{ stop: ['PROGRESS_TIMEOUT'] }, {}], undefined],
    ['rules of the last attempt only', [{}, { next: [403, 404], stop: [503] }], undefined],
    ['rules of the only attempt', [{ next: [403] }], undefined],
    ['no attempt at all', [], undefined],
  ]
  for (const [sentence, policies, why] of rows) {
    test(`${sentence}: ${why === undefined ? 'no' : 'yes'}`, () => {
      const found = needsConversation(
        policies.map((each, n) => ({ gateway: `gw${n + 1}`, policy: policy(each) })),
      )
      if (why === undefined) assert.equal(found, undefined)
      else assert.match(found ?? '', why)
    })
  }

  test('the default rules are FAILOVER_CAUSES', () =>
    assert.deepEqual(causesToGoOn(DEFAULT_FAILOVER_POLICY), FAILOVER_CAUSES))

  test('a cause that stands for statuses which are judged apart is not gone on after', () => {
    assert.ok(!causesToGoOn(policy({ next: [403] })).includes('CALL_REJECTED'))
    assert.ok(!causesToGoOn(policy({ stop: [503] })).includes('NORMAL_TEMPORARY_FAILURE'))
    assert.ok(causesToGoOn(policy({ next: ['CALL_REJECTED'] })).includes('CALL_REJECTED'))
  })
})

suite('call: what the caller is told at the end', () => {
  const rows: readonly (readonly [failures: readonly Failure[], stopped: boolean, word: string])[] = [
    [[refused(503), refused(503)], false, '503 NORMAL_TEMPORARY_FAILURE'],
    [[SILENT, SILENT], false, '503 NORMAL_TEMPORARY_FAILURE'],
    [[refused(408), SILENT], false, '503 NORMAL_TEMPORARY_FAILURE'],
    [[ended('GATEWAY_DOWN'), FULL], false, '503 NORMAL_TEMPORARY_FAILURE'],
    [[], false, '503 NORMAL_TEMPORARY_FAILURE'],
    [[refused(404), refused(503)], false, '404 UNALLOCATED_NUMBER'],
    [[refused(404), SILENT, FULL], false, '404 UNALLOCATED_NUMBER'],
    [[refused(503), refused(486)], true, '486 USER_BUSY'],
    [[refused(486), refused(503)], false, '486 USER_BUSY'],
    [[refused(486), refused(404)], true, '486 USER_BUSY'],
    [[refused(404), refused(486)], true, '486 USER_BUSY'],
    [[refused(600), refused(486)], true, '486 USER_BUSY'],
    [[refused(603), refused(503)], false, '603 CALL_REJECTED'],
    [[refused(403), refused(404)], true, '404 UNALLOCATED_NUMBER'],
    [[refused(403), refused(503)], false, '403 CALL_REJECTED'],
    [[refused(503), refused(407)], true, '403 CALL_REJECTED'],
    [[refused(500), refused(503)], true, '503 NORMAL_TEMPORARY_FAILURE'],
    [[refused(503), refused(500)], true, '500 NORMAL_TEMPORARY_FAILURE'],
    [[refused(503), refused(408)], true, '503 NORMAL_TEMPORARY_FAILURE'],
    [[refused(503, { reason: 17 })], true, '486 USER_BUSY'],
    [[refused(486), refused(503, { rang: true })], true, '503 NORMAL_TEMPORARY_FAILURE'],
    [[refused(302)], true, '503 REQUESTED_CHAN_UNAVAIL'],
    [[ended('ALLOTTED_TIMEOUT')], true, '480 ALLOTTED_TIMEOUT'],
  ]
  for (const [failures, stopped, word] of rows) {
    const told = failures.map(({ cause, sipStatus }) => sipStatus ?? cause).join(', ') || 'nothing'
    test(`after ${told}${stopped ? ', stopped' : ''}: ${word}`, () => {
      const { sipStatus, cause } = lastWordOf(failures, stopped ? 'stopped' : 'exhausted')
      assert.equal(`${sipStatus} ${cause}`, word)
    })
  }
})

suite('call: the next move of a hunt', () => {
  const move = (failures: readonly Failure[], spentSeconds = 0, budgetSeconds?: number): string => {
    const policies = [policy({ next: [404] }), policy(), policy()]
    const next = nextMove({ policies, failures, spentSeconds, budgetSeconds })
    return next.kind === 'try' ? `try ${next.index}` : `${next.why} ${next.word.sipStatus}`
  }
  const rows: readonly (readonly [string, ReturnType<typeof move>])[] = [
    ['try 0', move([])],
    ['try 1', move([refused(404)])],
    ['stopped 404', move([refused(404), refused(404)])],
    ['try 2', move([refused(404), refused(503)])],
    ['exhausted 404', move([refused(404), refused(503), SILENT])],
    ['try 2', move([refused(503), SILENT], 14.9, 15)],
    ['budget 503', move([refused(503), SILENT], 15, 15)],
    ['budget 404', move([refused(404), SILENT], 15, 15)],
    // Somebody is tried, however late the engine is.
    ['try 0', move([], 15, 15)],
  ]
  rows.forEach(([expected, found], index) => {
    test(`${index + 1}: ${expected}`, () => assert.equal(found, expected))
  })
})

suite('call: the budget of post-dial delay', () => {
  const cut = (budget: number | undefined, ...seconds: readonly number[]): readonly number[] =>
    withinBudget(
      seconds.map((progressTimeoutSeconds) => ({ progressTimeoutSeconds })),
      budget,
    ).map(({ progressTimeoutSeconds }) => progressTimeoutSeconds)
  const rows: readonly (readonly [
    budget: number | undefined,
    given: readonly number[],
    cut: readonly number[],
  ])[] = [
    [undefined, [6, 6, 6], [6, 6, 6]],
    [30, [6, 6, 6, 6, 6], [6, 6, 6, 6, 6]],
    [15, [6, 6, 6], [6, 6, 3]],
    [15, [6, 6, 6, 6, 6], [6, 3, 2, 2, 2]],
    [7, [6, 6, 6, 6, 6], [3, 2, 2]],
    [3, [6, 6], [3]],
    [1, [6, 6], [1]],
    [5, [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]],
    [10, [], []],
  ]
  for (const [budget, given, expected] of rows) {
    test(`${given.join(' ')} within ${budget ?? 'nothing'} is ${expected.join(' ')}`, () =>
      assert.deepEqual(cut(budget, ...given), expected))
  }

  test('is never exceeded, never lengthens an attempt, and never drops the first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 120 }),
        (given, budget) => {
          const found = cut(budget, ...given)
          assert.ok(found.reduce((sum, each) => sum + each, 0) <= budget)
          assert.ok(found.length >= 1)
          found.forEach((each, index) => assert.ok(each >= 1 && each <= (given[index] ?? 0)))
        },
      ),
    )
  })
})
