/** Tokens of the HTTP tests: each is known by its text, and there is one for each kind of caller. */
import { SCOPES, type Caller, type Scope } from '../../src/access/caller.ts'
import type { AccessDoors, ApiKeyRow, OauthClientRow } from '../../src/http/access-doors.ts'

const holder = (organizationId: number | undefined, scopes: readonly Scope[]): Caller => ({
  name: 'key 1 (tests)',
  organizationId,
  userId: undefined,
  scopes: new Set(scopes),
})

/** By the text of the token. */
export const HOLDERS: Readonly<Record<string, Caller>> = {
  'tenant-2': holder(2, SCOPES),
  'tenant-2-reads-calls': holder(2, ['calls:read']),
  'platform-reads-cdrs': holder(undefined, ['cdrs:read']),
  'platform-metrics': holder(undefined, ['platform:read']),
}

export const as = (token: string): { readonly authorization: string } => ({
  authorization: `Bearer ${token}`,
})

const MOMENT = Date.UTC(2026, 0, 1)

export const fakeAccess = (): AccessDoors => {
  const keys = new Map<number, ApiKeyRow>()
  const clients = new Map<number, OauthClientRow>()
  const within = <Row extends { readonly organizationId: number | undefined }>(
    row: Row | undefined,
    boundTo: number | undefined,
  ): Row | undefined => (boundTo === undefined || row?.organizationId === boundTo ? row : undefined)
  return {
    holderOf: (token) => {
      const caller = HOLDERS[token]
      if (caller !== undefined) return { kind: 'known', caller }
      return { kind: 'unknown', why: 'this token is not "known" here' }
    },
    grant: ({ clientId, clientSecret, scope }) => {
      if (clientId === 'broken') return Promise.reject(new Error('connect postgres://secret@db'))
      if (clientId !== 'client one' || clientSecret !== 'a:secret&more')
        return Promise.resolve({ kind: 'refused', error: 'invalid_client', why: 'no such client' })
      if (scope !== undefined && scope !== 'calls:read')
        return Promise.resolve({ kind: 'refused', error: 'invalid_scope', why: 'not for this client' })
      return Promise.resolve({
        kind: 'granted',
        token: 'a.b.c',
        expiresInSeconds: 3600,
        scopes: ['calls:read'],
      })
    },
    publicKeys: () => ({ keys: [{ kty: 'RSA', kid: 'one' }] }),
    apiKeys: {
      list: (boundTo) =>
        Promise.resolve([...keys.values()].filter((row) => within(row, boundTo) !== undefined)),
      get: (id, boundTo) => Promise.resolve(within(keys.get(id), boundTo)),
      add: (record) => {
        const id = keys.size + 1
        const row: ApiKeyRow = {
          ...record,
          id,
          prefix: '0123456789ab',
          revokedAt: undefined,
          lastUsedAt: undefined,
          createdAt: MOMENT,
        }
        keys.set(id, row)
        return Promise.resolve({ ...row, key: 'sk_0123456789ab_secret' })
      },
      remove: (id, boundTo) =>
        Promise.resolve(within(keys.get(id), boundTo) === undefined ? false : keys.delete(id)),
    },
    oauthClients: {
      list: (boundTo) =>
        Promise.resolve([...clients.values()].filter((row) => within(row, boundTo) !== undefined)),
      get: (id, boundTo) => Promise.resolve(within(clients.get(id), boundTo)),
      add: (record) => {
        const id = clients.size + 1
        const row: OauthClientRow = {
          ...record,
          id,
          clientId: `client ${id}`,
          enabled: true,
          lastUsedAt: undefined,
          createdAt: MOMENT,
        }
        clients.set(id, row)
        return Promise.resolve({ ...row, clientSecret: 'cs_secret' })
      },
      remove: (id, boundTo) =>
        Promise.resolve(within(clients.get(id), boundTo) === undefined ? false : clients.delete(id)),
    },
    secrets: {
      count: () => Promise.resolve([{ table: 'gateways', column: 'password_encrypted', current: 1, old: 2 }]),
      rotate: () =>
        Promise.resolve([{ table: 'gateways', column: 'password_encrypted', rotated: 2, unreadable: 0 }]),
    },
  }
}
