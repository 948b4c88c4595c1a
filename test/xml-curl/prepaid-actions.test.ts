import assert from 'node:assert/strict'
import type { PlannedAttempt } from '../../src/call/plan.ts'
import { limitArguments, limitGroup, isLimitGroupOf, turnOfLimitGroup } from '../../src/call/prepaid.ts'
import { asCallUuid } from '../../src/telephony/call-uuid.ts'
import { noCreditActions, prepaidActions, prepaidSettings } from '../../src/xml-curl/prepaid-actions.ts'
import { planIn } from '../plan/plan-in.ts'
import { carriers } from '../support/snapshot.ts'

const LEG = asCallUuid('00000000-0000-4000-8000-0000000000aa')
const OTHER = asCallUuid('00000000-0000-4000-8000-0000000000ab')

const attemptOf = (limit: number | undefined): PlannedAttempt => {
  const { target } = planIn(carriers(1), '+442079460123')
  const [attempt] = target.kind === 'carriers' ? target.attempts : []
  assert.ok(attempt !== undefined)
  return { ...attempt, carried: { ...attempt.carried, legUuid: LEG }, prepaidLimitSeconds: limit }
}

suite('xml-curl: calls that are paid for in advance', () => {
  test('whoever answers is limited by a task of his own leg, and a last resort after it', () => {
    assert.deepEqual(prepaidSettings(attemptOf(61)), [
      `nolocal:api_on_answer_prepaid=sched_api +61 prepaid-${LEG}-0 uuid_transfer ${LEG} -bleg credit-used-up XML prepaid`,
      `nolocal:api_on_answer_prepaid_end=sched_api +63 prepaid-${LEG}-0 uuid_kill ${LEG} ALLOTTED_TIMEOUT`,
    ])
  })

  test('a call that nobody pays in advance is left alone', () => {
    assert.deepEqual(prepaidSettings(attemptOf(undefined)), [])
    assert.deepEqual(prepaidActions(planIn(carriers(2), '+442079460123')), [])
  })

  test('who has no credit hears it before any answer, and gets 402', () => {
    assert.deepEqual(
      noCreditActions.map(([application, argument]) => `${application} ${argument ?? ''}`.trim()),
      [
        'set sip_ignore_remote_cause=true',
        'pre_answer',
        'sleep 300',
        'execute_extension no-credit XML prepaid',
        'respond 402 Payment Required',
        'hangup OUTGOING_CALL_BARRED',
      ],
    )
  })

  test('a limit is known by its leg and its turn', () => {
    const group = limitGroup(LEG, 12)
    assert.equal(turnOfLimitGroup(group), 12)
    assert.ok(isLimitGroupOf(LEG, group))
    assert.ok(!isLimitGroupOf(OTHER, group))
    assert.equal(turnOfLimitGroup('something else'), 0)
    assert.ok(limitArguments(LEG, 12, 5).every((args) => args.includes(group)))
  })
})
