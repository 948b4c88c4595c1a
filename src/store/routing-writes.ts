/** Rows that say which way calls go: profiles and their routes. */
import { asError } from '../base/errors.ts'
import { STRATEGIES } from '../directory/records.ts'
import { parseTimeWindows } from '../telephony/time-window.ts'
import { isTimeZone } from '../telephony/time-zone.ts'
import type { Database, Queryable } from './database.ts'
import { badInput, id, matching, name, oneOf, percent, price, whole } from './input.ts'
import {
  given,
  insertRow,
  inTransaction,
  lockRow,
  removeRow,
  updateRow,
  type Changes,
  type Columns,
  updateOwned,
} from './row-writes.ts'

export type NewLcrProfile = {
  /** Undefined or null: the platform's. */
  readonly organizationId?: number | null | undefined
  readonly name: string
  /** Default LOWEST_COST. */
  readonly strategy?: string | undefined
  /** IANA name, default UTC. */
  readonly timeZone?: string | undefined
  /** 0 to 100, default 50 each; not both 0. */
  readonly costWeight?: number | undefined
  readonly qualityWeight?: number | undefined
  /** As text: `0.0085`; undefined or null: whatever it costs. */
  readonly maxPricePerMinute?: string | null | undefined
  /** Default false, as requiresCallerId. */
  readonly protectsMargin?: boolean | undefined
  readonly requiresCallerId?: boolean | undefined
  readonly enabled?: boolean | undefined
}

export const addLcrProfile = async (on: Queryable, record: NewLcrProfile): Promise<number> =>
  insertRow(on, 'lcr_profiles', {
    organization_id: given(record.organizationId, (value) => id('organizationId', value)),
    ...profileColumns(record),
  })

/** Whose it is stays: its routes were checked against it. */
export const updateLcrProfile = (
  on: Database | Queryable,
  profileId: number,
  changes: Changes<NewLcrProfile>,
): Promise<boolean> =>
  updateOwned(on, { table: 'lcr_profiles', id: profileId }, changes.organizationId, profileColumns(changes))

export const removeLcrProfile = (on: Database | Queryable, profileId: number): Promise<boolean> =>
  removeRow(on, 'lcr_profiles', profileId, [
    { table: 'organizations', column: 'lcr_profile_id', word: 'organisation', words: 'organisations' },
    { table: 'lcr_routes', column: 'profile_id', word: 'LCR route', words: 'LCR routes' },
  ])

const profileColumns = (record: Changes<NewLcrProfile>): Columns => ({
  name: given(record.name, (value) => name('name', value, 255)),
  strategy: given(record.strategy, (value) => oneOf('strategy', value, STRATEGIES)),
  time_zone: given(record.timeZone, timeZone),
  cost_weight: given(record.costWeight, (value) => whole('costWeight', value, 0, 100)),
  quality_weight: given(record.qualityWeight, (value) => whole('qualityWeight', value, 0, 100)),
  max_price_per_minute: given(record.maxPricePerMinute, (value) => price('maxPricePerMinute', value)),
  protects_margin: record.protectsMargin,
  requires_cli: record.requiresCallerId,
  enabled: record.enabled,
})

const timeZone = (value: string): string => {
  if (!isTimeZone(value)) throw badInput('timeZone', 'it must be an IANA time zone, such as Europe/London')
  return value
}

export type NewLcrRoute = {
  readonly profileId: number
  readonly gatewayId: number
  /** Leading digits without plus; empty: every number. */
  readonly prefix: string
  readonly priority?: number | undefined
  /** WEIGHTED: 0 to 1000, default 1. */
  readonly weight?: number | undefined
  /** Per minute, as text: `0.0085`. */
  readonly priceOverride?: string | null | undefined
  readonly maxChannels?: number | null | undefined
  readonly maxCallDurationSeconds?: number | null | undefined
  /** `Mon-Fri 08:00-18:00`, in the profile's time zone; none: always. */
  readonly timeRestrictions?: readonly string[] | null | undefined
  readonly asrPercent?: number | null | undefined
  readonly acdSeconds?: number | null | undefined
  readonly pddMs?: number | null | undefined
  readonly enabled?: boolean | undefined
}

