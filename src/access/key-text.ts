/**
 * API keys and client secrets as text: `sk_<12 hex digits>_<43 characters>`, of which the first part is no secret and
 * finds the row. Only SHA-256 of the whole is kept; the rest is 256 random bits, so no slow hash is needed to guard it.
 */
import { createHash, timingSafeEqual } from 'node:crypto'

/** The part of an API key that finds it; undefined: the text is no API key. */
export const prefixOfKey = (text: string): string | undefined =>
  /^sk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/.exec(text)?.[1]

/** Of random bytes: 6 for the part that is shown, 32 for the secret. */
export const keyOf = (shown: Buffer, secret: Buffer): { readonly prefix: string; readonly key: string } => {
  const prefix = shown.toString('hex')
  return { prefix, key: `sk_${prefix}_${secret.toString('base64url')}` }
}

export const digestOf = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest()

/** In a time that tells nothing of either. */
export const isSecret = (text: string, digest: Buffer): boolean => timingSafeEqual(digestOf(text), digest)
