/**
 * Rows of whom we buy from and of which way calls go, as decisions read them. What cannot be a domain value throws;
 * whoever reads leaves the row out.
 */
import { EngineError } from '../base/errors.ts'
import {
  STRATEGIES,
  type BlockedPrefix,
  type Carrier,
  type Gateway,
  type GatewayTransport,
  type LcrProfile,
  type LcrRoute,
} from '../directory/records.ts'
import {
  CARRIER_CALLER_ID,
  carrierCallerIdIn,
  checkedGatewayCallerId,
  GATEWAY_CALLER_ID,
  type CarrierCallerIdRow,
  type GatewayCallerIdRow,
} from './caller-id-columns.ts'
import { CARRIER_FEE, carrierFeeIn, type CarrierFeeRow } from './carrier-fee.ts'
import type { FailoverPolicy } from '../telephony/failover-policy.ts'
import { parseMoney, type Money } from '../telephony/money.ts'
import { numberFormOf } from '../telephony/number-form.ts'
import { parseTimeWindows } from '../telephony/time-window.ts'
import { isTimeZone } from '../telephony/time-zone.ts'
import {
  badRuleOf,
  FAILOVER_COLUMNS,
  failoverIn,
  NUMBER_FORM_COLUMNS,
  numberFormIn,
  type FailoverRow,
  type NumberFormRow,
} from './gateway-policies.ts'
import { decryptSecret } from './secret.ts'

export const CARRIERS = `SELECT id, organization_id, code, name, max_channels, max_cps, supports_cli_override, supports_fax,
    failover_enabled, failover_threshold, failover_window_seconds, enabled, ${CARRIER_CALLER_ID}, ${CARRIER_FEE}
  FROM carriers ORDER BY id`

export type CarrierRow = CarrierCallerIdRow &
  CarrierFeeRow & {
    readonly id: number
    readonly organization_id: number | null
    readonly code: string
    readonly name: string
    readonly max_channels: number | null
    readonly max_cps: number | null
    readonly supports_cli_override: boolean
    readonly supports_fax: boolean
    readonly failover_enabled: boolean
    readonly failover_threshold: number | null
    readonly failover_window_seconds: number | null
    readonly enabled: boolean
  }

export const toCarrier = (row: CarrierRow): Carrier => ({
  id: row.id,
  organizationId: row.organization_id ?? undefined,
  code: row.code,
  name: row.name,
  maxChannels: row.max_channels ?? undefined,
  maxCallsPerSecond: row.max_cps ?? undefined,
  carriesCallerId: row.supports_cli_override,
  supportsFax: row.supports_fax,
  failover: {
    enabled: row.failover_enabled,
    threshold: row.failover_threshold ?? undefined,
    windowSeconds: row.failover_window_seconds ?? undefined,
  },
  enabled: row.enabled,
  ...carrierCallerIdIn(row),
  ...carrierFeeIn(row),
})

export const GATEWAYS = `SELECT id, carrier_id, name, hostname, port, transport, username, password_encrypted, realm, register,
    codecs, max_channels, max_cps, ${NUMBER_FORM_COLUMNS}, ${FAILOVER_COLUMNS},
    progress_timeout_seconds, ring_timeout_seconds, ping_seconds, inbound_cidrs::text[] AS inbound_cidrs,
    carries_emergency, answers_with_tones, enabled, ${GATEWAY_CALLER_ID}
  FROM gateways ORDER BY id`

export type GatewayRow = NumberFormRow &
  GatewayCallerIdRow &
  FailoverRow & {
    readonly id: number
    readonly carrier_id: number
    readonly name: string
    readonly hostname: string
    readonly port: number
    readonly transport: GatewayTransport
    readonly username: string | null
    readonly password_encrypted: string | null
    readonly realm: string | null
    readonly register: boolean
    readonly codecs: readonly string[]
    readonly max_channels: number | null
    readonly max_cps: number | null
    readonly progress_timeout_seconds: number | null
    readonly ring_timeout_seconds: number | null
    readonly ping_seconds: number | null
    readonly inbound_cidrs: readonly string[]
    readonly carries_emergency: boolean
    readonly answers_with_tones: boolean
    readonly enabled: boolean
  }

export const toGateway = (row: GatewayRow, masterKeys: Buffer | readonly Buffer[]): Gateway => ({
  id: row.id,
  carrierId: row.carrier_id,
  name: row.name,
  hostname: row.hostname,
  port: row.port,
  transport: row.transport,
  credentials:
    row.username === null || row.password_encrypted === null
      ? undefined
      : {
          username: row.username,
          password: decryptSecret(masterKeys, row.password_encrypted),
          realm: row.realm ?? undefined,
        },
  register: row.register,
  codecs: row.codecs,
  maxChannels: row.max_channels ?? undefined,
  maxCallsPerSecond: row.max_cps ?? undefined,
  numberForm: numberFormOf(numberFormIn(row)),
  failover: failoverOf(row),
  progressTimeoutSeconds: row.progress_timeout_seconds ?? undefined,
  ringTimeoutSeconds: row.ring_timeout_seconds ?? undefined,
  pingSeconds: row.ping_seconds ?? undefined,
  inboundCidrs: row.inbound_cidrs,
  carriesEmergency: row.carries_emergency,
  answersWithTones: row.answers_with_tones,
  enabled: row.enabled,
  ...checkedGatewayCallerId(row),
})

