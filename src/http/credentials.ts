/** What a request shows us, compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** Whether an Authorization header is the one that we expect. */
export type Admits = (header: string | undefined) => boolean

export const admitBearer = (token: string): Admits => admit('bearer ', digest(token))

/** HTTP basic, RFC 7617. */
export const admitBasic = (username: string, password: string): Admits =>
  admit('basic ', digest(Buffer.from(`${username}:${password}`, 'utf8').toString('base64')))

/** Digests are compared, so that neither content nor length shows in the time that it takes (1 us). */
const admit = (scheme: string, expected: Buffer): Admits => {
  return (header) => {
    if (header === undefined || header.length > 4096) return false
    if (header.slice(0, scheme.length).toLowerCase() !== scheme) return false
    return timingSafeEqual(digest(header.slice(scheme.length).trim()), expected)
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
