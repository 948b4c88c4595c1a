/**
 * The records that operators write, as our API takes them and as the store is asked to. The shape of a field is
 * checked here; whether it makes sense (the carrier exists, the name is free) the store says: STORE_BAD_INPUT
 * with `details.field`, STORE_CONFLICT, STORE_NOT_FOUND.
 */
import { Type, type Static, type TObject } from '@sinclair/typebox'
import {
  STRATEGIES,
  type BlockedPrefix,
  type Carrier,
  type DdiNumber,
  type Device,
  type Gateway,
  type LcrProfile,
  type LcrRoute,
  type Organization,
  type User,
} from '../directory/records.ts'
import type { CallerIdRule, CarrierNumber } from '../directory/caller-id-records.ts'
import type { NewCallerIdRule, NewCarrierNumber } from './caller-id-json.ts'
import { NUMBER_FORMATS } from '../telephony/number-form.ts'
import {
  carrierCallerIdTaken,
  gatewayCallerIdTaken,
  organizationCallerIdTaken,
  userCallerIdTaken,
} from './caller-id-fields.ts'
import type { DeckDoors, RateDeckRow } from './deck-doors.ts'
import {
  choice,
  currency,
  e164,
  extension,
  fields,
  flag,
  freeText,
  id,
  moment,
  nullable,
  prefix,
  price,
  text,
  whole,
} from './fields.ts'

/** One kind of record. A change names only what changes; null empties a field that may be empty. */
/**
 * `boundTo`: the organisation whose own rows, and what the platform offers it, are seen, and whose own alone are
 * changed; undefined: everybody's. ACCESS_FORBIDDEN where a row is seen and not its own to change.
 */
export type Collection<New, Row> = {
  /** For an organisation what is its own, and what the platform offers it. */
  readonly list: (filter: {
    readonly organizationId: number | undefined
    readonly boundTo: number | undefined
  }) => Promise<readonly Row[]>
  readonly get: (id: number, boundTo: number | undefined) => Promise<Row | undefined>
  readonly add: (record: New, boundTo: number | undefined) => Promise<Row>
  /** Undefined: there is none with this id. */
  readonly update: (
    id: number,
    changes: Partial<New>,
    boundTo: number | undefined,
  ) => Promise<Row | undefined>
  /** False: there was none. STORE_CONFLICT: something refers to it. */
  readonly remove: (id: number, boundTo: number | undefined) => Promise<boolean>
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
  readonly blockedPrefixes?: Collection<NewBlockedPrefix, BlockedPrefix>
  readonly callerIdRules?: Collection<NewCallerIdRule, CallerIdRule>
  readonly carrierCallerIds?: Collection<NewCarrierNumber, CarrierNumber>
  readonly rateDecks?: Collection<NewRateDeck, RateDeckRow>
  readonly rateDeckFiles?: DeckDoors
}

/** What may be told of a gateway: never its password. */
export type GatewayRow = Omit<Gateway, 'credentials'> & {
  readonly credentials: { readonly username: string; readonly realm: string | undefined } | undefined
}

/** What may be told of a device: never its hash. */
export type DeviceRow = Omit<Device, 'a1Hash'>

const enabled = Type.Optional(flag('whether it is used'))
const organizationId = id('an organisation')
const callsAtOnce = Type.Optional(nullable(whole('a number of calls at once', 1, 1_000_000)))
const callsPerSecond = Type.Optional(nullable(whole('a number of new calls in a second', 1, 100_000)))

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
  /** Null: its LCR profile's. */
  timeZone: Type.Optional(nullable(text('an IANA time zone, such as Europe/London', 64))),
  ...organizationCallerIdTaken,
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
  maxChannels: callsAtOnce,
  maxCallsPerSecond: callsPerSecond,
  carriesCallerId: Type.Optional(flag('whether it shows the caller ID that we send')),
  supportsFax: Type.Optional(flag('whether faxes pass')),
  attemptFee: Type.Optional(
    nullable(fields({ amount: price('a fee for each attempt that reaches it, answered or not'), currency })),
  ),
  failover: Type.Optional(
    fields(
      {
        enabled: Type.Optional(flag('whether its gateways are left alone after failures')),
        threshold: Type.Optional(nullable(whole('a number of failures in a row', 1, 1_000))),
        windowSeconds: Type.Optional(nullable(whole('seconds within which they came', 1, 86_400))),
      },
      'an object with any of enabled, threshold and windowSeconds',
    ),
  ),
  ...carrierCallerIdTaken,
  enabled,
})
export type NewCarrier = Static<typeof NewCarrier>

const numberForm = fields(
  {
    format: Type.Optional(nullable(choice(NUMBER_FORMATS))),
    country: Type.Optional(
      nullable(Type.String({ pattern: '^[A-Z]{2}$', description: 'a country in ISO 3166, such as GB' })),
    ),
    strip: Type.Optional(nullable(whole('a number of digits', 0, 15))),
    pattern: Type.Optional(nullable(text('a regular expression over the number', 100))),
    replacement: Type.Optional(nullable(freeText('what stands for the match', 40))),
    prefix: Type.Optional(
      nullable(Type.String({ pattern: '^[\\d+*#]{0,20}$', description: 'at most 20 digits, *, # and +' })),
    ),
    techPrefix: Type.Optional(
      nullable(Type.String({ pattern: '^[\\d*#]{0,20}$', description: 'at most 20 digits, * and #' })),
    ),
  },
  'an object with any of format, country, strip (0 to 15), pattern, replacement, prefix and techPrefix',
)

