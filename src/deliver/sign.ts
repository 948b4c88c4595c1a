/**
 * The signature of what we post: `t=<seconds since the epoch>,v1=<hex HMAC-SHA256 of "<t>.<body>">`, one v1 for each
 * secret that is good. A receiver compares in constant time and refuses a t that is old.
 */
import { createHmac, randomBytes } from 'node:crypto'

export const SIGNATURE_HEADER = 'strowger-signature'

export const signatureOf = (secrets: readonly string[], body: string, atMs: number): string => {
  const t = Math.floor(atMs / 1_000)
  const signed = secrets.map(
    (secret) => `v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`,
  )
  return [`t=${t}`, ...signed].join(',')
}

/** 32 bytes of chance; the prefix says what it is where it turns up. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64url')}`
