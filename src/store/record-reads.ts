/**
 * Records as operators keep them, read from their tables: also what is disabled, and what was written a moment
 * ago. A value that only a hand could have written is shown as it is; secrets are not read at all.
 */
import type {
  BlockedPrefix,
  Carrier,
  DdiNumber,
  Device,
  Gateway,
  LcrProfile,
  LcrRoute,
  Organization,
  User,
} from '../directory/records.ts'
import { parseMoney, type Money } from '../telephony/money.ts'
import { CARRIER_FEE, carrierFeeIn, type CarrierFeeRow } from './carrier-fee.ts'
import type { Queryable } from './database.ts'
import {
  CARRIER_CALLER_ID,
  carrierCallerIdIn,
  GATEWAY_CALLER_ID,
  gatewayCallerIdIn,
  ORGANIZATION_CALLER_ID,
  organizationCallerIdIn,
  USER_CALLER_ID,
  userCallerIdIn,
  type CarrierCallerIdRow,
  type GatewayCallerIdRow,
  type OrganizationCallerIdRow,
  type UserCallerIdRow,
} from './caller-id-columns.ts'
import {
  FAILOVER_COLUMNS,
  failoverIn,
  NUMBER_FORM_COLUMNS,
  numberFormIn,
  type FailoverRow,
  type NumberFormRow,
} from './gateway-policies.ts'
import { id } from './input.ts'

export type RecordReads<Row> = {
  /** In the order of their ids; for an organisation what is its own, and what the platform offers it. */
  readonly list: (on: Queryable, organizationId: number | undefined) => Promise<readonly Row[]>
  readonly get: (on: Queryable, rowId: number) => Promise<Row | undefined>
}

/** A gateway without its password. */
export type GatewayRow = Omit<Gateway, 'credentials'> & {
  readonly credentials: { readonly username: string; readonly realm: string | undefined } | undefined
}

/** A device without its hash. */
export type DeviceRow = Omit<Device, 'a1Hash'>

type Reading<From, Row> = {
  /** Names its columns as `From` does. */
  readonly select: string
  /** True where a row is for organisation $1. */
  readonly isFor: string
  readonly toRow: (stored: From) => Row
}

const readsOf = <From extends object, Row>({
  select,
  isFor,
  toRow,
}: Reading<From, Row>): RecordReads<Row> => ({
  list: async (on, organizationId) => {
    const owner = organizationId === undefined ? null : id('organizationId', organizationId)
    const rows = await on.query<From>(`${select} WHERE $1::integer IS NULL OR ${isFor} ORDER BY id`, [owner])
    return rows.map(toRow)
  },
  get: async (on, rowId) => {
    const [stored] = await on.query<From>(`${select} WHERE id = $1`, [id('id', rowId)])
    return stored === undefined ? undefined : toRow(stored)
  },
})

/** What PostgreSQL tells of a row: null where the row has nothing. */
type Stored<Row> = {
  readonly [Field in keyof Row]: undefined extends Row[Field] ? StoredField<Row[Field]> : Row[Field]
}
type StoredField<Value> = Exclude<Value, undefined> | null

const offered = (owner: string): string => `(${owner} = $1 OR ${owner} IS NULL)`
const offeredCarrier = `carrier_id IN (SELECT id FROM carriers WHERE ${offered('organization_id')})`

export const organizationReads = readsOf<Stored<Organization> & OrganizationCallerIdRow, Organization>({
  select: `SELECT id, name, sip_domain AS "sipDomain", country, currency, default_caller_id AS "defaultCallerId",
     lcr_profile_id AS "lcrProfileId", time_zone AS "timeZone", is_demo AS "isDemo", enabled,
     ${ORGANIZATION_CALLER_ID} FROM organizations`,
  isFor: 'id = $1',
  toRow: (row) => ({
    ...row,
    defaultCallerId: row.defaultCallerId ?? undefined,
    lcrProfileId: row.lcrProfileId ?? undefined,
    timeZone: row.timeZone ?? undefined,
    ...organizationCallerIdIn(row),
  }),
})

export const userReads = readsOf<Stored<User> & UserCallerIdRow, User>({
  select: `SELECT id, organization_id AS "organizationId", name, extension, caller_id AS "callerId", enabled,
      ${USER_CALLER_ID} FROM users`,
  isFor: 'organization_id = $1',
  toRow: (row) => ({ ...row, callerId: row.callerId ?? undefined, ...userCallerIdIn(row) }),
})

export const deviceReads = readsOf<DeviceRow, DeviceRow>({
  select: 'SELECT id, user_id AS "userId", username, enabled FROM devices',
  isFor: 'organization_id = $1',
  toRow: (row) => row,
})

export const numberReads = readsOf<DdiNumber, DdiNumber>({
  select: 'SELECT id, organization_id AS "organizationId", number, user_id AS "userId", enabled FROM numbers',
  isFor: 'organization_id = $1',
  toRow: (row) => row,
})

type StoredCarrier = Stored<Omit<Carrier, 'failover' | 'attemptFee'>> &
  CarrierCallerIdRow &
  CarrierFeeRow & {
    readonly failoverEnabled: boolean
    readonly threshold: number | null
    readonly windowSeconds: number | null
  }

