/** Tokens that are signed (RFC 7519): ours are made and checked here, those of an outside issuer checked. */
import { errors, jwtVerify, SignJWT, type CryptoKey, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import type { Unknown } from './access-book.ts'
import type { Scope } from './caller.ts'

export type Verified = { readonly kind: 'verified'; readonly claims: JWTPayload } | Unknown

export type Rules = {
  readonly issuer: string
  readonly audience: string
  /** What else a header names is refused, `none` and shared secrets above all. */
  readonly algorithms: readonly string[]
  readonly key: JWTVerifyGetKey
  /** `typ` of the header, where it is asked for. */
  readonly type?: string
}

/** What our own tokens carry (RFC 9068). */
export const OWN_ISSUER = 'strowger'
export const OWN_AUDIENCE = 'strowger-api'
export const OWN_ALGORITHM = 'RS256'
const OWN_TYPE = 'at+jwt'
/** One hour. */
export const TOKEN_SECONDS = 3600

/** Clocks of two hosts differ by so much at the most. */
const CLOCK_TOLERANCE_SECONDS = 30
/** A token of a kilobyte has room for every claim that is read here. */
const MOST_CHARACTERS = 16_384

export const looksSigned = (token: string): boolean =>
  token.length <= MOST_CHARACTERS && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)

/** Whose it says that it is, before anything was checked: only to choose whose rules it is held against. */
export const issuerOf = (token: string): string | undefined => {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    if (typeof claims !== 'object' || claims === null || !('iss' in claims)) return undefined
    return typeof claims.iss === 'string' ? claims.iss : undefined
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined
    throw fault
  }
}

/** `now` in milliseconds. A fault that is not of the token (keys cannot be had) is thrown. */
export const verify = async (token: string, rules: Rules, now: number): Promise<Verified> => {
  try {
    const { payload } = await jwtVerify(token, rules.key, {
      issuer: rules.issuer,
      audience: rules.audience,
      algorithms: [...rules.algorithms],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now),
      // Without an end a token that leaks is good for ever.
      requiredClaims: ['exp'],
      ...(rules.type !== undefined && { typ: rules.type }),
    })
    return { kind: 'verified', claims: payload }
  } catch (fault) {
    if (!(fault instanceof errors.JOSEError)) throw fault
    return { kind: 'unknown', why: sentence(fault) }
  }
}

export const ownRules = (key: JWTVerifyGetKey): Rules => ({
  issuer: OWN_ISSUER,
  audience: OWN_AUDIENCE,
  algorithms: [OWN_ALGORITHM],
  key,
  type: OWN_TYPE,
})

export type OwnToken = {
  readonly clientId: string
  readonly organizationId: number | undefined
  readonly scopes: readonly Scope[]
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly tokenId: string
}

export const signOwn = async (
  { clientId, organizationId, scopes, now, tokenId }: OwnToken,
  key: { readonly kid: string; readonly privateKey: CryptoKey },
): Promise<string> => {
  const issuedAt = Math.floor(now / 1000)
  return new SignJWT({
    client_id: clientId,
    scope: scopes.join(' '),
    ...(organizationId !== undefined && { organization_id: organizationId }),
  })
    .setProtectedHeader({ alg: OWN_ALGORITHM, typ: OWN_TYPE, kid: key.kid })
    .setIssuer(OWN_ISSUER)
    .setAudience(OWN_AUDIENCE)
    .setSubject(clientId)
    .setJti(tokenId)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_SECONDS)
    .sign(key.privateKey)
}

const sentence = (fault: Error): string => {
  if (fault instanceof errors.JWTExpired) return 'the token has expired'
  if (fault instanceof errors.JWTClaimValidationFailed)
    return `the claim ${fault.claim} of the token does not fit`
  if (fault instanceof errors.JWKSNoMatchingKey) return 'the token is signed by a key that is not known'
  if (fault instanceof errors.JOSEAlgNotAllowed) return 'the token is signed in a way that is not allowed'
  return 'the token is not signed as it should be'
}
