import { systemClock } from '../../src/base/clock.ts'
import { createCarrierHealth } from '../../src/engine/carrier-health.ts'
import { createWorld } from '../../src/engine/world.ts'
import { planRoutes } from '../../src/plan/plan-routes.ts'
import type { RateIndex } from '../../src/routing/rate-lookup.ts'
import { createTurns } from '../../src/routing/turns.ts'
import type { E164 } from '../../src/telephony/e164.ts'
import { carriers, gateway, organization, route, snapshot, uuid } from '../support/snapshot.ts'
import { PLAN_SETTINGS } from '../support/world.ts'

export type Decider = {
  readonly replaceRates: (rates: RateIndex) => void
  /** How many attempts and rejections it has. */
  readonly decide: (destination: E164) => number
}

/** A decision with everything that may be asked of a candidate: limits, calls per second, breakers, scores. */
export const createDecider = (carrierCount: number): Decider => {
  const ten = carriers(carrierCount)
  const world = createWorld({
    isUp: () => true,
    ...healthOf(() => world.directory()),
    turns: createTurns(),
    failoverStrategy: 'sequential',
  })
  world.replace(
    snapshot({
      carriers: ten.carriers.map((each) => ({ ...each, maxChannels: 1_000, maxCallsPerSecond: 1_000 })),
      gateways: ten.gateways.map(({ id }) => gateway(id, { maxChannels: 100, maxCallsPerSecond: 100 })),
      lcrRoutes: ten.gateways.map(({ id }) => route(id, { maxChannels: 100 })),
    }),
  )
  const request = {
    callId: uuid(1),
    organization: organization(),
    userId: 11,
    callerNumber: undefined,
    lrn: undefined,
    now: Date.now(),
  }
  const settings = { ...PLAN_SETTINGS, newUuid: () => request.callId }
  return {
    replaceRates: world.replaceRates,
    decide: (destination: E164): number => {
      const { attempts, rejected } = planRoutes({ ...request, destination }, world.surroundings(), settings)
      return attempts.length + rejected.length
    },
  }
}

const healthOf = (directory: () => ReturnType<ReturnType<typeof createWorld>['directory']>) => {
  const health = createCarrierHealth({
    clock: systemClock,
    find: (gatewayId) => {
      const found = directory().gateway(gatewayId)
      const carrier = found === undefined ? undefined : directory().carrier(found.carrierId)
      return found === undefined || carrier === undefined ? undefined : { gateway: found, carrier }
    },
    gatewayIds: () =>
      directory()
        .gateways()
        .map(({ id }) => id),
    channelsInUse: () => 3,
    onChange: () => undefined,
  })
  return { health, load: health.load }
}
