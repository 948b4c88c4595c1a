/**
 * The health of carriers' gateways, kept: outcomes, pings and probes come in, and what routing may read comes out.
 * The figures are owned by the files of routing/; this file joins them and says what is fed to which. What routing
 * reads is a function of `now` and of what was fed; it is asked for every candidate of every call, so it is kept for
 * a second or until the gateway is fed.
 */
import type { Clock } from '../base/clock.ts'
import { failureReachOf, type AttemptOutcome } from '../call/attempt-outcome.ts'
import type { Carrier, Gateway, LcrRoute } from '../directory/records.ts'
import { DEFAULT_BREAKER_SETTINGS, type BreakerSettings, type BreakerVerdict } from '../routing/breaker.ts'
import {
  createBreakers,
  type BreakerInspection,
  type CoolOff,
  type HealthChange,
} from '../routing/breakers.ts'
import { healthScoreOf, type HealthScore } from '../routing/health-score.ts'
import {
  createQualityBook,
  DEFAULT_QUALITY_SETTINGS,
  type Quality,
  type QualityMetrics,
  type QualitySettings,
} from '../routing/quality.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { HangupCause } from '../telephony/hangup-cause.ts'
import { createAdmission, type Admission, type StartedAttempt } from './admission.ts'

export type CarrierHealth = {
  // What routing reads. `destination` is the key that the feeds were given.
  readonly verdictOf: (gatewayId: number, destination: string, now: number) => BreakerVerdict
  /** 0 to 100. */
  readonly scoreOf: (gatewayId: number, now: number) => number
  readonly qualityOf: (gatewayId: number, destination: string, now: number, rule?: LcrRoute) => Quality
  readonly averageSecondsOf: (destination: string, now: number) => number | undefined
  readonly load: Pick<Admission, 'gatewayChannels' | 'carrierChannels' | 'routeChannels' | 'nextCallAt'>

  // Feeds.
  /** A live call's plan was made: of its first attempt. In the same tick as the hunt, or plans overshoot limits. */
  readonly attemptPlanned: (attempt: StartedAttempt) => void
  /** Its leg exists. */
  readonly attemptStarted: (attempt: StartedAttempt) => void
  /** Told at the answer, so that a long talk counts when it begins. May be left out. */
  readonly attemptAnswered: (attempt: AnsweredAttempt) => void
  readonly attemptEnded: (attempt: EndedAttempt) => void
  /** What it had planned and not begun is free. */
  readonly callEnded: (callId: CallUuid) => void
  /** The switch's own pings, when their state changes. */
  readonly pinged: (gatewayId: number, isUp: boolean, pingMs: number | undefined) => void
  readonly optionsProbed: (gatewayId: number, answer: OptionsAnswer) => void
  readonly coolOff: (gatewayId: number, until: number, why: string) => void

  // By hand. Without a destination `reset` is for all that the gateway has, `retry` for its own breaker.
  readonly reset: (gatewayId: number, destination?: string) => void
  readonly retry: (gatewayId: number, destination?: string) => void

  readonly inspect: (gatewayId: number, destination: string | undefined, now: number) => BreakerInspection
  readonly metricsOf: (gatewayId: number, destination: string | undefined, now: number) => QualityMetrics
  /** One row a gateway of the directory. */
  readonly list: (now: number) => readonly GatewayHealth[]
  /** After a gap: of the legs that were on, these live. */
  readonly retain: (alive: ReadonlySet<CallUuid>) => void
  readonly forget: (gatewayIds: Iterable<number>) => void
}

export type AnsweredAttempt = {
  readonly legUuid: CallUuid
  readonly gatewayId: number
  readonly destination: string
  readonly postDialDelayMs: number | undefined
}

export type EndedAttempt = AnsweredAttempt & {
  readonly startedAt: number
  readonly outcome: AttemptOutcome
  readonly cause: HangupCause
  /** 0 where it was not answered. */
  readonly answeredSeconds: number
}

export type OptionsAnswer = {
  /** Undefined: none came. */
  readonly status: number | undefined
  readonly responseMs: number | undefined
  readonly retryAfterSeconds?: number | undefined
}

export type GatewayHealth = HealthScore & {
  readonly gatewayId: number
  readonly sipResponseMs: number | undefined
  readonly channelsInUse: number
  readonly maxChannels: number | undefined
  /** Undefined: without limit. */
  readonly availableChannels: number | undefined
  /** Of the last minutes; 0 to 100, undefined while too few calls were seen. */
  readonly recentAsr: number | undefined
  readonly recentFailureRate: number | undefined
  /** Of the last hour. */
  readonly metrics: QualityMetrics
  readonly breaker: BreakerInspection
  readonly coolOff: CoolOff | undefined
  readonly destinations: readonly (BreakerInspection & { readonly destination: string })[]
}

