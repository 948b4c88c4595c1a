import assert from 'node:assert/strict'
import { findLcrRoutes, type LcrParts, type LcrRequest } from '../../src/engine/lcr-route.ts'
import type { Share } from '../../src/routing/hunt.ts'
import { createTurns } from '../../src/routing/turns.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import type { CarriedCall } from '../../src/call/carried.ts'
import {
  carrier,
  carriers,
  ddi,
  NOW,
  organization,
  profile,
  rate,
  route,
  user,
  uuid,
  type GivenWorld,
} from '../support/snapshot.ts'
import { PLAN_SETTINGS, worldWith } from '../support/world.ts'

const ask = (changes: Partial<LcrRequest> = {}): LcrRequest => ({
  destination: '+442079460958',
  organizationId: 1,
  userId: undefined,
  takes: 'nothing',
  ...changes,
})

const setUp = (given: GivenWorld = carriers(2), parts: Partial<LcrParts> = {}) => {
  const turns = createTurns()
  const taken: (readonly (readonly Share[])[])[] = []
  const calls: CarriedCall[] = []
  const decided: CarriedCall[] = []
  let microseconds = 0
  const all: LcrParts = {
    world: worldWith(given, { turns }),
    settings: () => PLAN_SETTINGS,
    lrn: undefined,
    takeTurns: (shares) => {
      taken.push(shares)
      turns.take(shares)
    },
    onCall: (call) => calls.push(call),
    onDecided: (call) => decided.push(call),
    elapsed: () => (microseconds += 0.5),
    ...parts,
  }
  return { taken, calls, decided, find: (request: LcrRequest) => findLcrRoutes(request, all, () => NOW) }
}

const found = async (answer: ReturnType<ReturnType<typeof setUp>['find']>) => {
  const outcome = await answer
  assert.ok(outcome.kind !== 'refused', JSON.stringify(outcome))
  return outcome.answer
}

const order = async (answer: ReturnType<ReturnType<typeof setUp>['find']>): Promise<string> =>
  (await found(answer)).routes.map(({ attempt }) => attempt.carried.carrierId).join(' ')

suite('LCR for others: routes', () => {
  test('come in the order of our own calls, with number, quality, and how long it took', async () => {
    const answer = await found(setUp().find(ask({ destination: '020 7946 0958' })))
    assert.deepEqual(
      [answer.destination, answer.callingCode, answer.country, answer.profile, answer.microseconds],
      ['+442079460958', '44', 'GB', 'cheapest', 0.5],
    )
    assert.deepEqual(
      answer.routes.map(({ attempt, quality }) => [
        attempt.carried.n,
        attempt.carried.carrierId,
        quality.asr,
      ]),
      [
        [1, 1, 60],
        [2, 2, 60],
      ],
    )
  })

  const rows: readonly (readonly [sentence: string, request: Partial<LcrRequest>, carriers: string])[] = [
    ['as many as are asked for', { maxRoutes: 1 }, '1'],
    ['preferred carriers first, by code', { preferredCarriers: ['c2'] }, '2 1'],
    ['preferred carriers first, by id', { preferredCarriers: ['2'] }, '2 1'],
    ['excluded carriers not', { excludedCarriers: ['c1'] }, '2'],
    ['by the profile that is named', { profile: 'dearest' }, '2 1'],
  ]
  for (const [sentence, request, expected] of rows) {
    test(sentence, async () => {
      const given = {
        ...carriers(2),
        lcrProfiles: [profile(), profile({ id: 2, name: 'dearest', strategy: 'PRIORITY' })],
        lcrRoutes: [
          route(1),
          route(2),
          route(1, { id: 3, profileId: 2, priority: 9 }),
          route(2, { id: 4, profileId: 2, priority: 1 }),
        ],
      }
      assert.equal(await order(setUp(given).find(ask(request))), expected)
    })
  }

  test('a fax goes to those who carry it', async () => {
    const given = { ...carriers(2), carriers: [carrier(1, { supportsFax: false }), carrier(2)] }
    assert.equal(await order(setUp(given).find(ask({ callType: 'fax' }))), '2')
  })

  const written: readonly (readonly [destination: string, country: 'GB' | 'DE' | 'US', number: string])[] = [
    ['+442079460958', 'DE', '+442079460958'],
    ['442079460958', 'GB', '+442079460958'],
    ['442079460958', 'DE', '+442079460958'],
    ['4930123456789', 'GB', '+4930123456789'],
    ['13105550123', 'GB', '+13105550123'],
    ['3105550123', 'US', '+13105550123'],
    ['(310) 555-0123', 'US', '+13105550123'],
    ['020 7946 0958', 'GB', '+442079460958'],
    ['0049 30 123456789', 'GB', '+4930123456789'],
  ]
  for (const [destination, country, number] of written) {
    test(`${destination} in ${country} is ${number}`, async () => {
      const given = { ...carriers(1), organizations: [organization({ country })] }
      assert.equal((await found(setUp(given).find(ask({ destination })))).destination, number)
    })
  }

  test('a number of our own is looked for at carriers all the same', async () => {
    const given = { ...carriers(1), numbers: [ddi('+442079460958')] }
    assert.equal(await order(setUp(given).find(ask())), '1')
  })

  test("the user's caller ID decides the jurisdiction, and the LRN what is paid", async () => {
    const given = {
      ...carriers(1),
      organizations: [organization({ country: 'US' })],
      users: [user({ callerId: asE164('+12125550100') })],
      numbers: [ddi('+12125550100')],
      rates: [rate(1, '1', '0.05'), rate(1, '1212', '0.01', { intrastatePrice: undefined })],
    }
    const lrn = { cached: () => undefined, lookup: () => Promise.resolve(asE164('+12125550199')) }
    const answer = await found(setUp(given, { lrn }).find(ask({ destination: '+13105550123', userId: 11 })))
    assert.equal(answer.routes[0]?.route.rate.prefix, '1212')
    assert.equal(answer.plan.call.callerNumber, '+12125550100')
  })
})

