import { createHash } from 'node:crypto'
import type { Exchange } from './exchange.ts'
import { coreHeaders } from './fired-event.ts'
import { childrenOf, findChild, pairsOf, type XmlNode } from './xml-tree.ts'

/** Owns what the switch asks the directory, and who that lets in. */
export type DirectoryUser = {
  readonly params: ReadonlyMap<string, string>
  readonly variables: ReadonlyMap<string, string>
}

/** Answers that said `cacheable`, by `id USER DOMAIN`, and until when they stand. */
export type UserCache = Map<string, { readonly user: DirectoryUser; readonly until: number }>

/** switch_xml_locate_user_merged: the cache first. */
export const locateUser = async (
  exchange: Exchange,
  username: string,
  domain: string,
  parameters: Readonly<Record<string, string>>,
): Promise<DirectoryUser | undefined> => {
  const key = `id ${username} ${domain}`
  const kept = exchange.users.get(key)
  if (kept !== undefined && exchange.clock.now() <= kept.until) return kept.user
  const found = await fetchUser(exchange, username, domain, parameters)
  if (found === undefined) return undefined
  if (found.cacheable !== '') {
    const ms = /^\d+$/.test(found.cacheable) ? Number(found.cacheable) : Number.POSITIVE_INFINITY
    exchange.users.set(key, { user: found.user, until: exchange.clock.now() + ms })
  }
  return found.user
}

/** xml_flush_cache: `id USER DOMAIN`, or all. Resolves with how many there were. */
export const flushUsers = ({ users }: Exchange, argument: string): number => {
  const key = argument.trim()
  if (key.includes(' ')) return Number(users.delete(key))
  const count = users.size
  users.clear()
  return count
}

/** switch_xml_locate_user; undefined when the user or his domain is not there. */
const fetchUser = async (
  exchange: Exchange,
  username: string,
  domain: string,
  parameters: Readonly<Record<string, string>>,
): Promise<{ readonly user: DirectoryUser; readonly cacheable: string } | undefined> => {
  const section = await exchange.xml.fetch({
    section: 'directory',
    tagName: 'domain',
    keyName: 'name',
    keyValue: domain,
    parameters: {
      ...coreHeaders(exchange, 'REQUEST_PARAMS'),
      ...parameters,
      key: 'id',
      user: username,
      domain,
    },
  })
  const domainNode = findChild(section, 'domain', 'name', domain)
  const found = domainNode === undefined ? undefined : userIn(domainNode, username)
  if (found === undefined) return undefined
  // switch_xml_merge_user: what the user says wins over his group's, that over the domain's.
  const levels = [domainNode, found.group, found.user]
  const user = {
    params: new Map(levels.flatMap((level) => [...pairsOf(findChild(level, 'params'), 'param')])),
    variables: new Map(levels.flatMap((level) => [...pairsOf(findChild(level, 'variables'), 'variable')])),
  }
  return { user, cacheable: found.user.attributes['cacheable'] ?? '' }
}

const userIn = (
  domain: XmlNode,
  username: string,
): { readonly user: XmlNode; readonly group: XmlNode | undefined } | undefined => {
  const isUser = (node: XmlNode): boolean =>
    node.name === 'user' &&
    (node.attributes['id'] === username || node.attributes['number-alias'] === username)
  const direct = domain.children.find(isUser) ?? findChild(domain, 'users')?.children.find(isUser)
  if (direct !== undefined) return { user: direct, group: undefined }
  for (const group of childrenOf(findChild(domain, 'groups'), 'group')) {
    const user = findChild(group, 'users')?.children.find(isUser)
    if (user !== undefined) return { user, group }
  }
  return undefined
}

export type Authentication = {
  readonly profile: string
  readonly username: string
  readonly domain: string
  readonly method: 'REGISTER' | 'INVITE'
  readonly sourceAddress: string
  readonly sourcePort: number
  readonly callId: string
  readonly requestUser: string
  /** Undefined for a phone that knows its password, whatever that is. */
  readonly password: string | undefined
}

/** The directory's one question after the challenge (sofia_reg.c, sofia_reg_parse_auth); undefined is a 403. */
export const authenticate = async (
  exchange: Exchange,
  phone: Authentication,
): Promise<DirectoryUser | undefined> => {
  const nonce = exchange.newUuid()
  const cnonce = 'c0ffee'
  const uri = phone.method === 'REGISTER' ? `sip:${phone.domain}` : `sip:${phone.requestUser}@${phone.domain}`
  const responseOf = (a1: string): string => {
    const a2 = md5(`${phone.method}:${uri}`)
    return md5(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`)
  }
  const sent = responseOf(
    phone.password === undefined ? '' : md5(`${phone.username}:${phone.domain}:${phone.password}`),
  )
  const user = await locateUser(exchange, phone.username, phone.domain, {
    action: 'sip_auth',
    sip_profile: phone.profile,
    sip_user_agent: 'Strowger simulator',
    sip_auth_username: phone.username,
    sip_auth_realm: phone.domain,
    sip_auth_nonce: nonce,
    sip_auth_uri: uri,
    sip_contact_user: phone.username,
    sip_contact_host: phone.sourceAddress,
    sip_to_user: phone.method === 'REGISTER' ? phone.username : phone.requestUser,
    sip_to_host: phone.domain,
    sip_via_protocol: 'udp',
    sip_from_user: phone.username,
    sip_from_host: phone.domain,
    sip_call_id: phone.callId,
    ...(phone.method === 'REGISTER' ? {} : { sip_request_user: phone.requestUser }),
    sip_request_host: phone.domain,
    sip_auth_qop: 'auth',
    sip_auth_cnonce: cnonce,
    sip_auth_nc: '00000001',
    sip_auth_response: sent,
    sip_auth_method: phone.method,
    client_port: String(phone.sourcePort),
    ip: phone.sourceAddress,
  })
  if (user === undefined) return undefined
  // Before the hash is looked at (sofia_reg.c, auth_acl).
  const list = user.params.get('auth-acl')
  if (list !== undefined && !exchange.acl.allows(list, phone.sourceAddress)) return undefined
  const hash = user.params.get('a1-hash')
  const password = user.params.get('password')
  // sofia_reg.c: neither is no password at all, and only `allow-empty-password` lets that in.
  if (hash === undefined && password === undefined) return undefined
  if (phone.password === undefined) return user
  const expected = hash ?? md5(`${phone.username}:${phone.domain}:${password ?? ''}`)
  return responseOf(expected) === sent ? user : undefined
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')
