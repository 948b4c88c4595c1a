/**
 * What calls of the past would cost today, and what they would cost by another price list: each call goes through the
 * hunt of live calls twice, once with the rates in force and once with the draft. Carriers are all well and all idle,
 * so that nothing but prices differs; whoever shares calls begins its turns anew. It dials nothing, waits for nobody
 * and gives the event loop back every few milliseconds: calls are being planned meanwhile.
 */
import type { Directory } from '../directory/directory.ts'
import type { Carrier, Organization } from '../directory/records.ts'
import { costOf } from '../rating/bill.ts'
import { destinationKey, hunt, type Health, type Load, type Surroundings } from '../routing/hunt.ts'
import type { RateIndex } from '../routing/rate-lookup.ts'
import { createRoutingTable } from '../routing/routing-table.ts'
import { createTurns, type Turns } from '../routing/turns.ts'
import { digitsOf, type E164 } from '../telephony/e164.ts'
import { jurisdictionOf, type Jurisdiction } from '../telephony/jurisdiction.ts'
import { moneyOf, ZERO, type Money } from '../telephony/money.ts'
import type { NpaStates } from '../telephony/north-america.ts'

export type ReplayCall = {
  readonly organizationId: number
  readonly destination: E164
  /** The number that was shown. */
  readonly callerNumber: E164 | undefined
  /** The profile by which it went; undefined: the organisation's. */
  readonly profileId: number | undefined
  /** 0: not answered. */
  readonly billableSeconds: number
}

export type ReplayParts = {
  /** A page at a time, in the order of the calls. */
  readonly calls: AsyncIterable<readonly ReplayCall[]>
  readonly directory: Directory
  readonly before: RateIndex
  readonly after: RateIndex
  readonly failoverStrategy: Surroundings['failoverStrategy']
  readonly npaStates: NpaStates
  /** For rates, hours and everything else that has a date. */
  readonly now: number
  readonly monotonic: () => number
  /** Gives the event loop back. */
  readonly breathe: () => Promise<void>
  /** More calls than these are not looked at. */
  readonly mostCalls?: number
  /** Throws where nobody waits for it any more. */
  readonly onProgress?: (calls: number) => void
}

export type ReplayReport = {
  readonly calls: number
  readonly answered: number
  /** Calls of organisations that are gone. */
  readonly leftOut: number
  /** There were more calls than are replayed. */
  readonly isCut: boolean
  readonly changedCarrier: number
  /** Went by today's rates, and would go no more. */
  readonly noLongerRouted: number
  /** The other way round. */
  readonly newlyRouted: number
  readonly noRoute: Pair<number>
  /** One for each currency; sums of different ones mean nothing. */
  readonly totals: readonly ReplayTotal[]
  /** Most calls first. */
  readonly carriers: readonly ReplayCarrier[]
  /** The greatest change of cost first. */
  readonly destinations: readonly ReplayDestination[]
}

export type Pair<Value> = { readonly before: Value; readonly after: Value }

export type ReplayTotal = {
  readonly currency: string
  readonly cost: Pair<Money>
  /** What customers with a deck pay for the calls that were routed, less what those cost; undefined: none has one. */
  readonly margin: Pair<Money> | undefined
}

export type ReplayCarrier = {
  readonly carrierId: number
  readonly carrier: string
  readonly currency: string
  readonly calls: Pair<number>
  /** Of all calls that were routed: 0 to 1. */
  readonly share: Pair<number>
  readonly cost: Pair<Money>
}

export type ReplayDestination = {
  /** The first digits of the numbers. */
  readonly destination: string
  readonly currency: string
  readonly calls: number
  readonly changedCarrier: number
  readonly cost: Pair<Money>
}

export const MOST_REPLAYED = 1_000_000

export const replay = async (parts: ReplayParts): Promise<ReplayReport> => {
  const { directory, now, monotonic, mostCalls = MOST_REPLAYED } = parts
  const before = sideOf(parts.before, parts)
  const after = sideOf(parts.after, parts)
  const tally = createTally()
  let begun = monotonic()
  let isCut = false
  for await (const page of parts.calls) {
    for (const [at, call] of page.entries()) {
      if (tally.calls + tally.leftOut >= mostCalls) {
        isCut = true
        break
      }
      if (at % LOOK_EVERY === 0 && monotonic() - begun > SLICE_MS) {
        await parts.breathe()
        begun = monotonic()
      }
      const organization = directory.organization(call.organizationId)
      if (organization === undefined) tally.leftOut += 1
      else {
        const { currency } = organization
        add(
          tally,
          { ...call, currency },
          routed(call, organization, before, now),
          routed(call, organization, after, now),
        )
      }
    }
    parts.onProgress?.(tally.calls)
    if (isCut) break
    // What came with the page may have waited as long as it liked.
    await parts.breathe()
    begun = monotonic()
  }
  return reportOf(tally, isCut, directory)
}

