import assert from 'node:assert/strict'
import { performance } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createDirectory } from '../../src/directory/directory.ts'
import { replay, type ReplayCall, type ReplayParts } from '../../src/engine/replay.ts'
import type { RateRow } from '../../src/routing/rate-builder.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { formatMoney } from '../../src/telephony/money.ts'
import { NPA_STATES } from '../../src/telephony/npa-states.ts'
import {
  carriers,
  NOW,
  organization,
  profile,
  rate,
  rateIndex,
  route,
  snapshot,
  type GivenWorld,
} from '../support/snapshot.ts'

const call = (
  destination: string,
  billableSeconds: number,
  changes: Partial<ReplayCall> = {},
): ReplayCall => ({
  organizationId: 1,
  destination: asE164(destination),
  callerNumber: undefined,
  profileId: undefined,
  billableSeconds,
  ...changes,
})

async function* pages(...given: readonly (readonly ReplayCall[])[]): AsyncGenerator<readonly ReplayCall[]> {
  for (const page of given) {
    await nextTurn()
    yield page
  }
}

const run = (
  calls: readonly ReplayCall[],
  before: readonly RateRow[],
  after: readonly RateRow[],
  given: GivenWorld = carriers(2),
  parts: Partial<ReplayParts> = {},
) =>
  replay({
    calls: pages(calls),
    directory: createDirectory(snapshot(given)),
    before: rateIndex(before),
    after: rateIndex(after),
    failoverStrategy: 'sequential',
    npaStates: NPA_STATES,
    now: NOW,
    monotonic: () => performance.now(),
    breathe: () => nextTurn(),
    ...parts,
  })

const UK = '+442079460958'
const FRANCE = '+33123456789'
const TODAY = [rate(1, '44', '0.01'), rate(2, '44', '0.02'), rate(1, '33', '0.05')]

