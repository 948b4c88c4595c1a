/**
 * Who may show up, indexed: keys, clients, and the organisations and users that tokens name. Built once per reading
 * of the tables and never changed; answers come from memory, so that no request waits for the database.
 */
import type { Caller, Scope } from './caller.ts'
import { isSecret, prefixOfKey } from './key-text.ts'

export type ApiKey = {
  readonly id: number
  readonly organizationId: number | undefined
  readonly name: string
  readonly prefix: string
  /** SHA-256 of the whole key. */
  readonly digest: Buffer
  readonly scopes: readonly Scope[]
  /** Milliseconds since the epoch; undefined: for good. */
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
}

export type OauthClient = {
  readonly id: number
  readonly organizationId: number | undefined
  readonly name: string
  readonly clientId: string
  readonly digest: Buffer
  readonly scopes: readonly Scope[]
  readonly enabled: boolean
}

export type AccessRecords = {
  /** Those that are enabled. */
  readonly organizations: readonly { readonly id: number; readonly sipDomain: string }[]
  readonly users: readonly { readonly id: number; readonly organizationId: number }[]
  readonly apiKeys: readonly ApiKey[]
  readonly clients: readonly OauthClient[]
}

/** Why nobody is admitted: a sentence for who sent the token. */
export type Unknown = { readonly kind: 'unknown'; readonly why: string }
export type Known<What> = { readonly kind: 'known'; readonly id: number } & What

export type AccessBook = {
  /** Undefined: the text is no API key at all. */
  readonly keyHolder: (token: string, now: number) => Known<{ caller: Caller }> | Unknown | undefined
  /** The client that has this secret. */
  readonly client: (clientId: string, secret: string) => OauthClient | undefined
  /** A client that may go on using what it was given. */
  readonly clientNamed: (clientId: string) => OauthClient | undefined
  readonly hasOrganization: (id: number) => boolean
  readonly organizationOfDomain: (sipDomain: string) => number | undefined
  readonly hasUser: (organizationId: number, userId: number) => boolean
}

export const EMPTY_RECORDS: AccessRecords = { organizations: [], users: [], apiKeys: [], clients: [] }

export const createAccessBook = (records: AccessRecords): AccessBook => {
  const organizations = new Set(records.organizations.map(({ id }) => id))
  const domains = new Map(records.organizations.map(({ id, sipDomain }) => [sipDomain.toLowerCase(), id]))
  const users = new Map(records.users.map(({ id, organizationId }) => [id, organizationId]))
  const keys = new Map(records.apiKeys.map((key) => [key.prefix, key]))
  const clients = new Map(records.clients.map((client) => [client.clientId, client]))
  const serves = (organizationId: number | undefined): boolean =>
    organizationId === undefined || organizations.has(organizationId)
  const clientNamed = (clientId: string): OauthClient | undefined => {
    const client = clients.get(clientId)
    return client !== undefined && client.enabled && serves(client.organizationId) ? client : undefined
  }

  return {
    keyHolder: (token, now) => {
      const prefix = prefixOfKey(token)
      if (prefix === undefined) return undefined
      const key = keys.get(prefix)
      // A key that is not there takes as long as one that is: who measures learns nothing of prefixes.
      if (!isSecret(token, key?.digest ?? NO_DIGEST) || key === undefined)
        return unknown('this API key is not known here')
      if (key.revokedAt !== undefined) return unknown('this API key was revoked')
      if (key.expiresAt !== undefined && key.expiresAt <= now) return unknown('this API key has expired')
      if (!serves(key.organizationId)) return unknown('the organisation of this API key is disabled')
      const { id, name, organizationId, scopes } = key
      const caller: Caller = {
        name: `key ${id} (${name})`,
        organizationId,
        userId: undefined,
        scopes: new Set(scopes),
      }
      return { kind: 'known', id, caller }
    },
    client: (clientId, secret) => {
      const client = clientNamed(clientId)
      return isSecret(secret, client?.digest ?? NO_DIGEST) ? client : undefined
    },
    clientNamed,
    hasOrganization: (id) => organizations.has(id),
    organizationOfDomain: (sipDomain) => domains.get(sipDomain.toLowerCase()),
    hasUser: (organizationId, userId) => users.get(userId) === organizationId,
  }
}

/** The digest of no text that anybody knows. */
const NO_DIGEST = Buffer.alloc(32)

const unknown = (why: string): Unknown => ({ kind: 'unknown', why })