/** Less than what a call that is being planned could feel. */
const SLICE_MS = 2
/** Calls between two looks at the clock: a hunt takes some ten microseconds. */
const LOOK_EVERY = 16

type Side = {
  readonly surroundings: Surroundings
  readonly turns: Turns
  readonly npaStates: NpaStates
}

const sideOf = (rates: RateIndex, { directory, failoverStrategy, npaStates }: ReplayParts): Side => {
  const turns = createTurns()
  const surroundings: Surroundings = {
    directory,
    routing: createRoutingTable(directory, rates),
    rates,
    isUp: () => true,
    load: IDLE,
    health: WELL,
    turns,
    failoverStrategy,
  }
  return { surroundings, turns, npaStates }
}

const IDLE: Load = {
  gatewayChannels: () => 0,
  carrierChannels: () => 0,
  routeChannels: () => 0,
  nextCallAt: (_gateway, _carrier, now) => now,
}

/** What carriers promise is believed; of the others nothing better or worse is known than of anybody. */
const WELL: Health = {
  verdictOf: () => ({ kind: 'closed' }),
  scoreOf: () => 100,
  qualityOf: (_gatewayId, _destination, _now, rule) => ({
    asr: rule.asrPercent ?? 50,
    acdSeconds: rule.acdSeconds ?? 180,
    pddMs: rule.pddMs ?? 3_000,
    samples: Number.MAX_SAFE_INTEGER,
    isConfident: true,
  }),
  averageSecondsOf: () => undefined,
}

type Way = {
  readonly carrier: Carrier | undefined
  readonly cost: Money
  /** What the customer pays; undefined: it has no deck for the number. */
  readonly sold: Money | undefined
}

const NO_WAY: Way = { carrier: undefined, cost: ZERO, sold: undefined }

const routed = (call: ReplayCall, organization: Organization, side: Side, now: number): Way => {
  const { surroundings, turns, npaStates } = side
  const { destination, callerNumber, billableSeconds } = call
  const jurisdiction = jurisdictionOf(callerNumber, destination, npaStates, undefined)
  const profile = call.profileId === undefined ? undefined : surroundings.routing.profileOf(call.profileId)
  const { routes, shares } = hunt(
    {
      organization,
      destination,
      now,
      // Only the first counts; a cut would only have to be explained.
      maxRoutes: Number.MAX_SAFE_INTEGER,
      profileId: profile?.id,
      jurisdiction,
      showsCallerId: callerNumber !== undefined,
    },
    surroundings,
  )
  turns.take(shares)
  const [first] = routes
  if (first === undefined) return NO_WAY
  return {
    carrier: first.carrier,
    cost: billableSeconds === 0 ? ZERO : costOf(first.rate.tariff, billableSeconds),
    sold: soldFor(call, organization, surroundings.rates, now, jurisdiction),
  }
}

const soldFor = (
  { destination, billableSeconds }: ReplayCall,
  { id, currency }: Organization,
  rates: RateIndex,
  now: number,
  jurisdiction: Jurisdiction | undefined,
): Money | undefined => {
  const entry = rates.rateOf('customer', id, digitsOf(destination), now, jurisdiction)
  if (entry < 0) return undefined
  const tariff = rates.tariffOf(entry)
  if (tariff.currency !== currency) return undefined
  return billableSeconds === 0 ? ZERO : costOf(tariff, billableSeconds)
}

type Sum = { before: bigint; after: bigint }
type Count = { before: number; after: number }

type Tally = {
  calls: number
  answered: number
  leftOut: number
  changedCarrier: number
  noLongerRouted: number
  newlyRouted: number
  readonly noRoute: Count
  readonly totals: Map<string, { readonly cost: Sum; margin: Sum | undefined }>
  readonly carriers: Map<
    string,
    { readonly carrierId: number; readonly currency: string; readonly calls: Count; readonly cost: Sum }
  >
  readonly destinations: Map<
    string,
    {
      readonly destination: string
      readonly currency: string
      calls: number
      changedCarrier: number
      readonly cost: Sum
    }
  >
}

