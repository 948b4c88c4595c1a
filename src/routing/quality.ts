/**
 * How well gateways do: what became of their attempts over a sliding span, for each gateway and for each gateway and
 * destination, and what may be believed of it. A destination is a string of digits that the caller chooses (the
 * prefix of a rate, cut). The keys are bounded, the least recently fed go. Time is an argument everywhere.
 *
 * Terms as ITU-T E.411 has them, but for one: attempts that our side cancelled are counted as attempts and in nothing
 * else, so the ratios are of those that the carrier or the callee ended (`samples`).
 */
import type { AttemptOutcome } from '../call/attempt-outcome.ts'
import type { LcrRoute } from '../directory/records.ts'
import { DELAY_BINS, delayAtShare, delayBinOf } from './delay-histogram.ts'
import { shrunkMean, wilsonBounds, type Bounds } from './estimate.ts'
import { addToWindow, createSlidingWindow, totalsOf, type SlidingWindow } from './sliding-window.ts'

/** What to reckon with: measured, and shrunk to what is expected where little was measured. */
export type Quality = {
  /** Answer-seizure ratio, 0 to 100. */
  readonly asr: number
  /** Mean length of answered calls. */
  readonly acdSeconds: number
  /** Median post-dial delay. */
  readonly pddMs: number
  readonly samples: number
  /** There are as many samples as are asked for; a route that has fewer is to be explored. */
  readonly isConfident: boolean
}

/** What was seen, and nothing else; undefined where there is nothing to divide by. Ratios are 0 to 100. */
export type QualityMetrics = {
  readonly attempts: number
  readonly samples: number
  readonly answered: number
  readonly carrierFailures: number
  readonly asr: number | undefined
  /** Between which the true ratio lies with 95 % confidence. */
  readonly asrBounds: Bounds
  readonly failureRate: number | undefined
  readonly acdSeconds: number | undefined
  readonly pddMedianMs: number | undefined
  readonly pddP95Ms: number | undefined
}

export type EndedAttempt = {
  readonly gatewayId: number
  readonly destination: string
  readonly now: number
  readonly outcome: AttemptOutcome
  readonly answeredSeconds: number
  readonly postDialDelayMs: number | undefined
}

/** What the operator expects of a route. */
export type ExpectedQuality = Pick<LcrRoute, 'asrPercent' | 'acdSeconds' | 'pddMs'>

export type QualityBook = {
  /** It was answered: counted now, not when a long talk ends. */
  readonly attemptAnswered: (attempt: Omit<EndedAttempt, 'outcome' | 'answeredSeconds'>) => void
  /** `toldAnswered`: attemptAnswered was told of it, delay and all. */
  readonly attemptEnded: (attempt: EndedAttempt, toldAnswered?: boolean) => void
  /** `expected` is compared by identity: pass the row of the snapshot itself. */
  readonly qualityOf: (
    gatewayId: number,
    destination: string,
    now: number,
    expected?: ExpectedQuality,
  ) => Quality
  /** Mean length of answered calls to a destination over all gateways; undefined: too few were seen at all. */
  readonly averageSecondsOf: (destination: string, now: number) => number | undefined
  /** Without a destination: all of the gateway's. */
  readonly metricsOf: (gatewayId: number, destination: string | undefined, now: number) => QualityMetrics
  /** Of the short span: undefined below the minimum of samples. */
  readonly recentOf: (
    gatewayId: number,
    now: number,
  ) => {
    readonly samples: number
    readonly asr: number | undefined
    readonly failureRate: number | undefined
  }
  readonly forget: (gatewayId: number) => void
}

export type QualitySettings = {
  readonly spanMs: number
  readonly recentSpanMs: number
  /** How many samples the expectation weighs as much as. */
  readonly priorWeight: number
  /** From so many samples on a figure stands on its own. */
  readonly minimumSamples: number
  /** The same for the short span. */
  readonly minimumRecentSamples: number
  /** Pairs of gateway and destination that are kept, 2 kB each; as many destinations. */
  readonly mostDestinations: number
  /** Expected of everybody as long as nothing was seen at all. */
  readonly unknown: { readonly asr: number; readonly acdSeconds: number; readonly pddMs: number }
}

/** An hour, and the five minutes of the reference's getRecentCallStats; the rest are ours. */
export const DEFAULT_QUALITY_SETTINGS: QualitySettings = {
  spanMs: 3_600_000,
  recentSpanMs: 300_000,
  priorWeight: 20,
  minimumSamples: 30,
  minimumRecentSamples: 10,
  mostDestinations: 5_000,
  unknown: { asr: 60, acdSeconds: 120, pddMs: 3_000 },
}

