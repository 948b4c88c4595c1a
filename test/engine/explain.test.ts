import assert from 'node:assert/strict'
import { createCarrierHealth } from '../../src/engine/carrier-health.ts'
import { explain, type ExplainRequest } from '../../src/engine/explain.ts'
import { healthAsOfNow } from '../../src/engine/health-now.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import {
  carriers,
  ddi,
  gateway,
  NOW,
  organization,
  rate,
  route,
  user,
  uuid,
  type GivenWorld,
} from '../support/snapshot.ts'
import { plannerIn, worldWith } from '../support/world.ts'

const UK = '+442079460958'
const ask = (changes: Partial<ExplainRequest> = {}): ExplainRequest => ({
  number: UK,
  organizationId: undefined,
  from: undefined,
  at: undefined,
  ...changes,
})

const asked = async (request: ExplainRequest, given: GivenWorld = carriers(2)) => {
  const world = worldWith(given)
  return explain(request, world, plannerIn(world), NOW)
}
const told = async (...args: Parameters<typeof asked>) => {
  const outcome = await asked(...args)
  assert.ok(outcome.kind === 'explained', JSON.stringify(outcome))
  return outcome.explanation
}

suite('explain', () => {
  test('tells what a call would do, as it was typed', async () => {
    const { number, destination, candidates, refusal } = await told(ask({ number: '020 7946 0958' }))
    assert.deepEqual(
      [number, destination, candidates.map(({ carrierId }) => carrierId), refusal],
      ['020 7946 0958', UK, [1, 2], undefined],
    )
  })

  test('takes no turn, no place, and is not kept as a decision', async () => {
    const world = worldWith(carriers(2))
    const planner = plannerIn(world)
    await explain(ask(), world, planner, NOW)
    assert.deepEqual([planner.planned, planner.decided], [[], []])
  })

  test('for another moment goes by the rates and the hours of that moment', async () => {
    const given = {
      ...carriers(2),
      lcrRoutes: [route(1), route(2, { timeRestrictions: ['Sat-Sun 00:00-24:00'] })],
      rates: [rate(1, '44', '0.01', { effectiveTo: Date.UTC(2027, 0, 20) }), rate(2, '44', '0.02')],
    }
    const weekday = Date.UTC(2027, 0, 13, 12)
    const weekend = Date.UTC(2027, 0, 16, 12)
    const tried = async (at: number | undefined): Promise<string> =>
      (await told(ask({ at }), given)).candidates.map(({ carrierId }) => carrierId).join(' ')
    assert.deepEqual([await tried(NOW), await tried(weekday), await tried(weekend)], ['1', '1', '1 2'])
    assert.equal(await tried(Date.UTC(2027, 0, 23, 12)), '2')
  })

  test('calls as an extension, or as whom a number of ours belongs to', async () => {
    const given = {
      ...carriers(1),
      users: [user(), user({ id: 12, extension: '1002', callerId: asE164('+442079460102') })],
      numbers: [ddi('+442079460101'), ddi('+442079460102', { id: 2, userId: 12 })],
    }
    assert.equal((await told(ask({ from: '1002' }), given)).callerId, '+442079460102')
    assert.equal((await told(ask({ from: '+442079460101' }), given)).callerId, '+442079460101')
    assert.equal((await told(ask({ from: '02079460102' }), given)).callerId, '+442079460102')
  })

  test('goes by the organisation that is named', async () => {
    const given = {
      ...carriers(2),
      organizations: [
        organization(),
        organization({ id: 2, sipDomain: 'b.example', lcrProfileId: undefined }),
      ],
      users: [user(), user({ id: 21, organizationId: 2 })],
    }
    assert.equal((await told(ask({ organizationId: 2 }), given)).refusal, 'NO_PROFILE')
    assert.equal((await told(ask({ organizationId: 1 }), given)).refusal, undefined)
  })

  const refused: readonly (readonly [sentence: string, request: Partial<ExplainRequest>, code: string])[] = [
    ['an organisation that is none', { organizationId: 9 }, 'ORGANIZATION_NOT_FOUND'],
    ['an extension that is none', { from: '9999' }, 'USER_NOT_FOUND'],
    ['a number that is not ours', { from: '+442079460999' }, 'USER_NOT_FOUND'],
    ['what is no number', { number: 'hello' }, 'INVALID_DESTINATION'],
  ]
  for (const [sentence, request, code] of refused) {
    test(`${sentence} is ${code}`, async () => {
      const outcome = await asked(ask(request))
      assert.equal(outcome.kind === 'refused' && outcome.code, code)
    })
  }

  for (const [when, at] of [
    ['years ahead', 10 * 365 * 86_400_000],
    ['years ago', -10 * 365 * 86_400_000],
  ] as const) {
    test(`for a moment ${when} leaves what is known of carriers as it is`, async () => {
      const clock = createManualClock(NOW)
      const health = createCarrierHealth({
        clock,
        find: () => ({
          gateway: gateway(1),
          carrier: { id: 1, maxCallsPerSecond: undefined, failover: FAILOVER },
        }),
        gatewayIds: () => [1],
        channelsInUse: () => 0,
        onChange: () => undefined,
      })
      for (let n = 1; n <= 12; n += 1) {
        health.attemptEnded({
          legUuid: uuid(n),
          gatewayId: 1,
          destination: '44207',
          startedAt: NOW,
          outcome: 'carrier',
          cause: 'NORMAL_TEMPORARY_FAILURE',
          postDialDelayMs: undefined,
          answeredSeconds: 0,
        })
      }
      const world = worldWith(carriers(1), { health: healthAsOfNow(health, clock.now) })
      const before = JSON.stringify(health.list(NOW))
      const { rejected } = await explained(world, NOW + at)
      assert.equal(rejected[0]?.reason, 'COOLING_OFF')
      assert.equal(JSON.stringify(health.list(NOW)), before)
      assert.equal(health.metricsOf(1, undefined, NOW).attempts, 12)
    })
  }
})

const FAILOVER = { enabled: true, threshold: undefined, windowSeconds: undefined }

const explained = async (world: ReturnType<typeof worldWith>, at: number) => {
  const outcome = await explain(ask({ at }), world, plannerIn(world), NOW)
  assert.ok(outcome.kind === 'explained')
  return outcome.explanation
}