const failoverOf = (row: FailoverRow): FailoverPolicy => {
  const policy = failoverIn(row)
  const bad = badRuleOf(policy)
  if (bad === undefined) return policy
  throw new EngineError('STORE_BAD_ROW', `"${bad}" is no hangup cause, and no SIP status from 300 to 699`)
}

export const LCR_PROFILES = `SELECT id, organization_id, name, strategy, time_zone, cost_weight, quality_weight,
    max_price_per_minute, protects_margin, requires_cli, enabled
  FROM lcr_profiles ORDER BY id`

export type ProfileRow = {
  readonly id: number
  readonly organization_id: number | null
  readonly name: string
  readonly strategy: string
  readonly time_zone: string
  readonly cost_weight: number
  readonly quality_weight: number
  readonly max_price_per_minute: string | null
  readonly protects_margin: boolean
  readonly requires_cli: boolean
  readonly enabled: boolean
}

export const toProfile = (row: ProfileRow): LcrProfile => {
  const strategy = STRATEGIES.find((known) => known === row.strategy)
  if (strategy === undefined) throw new EngineError('STORE_BAD_ROW', `there is no strategy "${row.strategy}"`)
  if (!isTimeZone(row.time_zone))
    throw new EngineError('STORE_BAD_ROW', `there is no time zone "${row.time_zone}"`)
  return {
    id: row.id,
    organizationId: row.organization_id ?? undefined,
    name: row.name,
    strategy,
    timeZone: row.time_zone,
    costWeight: row.cost_weight,
    qualityWeight: row.quality_weight,
    maxPricePerMinute: moneyOf(row.max_price_per_minute),
    protectsMargin: row.protects_margin,
    requiresCallerId: row.requires_cli,
    enabled: row.enabled,
  }
}

const moneyOf = (text: string | null): Money | undefined => (text === null ? undefined : parseMoney(text))

export const LCR_ROUTES = `SELECT id, profile_id, gateway_id, prefix, priority, weight, enabled, price_override, max_channels,
    max_call_duration_seconds, time_restrictions, asr, acd_seconds, pdd_ms
  FROM lcr_routes ORDER BY id`

export type RouteRow = {
  readonly id: number
  readonly profile_id: number
  readonly gateway_id: number
  readonly prefix: string
  readonly priority: number
  readonly weight: number
  readonly enabled: boolean
  readonly price_override: string | null
  readonly max_channels: number | null
  readonly max_call_duration_seconds: number | null
  readonly time_restrictions: readonly string[]
  readonly asr: string | null
  readonly acd_seconds: number | null
  readonly pdd_ms: number | null
}

export const toRoute = (row: RouteRow): LcrRoute => {
  if (row.time_restrictions.length > 0) parseTimeWindows(row.time_restrictions)
  return {
    id: row.id,
    profileId: row.profile_id,
    gatewayId: row.gateway_id,
    prefix: row.prefix,
    priority: row.priority,
    weight: row.weight,
    enabled: row.enabled,
    priceOverride: moneyOf(row.price_override),
    maxChannels: row.max_channels ?? undefined,
    maxCallDurationSeconds: row.max_call_duration_seconds ?? undefined,
    timeRestrictions: row.time_restrictions,
    asrPercent: row.asr === null ? undefined : Number(row.asr),
    acdSeconds: row.acd_seconds ?? undefined,
    pddMs: row.pdd_ms ?? undefined,
  }
}

export const BLOCKED_PREFIXES =
  'SELECT id, organization_id, prefix, action, note, enabled FROM blocked_prefixes ORDER BY id'

export type BlockedPrefixRow = Omit<BlockedPrefix, 'organizationId' | 'action'> & {
  readonly organization_id: number | null
  readonly action: string
}

export const toBlockedPrefix = ({ organization_id, action, ...row }: BlockedPrefixRow): BlockedPrefix => {
  if (action !== 'block' && action !== 'allow')
    throw new EngineError('STORE_BAD_ROW', `there is no action "${action}"`)
  if (!/^\d{1,15}$/.test(row.prefix))
    throw new EngineError('STORE_BAD_ROW', `"${row.prefix}" is not a prefix`)
  return { ...row, organizationId: organization_id ?? undefined, action }
}
