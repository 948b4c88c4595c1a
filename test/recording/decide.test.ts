import assert from 'node:assert/strict'
import type { RecordingPolicy } from '../../src/directory/recording-records.ts'
import { decideRecording, type RecordingQuestion } from '../../src/recording/decide.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { policy } from './policy.ts'

const NUMBER = asE164('+442079460123')

const specific = (id: number, scope: Partial<Omit<RecordingPolicy['scope'], 'type'>>): RecordingPolicy =>
  policy({ id, scope: { type: 'specific', users: [], groups: [], numbers: [], ...scope } })

const kind = (id: number, type: 'all' | 'inbound' | 'outbound'): RecordingPolicy =>
  policy({ id, scope: { type, users: [], groups: [], numbers: [] } })

const ask = (given: Partial<RecordingQuestion>): string => {
  const verdict = decideRecording({
    direction: 'outbound',
    userIds: [11],
    numbers: [NUMBER],
    policies: [],
    groupsOf: (userId) => (userId === 11 ? [3] : []),
    recordCall: undefined,
    policyId: undefined,
    ...given,
  })
  return `${verdict.records ? 'records' : 'does not'} ${verdict.policy?.id ?? 'none'}`
}

suite('whether a call is recorded', () => {
  const optional = policy({ id: 8, settings: { ...policy().settings, optional: true } })
  const rows: readonly (readonly [sentence: string, given: Partial<RecordingQuestion>, outcome: string])[] = [
    ['no policy and no wish', {}, 'does not none'],
    ['no policy, and it is wished for', { recordCall: true }, 'records none'],
    ['a policy for all', { policies: [kind(1, 'all')] }, 'records 1'],
    [
      'one for calls that come in, of a call that goes out',
      { policies: [kind(1, 'inbound')] },
      'does not none',
    ],
    [
      'an internal call is neither',
      { direction: 'internal', policies: [kind(1, 'inbound'), kind(2, 'outbound')] },
      'does not none',
    ],
    ['a direction before all', { policies: [kind(1, 'all'), kind(2, 'outbound')] }, 'records 2'],
    [
      'a group before a direction',
      { policies: [kind(1, 'outbound'), specific(2, { groups: [3] })] },
      'records 2',
    ],
    [
      'a user before a group',
      { policies: [specific(1, { groups: [3] }), specific(2, { users: [11] })] },
      'records 2',
    ],
    [
      'a number before a user',
      { policies: [specific(1, { users: [11] }), specific(2, { numbers: [NUMBER] })] },
      'records 2',
    ],
    [
      'of two alike the lower id',
      { policies: [specific(4, { users: [11] }), specific(5, { users: [11] })] },
      'records 4',
    ],
    [
      'another user, group and number',
      { policies: [specific(1, { users: [12], groups: [4], numbers: [asE164('+442079460124')] })] },
      'does not none',
    ],
    [
      'the one who is called counts as the one who calls',
      { userIds: [12, 11], policies: [specific(1, { users: [11] })] },
      'records 1',
    ],
    [
      'a policy that is named, whatever its scope',
      { policyId: 1, policies: [kind(1, 'inbound'), kind(2, 'all')] },
      'records 1',
    ],
    [
      'one that is named and is not there, beside one that applies',
      { policyId: 9, policies: [kind(2, 'all')] },
      'records 2',
    ],
    ['a wish against a policy that insists', { recordCall: false, policies: [kind(1, 'all')] }, 'records 1'],
    [
      'a wish against a policy that leaves the choice',
      { recordCall: false, policies: [optional] },
      'does not 8',
    ],
    ['a wish against nothing', { recordCall: false }, 'does not none'],
  ]
  for (const [sentence, given, outcome] of rows)
    test(`${sentence}: ${outcome}`, () => assert.equal(ask(given), outcome))

  test('the sentence says why', () => {
    const { why } = decideRecording({
      direction: 'outbound',
      userIds: [11],
      numbers: [],
      policies: [kind(1, 'outbound')],
      groupsOf: () => [],
      recordCall: false,
      policyId: 9,
    })
    assert.equal(
      why,
      'there is no recording policy 9; recorded by recording policy 1 (All calls): outbound calls are, whatever was asked for',
    )
  })
})