export const addLcrRoute = async (on: Queryable, record: NewLcrRoute): Promise<number> => {
  const columns = routeColumns(record)
  await checkGateway(on, record.profileId, record.gatewayId)
  return insertRow(on, 'lcr_routes', columns)
}

export const updateLcrRoute = (
  on: Database | Queryable,
  routeId: number,
  changes: Changes<NewLcrRoute>,
): Promise<boolean> => {
  const columns = routeColumns(changes)
  return inTransaction(on, async (transaction) => {
    const current = await lockRow<{ profile_id: number; gateway_id: number }>(
      transaction,
      'lcr_routes',
      routeId,
      'profile_id, gateway_id',
    )
    if (current === undefined) return false
    const { profileId = current.profile_id, gatewayId = current.gateway_id } = changes
    await checkGateway(transaction, profileId, gatewayId)
    return updateRow(transaction, 'lcr_routes', routeId, columns)
  })
}

export const removeLcrRoute = (on: Database | Queryable, routeId: number): Promise<boolean> =>
  removeRow(on, 'lcr_routes', routeId)

const routeColumns = (record: Changes<NewLcrRoute>): Columns => ({
  profile_id: given(record.profileId, (value) => id('profileId', value)),
  gateway_id: given(record.gatewayId, (value) => id('gatewayId', value)),
  prefix: given(record.prefix, (value) =>
    matching('prefix', value, /^[0-9]{0,15}$/, 'a prefix is at most 15 digits, without plus'),
  ),
  priority: given(record.priority, (value) => whole('priority', value, -1_000_000, 1_000_000)),
  weight: given(record.weight, (value) => whole('weight', value, 0, 1_000)),
  price_override: given(record.priceOverride, (value) => price('priceOverride', value)),
  max_channels: given(record.maxChannels, (value) => whole('maxChannels', value, 1, 1_000_000)),
  max_call_duration_seconds: given(record.maxCallDurationSeconds, (value) =>
    whole('maxCallDurationSeconds', value, 1, 86_400),
  ),
  time_restrictions: record.timeRestrictions === null ? [] : given(record.timeRestrictions, timeRestrictions),
  asr: given(record.asrPercent, (value) => percent('asrPercent', value)),
  acd_seconds: given(record.acdSeconds, (value) => whole('acdSeconds', value, 1, 86_400)),
  pdd_ms: given(record.pddMs, (value) => whole('pddMs', value, 0, 600_000)),
  enabled: record.enabled,
})

const MOST_WINDOWS = 50

const timeRestrictions = (texts: readonly string[]): readonly string[] => {
  if (texts.length > MOST_WINDOWS) throw badInput('timeRestrictions', `there are more than ${MOST_WINDOWS}`)
  const windows = texts.map((text) => text.trim())
  if (windows.length === 0) return windows
  try {
    parseTimeWindows(windows)
  } catch (fault) {
    throw badInput('timeRestrictions', asError(fault).message, fault)
  }
  return windows
}

/** One organisation's calls must not leave through, and be paid by, another's trunk. */
const checkGateway = async (on: Queryable, profileId: number, gatewayId: number): Promise<void> => {
  const [profile] = await on.query<{ owner: number | null }>(
    'SELECT organization_id AS owner FROM lcr_profiles WHERE id = $1',
    [profileId],
  )
  if (profile === undefined) throw badInput('profileId', 'there is no such profile')
  const [gateway] = await on.query<{ owner: number | null }>(
    'SELECT carriers.organization_id AS owner FROM gateways JOIN carriers ON carriers.id = carrier_id WHERE gateways.id = $1',
    [gatewayId],
  )
  if (gateway === undefined) throw badInput('gatewayId', 'there is no such gateway')
  if (gateway.owner !== null && gateway.owner !== profile.owner) {
    throw badInput('gatewayId', "it is the gateway of another organisation's carrier")
  }
}
