/**
 * Routing as our API tells it. Money is a decimal in a string, but in the answer of /lcr/route: programs that know its
 * shape read numbers there, and `rate.exact` has the same prices as strings.
 */
import { Type } from '@sinclair/typebox'
import type { LcrAnswer, LcrRouteFound } from '../engine/lcr-route.ts'
import type { Rejection } from '../call/plan.ts'
import { DialString } from '../telephony/dial-string.ts'
import { formatMoney } from '../telephony/money.ts'
import { ErrorAnswer, iso, isoOrNull, nullable, time } from './fields.ts'
import type { Decision, GatewayReport } from './routing-doors.ts'

const string = Type.String()
const integer = Type.Integer()
const number = (description: string) => Type.Number({ description })

export const DecisionJson = Type.Object({
  at: time('when it was decided'),
  number: string,
  numberClass: string,
  destination: nullable(string),
  callerId: nullable(string),
  candidates: Type.Array(
    Type.Object({
      rank: integer,
      carrierId: integer,
      carrier: string,
      gatewayId: integer,
      gateway: string,
      prefix: nullable(string),
      deckId: nullable(integer),
      pricePerMinute: nullable(string),
      connectionFee: nullable(string),
      increments: nullable(
        Type.String({ description: 'seconds: minimum, first and next increment, such as 0/60/60' }),
      ),
      currency: nullable(string),
      expectedCost: nullable(string),
      health: number('the health score of the gateway, 0 to 100'),
      dialString: string,
    }),
    { description: 'in the order in which they are tried' },
  ),
  rejected: Type.Array(
    Type.Object({
      carrierId: nullable(integer),
      carrier: string,
      gatewayId: nullable(integer),
      gateway: string,
      reason: string,
      why: string,
    }),
  ),
  refusal: nullable(
    Type.String({ description: 'why nobody takes it: NO_PREFIX, ALL_DOWN, OVER_CAPACITY, BLOCKED ...' }),
  ),
  trace: Type.Array(string),
  outcome: string,
  microseconds: nullable(number('how long deciding took')),
})

export const decisionJson = (decision: Decision) => ({
  at: iso(decision.at),
  number: decision.number,
  numberClass: decision.numberClass,
  destination: decision.destination ?? null,
  callerId: decision.callerId ?? null,
  candidates: decision.candidates.map((candidate) => ({
    rank: candidate.rank,
    carrierId: candidate.carrierId,
    carrier: candidate.carrier,
    gatewayId: candidate.gatewayId,
    gateway: candidate.gateway,
    prefix: candidate.prefix ?? null,
    deckId: candidate.deckId ?? null,
    pricePerMinute: candidate.pricePerMinute ?? null,
    connectionFee: candidate.connectionFee ?? null,
    increments: candidate.increments ?? null,
    currency: candidate.currency ?? null,
    expectedCost: candidate.expectedCost ?? null,
    health: candidate.health,
    dialString: candidate.dialString,
  })),
  rejected: decision.rejected.map(({ carrierId, carrier, gatewayId, gateway, reason, why }) => ({
    carrierId,
    carrier,
    gatewayId,
    gateway,
    reason,
    why,
  })),
  refusal: decision.refusal ?? null,
  trace: [...decision.trace],
  outcome: decision.outcome,
  microseconds: decision.microseconds ?? null,
})

const LcrRejectedJson = Type.Object({
  carrierId: integer,
  carrierName: string,
  gatewayId: integer,
  gatewayName: string,
  reason: Type.String({ description: 'stable, for programs: NO_RATE, GATEWAY_FULL ...' }),
  why: Type.String({ description: 'a sentence, for people' }),
})

