/** Calls that are paid for in advance: which are refused, which are limited, and which nobody asks. */
import assert from 'node:assert/strict'
import type { PrepaidVerdict } from '../../src/call/prepaid.ts'
import { INSUFFICIENT_BALANCE, NO_SELL_RATE } from '../../src/call/prepaid.ts'
import { carriers, gateway, rate } from '../support/snapshot.ts'
import { planIn, targetOf } from './plan-in.ts'

const TO = '+442079460123'
const ENGINE = '00000000-0000-4000-8000-000000000001'
const ENOUGH: PrepaidVerdict = { kind: 'enough', balanceId: 7, engine: ENGINE, limitSeconds: 61 }
const short = (refusal: typeof INSUFFICIENT_BALANCE | typeof NO_SELL_RATE): PrepaidVerdict => ({
  kind: 'refused',
  refusal,
  why: 'there is not enough',
})
const asked = (verdict: PrepaidVerdict) => {
  const state = { times: 0 }
  return {
    state,
    check: () => {
      state.times += 1
      return verdict
    },
  }
}

suite('plan: paid in advance', () => {
  for (const [what, verdict, target] of [
    ['who pays afterwards', { kind: 'postpaid' }, 'carriers gw1'],
    ['a free destination', { kind: 'free' }, 'carriers gw1'],
    ['too little money', short(INSUFFICIENT_BALANCE), 'refuse OUTGOING_CALL_BARRED'],
    ['no price', short(NO_SELL_RATE), 'refuse OUTGOING_CALL_BARRED'],
  ] as const)
    test(`${what}: ${target}`, () => {
      const plan = planIn(carriers(1), TO, { state: { prepaid: () => verdict } })
      assert.equal(targetOf(plan), target)
      assert.equal(plan.prepaid, undefined)
      if (plan.target.kind === 'refuse' && verdict.kind === 'refused') {
        assert.equal(plan.target.refusal, verdict.refusal)
        assert.equal(plan.target.why, verdict.why)
      }
    })

  for (const [what, dialled] of [
    ['an emergency call', '112'],
    ['the echo test', '*43'],
  ] as const)
    test(`${what} asks no balance`, () => {
      const { state, check } = asked(short(INSUFFICIENT_BALANCE))
      const plan = planIn({ ...carriers(1), gateways: [gateway(1, { carriesEmergency: true })] }, dialled, {
        state: { prepaid: check },
      })
      assert.notEqual(plan.target.kind, 'refuse')
      assert.equal(state.times, 0)
    })

  test('with money the switch is told when to end it, on each leg that may be answered, and what it is charged to', () => {
    const world = carriers(2)
    const sold = rate(0, '44', '0.60', { owner: { kind: 'customer', id: 1 }, deckId: 900, sequence: 900 })
    const plan = planIn({ ...world, rates: [...world.rates, sold] }, TO, {
      state: { prepaid: () => ENOUGH },
    })
    assert.equal(plan.prepaid?.limitSeconds, 61)
    assert.deepEqual(plan.prepaid.sale, plan.sell)
    const attempts = plan.target.kind === 'carriers' ? plan.target.attempts : []
    assert.deepEqual(
      attempts.map(({ carried, prepaidLimitSeconds }) => [carried.prepaid, prepaidLimitSeconds]),
      attempts.map(() => [{ balanceId: 7, engine: ENGINE }, 61]),
    )
    assert.equal(attempts.length, 2)
  })

  test('without a price nothing is given away, whatever the balance says', () => {
    const plan = planIn(carriers(1), TO, { state: { prepaid: () => ENOUGH } })
    assert.equal(plan.sell, undefined)
    assert.equal(plan.prepaid, undefined)
  })
})
