/**
 * What each kind of rule against toll fraud means. A rule is asked of one more call, and says in a sentence why it is
 * broken; nothing is counted by asking. Its limits, where a row leaves them out, stand in DEFAULTS.
 */
import type { FraudCall } from '../call/fraud.ts'
import type { FraudRule } from '../directory/fraud-records.ts'
import type { FraudKind } from '../telephony/fraud-kind.ts'
import { formatMoney, type Money } from '../telephony/money.ts'
import { isWithin } from '../telephony/time-window.ts'
import type { TimeZone } from '../telephony/time-zone.ts'
import {
  createCallWindow,
  createNumberRun,
  createRangeCount,
  type CallWindow,
  type NumberRun,
  type RangeCount,
  type SpendWindow,
} from './fraud-windows.ts'

/** What was counted for one rule and those whose calls it counts; each part is made when it is needed. */
export type Tally = {
  calls?: CallWindow
  run?: NumberRun
  ranges?: RangeCount
  spend?: SpendWindow
  /** Of calls that are up: their ids. */
  up?: Set<string>
  /** When something was counted last. */
  usedAt: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
export const SPEND_WINDOW_MS = { 'spend-per-hour': HOUR_MS, 'spend-per-day': 24 * HOUR_MS } as const

const DEFAULTS: Readonly<Partial<Record<FraudKind, { readonly count: number; readonly minutes: number }>>> = {
  'calls-per-minute': { count: 60, minutes: 1 },
  'concurrent-calls': { count: 20, minutes: 1 },
  'sequential-numbers': { count: 10, minutes: 60 },
  'range-scan': { count: 60, minutes: 10 },
  'night-burst': { count: 20, minutes: 60 },
}

const countOf = ({ limitCount, kind }: FraudRule): number => limitCount ?? DEFAULTS[kind]?.count ?? 0

export const windowMsOf = ({ windowMinutes, kind }: FraudRule): number =>
  kind === 'calls-per-minute' ? MINUTE_MS : (windowMinutes ?? DEFAULTS[kind]?.minutes ?? 60) * MINUTE_MS

export type RuleWorld = {
  readonly now: number
  readonly zone: TimeZone
  /** Undefined: what was ever called is not known yet. */
  readonly wasCalled: (organizationId: number, country: string) => boolean | undefined
  /** What the running calls of the rule have cost so far. */
  readonly running: () => Money
}

/** Why the rule is broken with this call; undefined: it is not. */
export const faultWith = (
  rule: FraudRule,
  call: FraudCall,
  tally: Tally | undefined,
  world: RuleWorld,
): string | undefined => {
  const { now } = world
  const limit = countOf(rule)
  const windowMs = windowMsOf(rule)
  const who = rule.counts === 'user' ? 'the user' : 'the organisation'
  const isFull = (): boolean => limit === 0 || tally?.calls?.isFull(limit, windowMs, now) === true
  switch (rule.kind) {
    case 'calls-per-minute':
      return isFull() ? `${who} starts more than ${limit} such calls a minute` : undefined
    case 'concurrent-calls':
      return (tally?.up?.size ?? 0) >= limit ? `${who} has more than ${limit} such calls at once` : undefined
    case 'night-burst':
      return isNight(rule, world) && isFull()
        ? `${who} makes more than ${limit} such calls in ${windowMs / MINUTE_MS} minutes outside business hours`
        : undefined
    case 'spend-per-hour':
    case 'spend-per-day': {
      const spent = (tally?.spend?.spentSince(SPEND_WINDOW_MS[rule.kind], now) ?? 0) + world.running()
      return rule.limitAmount !== undefined && spent >= rule.limitAmount
        ? `${who} has spent ${formatMoney(rule.limitAmount)} within ${rule.kind === 'spend-per-hour' ? 'an hour' : 'a day'}`
        : undefined
    }
    case 'sequential-numbers': {
      // One number is no sequence.
      const least = Math.max(2, limit)
      const run = tally?.run?.runWith(Number(call.digits), least, windowMs, now) ?? 1
      return run >= least ? `${who} dials ${least} numbers in a row` : undefined
    }
    case 'range-scan': {
      const count = tally?.ranges?.countWith(Number(call.digits), windowMs, now) ?? 1
      return count > limit
        ? `${who} dials more than ${limit} numbers of the range ${call.digits.slice(0, -3)}xxx within ${windowMs / MINUTE_MS} minutes`
        : undefined
    }
    case 'first-high-cost-country':
      return world.wasCalled(call.organizationId, countryKeyOf(call)) === false && isDear(rule, call)
        ? `the organisation never called ${countryKeyOf(call)} before, which is ${call.risk === undefined ? 'dear' : 'on the list of risky prefixes'}`
        : undefined
    case 'high-risk-prefix':
      return call.risk === undefined ? undefined : `${call.digits} is listed as ${call.risk}`
  }
}

/** The call is made: it counts from now on. Spend comes with its record. */
export const tallyCall = (rule: FraudRule, call: FraudCall, tally: Tally, world: RuleWorld): void => {
  const windowMs = windowMsOf(rule)
  tally.usedAt = world.now
  switch (rule.kind) {
    case 'calls-per-minute':
      ;(tally.calls ??= createCallWindow()).take(countOf(rule), windowMs, world.now)
      return
    case 'night-burst':
      if (isNight(rule, world)) (tally.calls ??= createCallWindow()).take(countOf(rule), windowMs, world.now)
      return
    case 'concurrent-calls':
      ;(tally.up ??= new Set()).add(call.callId)
      return
    case 'sequential-numbers':
      ;(tally.run ??= createNumberRun()).take(Number(call.digits), windowMs, world.now)
      return
    case 'range-scan':
      ;(tally.ranges ??= createRangeCount()).take(Number(call.digits), windowMs, world.now)
      return
    case 'spend-per-hour':
    case 'spend-per-day':
    case 'first-high-cost-country':
    case 'high-risk-prefix':
      return
  }
}

/** By the clock on the wall of the zone, so also on the days on which it changes. */
const isNight = ({ businessHours }: FraudRule, { now, zone }: RuleWorld): boolean =>
  businessHours.length === 0 || !isWithin(businessHours, now, zone)

/** A number of no country (satellites, international networks) is known by its country code. */
export const countryKeyOf = ({ country, digits }: Pick<FraudCall, 'country' | 'digits'>): string =>
  country ?? `+${digits.slice(0, 3)}`

const isDear = (rule: FraudRule, { risk, pricePerMinute, currency }: FraudCall): boolean => {
  if (risk !== undefined) return true
  const from = rule.pricePerMinute ?? (currency === undefined ? undefined : HIGH_COST_PER_MINUTE[currency])
  return from !== undefined && pricePerMinute !== undefined && pricePerMinute >= from
}

const UNIT = 10 ** 8

/** About half a dollar a minute. A currency that is not here has to be told by the rule's own price. */
export const HIGH_COST_PER_MINUTE: Readonly<Partial<Record<string, number>>> = Object.fromEntries(
  Object.entries({
    ...{
      USD: 0.5,
      EUR: 0.45,
      GBP: 0.4,
      CHF: 0.45,
      CAD: 0.7,
      AUD: 0.75,
      NZD: 0.85,
      SGD: 0.65,
      JPY: 75,
      CNY: 3.5,
    },
    ...{
      SEK: 5,
      NOK: 5,
      DKK: 3.5,
      PLN: 2,
      CZK: 11,
      HUF: 180,
      RON: 2.2,
      BRL: 2.7,
      MXN: 9,
      ZAR: 9,
      INR: 42,
      HKD: 4,
    },
  }).map(([currency, price]) => [currency, Math.round(price * UNIT)]),
)
