/** What of the configuration decides about routes, in the shapes that those who decide take. */
import { readFile } from 'node:fs/promises'
import { EngineError } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Config } from '../config/config.ts'
import type { RoutingConfig } from '../config/routing.ts'
import { createLrnLookup } from '../deliver/lrn-lookup.ts'
import type { Directory } from '../directory/directory.ts'
import {
  DEFAULT_CARRIER_HEALTH_SETTINGS,
  type CarrierHealthSettings,
  type FoundGateway,
} from '../engine/carrier-health.ts'
import type { LrnLookup } from '../engine/planner.ts'
import type { PlanSettings } from '../plan/make-plan.ts'
import { FAILOVER_CAUSES, isHangupCause, type HangupCause } from '../telephony/hangup-cause.ts'
import {
  DEFAULT_FAILOVER_POLICY,
  type FailoverPolicy,
  type FailoverRule,
} from '../telephony/failover-policy.ts'
import { parseNpaTable, type NpaStates } from '../telephony/north-america.ts'
import { NPA_STATES } from '../telephony/npa-states.ts'

/** Throws CONFIG_INVALID where LCR_NPA_FILE cannot be read or FAILOVER_CAUSES names no cause. */
export const readPlanSettings = async (config: Config): Promise<Omit<PlanSettings, 'newUuid'>> => ({
  maxRoutes: config.routing.maxRoutes,
  maxDurationSeconds: config.maxCallDurationSeconds,
  postDialDelayBudgetSeconds: config.routing.postDialDelayBudgetSeconds,
  npaStates: await readNpaStates(config.routing.npaFile),
  failover: enginePolicy(config.routing.failover.causes),
  recordingFolder: config.recording.switchFolder,
  soundFolder: config.recording.switchSoundFolder,
  machineDetection: config.answering.machineDetection,
  confirmSeconds: config.answering.confirmSeconds,
})

const readNpaStates = async (path: string | undefined): Promise<NpaStates> => {
  if (path === undefined) return NPA_STATES
  try {
    return parseNpaTable(await readFile(path, 'utf8'))
  } catch (fault) {
    const why = fault instanceof Error ? fault.message : String(fault)
    throw new EngineError('CONFIG_INVALID', `LCR_NPA_FILE ${path} cannot be used: ${why}`, { path }, fault)
  }
}

/** FAILOVER_CAUSES names all after which a hunt goes on: what it lacks of the built-in list stops it. */
export const enginePolicy = (causes: readonly string[] | undefined): FailoverPolicy => {
  if (causes === undefined) return DEFAULT_FAILOVER_POLICY
  const next = causes.map(ruleOf)
  const stop = FAILOVER_CAUSES.filter((cause: HangupCause) => !next.includes(cause))
  return { ...DEFAULT_FAILOVER_POLICY, next, stop }
}

const ruleOf = (text: string): FailoverRule => {
  if (/^\d{3}$/.test(text)) return Number(text)
  if (isHangupCause(text)) return text
  throw new EngineError('CONFIG_INVALID', `FAILOVER_CAUSES has "${text}", which is no hangup cause`)
}

export const healthSettings = (failover: RoutingConfig['failover']): Partial<CarrierHealthSettings> => ({
  failoverEnabled: failover.enabled,
  breaker: {
    ...DEFAULT_CARRIER_HEALTH_SETTINGS.breaker,
    failureThreshold: failover.threshold,
    failureWindowMs: failover.windowSeconds * 1_000,
    recovery: failover.recovery,
    recoveryCheckMs: failover.recoveryIntervalSeconds * 1_000,
    recoveryThreshold: failover.recoveryThreshold,
  },
})

export const gatewayWithCarrier = (directory: Directory, gatewayId: number): FoundGateway | undefined => {
  const gateway = directory.gateway(gatewayId)
  const carrier = gateway === undefined ? undefined : directory.carrier(gateway.carrierId)
  return gateway === undefined || carrier === undefined ? undefined : { gateway, carrier }
}

export const lrnLookupOf = (
  lrn: RoutingConfig['lrn'],
  clock: Clock,
  logger: Logger,
): LrnLookup | undefined =>
  lrn === undefined
    ? undefined
    : createLrnLookup({
        url: lrn.url,
        timeoutMs: lrn.timeoutMs,
        cacheTtlMs: lrn.cacheSeconds * 1_000,
        cacheSize: LRN_CACHE_SIZE,
        clock,
        logger,
      })

/** About 100 bytes each. */
const LRN_CACHE_SIZE = 200_000
