/**
 * Which addresses the engine may send requests to on behalf of others: what a customer names as a URL must not reach
 * the machines behind the engine. Only global unicast passes (IANA's special-purpose registries, RFC 6890 and its
 * updates), and whatever the operator allows by name. Forms that hide an IPv4 address in an IPv6 one are refused as a
 * whole: no public receiver needs them.
 */
import ipaddr from 'ipaddr.js'

/** Networks in CIDR form, read once. */
export type AllowedNetworks = readonly (readonly [ipaddr.IPv4 | ipaddr.IPv6, number])[]

/** Undefined: the text is no network. An address alone is a network of one. */
export const readNetworks = (texts: readonly string[]): AllowedNetworks | undefined => {
  const read = texts.map((text) => {
    const whole = text.includes('/')
      ? text
      : ipaddr.isValid(text)
        ? `${text}/${text.includes(':') ? 128 : 32}`
        : text
    return ipaddr.isValidCIDR(whole) ? ipaddr.parseCIDR(whole) : undefined
  })
  const networks = read.filter((network) => network !== undefined)
  return networks.length === texts.length ? networks : undefined
}

/** Why no request goes to the address, or undefined. */
export const addressFault = (text: string, allowed: AllowedNetworks): string | undefined => {
  if (!ipaddr.isValid(text)) return `"${text.slice(0, 60)}" is no address`
  const address = ipaddr.parse(text)
  if (allowed.some((network) => isIn(address, network))) return undefined
  const range = address.range()
  if (range !== 'unicast')
    return `its address is ${RANGES[range] ?? 'of a special range'}, which is not called`
  // Of IPv6, IANA has given out nothing else to the world (RFC 4291, 2.4).
  if (address.kind() === 'ipv6' && !isIn(address, GLOBAL_UNICAST)) return 'its address is not a global one'
  return undefined
}

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

const isIn = (address: ipaddr.IPv4 | ipaddr.IPv6, [network, bits]: AllowedNetworks[number]): boolean => {
  if (address.kind() === network.kind()) return address.match([network, bits])
  // An operator who allows 10.0.0.0/8 means ::ffff:10.0.0.1 too: it is the same connection.
  if (network.kind() !== 'ipv4' || !(address instanceof ipaddr.IPv6) || !address.isIPv4MappedAddress())
    return false
  return address.toIPv4Address().match([network, bits])
}

const RANGES: Readonly<Record<string, string>> = {
  unspecified: 'unspecified',
  broadcast: 'a broadcast address',
  multicast: 'a multicast address',
  linkLocal: 'link-local',
  loopback: 'a loopback address',
  private: 'private',
  uniqueLocal: 'private',
  carrierGradeNat: 'behind a carrier-grade NAT',
  ipv4Mapped: 'an IPv4 address in an IPv6 one',
  rfc6145: 'an IPv4 address in an IPv6 one',
  rfc6052: 'an IPv4 address in an IPv6 one',
  '6to4': 'an IPv4 address in an IPv6 one',
  teredo: 'an IPv4 address in an IPv6 one',
  reserved: 'reserved',
}
