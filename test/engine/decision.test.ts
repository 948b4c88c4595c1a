import assert from 'node:assert/strict'
import { decisionFrom, decisionOf } from '../../src/engine/decision.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { carrier, carriers, ddi, gateway, NOW, organization, rate, route, user } from '../support/snapshot.ts'
import { plannerIn, worldWith } from '../support/world.ts'

const GIVEN = { ...carriers(2), numbers: [ddi('+442079460101')] }
const dialling = (dialled: string) => ({
  callId: newCallUuid(),
  organization: organization(),
  user: user(),
  dialled,
  now: NOW,
})

suite('a decision', () => {
  test('names every candidate with its price, and every rejected one with its reason', async () => {
    const world = worldWith({
      ...GIVEN,
      carriers: [carrier(1), carrier(2, { enabled: false })],
      rates: [
        rate(1, '44', '0.0085', { minimumSeconds: 30, firstIncrementSeconds: 30, nextIncrementSeconds: 6 }),
      ],
    })
    const { plan } = await plannerIn(world).preview(dialling('+442079460958'))
    const decision = decisionOf(plan, NOW, world.surroundings(), 42)
    const [first] = decision.candidates
    assert.deepEqual(
      [first?.rank, first?.gatewayId, first?.carrierId, first?.prefix, first?.deckId, first?.pricePerMinute],
      [1, 1, 1, '44', 10, '0.0085'],
    )
    assert.deepEqual([first?.increments, first?.expectedCost, first?.health], ['30/30/6', '0.0255', 100])
    assert.equal(first?.dialString, 'sofia/gateway/gw1/+442079460958')
    assert.deepEqual(decision.rejected, [
      {
        gatewayId: 2,
        gateway: 'edge 2',
        carrierId: 2,
        carrier: 'Carrier 2',
        reason: 'CARRIER_DISABLED',
        why: 'the carrier is disabled',
      },
    ])
    assert.deepEqual([decision.refusal, decision.microseconds], [undefined, 42])
  })

  test('of a number that nobody takes says which kind of refusal it is', async () => {
    const world = worldWith({
      carriers: [carrier(1)],
      gateways: [gateway(1)],
      lcrRoutes: [route(1)],
      rates: [rate(1, '49', '0.01')],
    })
    const { plan } = await plannerIn(world).preview(dialling('+442079460958'))
    const decision = decisionOf(plan, NOW, world.surroundings())
    assert.deepEqual([decision.refusal, decision.candidates], ['NO_PREFIX', []])
    assert.equal(decision.rejected[0]?.reason, 'NO_RATE')
  })

  test('reads back from JSON as it was', async () => {
    const world = worldWith(GIVEN)
    const { plan } = await plannerIn(world).preview(dialling('+442079460958'))
    const decision = decisionOf(plan, NOW, world.surroundings())
    const json: unknown = JSON.parse(JSON.stringify(decision))
    assert.equal(JSON.stringify(decisionFrom(json)), JSON.stringify(decision))
  })

  for (const kept of [
    undefined,
    null,
    7,
    'x',
    {},
    [],
    { at: 1, number: '1', numberClass: 'e164', outcome: '' },
  ]) {
    test(`${JSON.stringify(kept)} is none`, () => assert.equal(decisionFrom(kept), undefined))
  }
})
