/**
 * From the claims of a token whose signature was found good to who holds it. Two kinds: our own tokens, which name
 * their client, and those of an outside issuer, whose claims are named by the configuration.
 */
import type { JWTPayload } from 'jose'
import type { AccessBook, Unknown } from './access-book.ts'
import { isScope, TENANT_SCOPES, type Caller, type Scope } from './caller.ts'

export type Holder = { readonly kind: 'known'; readonly caller: Caller } | Unknown

/** Names of claims: as they stand, or as a path with points into objects (`resource_access.strowger.roles`). */
export type ClaimNames = {
  readonly organization: string
  readonly user: string
  readonly scope: string
}

/** RFC 9068: `client_id` and `scope`. A client that was removed or disabled takes its tokens with it. */
export const holderOfOwn = (claims: JWTPayload, book: AccessBook): Holder => {
  const clientId = claims['client_id']
  const client = typeof clientId === 'string' ? book.clientNamed(clientId) : undefined
  if (client === undefined) return unknown('the client of this token is gone')
  const granted = scopesIn(claims['scope']).filter((scope) => client.scopes.includes(scope))
  return known({
    name: `client ${client.id} (${client.name})`,
    organizationId: client.organizationId,
    userId: undefined,
    scopes: new Set(granted),
  })
}

/**
 * An outside issuer speaks for organisations only: a token that names none is nobody's, and rights over the platform
 * are never its to give.
 */
export const holderOfOutside = (claims: JWTPayload, names: ClaimNames, book: AccessBook): Holder => {
  const organizationId = organizationIn(claimAt(claims, names.organization), book)
  if (organizationId === undefined)
    return unknown(`the token's claim ${names.organization} names no organisation that is served here`)
  const user = claimAt(claims, names.user)
  const userId = user === undefined || user === null ? undefined : idIn(user)
  if (user !== undefined && user !== null && (userId === undefined || !book.hasUser(organizationId, userId)))
    return unknown(`the token's claim ${names.user} names no user of the organisation`)
  const scopes = scopesIn(claimAt(claims, names.scope)).filter((scope) => TENANT_SCOPES.includes(scope))
  const subject = typeof claims.sub === 'string' ? plain(claims.sub) : 'without subject'
  return known({
    name: userId === undefined ? `outside ${subject}` : `user ${userId} (${subject})`,
    organizationId,
    userId,
    scopes: new Set(scopes),
  })
}

/** A claim by its name, or by a path where no claim has the name: URLs as names have points in them. */
export const claimAt = (claims: JWTPayload, name: string): unknown => {
  if (Object.hasOwn(claims, name)) return claims[name]
  let found: unknown = claims
  for (const part of name.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as Record<string, unknown>)[part]
  }
  return found
}

/** Words in a text (RFC 6749, 3.3) or a list; what is no scope of ours is somebody else's. */
const scopesIn = (claim: unknown): readonly Scope[] => {
  const words: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? (claim as unknown[]) : []
  return words.filter((word): word is Scope => typeof word === 'string' && isScope(word))
}

/** By its id, or by its SIP domain. */
const organizationIn = (claim: unknown, book: AccessBook): number | undefined => {
  const id = idIn(claim)
  if (id !== undefined) return book.hasOrganization(id) ? id : undefined
  return typeof claim === 'string' ? book.organizationOfDomain(claim) : undefined
}

const idIn = (claim: unknown): number | undefined => {
  const text = typeof claim === 'number' ? String(claim) : claim
  return typeof text === 'string' && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined
}

/** For logs and audits: a stranger's text, cut and cleaned. */
const plain = (text: string): string => text.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')

const unknown = (why: string): Unknown => ({ kind: 'unknown', why })
const known = (caller: Caller): Holder => ({ kind: 'known', caller })
