/** Who may call the API beside those to whom the engine itself gives tokens; and the keys that secrets stand under. */
import type { Reader } from './reader.ts'

/** An issuer of JWTs that is not us: an identity provider. */
export type OutsideIssuer = {
  readonly issuer: string
  readonly audience: string
  readonly jwksUrl: string
  readonly algorithms: readonly string[]
  /** Names of claims; with points a path into objects. */
  readonly claims: { readonly organization: string; readonly user: string; readonly scope: string }
}

/** Signatures by a pair of keys only: whoever can check a token must not be able to make one. */
const ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
]
const OUR_OWN = 'strowger'

export const readOutsideIssuer = ({
  text,
  optional,
  url,
  list,
  problem,
}: Reader): OutsideIssuer | undefined => {
  const issuer = optional('STROWGER_JWT_ISSUER')
  const audience = optional('STROWGER_JWT_AUDIENCE')
  const jwksUrl = url('STROWGER_JWT_JWKS_URL', ['https:', 'http:'])
  const algorithms = list('STROWGER_JWT_ALGORITHMS')
  for (const algorithm of algorithms) {
    if (!ALGORITHMS.includes(algorithm))
      problem(`STROWGER_JWT_ALGORITHMS has "${algorithm}": it takes any of ${ALGORITHMS.join(', ')}`)
  }
  const claims = {
    organization: text('STROWGER_JWT_ORGANIZATION_CLAIM'),
    user: text('STROWGER_JWT_USER_CLAIM'),
    scope: text('STROWGER_JWT_SCOPE_CLAIM'),
  }
  if (issuer === undefined && audience === undefined && optional('STROWGER_JWT_JWKS_URL') === undefined)
    return undefined
  if (issuer === undefined || audience === undefined || jwksUrl === undefined) {
    problem(
      'STROWGER_JWT_ISSUER, STROWGER_JWT_AUDIENCE and STROWGER_JWT_JWKS_URL go together: set all of them',
    )
    return undefined
  }
  if (issuer === OUR_OWN) problem(`STROWGER_JWT_ISSUER is "${OUR_OWN}", which is what our own tokens say`)
  return { issuer, audience, jwksUrl, algorithms, claims }
}

/** Master keys that encrypt nothing any more, or not yet, and still open what stands under them. */
export const readOtherMasterKeys = ({ list, problem }: Reader): readonly Buffer[] =>
  list('STROWGER_MASTER_KEYS_OLD').flatMap((text) => {
    const key = keyIn(text)
    if (key === undefined)
      problem(
        'STROWGER_MASTER_KEYS_OLD takes keys of 32 bytes, each as 64 hex digits or in base64, joined by commas',
      )
    return key === undefined ? [] : [key]
  })

/** 32 bytes as 64 hex digits or in base64; undefined: it is none. */
export const keyIn = (text: string): Buffer | undefined => {
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  return key.length === 32 ? key : undefined
}
