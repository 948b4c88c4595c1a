/**
 * Records as operators keep them, read from their tables: also what is disabled, and what was written a moment
 * ago. A value that only a hand could have written is shown as it is; secrets are not read at all.
 */
import type {
  Carrier,
  DdiNumber,
  Device,
  Gateway,
  LcrProfile,
  LcrRoute,
  Organization,
  User,
} from '../directory/records.ts'
import { parseMoney } from '../telephony/money.ts'
import type { Queryable } from './database.ts'
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

/** A published rate deck without its rates. */
export type RateDeckRow = {
  readonly id: number
  readonly carrierId: number
  readonly name: string
  readonly currency: string
  /** Milliseconds since the epoch, of the rate that counts first ... */
  readonly effectiveFrom: number
  /** ... and of the one that ends last; undefined where one does not end. */
  readonly effectiveTo: number | undefined
  readonly rateCount: number
}

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

export const organizationReads = readsOf<Stored<Organization>, Organization>({
  select: `SELECT id, name, sip_domain AS "sipDomain", country, currency, default_caller_id AS "defaultCallerId",
     lcr_profile_id AS "lcrProfileId", is_demo AS "isDemo", enabled FROM organizations`,
  isFor: 'id = $1',
  toRow: (row) => ({
    ...row,
    defaultCallerId: row.defaultCallerId ?? undefined,
    lcrProfileId: row.lcrProfileId ?? undefined,
  }),
})

export const userReads = readsOf<Stored<User>, User>({
  select:
    'SELECT id, organization_id AS "organizationId", name, extension, caller_id AS "callerId", enabled FROM users',
  isFor: 'organization_id = $1',
  toRow: (row) => ({ ...row, callerId: row.callerId ?? undefined }),
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

export const carrierReads = readsOf<Stored<Carrier>, Carrier>({
  select: 'SELECT id, organization_id AS "organizationId", code, name, enabled FROM carriers',
  isFor: offered('organization_id'),
  toRow: (row) => ({ ...row, organizationId: row.organizationId ?? undefined }),
})

type StoredGateway = Stored<Omit<GatewayRow, 'credentials'>> & {
  readonly username: string | null
  readonly realm: string | null
}

export const gatewayReads = readsOf<StoredGateway, GatewayRow>({
  select: `SELECT id, carrier_id AS "carrierId", name, hostname, port, transport, username, realm, register, codecs,
     max_channels AS "maxChannels", ping_seconds AS "pingSeconds", inbound_cidrs::text[] AS "inboundCidrs",
     carries_emergency AS "carriesEmergency", enabled FROM gateways`,
  isFor: offeredCarrier,
  toRow: ({ username, realm, ...row }) => ({
    ...row,
    credentials: username === null ? undefined : { username, realm: realm ?? undefined },
    maxChannels: row.maxChannels ?? undefined,
    pingSeconds: row.pingSeconds ?? undefined,
  }),
})

export const lcrProfileReads = readsOf<Stored<LcrProfile>, LcrProfile>({
  select: 'SELECT id, organization_id AS "organizationId", name, strategy, enabled FROM lcr_profiles',
  isFor: offered('organization_id'),
  toRow: (row) => ({ ...row, organizationId: row.organizationId ?? undefined }),
})

type StoredRoute = Omit<LcrRoute, 'priceOverride'> & { readonly priceOverride: string | null }

export const lcrRouteReads = readsOf<StoredRoute, LcrRoute>({
  select: `SELECT id, profile_id AS "profileId", gateway_id AS "gatewayId", prefix, priority, enabled,
     price_override AS "priceOverride" FROM lcr_routes`,
  isFor: `profile_id IN (SELECT id FROM lcr_profiles WHERE ${offered('organization_id')})`,
  toRow: (row) => ({
    ...row,
    priceOverride: row.priceOverride === null ? undefined : parseMoney(row.priceOverride),
  }),
})

// rates has no index: one scan for all decks, which millions of rates make a matter of a second. What a hand
// wrote as infinite has no end, or no beginning.
export const rateDeckReads = readsOf<Stored<RateDeckRow>, RateDeckRow>({
  select: `SELECT * FROM (
     SELECT id, carrier_id, carrier_id AS "carrierId", name, currency,
       greatest(coalesce(earliest, created_at), 'epoch') AS "effectiveFrom", latest AS "effectiveTo",
       coalesce(rate_count, 0) AS "rateCount"
     FROM rate_decks LEFT JOIN (
       SELECT deck_id, count(*) AS rate_count, min(effective_from) AS earliest,
         nullif(max(coalesce(effective_to, 'infinity')), 'infinity') AS latest
       FROM rates GROUP BY deck_id
     ) AS counted ON counted.deck_id = rate_decks.id
     WHERE published_at <= now()
   ) AS decks`,
  isFor: offeredCarrier,
  toRow: ({ id: deckId, carrierId, name, currency, effectiveFrom, effectiveTo, rateCount }) => ({
    id: deckId,
    carrierId,
    name,
    currency,
    effectiveFrom,
    effectiveTo: effectiveTo ?? undefined,
    rateCount,
  }),
})
