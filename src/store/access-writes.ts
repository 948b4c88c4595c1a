/**
 * Rows of API keys and OAuth clients. Whoever is bound to an organisation sees and changes its rows alone: to him the
 * others are not there. Secrets come hashed; nothing here has ever seen one.
 */
import type { Scope } from '../access/caller.ts'
import type { Queryable } from './database.ts'
import { guarded, id, madeId, moment, name } from './input.ts'

export type ApiKeyRow = {
  readonly id: number
  readonly organizationId: number | undefined
  readonly name: string
  /** With `sk_` before it the beginning of the key. */
  readonly prefix: string
  readonly scopes: readonly string[]
  /** Milliseconds since the epoch, like all moments. */
  readonly expiresAt: number | undefined
  readonly revokedAt: number | undefined
  readonly lastUsedAt: number | undefined
  readonly createdBy: string
  readonly createdAt: number
}

export type NewApiKeyRow = {
  readonly organizationId: number | undefined
  readonly name: string
  readonly prefix: string
  readonly digest: Buffer
  readonly scopes: readonly Scope[]
  readonly expiresAt: number | undefined
  readonly createdBy: string
}

const KEYS = `SELECT id, organization_id AS "organizationId", name, key_prefix AS prefix, scopes,
  expires_at AS "expiresAt", revoked_at AS "revokedAt", last_used_at AS "lastUsedAt", created_by AS "createdBy",
  created_at AS "createdAt" FROM api_keys`

const WITHIN = '($1::integer IS NULL OR organization_id = $1)'

export const listApiKeys = async (
  on: Queryable,
  boundTo: number | undefined,
): Promise<readonly ApiKeyRow[]> =>
  (await on.query<Stored<ApiKeyRow>>(`${KEYS} WHERE ${WITHIN} ORDER BY id`, [boundTo ?? null])).map(keyRow)

export const getApiKey = async (
  on: Queryable,
  keyId: number,
  boundTo: number | undefined,
): Promise<ApiKeyRow | undefined> => {
  const [row] = await on.query<Stored<ApiKeyRow>>(`${KEYS} WHERE ${WITHIN} AND id = $2`, [
    boundTo ?? null,
    id('id', keyId),
  ])
  return row === undefined ? undefined : keyRow(row)
}

/** STORE_BAD_INPUT names the field. */
export const addApiKey = (on: Queryable, record: NewApiKeyRow): Promise<number> =>
  guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        `INSERT INTO api_keys (organization_id, name, key_prefix, key_hash, scopes, expires_at, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id`,
        [
          record.organizationId ?? null,
          name('name', record.name, 255),
          record.prefix,
          record.digest,
          record.scopes,
          record.expiresAt === undefined ? null : moment('expiresAt', record.expiresAt),
          record.createdBy,
        ],
      ),
    ),
  )

/** Revoked once is revoked for good, and the row stays for whoever asks later whose key it was. False: none. */
export const revokeApiKey = async (
  on: Queryable,
  keyId: number,
  boundTo: number | undefined,
): Promise<boolean> => {
  const rows = await on.query(
    `UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()), updated_at = now()
     WHERE ${WITHIN} AND id = $2 RETURNING id`,
    [boundTo ?? null, id('id', keyId)],
  )
  return rows.length > 0
}

export type OauthClientRow = {
  readonly id: number
  readonly organizationId: number | undefined
  readonly name: string
  readonly clientId: string
  readonly scopes: readonly string[]
  readonly enabled: boolean
  readonly lastUsedAt: number | undefined
  readonly createdBy: string
  readonly createdAt: number
}

export type NewOauthClientRow = {
  readonly organizationId: number | undefined
  readonly name: string
  readonly clientId: string
  readonly digest: Buffer
  readonly scopes: readonly Scope[]
  readonly createdBy: string
}

const CLIENTS = `SELECT id, organization_id AS "organizationId", name, client_id AS "clientId", scopes, enabled,
  last_used_at AS "lastUsedAt", created_by AS "createdBy", created_at AS "createdAt" FROM oauth_clients`

export const listOauthClients = async (
  on: Queryable,
  boundTo: number | undefined,
): Promise<readonly OauthClientRow[]> =>
  (await on.query<Stored<OauthClientRow>>(`${CLIENTS} WHERE ${WITHIN} ORDER BY id`, [boundTo ?? null])).map(
    clientRow,
  )

export const getOauthClient = async (
  on: Queryable,
  rowId: number,
  boundTo: number | undefined,
): Promise<OauthClientRow | undefined> => {
  const [row] = await on.query<Stored<OauthClientRow>>(`${CLIENTS} WHERE ${WITHIN} AND id = $2`, [
    boundTo ?? null,
    id('id', rowId),
  ])
  return row === undefined ? undefined : clientRow(row)
}

export const addOauthClient = (on: Queryable, record: NewOauthClientRow): Promise<number> =>
  guarded(async () =>
    madeId(
      await on.query<{ id: number }>(
        `INSERT INTO oauth_clients (organization_id, name, client_id, secret_hash, scopes, created_by)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
        [
          record.organizationId ?? null,
          name('name', record.name, 255),
          record.clientId,
          record.digest,
          record.scopes,
          record.createdBy,
        ],
      ),
    ),
  )

/** Its tokens go with it. False: there is none. */
export const removeOauthClient = async (
  on: Queryable,
  rowId: number,
  boundTo: number | undefined,
): Promise<boolean> => {
  const rows = await on.query(`DELETE FROM oauth_clients WHERE ${WITHIN} AND id = $2 RETURNING id`, [
    boundTo ?? null,
    id('id', rowId),
  ])
  return rows.length > 0
}

/** When each was seen last: written behind, in one statement a table, never back in time. */
export const noteUses = async (
  on: Queryable,
  table: 'api_keys' | 'oauth_clients',
  uses: ReadonlyMap<number, number>,
): Promise<void> => {
  if (uses.size === 0) return
  await on.query(
    `UPDATE ${table} SET last_used_at = used.at
     FROM unnest($1::integer[], $2::timestamptz[]) AS used (id, at)
     WHERE ${table}.id = used.id AND (last_used_at IS NULL OR last_used_at < used.at)`,
    [[...uses.keys()], [...uses.values()].map((at) => new Date(at).toISOString())],
  )
}

/** As PostgreSQL tells it: null where the row has nothing. */
type Stored<Row> = {
  readonly [Field in keyof Row]: undefined extends Row[Field]
    ? Exclude<Row[Field], undefined> | null
    : Row[Field]
}

const keyRow = (row: Stored<ApiKeyRow>): ApiKeyRow => ({
  ...row,
  organizationId: row.organizationId ?? undefined,
  expiresAt: row.expiresAt ?? undefined,
  revokedAt: row.revokedAt ?? undefined,
  lastUsedAt: row.lastUsedAt ?? undefined,
})

const clientRow = (row: Stored<OauthClientRow>): OauthClientRow => ({
  ...row,
  organizationId: row.organizationId ?? undefined,
  lastUsedAt: row.lastUsedAt ?? undefined,
})
