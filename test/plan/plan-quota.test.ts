/** What may not be called, and too much of what may. */
import assert from 'node:assert/strict'
import type { QuotaCall, QuotaVerdict } from '../../src/directory/quota.ts'
import { carriers, gateway } from '../support/snapshot.ts'
import { planIn, targetOf } from './plan-in.ts'

const TO = '+442079460123'
const PREMIUM = '+449098790000'
const quota = (premiumRate: 'allow' | 'block' | undefined, userId?: number) => ({
  id: 1,
  organizationId: 1,
  userId,
  callsPerSecond: undefined,
  concurrentCalls: undefined,
  dailySpend: undefined,
  premiumRate,
})

suite('plan: premium-rate numbers', () => {
  const rows: readonly (readonly [
    what: string,
    quotas: readonly ReturnType<typeof quota>[],
    allowed: boolean,
  ])[] = [
    ['are blocked where nobody said anything', [], false],
    ['are called where the organisation allows them', [quota('allow')], true],
    ['are blocked for a user of whom it is said', [quota('allow'), quota('block', 11)], false],
    ['are called by a user of whom it is said', [quota('block'), quota('allow', 11)], true],
    [
      "follow the organisation where the user's quota says nothing",
      [quota('allow'), quota(undefined, 11)],
      true,
    ],
  ]
  for (const [what, quotas, allowed] of rows)
    test(`premium-rate numbers ${what}`, () => {
      const plan = planIn({ ...carriers(1), quotas }, PREMIUM)
      assert.equal(targetOf(plan), allowed ? 'carriers gw1' : 'refuse OUTGOING_CALL_BARRED')
      if (plan.target.kind === 'refuse') assert.equal(plan.target.refusal, 'BLOCKED')
    })

  test('any other number is called', () => {
    assert.equal(targetOf(planIn(carriers(1), TO)), 'carriers gw1')
  })
})

suite('plan: quotas', () => {
  const over = (limit: 'calls-per-second' | 'concurrent-calls' | 'daily-spend'): QuotaVerdict => ({
    kind: 'over',
    limit,
    of: 'organization',
    why: 'the organisation may not',
    retryAfterSeconds: 9,
  })
  const rows = [
    ['calls-per-second', 'SWITCH_CONGESTION'],
    ['concurrent-calls', 'SWITCH_CONGESTION'],
    ['daily-spend', 'OUTGOING_CALL_BARRED'],
  ] as const
  for (const [limit, cause] of rows)
    test(`a call over ${limit} is refused with ${cause}, and says when it may be made`, () => {
      const { target, trace } = planIn(carriers(1), TO, { state: { quotas: () => over(limit) } })
      assert.deepEqual(target, {
        kind: 'refuse',
        cause,
        why: 'the organisation may not',
        refusal: 'QUOTA_EXCEEDED',
        retryAfterSeconds: 9,
      })
      assert.ok(trace.includes('the organisation may not'))
    })

  test('it is asked for the call, its organisation and its user', () => {
    const asked: QuotaCall[] = []
    planIn(carriers(1), TO, {
      state: {
        quotas: (call) => {
          asked.push(call)
          return { kind: 'within' }
        },
      },
    })
    assert.deepEqual(
      asked.map(({ organizationId, userId }) => [organizationId, userId]),
      [[1, 11]],
    )
  })

  test('an emergency call asks nobody', () => {
    const plan = planIn({ ...carriers(1), gateways: [gateway(1, { carriesEmergency: true })] }, '112', {
      state: { quotas: () => over('daily-spend') },
    })
    assert.equal(targetOf(plan), 'carriers gw1')
  })
})
