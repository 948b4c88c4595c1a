/**
 * Which gateways reach a number, in which order, and why the others do not. Pure: the same inputs give the
 * same hunt, so live routing, `explain` and a replay are one code path. A new reason to refuse a candidate
 * is one entry in REASONS and one check in `judge`.
 */
import type { Directory } from '../directory/directory.ts'
import type { Carrier, Gateway, LcrProfile, LcrRoute, Organization } from '../directory/records.ts'
import type { QuotedRate } from '../call/carried.ts'
import { digitsOf, type E164 } from '../telephony/e164.ts'
import type { Money } from '../telephony/money.ts'
import type { RateTable } from './rate-table.ts'

export type HuntRequest = {
  readonly organization: Organization
  readonly destination: E164
  readonly now: number
  readonly maxRoutes: number
}

/** What routing reads of the world as it is at this moment, and must not look up by itself. */
export type Surroundings = {
  readonly directory: Directory
  readonly rates: RateTable
  /** False: the switch says that the gateway's pings are not answered. */
  readonly isUp: (gatewayId: number) => boolean
  /** Calls over the gateway now. */
  readonly channelsInUse: (gatewayId: number) => number
  /** What a call of average length would cost under the tariff. */
  readonly expectedCost: (rate: QuotedRate) => Money
}

export type Route = {
  readonly gateway: Gateway
  readonly carrier: Carrier
  readonly rule: LcrRoute
  readonly rate: QuotedRate
  readonly expectedCost: Money
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
  'NO_RATE',
  'OTHER_CURRENCY',
  'GATEWAY_DOWN',
  'GATEWAY_FULL',
  'BEYOND_MAX_ROUTES',
] as const
export type Reason = (typeof REASONS)[number]

export type Hunt = {
  readonly profile: LcrProfile | undefined
  readonly routes: readonly Route[]
  readonly rejected: readonly HuntRejection[]
}

export const hunt = (request: HuntRequest, surroundings: Surroundings): Hunt => {
  const profile = profileOf(request.organization, surroundings.directory)
  if (profile === undefined) return { profile, routes: [], rejected: [] }
  const routes: Route[] = []
  const rejected: HuntRejection[] = []
  for (const rule of longestRulePerGateway(profile, request, surroundings.directory)) {
    const verdict = judge(rule, request, surroundings)
    if (verdict === undefined) continue
    if ('reason' in verdict) rejected.push(verdict)
    else routes.push(verdict)
  }
  routes.sort(ORDER[profile.strategy])
  const beyond = routes.splice(request.maxRoutes).map(({ gateway, carrier }): HuntRejection => ({
    gateway,
    carrier,
    reason: 'BEYOND_MAX_ROUTES',
    why: `${request.maxRoutes} cheaper or preferred routes come first`,
  }))
  return { profile, routes, rejected: [...rejected, ...beyond] }
}

const profileOf = (organization: Organization, directory: Directory): LcrProfile | undefined => {
  if (organization.lcrProfileId === undefined) return undefined
  const profile = directory.lcrProfile(organization.lcrProfileId)
  return profile?.enabled === true ? profile : undefined
}

/** Of each gateway's rules, the one with the longest prefix of the number speaks. */
const longestRulePerGateway = (
  profile: LcrProfile,
  request: HuntRequest,
  directory: Directory,
): readonly LcrRoute[] => {
  const digits = digitsOf(request.destination)
  const chosen = new Map<number, LcrRoute>()
  for (const rule of directory.lcrRoutesOf(profile.id)) {
    if (!digits.startsWith(rule.prefix)) continue
    const other = chosen.get(rule.gatewayId)
    if (other === undefined || rule.prefix.length > other.prefix.length) chosen.set(rule.gatewayId, rule)
  }
  return [...chosen.values()]
}

const judge = (
  rule: LcrRoute,
  request: HuntRequest,
  { directory, rates, isUp, channelsInUse, expectedCost }: Surroundings,
): Route | HuntRejection | undefined => {
  const gateway = directory.gateway(rule.gatewayId)
  const carrier = gateway === undefined ? undefined : directory.carrier(gateway.carrierId)
  // Foreign keys make this impossible in the database; a snapshot that left a broken row out may have it.
  if (gateway === undefined || carrier === undefined) return undefined
  const rejected = (reason: Reason, why: string): HuntRejection => ({ gateway, carrier, reason, why })

  if (!gateway.enabled) return rejected('GATEWAY_DISABLED', 'the gateway is disabled')
  if (!carrier.enabled) return rejected('CARRIER_DISABLED', 'the carrier is disabled')
  if (carrier.organizationId !== undefined && carrier.organizationId !== request.organization.id) {
    return rejected('CARRIER_OF_ANOTHER_ORGANIZATION', 'the carrier belongs to another organisation')
  }
  if (!rule.enabled) return rejected('ROUTE_DISABLED', `the rule for prefix "${rule.prefix}" is disabled`)
  const rate = quote(rule, carrier, request, rates)
  if (rate === undefined) return rejected('NO_RATE', 'no rate of the carrier is in force for this number')
  if (rate.tariff.currency !== request.organization.currency) {
    return rejected(
      'OTHER_CURRENCY',
      `the rate is in ${rate.tariff.currency}, the organisation pays in ${request.organization.currency}`,
    )
  }
  if (!isUp(gateway.id)) return rejected('GATEWAY_DOWN', 'the gateway does not answer its pings')
  if (gateway.maxChannels !== undefined && channelsInUse(gateway.id) >= gateway.maxChannels) {
    return rejected('GATEWAY_FULL', `all ${gateway.maxChannels} channels are in use`)
  }
  return { gateway, carrier, rule, rate, expectedCost: expectedCost(rate) }
}

const quote = (
  rule: LcrRoute,
  carrier: Carrier,
  request: HuntRequest,
  rates: RateTable,
): QuotedRate | undefined => {
  const rate = rates.rateOf(carrier.id, digitsOf(request.destination), request.now)
  if (rate === undefined) return undefined
  const tariff =
    rule.priceOverride === undefined ? rate.tariff : { ...rate.tariff, pricePerMinute: rule.priceOverride }
  return { deckId: rate.deckId, prefix: rate.prefix, tariff }
}

type Compare = (a: Route, b: Route) => number

const byCost: Compare = (a, b) => a.expectedCost - b.expectedCost
const byPriority: Compare = (a, b) => a.rule.priority - b.rule.priority
/** The last word, so that equal routes come in the same order every time. */
const byAge: Compare = (a, b) => a.gateway.id - b.gateway.id

const ORDER: Readonly<Record<LcrProfile['strategy'], Compare>> = {
  LOWEST_COST: (a, b) => byCost(a, b) || byPriority(a, b) || byAge(a, b),
  PRIORITY: (a, b) => byPriority(a, b) || byCost(a, b) || byAge(a, b),
}