const LcrRouteJson = Type.Object({
  rank: Type.Integer({ description: '1 is tried first' }),
  carrierId: integer,
  carrierName: string,
  gatewayId: integer,
  gatewayName: string,
  dialString: Type.String({ description: 'what FreeSWITCH bridges to' }),
  prefix: Type.String({ description: "of the carrier's rate" }),
  rate: Type.Optional(
    Type.Object(
      {
        perMinute: number('the price of a minute'),
        connectionFee: number('what an answered call costs beside'),
        currency: string,
        billingIncrement: Type.Integer({ description: 'seconds, after the first increment' }),
        firstIncrement: Type.Integer({ description: 'seconds that every answered call pays for' }),
        minimumSeconds: integer,
        deckId: nullable(integer),
        exact: Type.Object(
          { perMinute: string, connectionFee: string, expectedCost: string, expectedCostCurrency: string },
          { description: 'decimals in strings; expectedCost is of a call of the average length' },
        ),
      },
      { description: 'with options.includeRates' },
    ),
  ),
  quality: Type.Object({
    asr: number('answer seizure ratio, percent'),
    acd: number('average call duration, seconds'),
    pdd: number('post-dial delay, milliseconds'),
  }),
  constraints: Type.Object({
    maxCallDuration: Type.Integer({ description: 'seconds' }),
    timeRestrictions: Type.Array(string),
  }),
})

const lcrFields = {
  destination: Type.String({ description: 'as it was asked' }),
  normalizedDestination: Type.String({ description: 'in E.164 form' }),
  countryCode: Type.String({ description: 'the calling code, such as 44' }),
  country: nullable(Type.String({ description: 'ISO 3166, such as GB' })),
  profile: nullable(Type.String({ description: 'the LCR profile that decided' })),
  routes: Type.Array(LcrRouteJson, { description: 'in the order in which they are to be tried' }),
  rejected: Type.Array(LcrRejectedJson),
  cacheHit: Type.Boolean({ description: 'always true: every answer is from memory' }),
  lookupTimeMs: number('how long finding took, in fractions of a millisecond'),
}

export const LcrFoundJson = Type.Object({ success: Type.Literal(true), ...lcrFields })

/** A number that nobody takes; what else is wrong with a question is told without the fields of an answer. */
export const NoRouteJson = Type.Union([
  Type.Object({ success: Type.Literal(false), error: ErrorAnswer.properties.error, ...lcrFields }),
  ErrorAnswer,
])

export const lcrJson = (asked: string, answer: LcrAnswer, includeRates: boolean) => ({
  destination: asked,
  normalizedDestination: answer.destination,
  countryCode: answer.callingCode,
  country: answer.country ?? null,
  profile: answer.profile ?? null,
  routes: answer.routes.map((route) => lcrRouteJson(route, includeRates)),
  rejected: answer.rejected.map(lcrRejectedJson),
  cacheHit: true,
  lookupTimeMs: answer.microseconds / 1_000,
})

const lcrRouteJson = ({ attempt, route, quality }: LcrRouteFound, includeRates: boolean) => {
  const { carried, gateway, maxDurationSeconds } = attempt
  return {
    rank: carried.n,
    carrierId: carried.carrierId,
    carrierName: carried.carrierName,
    gatewayId: carried.gatewayId,
    gatewayName: carried.gatewayName,
    dialString: DialString.gateway(gateway, carried.number).toString(),
    prefix: route.rate.prefix,
    ...(includeRates ? { rate: lcrRateJson(route) } : {}),
    // Estimates: more digits than the reference's columns have would only look exact.
    quality: {
      asr: Math.round(quality.asr * 100) / 100,
      acd: Math.round(quality.acdSeconds),
      pdd: Math.round(quality.pddMs),
    },
    constraints: {
      maxCallDuration: maxDurationSeconds,
      timeRestrictions: [...route.rule.timeRestrictions],
    },
  }
}

const lcrRateJson = ({ rate: { tariff, deckId, exchange }, expectedCost }: LcrRouteFound['route']) => {
  const perMinute = formatMoney(tariff.pricePerMinute)
  const connectionFee = formatMoney(tariff.connectionFee)
  return {
    // The nearest double, which JSON writes with the same digits up to fifteen of them.
    perMinute: Number(perMinute),
    connectionFee: Number(connectionFee),
    currency: tariff.currency,
    billingIncrement: tariff.nextIncrementSeconds,
    firstIncrement: tariff.firstIncrementSeconds,
    minimumSeconds: tariff.minimumSeconds ?? 0,
    deckId: deckId ?? null,
    exact: {
      perMinute,
      connectionFee,
      expectedCost: formatMoney(expectedCost),
      expectedCostCurrency: exchange?.to ?? tariff.currency,
    },
  }
}

