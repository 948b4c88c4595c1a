import assert from 'node:assert/strict'
import type { Hunt, HuntRequest } from '../../src/routing/hunt.ts'
import type { RateRow } from '../../src/routing/rate-builder.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import {
  carrier,
  carriers,
  gateway,
  profile,
  rate,
  route,
  type GivenState,
  type GivenWorld,
} from '../support/snapshot.ts'
import { huntIn } from './hunt-in.ts'

const NAMES = 'abcdefgh'
const orderOf = ({ routes }: Hunt): string =>
  routes.map(({ gateway: { id } }) => NAMES[id - 1] ?? String(id)).join(' ')
const refusedOf = ({ rejected }: Hunt): string =>
  rejected.map(({ gateway: { id }, reason }) => `${NAMES[id - 1] ?? String(id)}:${reason}`).join(' ')

suite('routing: what would lose money', () => {
  const sold = (price: string, given: Partial<RateRow> = {}): RateRow =>
    rate(0, '44', price, { owner: { kind: 'customer', id: 1 }, deckId: 900, sequence: 900, ...given })
  const world = (sell: RateRow, buy: RateRow): GivenWorld => ({
    ...carriers(1),
    lcrProfiles: [profile({ protectsMargin: true })],
    rates: [sell, buy],
  })
  const whyOf = (given: GivenWorld): string => huntIn(given).rejected[0]?.why ?? 'taken'

  test('a price below ours is a route', () =>
    assert.equal(whyOf(world(sold('0.02'), rate(1, '44', '0.01'))), 'taken'))

  test('a minute sold by the second and bought by the minute loses, though the prices say it earns', () => {
    const why = whyOf(
      world(
        sold('0.0101', { firstIncrementSeconds: 1, nextIncrementSeconds: 1 }),
        rate(1, '44', '0.01', { firstIncrementSeconds: 60, nextIncrementSeconds: 60 }),
      ),
    )
    assert.match(why, /^it loses 0\.\d+ EUR on the average call of 180 s/)
  })

  test('the break-even is named in seconds', () => {
    // 0.10 a call for 0.01 a minute more: from the tenth minute on it earns.
    const why = whyOf(
      world(
        sold('0.02', { firstIncrementSeconds: 1, nextIncrementSeconds: 1 }),
        rate(1, '44', '0.01', {
          connectionFee: parseMoney('0.10'),
          firstIncrementSeconds: 1,
          nextIncrementSeconds: 1,
        }),
      ),
    )
    assert.match(why, /breaks even at 600 s$/)
  })

  test('without a deck for the customer nothing is compared', () => {
    const given = world(sold('0.00'), rate(1, '44', '0.01'))
    assert.equal(whyOf({ ...given, rates: [rate(1, '44', '0.01')] }), 'taken')
  })

  test('a profile that does not protect the margin takes the loss', () => {
    const given = world(sold('0.00'), rate(1, '44', '0.01'))
    assert.equal(whyOf({ ...given, lcrProfiles: [profile()] }), 'taken')
  })
})

suite('routing: a refusal says which kind', () => {
  const one = carriers(1)
  const rows: readonly (readonly [sentence: string, given: GivenWorld, kind: string, state?: GivenState])[] =
    [
      ['no carrier has the prefix', { rates: [rate(1, '49', '0.01')] }, 'NO_PREFIX'],
      ['there is no rule for the number', { lcrRoutes: [] }, 'NO_PREFIX'],
      ['all are down', {}, 'ALL_DOWN', { isUp: () => false }],
      [
        'all are down or full: the full one would have carried it',
        {
          ...carriers(2),
          gateways: [gateway(1), gateway(2, { maxChannels: 1 })],
        },
        'OVER_CAPACITY',
        { isUp: (id) => id === 2, load: { gatewayChannels: () => 1 } },
      ],
      [
        'all are too dear',
        { lcrProfiles: [profile({ maxPricePerMinute: parseMoney('0.001') })] },
        'WOULD_LOSE_MONEY',
      ],
      [
        'the number is blocked',
        {
          blockedPrefixes: [
            { id: 1, organizationId: undefined, prefix: '44', action: 'block', note: 'fraud', enabled: true },
          ],
        },
        'BLOCKED',
      ],
      ['what is left is disabled', { carriers: [carrier(1, { enabled: false })] }, 'NOT_OFFERED'],
    ]
  for (const [sentence, given, kind, state = {}] of rows) {
    test(`${sentence}: ${kind}`, () => {
      const found = huntIn({ ...one, ...given }, undefined, { state })
      assert.equal(found.refusal?.kind, kind)
      assert.notEqual(found.refusal.why, '')
    })
  }

  test('with a route there is no refusal', () => assert.equal(huntIn(one).refusal, undefined))

  test('an allowed range within a blocked one is called', () => {
    const blockedPrefixes = [
      { id: 1, organizationId: undefined, prefix: '44', action: 'block', note: '', enabled: true },
      { id: 2, organizationId: 1, prefix: '4420', action: 'allow', note: '', enabled: true },
    ] as const
    assert.equal(huntIn({ ...one, blockedPrefixes }).refusal, undefined)
    assert.equal(huntIn({ ...one, blockedPrefixes }, '447700900123').refusal?.kind, 'BLOCKED')
  })
})