const failoverRules = Type.Optional(
  nullable(
    Type.Array(
      Type.Union([
        Type.Integer({ minimum: 300, maximum: 699 }),
        Type.String({ pattern: '^[A-Z0-9_]{1,40}$' }),
      ]),
      { maxItems: 500, description: 'hangup causes such as "USER_BUSY", and SIP statuses from 300 to 699' },
    ),
  ),
)

const BELIEFS = ['status', 'reason'] as const

const gatewayFailover = fields(
  {
    believes: Type.Optional(nullable(choice(BELIEFS))),
    next: failoverRules,
    stop: failoverRules,
  },
  'an object with any of believes (status or reason), next and stop (hangup causes and SIP statuses)',
)

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
  maxChannels: callsAtOnce,
  maxCallsPerSecond: callsPerSecond,
  /** What is not named stays; null, of it or in it: the default. */
  numberForm: Type.Optional(nullable(numberForm)),
  failover: Type.Optional(nullable(gatewayFailover)),
  progressTimeoutSeconds: Type.Optional(nullable(whole('seconds until the carrier makes progress', 1, 60))),
  ringTimeoutSeconds: Type.Optional(nullable(whole('seconds of ringing', 5, 600))),
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
  answersWithTones: Type.Optional(flag('whether it answers calls that fail, and plays the tone')),
  ...gatewayCallerIdTaken,
  enabled,
})
export type NewGateway = Static<typeof NewGateway>

export const NewUser = fields({
  /** Needed, but of whoever is bound to one. */
  organizationId: Type.Optional(organizationId),
  name: text('a name', 255),
  extension: Type.String({ pattern: '^\\d{2,10}$', description: 'an extension of 2 to 10 digits' }),
  callerId: Type.Optional(nullable(e164('a number'))),
  ...userCallerIdTaken,
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
  /** Needed, but of whoever is bound to one. */
  organizationId: Type.Optional(organizationId),
  number: e164('a number'),
  userId: id('the user whom it rings'),
  enabled,
})
export type NewNumber = Static<typeof NewNumber>

export const NewLcrProfile = fields({
  organizationId: Type.Optional(nullable(organizationId)),
  name: text('a name', 255),
  strategy: Type.Optional(choice(STRATEGIES)),
  timeZone: Type.Optional(text('an IANA time zone, such as Europe/London', 64)),
  costWeight: Type.Optional(whole('what cost counts for', 0, 100)),
  qualityWeight: Type.Optional(whole('what quality counts for', 0, 100)),
  maxPricePerMinute: Type.Optional(nullable(price('a price per minute'))),
  protectsMargin: Type.Optional(flag('whether a route on which we would lose money is left out')),
  requiresCallerId: Type.Optional(flag('whether a carrier that shows another caller ID is left out')),
  enabled,
})
export type NewLcrProfile = Static<typeof NewLcrProfile>

export const NewLcrRoute = fields({
  profileId: id('an LCR profile'),
  gatewayId: id('a gateway'),
  prefix,
  priority: Type.Optional(whole('a priority, lower is earlier', 0, 1_000_000)),
  weight: Type.Optional(whole('its share of the calls', 0, 1_000)),
  priceOverride: Type.Optional(nullable(price('a price per minute'))),
  maxChannels: callsAtOnce,
  maxCallDurationSeconds: Type.Optional(nullable(whole('seconds', 1, 86_400))),
  timeRestrictions: Type.Optional(
    nullable(
      Type.Array(text('a time window, such as Mon-Fri 08:00-18:00', 200), {
        maxItems: 50,
        description: 'up to 50 time windows, such as "Mon-Fri 08:00-18:00"',
      }),
    ),
  ),
  asrPercent: Type.Optional(
    nullable(
      Type.Number({ minimum: 0, maximum: 100, description: 'answered of a hundred calls, from 0 to 100' }),
    ),
  ),
  acdSeconds: Type.Optional(nullable(whole('seconds of an answered call', 1, 86_400))),
  pddMs: Type.Optional(nullable(whole('milliseconds until it rings', 0, 600_000))),
  enabled,
})
export type NewLcrRoute = Static<typeof NewLcrRoute>

export const NewBlockedPrefix = fields({
  /** Null: the platform's, for every organisation. */
  organizationId: Type.Optional(nullable(organizationId)),
  prefix: Type.String({
    pattern: '^\\d{1,15}$',
    description: 'leading digits without plus, 1 to 15 of them',
  }),
  action: Type.Optional(choice(['block', 'allow'])),
  note: Type.Optional(nullable(freeText('a note', 255))),
  enabled,
})
export type NewBlockedPrefix = Static<typeof NewBlockedPrefix>

/** What a deck says of all its rates. */
const chargingTaken = {
  graceSeconds: Type.Optional(
    whole('an answered call of at most so many seconds costs nothing, its fee included', 0, 86_400),
  ),
  freeSeconds: Type.Optional(
    whole('so many first seconds of each answered call are not charged; its fee is', 0, 86_400),
  ),
  rounding: Type.Optional(
    nullable(
      Type.String({
        pattern: '^(half-up|up)/[0-8]$',
        description: 'of the amount of a call: half-up/4, up/2; null: half up at the eighth decimal',
      }),
    ),
  ),
}

export const NewRateDeck = fields({
  carrierId: Type.Optional(id('the carrier that charges it')),
  organizationId: Type.Optional(id('the customer whom we charge it')),
  replaces: Type.Optional(flag('whether it ends what was published before for the same carrier or customer')),
  name: text('a name', 255),
  currency,
  effectiveFrom: Type.Optional(moment('the moment from which it counts')),
  effectiveTo: Type.Optional(nullable(moment('the moment until before which it counts'))),
  ...chargingTaken,
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
