/**
 * What happens on the board, told to the carriers' health: one attempt is planned, starts, rings, is answered, ends.
 * It judges nothing and keeps only what is needed to tell an attempt's end: whose it was, and when it rang.
 */
import type { CarriedAttempt, CarriedCall } from '../call/carried.ts'
import { outcomeOf } from '../call/attempt-outcome.ts'
import type { LiveCall, LiveEvent, LiveLeg } from '../call/live-call.ts'
import { destinationKey } from '../routing/hunt.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { StartedAttempt } from './admission.ts'
import type { CarrierHealth } from './carrier-health.ts'

export type HealthFeed = {
  /** A call is about to be made by this plan. */
  readonly planned: (call: CarriedCall) => void
  readonly happened: (event: LiveEvent) => void
}

export type HealthFeedOptions = {
  readonly health: Pick<
    CarrierHealth,
    'attemptPlanned' | 'attemptStarted' | 'attemptAnswered' | 'attemptEnded' | 'callEnded'
  >
  /** For a leg whose plan is not known: it was made before this engine started. */
  readonly carrierOf: (gatewayId: number) => number | undefined
}

export const createHealthFeed = ({ health, carrierOf }: HealthFeedOptions): HealthFeed => {
  const plans = new Map<CallUuid, ReadonlyMap<CallUuid, CarriedAttempt>>()
  const rangAt = new Map<CallUuid, number>()

  const started = ({ callId, to }: LiveCall, leg: LiveLeg, gatewayId: number): void => {
    const planned = plans.get(callId)?.get(leg.legUuid)
    const carrierId = planned?.carrierId ?? carrierOf(gatewayId)
    if (carrierId === undefined) return
    health.attemptStarted({
      callId,
      legUuid: leg.legUuid,
      gatewayId,
      carrierId,
      routeId: planned?.routeId,
      destination: keyOf(to),
    })
  }

  const rang = ({ legUuid }: LiveLeg, at: number): void => {
    if (!rangAt.has(legUuid)) rangAt.set(legUuid, at)
  }

  const delayOf = ({ legUuid, startedAt }: LiveLeg): number | undefined => {
    const at = rangAt.get(legUuid)
    return at === undefined ? undefined : Math.max(0, at - startedAt)
  }

  const ended = (call: LiveCall, leg: LiveLeg, gatewayId: number, at: number): void => {
    const cause = leg.hangupCause ?? 'NORMAL_UNSPECIFIED'
    const outcome = outcomeOf(cause, leg.sipStatus, {
      answered: leg.answeredAt !== undefined,
      rang: rangAt.has(leg.legUuid),
      cancelledByCaller: cause === 'ORIGINATOR_CANCEL',
    })
    health.attemptEnded({
      legUuid: leg.legUuid,
      gatewayId,
      destination: keyOf(call.to),
      startedAt: leg.startedAt,
      outcome,
      cause,
      postDialDelayMs: delayOf(leg),
      answeredSeconds:
        leg.answeredAt === undefined ? 0 : Math.max(0, Math.round((at - leg.answeredAt) / 1_000)),
    })
    rangAt.delete(leg.legUuid)
  }

  return {
    planned: (call) => {
      const [first] = call.attempts
      if (first === undefined) return
      plans.set(call.callId, new Map(call.attempts.map((attempt) => [attempt.legUuid, attempt])))
      const oldest = plans.size > MOST_PLANS ? plans.keys().next().value : undefined
      if (oldest !== undefined) plans.delete(oldest)
      health.attemptPlanned(startedAttempt(call, first))
    },
    happened: ({ kind, call, leg, at }) => {
      if (kind === 'call-ended') {
        plans.delete(call.callId)
        health.callEnded(call.callId)
        return
      }
      if (leg?.gatewayId === undefined) return
      const gatewayId = leg.gatewayId
      if (kind === 'leg-started') started(call, leg, gatewayId)
      else if (kind === 'leg-ended') ended(call, leg, gatewayId, at)
      else if (kind === 'ringing' || kind === 'early-media') rang(leg, at)
      else if (kind === 'answered') {
        rang(leg, at)
        health.attemptAnswered({
          legUuid: leg.legUuid,
          gatewayId,
          destination: keyOf(call.to),
          postDialDelayMs: delayOf(leg),
        })
      }
    },
  }
}

/** A plan whose call never comes is pushed out by those that do. */
const MOST_PLANS = 50_000

const startedAttempt = (
  { callId, destination, dialled }: CarriedCall,
  first: CarriedAttempt,
): StartedAttempt => ({
  callId,
  legUuid: first.legUuid,
  gatewayId: first.gatewayId,
  carrierId: first.carrierId,
  routeId: first.routeId,
  destination: keyOf(destination ?? dialled),
})

/** The same key as the hunt's; a call that is no E.164 number (112) has its own digits. */
const keyOf = (number: string): string => destinationKey(number.replace(/\D/g, ''))