suite('LCR for others: turns', () => {
  const given: GivenWorld = {
    ...carriers(2),
    lcrProfiles: [profile({ strategy: 'WEIGHTED' })],
    lcrRoutes: [route(1, { weight: 1 }), route(2, { weight: 1 })],
  }

  test('change with each answer that a call goes by', async () => {
    const { find } = setUp(given)
    const orders = [await order(find(ask({ takes: 'turn' }))), await order(find(ask({ takes: 'turn' })))]
    assert.deepEqual([...orders].sort(), ['1 2', '2 1'])
  })

  test('stay with a question', async () => {
    const { find, taken } = setUp(given)
    assert.equal(await order(find(ask())), await order(find(ask())))
    assert.deepEqual(taken, [])
  })

  test('a call of a channel takes its place, and what was decided is kept with it', async () => {
    const { find, taken, calls, decided } = setUp(given)
    await find(ask({ takes: { callId: uuid(7) } }))
    assert.equal(taken.length, 1)
    assert.deepEqual(
      [calls.map(({ callId }) => callId), decided.map(({ callId }) => callId)],
      [[uuid(7)], [uuid(7)]],
    )
    assert.deepEqual(
      calls[0]?.attempts.map(({ callId, organizationId }) => [callId, organizationId]),
      [
        [uuid(7), 1],
        [uuid(7), 1],
      ],
    )
  })

  test('an answer alone takes no place', async () => {
    const { find, calls, decided } = setUp(given)
    await find(ask({ takes: 'turn' }))
    assert.deepEqual([calls, decided], [[], []])
  })
})

suite('LCR for others: refusals', () => {
  test('where nobody takes the number, it says which kind, and why each was not taken', async () => {
    const outcome = await setUp({ ...carriers(1), rates: [] }).find(ask())
    assert.ok(outcome.kind === 'no-route')
    assert.deepEqual(
      [
        outcome.answer.refusal.kind,
        outcome.answer.routes,
        outcome.answer.rejected.map(({ gatewayId, carrierId, reason }) => [gatewayId, carrierId, reason]),
      ],
      ['NO_PREFIX', [], [[1, 1, 'NO_RATE']]],
    )
  })

  const rows: readonly (readonly [sentence: string, request: Partial<LcrRequest>, code: string])[] = [
    ['an organisation that is none', { organizationId: 2 }, 'ORGANIZATION_NOT_FOUND'],
    ['a user of nobody', { userId: 99 }, 'USER_NOT_FOUND'],
    ['a profile that is none', { profile: 'nonesuch' }, 'PROFILE_NOT_FOUND'],
    ['an emergency number', { destination: '112' }, 'INVALID_DESTINATION'],
    ['a short code', { destination: '2345' }, 'INVALID_DESTINATION'],
    ['letters', { destination: 'sip:x' }, 'INVALID_DESTINATION'],
    ['nothing', { destination: '' }, 'INVALID_DESTINATION'],
  ]
  for (const [sentence, request, code] of rows) {
    test(`${sentence} is ${code}`, async () => {
      const outcome = await setUp().find(ask(request))
      assert.equal(outcome.kind === 'refused' && outcome.code, code)
    })
  }

  test('without an organisation it is the only one there is', async () => {
    assert.equal(await order(setUp().find(ask({ organizationId: undefined }))), '1 2')
    const two = {
      ...carriers(1),
      organizations: [organization(), organization({ id: 2, sipDomain: 'b.example' })],
    }
    const outcome = await setUp(two).find(ask({ organizationId: undefined }))
    assert.equal(outcome.kind === 'refused' && outcome.code, 'ORGANIZATION_NOT_FOUND')
  })
})
