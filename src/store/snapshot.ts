/**
 * The routing snapshot: everything that a decision may read, as it was at one moment of the database.
 *
 * A row that cannot become a domain value is left out and reported, and so is what hangs on it: one bad secret
 * must not take the platform down. What the snapshot holds is therefore complete: every id in it resolves.
 */
import type {
  Carrier,
  DdiNumber,
  Device,
  Gateway,
  GatewayTransport,
  LcrProfile,
  LcrRoute,
  Organization,
  Rate,
  Snapshot,
  User,
} from '../directory/records.ts'
import { asE164, isCountry, type E164 } from '../telephony/e164.ts'
import { parseMoney } from '../telephony/money.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Database, Queryable } from './database.ts'
import { decryptSecret } from './secret.ts'

/** A row that is not in the snapshot. */
export type SnapshotProblem = {
  readonly table: string
  /** Of the row; of its deck, for a rate. */
  readonly id: number
  readonly why: string
}

export type LoadedSnapshot = { readonly snapshot: Snapshot; readonly problems: readonly SnapshotProblem[] }

/** Throws STORE_UNAVAILABLE. Problems of rates are reported once a deck, with their count. */
export const loadSnapshot = (
  database: Database,
  masterKeys: Buffer | readonly Buffer[],
): Promise<LoadedSnapshot> =>
  database.transaction(async (on) => {
    const problems: SnapshotProblem[] = []
    const keep = <Row extends { readonly id: number }, Value>(
      table: string,
      rows: readonly Row[],
      toValue: (row: Row) => Value,
    ): Value[] => {
      const values: Value[] = []
      for (const row of rows) {
        try {
          values.push(toValue(row))
        } catch (fault) {
          problems.push({ table, id: row.id, why: asError(fault).message })
        }
      }
      return values
    }

    const organizations = keep(
      'organizations',
      await on.query<OrganizationRow>(ORGANIZATIONS),
      toOrganization,
    )
    const organizationIds = idsOf(organizations)
    const isOffered = (owner: number | undefined): boolean =>
      owner === undefined || organizationIds.has(owner)
    const users = keep('users', await on.query<UserRow>(USERS), toUser).filter((row) =>
      organizationIds.has(row.organizationId),
    )
    const userIds = idsOf(users)
    const devices = await on.query<Device>(DEVICES)
    const numbers = keep('numbers', await on.query<NumberRow>(NUMBERS), toNumber)
    const carriers = (await on.query<CarrierRow>(CARRIERS))
      .map(toCarrier)
      .filter((row) => isOffered(row.organizationId))
    const carrierIds = idsOf(carriers)
    const gateways = keep('gateways', await on.query<GatewayRow>(GATEWAYS), (row) =>
      toGateway(row, masterKeys),
    ).filter((row) => carrierIds.has(row.carrierId))
    const gatewayIds = idsOf(gateways)
    const lcrProfiles = (await on.query<ProfileRow>(LCR_PROFILES))
      .map(toProfile)
      .filter((row) => isOffered(row.organizationId))
    const profileIds = idsOf(lcrProfiles)
    const lcrRoutes = keep('lcr_routes', await on.query<RouteRow>(LCR_ROUTES), toRoute)
    const snapshot: Snapshot = {
      organizations,
      users,
      devices: devices.filter((row) => userIds.has(row.userId)),
      numbers: numbers.filter((row) => userIds.has(row.userId)),
      carriers,
      gateways,
      lcrProfiles,
      lcrRoutes: lcrRoutes.filter((row) => profileIds.has(row.profileId) && gatewayIds.has(row.gatewayId)),
      rates: (await readRates(on, problems)).filter((row) => carrierIds.has(row.carrierId)),
    }
    return { snapshot, problems }
  }, 'snapshot')

const idsOf = (rows: readonly { readonly id: number }[]): ReadonlySet<number> =>
  new Set(rows.map(({ id }) => id))

const ORGANIZATIONS = `SELECT id, name, sip_domain, country, currency, default_caller_id, lcr_profile_id, is_demo, enabled
  FROM organizations ORDER BY id`

type OrganizationRow = {
  readonly id: number
  readonly name: string
  readonly sip_domain: string
  readonly country: string
  readonly currency: string
  readonly default_caller_id: string | null
  readonly lcr_profile_id: number | null
  readonly is_demo: boolean
  readonly enabled: boolean
}

const toOrganization = (row: OrganizationRow): Organization => {
  if (!isCountry(row.country)) throw new EngineError('STORE_BAD_ROW', `there is no country "${row.country}"`)
  return {
    id: row.id,
    name: row.name,
    sipDomain: row.sip_domain,
    country: row.country,
    currency: row.currency,
    defaultCallerId: numberOf(row.default_caller_id),
    lcrProfileId: row.lcr_profile_id ?? undefined,
    isDemo: row.is_demo,
    enabled: row.enabled,
  }
}

const numberOf = (text: string | null): E164 | undefined => (text === null ? undefined : asE164(text))

const USERS = 'SELECT id, organization_id, name, extension, caller_id, enabled FROM users ORDER BY id'

type UserRow = {
  readonly id: number
  readonly organization_id: number
  readonly name: string
  readonly extension: string
  readonly caller_id: string | null
  readonly enabled: boolean
}

const toUser = ({ id, organization_id, name, extension, caller_id, enabled }: UserRow): User => ({
  id,
  organizationId: organization_id,
  name,
  extension,
  callerId: numberOf(caller_id),
  enabled,
})

const DEVICES =
  'SELECT id, user_id AS "userId", username, a1_hash AS "a1Hash", enabled FROM devices ORDER BY id'