suite('routing: strategies and turns', () => {
  const three = carriers(3)
  const quality = (asr: readonly number[], pddMs: readonly number[] = [0, 0, 0]): GivenState => ({
    health: {
      qualityOf: (id) => ({
        asr: asr[id - 1] ?? 0,
        pddMs: pddMs[id - 1] ?? 0,
        acdSeconds: 180,
        samples: 100,
        isConfident: true,
      }),
    },
  })
  const strategy = (name: 'HIGHEST_QUALITY' | 'BALANCED' | 'WEIGHTED', given = {}): GivenWorld => ({
    ...three,
    lcrProfiles: [profile({ strategy: name, ...given })],
  })

  test('HIGHEST_QUALITY takes the best answer ratio first', () =>
    assert.equal(
      orderOf(huntIn(strategy('HIGHEST_QUALITY'), undefined, { state: quality([40, 60, 50]) })),
      'b c a',
    ))

  test('HIGHEST_QUALITY: a second of post-dial delay weighs as a point of the answer ratio', () =>
    assert.equal(
      orderOf(
        huntIn(strategy('HIGHEST_QUALITY'), undefined, { state: quality([60, 58, 57], [5_000, 0, 0]) }),
      ),
      'b c a',
    ))

  test('HIGHEST_QUALITY: of equal quality the cheaper comes first', () =>
    assert.equal(
      orderOf(huntIn(strategy('HIGHEST_QUALITY'), undefined, { state: quality([50, 50, 50]) })),
      'a b c',
    ))

  test('BALANCED weighs both: all for cost is LOWEST_COST, all for quality is HIGHEST_QUALITY', () => {
    const state = quality([40, 60, 50])
    const order = (costWeight: number, qualityWeight: number): string =>
      orderOf(huntIn(strategy('BALANCED', { costWeight, qualityWeight }), undefined, { state }))
    assert.equal(order(100, 0), 'a b c')
    assert.equal(order(0, 100), 'b c a')
    // a: 50 + 50 x 40/60 = 83.3; b: 25 + 50 = 75; c: 16.7 + 41.7 = 58.3
    assert.equal(order(50, 50), 'a b c')
    // a: 20 + 80 x 2/3 = 73.3; b: 10 + 80 = 90; c: 6.7 + 66.7 = 73.4
    assert.equal(order(20, 80), 'b c a')
  })

  test('a route of which little is known comes first now and then', () => {
    const state: GivenState = {
      health: {
        qualityOf: (id) => ({
          asr: id === 3 ? 10 : 50,
          pddMs: 0,
          acdSeconds: 180,
          samples: id === 3 ? 2 : 100,
          isConfident: id !== 3,
        }),
      },
    }
    const explore = (may: boolean): string =>
      orderOf(
        huntIn(strategy('HIGHEST_QUALITY'), undefined, {
          state: { ...state, turns: { orderOf: () => [], mayExplore: () => may } },
        }),
      )
    assert.equal(explore(false), 'a b c')
    assert.equal(explore(true), 'c a b')
  })

  test('an unhealthy gateway is tried last, whatever it costs', () =>
    assert.equal(
      orderOf(huntIn(three, undefined, { state: { health: { scoreOf: (id) => (id === 1 ? 39 : 40) } } })),
      'b c a',
    ))

  test('preferred carriers come first, and say why others are left out', () => {
    const found = huntIn(three, undefined, { preferredCarriers: ['c3'], maxRoutes: 2 })
    assert.equal(orderOf(found), 'c a')
    assert.equal(refusedOf(found), 'b:CARRIER_NOT_PREFERRED')
  })

  test('reading takes no turn: the same question has the same answer until a call takes it', () => {
    const given = strategy('WEIGHTED')
    const asked = Array.from({ length: 3 }, () => orderOf(huntIn(given)))
    assert.deepEqual(new Set(asked).size, 1)
  })

  test('a route of weight 0 is tried when all others have failed', () => {
    const found = huntIn({
      ...strategy('WEIGHTED'),
      lcrRoutes: [route(1, { weight: 0 }), route(2, { weight: 1 }), route(3, { weight: 1 })],
    })
    assert.equal(orderOf(found).slice(-1), 'a')
  })
})

suite('routing: the number that a rate is looked up by', () => {
  test('a ported number is priced as its location routing number, and dialled as it is', () => {
    const found = huntIn(
      { ...carriers(1), rates: [rate(1, '1212', '0.01'), rate(1, '1415', '0.07')] },
      '12125550100',
      {
        ratedAs: asE164('+14155550199'),
      },
    )
    assert.equal(found.routes[0]?.rate.tariff.pricePerMinute, parseMoney('0.07'))
    assert.equal(found.routes[0].rate.prefix, '1415')
    assert.equal(found.routes[0].number, '+12125550100')
  })

  test('without known states the indeterminate price counts, never the intrastate one', () => {
    const rates = [
      rate(1, '1212', '0.03', {
        interstatePrice: parseMoney('0.02'),
        intrastatePrice: parseMoney('0.01'),
      }),
    ]
    const price = (jurisdiction: HuntRequest['jurisdiction']): number | undefined =>
      huntIn({ ...carriers(1), rates }, '12125550100', { jurisdiction }).routes[0]?.rate.tariff.pricePerMinute
    assert.equal(price('interstate'), parseMoney('0.02'))
    assert.equal(price('intrastate'), parseMoney('0.01'))
    assert.equal(price('indeterminate'), parseMoney('0.03'))
    assert.equal(price(undefined), parseMoney('0.03'))
  })
})
