/** What decides where a call goes, joined: the world, the health of carriers, the planner. */
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Config } from '../config/config.ts'
import type { Board } from '../engine/board.ts'
import { createCarrierHealth, type CarrierHealth } from '../engine/carrier-health.ts'
import { createGatewayStates, type GatewayStates } from '../engine/gateway-states.ts'
import { createHealthFeed, type HealthFeed } from '../engine/health-feed.ts'
import { healthAsOfNow } from '../engine/health-now.ts'
import { signPlan, type SignIdentity } from '../engine/signing.ts'
import { createPlanner, type LrnLookup, type Planner, type PlannerOptions } from '../engine/planner.ts'
import { createWorld, type World } from '../engine/world.ts'
import { createTurns, type Turns } from '../routing/turns.ts'
import { createFraud, type Fraud } from './fraud.ts'
import { readEngineId } from './outbox.ts'
import { createPrepaid, type Prepaid } from './prepaid.ts'
import { createQuotas, type Quotas } from './quotas.ts'
import { gatewayWithCarrier, healthSettings, lrnLookupOf, readPlanSettings } from './routing-settings.ts'

export type Deciding = {
  readonly quotas: Quotas
  readonly fraud: Fraud
  readonly prepaid: Prepaid
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
  readonly sign: SignIdentity | undefined
  /** Whether the switch can speak words. */
  readonly hasVoice: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

export const createDeciding = async (options: DecidingOptions): Promise<Deciding> => {
  const { config, board, clock, logger, sign } = options
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
  const quotas = createQuotas(() => world.directory(), board, clock.now)
  board.watch(undefined, quotas.feed.happened)
  const fraud = createFraud({
    directory: () => world.directory(),
    board,
    hasVoice: options.hasVoice,
    clock,
    logger,
  })
  board.watch(undefined, fraud.feed.happened)
  const engine = await readEngineId(join(config.dataDir, 'outbox'))
  const prepaid = createPrepaid({ engine, config: config.prepaid, board, clock, logger })
  const world = createWorld(
    {
      prepaid: prepaid.accounts.check,
      quotas: quotas.counters.check,
      fraud: fraud.counters.check,
      isUp: states.isUp,
      load: health.load,
      health: healthAsOfNow(health, clock.now),
      turns,
      failoverStrategy: config.routing.failover.strategy,
    },
    { exchangeMostDays: config.routing.exchangeMostDays },
  )
  const planSettings = { ...(await readPlanSettings(config)), hasVoice: options.hasVoice }
  const lrn = lrnLookupOf(config.routing.lrn, clock, logger)
  const planner = createPlanner({
    world,
    settings: () => planSettings,
    lrn,
    onPlanned: (call, shares) => {
      turns.take(shares)
      healthFeed.planned(call)
    },
    onCounted: (plan, now) => {
      quotas.feed.planned(plan, now)
      fraud.feed.planned(plan, now)
      prepaid.planned(plan, now)
    },
    sign: sign === undefined ? undefined : (plan, now) => signPlan(plan, now, sign),
    onDecided: options.onDecided,
    elapsed: () => clock.monotonic() * 1_000,
  })
  return { quotas, fraud, prepaid, states, turns, health, healthFeed, world, planSettings, lrn, planner }
}
