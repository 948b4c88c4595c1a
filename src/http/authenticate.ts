/**
 * From an Authorization header to its caller. The admin token is compared first and needs nothing else: it works
 * while everything that keys and tokens hang on is away.
 */
import { ADMIN, type Caller } from '../access/caller.ts'
import type { AccessDoors, Holder } from './access-doors.ts'
import { admitBearer } from './credentials.ts'

/** `none`: nothing was shown. */
export type Authenticated = Holder | { readonly kind: 'none' }

export type Authenticate = (header: string | undefined) => Authenticated | Promise<Authenticated>

/** More than any token that is read here. */
const MOST_CHARACTERS = 16_384

export const createAuthenticate = (
  adminToken: string,
  { holderOf }: Pick<AccessDoors, 'holderOf'>,
): Authenticate => {
  const isAdmin = admitBearer(adminToken)
  return (header) => {
    if (header === undefined) return { kind: 'none' }
    if (isAdmin(header)) return { kind: 'known', caller: ADMIN }
    const token = /^bearer +([\x21-\x7e]+) *$/i.exec(header.slice(0, MOST_CHARACTERS))?.[1]
    if (token === undefined || header.length > MOST_CHARACTERS) return { kind: 'unknown', why: NO_BEARER }
    return holderOf(token)
  }
}

const NO_BEARER = 'the header has to be "Authorization: Bearer <token>"'

/** What X-Organization-Id says; `malformed` where it is no id. */
export const organizationNamed = (
  header: string | readonly string[] | undefined,
): number | 'malformed' | undefined => {
  if (header === undefined) return undefined
  if (typeof header !== 'string' || !/^[1-9]\d{0,8}$/.test(header)) return 'malformed'
  return Number(header)
}

/**
 * The caller as he is bound by the organisation that the request names: the platform's own is bound to it, an
 * organisation's own may name itself. Undefined: it is another's.
 */
export const boundBy = (caller: Caller, named: number | undefined): Caller | undefined => {
  if (named === undefined || named === caller.organizationId) return caller
  return caller.organizationId === undefined ? { ...caller, organizationId: named } : undefined
}
