/**
 * Checks what carriers sign (RFC 8224, 6.2; ATIS-1000074): the certificate from a host that the operator names, its
 * chain to a trusted one, the signature, and that it speaks of this call now. A call waits `timeoutMs` at the longest,
 * and goes on with `none`: whoever cannot be asked in time says nothing about the caller. What a host sent is kept, so
 * that the next call of the same signer waits for nobody.
 */
import { X509Certificate } from 'node:crypto'
import { compactVerify, importX509 } from 'jose'
import type { Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { misfit, readIdentity, type Called, type Identity } from '../caller-id/passport.ts'
import type { Verstat } from '../call/verstat.ts'

/** Never rejects, and never takes longer than its limit. */
export type VerifyIdentity = (header: string, call: Called) => Promise<Verstat>

export type IdentityVerifierOptions = {
  /** PEM, one or more. */
  readonly trustAnchors: string
  /** `host` or `host:port`, as they stand in the certificates' URLs; nothing else is ever fetched. */
  readonly hosts: readonly string[]
  readonly timeoutMs: number
  readonly clock: Clock
  readonly logger: Logger
  readonly fetch?: typeof fetch
}

const KEPT_MS = 3_600_000
/** A host that did not answer is not asked again for so long. */
const FAILURE_KEPT_MS = 30_000
const MOST_KEPT = 1_000
const MOST_BYTES = 65_536
/** A fetch goes on when the call that wanted it has gone on: the next one finds it done. */
const FETCH_TIMEOUT_MS = 5_000

type Chain = readonly X509Certificate[]
type Kept = { readonly chain: Promise<Chain | undefined>; until: number }

/** Throws CONFIG_INVALID where there is no certificate among the anchors. */
export const createIdentityVerifier = (options: IdentityVerifierOptions): VerifyIdentity => {
  const { clock, logger, hosts, timeoutMs } = options
  const anchors = certificatesIn(options.trustAnchors)
  if (anchors.length === 0)
    throw new EngineError('CONFIG_INVALID', 'STIR_TRUST_ANCHORS_FILE holds no certificate in PEM')
  const kept = new Map<string, Kept>()

  const chainAt = (url: string): Promise<Chain | undefined> => {
    const known = kept.get(url)
    if (known !== undefined && known.until > clock.now()) return known.chain
    const entry: Kept = { chain: fetchChain(url, options), until: clock.now() + KEPT_MS }
    kept.delete(url)
    kept.set(url, entry)
    const [oldest] = kept.size > MOST_KEPT ? kept.keys() : []
    if (oldest !== undefined) kept.delete(oldest)
    void entry.chain.then((chain) => {
      if (chain === undefined) entry.until = clock.now() + FAILURE_KEPT_MS
    })
    return entry.chain
  }

  const verify = async (identity: Identity, call: Called): Promise<Verstat> => {
    const { attest: attestation } = identity.claims
    const failed = (why: string): Verstat => ({ verdict: 'failed', attestation, why })
    const wrong = misfit(identity.claims, call)
    if (wrong !== undefined) return failed(wrong)
    if (!isNamed(identity.certificateUrl, hosts)) return failed('a certificate from an unknown host')
    const chain = await chainAt(identity.certificateUrl)
    const [leaf] = chain ?? []
    if (chain === undefined || leaf === undefined)
      return { verdict: 'none', attestation, why: 'the certificate could not be fetched' }
    if (!isTrusted(chain, anchors, call.now)) return failed('a certificate that is not trusted')
    try {
      await compactVerify(identity.token, await importX509(leaf.toString(), 'ES256'), {
        algorithms: ['ES256'],
      })
    } catch {
      // jose tells a wrong signature by throwing.
      return failed('a wrong signature')
    }
    return { verdict: 'passed', attestation, why: undefined }
  }

  return (header, call) => {
    const identity = readIdentity(header)
    if (identity === undefined)
      return Promise.resolve({
        verdict: 'failed',
        attestation: undefined,
        why: 'no PASSporT that can be read',
      })
    return new Promise((resolve) => {
      const stop = clock.after(timeoutMs, () =>
        resolve({ verdict: 'none', attestation: identity.claims.attest, why: 'not in time' }),
      )
      verify(identity, call)
        .catch((fault: unknown): Verstat => {
          logger.warn({ err: asError(fault) }, 'an Identity could not be checked')
          return { verdict: 'none', attestation: identity.claims.attest, why: 'it could not be checked' }
        })
        .then((verstat) => {
          stop()
          resolve(verstat)
        }, resolve)
    })
  }
}

/** The name must be the operator's own word: an address, a user or another port in the URL is another host. */
const isNamed = (url: string, hosts: readonly string[]): boolean => {
  if (!URL.canParse(url)) return false
  const { protocol, host, username, password } = new URL(url)
  return (
    (protocol === 'https:' || protocol === 'http:') &&
    username === '' &&
    password === '' &&
    hosts.some((named) => named.toLowerCase() === host)
  )
}

const fetchChain = async (url: string, options: IdentityVerifierOptions): Promise<Chain | undefined> => {
  const { clock, logger } = options
  const abort = new AbortController()
  const stop = clock.after(FETCH_TIMEOUT_MS, () => abort.abort())
  try {
    // A redirect would lead to a host that nobody named.
    const response = await (options.fetch ?? fetch)(url, { redirect: 'error', signal: abort.signal })
    if (!response.ok || response.body === null) {
      await response.body?.cancel()
      logger.info({ host: new URL(url).host, status: response.status }, 'a certificate was not given')
      return undefined
    }
    const parts: Uint8Array[] = []
    let size = 0
    const body: AsyncIterable<Uint8Array> = response.body
    for await (const part of body) {
      size += part.byteLength
      if (size > MOST_BYTES) return undefined
      parts.push(part)
    }
    const chain = certificatesIn(Buffer.concat(parts).toString('latin1'))
    return chain.length === 0 ? undefined : chain
  } catch (fault) {
    logger.info(
      { host: new URL(url).host, why: asError(fault).message },
      'a certificate could not be fetched',
    )
    return undefined
  } finally {
    stop()
  }
}

/** Longest chain of the certificates that a signer sends. */
const MOST_CERTIFICATES = 6

const certificatesIn = (pem: string): Chain =>
  [...pem.matchAll(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g)]
    .slice(0, 100)
    .map(([text]) => new X509Certificate(text))

/** From the first certificate, each signed by the next, to one that an anchor signed or that is an anchor. */
const isTrusted = (chain: Chain, anchors: Chain, now: number): boolean => {
  const [leaf, ...others] = chain.slice(0, MOST_CERTIFICATES)
  let current = leaf
  for (let depth = 0; current !== undefined && depth < MOST_CERTIFICATES; depth += 1) {
    const certificate: X509Certificate = current
    if (!isInForce(certificate, now)) return false
    if (anchors.some((anchor) => anchor.fingerprint256 === certificate.fingerprint256)) return true
    if (anchors.some((anchor) => isInForce(anchor, now) && isSignedBy(certificate, anchor))) return true
    current = others.find((issuer) => issuer.ca && isSignedBy(certificate, issuer))
  }
  return false
}

const isSignedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)

const isInForce = ({ validFrom, validTo }: X509Certificate, now: number): boolean =>
  Date.parse(validFrom) <= now && now <= Date.parse(validTo)
