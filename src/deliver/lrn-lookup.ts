/**
 * Asks the operator's LRN service where a number of +1 was ported to. It owns the asking: the cache, the time
 * limit, and the pause when the service is dead. Routing never needs the answer: whoever asks waits `timeoutMs` at
 * the longest and goes on without, and a dead service costs that on a few calls only. The URL may hold a
 * secret, so neither it nor an error's own text is ever logged. To understand another service's answer, extend
 * `readAnswer`.
 */
import type { Cancel, Clock } from '../base/clock.ts'
import { codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { isE164, type E164 } from '../telephony/e164.ts'

export type LrnLookup = {
  /** What is known without asking: the LRN; null, there is none to be had; undefined, it would have to be asked. */
  readonly cached: (number: E164) => E164 | null | undefined
  /** The LRN, or undefined where there is none or none came in time. Never rejects. */
  readonly lookup: (number: E164) => Promise<E164 | undefined>
}

export type LrnLookupOptions = {
  /**
   * Where to ask, with `{number}` for +12125550123 (escaped) or `{national}` for 2125550123 in the path or the
   * query. User and password go as basic authentication. Undefined: nobody is asked.
   */
  readonly url: string | undefined
  readonly timeoutMs: number
  readonly cacheTtlMs: number
  /** Numbers kept at most; the one that was not needed for the longest time goes first. */
  readonly cacheSize: number
  readonly fetch?: typeof fetch
  readonly clock: Clock
  readonly logger: Logger
}

/** Throws DELIVER_BAD_LRN_URL, whose message has nothing of the URL. */
export const createLrnLookup = (options: LrnLookupOptions): LrnLookup => {
  if (options.url === undefined) return { cached: () => null, lookup: () => Promise.resolve(undefined) }
  const request = requestMaker(options.url)
  const cache = createCache(options)
  const health = createHealth(options)
  const asked = new Map<E164, Promise<E164 | undefined>>()

  const ask = async (number: E164): Promise<E164 | undefined> => {
    const outcome = await withinLimit(options, (abort) => askService(options, request(number), abort))
    health.report(outcome)
    cache.set(number, outcome.lrn, outcome.failure === undefined ? options.cacheTtlMs : FAILURE_TTL_MS)
    return outcome.lrn ?? undefined
  }

  return {
    cached: (number) => (isNorthAmerican(number) ? cache.get(number) : null),
    lookup: (number) => {
      const known = isNorthAmerican(number) ? cache.get(number) : null
      if (known !== undefined) return Promise.resolve(known ?? undefined)
      const pending = asked.get(number)
      if (pending !== undefined) return pending
      if (asked.size >= MOST_AT_ONCE || !health.mayAsk()) return Promise.resolve(undefined)
      const answer = ask(number).finally(() => asked.delete(number))
      asked.set(number, answer)
      return answer
    },
  }
}

/** A failure is kept for so long: the next calls to the number do not wait again. */
const FAILURE_TTL_MS = 30_000
const FAILURES_BEFORE_PAUSE = 5
const PAUSE_MS = 10_000
/** Requests under way; further calls go without. At 250 ms each these are 800 dips a second. */
const MOST_AT_ONCE = 200
const MOST_BYTES = 4096

/** `lrn` null: there is none; with `failure`, the service did not say. A failure is a code, fit for a log. */
type Outcome = { readonly lrn: E164 | null; readonly failure?: string }

const NO_LRN: Outcome = { lrn: null }
const failed = (failure: string): Outcome => ({ lrn: null, failure })

const isNorthAmerican = (number: E164): boolean => /^\+1[2-9]\d{9}$/.test(number)

type Request = { readonly url: string; readonly headers: Readonly<Record<string, string>> }

const requestMaker = (template: string): ((number: E164) => Request) => {
  const bad = (why: string): EngineError =>
    new EngineError('DELIVER_BAD_LRN_URL', `the URL of the LRN service ${why}`)
  // The placeholders are put in after parsing: in a URL their braces would be escaped.
  const filled = (number: string): string =>
    template
      .replaceAll('{number}', encodeURIComponent(number))
      .replaceAll('{national}', encodeURIComponent(number.slice(2)))
  const sample = filled('+12125550123')
  if (!URL.canParse(sample)) throw bad('is none')
  const { protocol, host, pathname, search, username, password } = new URL(sample)
  if (protocol !== 'http:' && protocol !== 'https:') throw bad('is not http or https')
  const other = new URL(filled('+13134440199'))
  if (other.host !== host || other.username !== username || other.password !== password)
    throw bad('has the number outside of its path and query')
  if (other.pathname + other.search === pathname + search)
    throw bad('has neither {number} nor {national} in its path or query')
  const headers = { accept: 'application/json, text/plain', ...basicAuthentication(username, password, bad) }
  return (number) => {
    const url = new URL(filled(number))
    url.username = ''
    url.password = ''
    url.hash = ''
    return { url: url.href, headers }
  }
}

/** RFC 7617. In a URL both are escaped, and fetch refuses a URL that has them. */
const basicAuthentication = (
  username: string,
  password: string,
  bad: (why: string) => EngineError,
): Readonly<Record<string, string>> => {
  if (username === '' && password === '') return {}
  try {
    const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
    return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
  } catch (thrown) {
    if (thrown instanceof URIError) throw bad('has a badly escaped user or password')
    throw thrown
  }
}

/** Whoever waits here waits for the limit at the longest, whatever the request does with being aborted. */
const withinLimit = async (
  { clock, timeoutMs }: LrnLookupOptions,
  act: (abort: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> => {
  const abort = new AbortController()
  let cancel: Cancel = () => undefined
  const limit = new Promise<Outcome>((resolve) => {
    cancel = clock.after(timeoutMs, () => {
      resolve(failed('TIMEOUT'))
      abort.abort()
    })
  })
  try {
    return await Promise.race([act(abort.signal), limit])
  } finally {
    cancel()
  }
}

const askService = async (
  options: LrnLookupOptions,
  { url, headers }: Request,
  signal: AbortSignal,
): Promise<Outcome> => {
  try {
    const response = await (options.fetch ?? fetch)(url, { headers, signal, redirect: 'manual' })
    if (response.status === 200) return await readBody(response, signal)
    await response.body?.cancel()
    // The service knows of no LRN; every other status says something of the service, not of the number.
    return response.status === 404 || response.status === 204 ? NO_LRN : failed(`STATUS_${response.status}`)
  } catch (thrown) {
    // Not the error itself: its text may have the URL.
    return failed((thrown instanceof Error ? codeOf(thrown.cause) : undefined) ?? 'REQUEST_FAILED')
  }
}

const readBody = async (response: Response, signal: AbortSignal): Promise<Outcome> => {
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader()
  if (reader === undefined) return readAnswer('')
  // fetch's own listener may be collected with the response (Node 20), and the body would run on.
  const stop = (): void => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', stop, { once: true })
  try {
    const chunks: Uint8Array[] = []
    let bytes = 0
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      bytes += value.length
      if (bytes > MOST_BYTES) {
        stop()
        return failed('ANSWER_TOO_LONG')
      }
      chunks.push(value)
    }
    return readAnswer(Buffer.concat(chunks).toString('utf8').trim())
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** `{"lrn": "+12125550000"}` or the digits alone, with or without +1; null or nothing where there is none. */
const readAnswer = (text: string): Outcome => {
  const said = text.startsWith('{') ? lrnIn(text) : text
  if (said === null || said === '') return NO_LRN
  const [, digits] = (typeof said === 'string' ? /^(?:\+?1)?([2-9]\d{2}[2-9]\d{6})$/.exec(said) : null) ?? []
  const lrn = `+1${digits}`
  return isE164(lrn) ? { lrn } : failed('BAD_ANSWER')
}

/** Undefined where the text is no JSON or has no `lrn`: that is no answer. */
const lrnIn = (json: string): unknown => {
  try {
    const parsed: unknown = JSON.parse(json)
    return typeof parsed === 'object' && parsed !== null && 'lrn' in parsed ? parsed.lrn : undefined
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return undefined
    throw thrown
  }
}

type Cache = {
  readonly get: (number: E164) => E164 | null | undefined
  readonly set: (number: E164, lrn: E164 | null, ttlMs: number) => void
}

/** A Map keeps the order of insertion, so its first entry is the one that was not needed for the longest time. */
const createCache = ({ clock, cacheSize }: LrnLookupOptions): Cache => {
  type Entry = { readonly lrn: E164 | null; readonly until: number }
  const entries = new Map<E164, Entry>()
  return {
    get: (number) => {
      const entry = entries.get(number)
      if (entry === undefined) return undefined
      entries.delete(number)
      if (entry.until <= clock.monotonic()) return undefined
      entries.set(number, entry)
      return entry.lrn
    },
    set: (number, lrn, ttlMs) => {
      entries.delete(number)
      if (cacheSize < 1) return
      const [oldest] = entries.keys()
      if (entries.size >= cacheSize && oldest !== undefined) entries.delete(oldest)
      entries.set(number, { lrn, until: clock.monotonic() + ttlMs })
    },
  }
}

type Health = {
  /** Whether a request may go out. After a pause one may, and its end decides. */
  readonly mayAsk: () => boolean
  readonly report: (outcome: Outcome) => void
}

const createHealth = ({ clock, logger }: LrnLookupOptions): Health => {
  let failures = 0
  let pausedUntil = Number.NEGATIVE_INFINITY
  return {
    mayAsk: () => {
      if (failures < FAILURES_BEFORE_PAUSE) return true
      if (clock.monotonic() < pausedUntil) return false
      // This one is the trial; the others go without until it is back.
      pausedUntil = clock.monotonic() + PAUSE_MS
      return true
    },
    report: ({ failure }) => {
      if (failure === undefined) {
        if (failures >= FAILURES_BEFORE_PAUSE) logger.info('the LRN service answers again')
        failures = 0
        return
      }
      failures += 1
      if (failures < FAILURES_BEFORE_PAUSE) return
      pausedUntil = clock.monotonic() + PAUSE_MS
      // Once a pause begins, not for each of the requests that were still under way.
      if (failures === FAILURES_BEFORE_PAUSE)
        logger.warn(
          { failure, failures, pauseMs: PAUSE_MS },
          'the LRN service fails; calls are routed without it',
        )
    },
  }
}