export type CarrierHealthOptions = {
  readonly clock: Clock
  readonly settings?: Partial<CarrierHealthSettings>
  /** As the directory has them now. */
  readonly find: (gatewayId: number) => FoundGateway | undefined
  readonly gatewayIds: () => Iterable<number>
  /** Legs over the gateway that live. */
  readonly channelsInUse: (gatewayId: number) => number
  /** For log, metrics and who watches; must not throw. */
  readonly onChange: (change: HealthChange) => void
}

export type FoundGateway = {
  readonly gateway: Pick<Gateway, 'id' | 'maxChannels' | 'maxCallsPerSecond'>
  readonly carrier: JudgedCarrier
}

type JudgedCarrier = Pick<Carrier, 'id' | 'maxCallsPerSecond' | 'failover'>

export type CarrierHealthSettings = {
  /** False: no breaker of any carrier ever opens (FailoverConfig.enabled). */
  readonly failoverEnabled: boolean
  readonly breaker: BreakerSettings
  readonly quality: QualitySettings
  /** How long a plan holds a channel before its leg has come. */
  readonly reservationMs: number
}

export const DEFAULT_CARRIER_HEALTH_SETTINGS: CarrierHealthSettings = {
  failoverEnabled: true,
  breaker: DEFAULT_BREAKER_SETTINGS,
  quality: DEFAULT_QUALITY_SETTINGS,
  reservationMs: 5_000,
}

const SCORE_KEPT_MS = 1_000
/** Older than this a response time is no longer the gateway's. */
const PROBE_KEPT_MS = 600_000

type Seen = {
  responseMs: number | undefined
  probedAt: number
  score: HealthScore | undefined
  scoredAt: number
}

