/** Rows of whom we buy from: carriers and their gateways. */
import { isIPv4, isIPv6 } from 'node:net'
import { DEFAULT_NUMBER_FORM } from '../telephony/number-form.ts'
import {
  carrierCallerIdColumns,
  gatewayCallerIdColumns,
  type CarrierCallerIdChanges,
  type GatewayCallerIdChanges,
} from './caller-id-columns.ts'
import { carrierFeeColumns, type CarrierFeeChanges } from './carrier-fee.ts'
import type { Database, Queryable } from './database.ts'
import {
  failoverColumns,
  numberFormColumns,
  NUMBER_FORM_COLUMNS,
  numberFormIn,
  type FailoverChanges,
  type NumberFormChanges,
  type NumberFormRow,
} from './gateway-policies.ts'
import { badInput, id, matching, name, oneOf, plain, whole } from './input.ts'
import {
  given,
  insertRow,
  inTransaction,
  lockRow,
  removeRow,
  stays,
  updateRow,
  type Changes,
  type Columns,
  updateOwned,
} from './row-writes.ts'
import { encryptSecret } from './secret.ts'

export type NewCarrier = CarrierCallerIdChanges &
  CarrierFeeChanges & {
    /** Undefined or null: the platform's, offered to every organisation. */
    readonly organizationId?: number | null | undefined
    readonly code: string
    readonly name: string
    /** Of all of its gateways together; undefined or null: no limit. */
    readonly maxChannels?: number | null | undefined
    readonly maxCallsPerSecond?: number | null | undefined
    /** Default true, as supportsFax. */
    readonly carriesCallerId?: boolean | undefined
    readonly supportsFax?: boolean | undefined
    readonly failover?: Changes<CarrierFailover> | undefined
    readonly enabled?: boolean | undefined
  }

export type CarrierFailover = {
  /** Default true. */
  readonly enabled: boolean
  /** Null: the engine's. */
  readonly threshold: number | null
  readonly windowSeconds: number | null
}

export const addCarrier = async (on: Queryable, record: NewCarrier): Promise<number> =>
  insertRow(on, 'carriers', {
    organization_id: given(record.organizationId, (value) => id('organizationId', value)),
    ...carrierColumns(record),
  })

/** Whose it is stays: profiles of others would be left with routes through it. */
export const updateCarrier = (
  on: Database | Queryable,
  carrierId: number,
  changes: Changes<NewCarrier>,
): Promise<boolean> =>
  updateOwned(on, { table: 'carriers', id: carrierId }, changes.organizationId, carrierColumns(changes))

export const removeCarrier = (on: Database | Queryable, carrierId: number): Promise<boolean> =>
  removeRow(on, 'carriers', carrierId, [
    { table: 'gateways', column: 'carrier_id', word: 'gateway', words: 'gateways' },
    { table: 'rate_decks', column: 'carrier_id', word: 'rate deck', words: 'rate decks' },
  ])

const carrierColumns = (record: Changes<NewCarrier>): Columns => ({
  code: given(record.code, (value) =>
    matching('code', value, /^[A-Za-z0-9_.-]{1,50}$/, 'only letters, digits, _ . and - make a code'),
  ),
  name: given(record.name, (value) => name('name', value, 255)),
  max_channels: given(record.maxChannels, (value) => whole('maxChannels', value, 1, 1_000_000)),
  max_cps: given(record.maxCallsPerSecond, (value) => whole('maxCallsPerSecond', value, 1, 100_000)),
  supports_cli_override: record.carriesCallerId,
  supports_fax: record.supportsFax,
  failover_enabled: record.failover?.enabled,
  failover_threshold: given(record.failover?.threshold, (value) =>
    whole('failover.threshold', value, 1, 1_000),
  ),
  failover_window_seconds: given(record.failover?.windowSeconds, (value) =>
    whole('failover.windowSeconds', value, 1, 86_400),
  ),
  enabled: record.enabled,
  ...carrierCallerIdColumns(record),
  ...carrierFeeColumns(record),
})

export type GatewayFields = GatewayCallerIdChanges & {
  readonly name: string
  /** A host name or an address; IPv6 with or without brackets. */
  readonly hostname: string
  readonly port: number
  readonly transport: string
  /** Null: the carrier knows us by our address. */
  readonly credentials: GatewayCredentials | null
  readonly register: boolean
  readonly codecs: readonly string[]
  readonly maxChannels: number | null
  readonly maxCallsPerSecond: number | null
  /** What is not named stays; null, of it or in it: the default. */
  readonly numberForm: NumberFormChanges | null
  readonly failover: FailoverChanges | null
  readonly progressTimeoutSeconds: number | null
  readonly ringTimeoutSeconds: number | null
  readonly pingSeconds: number | null
  readonly inboundCidrs: readonly string[]
  readonly carriesEmergency: boolean
  readonly answersWithTones: boolean
  readonly enabled: boolean
}

export type GatewayCredentials = {
  readonly username: string
  readonly password: string
  readonly realm?: string | null | undefined
}

/** What is not given stands at port 5060 over UDP, without credentials, pings, limits, and enabled. */
export type NewGateway = { readonly carrierId: number } & Pick<GatewayFields, 'name' | 'hostname'> &
  Changes<GatewayFields>

export const addGateway = async (on: Queryable, masterKey: Buffer, record: NewGateway): Promise<number> =>
  insertRow(on, 'gateways', {
    carrier_id: id('carrierId', record.carrierId),
    ...gatewayColumns(record, masterKey),
    ...numberFormColumns(DEFAULT_NUMBER_FORM, record.numberForm),
  })

