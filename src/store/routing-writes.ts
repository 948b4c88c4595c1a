/** Rows that say which way calls go: profiles and their routes. */
import type { Database, Queryable } from './database.ts'
import { badInput, id, matching, name, oneOf, price, whole } from './input.ts'
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
  strategy: given(record.strategy, (value) => oneOf('strategy', value, ['LOWEST_COST', 'PRIORITY'])),
  enabled: record.enabled,
})

export type NewLcrRoute = {
  readonly profileId: number
  readonly gatewayId: number
  /** Leading digits without plus; empty: every number. */
  readonly prefix: string
  readonly priority?: number | undefined
  /** Per minute, as text: `0.0085`. */
  readonly priceOverride?: string | null | undefined
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
  price_override: given(record.priceOverride, (value) => price('priceOverride', value)),
  enabled: record.enabled,
})

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