const createTally = (): Tally => ({
  calls: 0,
  answered: 0,
  leftOut: 0,
  changedCarrier: 0,
  noLongerRouted: 0,
  newlyRouted: 0,
  noRoute: { before: 0, after: 0 },
  totals: new Map(),
  carriers: new Map(),
  destinations: new Map(),
})

const found = <Value>(map: Map<string, Value>, key: string, make: () => Value): Value => {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

const add = (
  tally: Tally,
  call: ReplayCall & { readonly currency: string },
  before: Way,
  after: Way,
): void => {
  const key = destinationKey(digitsOf(call.destination))
  const { currency } = call
  const changed =
    before.carrier !== undefined && after.carrier !== undefined && before.carrier.id !== after.carrier.id
  tally.calls += 1
  if (call.billableSeconds > 0) tally.answered += 1
  if (changed) tally.changedCarrier += 1
  if (before.carrier !== undefined && after.carrier === undefined) tally.noLongerRouted += 1
  if (before.carrier === undefined && after.carrier !== undefined) tally.newlyRouted += 1
  const destination = found(tally.destinations, `${key} ${currency}`, () => ({
    destination: key,
    currency,
    calls: 0,
    changedCarrier: 0,
    cost: { before: 0n, after: 0n },
  }))
  destination.calls += 1
  if (changed) destination.changedCarrier += 1
  const total = found(tally.totals, currency, () => ({ cost: { before: 0n, after: 0n }, margin: undefined }))
  for (const [side, way] of [
    ['before', before],
    ['after', after],
  ] as const) {
    if (way.carrier === undefined) {
      tally.noRoute[side] += 1
      continue
    }
    const cost = BigInt(way.cost)
    const carrier = found(
      tally.carriers,
      `${way.carrier.id} ${currency}`,
      newCarrier(way.carrier.id, currency),
    )
    carrier.calls[side] += 1
    carrier.cost[side] += cost
    destination.cost[side] += cost
    total.cost[side] += cost
    if (way.sold === undefined) continue
    total.margin ??= { before: 0n, after: 0n }
    total.margin[side] += BigInt(way.sold) - cost
  }
}

const newCarrier = (carrierId: number, currency: string) => () => ({
  carrierId,
  currency,
  calls: { before: 0, after: 0 },
  cost: { before: 0n, after: 0n },
})

const MOST_DESTINATIONS = 20

const reportOf = (tally: Tally, isCut: boolean, directory: Directory): ReplayReport => {
  const { calls, noRoute } = tally
  const share = (count: number, without: number): number =>
    calls === without ? 0 : count / (calls - without)
  return {
    calls,
    answered: tally.answered,
    leftOut: tally.leftOut,
    isCut,
    changedCarrier: tally.changedCarrier,
    noLongerRouted: tally.noLongerRouted,
    newlyRouted: tally.newlyRouted,
    noRoute: { ...noRoute },
    totals: [...tally.totals].map(([currency, { cost, margin }]) => ({
      currency,
      cost: moneyPair(cost),
      margin: margin === undefined ? undefined : moneyPair(margin),
    })),
    carriers: [...tally.carriers.values()]
      .sort((a, b) => mostOf(b.calls) - mostOf(a.calls) || a.carrierId - b.carrierId)
      .map((row) => ({
        carrierId: row.carrierId,
        carrier: directory.carrier(row.carrierId)?.name ?? '',
        currency: row.currency,
        calls: { ...row.calls },
        share: {
          before: share(row.calls.before, noRoute.before),
          after: share(row.calls.after, noRoute.after),
        },
        cost: moneyPair(row.cost),
      })),
    destinations: [...tally.destinations.values()]
      .filter(({ cost, changedCarrier }) => cost.before !== cost.after || changedCarrier > 0)
      .sort(
        (a, b) => Number(changeOf(b.cost) - changeOf(a.cost)) || a.destination.localeCompare(b.destination),
      )
      .slice(0, MOST_DESTINATIONS)
      .map(({ cost, ...row }) => ({ ...row, cost: moneyPair(cost) })),
  }
}

const mostOf = ({ before, after }: Count): number => Math.max(before, after)

const changeOf = ({ before, after }: Sum): bigint => (after < before ? before - after : after - before)

const moneyPair = ({ before, after }: Sum): Pair<Money> => ({
  before: moneyOf(before),
  after: moneyOf(after),
})
