/** What a plan makes of a call that looks like fraud. */
import assert from 'node:assert/strict'
import { decodeAskPin, encodeAskPin, type FraudCall, type FraudVerdict } from '../../src/call/fraud.ts'
import type { Plan } from '../../src/call/plan.ts'
import { planFromUser } from '../../src/plan/make-plan.ts'
import { NO_FRAUD_ROWS } from '../../src/directory/fraud-records.ts'
import { carriers, NOW, organization, surroundings, user, uuid, uuidsFrom } from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'
import { targetOf } from './plan-in.ts'

const TO = '+442079460123'

const planned = (
  verdict: FraudVerdict,
  options: { readonly dialled?: string; readonly pinGiven?: boolean; readonly hasPin?: boolean } = {},
): { readonly plan: Plan; readonly asked: readonly (readonly [FraudCall, boolean])[] } => {
  const asked: (readonly [FraudCall, boolean])[] = []
  const pins = options.hasPin === false ? [] : [{ organizationId: 1, userId: undefined, hash: 'scrypt' }]
  const world = surroundings({ ...carriers(1), fraud: { ...NO_FRAUD_ROWS, pins } })
  const plan = planFromUser(
    {
      ...{
        callId: uuid(1),
        organization: organization(),
        user: user(),
        dialled: options.dialled ?? TO,
        now: NOW,
      },
      pinGiven: options.pinGiven,
    },
    {
      ...world,
      fraud: (call, _now, pinGiven) => {
        asked.push([call, pinGiven])
        return verdict
      },
    },
    { ...PLAN_SETTINGS, newUuid: uuidsFrom(100) },
  )
  return { plan, asked }
}
const found = (action: 'alert' | 'block' | 'require-pin'): FraudVerdict => ({
  outcome: action === 'alert' ? undefined : action,
  findings: [{ ruleId: 1, kind: 'sequential-numbers', action, userId: 11, why: 'ten numbers in a row' }],
})

suite('plan: toll fraud', () => {
  test('what is only alerted goes out, with a line in its trace', () => {
    const { plan, asked } = planned(found('alert'))
    assert.equal(targetOf(plan), 'carriers gw1')
    assert.ok(plan.trace.includes('fraud, alert: ten numbers in a row'))
    assert.equal(plan.fraud?.findings.length, 1)
    const [first] = asked
    assert.equal(first?.[0].digits, '442079460123')
    assert.equal(typeof first[0].pricePerMinute, 'number')
  })

  test('what is blocked is refused with a code of its own', () => {
    const { plan } = planned(found('block'))
    assert.equal(targetOf(plan), 'refuse OUTGOING_CALL_BARRED')
    assert.equal(plan.target.kind === 'refuse' && plan.target.refusal, 'FRAUD_BLOCKED')
    assert.ok(plan.trace.includes('fraud, block: ten numbers in a row'))
  })

  test('a PIN is asked for before anybody is tried; the number is dialled again as it was', () => {
    const { plan } = planned(found('require-pin'), { dialled: '*67 020 7946 0123' })
    assert.equal(targetOf(plan), 'conversation ask-pin')
    assert.deepEqual(plan.call.attempts, [])
    assert.deepEqual(plan.askPin, {
      ...{ organizationId: 1, userId: 11, dialled: '*6702079460123', why: 'ten numbers in a row' },
    })
    assert.equal(plan.recording, undefined)
  })

  test('without a PIN to key the call is refused, and says so', () => {
    const { plan } = planned(found('require-pin'), { hasPin: false })
    assert.equal(plan.target.kind === 'refuse' && plan.target.refusal, 'PIN_REQUIRED')
    assert.match(plan.trace.at(-1) ?? '', /none is set/)
  })

  test('a PIN that was keyed is told to who judges, and the caller, who was answered, hears a ring', () => {
    const { plan, asked } = planned({ outcome: undefined, findings: [] }, { pinGiven: true })
    assert.equal(asked[0]?.[1], true)
    assert.equal(plan.progress?.callerAnswered, true)
    assert.ok(plan.trace.includes('the PIN was keyed'))
  })

  for (const dialled of ['112', '999', '1001', '*43'])
    test(`${dialled} is never judged`, () => {
      assert.equal(planned(found('block'), { dialled }).asked.length, 0)
    })
})

suite('call: what a caller carries while he keys his PIN', () => {
  const asked = { organizationId: 1, userId: 2, dialled: '+442079460123', why: 'x' }
  test('is read as it was written', () => {
    assert.deepEqual(decodeAskPin(encodeAskPin(asked)), asked)
  })
  for (const text of [
    '',
    'AAAA',
    Buffer.from('{}').toString('base64url'),
    encodeAskPin({ ...asked, dialled: '1 XML x' }),
  ])
    test(`${text.slice(0, 20)} is refused`, () => {
      assert.throws(() => decodeAskPin(text), { code: 'CALL_BAD_CARRIED' })
    })
})
