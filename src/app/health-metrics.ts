/** Gateways as Prometheus sees them: asked when they are read, so that a gateway that is gone leaves no row behind. */
import { Gauge, type Registry } from 'prom-client'
import type { GatewayHealth } from '../engine/carrier-health.ts'

/** As `breaker_state` tells it. */
const BREAKER_STATES = { closed: 0, 'half-open': 1, open: 2 } as const

type Reading = Pick<
  GatewayHealth,
  'gatewayId' | 'score' | 'recentAsr' | 'channelsInUse' | 'maxChannels' | 'breaker' | 'destinations'
>

export const addHealthMetrics = (registry: Registry, read: () => readonly Reading[]): void => {
  const gauge = (name: string, help: string, valueOf: (row: Reading) => number | undefined): void => {
    new Gauge({
      name,
      help,
      labelNames: ['gateway'],
      registers: [registry],
      collect() {
        this.reset()
        for (const row of read()) {
          const value = valueOf(row)
          // What is not known is no row: a zero would be an alarm.
          if (value !== undefined) this.set({ gateway: `gw${row.gatewayId}` }, value)
        }
      },
    })
  }
  gauge('strowger_gateway_health_score', 'health of the gateway, 0 to 100', ({ score }) => score)
  gauge(
    'strowger_gateway_asr_percent',
    'answered of all calls of the last five minutes',
    ({ recentAsr }) => recentAsr,
  )
  gauge(
    'strowger_gateway_breaker_state',
    "the gateway's own breaker: 0 closed, 1 half-open, 2 open",
    ({ breaker }) => BREAKER_STATES[breaker.state],
  )
  gauge(
    'strowger_gateway_breaker_destinations',
    'destinations whose breaker is not closed',
    ({ destinations }) => destinations.length,
  )
  gauge('strowger_gateway_channels', 'calls over the gateway', ({ channelsInUse }) => channelsInUse)
  gauge('strowger_gateway_channels_max', 'calls that the gateway takes', ({ maxChannels }) => maxChannels)
}
