/** Carriers of several currencies are compared, and judged, in that of the organisation. */
import assert from 'node:assert/strict'
import { DAY_MS } from '../../src/directory/exchange-rates.ts'
import { formatMoney, parseMoney } from '../../src/telephony/money.ts'
import { carrier, gateway, NOW, profile, rate, route, type GivenWorld } from '../support/snapshot.ts'
import { huntIn } from './hunt-in.ts'

/** The organisation pays in euros. Carrier 1 is in dollars, carrier 2 in euros. */
const worldOf = (dollar: string | undefined, more: Partial<GivenWorld> = {}): GivenWorld => ({
  carriers: [carrier(1), carrier(2)],
  gateways: [gateway(1), gateway(2)],
  lcrRoutes: [route(1), route(2)],
  rates: [rate(1, '44', '0.02', { currency: 'USD' }), rate(2, '44', '0.012')],
  exchangeRates:
    dollar === undefined
      ? []
      : [{ base: 'USD', currency: 'EUR', day: Math.floor(NOW / DAY_MS), rate: dollar }],
  ...more,
})
const order = (world: GivenWorld): readonly number[] =>
  huntIn(world, '442079460123').routes.map(({ carrier: { id } }) => id)

suite('hunt: several currencies', () => {
  test('the cheaper one in the organisation’s currency comes first', () => {
    assert.deepEqual(order(worldOf('0.5')), [1, 2])
    assert.deepEqual(order(worldOf('0.9')), [2, 1])
  })
  test('what it is expected to cost is told in that currency, and the rate in its own', () => {
    const [first] = huntIn(worldOf('0.5'), '442079460123').routes
    assert.equal(first === undefined ? '' : formatMoney(first.expectedCost), '0.03')
    assert.deepEqual(first?.rate.exchange, { to: 'EUR', rate: '0.5' })
    assert.equal(first.rate.tariff.pricePerMinute, parseMoney('0.02'))
  })
  test('without a rate of exchange the carrier is refused, and the hunt goes on', () => {
    const found = huntIn(worldOf(undefined), '442079460123')
    assert.deepEqual(
      found.rejected.map(({ reason }) => reason),
      ['OTHER_CURRENCY'],
    )
    assert.deepEqual(
      found.routes.map(({ carrier: { id } }) => id),
      [2],
    )
  })
  test('the highest price of the profile is in the organisation’s currency', () => {
    const lcrProfiles = [profile({ maxPricePerMinute: parseMoney('0.0125') })]
    assert.deepEqual(order(worldOf('0.5', { lcrProfiles })), [1, 2])
    assert.deepEqual(order(worldOf('0.7', { lcrProfiles })), [2])
  })
  test('an exchange rate beyond all sense breaks no call', () => {
    const found = huntIn(worldOf('999999999999'), '442079460123')
    assert.deepEqual(
      found.routes.map(({ carrier: { id } }) => id),
      [2],
    )
    assert.deepEqual(
      found.rejected.map(({ reason }) => reason),
      ['ABOVE_MAX_PRICE'],
    )
  })
})
