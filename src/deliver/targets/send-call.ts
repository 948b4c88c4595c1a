/**
 * Brings one call to one target: reads its records as they are now, makes the pieces, and puts those that differ from what
 * the target took last. However often it is called, and wherever it was interrupted, the target ends with what the
 * records say. A token that is refused is fetched anew once; everything together has so long as a turn can wait.
 */
import { createHash } from 'node:crypto'
import type { OutgoingRules } from '../../access/outgoing-url.ts'
import { urlFault } from '../../access/outgoing-url.ts'
import type { Clock } from '../../base/clock.ts'
import type { PostOutcome } from '../post.ts'
import { factsOf, isAnswered, type CallFacts, type TargetCdr } from './call-paths.ts'
import { faultOf, isFault, type Answer, type Ask, type Exchange, type Fault } from './exchange.ts'
import type { KnownObject, Piece, Put, Target } from './target.ts'
import type { AccessToken, TokenSource } from './token.ts'

export type CallRecords = {
  readonly legs: readonly TargetCdr[]
  /** Ids of recordings that are in the store. */
  readonly recordings: readonly string[]
}

/** PostgreSQL, as far as this file needs it. */
export type ObjectStore = {
  readonly known: () => Promise<ReadonlyMap<string, KnownObject>>
  readonly begin: (object: string) => Promise<void>
  readonly keep: (object: string, known: KnownObject) => Promise<void>
}

export type SendOptions = {
  readonly target: Target
  /** Undefined: the credentials need none. */
  readonly tokens: TokenSource | undefined
  readonly exchange: Exchange
  readonly rules: OutgoingRules
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly store: ObjectStore
  readonly records: CallRecords
  readonly callId: string
  readonly isReplay: boolean
}

/** A turn may wait for it, and ends by itself a while later (store/delivery-turns.ts, TURN_SECONDS). */
const WHOLE_MS = 30_000

export const sendCall = async (options: SendOptions): Promise<PostOutcome> => {
  const { target, records, clock } = options
  const startedAt = clock.monotonic()
  const took = (): number => Math.round(clock.monotonic() - startedAt)
  const done = (note: string): PostOutcome => ({
    status: undefined,
    fault: undefined,
    retryAfterMs: 0,
    tookMs: took(),
    isFinal: false,
    note,
  })
  const facts = factsFor(target, records)
  // Its own record brings a delivery of its own.
  if (facts === undefined) return done('the record of the caller’s leg is not stored yet')
  const unwanted = options.isReplay ? undefined : unwantedOf(target, facts)
  if (unwanted !== undefined) return done(unwanted)
  const limit = new AbortController()
  const cancel = clock.after(WHOLE_MS, () => {
    limit.abort()
  })
  try {
    const signal = AbortSignal.any([limit.signal, options.signal])
    const outcome = await putAll(target.pieces(facts), facts, { ...options, signal })
    if (!isFault(outcome)) return done(outcome.notes.join(', '))
    const { kind, status, why, retryAfterMs } = outcome
    return {
      status,
      fault: why,
      retryAfterMs,
      tookMs: took(),
      isFinal: kind === 'refused',
      isBusy: kind === 'busy',
    }
  } finally {
    cancel()
  }
}

/** What a call would send, for people to look at; undefined: there is no record of the caller's leg. */
export const previewCall = (
  target: Target,
  records: CallRecords,
  callId: string,
):
  | readonly {
      readonly object: string
      readonly method: string
      readonly url: string
      readonly body: unknown
    }[]
  | undefined => {
  const facts = factsFor(target, records)
  return facts === undefined
    ? undefined
    : target.pieces(facts).map((piece) => {
        const { method, path, body } = target.preview(piece, callId)
        return { object: piece.object, method, url: urlOf(path, target.base), body }
      })
}

const factsFor = ({ common }: Target, { legs, recordings }: CallRecords): CallFacts | undefined =>
  factsOf(legs, { recordings, users: common.users, recordingUrl: common.recordingUrl })

const unwantedOf = ({ common }: Target, facts: CallFacts): string | undefined => {
  const { directions, answeredOnly } = common
  if (directions !== undefined && !directions.includes(facts.a.direction))
    return `not wanted: it is ${facts.a.direction}`
  return answeredOnly && !isAnswered(facts) ? 'not wanted: nobody talked' : undefined
}

const putAll = async (
  pieces: readonly Piece[],
  facts: CallFacts,
  options: SendOptions,
): Promise<Fault | { readonly notes: readonly string[] }> => {
  const { target, store, callId, isReplay, clock } = options
  const all = await store.known()
  const ask = askWith(options)
  const notes: string[] = []
  for (const piece of pieces) {
    const known = all.get(piece.object)
    const digest = createHash('sha256').update(JSON.stringify(piece.content)).digest('base64url')
    if (known?.digest === digest && !isReplay) {
      notes.push(`${piece.object} unchanged`)
      continue
    }
    const put: Put | Fault = await target.put(piece, {
      callId,
      startTime: facts.a.startTime,
      known,
      isReplay,
      now: clock.now(),
      ask,
      begin: () => store.begin(piece.object),
    })
    if (isFault(put)) return put
    await store.keep(piece.object, { externalId: put.externalId ?? known?.externalId, digest })
    notes.push(`${piece.object} ${put.did}`)
  }
  return { notes }
}

type AskPath = (ask: Omit<Ask, 'url'> & { readonly path: string }) => Promise<Answer | Fault>

const askWith =
  ({ target, tokens, exchange, signal, rules }: SendOptions): AskPath =>
  async ({ path, ...ask }) => {
    const once = async (token: AccessToken | undefined): Promise<Answer | Fault> => {
      // Where the token is for is said by the other side: it is judged like any address.
      const base = token?.baseUrl ?? target.base
      const wrong = token?.baseUrl === undefined ? undefined : urlFault(token.baseUrl, rules)
      if (wrong !== undefined)
        return faultOf('again', undefined, `the address in its token is not called: ${wrong}`)
      const body =
        ask.body === undefined ? '' : typeof ask.body === 'string' ? ask.body : JSON.stringify(ask.body)
      const isJson = ask.body !== undefined && typeof ask.body !== 'string'
      const headers = target.authorise(
        { ...(isJson ? { 'content-type': 'application/json' } : {}), ...ask.headers },
        token,
        body,
      )
      return exchange(
        { method: ask.method, url: urlOf(path, base), headers, ...(body === '' ? {} : { body }) },
        signal,
      )
    }
    if (tokens === undefined) return once(undefined)
    const token = await tokens.token(undefined, signal)
    if (isFault(token)) return token
    const answer = await once(token)
    if (isFault(answer) || answer.status !== 401) return answer
    const another = await tokens.token(token.token, signal)
    return isFault(another) ? another : once(another)
  }

const urlOf = (path: string, base: string): string =>
  path.startsWith('/') ? `${base.replace(/\/+$/, '')}${path}` : path
