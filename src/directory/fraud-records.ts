/** Rules against toll fraud, what they blocked, and which prefixes are risky: rows as the engine reads them. */
import type { FraudAction, FraudCounts, FraudKind, PrefixRisk } from '../telephony/fraud-kind.ts'
import type { Money } from '../telephony/money.ts'
import type { TimeWindows } from '../telephony/time-window.ts'
import { indexPrefixes } from './prefix-rows.ts'

/** Of which calls; what is empty or false excludes none, and what is given has to hold together. */
export type FraudDestinations = {
  /** ISO 3166. */
  readonly countries: readonly string[]
  /** Digits without plus. With countries, one of either is enough. */
  readonly prefixes: readonly string[]
  /** Only to another country than the organisation's. */
  readonly international: boolean
  /** Only to prefixes that are listed as risky. */
  readonly highRisk: boolean
}

export type FraudRule = FraudDestinations & {
  readonly id: number
  /** Undefined: the platform's, for every organisation. */
  readonly organizationId: number | undefined
  /** Of this user's calls alone. */
  readonly userId: number | undefined
  readonly name: string
  readonly kind: FraudKind
  readonly action: FraudAction
  readonly counts: FraudCounts
  /** Calls, or numbers, that are still normal. */
  readonly limitCount: number | undefined
  /** Money that is still normal, in the organisation's currency. */
  readonly limitAmount: Money | undefined
  readonly windowMinutes: number | undefined
  /** From which a country is a high-cost one; undefined: HIGH_COST_PER_MINUTE of its currency. */
  readonly pricePerMinute: Money | undefined
  /** Of night-burst: when it is day; none: it is always night. */
  readonly businessHours: TimeWindows
  /** IANA; undefined: the organisation's. */
  readonly timeZone: string | undefined
  /** Undefined: until somebody releases the block. */
  readonly blockHours: number | undefined
  /** Of the platform's: an organisation's own rule does not take its place. */
  readonly enforced: boolean
  readonly enabled: boolean
}

export type FraudBlock = FraudDestinations & {
  readonly id: number
  readonly organizationId: number
  /** Undefined: the whole organisation's calls. */
  readonly userId: number | undefined
  readonly ruleId: number | undefined
  readonly reason: string
  /** Milliseconds since the epoch; undefined: until it is released. */
  readonly endsAt: number | undefined
}

export type RiskyPrefix = {
  readonly id: number
  readonly organizationId: number | undefined
  readonly prefix: string
  readonly risk: PrefixRisk
  readonly note: string
  readonly enabled: boolean
}

/** A user's PIN, or with no user the organisation's. */
export type PinRow = {
  readonly organizationId: number
  readonly userId: number | undefined
  readonly hash: string
}

export type FraudRows = {
  readonly rules: readonly FraudRule[]
  /** Those that are not released. */
  readonly blocks: readonly FraudBlock[]
  readonly prefixes: readonly RiskyPrefix[]
  readonly pins: readonly PinRow[]
}

export const NO_FRAUD_ROWS: FraudRows = { rules: [], blocks: [], prefixes: [], pins: [] }

export type FraudIndex = {
  /** Enabled rules that hold for the organisation's calls, in the order of their rows. */
  readonly rulesOf: (organizationId: number) => readonly FraudRule[]
  readonly blocksOf: (organizationId: number) => readonly FraudBlock[]
  /** Undefined: the prefix is not listed, or as normal. */
  readonly riskOf: (organizationId: number, digits: string) => RiskyPrefix | undefined
  /** Of the PIN that the user keys: his own, or the organisation's; undefined: there is none. */
  readonly pinHashOf: (organizationId: number, userId: number | undefined) => string | undefined
}

export const indexFraud = (rows: FraudRows): FraudIndex => {
  const platform = rows.rules.filter(({ organizationId }) => organizationId === undefined)
  const own = new Map<number, FraudRule[]>()
  for (const rule of rows.rules) {
    if (rule.organizationId === undefined) continue
    const others = own.get(rule.organizationId)
    if (others === undefined) own.set(rule.organizationId, [rule])
    else others.push(rule)
  }
  const platformOnly = platform.filter(({ enabled }) => enabled)
  const merged = new Map<number, readonly FraudRule[]>()
  for (const [organizationId, rules] of own) {
    const spoken = new Set(rules.map(({ kind }) => kind))
    merged.set(
      organizationId,
      [...platform.filter(({ kind, enforced }) => enforced || !spoken.has(kind)), ...rules].filter(
        ({ enabled }) => enabled,
      ),
    )
  }
  const blocks = new Map<number, FraudBlock[]>()
  for (const block of rows.blocks) {
    const others = blocks.get(block.organizationId)
    if (others === undefined) blocks.set(block.organizationId, [block])
    else others.push(block)
  }
  const pins = new Map(
    rows.pins.map(({ organizationId, userId, hash }) => [`${organizationId}/${userId ?? ''}`, hash]),
  )
  return {
    rulesOf: (organizationId) => merged.get(organizationId) ?? platformOnly,
    blocksOf: (organizationId) => blocks.get(organizationId) ?? NO_BLOCKS,
    riskOf: risks(rows.prefixes),
    pinHashOf: (organizationId, userId) =>
      pins.get(`${organizationId}/${userId ?? ''}`) ?? pins.get(`${organizationId}/`),
  }
}

const NO_BLOCKS: readonly FraudBlock[] = []

const risks = (rows: readonly RiskyPrefix[]): FraudIndex['riskOf'] => {
  const rowOf = indexPrefixes(rows)
  return (organizationId, digits) => {
    const row = rowOf(organizationId, digits)
    return row?.risk === 'normal' ? undefined : row
  }
}

/** The call, as far as it decides which rules are about it. */
export type FraudDestination = {
  /** Digits without plus. */
  readonly digits: string
  readonly country: string | undefined
  readonly isInternational: boolean
  readonly risk: PrefixRisk | undefined
}

export const concerns = (of: FraudDestinations, call: FraudDestination): boolean =>
  (!of.international || call.isInternational) &&
  (!of.highRisk || call.risk !== undefined) &&
  ((of.countries.length === 0 && of.prefixes.length === 0) ||
    (call.country !== undefined && of.countries.includes(call.country)) ||
    of.prefixes.some((prefix) => call.digits.startsWith(prefix)))
