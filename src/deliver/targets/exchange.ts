/**
 * One request to a target and what its answer means. Everything that goes out keeps the rules of webhooks
 * (deliver/post.ts): an address that was judged, and no other. Redirects are not followed: they would carry a token to
 * whoever they name. An outcome is a value; nothing here throws for what the other side does.
 */
import { request as send, type Agent, type Dispatcher } from 'undici'
import { urlFault, type OutgoingRules } from '../../access/outgoing-url.ts'
import type { Clock } from '../../base/clock.ts'
import { sentenceOf } from '../post.ts'
import { retryAfterMs } from '../retry.ts'

export type Ask = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, unless it is text. */
  readonly body?: unknown
}

export type Answer = {
  readonly status: number
  /** Undefined: it is no JSON. */
  readonly json: unknown
  readonly text: string
  readonly retryAfterMs: number
}

/**
 * Why something was not taken. `again`: it may be another time. `refused`: never as it is. `busy`: the target as a whole
 * wants to be left alone. `unauthorised`: our credentials are not good (any more).
 */
export type Fault = {
  readonly kind: 'again' | 'refused' | 'busy' | 'unauthorised'
  readonly status: number | undefined
  /** A sentence with nothing secret in it. */
  readonly why: string
  readonly retryAfterMs: number
}

export type Exchange = (ask: Ask, signal: AbortSignal) => Promise<Answer | Fault>

export const isFault = (outcome: object): outcome is Fault => 'kind' in outcome

export type ExchangeOptions = {
  readonly agent: Agent
  readonly rules: OutgoingRules
  readonly clock: Clock
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000
/** Of an answer: more is cut off, and is then no JSON. */
const MAX_ANSWER_BYTES = 256 * 1024

export const createExchange =
  ({ agent, rules, clock, timeoutMs = TIMEOUT_MS }: ExchangeOptions): Exchange =>
  async ({ method, url, headers = {}, body }, signal) => {
    // An address in the URL is never looked up: it is judged here.
    const wrong = urlFault(url, rules)
    if (wrong !== undefined) return faultOf('again', undefined, `its URL is not called: ${wrong}`)
    const limit = new AbortController()
    const cancel = clock.after(timeoutMs, () => {
      limit.abort()
    })
    try {
      const answer = await send(url, {
        method,
        headers: {
          'user-agent': 'Strowger',
          accept: 'application/json',
          ...(body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        dispatcher: agent,
        signal: AbortSignal.any([signal, limit.signal]),
      })
      const text = await readText(answer)
      return {
        status: answer.statusCode,
        json: jsonIn(text),
        text,
        retryAfterMs: retryAfterMs(headerOf(answer.headers['retry-after']), clock.now()),
      }
    } catch (thrown) {
      if (limit.signal.aborted) return faultOf('again', undefined, `no answer in ${timeoutMs / 1_000} s`)
      if (signal.aborted) return faultOf('again', undefined, 'it took too long with all its requests')
      return faultOf('again', undefined, sentenceOf(thrown))
    } finally {
      cancel()
    }
  }

export const isTaken = ({ status }: Answer): boolean => status >= 200 && status < 300

/** What an answer that is none of the good ones means, where its status alone tells it. */
export const faultOfStatus = (answer: Answer, said = messageIn(answer)): Fault => {
  const { status } = answer
  const why = `it answered ${status}${said === '' ? '' : `: ${said}`}`
  const pause = answer.retryAfterMs
  if (status === 429 || (status === 503 && pause > 0))
    return { kind: 'busy', status, why, retryAfterMs: pause }
  if (status === 401 || status === 403) return { kind: 'unauthorised', status, why, retryAfterMs: pause }
  // Of the object these are told apart before; of the whole address they may be mended at the other side.
  const isFinal = status >= 400 && status < 500 && ![404, 405, 407, 408, 423, 425].includes(status)
  return { kind: isFinal ? 'refused' : 'again', status, why, retryAfterMs: pause }
}

export const faultOf = (kind: Fault['kind'], status: number | undefined, why: string): Fault => ({
  kind,
  status,
  why,
  retryAfterMs: 0,
})

const MOST_SAID = 300

/** The other side's own words, as the APIs that we know put them; never more than a few lines. */
export const messageIn = ({ json, text }: Pick<Answer, 'json' | 'text'>): string => {
  const first: unknown = Array.isArray(json) ? json[0] : json
  if (typeof first !== 'object' || first === null) return clean(json === undefined ? text : '')
  const said = first as Readonly<Record<string, unknown>>
  const parts = [
    said['errorCode'],
    said['error'],
    said['category'],
    said['message'],
    said['error_description'],
    said['description'],
    said['fields'],
    said['details'],
    said['errors'],
  ].flatMap((part) => {
    if (typeof part === 'string') return [part]
    if (typeof part === 'object' && part !== null && !(Array.isArray(part) && part.length === 0))
      return [JSON.stringify(part)]
    return []
  })
  return clean([...new Set(parts)].join(': '))
}

const clean = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cs}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_SAID)
    .toWellFormed()

const readText = async ({ body }: Dispatcher.ResponseData): Promise<string> => {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body as AsyncIterable<Buffer>) {
    pieces.push(piece)
    bytes += piece.length
    // Leaving the loop destroys the body, and with it the connection.
    if (bytes > MAX_ANSWER_BYTES) break
  }
  return Buffer.concat(pieces).subarray(0, MAX_ANSWER_BYTES).toString('utf8')
}

const jsonIn = (text: string): unknown => {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  } catch (fault) {
    if (fault instanceof SyntaxError) return undefined
    throw fault
  }
}

const headerOf = (header: string | readonly string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : header?.[0]

/** A field of a JSON object; undefined where there is none. */
export const fieldOf = (json: unknown, name: string): unknown =>
  typeof json === 'object' && json !== null && Object.hasOwn(json, name)
    ? (json as Readonly<Record<string, unknown>>)[name]
    : undefined

/** An id as vendors write it: text, or a number. */
export const idIn = (json: unknown, name: string): string | undefined => {
  const id = fieldOf(json, name)
  if (typeof id === 'number' && Number.isSafeInteger(id)) return String(id)
  return typeof id === 'string' && id !== '' && id.length <= 100 ? id : undefined
}
