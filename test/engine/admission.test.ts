import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createAdmission, type Admission, type StartedAttempt } from '../../src/engine/admission.ts'
import { asCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

const uuid = (n: number): CallUuid => asCallUuid(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`)

/** The first attempt of call `n` over gateway 1 of carrier 7 by route 3. */
const attempt = (n: number, given: Partial<StartedAttempt> = {}): StartedAttempt => ({
  callId: uuid(n),
  legUuid: uuid(10_000 + n),
  gatewayId: 1,
  carrierId: 7,
  routeId: 3,
  destination: '44',
  ...given,
})

type Stage = {
  readonly clock: ManualClock
  readonly admission: Admission
  /** The board's count: moved with the legs. */
  readonly legs: Set<CallUuid>
  readonly gateway: { readonly id: number; readonly maxCallsPerSecond: number | undefined }
  readonly carrier: { readonly id: number; readonly maxCallsPerSecond: number | undefined }
  readonly start: (started: StartedAttempt) => void
  readonly end: (started: StartedAttempt) => void
  readonly free: () => number
}

const stage = (ofGateway?: number, ofCarrier?: number): Stage => {
  const clock = createManualClock()
  const legs = new Set<CallUuid>()
  const gateway = { id: 1, maxCallsPerSecond: ofGateway }
  const carrier = { id: 7, maxCallsPerSecond: ofCarrier }
  const admission = createAdmission({
    clock,
    channelsInUse: (gatewayId) => (gatewayId === 1 ? legs.size : 0),
    find: (gatewayId) =>
      gatewayId === 1 || gatewayId === 2 ? { gateway: { ...gateway, id: gatewayId }, carrier } : undefined,
    reservationMs: 5_000,
  })
  return {
    clock,
    admission,
    legs,
    gateway,
    carrier,
    start: (started) => {
      legs.add(started.legUuid)
      admission.started(started)
    },
    end: (started) => {
      legs.delete(started.legUuid)
      admission.ended(started.legUuid)
    },
    free: () => admission.nextCallAt(gateway, carrier, clock.now()) - clock.now(),
  }
}

const counts = ({ admission }: Stage): string =>
  [admission.gatewayChannels(1), admission.carrierChannels(7), admission.routeChannels(3)].join(' ')

suite('engine: admission', () => {
  test('a plan counts at once, its leg takes its place, and its end frees it', () => {
    const at = stage()
    at.admission.planned(attempt(1))
    assert.equal(counts(at), '1 1 1')
    at.start(attempt(1))
    assert.equal(counts(at), '1 1 1')
    at.end(attempt(1))
    assert.equal(counts(at), '0 0 0')
  })

  test('a plan whose leg does not come counts for five seconds', () => {
    const at = stage()
    at.admission.planned(attempt(1))
    at.clock.advance(4_999)
    assert.equal(counts(at), '1 1 1')
    at.clock.advance(1)
    assert.equal(counts(at), '0 0 0')
    at.start(attempt(1))
    assert.equal(counts(at), '1 1 1', 'a leg that comes later counts')
  })

  test('the clock of the wall may be set: a reservation lasts as long as it lasts', () => {
    const at = stage()
    at.admission.planned(attempt(1))
    at.clock.setNow(at.clock.now() + 86_400_000)
    assert.equal(counts(at), '1 1 1')
    at.clock.setNow(0)
    at.clock.advance(5_000)
    assert.equal(counts(at), '0 0 0')
  })

  test('a call that ends before its leg came frees its place and says what was not used', () => {
    const at = stage()
    const plannedAt = at.clock.now()
    at.admission.planned(attempt(1))
    at.admission.planned(attempt(2))
    at.clock.advance(100)
    const unused = at.admission.callEnded(uuid(1))
    assert.deepEqual([unused?.attempt, unused?.plannedAt], [attempt(1), plannedAt])
    assert.equal(at.admission.callEnded(uuid(9)), undefined)
    assert.equal(counts(at), '1 1 1')
    assert.equal(at.admission.callEnded(uuid(1)), undefined)
  })

  test('a call that ends after its leg came has nothing to free', () => {
    const at = stage()
    at.admission.planned(attempt(1))
    at.start(attempt(1))
    assert.equal(at.admission.callEnded(uuid(1)), undefined)
    assert.equal(counts(at), '1 1 1')
  })

  test('a leg keeps the route of its plan where it does not know it', () => {
    const at = stage()
    at.admission.planned(attempt(1))
    at.start(attempt(1, { routeId: undefined }))
    assert.equal(counts(at), '1 1 1')
    at.end(attempt(1, { routeId: undefined }))
    assert.equal(counts(at), '0 0 0')
  })

  test('what is told twice counts once', () => {
    const at = stage(2)
    at.admission.planned(attempt(1))
    at.admission.planned(attempt(1))
    at.start(attempt(1))
    at.start(attempt(1))
    at.admission.planned(attempt(1))
    assert.equal(counts(at), '1 1 1')
    assert.equal(at.free(), 0)
    at.end(attempt(1))
    at.end(attempt(1))
    assert.equal(counts(at), '0 0 0')
  })

  test('an attempt counts once in the calls per second, planned or not', () => {
    const at = stage(2)
    at.admission.planned(attempt(1))
    at.start(attempt(1))
    assert.equal(at.free(), 0)
    at.clock.advance(400)
    at.start(attempt(2))
    assert.equal(at.free(), 600)
    at.clock.advance(600)
    assert.equal(at.free(), 0)
  })

  test('a planned leg that comes after its reservation has lapsed is no second call', () => {
    const at = stage(1)
    at.admission.planned(attempt(1))
    at.clock.advance(6_000)
    assert.equal(at.free(), 0)
    assert.equal(counts(at), '0 0 0')
    at.start(attempt(1))
    assert.equal(at.free(), 0)
  })

  test('the carrier has a rate of its own over all of its gateways; the later of both counts', () => {
    const at = stage(undefined, 1)
    at.admission.planned(attempt(1, { gatewayId: 2 }))
    assert.equal(at.free(), 1_000)
    const both = stage(1, 1)
    both.admission.planned(attempt(1, { gatewayId: 1 }))
    both.clock.advance(300)
    both.start(attempt(2, { gatewayId: 2 }))
    assert.equal(both.free(), 1_000)
  })

  test('after a gap the legs that are gone free their places', () => {
    const at = stage()
    for (const n of [1, 2, 3]) at.start(attempt(n))
    at.admission.retain(new Set([attempt(2).legUuid]))
    assert.equal(at.admission.carrierChannels(7), 1)
    assert.equal(at.admission.routeChannels(3), 1)
  })

  test('what a gateway that is gone had planned is gone with it', () => {
    const at = stage(1)
    at.admission.planned(attempt(1))
    at.admission.forget(1)
    assert.equal(counts(at), '0 0 0')
    assert.equal(at.free(), 0)
  })

  test('plans made at once never overshoot, in channels nor in calls per second', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 300 }),
      what: fc.constantFrom('plan', 'plan', 'plan', 'start', 'end', 'drop'),
    })
    const limits = fc.record({
      channels: fc.integer({ min: 1, max: 6 }),
      perSecond: fc.integer({ min: 1, max: 5 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), limits, (steps, { channels, perSecond }) => {
        const at = stage(perSecond)
        const planned: { readonly made: StartedAttempt; readonly at: number }[] = []
        const started: StartedAttempt[] = []
        const plannedAt: number[] = []
        steps.forEach(({ wait, what }, n) => {
          at.clock.advance(wait)
          const now = at.clock.now()
          if (what === 'plan') {
            if (at.admission.gatewayChannels(1) >= channels || at.free() > 0) return
            at.admission.planned(attempt(n))
            planned.push({ made: attempt(n), at: now })
            plannedAt.push(now)
          } else if (what === 'start') {
            const next = planned.shift()
            // Of plans that were kept: the switch takes one up within its reservation.
            if (next === undefined || now - next.at >= 5_000) return
            at.start(next.made)
            started.push(next.made)
          } else if (what === 'end') {
            const next = started.shift()
            if (next !== undefined) at.end(next)
          } else {
            const next = planned.pop()
            if (next !== undefined) at.admission.callEnded(next.made.callId)
          }
          assert.ok(at.legs.size <= channels, `${at.legs.size} legs on ${channels} channels`)
          assert.ok(at.admission.gatewayChannels(1) <= channels)
        })
        for (const from of plannedAt)
          assert.ok(plannedAt.filter((each) => each >= from && each < from + 1_000).length <= perSecond)
      }),
    )
  })
})
