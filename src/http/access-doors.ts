/** What the API needs to know who calls it, and to give out and take back keys, as shapes; `app` gives them. */
import type { Caller, Scope } from '../access/caller.ts'
import type { ApiKeyRow, OauthClientRow } from '../store/access-writes.ts'
import type { Rotation, SecretCount } from '../store/secret-rotation.ts'

export type { ApiKeyRow, OauthClientRow, Rotation, SecretCount }

export type Holder =
  | { readonly kind: 'known'; readonly caller: Caller }
  /** A sentence for who sent the token. */
  | { readonly kind: 'unknown'; readonly why: string }

export type AccessDoors = {
  /**
   * Who holds a bearer token that is not the admin's: an API key, a token of ours, or one of an outside issuer. Reads
   * no database. Throws DELIVER_ISSUER_AWAY.
   */
  readonly holderOf: (token: string) => Holder | Promise<Holder>
  /** RFC 6749, 4.4. Throws ACCESS_NO_SIGNER where no key was ever read from the database. */
  readonly grant: (request: GrantRequest) => Promise<Granted>
  /** RFC 7517: the keys that our tokens are checked by. */
  readonly publicKeys: () => { readonly keys: readonly Readonly<Record<string, unknown>>[] }
  readonly apiKeys: AccessCollection<NewApiKey, ApiKeyRow, { readonly key: string }>
  readonly oauthClients: AccessCollection<NewOauthClient, OauthClientRow, { readonly clientSecret: string }>
  readonly secrets: SecretDoors
}

export type GrantRequest = {
  readonly clientId: string
  readonly clientSecret: string
  /** Undefined: all that the client has. */
  readonly scope: string | undefined
}

export type Granted =
  | {
      readonly kind: 'granted'
      readonly token: string
      readonly expiresInSeconds: number
      readonly scopes: readonly Scope[]
    }
  | { readonly kind: 'refused'; readonly error: 'invalid_client' | 'invalid_scope'; readonly why: string }

/** `boundTo`: nothing but this organisation's is seen or changed; undefined: everybody's. */
export type AccessCollection<New, Row, Secret> = {
  readonly list: (boundTo: number | undefined) => Promise<readonly Row[]>
  readonly get: (id: number, boundTo: number | undefined) => Promise<Row | undefined>
  /** The secret is told here and never again. */
  readonly add: (record: New) => Promise<Row & Secret>
  readonly remove: (id: number, boundTo: number | undefined) => Promise<boolean>
}

export type NewApiKey = {
  /** Undefined: the platform's. */
  readonly organizationId: number | undefined
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Milliseconds since the epoch; undefined: for good. */
  readonly expiresAt: number | undefined
  readonly createdBy: string
}

export type NewOauthClient = Omit<NewApiKey, 'expiresAt'>

export type SecretDoors = {
  readonly count: () => Promise<readonly SecretCount[]>
  /** Every secret under the first master key; told when all are done. Joins a run that goes on. */
  readonly rotate: () => Promise<readonly Rotation[]>
}
