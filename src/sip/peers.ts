/** The switches that may ask: addresses and networks. */
import { BlockList, isIP } from 'node:net'
import { EngineError } from '../base/errors.ts'

export type Peers = { readonly includes: (address: string) => boolean }

/** `cidrs`: `192.0.2.0/24`, `2001:db8::/32`, or an address alone. @throws EngineError SIP_BAD_PEER */
export const createPeers = (cidrs: readonly string[]): Peers => {
  const list = new BlockList()
  for (const cidr of cidrs) {
    const [address = '', length, ...more] = cidr.split('/')
    const version = isIP(address)
    const most = version === 4 ? 32 : 128
    const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1
    if (version === 0 || more.length > 0 || bits < 0 || bits > most)
      throw new EngineError('SIP_BAD_PEER', `"${cidr.slice(0, 60)}" is no address and no network`)
    list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6')
  }
  return {
    includes: (address) => {
      const version = isIP(address)
      return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
    },
  }
}

/** As the switch's socket names it: an IPv6 address may stand in brackets, an IPv4 one be mapped. */
export const plainAddress = (address: string): string =>
  address.replace(/^\[(.*)\]$/, '$1').replace(/^::ffff:(?=\d+\.)/i, '')