const NUMBERS = 'SELECT id, organization_id, number, user_id, enabled FROM numbers ORDER BY id'

type NumberRow = {
  readonly id: number
  readonly organization_id: number
  readonly number: string
  readonly user_id: number
  readonly enabled: boolean
}

const toNumber = ({ id, organization_id, number, user_id, enabled }: NumberRow): DdiNumber => ({
  id,
  organizationId: organization_id,
  number: asE164(number),
  userId: user_id,
  enabled,
})

const CARRIERS = 'SELECT id, organization_id, code, name, enabled FROM carriers ORDER BY id'

type CarrierRow = {
  readonly id: number
  readonly organization_id: number | null
  readonly code: string
  readonly name: string
  readonly enabled: boolean
}

const toCarrier = ({ organization_id, ...row }: CarrierRow): Carrier => ({
  ...row,
  organizationId: organization_id ?? undefined,
})

const GATEWAYS = `SELECT id, carrier_id, name, hostname, port, transport, username, password_encrypted, realm, register,
    codecs, max_channels, ping_seconds, inbound_cidrs::text[] AS inbound_cidrs, carries_emergency, enabled
  FROM gateways ORDER BY id`

type GatewayRow = {
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
  readonly ping_seconds: number | null
  readonly inbound_cidrs: readonly string[]
  readonly carries_emergency: boolean
  readonly enabled: boolean
}

const toGateway = (row: GatewayRow, masterKeys: Buffer | readonly Buffer[]): Gateway => ({
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
  pingSeconds: row.ping_seconds ?? undefined,
  inboundCidrs: row.inbound_cidrs,
  carriesEmergency: row.carries_emergency,
  enabled: row.enabled,
})

const LCR_PROFILES = 'SELECT id, organization_id, name, strategy, enabled FROM lcr_profiles ORDER BY id'

type ProfileRow = {
  readonly id: number
  readonly organization_id: number | null
  readonly name: string
  readonly strategy: LcrProfile['strategy']
  readonly enabled: boolean
}

const toProfile = ({ organization_id, ...row }: ProfileRow): LcrProfile => ({
  ...row,
  organizationId: organization_id ?? undefined,
})

const LCR_ROUTES = `SELECT id, profile_id, gateway_id, prefix, priority, enabled, price_override
  FROM lcr_routes ORDER BY id`

type RouteRow = {
  readonly id: number
  readonly profile_id: number
  readonly gateway_id: number
  readonly prefix: string
  readonly priority: number
  readonly enabled: boolean
  readonly price_override: string | null
}

const toRoute = ({ profile_id, gateway_id, price_override, ...row }: RouteRow): LcrRoute => ({
  ...row,
  profileId: profile_id,
  gatewayId: gateway_id,
  priceOverride: price_override === null ? undefined : parseMoney(price_override),
})

/** Rates come in blocks: a million rows at once would stall every call while they are read. */
const RATES_A_BLOCK = 5_000

const RATES = `DECLARE rates_cursor NO SCROLL CURSOR FOR
  SELECT rates.*, rate_decks.carrier_id, rate_decks.currency
  FROM rates JOIN rate_decks ON rate_decks.id = rates.deck_id AND rate_decks.published_at <= now()`

type RateRow = {
  readonly deck_id: number
  readonly prefix: string
  readonly price_per_minute: string
  readonly connection_fee: string
  readonly first_increment_seconds: number
  readonly next_increment_seconds: number
  readonly effective_from: number
  readonly effective_to: number | null
  readonly carrier_id: number
  readonly currency: string
}

const readRates = async (on: Queryable, problems: SnapshotProblem[]): Promise<readonly Rate[]> => {
  const rates: Rate[] = []
  const bad = new Map<number, { count: number; first: string }>()
  await on.query(RATES)
  for (;;) {
    const rows = await on.query<RateRow>(`FETCH ${RATES_A_BLOCK} FROM rates_cursor`)
    for (const row of rows) {
      try {
        rates.push(toRate(row))
      } catch (fault) {
        const seen = bad.get(row.deck_id)
        if (seen === undefined) bad.set(row.deck_id, { count: 1, first: asError(fault).message })
        else seen.count += 1
      }
    }
    if (rows.length < RATES_A_BLOCK) break
  }
  for (const [id, { count, first }] of bad) {
    problems.push({ table: 'rates', id, why: `${count} of its rates cannot be read; the first: ${first}` })
  }
  return rates
}

const toRate = (row: RateRow): Rate => {
  if (!/^\d{1,15}$/.test(row.prefix))
    throw new EngineError('STORE_BAD_ROW', `"${row.prefix}" is not a prefix`)
  if (row.first_increment_seconds < 1 || row.next_increment_seconds < 1) {
    throw new EngineError('STORE_BAD_ROW', `${row.prefix}: an increment has at least one second`)
  }
  const pricePerMinute = parseMoney(row.price_per_minute)
  const connectionFee = parseMoney(row.connection_fee)
  if (pricePerMinute < 0 || connectionFee < 0)
    throw new EngineError('STORE_BAD_ROW', `${row.prefix}: a negative price`)
  return {
    deckId: row.deck_id,
    carrierId: row.carrier_id,
    prefix: row.prefix,
    tariff: {
      pricePerMinute,
      connectionFee,
      firstIncrementSeconds: row.first_increment_seconds,
      nextIncrementSeconds: row.next_increment_seconds,
      currency: row.currency,
    },
    effectiveFrom: row.effective_from,
    effectiveTo:
      row.effective_to === null || row.effective_to === Number.POSITIVE_INFINITY
        ? undefined
        : row.effective_to,
  }
}
