/**
 * The public keys of an outside issuer of tokens, from its JWKS (RFC 7517). Read at the start and every ten minutes,
 * and at once when a token names a key that is not known, though not more often than every half minute: that is how
 * a new key arrives. An issuer that does not answer changes nothing: the keys that are known go on.
 */
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { every, sleep, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'

export type IssuerKeys = {
  /** Throws DELIVER_ISSUER_AWAY where no keys were ever had, and jose's JWKSNoMatchingKey. */
  readonly key: JWTVerifyGetKey
  readonly start: () => void
  readonly stop: () => void
}

export type IssuerKeyOptions = {
  readonly url: string
  readonly clock: Clock
  readonly logger: Logger
  readonly refreshMs?: number
  /** Between two readings that tokens ask for. */
  readonly cooldownMs?: number
  readonly timeoutMs?: number
}

const REFRESH_MS = 600_000
const COOLDOWN_MS = 30_000
const TIMEOUT_MS = 5_000
/** A set of keys is some kilobytes. */
const MOST_BYTES = 1024 * 1024

export const createIssuerKeys = (options: IssuerKeyOptions): IssuerKeys => {
  const { url, clock, logger } = options
  const { refreshMs = REFRESH_MS, cooldownMs = COOLDOWN_MS, timeoutMs = TIMEOUT_MS } = options
  let known: JWTVerifyGetKey | undefined
  let reading: Promise<void> | undefined
  let readAt: number | undefined
  let isAway = false

  const read = async (): Promise<void> => {
    readAt = clock.monotonic()
    try {
      known = createLocalJWKSet(await inTime(fetchKeys(url, timeoutMs)))
      if (isAway) logger.info({ url }, 'the keys of the issuer are read again')
      isAway = false
    } catch (fault) {
      if (!isAway)
        logger.warn(
          { url, why: asError(fault).message },
          'the keys of the issuer cannot be read; those that are known go on',
        )
      isAway = true
    }
  }
  /** Node 20 holds fetch's abort listener weakly: after a garbage collection nothing else would end the wait. */
  const inTime = async <Result>(work: Promise<Result>): Promise<Result> => {
    const over = new AbortController()
    const late = sleep(clock, timeoutMs + 1_000, over.signal).then(() => {
      throw new Error('it does not answer')
    })
    late.catch(() => undefined)
    try {
      return await Promise.race([work, late])
    } finally {
      over.abort()
    }
  }
  const readOnce = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
  const mayRead = (): boolean => readAt === undefined || clock.monotonic() - readAt >= cooldownMs

  let stop = (): void => undefined
  return {
    key: async (header, token) => {
      if (known === undefined && (reading !== undefined || mayRead())) await readOnce()
      if (known === undefined) {
        throw new EngineError('DELIVER_ISSUER_AWAY', 'the issuer of this token does not answer; try again')
      }
      try {
        return await known(header, token)
      } catch (fault) {
        if (!(fault instanceof errors.JWKSNoMatchingKey) || !(reading !== undefined || mayRead())) throw fault
        await readOnce()
        return known(header, token)
      }
    },
    start: () => {
      void readOnce()
      stop = every(clock, refreshMs, readOnce)
    },
    stop: () => stop(),
  }
}

const fetchKeys = async (url: string, timeoutMs: number): Promise<JSONWebKeySet> => {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
    headers: { accept: 'application/jwk-set+json, application/json' },
  })
  if (!response.ok) throw new Error(`it answered ${response.status}`)
  const keys: unknown = JSON.parse(await textOf(response))
  if (typeof keys !== 'object' || keys === null || !('keys' in keys) || !Array.isArray(keys.keys))
    throw new Error('what it answered is no set of keys')
  return { keys: keys.keys as JSONWebKeySet['keys'] }
}

const textOf = async (response: Response): Promise<string> => {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += piece.byteLength
    if (size > MOST_BYTES) throw new Error(`its answer is longer than ${MOST_BYTES} bytes`)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