export const carrierReads = readsOf<StoredCarrier, Carrier>({
  select: `SELECT id, organization_id AS "organizationId", code, name, max_channels AS "maxChannels",
     max_cps AS "maxCallsPerSecond", supports_cli_override AS "carriesCallerId", supports_fax AS "supportsFax",
     failover_enabled AS "failoverEnabled", failover_threshold AS threshold,
     failover_window_seconds AS "windowSeconds", enabled, ${CARRIER_CALLER_ID}, ${CARRIER_FEE} FROM carriers`,
  isFor: offered('organization_id'),
  toRow: ({ failoverEnabled, threshold, windowSeconds, attemptFeeAmount, attemptFeeCurrency, ...row }) => ({
    ...row,
    organizationId: row.organizationId ?? undefined,
    maxChannels: row.maxChannels ?? undefined,
    maxCallsPerSecond: row.maxCallsPerSecond ?? undefined,
    failover: {
      enabled: failoverEnabled,
      threshold: threshold ?? undefined,
      windowSeconds: windowSeconds ?? undefined,
    },
    ...carrierCallerIdIn(row),
    ...carrierFeeIn({ attemptFeeAmount, attemptFeeCurrency }),
  }),
})

type StoredGateway = Stored<Omit<GatewayRow, 'credentials' | 'numberForm' | 'failover'>> &
  GatewayCallerIdRow &
  NumberFormRow &
  FailoverRow & {
    readonly username: string | null
    readonly realm: string | null
  }

export const gatewayReads = readsOf<StoredGateway, GatewayRow>({
  select: `SELECT id, carrier_id AS "carrierId", name, hostname, port, transport, username, realm, register, codecs,
     max_channels AS "maxChannels", max_cps AS "maxCallsPerSecond", ${NUMBER_FORM_COLUMNS}, ${FAILOVER_COLUMNS},
     progress_timeout_seconds AS "progressTimeoutSeconds", ring_timeout_seconds AS "ringTimeoutSeconds",
     ping_seconds AS "pingSeconds", inbound_cidrs::text[] AS "inboundCidrs",
     carries_emergency AS "carriesEmergency", answers_with_tones AS "answersWithTones", enabled, ${GATEWAY_CALLER_ID} FROM gateways`,
  isFor: offeredCarrier,
  toRow: (row) => ({
    id: row.id,
    carrierId: row.carrierId,
    name: row.name,
    hostname: row.hostname,
    port: row.port,
    transport: row.transport,
    credentials:
      row.username === null ? undefined : { username: row.username, realm: row.realm ?? undefined },
    register: row.register,
    codecs: row.codecs,
    maxChannels: row.maxChannels ?? undefined,
    maxCallsPerSecond: row.maxCallsPerSecond ?? undefined,
    numberForm: numberFormIn(row),
    failover: failoverIn(row),
    progressTimeoutSeconds: row.progressTimeoutSeconds ?? undefined,
    ringTimeoutSeconds: row.ringTimeoutSeconds ?? undefined,
    pingSeconds: row.pingSeconds ?? undefined,
    inboundCidrs: row.inboundCidrs,
    carriesEmergency: row.carriesEmergency,
    answersWithTones: row.answersWithTones,
    enabled: row.enabled,
    ...gatewayCallerIdIn(row),
  }),
})

type StoredProfile = Stored<Omit<LcrProfile, 'maxPricePerMinute'>> & {
  readonly maxPricePerMinute: string | null
}

export const lcrProfileReads = readsOf<StoredProfile, LcrProfile>({
  select: `SELECT id, organization_id AS "organizationId", name, strategy, time_zone AS "timeZone",
     cost_weight AS "costWeight", quality_weight AS "qualityWeight", max_price_per_minute AS "maxPricePerMinute",
     protects_margin AS "protectsMargin", requires_cli AS "requiresCallerId", enabled FROM lcr_profiles`,
  isFor: offered('organization_id'),
  toRow: (row) => ({
    ...row,
    organizationId: row.organizationId ?? undefined,
    maxPricePerMinute: moneyOrNone(row.maxPricePerMinute),
  }),
})

const moneyOrNone = (text: string | null): Money | undefined => (text === null ? undefined : parseMoney(text))

type StoredRoute = Stored<Omit<LcrRoute, 'priceOverride' | 'asrPercent'>> & {
  readonly priceOverride: string | null
  readonly asrPercent: string | null
}

export const lcrRouteReads = readsOf<StoredRoute, LcrRoute>({
  select: `SELECT id, profile_id AS "profileId", gateway_id AS "gatewayId", prefix, priority, weight, enabled,
     price_override AS "priceOverride", max_channels AS "maxChannels",
     max_call_duration_seconds AS "maxCallDurationSeconds", time_restrictions AS "timeRestrictions",
     asr AS "asrPercent", acd_seconds AS "acdSeconds", pdd_ms AS "pddMs" FROM lcr_routes`,
  isFor: `profile_id IN (SELECT id FROM lcr_profiles WHERE ${offered('organization_id')})`,
  toRow: (row) => ({
    ...row,
    priceOverride: moneyOrNone(row.priceOverride),
    maxChannels: row.maxChannels ?? undefined,
    maxCallDurationSeconds: row.maxCallDurationSeconds ?? undefined,
    asrPercent: row.asrPercent === null ? undefined : Number(row.asrPercent),
    acdSeconds: row.acdSeconds ?? undefined,
    pddMs: row.pddMs ?? undefined,
  }),
})

export const blockedPrefixReads = readsOf<Stored<BlockedPrefix>, BlockedPrefix>({
  select:
    'SELECT id, organization_id AS "organizationId", prefix, action, note, enabled FROM blocked_prefixes',
  isFor: offered('organization_id'),
  toRow: (row) => ({ ...row, organizationId: row.organizationId ?? undefined }),
})
