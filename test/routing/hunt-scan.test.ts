import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { LcrRoute } from '../../src/directory/records.ts'
import { expectedCost } from '../../src/rating/expected-cost.ts'
import { REASONS } from '../../src/routing/hunt.ts'
import type { RateRow } from '../../src/routing/rate-builder.ts'
import { parseMoney, type Money } from '../../src/telephony/money.ts'
import {
  carrier,
  gateway,
  NOW,
  profile,
  rate,
  route,
  snapshot,
  type GivenWorld,
} from '../support/snapshot.ts'
import { huntIn } from './hunt-in.ts'

const likely = fc.constantFrom(true, true, true, false)

suite('routing: the hunt equals a naive scan', () => {
  const prefix = fc.string({ unit: fc.constantFrom('4', '2'), maxLength: 4 })
  const world = fc.record({
    carriers: fc.tuple(
      ...[1, 2, 3].map((id) =>
        fc
          .record({
            enabled: likely,
            organizationId: fc.constantFrom(undefined, undefined, 1, 2),
          })
          .map((given) => carrier(id, given)),
      ),
    ),
    gateways: fc.tuple(
      ...[1, 2, 3, 4, 5].map((id) =>
        fc
          .record({
            carrierId: fc.integer({ min: 1, max: 3 }),
            enabled: likely,
            maxChannels: fc.constantFrom(undefined, undefined, 1, 3),
          })
          .map((given) => gateway(id, given)),
      ),
    ),
    lcrRoutes: fc
      .array(
        fc.record({
          gatewayId: fc.integer({ min: 1, max: 5 }),
          prefix,
          priority: fc.integer({ min: 1, max: 3 }),
          enabled: likely,
          priceOverride: fc.constantFrom(undefined, undefined, parseMoney('0.015')),
        }),
        { maxLength: 12 },
      )
      // A rule is unique by its profile, gateway and prefix.
      .map((rules) =>
        [...new Map(rules.map((rule) => [`${rule.gatewayId}/${rule.prefix}`, rule])).values()].map(
          (rule, index) => route(rule.gatewayId, { ...rule, id: index + 1 }),
        ),
      ),
    rates: fc.array(
      fc
        .record({
          carrierId: fc.integer({ min: 1, max: 3 }),
          prefix,
          cents: fc.integer({ min: 0, max: 3 }),
          currency: fc.constantFrom('EUR', 'EUR', 'EUR', 'USD'),
          effectiveFrom: fc.constantFrom(0, NOW, NOW + 1),
        })
        .map(({ carrierId, prefix: of, cents, currency, effectiveFrom }) =>
          rate(carrierId, of, `0.0${cents}`, { currency, effectiveFrom }),
        ),
      { maxLength: 15 },
    ),
    strategy: fc.constantFrom('LOWEST_COST' as const, 'PRIORITY' as const),
    down: fc.subarray([1, 2, 3, 4, 5]),
    inUse: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 6, maxLength: 6 }),
    maxRoutes: fc.integer({ min: 1, max: 6 }),
    dialled: fc.string({ unit: fc.constantFrom('4', '2'), minLength: 6, maxLength: 8 }),
  })

  test('for any world, routes and rejections are those of the scan, and each candidate stands once', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { dialled, maxRoutes, down, inUse, strategy } = given
        const rates = given.rates.map((each, index) => ({ ...each, deckId: index + 1, sequence: index + 1 }))
        const made = { ...given, rates, lcrProfiles: [profile({ strategy })] }
        const state = {
          isUp: (id: number) => !down.includes(id),
          channelsInUse: (id: number) => inUse[id] ?? 0,
        }
        const found = huntIn(made, dialled, {
          maxRoutes,
          state: { isUp: state.isUp, load: { gatewayChannels: state.channelsInUse } },
        })
        assert.deepEqual(
          {
            routes: found.routes.map((each) => `${each.gateway.id} ${each.rule.id} ${each.expectedCost}`),
            rejected: found.rejected.map((each) => `${each.gateway.id} ${each.reason}`).sort(),
          },
          scan({ ...snapshot(made), rates }, dialled, maxRoutes, state, strategy),
        )
        const candidates = [...found.routes, ...found.rejected].map((each) => each.gateway.id)
        assert.equal(new Set(candidates).size, candidates.length)
        for (const { reason } of found.rejected) assert.ok(REASONS.includes(reason))
        const reachable = new Set(
          given.lcrRoutes.filter((rule) => dialled.startsWith(rule.prefix)).map((rule) => rule.gatewayId),
        )
        assert.deepEqual(new Set(candidates), reachable)
      }),
      { numRuns: 300 },
    )
  })

  /** Written without an index, a Map or a comparison chain of the engine's. */
  const scan = (
    {
      gateways,
      carriers: all,
      lcrRoutes,
      rates,
    }: Required<Pick<GivenWorld, 'gateways' | 'carriers' | 'lcrRoutes' | 'rates'>>,
    digits: string,
    maxRoutes: number,
    state: {
      readonly isUp: (id: number) => boolean
      readonly channelsInUse: (id: number) => number
    },
    strategy: 'LOWEST_COST' | 'PRIORITY',
  ): { readonly routes: readonly string[]; readonly rejected: readonly string[] } => {
    type Found = { gatewayId: number; rule: LcrRoute; cost: Money }
    const routes: Found[] = []
    const rejected: string[] = []
    for (const each of gateways) {
      const rules = lcrRoutes.filter((one) => one.gatewayId === each.id && digits.startsWith(one.prefix))
      const enabled = rules.filter((one) => one.enabled)
      const speaking = enabled.length > 0 ? enabled : rules
      const rule = speaking.find((one) => speaking.every((other) => other.prefix.length <= one.prefix.length))
      const its = all.find((one) => one.id === each.carrierId)
      if (rule === undefined || its === undefined) continue
      const any = rates.filter((one) => one.owner.id === its.id && digits.startsWith(one.prefix))
      const own = any.filter((one) => one.effectiveFrom <= NOW)
      const best = own.find((one) =>
        own.every(
          (other) =>
            other === one ||
            other.prefix.length < one.prefix.length ||
            (other.prefix.length === one.prefix.length &&
              (other.effectiveFrom < one.effectiveFrom ||
                (other.effectiveFrom === one.effectiveFrom && other.deckId < one.deckId))),
        ),
      )
      const why = !each.enabled
        ? 'GATEWAY_DISABLED'
        : !its.enabled
          ? 'CARRIER_DISABLED'
          : its.organizationId === 2
            ? 'CARRIER_OF_ANOTHER_ORGANIZATION'
            : !rule.enabled
              ? 'ROUTE_DISABLED'
              : best === undefined
                ? any.length > 0
                  ? 'NOT_YET_EFFECTIVE'
                  : 'NO_RATE'
                : best.currency !== 'EUR'
                  ? 'OTHER_CURRENCY'
                  : !state.isUp(each.id)
                    ? 'GATEWAY_DOWN'
                    : each.maxChannels !== undefined && state.channelsInUse(each.id) >= each.maxChannels
                      ? 'GATEWAY_FULL'
                      : undefined
      if (why !== undefined || best === undefined) {
        rejected.push(`${each.id} ${why ?? ''}`)
        continue
      }
      const pricePerMinute = rule.priceOverride ?? best.pricePerMinute
      routes.push({ gatewayId: each.id, rule, cost: expectedCost({ ...tariffOf(best), pricePerMinute }) })
    }
    const key = ({ gatewayId, rule, cost }: Found): string => {
      const keys = strategy === 'LOWEST_COST' ? [cost, rule.priority] : [rule.priority, cost]
      return [...keys, gatewayId].map((each) => String(each).padStart(20, '0')).join()
    }
    routes.sort((a, b) => (key(a) < key(b) ? -1 : 1))
    for (const { gatewayId } of routes.splice(maxRoutes)) rejected.push(`${gatewayId} BEYOND_MAX_ROUTES`)
    return {
      routes: routes.map(({ gatewayId, rule, cost }) => `${gatewayId} ${rule.id} ${cost}`),
      rejected: rejected.sort(),
    }
  }

  const tariffOf = ({ connectionFee, firstIncrementSeconds, nextIncrementSeconds, currency }: RateRow) => ({
    connectionFee,
    firstIncrementSeconds,
    nextIncrementSeconds,
    currency,
  })
})
