/** What a replay adds up, and what it tells of it. Sums are exact, and kept apart by currency. */
import type { Directory } from '../directory/directory.ts'
import type { Carrier } from '../directory/records.ts'
import { destinationKey } from '../routing/hunt.ts'
import { digitsOf, type E164 } from '../telephony/e164.ts'
import { moneyOf, type Money } from '../telephony/money.ts'

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

/** How a call went on one side. */
export type Way = {
  readonly carrier: Carrier | undefined
  readonly cost: Money
  /** What the customer pays; undefined: it has no deck for the number. */
  readonly sold: Money | undefined
}

type Sum = { before: bigint; after: bigint }
type Count = { before: number; after: number }

export type Tally = {
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

export const createTally = (): Tally => ({
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

export const add = (
  tally: Tally,
  call: { readonly destination: E164; readonly billableSeconds: number; readonly currency: string },
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

export const reportOf = (tally: Tally, isCut: boolean, directory: Directory): ReplayReport => {
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
