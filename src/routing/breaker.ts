/**
 * A circuit breaker: after failures in a row a way is left alone, then tried with one call at a time, then trusted
 * again. This file owns its states and counts; whose failure an attempt was is decided elsewhere, and what is done
 * with an open way is routing's. Pure: state in, state out. A new reason to change the state is a Conclusion, its
 * arrows in TRANSITIONS and a line in `conclude`.
 */
export type BreakerState = 'closed' | 'open' | 'half-open'

/** What an input can amount to. */
type Conclusion = 'tripped' | 'due' | 'recovered' | 'relapsed' | 'retried' | 'reset'

export const TRANSITIONS: Readonly<
  Record<BreakerState, Readonly<Partial<Record<Conclusion, BreakerState>>>>
> = {
  closed: { tripped: 'open', reset: 'closed' },
  open: { due: 'half-open', retried: 'half-open', reset: 'closed' },
  'half-open': { recovered: 'closed', relapsed: 'open', reset: 'closed' },
}

export type BreakerSettings = {
  /** Failures in a row ... */
  readonly failureThreshold: number
  /** ... within so long open it. */
  readonly failureWindowMs: number
  /** `manual`: trial calls begin by hand only. */
  readonly recovery: 'automatic' | 'manual'
  /** How long it stays open at first; doubled at each relapse up to `longestOpenMs`. */
  readonly recoveryCheckMs: number
  readonly longestOpenMs: number
  /** Successes that close it. */
  readonly recoveryThreshold: number
  /** A trial call of which nothing was heard for so long makes room for another. */
  readonly trialForgottenMs: number
}

/** The reference's figures (outbound call flow, "Failover Configuration"); the last two are ours. */
export const DEFAULT_BREAKER_SETTINGS: BreakerSettings = {
  failureThreshold: 3,
  failureWindowMs: 300_000,
  recovery: 'automatic',
  recoveryCheckMs: 60_000,
  recoveryThreshold: 5,
  longestOpenMs: 600_000,
  trialForgottenMs: 180_000,
}

export type BreakerInput =
  /** The carrier did its work; `at`: when it was seen to (the answer, not the hang-up). */
  | { readonly kind: 'success'; readonly at: number }
  | { readonly kind: 'failure'; readonly startedAt: number; readonly cause: string }
  /** It ended and says nothing: the caller hung up. */
  | { readonly kind: 'inconclusive'; readonly startedAt: number }
  /** Counts towards recovery only: who answers OPTIONS may still refuse every call. */
  | { readonly kind: 'ping-answered' }
  /** A trial call is on its way. */
  | { readonly kind: 'trial' }
  /** Nothing happened but time. */
  | { readonly kind: 'time' }
  /** By hand: trial calls now. */
  | { readonly kind: 'retry' }
  /** By hand: all is forgotten. */
  | { readonly kind: 'reset' }

export type Breaker = {
  readonly state: BreakerState
  readonly since: number
  /** While open: when trial calls begin; undefined: by hand. */
  readonly until: number | undefined
  /** Failures in a row while closed, oldest first, no more than the threshold; kept while open. */
  readonly failedAt: readonly number[]
  /** While half-open. */
  readonly successes: number
  /** While half-open: when the trial call that is out began. */
  readonly trialSince: number | undefined
  readonly openedAt: number | undefined
  /** When it was last trusted again after having been open. */
  readonly recoveredAt: number | undefined
  /** How long the last opening was meant to last. */
  readonly openForMs: number
  readonly lastCause: string | undefined
}

export const newBreaker = (now: number): Breaker => ({
  state: 'closed',
  since: now,
  until: undefined,
  failedAt: [],
  successes: 0,
  trialSince: undefined,
  openedAt: undefined,
  recoveredAt: undefined,
  openForMs: 0,
  lastCause: undefined,
})

export const stepBreaker = (
  before: Breaker,
  input: BreakerInput,
  settings: BreakerSettings,
  now: number,
): Breaker => {
  const breaker = isDue(before, now) ? move(before, 'due', settings, now) : before
  const counted = COUNTS[breaker.state](breaker, input, settings, now)
  const conclusion = conclude(breaker, counted, input, settings)
  return conclusion === undefined ? counted : move(counted, conclusion, settings, now)
}

export type BreakerVerdict =
  | { readonly kind: 'closed' }
  /** `until` undefined: until somebody does something. */
  | { readonly kind: 'open'; readonly until: number | undefined; readonly why: string }
  /** One call may try it. */
  | { readonly kind: 'trial' }

export const CLOSED: BreakerVerdict = { kind: 'closed' }
export const TRIAL: BreakerVerdict = { kind: 'trial' }

