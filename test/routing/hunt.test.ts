import assert from 'node:assert/strict'
import type { Gateway } from '../../src/directory/records.ts'
import type { Hunt, HuntRequest } from '../../src/routing/hunt.ts'
import type { RateRow } from '../../src/routing/rate-builder.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { DEFAULT_NUMBER_FORM } from '../../src/telephony/number-form.ts'
import {
  carrier,
  carriers,
  gateway,
  NOW,
  organization,
  profile,
  rate,
  route,
  type GivenState,
  type GivenWorld,
} from '../support/snapshot.ts'
import { huntIn } from './hunt-in.ts'

const NAMES = 'abcdefgh'
const nameOf = ({ id }: Gateway): string => NAMES[id - 1] ?? String(id)

/**
 * Rates as `carrier:prefix:cents per minute`, each carrier with one gateway of its own and a rule for every
 * number; the result is the order in which the carriers are tried.
 */
const check = (rates: string, dialled: string, expected: string): void => {
  const rows = rates.split(' ').map((text): RateRow => {
    const [name = '', prefix = '', cents = ''] = text.split(':')
    return rate(NAMES.indexOf(name) + 1, prefix, String(Number(cents) / 100))
  })
  const ids = [...new Set(rows.map(({ owner }) => owner.id))].sort((a, b) => a - b)
  const found = huntIn(
    {
      carriers: ids.map((id) => carrier(id)),
      gateways: ids.map((id) => gateway(id)),
      lcrRoutes: ids.map((id) => route(id)),
      rates: rows,
    },
    dialled,
  )
  assert.equal(orderOf(found), expected)
}

const orderOf = ({ routes }: Hunt): string => routes.map((each) => nameOf(each.gateway)).join(' ')
const refusedOf = ({ rejected }: Hunt): string =>
  rejected.map((each) => `${nameOf(each.gateway)}:${each.reason}`).join(' ')

suite('routing: which carriers reach a number, and in which order', () => {
  test('a carrier is judged by its own longest prefix', () =>
    check('a:44:9 b:4420:5 b:44:1', '442071234567', 'b a'))

  test('a longer prefix of one carrier does not beat a cheaper shorter one of another', () =>
    check('a:442071:9 b:44:1', '442071234567', 'b a'))

  test('the longest prefix of a carrier counts even where its shorter one is cheaper', () =>
    check('a:44:1 a:4420:9 b:44:5', '442071234567', 'b a'))

  test('a carrier without a rate for the number is left out, and breaks nothing', () =>
    check('a:1:1 b:44:5 c:44:3', '442071234567', 'c b'))

  test('equal prices come in the order of the gateways, every time', () =>
    check('c:44:5 a:44:5 b:44:5', '442071234567', 'a b c'))

  test('a default rate serves where no prefix matches', () => check('a::7 b:49:1', '442071234567', 'a'))

  const two = carriers(2)

  test('the connection fee and the increments count, not only the price per minute', () => {
    const found = huntIn({
      ...two,
      rates: [rate(1, '', '0.01', { connectionFee: parseMoney('0.30') }), rate(2, '', '0.02')],
    })
    assert.equal(orderOf(found), 'b a')
  })

  test('a new price counts from its moment and not before', () => {
    const dated = {
      ...two,
      rates: [
        rate(1, '44', '0.01', { effectiveTo: NOW }),
        rate(1, '44', '0.09', { effectiveFrom: NOW }),
        rate(2, '44', '0.05'),
      ],
    }
    assert.equal(orderOf(huntIn(dated, undefined, { now: NOW - 1 })), 'a b')
    assert.equal(orderOf(huntIn(dated, undefined, { now: NOW })), 'b a')
  })

  test("a rule's own price replaces the deck's, and the route is rated by it", () => {
    const found = huntIn({
      ...two,
      lcrRoutes: [route(1), route(2, { priceOverride: parseMoney('0.001') })],
    })
    assert.equal(orderOf(found), 'b a')
    assert.equal(found.routes[0]?.rate.tariff.pricePerMinute, parseMoney('0.001'))
    assert.equal(found.routes[0].rate.tariff.currency, 'EUR')
  })

  test('a free price is a price', () => {
    const found = huntIn({ ...two, lcrRoutes: [route(1), route(2, { priceOverride: parseMoney('0') })] })
    assert.equal(orderOf(found), 'b a')
  })

  test('equal costs are tried by priority, lower first', () => {
    const found = huntIn({
      ...two,
      rates: [rate(1, '', '0.01'), rate(2, '', '0.01')],
      lcrRoutes: [route(1, { priority: 20 }), route(2, { priority: 10 })],
    })
    assert.equal(orderOf(found), 'b a')
  })

  test('with the strategy PRIORITY the price decides only between equals', () => {
    const found = huntIn({
      ...carriers(3),
      lcrProfiles: [profile({ strategy: 'PRIORITY' })],
      lcrRoutes: [route(1, { priority: 3 }), route(2, { priority: 1 }), route(3, { priority: 1 })],
    })
    assert.equal(orderOf(found), 'b c a')
  })

  test("of a gateway's rules, the one with the longest prefix speaks", () => {
    const found = huntIn({
      ...two,
      lcrProfiles: [profile({ strategy: 'PRIORITY' })],
      lcrRoutes: [
        route(1, { id: 1, prefix: '44', priority: 1 }),
        route(1, { id: 2, prefix: '4420', priority: 9 }),
        route(2, { id: 3, priority: 5 }),
      ],
    })
    assert.equal(orderOf(found), 'b a')
    assert.equal(found.routes[1]?.rule.id, 2)
  })

  test('a rule of another profile or for another prefix is no candidate', () => {
    const found = huntIn({
      ...two,
      lcrRoutes: [route(1, { profileId: 2 }), route(2, { prefix: '49' })],
    })
    assert.equal(orderOf(found), '')
    assert.equal(refusedOf(found), '')
  })

  test('an organisation without a profile, or with a disabled or unknown one, has no way', () => {
    for (const [caller, lcrProfiles] of [
      [organization({ lcrProfileId: undefined }), [profile()]],
      [organization(), [profile({ enabled: false })]],
      [organization({ lcrProfileId: 9 }), [profile()]],
    ] as const) {
      const found = huntIn({ ...two, lcrProfiles }, undefined, { caller })
      assert.equal(found.profile, undefined)
      assert.equal(orderOf(found), '')
    }
  })
})

