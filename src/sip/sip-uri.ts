/**
 * SIP and tel URIs (RFC 3261 19.1, RFC 3966, RFC 4694), read from strangers and written for switches. Reads what
 * routing needs and nothing more; whatever has a control character in it, plain or as an escape, is no URI at all.
 */
import { isIPv6 } from 'node:net'
import type { GatewayTransport } from '../directory/records.ts'

export type ParsedUri = {
  readonly scheme: 'sip' | 'sips' | 'tel'
  /** Unescaped and without its parameters; '' where there is none. */
  readonly user: string
  /** Lower-case host name or address, an IPv6 address without brackets; undefined for a tel URI. */
  readonly host: string | undefined
  /** Of the user part and of the URI together, names in lower case: `rn`, `npdi`, `user`, `phone-context`. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Longer than any URI that leads to a number, shorter than a datagram. */
const MAX_URI = 1024
const MAX_HEADER = 2048

/** Undefined: it is none, or a scheme that we do not read. */
export const parseSipUri = (text: string): ParsedUri | undefined => {
  const found = /^(sips?|tel):/i.exec(text)
  if (found === null || text.length > MAX_URI || !isPlain(text)) return undefined
  const scheme = schemeOf(found[1])
  const rest = text.slice(found[0].length)
  if (scheme === 'tel') {
    const [user = '', ...parameters] = rest.split(';')
    const read = unescapeUser(user)
    return read === undefined
      ? undefined
      : { scheme, user: read, host: undefined, parameters: parametersOf(parameters) }
  }
  const parts = rest.split('@')
  const [first = '', second] = parts
  // An @ stands in no other place unescaped; two are somebody's try to show us another host than the next one sees.
  if (parts.length > 2) return undefined
  const [userInfo, place] = second === undefined ? ['', first] : [first, second]
  const [user = '', ...userParameters] = userInfo.split(';')
  // user:password; the colon stands in no user part (RFC 3261 25.1).
  const name = unescapeUser(user.split(':', 1)[0] ?? '')
  const [hostPort = '', ...parameters] = (place.split('?', 1)[0] ?? '').split(';')
  const host = hostOf(hostPort)
  if (name === undefined || host === undefined) return undefined
  return { scheme, user: name, host, parameters: parametersOf([...parameters, ...userParameters]) }
}

/**
 * The URIs of a From or P-Asserted-Identity header, in order: `"Name" <sip:...>;tag=x, <tel:...>`. What cannot be
 * read is left out.
 */
export const parseAddresses = (header: string): readonly ParsedUri[] =>
  header.length > MAX_HEADER
    ? []
    : splitAtCommas(header).flatMap((address) => {
        const bracketed = /<([^<>]*)>/.exec(withoutQuoted(address))?.[1]
        // Without brackets whatever follows a semicolon is the header's (RFC 3261 20).
        const parsed = parseSipUri((bracketed ?? address.split(';', 1)[0] ?? '').trim())
        return parsed === undefined ? [] : [parsed]
      })

export type Destination = {
  readonly number: string
  readonly hostname: string
  readonly port: number
  readonly transport: GatewayTransport
}

/**
 * `sip:+442079460123@[2001:db8::1]:5060;transport=udp`; without a number the URI of the host. Undefined: no such
 * host or port can be. TLS is written `sip:` with transport=tls, as SIP stacks read it: `sips:` would ask for TLS up to
 * the called phone, and a Contact with it forbids the caller a plain transport (RFC 3261 8.1.1.8).
 */
export const sipUriTo = ({ number, hostname, port, transport }: Destination): string | undefined => {
  const isHost = isIPv6(hostname) || HOST.test(hostname)
  if (!isHost || !Number.isInteger(port) || port < 1 || port > 65_535) return undefined
  const user = number === '' ? '' : `${escapeUser(number)}@`
  return `sip:${user}${isIPv6(hostname) ? `[${hostname}]` : hostname}:${port};transport=${transport}`
}

/** Everything but letters, digits and marks (RFC 3261 25.1) is written as its escape: a `#` ends no URI of ours. */
const escapeUser = (user: string): string =>
  [...Buffer.from(user, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte)
      return /[A-Za-z0-9+*._!~'()-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')

const HOST = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9_])?$/

const hostOf = (hostPort: string): string | undefined => {
  const found = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([^:[\]]{1,253}))(?::\d{1,5})?$/.exec(hostPort)
  const [, address, name] = found ?? []
  if (address !== undefined) return isIPv6(address) ? address.toLowerCase() : undefined
  return name !== undefined && HOST.test(name) ? name.toLowerCase() : undefined
}

const schemeOf = (text: string | undefined): ParsedUri['scheme'] => {
  const scheme = text?.toLowerCase()
  return scheme === 'tel' || scheme === 'sips' ? scheme : 'sip'
}

/** The first of two of the same name counts. */
const parametersOf = (texts: readonly string[]): ReadonlyMap<string, string> => {
  const parameters = new Map<string, string>()
  for (const text of texts) {
    const equals = text.indexOf('=')
    const name = (equals < 0 ? text : text.slice(0, equals)).trim().toLowerCase()
    const value = equals < 0 ? '' : unescapeUser(text.slice(equals + 1))
    if (name !== '' && value !== undefined && !parameters.has(name)) parameters.set(name, value)
  }
  return parameters
}

/** Undefined: an escape that is none, bytes that are no UTF-8, or a control character behind an escape. */
const unescapeUser = (text: string): string | undefined => {
  if (!text.includes('%')) return text
  try {
    const plain = decodeURIComponent(text)
    return isPlain(plain) ? plain : undefined
  } catch (fault) {
    if (fault instanceof URIError) return undefined
    throw fault
  }
}

/** No control character and no blank. */
const isPlain = (text: string): boolean => !/[\s\p{Cc}]/u.test(text)

/** Commas in a display name or in a URI separate nothing. */
const splitAtCommas = (header: string): readonly string[] => {
  const parts: string[] = []
  let [quoted, bracketed, begin] = [false, false, 0]
  for (let at = 0; at < header.length; at++) {
    const character = header[at]
    if (quoted && character === '\\') at += 1
    else if (character === '"') quoted = !quoted
    else if (!quoted && character === '<') bracketed = true
    else if (!quoted && character === '>') bracketed = false
    else if (!quoted && !bracketed && character === ',') {
      parts.push(header.slice(begin, at))
      begin = at + 1
    }
  }
  return [...parts, header.slice(begin)]
}

/** `"<sip:evil@x>" <sip:real@y>`: what a display name says is no address. */
const withoutQuoted = (address: string): string => address.replace(/"(?:[^"\\]|\\.)*"/g, '')
