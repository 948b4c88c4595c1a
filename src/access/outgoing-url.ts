/**
 * Which URLs the engine takes for requests of its own: a webhook's, a call's callback. The name's addresses are judged
 * when it is called (deliver/post.ts), each time anew; here it is what can be told from the text.
 */
import ipaddr from 'ipaddr.js'
import { addressFault, type AllowedNetworks } from './outgoing-address.ts'

export type OutgoingRules = {
  /** Addresses that are called although they are not global. */
  readonly allowed: AllowedNetworks
  /** True: http as well as https. */
  readonly allowHttp: boolean
}

export const MAX_URL_LENGTH = 2_000

/** Why the URL is not taken, as the end of a sentence, or undefined. */
export const urlFault = (text: string, { allowed, allowHttp }: OutgoingRules): string | undefined => {
  if (text.length > MAX_URL_LENGTH) return `it has more than ${MAX_URL_LENGTH} characters`
  // The parser would take line breaks and tabs away in silence.
  if (/[\p{Cc}\s\\]/u.test(text) || !URL.canParse(text)) return 'it is not a URL'
  const url = new URL(text)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it takes https'
  if (url.protocol === 'http:' && !allowHttp) return 'it takes https, not http'
  if (url.username !== '' || url.password !== '') return 'it has a user name or a password in it'
  if (url.hostname === '') return 'it names no host'
  if (url.port !== '' && !isPort(Number(url.port))) return `its port ${url.port} is not one of web servers`
  const host = hostOf(url)
  return ipaddr.isValid(host) ? addressFault(host, allowed) : undefined
}

/** The host without the brackets of an IPv6 address. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, '')

/** Below 1024 belong mail, DNS and the like; above it, the ports that browsers refuse (WHATWG Fetch, 2.9). */
const isPort = (port: number): boolean =>
  port === 80 || port === 443 || (port >= 1024 && !BAD_PORTS.has(port))

const BAD_PORTS: ReadonlySet<number> = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080,
])
