/**
 * The routes of a number as attempts: the hunt, and what each of its routes becomes on the wire. A dialled call, a
 * question over the API and a redirect for another switch all come through here.
 */
import type { CarriedAttempt, QuotedFee } from '../call/carried.ts'
import { withinBudget } from '../call/failover.ts'
import type { PlannedAttempt, Rejection } from '../call/plan.ts'
import { gatewayNameOf, type Carrier, type Gateway, type Organization } from '../directory/records.ts'
import { hunt, type Hunt, type HuntRejection, type HuntRequest, type Surroundings } from '../routing/hunt.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { digitsOf, type E164 } from '../telephony/e164.ts'
import type { FailoverPolicy } from '../telephony/failover-policy.ts'
import { jurisdictionOf, type Jurisdiction } from '../telephony/jurisdiction.ts'
import type { NpaStates } from '../telephony/north-america.ts'

export type RoutesRequest = {
  /** The A leg's channel; the call is known by it. */
  readonly callId: CallUuid
  readonly organization: Organization
  readonly userId: number | undefined
  readonly destination: E164
  /** Of the destination, for taxes. */
  readonly country?: string | undefined
  /** Where the call comes from, as the carrier will see it. */
  readonly callerNumber: E164 | undefined
  /** The called number's location routing number, where a lookup gave one. */
  readonly lrn: E164 | undefined
  readonly now: number
} & Pick<
  HuntRequest,
  'profileId' | 'callType' | 'codecs' | 'preferredCarriers' | 'excludedCarriers' | 'takesCallerId'
> & {
    /** Undefined: the settings'. */
    readonly maxRoutes?: number | undefined
  }

export type RouteSettings = {
  readonly maxRoutes: number
  readonly maxDurationSeconds: number
  /** How long a caller may hear nothing, all attempts together. */
  readonly postDialDelayBudgetSeconds: number
  readonly npaStates: NpaStates
  /** For gateways that say nothing else. */
  readonly failover: FailoverPolicy
  /** A uuid for a channel that may be made. */
  readonly newUuid: () => CallUuid
}

export type PlannedRoutes = {
  readonly hunt: Hunt
  readonly attempts: readonly PlannedAttempt[]
  readonly rejected: readonly Rejection[]
  readonly jurisdiction: Jurisdiction | undefined
}

export const planRoutes = (
  request: RoutesRequest,
  surroundings: Surroundings,
  settings: RouteSettings,
): PlannedRoutes => {
  const { destination, callerNumber, lrn, organization } = request
  const jurisdiction = jurisdictionOf(callerNumber, destination, settings.npaStates, lrn)
  const found = hunt(
    {
      organization,
      destination,
      now: request.now,
      maxRoutes: request.maxRoutes ?? settings.maxRoutes,
      profileId: request.profileId,
      ratedAs: lrn,
      country: request.country,
      jurisdiction,
      callType: request.callType,
      takesCallerId: request.takesCallerId,
      showsCallerId: callerNumber !== undefined,
      codecs: request.codecs,
      preferredCarriers: request.preferredCarriers,
      excludedCarriers: request.excludedCarriers,
    },
    surroundings,
  )
  const planned = found.routes.map((route, index) =>
    plannedAttempt(
      route.gateway,
      {
        n: index + 1,
        callId: request.callId,
        legUuid: settings.newUuid(),
        organizationId: organization.id,
        userId: request.userId,
        gatewayId: route.gateway.id,
        gatewayName: route.gateway.name,
        carrierId: route.carrier.id,
        carrierName: route.carrier.name,
        routeId: route.rule.id,
        number: route.number,
        rate: route.rate,
        sell: found.sell,
        fee: feeOf(route.carrier, request, surroundings),
        ratedAs: digitsOf(lrn ?? destination),
        jurisdiction,
      },
      {
        maxDurationSeconds: Math.min(
          route.rule.maxCallDurationSeconds ?? settings.maxDurationSeconds,
          settings.maxDurationSeconds,
        ),
        failover: settings.failover,
      },
    ),
  )
  const attempts = withinBudget(planned, settings.postDialDelayBudgetSeconds)
  return {
    hunt: found,
    attempts,
    rejected: rejectionsOf(found, planned, attempts.length, settings),
    jurisdiction,
  }
}

/** What the carrier charges for being tried, in a currency of its own. */
export const feeOf = (
  carrier: Carrier | undefined,
  { organization, now }: { readonly organization: Organization; readonly now: number },
  { directory }: Surroundings,
): QuotedFee | undefined => {
  const fee = carrier?.attemptFee
  if (fee === undefined) return undefined
  const exchange = directory.exchange(fee.currency, organization.currency, now)
  return exchange === undefined ? fee : { ...fee, exchange }
}

/**
 * A carrier that says nothing but 100 for so long is left: long enough for the slowest mobile networks'
 * post-dial delay, short enough that five dead carriers keep nobody waiting for more than half a minute.
 */
export const PROGRESS_TIMEOUT_SECONDS = 6
export const RING_TIMEOUT_SECONDS = 60

export const plannedAttempt = (
  gateway: Gateway,
  carried: CarriedAttempt,
  { maxDurationSeconds, failover }: Pick<RouteSettings, 'maxDurationSeconds' | 'failover'>,
): PlannedAttempt => ({
  carried,
  gateway: gatewayNameOf(gateway.id),
  codecs: gateway.codecs,
  maxChannels: gateway.maxChannels,
  maxCallsPerSecond: gateway.maxCallsPerSecond,
  policy: within(failover, gateway.failover),
  progressTimeoutSeconds: gateway.progressTimeoutSeconds ?? PROGRESS_TIMEOUT_SECONDS,
  ringTimeoutSeconds: gateway.ringTimeoutSeconds ?? RING_TIMEOUT_SECONDS,
  maxDurationSeconds,
})

/** What the gateway says comes before what is said of all. */
const within = (all: FailoverPolicy, own: FailoverPolicy): FailoverPolicy =>
  all.next.length === 0 && all.stop.length === 0
    ? own
    : {
        believes: own.believes,
        next: [...own.next, ...all.next.filter((rule) => !own.stop.includes(rule))],
        stop: [...own.stop, ...all.stop.filter((rule) => !own.next.includes(rule))],
      }

const rejectionsOf = (
  { rejected }: Hunt,
  planned: readonly PlannedAttempt[],
  kept: number,
  settings: RouteSettings,
): readonly Rejection[] => {
  const explained = rejected.map(explainRejection)
  for (let at = kept; at < planned.length; at += 1) {
    const dropped = planned[at]
    if (dropped !== undefined) explained.push(beyondBudget(dropped.carried, settings))
  }
  return explained
}

const explainRejection = ({ gateway, carrier, reason, why }: HuntRejection): Rejection => ({
  gatewayId: gateway.id,
  gateway: gateway.name,
  carrierId: carrier.id,
  carrier: carrier.name,
  reason,
  why,
})

const beyondBudget = (
  { gatewayId, gatewayName, carrierId, carrierName }: CarriedAttempt,
  { postDialDelayBudgetSeconds }: RouteSettings,
): Rejection => ({
  gatewayId,
  gateway: gatewayName,
  carrierId,
  carrier: carrierName,
  reason: 'BEYOND_POST_DIAL_DELAY',
  why: `the attempts before it may take all of the ${postDialDelayBudgetSeconds} s of post-dial delay`,
})
