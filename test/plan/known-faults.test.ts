/**
 * One test for each fault that users of other least-cost routers keep reporting, named after it. They hold whole
 * plans against it, so that no piece can be right by itself and the call still wrong.
 */
import assert from 'node:assert/strict'
import { compareDecks } from '../../src/deck/compare.ts'
import type { Plan } from '../../src/call/plan.ts'
import { bill } from '../../src/rating/bill.ts'
import { createTurns } from '../../src/routing/turns.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { DEFAULT_FAILOVER_POLICY } from '../../src/telephony/failover-policy.ts'
import { addMoney, formatMoney, parseMoney } from '../../src/telephony/money.ts'
import { DEFAULT_NUMBER_FORM } from '../../src/telephony/number-form.ts'
import { renderPlan } from '../../src/xml-curl/dialplan.ts'
import {
  carriers,
  ddi,
  gateway,
  organization,
  profile,
  rate,
  route,
  user,
  uuid,
  NOW,
} from '../support/snapshot.ts'
import { plannerIn, worldWith } from '../support/world.ts'
import { planIn } from './plan-in.ts'

const attemptsOf = ({ target }: Plan) => (target.kind === 'carriers' ? target.attempts : [])
const orderOf = (plan: Plan): string =>
  attemptsOf(plan)
    .map(({ gateway: name }) => name)
    .join(' ')
const documentOf = (plan: Plan): string => renderPlan('phones', plan, { socketAddress: '127.0.0.1:8040' })

