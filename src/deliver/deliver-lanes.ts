/**
 * Delivers what is due to one endpoint. It owns the order: the events of one call go one after the other, and the
 * later ones wait behind one that fails, for ten minutes at the most; calls go side by side, so many at once as the
 * endpoint is given. When it is called, and that nobody else delivers to the endpoint meanwhile, is the job library's
 * business; what is due, the store's.
 */
import type { Clock } from '../base/clock.ts'
import { signatureOf, SIGNATURE_HEADER } from './sign.ts'
import type { Poster, PostOutcome } from './post.ts'
import { FAILURES_BEFORE_PAUSE, HOLD_BACK_MS, pauseMs, retryDelayMs } from './retry.ts'

export type DueDelivery = {
  readonly id: number
  readonly eventId: string
  readonly callId: string | undefined
  readonly type: string
  readonly sequence: number
  readonly url: string
  readonly body: string
  /** Made so far. */
  readonly attempts: number
  readonly createdAt: number
  readonly firstFailedAt: number | undefined
  readonly isReplay: boolean
}

export type Attempt = {
  readonly delivery: DueDelivery
  readonly at: number
  readonly outcome: PostOutcome
  /** `gone`: the receiver said 410. */
  readonly became: 'delivered' | 'waiting' | 'failed' | 'gone'
  readonly nextTryAt: number | undefined
}

export type EndpointState = {
  readonly id: number
  readonly failures: number
  readonly pausedUntil: number | undefined
  /** The good ones, newest first; what is posted is signed with each. */
  readonly secrets: readonly string[]
}

/** PostgreSQL, as far as this file needs it. */
export type DeliveryStore = {
  /** Undefined: it is gone, or disabled. */
  readonly endpoint: (endpointId: number, now: number) => Promise<EndpointState | undefined>
  /** What may go now, in the order of each call. */
  readonly due: (endpointId: number, now: number, limit: number) => Promise<readonly DueDelivery[]>
  readonly record: (
    endpointId: number,
    attempts: readonly Attempt[],
    endpoint: { readonly failures: number; readonly pausedUntil: number | undefined },
  ) => Promise<void>
  /** When the next of it may go, in milliseconds since the epoch; undefined: nothing waits. */
  readonly nextDueAt: (endpointId: number, now: number) => Promise<number | undefined>
}

export type DeliverOptions = {
  readonly store: DeliveryStore
  /** Makes one attempt. `postSigned` is the one of webhooks. */
  readonly send: (delivery: DueDelivery, endpoint: EndpointState, at: number) => Promise<PostOutcome>
  readonly clock: Clock
  /** After so long an event that fails is given up. */
  readonly giveUpMs: number
  readonly random: () => number
  readonly onAttempt: (attempt: Attempt) => void
  readonly signal: AbortSignal
}

/** Calls that one endpoint is told of at once. */
const LANES = 8
/** While it is not known whether an endpoint is back. */
const PROBES = 3
const BATCH = 200
/** Then others have their turn. */
const TURN_MS = 3_000

/** The event as it stands, signed with the secrets of the endpoint. */
export const postSigned =
  (poster: Poster): DeliverOptions['send'] =>
  (delivery, { secrets }, at) =>
    poster.post(
      delivery.url,
      {
        'content-type': 'application/json',
        'user-agent': 'Strowger',
        'strowger-event': delivery.type,
        'strowger-event-id': delivery.eventId,
        'strowger-sequence': String(delivery.sequence),
        'strowger-attempt': String(delivery.attempts + 1),
        [SIGNATURE_HEADER]: signatureOf(secrets, delivery.body, at),
      },
      delivery.body,
    )

/** When the endpoint's next turn is: milliseconds since the epoch; undefined: when something new comes. */
export const deliverTo = async (endpointId: number, options: DeliverOptions): Promise<number | undefined> => {
  const { store, clock, signal } = options
  const startedAt = clock.now()
  while (!signal.aborted) {
    const now = clock.now()
    const endpoint = await store.endpoint(endpointId, now)
    if (endpoint === undefined) return undefined
    const { pausedUntil } = endpoint
    if (pausedUntil !== undefined && pausedUntil > now) return pausedUntil
    const isProbed = endpoint.failures >= FAILURES_BEFORE_PAUSE
    const due = await store.due(endpointId, now, BATCH)
    if (due.length === 0) return store.nextDueAt(endpointId, now)
    const lanes = lanesOf(due)
    const attempts = await deliverLanes(isProbed ? lanes.slice(0, PROBES) : lanes, endpoint, options)
    const verdict = judge(endpoint.failures, attempts, clock.now(), options.random)
    await store.record(endpointId, attempts, verdict)
    if (verdict.pausedUntil !== undefined) return verdict.pausedUntil
    if (clock.now() - startedAt > TURN_MS) return clock.now()
  }
  return clock.now()
}