suite('routing: who is refused, and why', () => {
  const one = carriers(1)
  const rows: readonly (readonly [
    sentence: string,
    given: GivenWorld,
    expected: string,
    state?: GivenState,
    request?: Partial<HuntRequest>,
  ])[] = [
    ['a disabled gateway', { gateways: [gateway(1, { enabled: false })] }, 'a:GATEWAY_DISABLED'],
    ['a disabled carrier', { carriers: [carrier(1, { enabled: false })] }, 'a:CARRIER_DISABLED'],
    [
      'a carrier of another organisation',
      { carriers: [carrier(1, { organizationId: 2 })] },
      'a:CARRIER_OF_ANOTHER_ORGANIZATION',
    ],
    ['a disabled rule', { lcrRoutes: [route(1, { enabled: false })] }, 'a:ROUTE_DISABLED'],
    ['a carrier without a rate', { rates: [] }, 'a:NO_RATE'],
    [
      'a carrier without a rate, even where the rule has a price',
      { rates: [], lcrRoutes: [route(1, { priceOverride: parseMoney('0.01') })] },
      'a:NO_RATE',
    ],
    ['a rate in another currency', { rates: [rate(1, '', '0.01', { currency: 'USD' })] }, 'a:OTHER_CURRENCY'],
    ['a gateway that is down', {}, 'a:GATEWAY_DOWN', { isUp: () => false }],
    [
      'a gateway with all its channels in use',
      { gateways: [gateway(1, { maxChannels: 2 })] },
      'a:GATEWAY_FULL',
      { load: { gatewayChannels: () => 2 } },
    ],
    [
      'a gateway that may carry no channel at all',
      { gateways: [gateway(1, { maxChannels: 0 })] },
      'a:GATEWAY_FULL',
    ],
    [
      'a carrier with all its channels in use over all gateways',
      { carriers: [carrier(1, { maxChannels: 5 })] },
      'a:CARRIER_FULL',
      { load: { carrierChannels: () => 5 } },
    ],
    [
      'a route with all its channels in use',
      { lcrRoutes: [route(1, { maxChannels: 5 })] },
      'a:ROUTE_FULL',
      { load: { routeChannels: () => 5 } },
    ],
    [
      'a gateway whose calls per second are used up',
      { gateways: [gateway(1, { maxCallsPerSecond: 1 })] },
      'a:CPS_EXCEEDED',
      { load: { nextCallAt: (_gateway, _carrier, now) => now + 400 } },
    ],
    [
      'a gateway that is left alone after failures',
      {},
      'a:COOLING_OFF',
      { health: { verdictOf: () => ({ kind: 'open', until: NOW + 1, why: '3 failures' }) } },
    ],
    [
      'a rule outside of its hours, in the time zone of the profile',
      {
        // NOW is Friday, 15 January 2027, 08:00 UTC: 17:00 in Tokyo.
        lcrRoutes: [route(1, { timeRestrictions: ['Mon-Fri 08:00-16:00'] })],
        lcrProfiles: [profile({ timeZone: 'Asia/Tokyo' })],
      },
      'a:OUTSIDE_HOURS',
    ],
    ['a carrier that the request excludes', {}, 'a:CARRIER_EXCLUDED', {}, { excludedCarriers: ['c1'] }],
    [
      'a carrier that shows another caller ID, where ours must be seen',
      {
        carriers: [carrier(1, { carriesCallerId: false })],
        lcrProfiles: [profile({ requiresCallerId: true })],
      },
      'a:CALLER_ID_NOT_CARRIED',
      {},
      { showsCallerId: true },
    ],
    [
      'a carrier without fax, for a fax',
      { carriers: [carrier(1, { supportsFax: false })] },
      'a:FAX_NOT_SUPPORTED',
      {},
      { callType: 'fax' },
    ],
    [
      'a gateway that shares no codec with a caller whom nobody transcodes',
      { gateways: [gateway(1, { codecs: ['G729', 'opus@48000h@20i'] })] },
      'a:CODEC_NOT_SUPPORTED',
      {},
      { codecs: ['PCMA', 'PCMU'] },
    ],
    [
      'a rate that is still to come',
      { rates: [rate(1, '44', '0.01', { effectiveFrom: NOW + 1 })] },
      'a:NOT_YET_EFFECTIVE',
    ],
    [
      'a rate that has ended',
      { rates: [rate(1, '44', '0.01', { effectiveTo: NOW })] },
      'a:NO_LONGER_EFFECTIVE',
    ],
    [
      'a price above what the profile allows',
      { lcrProfiles: [profile({ maxPricePerMinute: parseMoney('0.00999999') })] },
      'a:ABOVE_MAX_PRICE',
    ],
    [
      'a gateway whose number form leaves nothing to dial',
      { gateways: [gateway(1, { numberForm: { ...DEFAULT_NUMBER_FORM, strip: 15 } })] },
      'a:NUMBER_FORM',
    ],
  ]
  for (const [sentence, given, expected, state = {}, request = {}] of rows) {
    test(`${sentence} is named`, () => {
      const found = huntIn({ ...one, ...given }, undefined, { state, ...request })
      assert.equal(orderOf(found), '')
      assert.equal(refusedOf(found), expected)
      assert.notEqual(found.rejected[0]?.why, '')
    })
  }

  test('a gateway with one channel left is taken', () => {
    const found = huntIn({ ...one, gateways: [gateway(1, { maxChannels: 2 })] }, undefined, {
      state: { load: { gatewayChannels: () => 1 } },
    })
    assert.equal(orderOf(found), 'a')
  })

  test("a carrier of the caller's own organisation is taken", () => {
    assert.equal(orderOf(huntIn({ ...one, carriers: [carrier(1, { organizationId: 1 })] })), 'a')
  })

  test('what is beyond the number of routes is named too, the cheapest stay', () => {
    const found = huntIn(carriers(4), undefined, { maxRoutes: 2 })
    assert.equal(orderOf(found), 'a b')
    assert.equal(refusedOf(found), 'c:BEYOND_MAX_ROUTES d:BEYOND_MAX_ROUTES')
  })

  test('a rule whose gateway is not in the snapshot is passed over', () => {
    const found = huntIn({ ...one, lcrRoutes: [route(1), route(7)] })
    assert.equal(orderOf(found), 'a')
  })

  test('within its hours a rule is taken', () => {
    const lcrRoutes = [route(1, { timeRestrictions: ['Mon-Fri 08:00-16:00'] })]
    assert.equal(orderOf(huntIn({ ...one, lcrRoutes })), 'a')
  })

  test('codecs are compared by name: rate and packet time are no other codec', () => {
    const gateways = [gateway(1, { codecs: ['opus@48000h@20i'] })]
    assert.equal(orderOf(huntIn({ ...one, gateways }, undefined, { codecs: ['OPUS', 'PCMA'] })), 'a')
  })

  test('a disabled rule does not hide an enabled shorter one', () => {
    const lcrRoutes = [
      route(1, { id: 1, prefix: '4420', enabled: false }),
      route(1, { id: 2, prefix: '44', enabled: true }),
    ]
    const found = huntIn({ ...one, lcrRoutes })
    assert.equal(found.routes[0]?.rule.id, 2)
  })
})
