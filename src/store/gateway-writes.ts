/** Rows of whom we buy from: carriers and their gateways. */
import { isIPv4, isIPv6 } from 'node:net'
import type { Queryable } from './database.ts'
import { badInput, conflict, guarded, id, madeId, matching, name, oneOf, plain, whole } from './input.ts'
import { encryptSecret } from './secret.ts'

export type NewCarrier = {
  /** Undefined: the platform's, offered to every organisation. */
  readonly organizationId?: number | undefined
  readonly code: string
  readonly name: string
}

export const addCarrier = async (on: Queryable, given: NewCarrier): Promise<number> => {
  const values = [
    given.organizationId === undefined ? null : id('organizationId', given.organizationId),
    matching('code', given.code, /^[A-Za-z0-9_.-]{1,50}$/, 'only letters, digits, _ . and - make a code'),
    name('name', given.name, 255),
  ]
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        'INSERT INTO carriers (organization_id, code, name) VALUES ($1, $2, $3) RETURNING id',
        values,
      ),
    ),
  )
}

export type GatewayFields = {
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
  readonly pingSeconds: number | null
  readonly inboundCidrs: readonly string[]
  readonly carriesEmergency: boolean
  readonly enabled: boolean
}

export type GatewayCredentials = {
  readonly username: string
  readonly password: string
  readonly realm?: string | undefined
}

/** What is not given stands at port 5060 over UDP, without credentials, pings, limits, and enabled. */
export type NewGateway = { readonly carrierId: number } & Pick<GatewayFields, 'name' | 'hostname'> &
  Maybe<GatewayFields>

type Maybe<Fields> = { readonly [Field in keyof Fields]?: Fields[Field] | undefined }

export const addGateway = async (on: Queryable, masterKey: Buffer, given: NewGateway): Promise<number> => {
  const columns = { carrier_id: id('carrierId', given.carrierId), ...columnsOf(given, masterKey) }
  const names = Object.keys(columns)
  return guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        `INSERT INTO gateways (${names.join(', ')}) VALUES (${names.map((_, i) => `$${i + 1}`).join(', ')}) RETURNING id`,
        Object.values(columns),
      ),
    ),
  )
}

/** Changes what is given and leaves the rest. False: there is no such gateway. */
export const updateGateway = async (
  on: Queryable,
  masterKey: Buffer,
  gatewayId: number,
  changes: Maybe<GatewayFields>,
): Promise<boolean> => {
  const columns = columnsOf(changes, masterKey)
  const assignments = Object.keys(columns).map((column, index) => `${column} = $${index + 2}`)
  const rows = await guarded(() =>
    on.query(
      `UPDATE gateways SET ${[...assignments, 'updated_at = now()'].join(', ')} WHERE id = $1 RETURNING id`,
      [id('gatewayId', gatewayId), ...Object.values(columns)],
    ),
  )
  return rows.length > 0
}

/**
 * False: there is no such gateway. While routes refer to it STORE_CONFLICT says how many: calls that they
 * carried would stop. `withRoutes` takes the routes too, in the same statement. Nothing else refers to a
 * gateway: CDRs keep its id and its name, and the id is never given again.
 */
export const removeGateway = async (
  on: Queryable,
  gatewayId: number,
  options: { readonly withRoutes?: boolean | undefined } = {},
): Promise<boolean> => {
  const wanted = id('gatewayId', gatewayId)
  if (options.withRoutes === true) {
    const gone = await guarded(() =>
      on.query(
        `WITH routes AS (DELETE FROM lcr_routes WHERE gateway_id = $1)
         DELETE FROM gateways WHERE id = $1 RETURNING id`,
        [wanted],
      ),
    )
    return gone.length > 0
  }
  const [routes] = await on.query<{ count: number }>(
    'SELECT count(*) AS count FROM lcr_routes WHERE gateway_id = $1',
    [wanted],
  )
  if (routes !== undefined && routes.count > 0) {
    throw conflict('gatewayId', `${routes.count} routes refer to the gateway; remove or disable them first`)
  }
  // A route that was added meanwhile is caught by its foreign key.
  const gone = await guarded(() => on.query('DELETE FROM gateways WHERE id = $1 RETURNING id', [wanted]))
  return gone.length > 0
}

