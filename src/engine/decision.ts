/**
 * A plan, told: every candidate with its rank or the reason why it was not taken, and on what it was decided. The
 * same for a call that was made (kept with it), for one that is only asked about, and for a number over the API.
 */
import type { Plan, PlannedAttempt, Rejection } from '../call/plan.ts'
import { expectedCost } from '../rating/expected-cost.ts'
import { destinationKey, type Surroundings } from '../routing/hunt.ts'
import { DialString } from '../telephony/dial-string.ts'
import { digitsOf } from '../telephony/e164.ts'
import { formatMoney } from '../telephony/money.ts'

export type DecisionCandidate = {
  /** From 1. */
  readonly rank: number
  readonly gatewayId: number
  readonly gateway: string
  readonly carrierId: number
  readonly carrier: string
  /** The rate's prefix; undefined without a rate. */
  readonly prefix: string | undefined
  readonly deckId: number | undefined
  /** Decimals, as formatMoney writes them. */
  readonly pricePerMinute: string | undefined
  readonly connectionFee: string | undefined
  /** Seconds: minimum, first and next increment, as `0/60/60`. */
  readonly increments: string | undefined
  readonly currency: string | undefined
  /** Of the expected call. */
  readonly expectedCost: string | undefined
  readonly health: number
  readonly dialString: string
}

export type Decision = {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly number: string
  readonly numberClass: string
  /** In E.164 form, where the number has one. */
  readonly destination: string | undefined
  readonly callerId: string | undefined
  /** In the order in which they would be tried. */
  readonly candidates: readonly DecisionCandidate[]
  readonly rejected: readonly Rejection[]
  /** Why nobody takes the number: NO_PREFIX, ALL_DOWN, OVER_CAPACITY, WOULD_LOSE_MONEY, BLOCKED ... */
  readonly refusal: string | undefined
  readonly trace: readonly string[]
  /** A sentence. */
  readonly outcome: string
  /** How long deciding took. */
  readonly microseconds: number | undefined
}

export const decisionOf = (
  plan: Plan,
  at: number,
  { health }: Pick<Surroundings, 'health'>,
  microseconds?: number,
): Decision => {
  const { target, numberClass, call } = plan
  const destination = numberClass.kind === 'e164' ? numberClass.number : undefined
  const key = destination === undefined ? '' : destinationKey(digitsOf(destination))
  const expectedSeconds = health.averageSecondsOf(key, at)
  return {
    at,
    number: call.dialled,
    numberClass: numberClass.kind,
    destination,
    callerId: target.kind === 'carriers' ? target.callerId.number : undefined,
    candidates:
      target.kind === 'carriers'
        ? target.attempts.map((attempt) =>
            candidateOf(attempt, expectedSeconds, health.scoreOf(attempt.carried.gatewayId, at)),
          )
        : [],
    rejected: plan.rejected,
    refusal: target.kind === 'refuse' ? target.refusal : undefined,
    trace: plan.trace,
    outcome: outcomeOf(plan),
    microseconds,
  }
}

/** Reads a decision as it was kept, as JSON; undefined where it is none. What it lacks reads as unknown. */
export const decisionFrom = (kept: unknown): Decision | undefined => {
  if (typeof kept !== 'object' || kept === null) return undefined
  const { at, number, numberClass, outcome, candidates, rejected, trace } = kept as Record<string, unknown>
  if (typeof at !== 'number' || typeof number !== 'string' || typeof numberClass !== 'string')
    return undefined
  if (typeof outcome !== 'string') return undefined
  if (![candidates, rejected, trace].every((list) => Array.isArray(list))) return undefined
  // Written by this engine or an earlier one, into a table that only engines write.
  return kept as Decision
}

const candidateOf = (
  { carried, gateway }: PlannedAttempt,
  expectedSeconds: number | undefined,
  health: number,
): DecisionCandidate => {
  const tariff = carried.rate?.tariff
  return {
    rank: carried.n,
    gatewayId: carried.gatewayId,
    gateway: carried.gatewayName,
    carrierId: carried.carrierId,
    carrier: carried.carrierName,
    prefix: carried.rate?.prefix,
    deckId: carried.rate?.deckId,
    pricePerMinute: tariff === undefined ? undefined : formatMoney(tariff.pricePerMinute),
    connectionFee: tariff === undefined ? undefined : formatMoney(tariff.connectionFee),
    increments:
      tariff === undefined
        ? undefined
        : `${tariff.minimumSeconds ?? 0}/${tariff.firstIncrementSeconds}/${tariff.nextIncrementSeconds}`,
    currency: tariff?.currency,
    expectedCost: tariff === undefined ? undefined : formatMoney(expectedCost(tariff, expectedSeconds)),
    health,
    dialString: DialString.gateway(gateway, carried.number).toString(),
  }
}

const outcomeOf = ({ target }: Plan): string => {
  switch (target.kind) {
    case 'carriers':
      return target.emergency
        ? `emergency call over ${target.attempts.length} gateways, then the switch's own`
        : `tries ${target.attempts.map(({ carried }) => carried.carrierName).join(', then ')}`
    case 'devices':
      return `rings ${target.devices.map(({ username }) => username).join(', ')}`
    case 'conversation':
      return `talks with the caller: ${target.flow}`
    case 'refuse':
      return `refused with ${target.cause}: ${target.why}`
  }
}
