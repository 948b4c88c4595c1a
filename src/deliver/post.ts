/**
 * One POST to an address that a customer named. It owns the promise that nothing goes to an address that
 * access/outgoing-address refuses: names are resolved here, every address is judged, and the connection is made to
 * an address that was judged and to no other, on every redirect too. Proxies of the environment are not asked. The
 * answer is read up to a few kilobytes and never trusted. What comes out is a value: a delivery that fails is
 * nothing unusual.
 */
import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Agent, request, type Dispatcher } from 'undici'
import { addressFault } from '../access/outgoing-address.ts'
import { urlFault, type OutgoingRules } from '../access/outgoing-url.ts'
import type { Clock } from '../base/clock.ts'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import { retryAfterMs } from './retry.ts'

export type PostOutcome = {
  /** Of the last answer; undefined: none came. */
  readonly status: number | undefined
  /** Undefined: it was taken (2xx). Otherwise a sentence for the log, with nothing secret. */
  readonly fault: string | undefined
  readonly retryAfterMs: number
  readonly tookMs: number
  /** It will never be taken as it is; who answered is well. */
  readonly isFinal?: boolean | undefined
  /** The receiver as a whole wants to be left alone for `retryAfterMs`. */
  readonly isBusy?: boolean | undefined
  /** What became of it, beyond taken. */
  readonly note?: string | undefined
}

export type Poster = {
  /** Never rejects. */
  readonly post: (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ) => Promise<PostOutcome>
  readonly close: () => Promise<void>
}

/** All addresses of a host. Rejects where there are none. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

export type PosterOptions = {
  readonly rules: OutgoingRules
  readonly clock: Clock
  /** For the whole delivery, redirects included. */
  readonly timeoutMs?: number
  readonly resolve?: Resolve | undefined
  /** Certificates of authorities that are believed besides the system's; for tests. */
  readonly authorities?: string | undefined
}

const TIMEOUT_MS = 10_000
const MAX_REDIRECTS = 3
/** Of an answer's body: read and thrown away, so that the connection can be used again. */
const MAX_ANSWER_BYTES = 16 * 1024

export const createPoster = (options: PosterOptions): Poster => {
  const { rules, clock, timeoutMs = TIMEOUT_MS } = options
  const agent = createJudgedAgent(options)

  const follow = async (
    url: string,
    headers: Readonly<Record<string, string>>,
    body: string,
    signal: AbortSignal,
  ): Promise<Omit<PostOutcome, 'tookMs'>> => {
    let target = url
    for (let redirects = 0; ; redirects += 1) {
      // An address in the URL is never looked up: it is judged here.
      const fault = urlFault(target, rules)
      if (fault !== undefined) {
        const where = redirects === 0 ? 'the URL' : 'the URL of the redirect'
        return { status: undefined, fault: `${where} is not called: ${fault}`, retryAfterMs: 0 }
      }
      const answer = await request(target, { method: 'POST', headers, body, dispatcher: agent, signal })
      await readAway(answer)
      const { statusCode: status } = answer
      if (status >= 200 && status < 300) return { status, fault: undefined, retryAfterMs: 0 }
      const location = firstOf(answer.headers['location'])
      if (!REDIRECTS.has(status) || location === undefined) {
        const pause = retryAfterMs(firstOf(answer.headers['retry-after']), clock.now())
        return { status, fault: `it answered ${status}`, retryAfterMs: pause }
      }
      if (redirects === MAX_REDIRECTS)
        return { status, fault: `it redirected more than ${MAX_REDIRECTS} times`, retryAfterMs: 0 }
      if (!URL.canParse(location, target))
        return { status, fault: 'it redirected to what is no URL', retryAfterMs: 0 }
      const next = new URL(location, target)
      if (new URL(target).protocol === 'https:' && next.protocol !== 'https:')
        return { status, fault: 'it redirected from https to what is not', retryAfterMs: 0 }
      target = next.href
    }
  }

  return {
    post: async (url, headers, body) => {
      const startedAt = clock.monotonic()
      const limit = new AbortController()
      const cancel = clock.after(timeoutMs, () => {
        limit.abort()
      })
      const took = (): number => Math.round(clock.monotonic() - startedAt)
      try {
        return { ...(await follow(url, headers, body, limit.signal)), tookMs: took() }
      } catch (thrown) {
        const fault = limit.signal.aborted ? `no answer in ${timeoutMs / 1_000} s` : sentenceOf(thrown)
        return { status: undefined, fault, retryAfterMs: 0, tookMs: took() }
      } finally {
        cancel()
      }
    },
    close: () => agent.destroy(),
  }
}

/** Connections to addresses that were judged, and to no others. */
export const createJudgedAgent = ({
  rules,
  timeoutMs = TIMEOUT_MS,
  resolve = resolveAll,
  authorities,
}: Omit<PosterOptions, 'clock'>): Agent =>
  new Agent({
    connect: {
      lookup: judgedLookup(resolve, rules),
      timeout: timeoutMs,
      ...(authorities === undefined ? {} : { ca: authorities }),
    },
    // A receiver that is slow has what the endpoint's turn allows, not more.
    connections: 16,
    pipelining: 1,
    keepAliveTimeout: 10_000,
    keepAliveMaxTimeout: 60_000,
    maxHeaderSize: 16 * 1024,
  })

/** After these the same request is made again; 303 asks for a GET, which delivers nothing. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308])

const resolveAll: Resolve = (host) => systemLookup(host, { all: true, verbatim: true })

/**
 * What net and tls ask before they connect; they connect to nothing but what it answers. One address that may not be
 * called refuses the name as a whole: a name of ours has no reason to have both.
 */
const judgedLookup =
  (resolve: Resolve, { allowed }: OutgoingRules): LookupFunction =>
  (host, wish, done) => {
    resolve(host).then(
      (addresses) => {
        const fault = addresses
          .map(({ address }) => addressFault(address, allowed))
          .find((one) => one !== undefined)
        const [first] = addresses
        if (fault !== undefined || first === undefined) {
          const why = fault ?? 'it has no address'
          done(new EngineError('DELIVER_ADDRESS_REFUSED', `${host} is not called: ${why}`), '', 0)
        } else if (wish.all === true) done(null, [...addresses])
        else done(null, first.address, first.family)
      },
      (thrown: unknown) => {
        done(asError(thrown), '', 0)
      },
    )
  }

const readAway = async ({ body }: Dispatcher.ResponseData): Promise<void> => {
  let bytes = 0
  try {
    for await (const piece of body as AsyncIterable<Buffer>) {
      bytes += piece.length
      // Leaving the loop destroys the body, and with it the connection.
      if (bytes > MAX_ANSWER_BYTES) return
    }
  } catch (thrown) {
    // The answer's status has come; what breaks off after it takes nothing back. A time-out does.
    if (asError(thrown).name === 'AbortError') throw thrown
  }
}

const firstOf = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : header?.[0]

/** Why no answer came. */
export const sentenceOf = (thrown: unknown): string => {
  if (thrown instanceof EngineError) return thrown.message
  const code = codeOf(thrown) ?? ''
  return FAULTS[code] ?? `no answer: ${code === '' ? asError(thrown).message.slice(0, 200) : code}`
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name is not known to the DNS',
  EAI_AGAIN: 'the DNS does not answer',
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'it closed the connection',
  EHOSTUNREACH: 'it cannot be reached',
  ENETUNREACH: 'it cannot be reached',
  UND_ERR_SOCKET: 'it closed the connection',
  UND_ERR_CONNECT_TIMEOUT: 'it does not take connections',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by nobody whom we know',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is signed by nobody whom we know',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is of another name',
}