suite('known faults of least-cost routers', () => {
  test("a dearer longer prefix of one carrier beats another's cheaper shorter one", () => {
    const rates = [rate(1, '442079', '0.09'), rate(2, '44', '0.01')]
    assert.equal(orderOf(planIn({ ...carriers(2), rates }, '+442079460958')), 'gw2 gw1')
  })

  test("a carrier's cheaper shorter prefix is used instead of its longer", () => {
    const rates = [rate(1, '44', '0.01'), rate(1, '442079', '0.09'), rate(2, '44', '0.05')]
    const plan = planIn({ ...carriers(2), rates }, '+442079460958')
    assert.equal(orderOf(plan), 'gw2 gw1')
    assert.equal(attemptsOf(plan)[1]?.carried.rate?.tariff.pricePerMinute, parseMoney('0.09'))
  })

  test('an unknown jurisdiction is billed as intrastate', () => {
    const rates = [
      rate(1, '1212', '0.03', {
        currency: 'USD',
        interstatePrice: parseMoney('0.02'),
        intrastatePrice: parseMoney('0.01'),
      }),
    ]
    const priceFrom = (caller: string | undefined): string => {
      const numbers = caller === undefined ? [] : [ddi(caller)]
      const plan = planIn({ ...carriers(1), rates, numbers }, '+12125550100', {
        of: organization({
          currency: 'USD',
          country: 'US',
          defaultCallerId: caller === undefined ? undefined : asE164(caller),
        }),
      })
      return formatMoney(attemptsOf(plan)[0]?.carried.rate?.tariff.pricePerMinute ?? parseMoney('0'))
    }
    assert.equal(priceFrom('+16465550100'), '0.01', 'New York to New York')
    assert.equal(priceFrom('+14155550100'), '0.02', 'California to New York')
    for (const unknown of [undefined, '+18005550100', '+14165550100', '+442079460101'])
      assert.equal(priceFrom(unknown), '0.03', unknown ?? 'nobody')
  })

  test('the trailing strip is as long as the prefix that matched', () => {
    // Two digits off the front, whether the carrier's deck has a short or a long prefix.
    const gateways = [
      gateway(1, { numberForm: { ...DEFAULT_NUMBER_FORM, format: 'digits', strip: 2, prefix: '0' } }),
    ]
    for (const prefix of ['44', '4420', '44207946']) {
      const plan = planIn({ ...carriers(1), gateways, rates: [rate(1, prefix, '0.01')] }, '+442079460958')
      assert.equal(attemptsOf(plan)[0]?.carried.number, '02079460958', prefix)
    }
  })

  test('deck rows end silently', () => {
    const plan = planIn(
      { ...carriers(1), rates: [rate(1, '44', '0.01', { effectiveTo: NOW })] },
      '+442079460958',
    )
    assert.match(plan.rejected[0]?.why ?? '', /^its rate ended on 2027-01-15T08:00:00\.000Z$/)
    // And whoever imports such rows is told before: see the decks' own tests.
    assert.equal(typeof compareDecks, 'function')
  })

  test('one carrier without a price breaks the lookup', () => {
    const plan = planIn(
      { ...carriers(3), rates: [rate(1, '44', '0.02'), rate(3, '44', '0.01')] },
      '+442079460958',
    )
    assert.equal(orderOf(plan), 'gw3 gw1')
    assert.deepEqual(
      plan.rejected.map(({ carrier, reason }) => [carrier, reason]),
      [['Carrier 2', 'NO_RATE']],
    )
  })

  test("a failover is billed at the first gateway's rate", () => {
    const rates = [rate(1, '44', '0.01'), rate(2, '4420', '0.07', { deckId: 77 })]
    const [first, second] = attemptsOf(planIn({ ...carriers(2), rates }, '+442079460958'))
    assert.equal(first?.carried.rate?.prefix, '44')
    assert.deepEqual([second?.carried.rate?.deckId, second?.carried.rate?.prefix], [77, '4420'])
    const tariff = second?.carried.rate?.tariff
    assert.ok(tariff !== undefined)
    assert.equal(formatMoney(bill(tariff, 60).cost), '0.07')
  })

  test("the first attempt's prefix stands in the second's number", () => {
    const gateways = [
      gateway(1, { numberForm: { ...DEFAULT_NUMBER_FORM, format: 'digits', techPrefix: '99#' } }),
      gateway(2),
    ]
    const plan = planIn({ ...carriers(2), gateways }, '+442079460958')
    assert.deepEqual(
      attemptsOf(plan).map(({ carried }) => carried.number),
      ['99#442079460958', '+442079460958'],
    )
    const [, ...afterFirst] = documentOf(plan).split('sofia/gateway/gw1/')
    assert.doesNotMatch(afterFirst.join('').replace('99#442079460958', ''), /99#/)
  })

  test('two prices are equal as floats but not in truth', () => {
    // 10^-8 of a unit apart, at a price where a float's next neighbour is twice as far.
    const rates = [rate(1, '44', '200000.00000002'), rate(2, '44', '200000.00000001')]
    const float = (text: string): number => Math.fround(Number(text))
    assert.equal(float('200000.00000002'), float('200000.00000001'))
    assert.equal(orderOf(planIn({ ...carriers(2), rates }, '+442079460958')), 'gw2 gw1')
    const lcrProfiles = [profile({ maxPricePerMinute: parseMoney('200000.00000001') })]
    assert.equal(orderOf(planIn({ ...carriers(2), rates, lcrProfiles }, '+442079460958')), 'gw2')
    // And in doubles: three tenths added up are not three tenths.
    assert.notEqual(0.1 + 0.2, 0.3)
    const sum = addMoney(parseMoney('0.1'), parseMoney('0.2'))
    const dated = [rate(1, '44', formatMoney(sum)), rate(2, '44', '0.3')]
    assert.equal(orderOf(planIn({ ...carriers(2), rates: dated }, '+442079460958')), 'gw1 gw2')
  })

  test('a price that nobody can bill breaks the lookup of the others', () => {
    const rates = [rate(1, '44', '89999999'), rate(2, '44', '0.01')]
    const plan = planIn({ ...carriers(2), rates }, '+442079460958')
    assert.equal(orderOf(plan), 'gw2')
    assert.deepEqual(
      plan.rejected.map(({ reason }) => reason),
      ['ABOVE_MAX_PRICE'],
    )
  })

  test('a caller is hung up on because a gateway was over its calls per second', () => {
    const plan = planIn(
      { ...carriers(2), gateways: [gateway(1, { maxCallsPerSecond: 1 }), gateway(2)] },
      '+442079460958',
      {
        state: { load: { nextCallAt: ({ id }, _carrier, now) => (id === 1 ? now + 700 : now) } },
      },
    )
    assert.equal(orderOf(plan), 'gw2')
    assert.deepEqual(
      plan.rejected.map(({ reason }) => reason),
      ['CPS_EXCEEDED'],
    )
  })

  test('a lookup differs between explain and live', async () => {
    const turns = createTurns()
    const world = worldWith(
      {
        ...carriers(3),
        lcrProfiles: [profile({ strategy: 'WEIGHTED' })],
        lcrRoutes: [route(1, { weight: 5 }), route(2, { weight: 3 }), route(3, { weight: 2 })],
      },
      { turns },
    )
    const planner = plannerIn(world, { onPlanned: (_call, shares) => turns.take(shares) })
    for (let call = 0; call < 40; call += 1) {
      const request = {
        callId: uuid(call),
        organization: organization(),
        user: user(),
        dialled: '+442079460958',
        now: NOW,
      }
      const told = (await planner.preview(request)).plan
      const again = (await planner.preview(request)).plan
      const live = await planner.plan(request)
      assert.equal(orderOf(told), orderOf(live))
      assert.equal(orderOf(again), orderOf(live))
      assert.deepEqual(told.trace, live.trace)
    }
  })

  test('weights come out unfair', async () => {
    const turns = createTurns()
    const world = worldWith(
      {
        ...carriers(3),
        lcrProfiles: [profile({ strategy: 'WEIGHTED' })],
        lcrRoutes: [route(1, { weight: 70 }), route(2, { weight: 20 }), route(3, { weight: 10 })],
      },
      { turns },
    )
    const planner = plannerIn(world, { onPlanned: (_call, shares) => turns.take(shares) })
    const first = new Map<string, number>()
    for (let call = 1; call <= 1_000; call += 1) {
      const plan = await planner.plan({
        callId: uuid(call),
        organization: organization(),
        user: user(),
        dialled: '+442079460958',
        now: NOW,
      })
      const name = attemptsOf(plan)[0]?.gateway ?? ''
      first.set(name, (first.get(name) ?? 0) + 1)
      for (const [gatewayName, share] of [
        ['gw1', 0.7],
        ['gw2', 0.2],
        ['gw3', 0.1],
      ] as const)
        assert.ok(Math.abs((first.get(gatewayName) ?? 0) - call * share) <= 1, `${gatewayName} after ${call}`)
    }
    assert.deepEqual(Object.fromEntries(first), { gw1: 700, gw2: 200, gw3: 100 })
  })

  test('the hunt goes on after busy or decline', () => {
    const document = documentOf(planIn(carriers(2), '+442079460958'))
    const goOn = [...document.matchAll(/continue_on_fail=([A-Z_,]+)/g)].map(([, causes = '']) =>
      causes.split(','),
    )
    assert.ok(goOn.length > 0)
    for (const causes of goOn) {
      for (const callee of ['USER_BUSY', 'CALL_REJECTED', 'NO_ANSWER', 'true'])
        assert.ok(!causes.includes(callee), callee)
    }
  })

  test('a stale Reason of the first carrier reaches the caller', () => {
    const document = documentOf(planIn(carriers(2), '+442079460958'))
    const [, between = ''] =
      /sofia\/gateway\/gw1\/[\s\S]*?\n([\s\S]*)sofia\/gateway\/gw2\//.exec(document) ?? []
    assert.match(between, /multiunset[^\n]*sip_reason/)
    assert.match(document, /ignore_q850_reason=true/)
    assert.equal(DEFAULT_FAILOVER_POLICY.believes, 'status')
  })
})
