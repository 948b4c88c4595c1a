/**
 * Which gateways reach a number, in which order, and why the others do not. Pure: the same inputs give the
 * same hunt, so live routing, `explain` and a replay are one code path. A new reason to refuse a candidate
 * is one entry in REASONS and one check in `judge`; a new order is one line in `order.ts`.
 */
import type { QuotedRate, QuotedSale } from '../call/carried.ts'
import type { Directory } from '../directory/directory.ts'
import type { FraudCheck } from '../call/fraud.ts'
import type { PrepaidCheck } from '../call/prepaid.ts'
import type { QuotaCheck } from '../directory/quota.ts'
import type { Carrier, Gateway, LcrProfile, LcrRoute, Organization } from '../directory/records.ts'
import { DEFAULT_EXPECTED_SECONDS } from '../rating/expected-cost.ts'
import { digitsOf, type E164 } from '../telephony/e164.ts'
import type { Jurisdiction } from '../telephony/jurisdiction.ts'
import type { Money } from '../telephony/money.ts'
import { isNamed, judge } from './judge.ts'
import { ordered } from './order.ts'
import type { RateIndex, RateMatch } from './rate-lookup.ts'
import { refusalOf, type Refusal } from './refusal.ts'
import type { RoutingTable } from './routing-table.ts'

export type HuntRequest = {
  readonly organization: Organization
  readonly destination: E164
  readonly now: number
  readonly maxRoutes: number
  /** Undefined: the organisation's. */
  readonly profileId?: number | undefined
  /** The number whose rates count, where that is another: the called number's LRN. */
  readonly ratedAs?: E164 | undefined
  /** Of the destination, for taxes; undefined: of none that is known. */
  readonly country?: string | undefined
  /** Of a call within North America. */
  readonly jurisdiction?: Jurisdiction | undefined
  /** Default `voice`. */
  readonly callType?: 'voice' | 'fax' | undefined
  /** Whether a carrier takes the caller ID of this call; undefined: all do. */
  readonly takesCallerId?: ((carrier: Carrier) => boolean) | undefined
  /** A caller ID of ours is to be seen by the callee. */
  readonly showsCallerId?: boolean | undefined
  /** What the caller offers, where nobody transcodes; undefined: FreeSWITCH does. */
  readonly codecs?: readonly string[] | undefined
  /** Codes of carriers that come first, whatever they cost. */
  readonly preferredCarriers?: readonly string[] | undefined
  readonly excludedCarriers?: readonly string[] | undefined
}

/** What routing reads of the world as it is at this moment, and must not look up by itself. */
export type Surroundings = {
  readonly directory: Directory
  readonly routing: RoutingTable
  readonly rates: RateIndex
  /** False: the switch says that the gateway's pings are not answered. */
  readonly isUp: (gatewayId: number) => boolean
  readonly load: Load
  readonly health: Health
  readonly turns: Turns
  /** Undefined: nobody counts who calls how much. */
  readonly quotas?: QuotaCheck | undefined
  /** Undefined: nobody pays in advance. */
  readonly prepaid?: PrepaidCheck | undefined
  /** Undefined: nobody looks for toll fraud. */
  readonly fraud?: FraudCheck | undefined
  /** How routes that are equal in everything share the calls (FailoverConfig.strategy). */
  readonly failoverStrategy: 'sequential' | 'round_robin' | 'weighted'
}

/** Calls that are on, those just planned included. */
export type Load = {
  readonly gatewayChannels: (gatewayId: number) => number
  readonly carrierChannels: (carrierId: number) => number
  readonly routeChannels: (routeId: number) => number
  /** Milliseconds since the epoch from when the gateway and its carrier may get a call; `now` or less: at once. */
  readonly nextCallAt: (gateway: Gateway, carrier: Carrier, now: number) => number
}