const BUCKETS = 24
const RECENT_BUCKETS = 10
const [ATTEMPTS, CANCELLED, ANSWERED, FAILED, TALKS, TALK_SECONDS, DELAYS, FIRST_DELAY] = [
  0, 1, 2, 3, 4, 5, 6, 7,
]
const FIELDS = FIRST_DELAY + DELAY_BINS
/** The short span needs no lengths and delays. */
const RECENT_FIELDS = FAILED + 1
/** An estimate is good for so long unless its key is fed. */
const ESTIMATE_KEPT_MS = 1_000

/** A key's counters with the last estimate made of them. */
type Tally = {
  readonly window: SlidingWindow
  estimate: Quality | undefined
  estimatedAt: number
  expected: ExpectedQuality | undefined
}

type GatewayRecord = {
  readonly gatewayId: number
  readonly all: Tally
  readonly recent: SlidingWindow
  readonly destinations: Map<string, Tally>
}

export const createQualityBook = (settings: QualitySettings = DEFAULT_QUALITY_SETTINGS): QualityBook => {
  const newTally = (): Tally => ({
    window: createSlidingWindow(settings.spanMs, BUCKETS, FIELDS),
    estimate: undefined,
    estimatedAt: 0,
    expected: undefined,
  })
  const gateways = new Map<number, GatewayRecord>()
  /** By destination, over all gateways. */
  const pools = new Map<string, Tally>()
  const everything = newTally()
  /** Pairs, least recently fed first. */
  const fed = new Map<Tally, { readonly of: GatewayRecord; readonly destination: string }>()

  const talliesOf = (gatewayId: number): GatewayRecord => {
    const known = gateways.get(gatewayId)
    if (known !== undefined) return known
    const made: GatewayRecord = {
      gatewayId,
      all: newTally(),
      recent: createSlidingWindow(settings.recentSpanMs, RECENT_BUCKETS, RECENT_FIELDS),
      destinations: new Map(),
    }
    gateways.set(gatewayId, made)
    return made
  }

  const pairTally = (of: GatewayRecord, destination: string): Tally => {
    const tally = of.destinations.get(destination) ?? newTally()
    of.destinations.set(destination, tally)
    fed.delete(tally)
    fed.set(tally, { of, destination })
    const [oldest] = fed.size > settings.mostDestinations ? fed : []
    if (oldest !== undefined) {
      fed.delete(oldest[0])
      oldest[1].of.destinations.delete(oldest[1].destination)
    }
    return tally
  }

  const poolTally = (destination: string): Tally => {
    const tally = pools.get(destination) ?? newTally()
    pools.delete(destination)
    pools.set(destination, tally)
    const [oldest] = pools.size > settings.mostDestinations ? pools.keys() : []
    if (oldest !== undefined) pools.delete(oldest)
    return tally
  }

  const count = (gatewayId: number, destination: string, now: number, counts: Counts): void => {
    const gateway = talliesOf(gatewayId)
    for (const tally of [gateway.all, pairTally(gateway, destination), poolTally(destination), everything]) {
      for (const [field, amount] of counts) addToWindow(tally.window, now, field, amount)
      // What every call changes lives out its second.
      if (tally !== everything) tally.estimate = undefined
    }
    for (const [field, amount] of counts) {
      if (field < RECENT_FIELDS) addToWindow(gateway.recent, now, field, amount)
    }
  }

  const estimate = (
    tally: Tally,
    prior: Prior,
    now: number,
    expected: ExpectedQuality | undefined,
  ): Quality => {
    const made = estimateOf(totalsOf(tally.window, now), prior, settings)
    tally.estimate = made
    tally.estimatedAt = now
    tally.expected = expected
    return made
  }

  const overall = (now: number): Quality =>
    fresh(everything, now, undefined) ?? estimate(everything, settings.unknown, now, undefined)

  const pooled = (destination: string, now: number): Quality => {
    const pool = pools.get(destination)
    if (pool === undefined) return overall(now)
    return fresh(pool, now, undefined) ?? estimate(pool, overall(now), now, undefined)
  }

  return {
    attemptAnswered: ({ gatewayId, destination, now, postDialDelayMs }) => {
      count(gatewayId, destination, now, [[ATTEMPTS, 1], [ANSWERED, 1], ...delayCounts(postDialDelayMs)])
    },
    attemptEnded: ({ gatewayId, destination, now, outcome, answeredSeconds, postDialDelayMs }, told) => {
      const counts: [number, number][] = []
      if (told !== true) counts.push([ATTEMPTS, 1])
      if (outcome === 'answered') {
        if (told !== true) counts.push([ANSWERED, 1])
        counts.push([TALKS, 1], [TALK_SECONDS, Math.max(0, Math.round(answeredSeconds))])
      } else if (told !== true) {
        if (outcome === 'carrier') counts.push([FAILED, 1])
        if (outcome === 'cancelled') counts.push([CANCELLED, 1])
      }
      const hasDelay = told !== true && (outcome === 'answered' || outcome === 'callee')
      if (hasDelay) counts.push(...delayCounts(postDialDelayMs))
      count(gatewayId, destination, now, counts)
    },
    qualityOf: (gatewayId, destination, now, expected) => {
      const tally = gateways.get(gatewayId)?.destinations.get(destination)
      if (tally === undefined) {
        const { asr, acdSeconds, pddMs } = pooled(destination, now)
        return {
          asr: expected?.asrPercent ?? asr,
          acdSeconds: expected?.acdSeconds ?? acdSeconds,
          pddMs: expected?.pddMs ?? pddMs,
          samples: 0,
          isConfident: false,
        }
      }
      const known = fresh(tally, now, expected)
      if (known !== undefined) return known
      const prior = pooled(destination, now)
      return estimate(tally, expected === undefined ? prior : withExpected(expected, prior), now, expected)
    },
    averageSecondsOf: (destination, now) =>
      at(totalsOf(everything.window, now), TALKS) < settings.minimumSamples
        ? undefined
        : pooled(destination, now).acdSeconds,
    metricsOf: (gatewayId, destination, now) => {
      const gateway = gateways.get(gatewayId)
      const tally = destination === undefined ? gateway?.all : gateway?.destinations.get(destination)
      return metricsOf(tally === undefined ? NOTHING : totalsOf(tally.window, now))
    },
    recentOf: (gatewayId, now) => {
      const gateway = gateways.get(gatewayId)
      const { samples, asr, failureRate } = metricsOf(
        gateway === undefined ? NOTHING : totalsOf(gateway.recent, now),
      )
      return samples < settings.minimumRecentSamples
        ? { samples, asr: undefined, failureRate: undefined }
        : { samples, asr, failureRate }
    },
    forget: (gatewayId) => {
      for (const tally of gateways.get(gatewayId)?.destinations.values() ?? []) fed.delete(tally)
      gateways.delete(gatewayId)
    },
  }
}

