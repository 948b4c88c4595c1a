/**
 * The records that operators write, as our API takes them and as the store is asked to. The shape of a field is
 * checked here; whether it makes sense (the carrier exists, the name is free) the store says: STORE_BAD_INPUT
 * with `details.field`, STORE_CONFLICT, STORE_NOT_FOUND.
 */
import { Type, type Static, type TObject } from '@sinclair/typebox'
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
import {
  currency,
  e164,
  extension,
  fields,
  flag,
  id,
  moment,
  nullable,
  prefix,
  price,
  text,
  whole,
} from './fields.ts'

/** One kind of record. A change names only what changes; null empties a field that may be empty. */
export type Collection<New, Row> = {
  /** For an organisation what is its own, and what the platform offers it. */
  readonly list: (filter: { readonly organizationId: number | undefined }) => Promise<readonly Row[]>
  readonly get: (id: number) => Promise<Row | undefined>
  readonly add: (record: New) => Promise<Row>
  /** Undefined: there is none with this id. */
  readonly update: (id: number, changes: Partial<New>) => Promise<Row | undefined>
  /** False: there was none. STORE_CONFLICT: something refers to it. */
  readonly remove: (id: number) => Promise<boolean>
}

/** Routes exist for the kinds that are given. */
export type RecordDoors = {
  readonly organizations?: Collection<NewOrganization, Organization>
  readonly carriers?: Collection<NewCarrier, Carrier>
  readonly gateways?: Collection<NewGateway, GatewayRow>
  readonly users?: Collection<NewUser, User>
  readonly devices?: Collection<NewDevice, DeviceRow>
  readonly numbers?: Collection<NewNumber, DdiNumber>
  readonly lcrProfiles?: Collection<NewLcrProfile, LcrProfile>
  readonly lcrRoutes?: Collection<NewLcrRoute, LcrRoute>
  readonly rateDecks?: Collection<NewRateDeck, RateDeck>
}

/** What may be told of a gateway: never its password. */
export type GatewayRow = Omit<Gateway, 'credentials'> & {
  readonly credentials: { readonly username: string; readonly realm: string | undefined } | undefined
}

/** What may be told of a device: never its hash. */
export type DeviceRow = Omit<Device, 'a1Hash'>

/** A rate deck without its rates, of which there may be millions. */
export type RateDeck = {
  readonly id: number
  readonly carrierId: number
  readonly name: string
  readonly currency: string
  /** Milliseconds since the epoch. */
  readonly effectiveFrom: number
  readonly effectiveTo: number | undefined
  readonly rateCount: number
}

const enabled = Type.Optional(flag('whether it is used'))
const organizationId = id('an organisation')

export const NewOrganization = fields({
  name: text('a name', 255),
  sipDomain: Type.String({
    maxLength: 253,
    pattern: '^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$',
    description: 'a domain, such as example.com',
  }),
  country: Type.String({ pattern: '^[A-Z]{2}$', description: 'a country in ISO 3166, such as GB' }),
  currency,
  defaultCallerId: Type.Optional(nullable(e164('a number'))),
  lcrProfileId: Type.Optional(nullable(id('an LCR profile'))),
  enabled,
})
export type NewOrganization = Static<typeof NewOrganization>

export const NewCarrier = fields({
  /** Null: the platform's, offered to every organisation. */
  organizationId: Type.Optional(nullable(organizationId)),
  code: Type.String({
    minLength: 1,
    maxLength: 50,
    pattern: '^[\\w.-]+$',
    description: 'a short code in letters, digits, _ . and -',
  }),
  name: text('a name', 255),
  enabled,
})
export type NewCarrier = Static<typeof NewCarrier>