/** What was seen of gateways. `destination` is a destinationKey. */
export type Health = {
  readonly verdictOf: (gatewayId: number, destination: string, now: number) => HealthVerdict
  /** 0 to 100; below 40 the gateway is tried last. */
  readonly scoreOf: (gatewayId: number, now: number) => number
  readonly qualityOf: (gatewayId: number, destination: string, now: number, rule: LcrRoute) => Quality
  /** Of answered calls, over all gateways; undefined: too few were seen. */
  readonly averageSecondsOf: (destination: string, now: number) => number | undefined
}

export type HealthVerdict =
  | { readonly kind: 'closed' }
  /** A call may try whether it works again. */
  | { readonly kind: 'trial' }
  | { readonly kind: 'open'; readonly until: number | undefined; readonly why: string }

export type Quality = {
  /** Answer seizure ratio, percent; shrunk to what is known of others while samples are few. */
  readonly asr: number
  readonly acdSeconds: number
  readonly pddMs: number
  readonly samples: number
  readonly isConfident: boolean
}

/** Who comes first when several share the calls. Reading does not take the turn: whoever plans a call does. */
export type Turns = {
  readonly orderOf: (shares: readonly Share[]) => readonly number[]
  /** True: this call may try a route of which too little is known. */
  readonly mayExplore: (shares: readonly Share[]) => boolean
}

/** `id` is a rule's. */
export type Share = { readonly id: number; readonly weight: number }

export type Route = {
  readonly gateway: Gateway
  readonly carrier: Carrier
  readonly rule: LcrRoute
  readonly rate: QuotedRate
  /** In the organisation's currency, so that carriers of several compare. */
  readonly expectedCost: Money
  /** As the gateway wants it. */
  readonly number: string
  /** It was out, and this call tries it. */
  readonly isTrial: boolean
}

export type HuntRejection = {
  readonly gateway: Gateway
  readonly carrier: Carrier
  readonly reason: Reason
  readonly why: string
}

export const REASONS = [
  'GATEWAY_DISABLED',
  'CARRIER_DISABLED',
  'CARRIER_OF_ANOTHER_ORGANIZATION',
  'ROUTE_DISABLED',
  'OUTSIDE_HOURS',
  'CARRIER_EXCLUDED',
  'CARRIER_NOT_PREFERRED',
  'CALLER_ID_NOT_CARRIED',
  'FAX_NOT_SUPPORTED',
  'CODEC_NOT_SUPPORTED',
  'NUMBER_FORM',
  'NO_RATE',
  'NOT_YET_EFFECTIVE',
  'NO_LONGER_EFFECTIVE',
  'OTHER_CURRENCY',
  'ABOVE_MAX_PRICE',
  'WOULD_LOSE_MONEY',
  'GATEWAY_DOWN',
  'COOLING_OFF',
  'GATEWAY_FULL',
  'CARRIER_FULL',
  'ROUTE_FULL',
  'CPS_EXCEEDED',
  'BEYOND_MAX_ROUTES',
] as const
export type Reason = (typeof REASONS)[number]

export type Hunt = {
  readonly profile: LcrProfile | undefined
  readonly routes: readonly Route[]
  readonly rejected: readonly HuntRejection[]
  /** Why there is no route; undefined where there is one. */
  readonly refusal: Refusal | undefined
  /** What the organisation pays, where it has a deck for the number. */
  readonly sell?: QuotedSale | undefined
  /** The length of call for which costs were compared. */
  readonly expectedSeconds: number
  /** Whose turns decided: to be taken by the call that uses the hunt. */
  readonly shares: readonly (readonly Share[])[]
}

/** Statistics and breakers are kept by these first digits of the number: a country and its kind of network. */
export const destinationKey = (digits: string): string => digits.slice(0, 5)