export const createCarrierHealth = (options: CarrierHealthOptions): CarrierHealth => {
  const { clock, find, onChange } = options
  const settings = { ...DEFAULT_CARRIER_HEALTH_SETTINGS, ...options.settings }
  const quality = createQualityBook(settings.quality)
  const admission = createAdmission({ ...options, reservationMs: settings.reservationMs })
  const breakerSettings = breakerSettingsBy(settings)
  const breakers = createBreakers({
    settingsOf: (gatewayId) => {
      const carrier = find(gatewayId)?.carrier
      return carrier === undefined ? undefined : breakerSettings(carrier)
    },
    onChange: (change) => {
      if (change.kind === 'breaker' && change.to === 'open' && change.until !== undefined) {
        const { gatewayId, destination, until, at } = change
        clock.after(until - at, () => breakers.moveOn(gatewayId, destination, clock.now()))
      }
      onChange(change)
    },
  })
  const gateways = new Map<number, Seen>()
  /** Legs of which attemptAnswered was told. */
  const answered = new Set<CallUuid>()

  const seenOf = (gatewayId: number): Seen => {
    const known = gateways.get(gatewayId)
    if (known !== undefined) return known
    const made: Seen = { responseMs: undefined, probedAt: 0, score: undefined, scoredAt: 0 }
    gateways.set(gatewayId, made)
    return made
  }

  const sipResponseMs = (seen: Seen, now: number): number | undefined =>
    now - seen.probedAt < PROBE_KEPT_MS ? seen.responseMs : undefined

  const scoreOf = (gatewayId: number, now: number): HealthScore => {
    const seen = seenOf(gatewayId)
    const age = now - seen.scoredAt
    if (seen.score !== undefined && age < SCORE_KEPT_MS && age > -SCORE_KEPT_MS) return seen.score
    const { asr, failureRate } = quality.recentOf(gatewayId, now)
    seen.scoredAt = now
    seen.score = healthScoreOf({
      responseMs: sipResponseMs(seen, now),
      asr,
      failureRate,
      channelsInUse: admission.gatewayChannels(gatewayId),
      maxChannels: find(gatewayId)?.gateway.maxChannels,
    })
    return seen.score
  }

  const probed = (gatewayId: number, isAnswered: boolean, responseMs: number | undefined): void => {
    const seen = seenOf(gatewayId)
    const now = clock.now()
    seen.responseMs = isAnswered ? (responseMs ?? seen.responseMs) : undefined
    seen.probedAt = now
    seen.score = undefined
    breakers.pinged(gatewayId, isAnswered, now)
  }

  const blame = (attempt: EndedAttempt, wasTold: boolean, now: number): void => {
    const { gatewayId, destination, startedAt, outcome, cause, answeredSeconds, postDialDelayMs } = attempt
    const reach = failureReachOf(cause)
    switch (outcome) {
      case 'answered':
        if (!wasTold)
          breakers.succeeded(gatewayId, destination, now - answeredSeconds * 1_000, 'gateway', now)
        return
      case 'callee':
        breakers.succeeded(gatewayId, destination, now, reach === 'unclear' ? 'unclear' : 'gateway', now)
        return
      case 'carrier':
        breakers.failed(gatewayId, destination, { startedAt, cause, reach }, now)
        return
      case 'cancelled':
        // The caller did not wait; that it rang before is the carrier's work all the same.
        if (postDialDelayMs === undefined) breakers.saidNothing(gatewayId, destination, startedAt, now)
        else breakers.succeeded(gatewayId, destination, now, 'gateway', now)
    }
  }

  const row = (gatewayId: number, now: number): GatewayHealth => {
    const maxChannels = find(gatewayId)?.gateway.maxChannels
    const channelsInUse = admission.gatewayChannels(gatewayId)
    const recent = quality.recentOf(gatewayId, now)
    return {
      gatewayId,
      ...scoreOf(gatewayId, now),
      sipResponseMs: sipResponseMs(seenOf(gatewayId), now),
      channelsInUse,
      maxChannels,
      availableChannels: maxChannels === undefined ? undefined : Math.max(0, maxChannels - channelsInUse),
      recentAsr: recent.asr,
      recentFailureRate: recent.failureRate,
      metrics: quality.metricsOf(gatewayId, undefined, now),
      breaker: breakers.inspect(gatewayId, undefined, now),
      coolOff: breakers.coolingOff(gatewayId, now),
      destinations: breakers
        .openDestinations(gatewayId)
        .map((destination) => ({ destination, ...breakers.inspect(gatewayId, destination, now) })),
    }
  }

  return {
    verdictOf: breakers.verdictOf,
    scoreOf: (gatewayId, now) => scoreOf(gatewayId, now).score,
    qualityOf: quality.qualityOf,
    averageSecondsOf: quality.averageSecondsOf,
    load: admission,
    attemptPlanned: (attempt) => {
      admission.planned(attempt)
      breakers.began(attempt.gatewayId, attempt.destination, clock.now())
    },
    attemptStarted: (attempt) => {
      admission.started(attempt)
      breakers.began(attempt.gatewayId, attempt.destination, clock.now())
    },
    attemptAnswered: (attempt) => {
      if (answered.has(attempt.legUuid)) return
      answered.add(attempt.legUuid)
      const now = clock.now()
      quality.attemptAnswered({ ...attempt, now })
      seenOf(attempt.gatewayId).score = undefined
      breakers.succeeded(attempt.gatewayId, attempt.destination, now, 'gateway', now)
    },
    attemptEnded: (attempt) => {
      const now = clock.now()
      const wasTold = answered.delete(attempt.legUuid)
      admission.ended(attempt.legUuid)
      quality.attemptEnded({ ...attempt, now }, wasTold)
      seenOf(attempt.gatewayId).score = undefined
      blame(attempt, wasTold, now)
    },
    callEnded: (callId) => {
      const unused = admission.callEnded(callId)
      if (unused === undefined) return
      const { gatewayId, destination } = unused.attempt
      breakers.saidNothing(gatewayId, destination, unused.plannedAt, clock.now())
    },
    pinged: probed,
    optionsProbed: (gatewayId, { status, responseMs, retryAfterSeconds }) => {
      const isAnswered = status !== undefined && !MISSES.has(status)
      probed(gatewayId, isAnswered, responseMs)
      // RFC 3261, 21.5.4: with Retry-After a 503 says for how long no request is to be sent.
      if (status !== 503 || retryAfterSeconds === undefined) return
      const now = clock.now()
      const why = `it answered OPTIONS with 503 and Retry-After: ${retryAfterSeconds}`
      breakers.coolOff(gatewayId, now + retryAfterSeconds * 1_000, why, now)
    },
    coolOff: (gatewayId, until, why) => breakers.coolOff(gatewayId, until, why, clock.now()),
    reset: (gatewayId, destination) => breakers.reset(gatewayId, destination, clock.now()),
    retry: (gatewayId, destination) => breakers.retry(gatewayId, destination, clock.now()),
    inspect: breakers.inspect,
    metricsOf: quality.metricsOf,
    list: (now) => [...options.gatewayIds()].map((gatewayId) => row(gatewayId, now)),
    retain: (alive) => {
      admission.retain(alive)
      for (const legUuid of answered) if (!alive.has(legUuid)) answered.delete(legUuid)
    },
    forget: (gatewayIds) => {
      for (const gatewayId of gatewayIds) {
        gateways.delete(gatewayId)
        quality.forget(gatewayId)
        breakers.forget(gatewayId)
        admission.forget(gatewayId)
      }
    },
  }
}

/** What the switch's own ping counts as a miss; anything else, 404 too, is somebody at home (sofia.c). */
const MISSES: ReadonlySet<number> = new Set([408, 503])

/** Made once for each row of the directory: asked for at every outcome. */
const breakerSettingsBy = ({
  failoverEnabled,
  breaker,
}: CarrierHealthSettings): ((carrier: JudgedCarrier) => BreakerSettings | undefined) => {
  const made = new WeakMap<JudgedCarrier, BreakerSettings>()
  return (carrier) => {
    const { enabled, threshold, windowSeconds } = carrier.failover
    if (!failoverEnabled || !enabled) return undefined
    const known = made.get(carrier)
    if (known !== undefined) return known
    const own: BreakerSettings = {
      ...breaker,
      failureThreshold: threshold ?? breaker.failureThreshold,
      failureWindowMs: windowSeconds === undefined ? breaker.failureWindowMs : windowSeconds * 1_000,
    }
    made.set(carrier, own)
    return own
  }
}