const lcrRejectedJson = ({ carrierId, carrier, gatewayId, gateway, reason, why }: Rejection) => ({
  carrierId,
  carrierName: carrier,
  gatewayId,
  gatewayName: gateway,
  reason,
  why,
})

const BreakerJson = {
  state: Type.Union([Type.Literal('closed'), Type.Literal('half-open'), Type.Literal('open')]),
  since: nullable(time('since when it is in this state')),
  until: nullable(time('when trial calls begin; null where they begin by hand')),
  failures: Type.Integer({ description: 'in a row' }),
  successes: Type.Integer({ description: 'of trial calls' }),
  lastCause: nullable(string),
}

const percent = (description: string) =>
  nullable(number(`${description}, percent; null while too few calls were seen`))

export const GatewayHealthJson = Type.Object({
  gatewayId: integer,
  gateway: string,
  carrierId: integer,
  carrier: string,
  status: Type.Union([Type.Literal('healthy'), Type.Literal('degraded'), Type.Literal('unhealthy')]),
  score: number('0 to 100; below 70 degraded, below 40 unhealthy'),
  lastCheck: time('when these figures were read'),
  isUp: Type.Boolean({ description: "whether the switch's own pings are answered" }),
  metrics: Type.Object(
    {
      sipResponseTime: nullable(number('milliseconds to the last answer to OPTIONS')),
      asr: percent('answer seizure ratio'),
      failureRate: percent("calls that failed by the carrier's fault"),
      activeChannels: integer,
      availableChannels: nullable(Type.Integer({ description: 'null: without limit' })),
      maxChannels: nullable(integer),
    },
    { description: 'of the last five minutes' },
  ),
  lastHour: Type.Object({
    attempts: integer,
    answered: integer,
    asr: percent('answer seizure ratio'),
    failureRate: percent("calls that failed by the carrier's fault"),
    acd: nullable(number('average call duration, seconds')),
    pdd: nullable(number('post-dial delay, median, milliseconds')),
    pddP95: nullable(number('post-dial delay of 95 in 100 calls, milliseconds')),
  }),
  deductions: Type.Array(Type.Object({ points: integer, why: string }), {
    description: 'why the score is below 100',
  }),
  breaker: Type.Object(BreakerJson),
  coolOff: nullable(Type.Object({ since: time('from'), until: time('until'), why: string })),
  openDestinations: Type.Array(
    Type.Object({ destination: Type.String({ description: 'first digits of numbers' }), ...BreakerJson }),
  ),
})

export const gatewayHealthJson = (report: GatewayReport) => {
  const { metrics, coolOff } = report
  return {
    gatewayId: report.gatewayId,
    gateway: report.gateway,
    carrierId: report.carrierId,
    carrier: report.carrier,
    status: report.status,
    score: report.score,
    lastCheck: iso(report.checkedAt),
    isUp: report.isUp,
    metrics: {
      sipResponseTime: report.sipResponseMs ?? null,
      asr: report.recentAsr ?? null,
      failureRate: report.recentFailureRate ?? null,
      activeChannels: report.channelsInUse,
      availableChannels: report.availableChannels ?? null,
      maxChannels: report.maxChannels ?? null,
    },
    lastHour: {
      attempts: metrics.attempts,
      answered: metrics.answered,
      asr: metrics.asr ?? null,
      failureRate: metrics.failureRate ?? null,
      acd: metrics.acdSeconds ?? null,
      pdd: metrics.pddMedianMs ?? null,
      pddP95: metrics.pddP95Ms ?? null,
    },
    deductions: report.deductions.map(({ points, why }) => ({ points, why })),
    breaker: breakerJson(report.breaker),
    coolOff:
      coolOff === undefined
        ? null
        : { since: iso(coolOff.from), until: iso(coolOff.until), why: coolOff.why },
    openDestinations: report.destinations.map(({ destination, ...breaker }) => ({
      destination,
      ...breakerJson(breaker),
    })),
  }
}

const breakerJson = ({ state, since, until, failures, successes, lastCause }: GatewayReport['breaker']) => ({
  state,
  since: isoOrNull(since),
  until: isoOrNull(until),
  failures,
  successes,
  lastCause: lastCause ?? null,
})