export const hunt = (request: HuntRequest, surroundings: Surroundings): Hunt => {
  const { organization, destination, now } = request
  const { directory, routing, rates, health } = surroundings
  const digits = digitsOf(destination)
  const profileId = request.profileId ?? organization.lcrProfileId
  const profile = profileId === undefined ? undefined : routing.profileOf(profileId)
  const blocked = directory.blockedBy(organization.id, digits)
  if (profile === undefined || blocked !== undefined) {
    return { ...NOTHING, profile, refusal: refusalOf(request, profile, blocked, NO_REJECTIONS) }
  }
  const rated = request.ratedAs === undefined ? digits : digitsOf(request.ratedAs)
  const match = rates.match(rated, now, request.jurisdiction)
  const key = destinationKey(digits)
  const expectedSeconds = health.averageSecondsOf(key, now) ?? DEFAULT_EXPECTED_SECONDS
  const customer = routing.customerSlotOf(organization.id)
  const sell = sellOf(match, customer, rated, request, surroundings)
  const context: Context = {
    request,
    surroundings,
    profile,
    digits,
    rated,
    key,
    expectedSeconds,
    sell,
    match,
  }
  const routes: Route[] = []
  const rejected: HuntRejection[] = []
  for (const candidate of routing.candidatesOf(profile.id, digits)) {
    const verdict = judge(candidate, context)
    if ('reason' in verdict) rejected.push(verdict)
    else routes.push(verdict)
  }
  const { routes: inOrder, shares } = ordered(routes, context)
  cut(inOrder, rejected, request)
  return {
    profile,
    routes: inOrder,
    rejected,
    refusal: inOrder.length > 0 ? undefined : refusalOf(request, profile, undefined, rejected),
    sell,
    expectedSeconds,
    shares,
  }
}

/** The customer's own longest prefix. */
const sellOf = (
  match: RateMatch,
  slot: number,
  digits: string,
  { organization, now, country }: HuntRequest,
  { rates, directory }: Surroundings,
): QuotedSale | undefined => {
  const entry = slot < 0 ? -1 : match.entryOf(slot)
  if (entry < 0) return undefined
  const tariff = rates.tariffOf(entry)
  const exchange = directory.exchange(tariff.currency, organization.currency, now)
  const tax = directory.taxOf(organization.id, country, now)
  return {
    deckId: rates.deckIdOf(entry),
    prefix: digits.slice(0, match.prefixLengthOf(slot)),
    tariff,
    ...(exchange !== undefined && { exchange }),
    ...(tax !== undefined && { tax }),
  }
}

/** What judging and ordering need beside the candidate. */
export type Context = {
  readonly request: HuntRequest
  readonly surroundings: Surroundings
  readonly profile: LcrProfile
  readonly digits: string
  /** The digits whose rates count. */
  readonly rated: string
  readonly key: string
  readonly expectedSeconds: number
  /** What the organisation pays us; undefined: it has no deck for the number. */
  readonly sell: QuotedSale | undefined
  /** Good until the next lookup. */
  readonly match: RateMatch
}

const NO_REJECTIONS: readonly HuntRejection[] = []

const NOTHING = {
  routes: [],
  rejected: NO_REJECTIONS,
  expectedSeconds: DEFAULT_EXPECTED_SECONDS,
  shares: [],
} as const

/** Leaves the first `maxRoutes`, and says of the others why they are not among them. */
const cut = (routes: Route[], rejected: HuntRejection[], request: HuntRequest): void => {
  const { preferredCarriers, maxRoutes } = request
  if (routes.length <= maxRoutes) return
  const why = `${maxRoutes} cheaper or preferred routes come first`
  const beyond = routes.splice(maxRoutes)
  const hasPreferred =
    preferredCarriers !== undefined && routes.some((route) => isNamed(preferredCarriers, route.carrier))
  for (const { gateway, carrier } of beyond) {
    rejected.push(
      hasPreferred && !isNamed(preferredCarriers, carrier)
        ? {
            gateway,
            carrier,
            reason: 'CARRIER_NOT_PREFERRED',
            why: 'routes of preferred carriers come first',
          }
        : { gateway, carrier, reason: 'BEYOND_MAX_ROUTES', why },
    )
  }
}
