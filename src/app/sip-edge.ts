/** What the SIP edge needs beside its decision: where drachtio is, who may ask, and which gateways are probed. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { SipConfig } from '../config/sip.ts'
import type { CarrierHealth } from '../engine/carrier-health.ts'
import type { World } from '../engine/world.ts'
import type { SipEdgeOptions } from '../sip/edge.ts'

type Parts = {
  readonly world: World
  readonly health: Pick<CarrierHealth, 'optionsProbed'>
  readonly clock: Clock
  readonly logger: Logger
}

export const sipEdgeSettings = (
  { host, port, secret, peers, optionsSeconds }: SipConfig,
  { world, health, clock, logger }: Parts,
): Omit<SipEdgeOptions, 'decide'> => ({
  drachtio: { host, port, secret },
  peers,
  probe:
    optionsSeconds === 0
      ? undefined
      : {
          intervalMs: optionsSeconds * 1_000,
          gateways: () => world.directory().gateways(),
          onProbe: ({ gatewayId, ...answer }) => health.optionsProbed(gatewayId, answer),
        },
  clock,
  logger,
})
