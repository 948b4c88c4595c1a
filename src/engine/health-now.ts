/**
 * Carriers' health as it is now, whatever moment a decision is made for. Its figures slide with the time at which they
 * are read: asked about next week, they would forget the last hour.
 */
import type { Health } from '../routing/hunt.ts'

export const healthAsOfNow = (health: Health, now: () => number): Health => ({
  verdictOf: (gatewayId, destination) => health.verdictOf(gatewayId, destination, now()),
  scoreOf: (gatewayId) => health.scoreOf(gatewayId, now()),
  qualityOf: (gatewayId, destination, _at, rule) => health.qualityOf(gatewayId, destination, now(), rule),
  averageSecondsOf: (destination) => health.averageSecondsOf(destination, now()),
})
