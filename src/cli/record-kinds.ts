/**
 * The records that operators keep, as the command line takes and shows them. A kind is a row of this table:
 * `records.ts` makes its commands of it. A field is an option and its name in the API.
 */
import { momentText, recordId, wholeNumber } from './context.ts'
import { childOf, numberOf, textOf, textsOf, type Json } from './json.ts'

export type Field = {
  /** Its name in the API; the option is the same in kebab-case unless `option` says otherwise. */
  readonly key: string
  readonly option?: string
  /** What stands after the option; without it the option is a switch, with a --no- form. */
  readonly takes?: string
  readonly describe: string
  readonly parse?: (text: string) => unknown
  /** `add` asks for it. */
  readonly needed?: boolean
  /** `none` empties it. */
  readonly canBeEmpty?: boolean
  /** `set` does not take it: it stays. */
  readonly stays?: boolean
  readonly choices?: readonly string[]
}

export type RecordKind = {
  /** The command, and the path in the API. */
  readonly path: string
  /** Its key in answers; a list's has an s. */
  readonly key: string
  readonly word: string
  readonly describe: string
  readonly fields: readonly Field[]
  /** A user name with a password: an object of its own in a gateway, fields of a device. */
  readonly credentials?: 'object' | 'fields'
  /** The rates of a deck come from a file. */
  readonly rates?: true
  readonly columns: readonly (readonly [title: string, cell: (row: Json) => string])[]
  readonly examples: readonly string[]
}

const cell =
  (key: string) =>
  (row: Json): string =>
    textOf(row, key)

const commas = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

const moment = momentText(() => Date.now())
const money = "as a decimal in the carrier's currency"
const name: Field = { key: 'name', takes: 'name', describe: 'its name', needed: true }
const organization: Field = {
  key: 'organizationId',
  option: 'organization',
  takes: 'id',
  describe: 'its organisation',
  parse: recordId,
  needed: true,
  stays: true,
}
const owner: Field = { ...organization, needed: false, describe: 'only for this one; without it, for all' }
const carrier: Field = {
  key: 'carrierId',
  option: 'carrier',
  takes: 'id',
  describe: 'its carrier',
  parse: recordId,
  needed: true,
  stays: true,
}
const user: Field = {
  key: 'userId',
  option: 'user',
  takes: 'id',
  describe: 'its user',
  parse: recordId,
  needed: true,
}
const ownerCell = (row: Json): string => textOf(row, 'organizationId') || 'all'

