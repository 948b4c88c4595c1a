import assert from 'node:assert/strict'
import {
  createCarrierHealth,
  type CarrierHealth,
  type CarrierHealthSettings,
  type EndedAttempt,
  type FoundGateway,
} from '../../src/engine/carrier-health.ts'
import type { HealthChange } from '../../src/routing/breakers.ts'
import type { Health, Load } from '../../src/routing/hunt.ts'
import { asCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

const uuid = (n: number): CallUuid => asCallUuid(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)
const LONDON = '4420'
const PARIS = '331'

type Failover = FoundGateway['carrier']['failover']
const FAILOVER: Failover = { enabled: true, threshold: undefined, windowSeconds: undefined }

type Stage = {
  readonly clock: ManualClock
  readonly health: CarrierHealth
  readonly told: HealthChange[]
  inUse: number
  maxChannels: number | undefined
}

const stage = (failover = FAILOVER, settings: Partial<CarrierHealthSettings> = {}): Stage => {
  const clock = createManualClock()
  const told: HealthChange[] = []
  const carrier = { id: 7, maxCallsPerSecond: undefined, failover }
  const made: Stage = {
    clock,
    told,
    inUse: 0,
    maxChannels: undefined,
    health: createCarrierHealth({
      clock,
      settings,
      find: (id) => ({
        gateway: { id, maxChannels: made.maxChannels, maxCallsPerSecond: undefined },
        carrier,
      }),
      gatewayIds: () => [1, 2],
      channelsInUse: () => made.inUse,
      onChange: (change) => told.push(change),
    }),
  }
  return made
}

let calls = 0

const end = ({ health, clock }: Stage, given: Partial<EndedAttempt> = {}): void => {
  calls += 1
  health.attemptEnded({
    legUuid: uuid(calls),
    gatewayId: 1,
    destination: LONDON,
    startedAt: clock.now(),
    outcome: 'carrier',
    cause: 'NORMAL_TEMPORARY_FAILURE',
    answeredSeconds: 0,
    postDialDelayMs: undefined,
    ...given,
  })
}

const ok: Partial<EndedAttempt> = { outcome: 'answered', cause: 'NORMAL_CLEARING', postDialDelayMs: 500 }

const times = (count: number, act: () => void): void => {
  for (let index = 0; index < count; index += 1) act()
}

const verdict = ({ health, clock }: Stage, destination = LONDON, gatewayId = 1): string =>
  health.verdictOf(gatewayId, destination, clock.now()).kind

const states = ({ told }: Stage): readonly string[] =>
  told.map((change) => (change.kind === 'breaker' ? `${change.from}>${change.to}` : change.kind))

suite('engine: the health of carriers', () => {
  test('it is what routing reads', () => {
    const { health } = stage()
    const read: Health = health
    const load: Load = health.load
    assert.equal(read.scoreOf(1, 0), 100)
    assert.equal(load.gatewayChannels(1), 0)
  })

  test('a gateway nobody has heard of is trusted', () => {
    const at = stage()
    assert.equal(verdict(at), 'closed')
    assert.equal(at.health.scoreOf(1, at.clock.now()), 100)
    assert.equal(at.health.qualityOf(1, LONDON, at.clock.now()).isConfident, false)
    assert.equal(at.health.averageSecondsOf(LONDON, at.clock.now()), undefined)
  })

  test('a carrier that fails is left alone, tried, and trusted again; each step is told when it happens', () => {
    const at = stage()
    times(3, () => end(at))
    assert.equal(verdict(at), 'open')
    at.clock.advance(59_999)
    assert.deepEqual(states(at), ['closed>open'])
    at.clock.advance(1)
    assert.deepEqual(states(at), ['closed>open', 'open>half-open'])
    assert.equal(verdict(at), 'trial')
    times(5, () => end(at, ok))
    assert.deepEqual(states(at), ['closed>open', 'open>half-open', 'half-open>closed'])
    assert.equal(verdict(at), 'closed')
  })

  test('a callee who is busy is the carrier at work; who cancels after ringing too, before it says nothing', () => {
    const rows: readonly (readonly [Partial<EndedAttempt>, string])[] = [
      [{ outcome: 'callee', cause: 'USER_BUSY' }, 'closed'],
      [{ outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL', postDialDelayMs: 900 }, 'closed'],
      [{ outcome: 'cancelled', cause: 'ORIGINATOR_CANCEL' }, 'open'],
    ]
    for (const [between, kind] of rows) {
      const at = stage()
      times(2, () => end(at))
      end(at, between)
      end(at)
      assert.equal(verdict(at), kind, JSON.stringify(between))
    }
  })

  test('no route there is the destination alone', () => {
    const at = stage()
    times(3, () => end(at, { cause: 'NO_ROUTE_DESTINATION' }))
    assert.equal(verdict(at, LONDON), 'open')
    assert.equal(verdict(at, PARIS), 'closed')
  })

  test('a planned call is the trial, until it ends without having begun', () => {
    const at = stage()
    times(3, () => end(at))
    at.clock.advance(60_000)
    const attempt = {
      callId: uuid(900_001),
      legUuid: uuid(900_002),
      gatewayId: 1,
      carrierId: 7,
      routeId: 3,
      destination: LONDON,
    }
    at.health.attemptPlanned(attempt)
    assert.equal(verdict(at), 'open')
    at.health.callEnded(attempt.callId)
    assert.equal(verdict(at), 'trial')
    at.health.attemptPlanned({ ...attempt, legUuid: uuid(900_003) })
    at.health.attemptStarted({ ...attempt, legUuid: uuid(900_003) })
    assert.equal(verdict(at), 'open')
    at.health.attemptAnswered({
      legUuid: uuid(900_003),
      gatewayId: 1,
      destination: LONDON,
      postDialDelayMs: 1,
    })
    assert.equal(verdict(at), 'trial', 'the next may try while this one talks')
    at.health.callEnded(uuid(900_009))
  })

  test('an answer is one success and one sample, whether it is told once, twice or at the end only', () => {
    const at = stage()
    times(3, () => end(at))
    at.clock.advance(60_000)
    const leg = { legUuid: uuid(900_010), gatewayId: 1, destination: LONDON, postDialDelayMs: 800 }
    times(2, () => at.health.attemptAnswered(leg))
    const { legUuid } = leg
    end(at, { ...ok, legUuid, answeredSeconds: 30 })
    assert.equal(at.health.inspect(1, undefined, at.clock.now()).successes, 1)
    const { attempts, answered, acdSeconds } = at.health.metricsOf(1, LONDON, at.clock.now())
    assert.deepEqual([attempts, answered, acdSeconds], [4, 1, 30])
  })

  test('a talk that began long ago does not speak for a carrier that fails now', () => {
    const at = stage()
    at.clock.advance(3_600_000)
    times(2, () => end(at))
    end(at, { ...ok, answeredSeconds: 3_500 })
    end(at)
    assert.equal(verdict(at), 'open')
  })

  test('the carrier says its own threshold and window, and may say that it has none', () => {
    const early = stage({ enabled: true, threshold: 1, windowSeconds: undefined })
    end(early)
    assert.equal(verdict(early), 'open')
    const brief = stage({ enabled: true, threshold: 2, windowSeconds: 10 })
    end(brief)
    brief.clock.advance(10_000)
    end(brief)
    assert.equal(verdict(brief), 'closed')
    const never = stage({ enabled: false, threshold: 1, windowSeconds: undefined })
    times(9, () => end(never))
    assert.equal(verdict(never), 'closed')
    const nobody = stage(FAILOVER, { failoverEnabled: false })
    times(9, () => end(nobody))
    assert.equal(verdict(nobody), 'closed')
  })

  test('503 with Retry-After on a probe cools off; without it, and 408, and silence, are misses', () => {
    const at = stage()
    at.health.optionsProbed(1, { status: 503, responseMs: 20, retryAfterSeconds: 30 })
    assert.deepEqual(at.health.verdictOf(1, LONDON, at.clock.now()), {
      kind: 'open',
      until: at.clock.now() + 30_000,
      why: 'it answered OPTIONS with 503 and Retry-After: 30',
    })
    at.clock.advance(30_000)
    assert.equal(verdict(at), 'closed')
    at.health.optionsProbed(1, { status: undefined, responseMs: undefined })
    at.health.optionsProbed(1, { status: 408, responseMs: 5 })
    assert.equal(verdict(at), 'open')
    assert.deepEqual(states(at), ['cool-off', 'closed>open'])
    const other = stage()
    times(5, () => other.health.optionsProbed(1, { status: 404, responseMs: 5 }))
    assert.equal(verdict(other), 'closed')
  })

  test('pings of the switch open and heal, and their time counts in the score', () => {
    const at = stage()
    at.health.pinged(1, true, 600)
    assert.equal(at.health.scoreOf(1, at.clock.now()), 80)
    at.health.pinged(1, true, undefined)
    assert.equal(at.health.scoreOf(1, at.clock.now()), 80, 'still the last that is known')
    at.health.pinged(1, true, 300)
    assert.equal(at.health.scoreOf(1, at.clock.now()), 90)
    at.clock.advance(600_000)
    assert.equal(at.health.scoreOf(1, at.clock.now()), 100, 'too old to be held against it')
    times(3, () => at.health.pinged(1, false, undefined))
    at.clock.advance(60_000)
    times(5, () => at.health.pinged(1, true, 10))
    assert.equal(verdict(at), 'closed')
    assert.equal(states(at).at(-1), 'half-open>closed')
  })

  test('the score is of the last minutes, and new at once when the gateway was fed', () => {
    const at = stage({ ...FAILOVER, enabled: false })
    const score = (): number => at.health.scoreOf(1, at.clock.now())
    times(9, () => end(at))
    assert.equal(score(), 100, 'too few to judge')
    end(at)
    assert.equal(score(), 45, '30 for the ratio, 25 for the failures')
    at.clock.advance(300_000)
    assert.equal(score(), 100)
  })

  test('channels in use count in the score within a second', () => {
    const at = stage()
    at.maxChannels = 100
    assert.equal(at.health.scoreOf(1, at.clock.now()), 100)
    at.inUse = 96
    assert.equal(at.health.scoreOf(1, at.clock.now() + 999), 100)
    assert.equal(at.health.scoreOf(1, at.clock.now() + 1_000), 80)
  })

  test('the list has a row a gateway, with what is open and why', () => {
    const at = stage()
    at.maxChannels = 10
    at.inUse = 4
    times(3, () => end(at, { cause: 'NO_ROUTE_DESTINATION' }))
    at.health.pinged(1, true, 40)
    at.health.coolOff(2, at.clock.now() + 9_000, 'asked')
    const [one, two, ...none] = at.health.list(at.clock.now())
    assert.deepEqual(none, [])
    assert.ok(one !== undefined && two !== undefined)
    assert.deepEqual([one.gatewayId, one.status, one.score, one.sipResponseMs], [1, 'healthy', 100, 40])
    assert.deepEqual([one.channelsInUse, one.maxChannels, one.availableChannels], [4, 10, 6])
    assert.equal(one.metrics.failureRate, 100)
    assert.equal(one.breaker.state, 'closed')
    assert.deepEqual(
      one.destinations.map(({ destination, state, lastCause, failures }) => [
        destination,
        state,
        lastCause,
        failures,
      ]),
      [[LONDON, 'open', 'NO_ROUTE_DESTINATION', 3]],
    )
    assert.equal(two.coolOff?.why, 'asked')
    assert.equal(two.breaker.state, 'closed')
  })

  test('by hand: reset, and trial calls of a carrier that recovers by hand', () => {
    const at = stage()
    times(3, () => end(at))
    at.health.reset(1)
    assert.equal(verdict(at), 'closed')
    times(3, () => end(at, { cause: 'NO_ROUTE_DESTINATION' }))
    at.health.retry(1, LONDON)
    assert.equal(verdict(at), 'trial')
    at.health.reset(1, LONDON)
    assert.equal(verdict(at), 'closed')
  })

  test('a gateway that is gone is forgotten; one with its id begins anew', () => {
    const at = stage()
    times(12, () => end(at))
    at.health.pinged(1, true, 900)
    at.health.forget([1, 5])
    const now = at.clock.now()
    assert.equal(verdict(at), 'closed')
    assert.equal(at.health.scoreOf(1, now), 100)
    assert.equal(at.health.metricsOf(1, undefined, now).attempts, 0)
    at.clock.advance(60_000)
    assert.deepEqual(states(at), ['closed>open'], 'the timer of what was open finds nothing')
  })

  test('after a gap, legs that are gone free what they held', () => {
    const at = stage()
    const attempt = { callId: uuid(1), gatewayId: 1, carrierId: 7, routeId: 3, destination: LONDON }
    for (const n of [900_020, 900_021]) at.health.attemptStarted({ ...attempt, legUuid: uuid(n) })
    at.health.retain(new Set([uuid(900_021)]))
    assert.equal(at.health.load.carrierChannels(7), 1)
  })
})
