/** What the routes about routing need, as shapes; `app` gives them. */
import type { Decision } from '../engine/decision.ts'
import type { GatewayHealth } from '../engine/carrier-health.ts'
import type { LcrOutcome, LcrRequest } from '../engine/lcr-route.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { ReplayDoors } from './replay-doors.ts'

export type { Decision, GatewayHealth, LcrOutcome, LcrRequest }

export type RoutingDoors = {
  readonly findRoutes: (request: LcrRequest) => Promise<LcrOutcome>
  /** Undefined: nothing is kept of the call, or it is not of the organisation. Throws STORE_UNAVAILABLE. */
  readonly decision: (callId: CallUuid, boundTo?: number) => Promise<Decision | undefined>
  /** One row a gateway, in the order of their ids. */
  readonly gatewayHealth: () => readonly GatewayReport[]
  /** `reset` forgets what was held against it, `retry` lets trial calls begin now. */
  readonly moveBreaker: (request: BreakerRequest) => 'done' | 'not-found'
  readonly replays: ReplayDoors
}

export type GatewayReport = GatewayHealth & {
  readonly gateway: string
  /** Whose its carrier is; undefined: the platform's. */
  readonly organizationId: number | undefined
  readonly carrierId: number
  readonly carrier: string
  /** The switch's own pings are answered. */
  readonly isUp: boolean
  /** When the figures were read: milliseconds since the epoch. */
  readonly checkedAt: number
}

export type BreakerRequest = {
  readonly gatewayId: number
  readonly action: 'reset' | 'retry'
  /** The first digits of numbers, as the health report lists them; undefined: the gateway's own. */
  readonly destination: string | undefined
}