/** Field and amount. */
type Counts = readonly (readonly [number, number])[]
type Prior = Pick<Quality, 'asr' | 'acdSeconds' | 'pddMs'>
const NOTHING: ArrayLike<number> = []

const delayCounts = (delayMs: number | undefined): [number, number][] =>
  delayMs === undefined
    ? []
    : [
        [DELAYS, 1],
        [FIRST_DELAY + delayBinOf(delayMs), 1],
      ]

const fresh = (tally: Tally, now: number, expected: ExpectedQuality | undefined): Quality | undefined => {
  const age = now - tally.estimatedAt
  return age < ESTIMATE_KEPT_MS && age > -ESTIMATE_KEPT_MS && tally.expected === expected
    ? tally.estimate
    : undefined
}

const withExpected = (expected: ExpectedQuality, prior: Prior): Prior => ({
  asr: expected.asrPercent ?? prior.asr,
  acdSeconds: expected.acdSeconds ?? prior.acdSeconds,
  pddMs: expected.pddMs ?? prior.pddMs,
})

const estimateOf = (totals: ArrayLike<number>, prior: Prior, settings: QualitySettings): Quality => {
  const { priorWeight, minimumSamples } = settings
  const samples = at(totals, ATTEMPTS) - at(totals, CANCELLED)
  const delays = at(totals, DELAYS)
  const median = delayAtShare(totals, FIRST_DELAY, 0.5) ?? prior.pddMs
  return {
    asr: shrunkMean(100 * at(totals, ANSWERED), samples, prior.asr, priorWeight),
    acdSeconds: shrunkMean(at(totals, TALK_SECONDS), at(totals, TALKS), prior.acdSeconds, priorWeight),
    pddMs: shrunkMean(median * delays, delays, prior.pddMs, priorWeight),
    samples,
    isConfident: samples >= minimumSamples,
  }
}

const metricsOf = (totals: ArrayLike<number>): QualityMetrics => {
  const [attempts, answered, carrierFailures] = [
    at(totals, ATTEMPTS),
    at(totals, ANSWERED),
    at(totals, FAILED),
  ]
  const samples = attempts - at(totals, CANCELLED)
  const { low, high } = wilsonBounds(answered, samples)
  const [talks, seconds] = [at(totals, TALKS), at(totals, TALK_SECONDS)]
  return {
    attempts,
    samples,
    answered,
    carrierFailures,
    asr: samples > 0 ? (100 * answered) / samples : undefined,
    asrBounds: { low: 100 * low, high: 100 * high },
    failureRate: samples > 0 ? (100 * carrierFailures) / samples : undefined,
    acdSeconds: talks > 0 ? seconds / talks : undefined,
    pddMedianMs: delayAtShare(totals, FIRST_DELAY, 0.5),
    pddP95Ms: delayAtShare(totals, FIRST_DELAY, 0.95),
  }
}

const at = (totals: ArrayLike<number>, field: number): number => totals[field] ?? 0