/** The columns of the fields that are given, checked. Names of columns come from here only. */
const columnsOf = (given: Maybe<GatewayFields>, masterKey: Buffer): Record<string, unknown> => {
  const columns: Record<string, unknown> = {}
  if (given.name !== undefined) columns['name'] = name('name', given.name, 128)
  if (given.hostname !== undefined) columns['hostname'] = hostname(given.hostname)
  if (given.port !== undefined) columns['port'] = whole('port', given.port, 1, 65_535)
  if (given.transport !== undefined)
    columns['transport'] = oneOf('transport', given.transport, ['udp', 'tcp', 'tls'])
  if (given.credentials !== undefined) {
    const sealed = given.credentials === null ? NO_CREDENTIALS : credentials(given.credentials, masterKey)
    Object.assign(columns, sealed)
  }
  if (given.register !== undefined) columns['register'] = given.register
  if (given.codecs !== undefined) columns['codecs'] = codecs(given.codecs)
  if (given.maxChannels !== undefined) {
    columns['max_channels'] =
      given.maxChannels === null ? null : whole('maxChannels', given.maxChannels, 1, 1_000_000)
  }
  if (given.pingSeconds !== undefined) {
    columns['ping_seconds'] =
      given.pingSeconds === null ? null : whole('pingSeconds', given.pingSeconds, 5, 86_400)
  }
  if (given.inboundCidrs !== undefined) columns['inbound_cidrs'] = given.inboundCidrs.map(cidr)
  if (given.carriesEmergency !== undefined) columns['carries_emergency'] = given.carriesEmergency
  if (given.enabled !== undefined) columns['enabled'] = given.enabled
  return columns
}

const NO_CREDENTIALS = { username: null, password_encrypted: null, realm: null }

const credentials = (
  given: GatewayCredentials,
  masterKey: Buffer,
): typeof NO_CREDENTIALS | Record<string, unknown> => ({
  username: plain('credentials.username', given.username, 255),
  password_encrypted: encryptSecret(masterKey, plain('credentials.password', given.password, 255)),
  realm: given.realm === undefined ? null : plain('credentials.realm', given.realm, 255),
})

const hostname = (given: string): string => {
  const bare = /^\[(.*)\]$/.exec(given)?.[1] ?? given
  if (isIPv6(bare) && !bare.includes('%')) return bare.toLowerCase()
  return matching(
    'hostname',
    given,
    /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*$/,
    'it must be a host name or an address',
  )
}

/** FreeSWITCH codec names, with rate and time where given: `PCMA`, `opus@48000h@20i`. */
const codecs = (given: readonly string[]): readonly string[] => {
  if (given.length > 20) throw badInput('codecs', 'there are more than 20')
  return given.map((codec) =>
    matching('codecs', codec, /^[A-Za-z0-9_.@-]{1,40}$/, 'a codec is a FreeSWITCH codec name'),
  )
}

/** `192.0.2.0/24`; an address alone is itself only. PostgreSQL refuses bits beyond the mask, and so do we. */
const cidr = (given: string): string => {
  const [address = '', bits, ...rest] = given.split('/')
  const width = isIPv4(address) ? 32 : isIPv6(address) && !address.includes('%') ? 128 : 0
  const length = bits === undefined ? width : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
  if (width === 0 || length < 0 || length > width || rest.length > 0) {
    throw badInput('inboundCidrs', 'an entry is an address, or a network such as 192.0.2.0/24')
  }
  if (length === 0) throw badInput('inboundCidrs', 'a network of /0 would let everybody in')
  if ((bitsOf(address, width) & ((1n << BigInt(width - length)) - 1n)) !== 0n) {
    throw badInput('inboundCidrs', `${given} has bits to the right of its mask`)
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
