/** Who speaks to the API, and what he may: what a token stands for, whoever issued it. */

/** A right to a part of the API. `read` never changes anything. */
export const SCOPES = [
  'calls:read',
  'calls:write',
  'calls:supervise',
  'events:read',
  'cdrs:read',
  'recordings:read',
  'recordings:write',
  'records:read',
  'records:write',
  'routing:read',
  'routing:write',
  'webhooks:read',
  'webhooks:write',
] as const
export type Scope = (typeof SCOPES)[number]

export type Caller = {
  /** For the log and for audits: `admin`, `key 12 (CRM)`, `client acme-crm`, `user 7`. */
  readonly name: string
  /** All that he sees and changes is this organisation's. Undefined: the platform's own, bound by nothing. */
  readonly organizationId: number | undefined
  /** Where the token is a person's. */
  readonly userId: number | undefined
  readonly scopes: ReadonlySet<Scope> | 'all'
}

export const mayDo = ({ scopes }: Caller, scope: Scope): boolean => scopes === 'all' || scopes.has(scope)

/** Who holds the engine's own admin token. */
export const ADMIN: Caller = { name: 'admin', organizationId: undefined, userId: undefined, scopes: 'all' }