export const RECORD_KINDS: readonly RecordKind[] = [
  {
    path: 'organizations',
    key: 'organization',
    word: 'organisation',
    describe: 'the organisations that we serve',
    fields: [
      name,
      { key: 'sipDomain', takes: 'domain', describe: "its phones' SIP domain", needed: true },
      { key: 'country', takes: 'code', describe: 'whose dial plan it uses, such as GB', needed: true },
      { key: 'currency', takes: 'code', describe: 'what it pays in, such as GBP', needed: true },
      { key: 'defaultCallerId', takes: 'number', describe: 'what it shows, in E.164 form', canBeEmpty: true },
      {
        key: 'lcrProfileId',
        option: 'lcr-profile',
        takes: 'id',
        describe: 'the profile that its calls go by',
        parse: recordId,
        canBeEmpty: true,
      },
    ],
    columns: [
      ['NAME', cell('name')],
      ['DOMAIN', cell('sipDomain')],
      ['COUNTRY', cell('country')],
      ['CURRENCY', cell('currency')],
      ['CALLER ID', cell('defaultCallerId')],
      ['LCR PROFILE', cell('lcrProfileId')],
    ],
    examples: [
      'organizations add --name Acme --sip-domain acme.example --country GB --currency GBP',
      'organizations set 2 --lcr-profile 3',
      'organizations set 2 --default-caller-id none',
    ],
  },
  {
    path: 'carriers',
    key: 'carrier',
    word: 'carrier',
    describe: 'the companies that carry our calls',
    fields: [
      name,
      { key: 'code', takes: 'code', describe: 'a short code in letters, digits, _ . and -', needed: true },
      owner,
    ],
    columns: [
      ['CODE', cell('code')],
      ['NAME', cell('name')],
      ['ORGANISATION', ownerCell],
    ],
    examples: ['carriers add --code alpha --name "Alpha Carrier"', 'carriers set 1 --disable'],
  },
  {
    path: 'gateways',
    key: 'gateway',
    word: 'gateway',
    describe: "carriers' trunks",
    fields: [
      carrier,
      name,
      {
        key: 'hostname',
        takes: 'host',
        describe: "host name or address of the carrier's SIP edge",
        needed: true,
      },
      { key: 'port', takes: 'port', describe: 'its port (5060)', parse: wholeNumber(1, 65_535) },
      {
        key: 'transport',
        takes: 'transport',
        describe: 'how SIP is sent (udp)',
        choices: ['udp', 'tcp', 'tls'],
      },
      { key: 'register', describe: 'register at the carrier' },
      { key: 'codecs', takes: 'names', describe: 'in order of preference, with commas', parse: commas },
      {
        key: 'maxChannels',
        takes: 'count',
        describe: 'calls at once at the most',
        parse: wholeNumber(1, 1_000_000),
        canBeEmpty: true,
      },
      {
        key: 'pingSeconds',
        option: 'ping',
        takes: 'seconds',
        describe: 'seconds between OPTIONS',
        parse: wholeNumber(5, 86_400),
        canBeEmpty: true,
      },
      {
        key: 'inboundCidrs',
        option: 'inbound',
        takes: 'ranges',
        describe: 'addresses from which it may call us, in CIDR form with commas',
        parse: commas,
      },
      { key: 'carriesEmergency', option: 'emergency', describe: 'emergency calls may leave through it' },
    ],
    credentials: 'object',
    columns: [
      ['NAME', cell('name')],
      ['CARRIER', cell('carrierId')],
      ['ADDRESS', (row) => `${textOf(row, 'transport')}:${textOf(row, 'hostname')}:${textOf(row, 'port')}`],
      ['USER', (row) => textOf(childOf(row, 'credentials') ?? {}, 'username')],
      ['CALLS', (row) => (numberOf(row, 'maxChannels') === undefined ? 'any' : textOf(row, 'maxChannels'))],
      ['CODECS', (row) => textsOf(row, 'codecs').join(',')],
    ],
    examples: [
      'gateways add --carrier 1 --name alpha-1 --hostname sip.alpha.example',
      'gateways add --carrier 1 --name alpha-2 --hostname sip2.alpha.example --username us --password-stdin --register',
      'gateways set 2 --max-channels 30',
      'gateways set 2 --disable',
    ],
  },
  {
    path: 'users',
    key: 'user',
    word: 'user',
    describe: 'the people of an organisation',
    fields: [
      organization,
      name,
      { key: 'extension', takes: 'digits', describe: '2 to 10 digits', needed: true },
      { key: 'callerId', takes: 'number', describe: 'what the user shows, in E.164 form', canBeEmpty: true },
    ],
    columns: [
      ['ORGANISATION', cell('organizationId')],
      ['EXTENSION', cell('extension')],
      ['NAME', cell('name')],
      ['CALLER ID', cell('callerId')],
    ],
    examples: ['users add --organization 1 --name "Ada Lovelace" --extension 1001'],
  },
  {
    path: 'devices',
    key: 'device',
    word: 'device',
    describe: 'the phones of users',
    fields: [user],
    credentials: 'fields',
    columns: [
      ['USER', cell('userId')],
      ['USER NAME', cell('username')],
    ],
    examples: [
      'devices add --user 1 --username 1001 --password-stdin',
      'devices set 1 --password-stdin < password',
    ],
  },
  {
    path: 'numbers',
    key: 'number',
    word: 'number',
    describe: 'our own numbers, each with the user whom it rings',
    fields: [
      { ...organization, stays: false },
      { key: 'number', takes: 'number', describe: 'in E.164 form', needed: true },
      { ...user, describe: 'the user whom it rings' },
    ],
    columns: [
      ['ORGANISATION', cell('organizationId')],
      ['NUMBER', cell('number')],
      ['USER', cell('userId')],
    ],
    examples: ['numbers add --organization 1 --number +442079460100 --user 1'],
  },
  {
    path: 'lcr-profiles',
    key: 'lcrProfile',
    word: 'LCR profile',
    describe: 'how an organisation chooses between carriers',
    fields: [
      name,
      {
        key: 'strategy',
        takes: 'strategy',
        describe: 'what decides first (LOWEST_COST)',
        choices: ['LOWEST_COST', 'PRIORITY'],
      },
      owner,
    ],
    columns: [
      ['NAME', cell('name')],
      ['STRATEGY', cell('strategy')],
      ['ORGANISATION', ownerCell],
    ],
    examples: ['lcr-profiles add --name "Cheapest first"'],
  },
  {
    path: 'lcr-routes',
    key: 'lcrRoute',
    word: 'LCR route',
    describe: 'which prefixes may leave through which gateway',
    fields: [
      {
        key: 'profileId',
        option: 'profile',
        takes: 'id',
        describe: 'its LCR profile',
        parse: recordId,
        needed: true,
      },
      {
        key: 'gatewayId',
        option: 'gateway',
        takes: 'id',
        describe: 'its gateway',
        parse: recordId,
        needed: true,
      },
      {
        key: 'prefix',
        takes: 'digits',
        describe: 'leading digits without plus; "" for every number',
        needed: true,
      },
      {
        key: 'priority',
        takes: 'count',
        describe: 'lower is earlier (0)',
        parse: wholeNumber(0, 1_000_000),
      },
      {
        key: 'priceOverride',
        takes: 'price',
        describe: `a price per minute instead of the rate deck's, ${money}`,
        canBeEmpty: true,
      },
    ],
    columns: [
      ['PROFILE', cell('profileId')],
      ['GATEWAY', cell('gatewayId')],
      ['PREFIX', (row) => textOf(row, 'prefix') || 'any'],
      ['PRIORITY', cell('priority')],
      ['PRICE', cell('priceOverride')],
    ],
    examples: [
      'lcr-routes add --profile 1 --gateway 2 --prefix 44',
      'lcr-routes add --profile 1 --gateway 2 --prefix "" --priority 10',
    ],
  },
  {
    path: 'rate-decks',
    key: 'rateDeck',
    word: 'rate deck',
    describe: 'what carriers charge',
    fields: [
      carrier,
      name,
      { key: 'currency', takes: 'code', describe: 'of its prices, such as GBP', needed: true, stays: true },
      {
        key: 'effectiveFrom',
        option: 'from',
        takes: 'when',
        describe: 'counts from then (now)',
        parse: moment,
      },
      {
        key: 'effectiveTo',
        option: 'to',
        takes: 'when',
        describe: 'counts until before then',
        parse: moment,
        canBeEmpty: true,
      },
    ],
    rates: true,
    columns: [
      ['CARRIER', cell('carrierId')],
      ['NAME', cell('name')],
      ['CURRENCY', cell('currency')],
      ['RATES', cell('rateCount')],
      ['FROM', cell('effectiveFrom')],
      ['UNTIL', cell('effectiveTo')],
    ],
    examples: [
      'rate-decks add --carrier 1 --name "Alpha 2026" --currency GBP --file rates.json',
      'rate-decks set 1 --to 2027-01-01',
    ],
  },
]