/** A call's deliveries in their order; what belongs to no call, or is a replay, is a lane of its own. */
const lanesOf = (due: readonly DueDelivery[]): readonly (readonly DueDelivery[])[] => {
  const lanes = new Map<string, DueDelivery[]>()
  for (const delivery of due) {
    const { callId, isReplay, id } = delivery
    const key = callId === undefined || isReplay ? `delivery ${id}` : `call ${callId}`
    const lane = lanes.get(key)
    if (lane === undefined) lanes.set(key, [delivery])
    else lane.push(delivery)
  }
  return [...lanes.values()]
}

const deliverLanes = async (
  lanes: readonly (readonly DueDelivery[])[],
  endpoint: EndpointState,
  options: DeliverOptions,
): Promise<readonly Attempt[]> => {
  const attempts: Attempt[] = []
  const startedAt = options.clock.now()
  let begun = 0
  let succeeded = 0
  let isBusy = false
  // One that is down costs a few tries, not one for each of its calls; one that is slow ends its turn.
  const isOver = (): boolean =>
    isBusy ||
    options.signal.aborted ||
    (succeeded === 0 && begun >= LANES) ||
    options.clock.now() - startedAt > TURN_MS
  const waiting = lanes[Symbol.iterator]()
  const work = async (): Promise<void> => {
    for (const lane of waiting) {
      for (const delivery of lane) {
        if (isOver()) return
        begun += 1
        const attempt = await tryOnce(delivery, endpoint, options)
        attempts.push(attempt)
        options.onAttempt(attempt)
        if (isWell(attempt)) succeeded += 1
        isBusy ||= attempt.outcome.isBusy === true
        if (holdsBack(attempt, options.clock.now())) break
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(LANES, lanes.length) }, work))
  return attempts
}

/** Whether later events of its call wait for it. */
const holdsBack = ({ became, delivery, at }: Attempt, now: number): boolean =>
  became === 'gone' || (became === 'waiting' && now - (delivery.firstFailedAt ?? at) < HOLD_BACK_MS)

/** Whether the receiver is: it took it, or understood it well enough to refuse it for good. */
const isWell = ({ became, outcome }: Attempt): boolean => became === 'delivered' || outcome.isFinal === true

const tryOnce = async (
  delivery: DueDelivery,
  endpoint: EndpointState,
  { send, clock, giveUpMs, random }: DeliverOptions,
): Promise<Attempt> => {
  const at = clock.now()
  const outcome = await send(delivery, endpoint, at)
  const base = { delivery, at, outcome }
  if (outcome.fault === undefined) return { ...base, became: 'delivered', nextTryAt: undefined }
  if (outcome.isFinal === true) return { ...base, became: 'failed', nextTryAt: undefined }
  if (outcome.isFinal === undefined && outcome.status === 410)
    return { ...base, became: 'gone', nextTryAt: undefined }
  const nextTryAt =
    clock.now() +
    (outcome.isBusy === true
      ? pauseOf(outcome)
      : retryDelayMs(delivery.attempts + 1, random(), outcome.retryAfterMs))
  return nextTryAt - delivery.createdAt > giveUpMs
    ? { ...base, became: 'failed', nextTryAt: undefined }
    : { ...base, became: 'waiting', nextTryAt }
}

/** A receiver that says that it is busy, but not for how long. */
const BUSY_MS = 10_000
const MAX_BUSY_MS = 3_600_000

const pauseOf = ({ retryAfterMs }: PostOutcome): number =>
  retryAfterMs <= 0 ? BUSY_MS : Math.min(retryAfterMs, MAX_BUSY_MS)

/**
 * What an endpoint is held to be after these attempts. Below the limit an event counts at its first try only: one that
 * is never taken does not make its endpoint a dead one.
 */
const judge = (
  before: number,
  attempts: readonly Attempt[],
  now: number,
  random: () => number,
): { readonly failures: number; readonly pausedUntil: number | undefined } => {
  if (attempts.length === 0) return { failures: before, pausedUntil: undefined }
  const busy = attempts.filter(({ outcome }) => outcome.isBusy === true)
  if (busy.length > 0) {
    // It is alive: nothing of this counts as a failure.
    const failures = attempts.some(isWell) ? 0 : before
    return { failures, pausedUntil: now + Math.max(...busy.map(({ outcome }) => pauseOf(outcome))) }
  }
  if (attempts.some(isWell)) return { failures: 0, pausedUntil: undefined }
  const firsts = attempts.filter(({ delivery }) => delivery.attempts === 0).length
  const failures =
    before >= FAILURES_BEFORE_PAUSE ? before + 1 : Math.min(before + firsts, FAILURES_BEFORE_PAUSE)
  const pause = pauseMs(failures, random())
  return { failures, pausedUntil: pause === 0 ? undefined : now + pause }
}