/** Changes what is given and leaves the rest. False: there is no such gateway. Its carrier stays. */
export const updateGateway = async (
  on: Database | Queryable,
  masterKey: Buffer,
  gatewayId: number,
  changes: Changes<GatewayFields & { readonly carrierId: number }>,
): Promise<boolean> => {
  const columns = gatewayColumns(changes, masterKey)
  return inTransaction(on, async (transaction) => {
    const current = await lockRow<NumberFormRow & { carrier_id: number }>(
      transaction,
      'gateways',
      gatewayId,
      `carrier_id, ${NUMBER_FORM_COLUMNS}`,
    )
    if (current === undefined) return false
    stays('carrierId', changes.carrierId, current.carrier_id)
    return updateRow(transaction, 'gateways', gatewayId, {
      ...columns,
      ...numberFormColumns(numberFormIn(current), changes.numberForm),
    })
  })
}

/**
 * False: there is no such gateway. While routes need it STORE_CONFLICT names them: calls that they carried would
 * stop. `withRoutes` takes the routes too. Nothing else refers to a gateway: CDRs keep its id and its name, and
 * the id is never given again.
 */
export const removeGateway = (
  on: Database | Queryable,
  gatewayId: number,
  options: { readonly withRoutes?: boolean | undefined } = {},
): Promise<boolean> =>
  inTransaction(on, async (transaction) => {
    if (options.withRoutes === true)
      await transaction.query('DELETE FROM lcr_routes WHERE gateway_id = $1', [id('id', gatewayId)])
    return removeRow(transaction, 'gateways', gatewayId, [
      { table: 'lcr_routes', column: 'gateway_id', word: 'LCR route', words: 'LCR routes' },
    ])
  })

/** The columns of the fields that are given, checked; but those of the number's form, which hang together. */
const gatewayColumns = (record: Changes<GatewayFields>, masterKey: Buffer): Columns => ({
  name: given(record.name, (value) => name('name', value, 128)),
  hostname: given(record.hostname, hostname),
  port: given(record.port, (value) => whole('port', value, 1, 65_535)),
  transport: given(record.transport, (value) => oneOf('transport', value, ['udp', 'tcp', 'tls'])),
  ...(record.credentials === undefined
    ? {}
    : record.credentials === null
      ? NO_CREDENTIALS
      : credentials(record.credentials, masterKey)),
  register: record.register,
  codecs: given(record.codecs, codecs),
  max_channels: given(record.maxChannels, (value) => whole('maxChannels', value, 1, 1_000_000)),
  max_cps: given(record.maxCallsPerSecond, (value) => whole('maxCallsPerSecond', value, 1, 100_000)),
  ...failoverColumns(record.failover),
  progress_timeout_seconds: given(record.progressTimeoutSeconds, (value) =>
    whole('progressTimeoutSeconds', value, 1, 60),
  ),
  ring_timeout_seconds: given(record.ringTimeoutSeconds, (value) =>
    whole('ringTimeoutSeconds', value, 5, 600),
  ),
  ping_seconds: given(record.pingSeconds, (value) => whole('pingSeconds', value, 5, 86_400)),
  inbound_cidrs: given(record.inboundCidrs, (value) => value.map(cidr)),
  carries_emergency: record.carriesEmergency,
  answers_with_tones: record.answersWithTones,
  enabled: record.enabled,
  ...gatewayCallerIdColumns(record),
})

const NO_CREDENTIALS = { username: null, password_encrypted: null, realm: null }

const credentials = ({ username, password, realm }: GatewayCredentials, masterKey: Buffer): Columns => ({
  username: plain('credentials.username', username, 255),
  password_encrypted: encryptSecret(masterKey, plain('credentials.password', password, 255)),
  realm: given(realm, (value) => plain('credentials.realm', value, 255)) ?? null,
})

const hostname = (text: string): string => {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text
  if (isIPv6(bare) && !bare.includes('%')) return bare.toLowerCase()
  return matching(
    'hostname',
    text,
    /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/,
    'it must be a host name or an address',
  )
}

/** FreeSWITCH codec names, with rate and time where given: `PCMA`, `opus@48000h@20i`. */
const codecs = (names: readonly string[]): readonly string[] => {
  if (names.length > 20) throw badInput('codecs', 'there are more than 20')
  return names.map((codec) =>
    matching('codecs', codec, /^[A-Za-z0-9_.@-]{1,40}$/, 'a codec is a FreeSWITCH codec name'),
  )
}

/** `192.0.2.0/24`; an address alone is itself only. PostgreSQL refuses bits beyond the mask, and so do we. */
const cidr = (text: string): string => {
  const [address = '', bits, ...rest] = text.split('/')
  const width = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : 0
  const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (width === 0 || length < 0 || length > width || rest.length > 0) {
    throw badInput('inboundCidrs', 'an entry is an address, or a network such as 192.0.2.0/24')
  }
  if (length === 0) throw badInput('inboundCidrs', 'a network of /0 would let everybody in')
  if ((bitsOf(address, width) & ((1n << BigInt(width - length)) - 1n)) !== 0n) {
    throw badInput('inboundCidrs', `${text} has bits to the right of its mask`)
  }
  return `${address}/${length}`
}

const bitsOf = (address: string, width: number): bigint => {
  if (width === 32) return address.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text =
    dotted === null ? address : `${dotted[1] ?? ''}${hex(dotted[2], dotted[3])}:${hex(dotted[4], dotted[5])}`
  const [head = '', tail] = text.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].reduce((sum, part) => sum * 65_536n + BigInt(`0x${part}`), 0n)
}

const hex = (high = '0', low = '0'): string => (Number(high) * 256 + Number(low)).toString(16)