suite('a replay', () => {
  test('of the same rates changes nothing', async () => {
    const report = await run([call(UK, 60), call(FRANCE, 61), call(UK, 0)], TODAY, TODAY)
    assert.deepEqual(
      [report.calls, report.answered, report.changedCarrier, report.noRoute, report.destinations],
      [3, 2, 0, { before: 0, after: 0 }, []],
    )
    assert.deepEqual(
      report.totals.map(({ currency, cost, margin }) => [
        currency,
        formatMoney(cost.before),
        formatMoney(cost.after),
        margin,
      ]),
      [['EUR', '0.11', '0.11', undefined]],
    )
  })

  test('of a cheaper draft moves calls to its carrier, and says what that saves', async () => {
    const draft = [rate(1, '44', '0.01'), rate(2, '44', '0.005'), rate(1, '33', '0.05')]
    const report = await run([call(UK, 60), call(UK, 120), call(FRANCE, 60)], TODAY, draft)
    assert.equal(report.changedCarrier, 2)
    assert.deepEqual(
      report.carriers.map(({ carrierId, carrier, calls, share, cost }) => [
        carrierId,
        carrier,
        calls,
        [share.before.toFixed(2), share.after.toFixed(2)],
        formatMoney(cost.before),
        formatMoney(cost.after),
      ]),
      [
        [1, 'Carrier 1', { before: 3, after: 1 }, ['1.00', '0.33'], '0.08', '0.05'],
        [2, 'Carrier 2', { before: 0, after: 2 }, ['0.00', '0.67'], '0.00', '0.015'],
      ],
    )
    assert.deepEqual(
      report.destinations.map(({ destination, calls, changedCarrier, cost }) => [
        destination,
        calls,
        changedCarrier,
        formatMoney(cost.before),
        formatMoney(cost.after),
      ]),
      [['44207', 2, 2, '0.03', '0.015']],
    )
  })

  test('counts what would have no route any more, and what gets one', async () => {
    const report = await run(
      [call(UK, 60), call(FRANCE, 60)],
      [rate(1, '44', '0.01')],
      [rate(1, '33', '0.05')],
    )
    assert.deepEqual(
      [report.noLongerRouted, report.newlyRouted, report.noRoute, report.changedCarrier],
      [1, 1, { before: 1, after: 1 }, 0],
    )
  })

  test('tells the margin where customers have a deck, also where the draft is theirs', async () => {
    const sold = rate(9, '44', '0.03', { owner: { kind: 'customer', id: 1 } })
    const dearer = { ...sold, pricePerMinute: rate(9, '44', '0.04').pricePerMinute }
    const report = await run([call(UK, 60), call(UK, 0)], [...TODAY, sold], [...TODAY, dearer])
    assert.deepEqual(
      report.totals.map(({ margin }) => margin && [formatMoney(margin.before), formatMoney(margin.after)]),
      [['0.02', '0.03']],
    )
  })

  test('has fresh turns on both sides: weighted carriers share as their weights say', async () => {
    const given: GivenWorld = {
      ...carriers(2),
      lcrProfiles: [profile({ strategy: 'WEIGHTED' })],
      lcrRoutes: [route(1, { weight: 3 }), route(2, { weight: 1 })],
    }
    const calls = Array.from({ length: 40 }, () => call(UK, 60))
    const report = await run(calls, TODAY, TODAY, given)
    assert.deepEqual(
      report.carriers.map(({ calls: counted }) => counted),
      [
        { before: 30, after: 30 },
        { before: 10, after: 10 },
      ],
    )
    assert.equal(report.changedCarrier, 0)
  })

  test('takes each call by its own profile, and by the organisation’s where that is gone', async () => {
    const given: GivenWorld = {
      ...carriers(2),
      lcrProfiles: [profile(), profile({ id: 2, name: 'second' })],
      lcrRoutes: [route(1), route(2, { id: 9, profileId: 2 })],
    }
    const calls = [call(UK, 60, { profileId: 2 }), call(UK, 60), call(UK, 60, { profileId: 77 })]
    const report = await run(calls, TODAY, TODAY, given)
    assert.deepEqual(
      report.carriers.map(({ carrierId, calls: counted }) => [carrierId, counted.before]),
      [
        [1, 2],
        [2, 1],
      ],
    )
  })

  test('adds up each currency by itself, and leaves out organisations that are gone', async () => {
    const given: GivenWorld = {
      ...carriers(2),
      organizations: [organization(), organization({ id: 2, sipDomain: 'b.example', currency: 'GBP' })],
    }
    const rates = [rate(1, '44', '0.01'), rate(2, '44', '0.02', { currency: 'GBP' })]
    const report = await run(
      [call(UK, 60), call(UK, 60, { organizationId: 2 }), call(UK, 60, { organizationId: 3 })],
      rates,
      rates,
      given,
    )
    assert.deepEqual(
      report.totals.map(({ currency, cost }) => [currency, formatMoney(cost.before)]),
      [
        ['EUR', '0.01'],
        ['GBP', '0.02'],
      ],
    )
    assert.deepEqual([report.calls, report.leftOut], [2, 1])
  })

  test('says where it was cut', async () => {
    const calls = [call(UK, 60), call(UK, 60), call(UK, 60)]
    const cut = await run(calls, TODAY, TODAY, carriers(2), { mostCalls: 2 })
    assert.deepEqual([cut.calls, cut.isCut], [2, true])
    const whole = await run(calls, TODAY, TODAY, carriers(2), { mostCalls: 3 })
    assert.deepEqual([whole.calls, whole.isCut], [3, false])
  })

  test('never holds the event loop for long', async () => {
    const calls = Array.from({ length: 5_000 }, (_, n) => call(n % 2 === 0 ? UK : FRANCE, 60))
    let clock = 0
    let begun = 0
    let longest = 0
    await run(calls, TODAY, TODAY, carriers(2), {
      // A look at the clock every sixteen calls, half a millisecond later each time: 32 calls a millisecond.
      monotonic: () => (clock += 0.5),
      breathe: () => {
        longest = Math.max(longest, clock - begun)
        begun = clock
        return Promise.resolve()
      },
    })
    assert.ok(longest > 0 && longest < 5, `${longest} ms`)
  })

  test('ends when nobody wants it any more', async () => {
    const calls = Array.from({ length: 100 }, () => call(UK, 60))
    await assert.rejects(
      run(calls, TODAY, TODAY, carriers(2), { breathe: () => Promise.reject(new Error('stopped')) }),
      /stopped/,
    )
  })
})
