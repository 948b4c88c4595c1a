/** What is asked about routing, joined to what knows it. */
import type { Clock } from '../base/clock.ts'
import type { CarrierHealth } from '../engine/carrier-health.ts'
import { findLcrRoutes, type LcrParts } from '../engine/lcr-route.ts'
import type { GatewayStates } from '../engine/gateway-states.ts'
import type { World } from '../engine/world.ts'
import type { ReplayDoors } from '../http/replay-doors.ts'
import type { RoutingDoors } from '../http/routing-doors.ts'
import type { DecisionLog } from './decision-log.ts'

export type RoutingDoorParts = {
  readonly world: World
  readonly health: Pick<CarrierHealth, 'list' | 'reset' | 'retry'>
  readonly states: Pick<GatewayStates, 'isUp'>
  readonly decisions: Pick<DecisionLog, 'find'>
  readonly lcr: LcrParts
  readonly replays: ReplayDoors
  readonly clock: Clock
}

export const createRoutingDoors = (parts: RoutingDoorParts): RoutingDoors => {
  const { world, health, states, clock } = parts
  return {
    findRoutes: (request) => findLcrRoutes(request, parts.lcr, clock.now),
    decision: parts.decisions.find,
    replays: parts.replays,
    gatewayHealth: () => {
      const checkedAt = clock.now()
      const directory = world.directory()
      return health.list(checkedAt).flatMap((report) => {
        const gateway = directory.gateway(report.gatewayId)
        if (gateway === undefined) return []
        return [
          {
            ...report,
            gateway: gateway.name,
            organizationId: directory.carrier(gateway.carrierId)?.organizationId,
            carrierId: gateway.carrierId,
            carrier: directory.carrier(gateway.carrierId)?.name ?? '',
            isUp: states.isUp(gateway.id),
            checkedAt,
          },
        ]
      })
    },
    moveBreaker: ({ gatewayId, action, destination }) => {
      if (world.directory().gateway(gatewayId) === undefined) return 'not-found'
      health[action](gatewayId, destination)
      return 'done'
    },
  }
}
