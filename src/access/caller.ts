/** Who speaks to the API, and what he may: what a token stands for, whoever issued it. */

/** A right to a part of the API. `read` never changes anything. */
export const SCOPES = [
  'calls:read',
  'calls:write',
  'calls:supervise',
  'events:read',
  'cdrs:read',
  'cdrs:write',
  'recordings:read',
  'recordings:write',
  'records:read',
  'records:write',
  'routing:read',
  'routing:write',
  'webhooks:read',
  'webhooks:write',
  // Metrics, bans, replays, records from files: nobody who is bound to an organisation ever has these.
  'platform:read',
  'platform:write',
] as const
export type Scope = (typeof SCOPES)[number]

export const isScope = (text: string): text is Scope => SCOPES.some((scope) => scope === text)

const isOfPlatform = (scope: Scope): boolean => scope.startsWith('platform:')

/** What an organisation's token may hold. */
export const TENANT_SCOPES: readonly Scope[] = SCOPES.filter((scope) => !isOfPlatform(scope))

export type Caller = {
  /** For the log and for audits: `admin`, `key 12 (CRM)`, `client acme-crm`, `user 7`. */
  readonly name: string
  /** All that he sees and changes is this organisation's. Undefined: the platform's own, bound by nothing. */
  readonly organizationId: number | undefined
  /** Where the token is a person's. */
  readonly userId: number | undefined
  readonly scopes: ReadonlySet<Scope> | 'all'
}

/**
 * `any`: whoever has a token. Undefined: a route that says nothing is for the platform's own token, with every right.
 */
export const mayDo = ({ scopes, organizationId }: Caller, scope: Scope | 'any' | undefined): boolean => {
  if (scope === 'any') return true
  if (scope === undefined) return organizationId === undefined && scopes === 'all'
  if (organizationId !== undefined && isOfPlatform(scope)) return false
  return scopes === 'all' || scopes.has(scope)
}

/** All of them: nobody gives away more than he has. */
export const mayGive = (giver: Caller, scopes: readonly Scope[]): boolean =>
  scopes.every((scope) => mayDo(giver, scope))

/** Who holds the engine's own admin token. */
export const ADMIN: Caller = { name: 'admin', organizationId: undefined, userId: undefined, scopes: 'all' }