export const NewGateway = fields({
  carrierId: id('a carrier'),
  name: text('a name', 255),
  hostname: Type.String({
    minLength: 1,
    maxLength: 255,
    pattern: '^[A-Za-z0-9:]([A-Za-z0-9.:_-]*[A-Za-z0-9:])?$',
    description: 'a host name or an address',
  }),
  port: Type.Optional(whole('a port', 1, 65_535)),
  transport: Type.Optional(
    Type.Union([Type.Literal('udp'), Type.Literal('tcp'), Type.Literal('tls')], {
      description: 'udp, tcp or tls',
    }),
  ),
  /** Null: the carrier knows us by our address. */
  credentials: Type.Optional(
    nullable(
      Type.Object(
        {
          username: text('a user name', 255),
          password: text('a password', 255),
          realm: Type.Optional(nullable(text('a realm', 255))),
        },
        { additionalProperties: false, description: 'an object with username, password and perhaps realm' },
      ),
    ),
  ),
  register: Type.Optional(flag('whether we register at the carrier')),
  codecs: Type.Optional(
    Type.Array(Type.String({ pattern: '^[\\w.@-]{1,40}$', description: "a codec's name" }), {
      maxItems: 20,
      description: "codecs' names in order of preference",
    }),
  ),
  maxChannels: Type.Optional(nullable(whole('a number of calls at once', 1, 1_000_000))),
  pingSeconds: Type.Optional(nullable(whole('seconds between OPTIONS', 5, 86_400))),
  inboundCidrs: Type.Optional(
    Type.Array(
      Type.String({
        pattern: '^[0-9A-Fa-f.:]{2,45}(/\\d{1,3})?$',
        description: 'an address or a range in CIDR form',
      }),
      {
        maxItems: 500,
        description: 'addresses or ranges in CIDR form',
      },
    ),
  ),
  carriesEmergency: Type.Optional(flag('whether emergency calls may leave through it')),
  enabled,
})
export type NewGateway = Static<typeof NewGateway>

export const NewUser = fields({
  organizationId,
  name: text('a name', 255),
  extension: Type.String({ pattern: '^\\d{2,10}$', description: 'an extension of 2 to 10 digits' }),
  callerId: Type.Optional(nullable(e164('a number'))),
  enabled,
})
export type NewUser = Static<typeof NewUser>

export const NewDevice = fields({
  userId: id('a user'),
  username: extension('a user name'),
  password: Type.String({
    minLength: 8,
    maxLength: 128,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: 'a password of 8 to 128 characters',
  }),
  enabled,
})
export type NewDevice = Static<typeof NewDevice>

export const NewNumber = fields({
  organizationId,
  number: e164('a number'),
  userId: id('the user whom it rings'),
  enabled,
})
export type NewNumber = Static<typeof NewNumber>

export const NewLcrProfile = fields({
  organizationId: Type.Optional(nullable(organizationId)),
  name: text('a name', 255),
  strategy: Type.Optional(
    Type.Union([Type.Literal('LOWEST_COST'), Type.Literal('PRIORITY')], {
      description: 'LOWEST_COST or PRIORITY',
    }),
  ),
  enabled,
})
export type NewLcrProfile = Static<typeof NewLcrProfile>

export const NewLcrRoute = fields({
  profileId: id('an LCR profile'),
  gatewayId: id('a gateway'),
  prefix,
  priority: Type.Optional(whole('a priority, lower is earlier', 0, 1_000_000)),
  priceOverride: Type.Optional(nullable(price('a price per minute'))),
  enabled,
})
export type NewLcrRoute = Static<typeof NewLcrRoute>

export const NewRateDeck = fields({
  carrierId: id('a carrier'),
  name: text('a name', 255),
  currency,
  effectiveFrom: Type.Optional(moment('the moment from which it counts')),
  effectiveTo: Type.Optional(nullable(moment('the moment until before which it counts'))),
  rates: Type.Array(
    fields({
      prefix,
      pricePerMinute: price('a price per minute'),
      connectionFee: Type.Optional(price('a price per answered call')),
      firstIncrementSeconds: Type.Optional(whole('seconds', 1, 3600)),
      nextIncrementSeconds: Type.Optional(whole('seconds', 1, 3600)),
    }),
    { maxItems: 20_000, description: 'up to 20000 rates; larger decks come in parts or from the import' },
  ),
})
export type NewRateDeck = Static<typeof NewRateDeck>

/** What a PUT takes: any of the fields. */
export const changesOf = (schema: TObject): TObject =>
  Type.Partial(schema, { minProperties: 1, description: 'an object with what changes' })
