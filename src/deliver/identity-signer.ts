/**
 * Signs calls with the engine's own key (RFC 8224). A signature takes some 30 µs, and a plan is answered in the same
 * turn: so node's own crypto, which signs at once, and not a promise for each attempt.
 */
import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import { claimsText, headerText, identityHeader, type Claims } from '../caller-id/passport.ts'
import { EngineError } from '../base/errors.ts'

/** The Identity header of a call. A signer that has to ask somebody else may answer later, or with none. */
export type SignIdentity = (claims: Claims) => string | undefined

/** Throws DELIVER_BAD_SIGNING_KEY: only an EC key on P-256 makes ES256. */
export const createIdentitySigner = (pem: string, certificateUrl: string): SignIdentity => {
  const key = keyOf(pem)
  const head = Buffer.from(headerText(certificateUrl)).toString('base64url')
  return (claims) => {
    const signed = `${head}.${Buffer.from(claimsText(claims)).toString('base64url')}`
    // JWS wants r and s side by side, not DER (RFC 7518, 3.4).
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
    return identityHeader(`${signed}.${signature.toString('base64url')}`, certificateUrl)
  }
}

const keyOf = (pem: string): KeyObject => {
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch (fault) {
    throw new EngineError(
      'DELIVER_BAD_SIGNING_KEY',
      'STIR_PRIVATE_KEY_FILE holds no private key in PEM',
      {},
      fault,
    )
  }
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key
  throw new EngineError('DELIVER_BAD_SIGNING_KEY', 'STIR_PRIVATE_KEY_FILE holds no EC key on P-256')
}