/** What a hunt may do with this way now. */
export const breakerVerdict = (breaker: Breaker, settings: BreakerSettings, now: number): BreakerVerdict => {
  if (breaker.state === 'closed') return CLOSED
  if (breaker.state === 'open' && !isDue(breaker, now)) {
    const why = `${breaker.failedAt.length} failures, the last ${breaker.lastCause ?? 'unknown'}`
    return { kind: 'open', until: breaker.until, why }
  }
  const { trialSince } = breaker
  const until = trialSince === undefined ? now : trialSince + settings.trialForgottenMs
  // A trial call that begins in the future was noted before the clock was set back.
  return breaker.state === 'open' || trialSince === undefined || now >= until || isSetBack(trialSince, now)
    ? TRIAL
    : { kind: 'open', until, why: 'a trial call is out' }
}

type Count = (breaker: Breaker, input: BreakerInput, settings: BreakerSettings, now: number) => Breaker

/** What each state counts. An input that it does not count leaves the same object. */
const COUNTS: Readonly<Record<BreakerState, Count>> = {
  closed: (breaker, input, { failureThreshold, failureWindowMs }, now) => {
    if (input.kind === 'success') {
      const last = breaker.failedAt.at(-1)
      // A success that was seen before the last failure was noted says nothing of what came after it.
      return last === undefined || input.at < last ? breaker : { ...breaker, failedAt: [] }
    }
    if (input.kind !== 'failure') return breaker
    const recent = breaker.failedAt.filter((at) => at > now - failureWindowMs)
    const failedAt = [...recent, now].slice(-Math.max(1, failureThreshold))
    return { ...breaker, failedAt, lastCause: input.cause }
  },
  // Calls that began before end now; they tell nothing new.
  open: (breaker) => breaker,
  'half-open': (breaker, input, _settings, now) => {
    switch (input.kind) {
      case 'success':
        return isOld(breaker, input.at)
          ? breaker
          : { ...breaker, successes: breaker.successes + 1, trialSince: undefined }
      case 'ping-answered':
        return { ...breaker, successes: breaker.successes + 1 }
      case 'failure':
        return isOld(breaker, input.startedAt)
          ? breaker
          : { ...breaker, trialSince: undefined, failedAt: [now], lastCause: input.cause }
      case 'inconclusive':
        return isOld(breaker, input.startedAt) ? breaker : { ...breaker, trialSince: undefined }
      case 'trial':
        return { ...breaker, trialSince: now }
      case 'time':
      case 'retry':
      case 'reset':
        return breaker
    }
  },
}

/** What comes of an attempt that began before the way was left alone. */
const isOld = ({ openedAt }: Breaker, at: number): boolean => openedAt !== undefined && at < openedAt

const conclude = (
  before: Breaker,
  counted: Breaker,
  input: BreakerInput,
  { failureThreshold, recoveryThreshold }: BreakerSettings,
): Conclusion | undefined => {
  if (input.kind === 'reset') return 'reset'
  if (input.kind === 'retry') return 'retried'
  if (counted === before) return undefined
  if (input.kind === 'failure') {
    if (counted.state === 'half-open') return 'relapsed'
    return counted.failedAt.length >= Math.max(1, failureThreshold) ? 'tripped' : undefined
  }
  return counted.state === 'half-open' && counted.successes >= recoveryThreshold ? 'recovered' : undefined
}

const move = (breaker: Breaker, conclusion: Conclusion, settings: BreakerSettings, now: number): Breaker => {
  const state = TRANSITIONS[breaker.state][conclusion]
  if (state === undefined) return breaker
  if (conclusion === 'reset') return newBreaker(now)
  const moved: Breaker = {
    ...breaker,
    state,
    since: now,
    until: undefined,
    successes: 0,
    trialSince: undefined,
  }
  if (state === 'closed') return { ...moved, failedAt: [], recoveredAt: now }
  if (state === 'half-open') return moved
  const openForMs = openingOf(breaker, conclusion, settings, now)
  const until = settings.recovery === 'automatic' ? now + openForMs : undefined
  return { ...moved, openedAt: now, openForMs, until }
}

/** One that fails again soon after it was trusted again is no better than one that failed on trial. */
const openingOf = (
  { openForMs, recoveredAt }: Breaker,
  conclusion: Conclusion,
  { recoveryCheckMs, longestOpenMs, failureWindowMs }: BreakerSettings,
  now: number,
): number => {
  const again =
    conclusion === 'relapsed' || (recoveredAt !== undefined && now - recoveredAt < failureWindowMs)
  return again
    ? Math.min(Math.max(openForMs, recoveryCheckMs / 2) * 2, Math.max(longestOpenMs, recoveryCheckMs))
    : recoveryCheckMs
}

const isDue = ({ state, since, until }: Breaker, now: number): boolean =>
  state === 'open' && until !== undefined && (now >= until || isSetBack(since, now))

/** Callers read the time a little before each other; a minute is the clock's doing. */
const CLOCK_SET_BACK_MS = 60_000
const isSetBack = (noted: number, now: number): boolean => noted - now > CLOCK_SET_BACK_MS
