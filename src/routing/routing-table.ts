/**
 * The operator's rules, compiled for the question that every call asks: which gateways may this profile use for
 * this number? Of each gateway's rules the one with the longest prefix speaks. A disabled rule is as good as none:
 * the next shorter one speaks; it is told only where no other rule does.
 *
 * Built when the directory or the rates change, never changed.
 */
import type { Directory } from '../directory/directory.ts'
import type { Carrier, Gateway, LcrProfile, LcrRoute } from '../directory/records.ts'
import { createNumberForm, type FormNumber } from '../telephony/number-form.ts'
import { isWithin, parseTimeWindows } from '../telephony/time-window.ts'
import { createTimeZones } from '../telephony/time-zone.ts'
import type { RateIndex } from './rate-lookup.ts'

/** A rule with all that judging it needs, found once. */
export type Candidate = {
  readonly rule: LcrRoute
  readonly gateway: Gateway
  readonly carrier: Carrier
  /** Of the carrier in the rate index; -1: it has no rates at all. */
  readonly rateSlot: number
  /** Undefined: always. */
  readonly isOpenAt: ((now: number) => boolean) | undefined
  readonly formNumber: FormNumber
}

export type RoutingTable = {
  readonly profileOf: (profileId: number) => LcrProfile | undefined
  /** One for each gateway that has a rule of the profile for the number, in the order of gateway ids. */
  readonly candidatesOf: (profileId: number, digits: string) => readonly Candidate[]
  /** Of the organisation in the rate index; -1: nothing is sold to it by a deck. */
  readonly customerSlotOf: (organizationId: number) => number
}

export const createRoutingTable = (directory: Directory, rates: RateIndex): RoutingTable => {
  const zoneNamed = createTimeZones()
  const hours = ({ timeRestrictions, profileId }: LcrRoute): Candidate['isOpenAt'] => {
    if (timeRestrictions.length === 0) return undefined
    const windows = parseTimeWindows(timeRestrictions)
    const zone = zoneNamed(directory.lcrProfile(profileId)?.timeZone ?? 'UTC')
    return (now) => isWithin(windows, now, zone)
  }
  const compile = (rule: LcrRoute): Candidate | undefined => {
    const gateway = directory.gateway(rule.gatewayId)
    const carrier = gateway === undefined ? undefined : directory.carrier(gateway.carrierId)
    // Foreign keys make this impossible in the database; a snapshot that left a broken row out may have it.
    if (gateway === undefined || carrier === undefined) return undefined
    return {
      rule,
      gateway,
      carrier,
      rateSlot: rates.ownerSlotOf('carrier', carrier.id),
      isOpenAt: hours(rule),
      formNumber: createNumberForm(gateway.numberForm),
    }
  }
  const profiles = new Map<number, RulesByPrefix>()
  const rulesOf = (profileId: number): RulesByPrefix => {
    let rules = profiles.get(profileId)
    if (rules === undefined) {
      rules = rulesByPrefix(directory.lcrRoutesOf(profileId).flatMap((rule) => compile(rule) ?? []))
      profiles.set(profileId, rules)
    }
    return rules
  }
  return {
    profileOf: (profileId) => {
      const profile = directory.lcrProfile(profileId)
      return profile?.enabled === true ? profile : undefined
    },
    candidatesOf: (profileId, digits) => candidatesFor(rulesOf(profileId), digits),
    customerSlotOf: (organizationId) => rates.ownerSlotOf('customer', organizationId),
  }
}

type RulesByPrefix = {
  readonly byPrefix: ReadonlyMap<string, readonly Candidate[]>
  /** The lengths that prefixes have, longest first. */
  readonly lengths: readonly number[]
}

const rulesByPrefix = (candidates: readonly Candidate[]): RulesByPrefix => {
  const byPrefix = new Map<string, Candidate[]>()
  for (const candidate of candidates) {
    const rules = byPrefix.get(candidate.rule.prefix)
    if (rules === undefined) byPrefix.set(candidate.rule.prefix, [candidate])
    else rules.push(candidate)
  }
  for (const rules of byPrefix.values()) rules.sort(byGateway)
  const lengths = [...new Set([...byPrefix.keys()].map(({ length }) => length))].sort((a, b) => b - a)
  return { byPrefix, lengths }
}

const byGateway = (a: Candidate, b: Candidate): number => a.gateway.id - b.gateway.id

const candidatesFor = ({ byPrefix, lengths }: RulesByPrefix, digits: string): readonly Candidate[] => {
  const found: (readonly Candidate[])[] = []
  for (const length of lengths) {
    if (length > digits.length) continue
    const rules = byPrefix.get(length === 0 ? '' : digits.slice(0, length))
    if (rules !== undefined) found.push(rules)
  }
  const [only] = found
  if (only === undefined) return []
  if (found.length === 1) return only
  const chosen = new Map<number, Candidate>()
  for (const rules of found) {
    for (const candidate of rules) {
      const longer = chosen.get(candidate.gateway.id)
      if (longer === undefined || (!longer.rule.enabled && candidate.rule.enabled))
        chosen.set(candidate.gateway.id, candidate)
    }
  }
  return [...chosen.values()].sort(byGateway)
}
