import assert from 'node:assert/strict'
import { PROGRESS_TIMEOUT_SECONDS, RING_TIMEOUT_SECONDS } from '../../src/plan/plan-routes.ts'
import { asE164, type Country } from '../../src/telephony/e164.ts'
import {
  carrier,
  carriers,
  ddi,
  device,
  gateway,
  organization,
  profile,
  rate,
  user,
  uuid,
  type GivenState,
  type GivenWorld,
} from '../support/snapshot.ts'
import { planIn, targetOf } from './plan-in.ts'

suite('plan: what was dialled', () => {
  const world: GivenWorld = {
    ...carriers(1),
    users: [user(), user({ id: 12, extension: '2345', name: 'Bob' }), user({ id: 13, extension: '020' })],
    devices: [device(), device({ id: 121, userId: 12, username: 'bob-desk' })],
  }
  const rows: readonly (readonly [country: Country, dialled: string, kind: string, expected: string])[] = [
    ['GB', '112', 'emergency', 'carriers'],
    ['GB', '999', 'emergency', 'carriers'],
    ['GB', '911', 'emergency', 'carriers'],
    ['DE', '112', 'emergency', 'carriers'],
    ['DE', '110', 'emergency', 'carriers'],
    ['GB', '110', 'short-code', 'refuse NO_ROUTE_DESTINATION'],
    ['US', '911', 'emergency', 'carriers'],
    ['US', '999', 'emergency', 'carriers'],
    ['AU', '000', 'emergency', 'carriers'],
    ['FR', '15', 'emergency', 'carriers'],
    ['GB', '1-1 2', 'emergency', 'carriers'],
    ['GB', '2345', 'extension', 'devices bob-desk'],
    ['GB', '020', 'extension', 'refuse SUBSCRIBER_ABSENT'],
    ['GB', '2346', 'short-code', 'refuse NO_ROUTE_DESTINATION'],
    ['GB', '118', 'short-code', 'refuse NO_ROUTE_DESTINATION'],
    ['GB', '*43', 'feature-code', 'conversation echo-test'],
    ['GB', '*44', 'feature-code', 'refuse NO_ROUTE_DESTINATION'],
    ['GB', '#31#', 'feature-code', 'refuse NO_ROUTE_DESTINATION'],
    ['GB', '+442079460958', 'e164 +442079460958', 'carriers gw1'],
    ['GB', '00442079460958', 'e164 +442079460958', 'carriers gw1'],
    ['GB', '020 7946 0958', 'e164 +442079460958', 'carriers gw1'],
    ['GB', '(020) 7946-0958', 'e164 +442079460958', 'carriers gw1'],
    ['DE', '00442079460958', 'e164 +442079460958', 'carriers gw1'],
    ['US', '011442079460958', 'e164 +442079460958', 'carriers gw1'],
    ['US', '2025550123', 'e164 +12025550123', 'carriers gw1'],
    ['US', '(202) 555-0123', 'e164 +12025550123', 'carriers gw1'],
    ['US', '12025550123', 'e164 +12025550123', 'carriers gw1'],
    ['DE', '030 123456', 'e164 +4930123456', 'carriers gw1'],
    ['GB', '', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '+', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '+44{x=y}|user/1,2', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '+442079460958|sofia/gateway/gw2/1', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '${system(id)}', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', "2345' XML default", 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '+44207946\u0000958', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '٠٢٠٧٩٤٦٠٩٥٨', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '１１２', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '++442079460958', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '2'.repeat(10_000), 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '*'.repeat(10_000), 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '__proto__', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', 'FMC', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
    ['GB', '0800FLOWERS', 'invalid', 'refuse INVALID_NUMBER_FORMAT'],
  ]
  for (const [country, dialled, kind, expected] of rows) {
    test(`${JSON.stringify(dialled.slice(0, 40))} from ${country}: ${kind}, ${expected}`, () => {
      const plan = planIn(world, dialled, { of: organization({ country }) })
      const { numberClass } = plan
      assert.equal(numberClass.kind === 'e164' ? `e164 ${numberClass.number}` : numberClass.kind, kind)
      assert.equal(targetOf(plan), expected)
      assert.equal(plan.call.dialled, dialled)
      assert.ok(plan.trace.length >= 2)
      assert.ok(plan.trace.every((line) => line.length < 200))
    })
  }

  test('a newline between digits never reaches what is dialled', () => {
    const plan = planIn(world, '+4420794\n60958')
    assert.equal(plan.target.kind === 'carriers' && plan.target.attempts[0]?.carried.number, '+442079460958')
  })

  test('an emergency number that is also an extension is an emergency', () => {
    const plan = planIn({ ...world, users: [user(), user({ id: 12, extension: '112' })] }, '112')
    assert.equal(plan.numberClass.kind, 'emergency')
  })
})

suite('plan: to carriers', () => {
  const world = carriers(3)

  test('the attempts come in the order of the hunt, each with a channel of its own', () => {
    const plan = planIn(world, '+442079460958')
    assert.equal(targetOf(plan), 'carriers gw1 gw2 gw3')
    assert.deepEqual(
      plan.call.attempts.map(({ n, legUuid, gatewayId, carrierId, number, userId }) => [
        n,
        legUuid,
        gatewayId,
        carrierId,
        number,
        userId,
      ]),
      [1, 2, 3].map((n) => [n, uuid(99 + n), n, n, '+442079460958', 11]),
    )
    assert.ok(plan.call.attempts.every((attempt) => attempt.callId === uuid(1)))
    assert.equal(plan.call.attempts[1]?.rate?.tariff.pricePerMinute, 2_000_000)
    assert.equal(plan.call.destination, '+442079460958')
    assert.equal(plan.call.direction, 'outbound')
    assert.equal(plan.call.lcrProfileId, 1)
    assert.equal(plan.maxDurationSeconds, 14_400)
  })

  test('an attempt has its codecs, its limit and its times from the gateway', () => {
    const plan = planIn(
      { ...world, gateways: [gateway(1, { codecs: ['PCMA', 'PCMU'], maxChannels: 30 })] },
      '+442079460958',
    )
    const attempt = plan.target.kind === 'carriers' ? plan.target.attempts[0] : undefined
    assert.deepEqual(attempt?.codecs, ['PCMA', 'PCMU'])
    assert.equal(attempt.maxChannels, 30)
    assert.equal(attempt.progressTimeoutSeconds, PROGRESS_TIMEOUT_SECONDS)
    assert.equal(attempt.ringTimeoutSeconds, RING_TIMEOUT_SECONDS)
  })

  test('the rejected stand beside the taken, by name and with a reason', () => {
    const plan = planIn(
      {
        ...world,
        carriers: [carrier(1), carrier(2, { enabled: false }), carrier(3)],
        rates: [rate(1, '', '0.01')],
      },
      '+442079460958',
    )
    assert.equal(targetOf(plan), 'carriers gw1')
    assert.deepEqual(
      plan.rejected.map(({ gateway: name, carrier: of, reason }) => [name, of, reason]),
      [
        ['edge 2', 'Carrier 2', 'CARRIER_DISABLED'],
        ['edge 3', 'Carrier 3', 'NO_RATE'],
      ],
    )
    assert.ok(plan.trace.some((line) => line.includes('1 of 3 gateways')))
  })

  const causes: readonly (readonly [
    sentence: string,
    given: GivenWorld,
    expected: string,
    rejected: number,
    state?: GivenState,
  ])[] = [
    ['without any rule there is no route', { lcrRoutes: [] }, 'NO_ROUTE_DESTINATION', 0],
    ['without any rate there is no route', { rates: [] }, 'NO_ROUTE_DESTINATION', 3],
    ['without the profile there is no route', { lcrProfiles: [] }, 'NO_ROUTE_DESTINATION', 0],
    [
      'with the profile disabled there is no route',
      { lcrProfiles: [profile({ enabled: false })] },
      'NO_ROUTE_DESTINATION',
      0,
    ],
    [
      'with all gateways down the network is out of order',
      {},
      'NETWORK_OUT_OF_ORDER',
      3,
      { isUp: () => false },
    ],
    [
      'with all gateways full it is congestion',
      { gateways: [1, 2, 3].map((id) => gateway(id, { maxChannels: 1 })) },
      'NORMAL_CIRCUIT_CONGESTION',
      3,
      { load: { gatewayChannels: () => 1 } },
    ],
    [
      'with one full and the others without a rate it is congestion',
      { gateways: [1, 2, 3].map((id) => gateway(id, { maxChannels: 1 })), rates: [rate(1, '', '0.01')] },
      'NORMAL_CIRCUIT_CONGESTION',
      3,
      { load: { gatewayChannels: () => 1 } },
    ],
    [
      'with prices in another currency only there is no route',
      { rates: [rate(1, '', '0.01', { currency: 'USD' })] },
      'NO_ROUTE_DESTINATION',
      3,
    ],
  ]
  for (const [sentence, given, expected, rejected, state = {}] of causes) {
    test(sentence, () => {
      const plan = planIn({ ...world, ...given }, '+442079460958', { state })
      assert.equal(targetOf(plan), `refuse ${expected}`)
      assert.equal(plan.rejected.length, rejected)
      assert.deepEqual(plan.call.attempts, [])
    })
  }

  test('the caller ID is the one asked for, with the trace of the choice', () => {
    const numbers = [ddi('+442079460101'), ddi('+442079460102')]
    const caller = user({ callerId: asE164('+442079460102') })
    const own = planIn({ ...world, numbers }, '+12025550123', { caller })
    const asked = planIn({ ...world, numbers }, '+12025550123', {
      caller,
      requested: asE164('+442079460101'),
    })
    assert.equal(own.call.callerNumber, '+442079460102')
    assert.equal(asked.call.callerNumber, '+442079460101')
    assert.deepEqual(asked.target.kind === 'carriers' && asked.target.callerId, {
      number: '+442079460101',
      name: 'Ada Lovelace',
    })
    assert.ok(asked.trace.some((line) => line.includes('asked for with the call')))
  })

  test('without a number of its own the call shows none', () => {
    const plan = planIn(world, '+12025550123')
    assert.equal(plan.call.callerNumber, undefined)
    assert.equal(plan.target.kind === 'carriers' && plan.target.callerId.number, undefined)
  })

  test('a gateway whose failures causes cannot tell has the engine decide, and the trace says why', () => {
    const gateways = [
      gateway(1, { failover: { believes: 'status', next: [403], stop: [] } }),
      gateway(2),
      gateway(3),
    ]
    const told = (plan: ReturnType<typeof planIn>): string | undefined =>
      plan.trace.find((line) => line.startsWith('the engine decides between attempts'))
    assert.match(told(planIn({ ...world, gateways }, '+12025550123')) ?? '', /gw1: CALL_REJECTED/)
    assert.equal(told(planIn(world, '+12025550123')), undefined)
  })

  test('a patient gateway leaves less time to those after it, and none to the last', () => {
    const gateways = [
      gateway(1, { progressTimeoutSeconds: 27 }),
      gateway(2, { progressTimeoutSeconds: 27 }),
      gateway(3),
    ]
    const plan = planIn({ ...world, gateways }, '+12025550123')
    const attempts = plan.target.kind === 'carriers' ? plan.target.attempts : []
    const seconds = attempts.reduce((sum, { progressTimeoutSeconds }) => sum + progressTimeoutSeconds, 0)
    assert.ok(seconds <= 30, `${seconds} s`)
    assert.equal(attempts.length + plan.rejected.length, 3)
  })

  test('no more attempts than routes are allowed', () => {
    const plan = planIn(world, '+12025550123', { maxRoutes: 1 })
    assert.equal(targetOf(plan), 'carriers gw1')
    assert.deepEqual(
      plan.rejected.map(({ reason }) => reason),
      ['BEYOND_MAX_ROUTES', 'BEYOND_MAX_ROUTES'],
    )
  })
})

suite('plan: emergency calls', () => {
  const world: GivenWorld = {
    carriers: [carrier(1), carrier(2), carrier(3, { organizationId: 2 }), carrier(4, { enabled: false })],
    gateways: [
      gateway(1, { carriesEmergency: true, maxChannels: 1 }),
      gateway(2, { carriesEmergency: true }),
      gateway(3, { carriesEmergency: true }),
      gateway(4, { carriesEmergency: true }),
      gateway(5, { carrierId: 1 }),
      gateway(6, { carrierId: 1, carriesEmergency: true, enabled: false }),
    ],
  }

  test('they ask no rate, no rule and no profile', () => {
    const plan = planIn({ ...world, lcrProfiles: [] }, '112', {
      of: organization({ lcrProfileId: undefined }),
    })
    assert.equal(targetOf(plan), 'carriers gw1 gw2')
    assert.ok(plan.call.attempts.every((attempt) => attempt.number === '112' && attempt.rate === undefined))
  })

  test('they ask no limit', () => {
    const plan = planIn(world, '112', { state: { load: { gatewayChannels: () => 99 } } })
    assert.equal(targetOf(plan), 'carriers gw1 gw2')
    assert.ok(
      plan.target.kind === 'carriers' && plan.target.attempts.every((each) => each.maxChannels === undefined),
    )
  })

  test('what is down is tried last, and is tried', () => {
    assert.equal(targetOf(planIn(world, '112', { state: { isUp: (id) => id !== 1 } })), 'carriers gw2 gw1')
    assert.equal(targetOf(planIn(world, '112', { state: { isUp: () => false } })), 'carriers gw1 gw2')
  })

  test("without a gateway that may carry them, the switch's own is left", () => {
    const plan = planIn({}, '999')
    assert.deepEqual(
      plan.target.kind === 'carriers' && [plan.target.attempts.length, plan.target.emergency],
      [0, true],
    )
    assert.equal(plan.numberClass.number, '999')
  })

  test('they show a number that can be called back', () => {
    const plan = planIn({ ...world, numbers: [ddi('+442079460101')] }, '999', {
      of: organization({ defaultCallerId: asE164('+442079460101') }),
    })
    assert.equal(plan.call.callerNumber, '+442079460101')
  })
})
