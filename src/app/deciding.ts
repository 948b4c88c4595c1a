/** What decides where a call goes, joined: the world, the health of carriers, the planner. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Config } from '../config/config.ts'
import type { Board } from '../engine/board.ts'
import { createCarrierHealth, type CarrierHealth } from '../engine/carrier-health.ts'
import { createGatewayStates, type GatewayStates } from '../engine/gateway-states.ts'
import { createHealthFeed, type HealthFeed } from '../engine/health-feed.ts'
import { healthAsOfNow } from '../engine/health-now.ts'
import { createPlanner, type LrnLookup, type Planner, type PlannerOptions } from '../engine/planner.ts'
import { createWorld, type World } from '../engine/world.ts'
import { createTurns, type Turns } from '../routing/turns.ts'
import { gatewayWithCarrier, healthSettings, lrnLookupOf, readPlanSettings } from './routing-settings.ts'

export type Deciding = {
  readonly states: GatewayStates
  readonly turns: Turns
  readonly health: CarrierHealth
  readonly healthFeed: HealthFeed
  readonly world: World
  readonly planSettings: ReturnType<PlannerOptions['settings']>
  readonly lrn: LrnLookup | undefined
  readonly planner: Planner
}

export type DecidingOptions = {
  readonly config: Config
  readonly board: Board
  readonly onDecided: PlannerOptions['onDecided']
  readonly clock: Clock
  readonly logger: Logger
}

export const createDeciding = async (options: DecidingOptions): Promise<Deciding> => {
  const { config, board, clock, logger } = options
  const states = createGatewayStates((...ping) => health.pinged(...ping))
  const turns = createTurns()
  const health = createCarrierHealth({
    clock,
    settings: healthSettings(config.routing.failover),
    find: (gatewayId) => gatewayWithCarrier(world.directory(), gatewayId),
    gatewayIds: () =>
      world
        .directory()
        .gateways()
        .map(({ id }) => id),
    channelsInUse: board.channelsInUse,
    onChange: (change) => logger.warn({ change }, 'the state of a gateway changed'),
  })
  const healthFeed = createHealthFeed({
    health,
    carrierOf: (gatewayId) => world.directory().gateway(gatewayId)?.carrierId,
  })
  board.watch(undefined, healthFeed.happened)
  const world = createWorld({
    isUp: states.isUp,
    load: health.load,
    health: healthAsOfNow(health, clock.now),
    turns,
    failoverStrategy: config.routing.failover.strategy,
  })
  const planSettings = await readPlanSettings(config)
  const lrn = lrnLookupOf(config.routing.lrn, clock, logger)
  const planner = createPlanner({
    world,
    settings: () => planSettings,
    lrn,
    onPlanned: (call, shares) => {
      turns.take(shares)
      healthFeed.planned(call)
    },
    onDecided: options.onDecided,
    elapsed: () => clock.monotonic() * 1_000,
  })
  return { states, turns, health, healthFeed, world, planSettings, lrn, planner }
}
