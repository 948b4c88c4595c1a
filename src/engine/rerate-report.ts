/** What rating a period again changes: counts, sums by whom it is bought from and sold to, the largest changes. */
import type { Cdr } from '../cdr/cdr.ts'
import { formatMoney, moneyOf, parseMoney, ZERO, type Money } from '../telephony/money.ts'

/** Sums are decimals in text: they may be larger than one amount can be. */
export type RerateReport = {
  /** Charged legs that were looked at. */
  readonly examined: number
  /** Of which so many come out otherwise, be it by their rate alone. */
  readonly changed: number
  /** Stayed as they were: nobody knows the number any more. */
  readonly unknownNumber: number
  /** Sides that stayed as they were: whoever it is with has no rate for the call. */
  readonly withoutRate: number
  readonly groups: readonly RerateGroup[]
  readonly largest: readonly RerateChange[]
}

export type RerateGroup = {
  readonly side: 'buy' | 'sell'
  /** The carrier's, or the organisation's. */
  readonly id: number
  readonly name: string
  readonly currency: string
  /** Legs whose amount changes. */
  readonly legs: number
  readonly before: string
  readonly after: string
}

export type RerateChange = {
  readonly side: 'buy' | 'sell'
  readonly legUuid: string
  readonly callId: string
  /** Milliseconds since the epoch. */
  readonly startTime: number
  readonly currency: string
  readonly before: string
  readonly after: string
}

export const EMPTY_REPORT: RerateReport = {
  examined: 0,
  changed: 0,
  unknownNumber: 0,
  withoutRate: 0,
  groups: [],
  largest: [],
}

const MOST_LARGEST = 20

export type RerateTally = {
  readonly look: (found: { readonly unknownNumber: boolean; readonly withoutRate: boolean }) => void
  readonly change: (before: Cdr, after: Cdr) => void
  readonly report: () => RerateReport
}

/** Goes on from what was told so far. */
export const createRerateTally = (
  so: RerateReport,
  nameOf: (organizationId: number) => string | undefined,
): RerateTally => {
  let { examined, changed, unknownNumber, withoutRate } = so
  const groups = new Map<string, Group>(
    so.groups.map((group) => [
      keyOf(group),
      { ...group, before: unitsOf(group.before), after: unitsOf(group.after) },
    ]),
  )
  const largest: Large[] = so.largest.map((change) => ({ change, by: distance(change) }))

  const add = (
    side: 'buy' | 'sell',
    who: { readonly id: number; readonly name: string },
    { legUuid, callId, startTime }: Cdr,
    parts: Parts,
  ): void => {
    const { currency, before, after } = parts
    const key = keyOf({ side, id: who.id, currency })
    const group = groups.get(key) ?? { side, ...who, currency, legs: 0, before: 0n, after: 0n }
    group.legs += 1
    group.before += BigInt(before)
    group.after += BigInt(after)
    groups.set(key, group)
    const by = Math.abs(after - before)
    if (largest.length === MOST_LARGEST && by <= (largest.at(-1)?.by ?? 0)) return
    largest.push({
      by,
      change: {
        ...{ side, legUuid, callId, startTime, currency },
        before: formatMoney(before),
        after: formatMoney(after),
      },
    })
    largest.sort((a, b) => b.by - a.by)
    if (largest.length > MOST_LARGEST) largest.pop()
  }

  return {
    look: (found) => {
      examined += 1
      if (found.unknownNumber) unknownNumber += 1
      if (found.withoutRate) withoutRate += 1
    },
    change: (before, after) => {
      changed += 1
      const carrier = { id: after.carrierId ?? 0, name: after.carrierName ?? '' }
      for (const parts of partsOf(costOf(before), costOf(after))) add('buy', carrier, after, parts)
      const organizationId = after.organizationId ?? 0
      const customer = { id: organizationId, name: nameOf(organizationId) ?? '' }
      for (const parts of partsOf(soldOf(before), soldOf(after))) add('sell', customer, after, parts)
    },
    report: () => ({
      ...{ examined, changed, unknownNumber, withoutRate },
      groups: [...groups.values()]
        .map((group) => ({ ...group, before: textOf(group.before), after: textOf(group.after) }))
        .sort((a, b) => a.side.localeCompare(b.side) || a.id - b.id || a.currency.localeCompare(b.currency)),
      largest: largest.map(({ change }) => change),
    }),
  }
}

type Group = {
  -readonly [Field in keyof RerateGroup]: Field extends 'before' | 'after' ? bigint : RerateGroup[Field]
}
type Large = { readonly change: RerateChange; readonly by: number }
type Amount = { readonly amount: Money; readonly currency: string } | undefined
type Parts = { readonly currency: string; readonly before: Money; readonly after: Money }

const costOf = ({ cost, rate }: Cdr): Amount =>
  cost === undefined || rate === undefined ? undefined : { amount: cost, currency: rate.tariff.currency }

const soldOf = ({ sale }: Cdr): Amount =>
  sale === undefined ? undefined : { amount: sale.amount, currency: sale.rate.tariff.currency }

/** Of two currencies the one goes and the other comes. */
const partsOf = (before: Amount, after: Amount): readonly Parts[] => {
  if (before?.currency === after?.currency || before === undefined || after === undefined) {
    const currency = after?.currency ?? before?.currency
    const [from, to] = [before?.amount ?? ZERO, after?.amount ?? ZERO]
    return currency === undefined || from === to ? [] : [{ currency, before: from, after: to }]
  }
  return [
    { currency: before.currency, before: before.amount, after: ZERO },
    { currency: after.currency, before: ZERO, after: after.amount },
  ]
}

const keyOf = ({ side, id, currency }: Pick<RerateGroup, 'side' | 'id' | 'currency'>): string =>
  `${side} ${id} ${currency}`

const distance = ({ before, after }: RerateChange): number => Math.abs(parseMoney(after) - parseMoney(before))

const UNIT = 100_000_000n

const unitsOf = (text: string): bigint => {
  const [, sign, whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,8}))?$/.exec(text) ?? []
  const units = BigInt(whole) * UNIT + BigInt(fraction.padEnd(8, '0'))
  return sign === '-' ? -units : units
}

/** Beyond one amount's range too. */
const textOf = (units: bigint): string => {
  const magnitude = units < 0n ? -units : units
  return `${units < 0n ? '-' : ''}${magnitude / UNIT}${formatMoney(moneyOf(magnitude % UNIT)).slice(1)}`
}
