/** Who may call the API, read whole: engines keep it in memory. Never a secret, only what one is compared with. */
import type { AccessRecords, ApiKey, OauthClient } from '../access/access-book.ts'
import { isScope } from '../access/caller.ts'
import type { Database } from './database.ts'

/** Throws STORE_UNAVAILABLE. */
export const loadAccess = (database: Database): Promise<AccessRecords> =>
  database.transaction(
    async (on) => ({
      organizations: await on.query<AccessRecords['organizations'][number]>(
        'SELECT id, sip_domain AS "sipDomain" FROM organizations WHERE enabled',
      ),
      users: await on.query<AccessRecords['users'][number]>(
        'SELECT id, organization_id AS "organizationId" FROM users WHERE enabled',
      ),
      apiKeys: (
        await on.query<StoredKey>(
          `SELECT id, organization_id AS "organizationId", name, key_prefix AS prefix, key_hash AS digest, scopes,
             expires_at AS "expiresAt", revoked_at AS "revokedAt" FROM api_keys`,
        )
      ).map((row) => ({
        ...row,
        organizationId: row.organizationId ?? undefined,
        scopes: row.scopes.filter(isScope),
        expiresAt: row.expiresAt ?? undefined,
        revokedAt: row.revokedAt ?? undefined,
      })),
      clients: (
        await on.query<StoredClient>(
          `SELECT id, organization_id AS "organizationId", name, client_id AS "clientId", secret_hash AS digest,
             scopes, enabled FROM oauth_clients`,
        )
      ).map((row) => ({
        ...row,
        organizationId: row.organizationId ?? undefined,
        scopes: row.scopes.filter(isScope),
      })),
    }),
    'snapshot',
  )

type StoredKey = Omit<ApiKey, 'organizationId' | 'scopes' | 'expiresAt' | 'revokedAt'> & {
  readonly organizationId: number | null
  /** A scope of a newer engine means nothing to this one. */
  readonly scopes: readonly string[]
  readonly expiresAt: number | null
  readonly revokedAt: number | null
}

type StoredClient = Omit<OauthClient, 'organizationId' | 'scopes'> & {
  readonly organizationId: number | null
  readonly scopes: readonly string[]
}
