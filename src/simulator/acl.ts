import { BlockList, isIP } from 'node:net'
import type { XmlFetch } from './xml-fetch.ts'
import { childrenOf, findChild } from './xml-tree.ts'

/** Owns the network lists of acl.conf. A list that is not there lets nobody in (switch_core.c). */
export type Acl = {
  readonly load: (parameters: Readonly<Record<string, string>>) => Promise<boolean>
  readonly allows: (list: string, address: string) => boolean
}

type NetworkList = {
  readonly allowByDefault: boolean
  readonly allowed: BlockList
  readonly denied: BlockList
}

export const createAcl = (xml: XmlFetch): Acl => {
  let lists = new Map<string, NetworkList>()
  return {
    load: async (parameters) => {
      const section = await xml.fetch({
        section: 'configuration',
        tagName: 'configuration',
        keyName: 'name',
        keyValue: 'acl.conf',
        parameters,
      })
      const configuration = findChild(section, 'configuration', 'name', 'acl.conf')
      if (configuration === undefined) return false
      const loaded = new Map<string, NetworkList>()
      for (const list of childrenOf(findChild(configuration, 'network-lists'), 'list')) {
        const allowed = new BlockList()
        const denied = new BlockList()
        for (const node of childrenOf(list, 'node')) {
          const cidr = node.attributes['cidr'] ?? node.attributes['host']
          if (cidr !== undefined) addTo(node.attributes['type'] === 'allow' ? allowed : denied, cidr)
        }
        loaded.set(list.attributes['name'] ?? '', {
          allowByDefault: list.attributes['default'] === 'allow',
          allowed,
          denied,
        })
      }
      lists = loaded
      return true
    },
    allows: (name, address) => {
      const list = lists.get(name)
      const family = isIP(address)
      if (list === undefined || family === 0) return false
      const kind = family === 6 ? 'ipv6' : 'ipv4'
      if (list.denied.check(address, kind)) return false
      return list.allowed.check(address, kind) || list.allowByDefault
    },
  }
}

const addTo = (list: BlockList, cidr: string): void => {
  for (const part of cidr.split(',')) {
    const [address = '', bits] = part.trim().split('/')
    const family = isIP(address)
    if (family === 0) continue
    const kind = family === 6 ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, kind)
    else list.addSubnet(address, Number(bits), kind)
  }
}
