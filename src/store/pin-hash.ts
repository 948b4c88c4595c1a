/** PINs as they are kept: scrypt with a salt of its own for each. A short PIN is guessable all the same: whoever asks for it limits the tries. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

/** Some 50 ms and 16 MB (RFC 7914: N = 2^14, r = 8, p = 1). */
const COST = 16_384

/** `scrypt$<N>$<salt>$<hash>`, base64url. */
export const hashPin = async (pin: string): Promise<string> => {
  const salt = randomBytes(16)
  return `scrypt$${COST}$${salt.toString('base64url')}$${(await derive(pin, salt, COST)).toString('base64url')}`
}

/** False also for a hash that is none. */
export const isPin = async (pin: string, hash: string): Promise<boolean> => {
  const match = /^scrypt\$([0-9]{1,7})\$([A-Za-z0-9_-]{22})\$([A-Za-z0-9_-]{43})$/.exec(hash)
  const [, cost = '', salt = '', kept = ''] = match ?? []
  if (match === null) return false
  const derived = await derive(pin, Buffer.from(salt, 'base64url'), Number(cost))
  return timingSafeEqual(derived, Buffer.from(kept, 'base64url'))
}

const derive = (pin: string, salt: Buffer, cost: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(pin, salt, 32, { N: cost, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }, (fault, key) => {
      if (fault === null) resolve(key)
      else reject(fault)
    })
  })
