/**
 * How much is called: calls in the last second, calls at once, money spent today, for each organisation and each user.
 * It counts and judges; it makes no call, and time is an argument. A call counts from the moment it is made, before it
 * has a channel, so that requests at once cannot overshoot; one whose channel never comes is forgotten.
 *
 * The day is UTC's. What is spent is what records say, and what the running calls have cost so far by their quoted
 * rates; a call that was up before this engine started counts when it ends.
 */
import type { Limit, QuotaCall, QuotaLimits, QuotaVerdict } from '../directory/quota.ts'
import { bill } from '../rating/bill.ts'
import { createCallRates } from '../routing/call-rate.ts'
import { addMoney, formatMoney, ZERO, type Money } from '../telephony/money.ts'
import type { Tariff } from '../telephony/tariff.ts'

export type QuotaUsage = {
  readonly callsInLastSecond: number
  readonly concurrentCalls: number
  readonly spentToday: Money
}

export type Spend = {
  readonly organizationId: number
  readonly userId: number | undefined
  readonly amount: Money
}

export type QuotaLimitsOf = {
  readonly organization: (organizationId: number) => QuotaLimits | undefined
  readonly user: (userId: number) => QuotaLimits | undefined
}

export type QuotaCounters = {
  readonly check: (call: QuotaCall, now: number) => QuotaVerdict
  /** The call is made. Repeated for the same call, it changes nothing but its rates. */
  readonly take: (call: QuotaCall, now: number) => void
  /** By which rate a leg of the call will cost, if it is answered. */
  readonly quoted: (callId: string, rates: ReadonlyMap<string, Tariff>) => void
  /** Something was seen of the call, so it lives; one that is not known is taken in, without counting as new. */
  readonly seen: (call: QuotaCall, now: number) => void
  readonly answered: (callId: string, legUuid: string, now: number) => void
  readonly legEnded: (callId: string, legUuid: string) => void
  readonly ended: (callId: string) => void
  /** A record is stored; `startedAt` says whose day it is. */
  readonly spent: (spend: Spend, startedAt: number, now: number) => void
  /** All that records of today say, which replaces what was known. */
  readonly replaceSpent: (spends: readonly Spend[], now: number) => void
  readonly usage: (organizationId: number, userId: number | undefined, now: number) => QuotaUsage
}

/** A call that was made and of which nothing is seen for so long has no channel (the board forgets it then, too). */
const UNSEEN_MS = 180_000
const DAY_MS = 86_400_000
/** Nobody knows when a call ends. */
const RETRY_WHEN_FULL_SECONDS = 30
/** Where nothing limits the calls of a second, use is known up to so many. */
const COUNTED_PER_SECOND = 200

type Entry = {
  readonly call: QuotaCall
  /** Undefined: seen. */
  unseenSince: number | undefined
  rates: ReadonlyMap<string, Tariff>
  readonly running: Map<string, { readonly tariff: Tariff; readonly since: number }>
}

export const createQuotaCounters = (limits: QuotaLimitsOf): QuotaCounters => {
  const entries = new Map<string, Entry>()
  const byOrganization = new Map<number, Set<Entry>>()
  const organizationRates = createCallRates()
  const userRates = createCallRates()
  let day = 0
  let organizationSpent = new Map<number, Money>()
  let userSpent = new Map<number, Money>()

  const remove = (entry: Entry): void => {
    entries.delete(entry.call.callId)
    const others = byOrganization.get(entry.call.organizationId)
    others?.delete(entry)
    if (others?.size === 0) byOrganization.delete(entry.call.organizationId)
  }
  const insert = (call: QuotaCall, unseenSince: number | undefined): void => {
    const entry: Entry = { call, unseenSince, rates: new Map(), running: new Map() }
    entries.set(call.callId, entry)
    const others = byOrganization.get(call.organizationId)
    if (others === undefined) byOrganization.set(call.organizationId, new Set([entry]))
    else others.add(entry)
  }
  const callsOf = (organizationId: number, userId: number | undefined, now: number): readonly Entry[] => {
    const found: Entry[] = []
    for (const entry of byOrganization.get(organizationId) ?? []) {
      if (entry.unseenSince !== undefined && now - entry.unseenSince > UNSEEN_MS) remove(entry)
      else if (userId === undefined || entry.call.userId === userId) found.push(entry)
    }
    return found
  }
  const turnDay = (now: number): void => {
    const today = Math.floor(now / DAY_MS)
    if (today === day) return
    day = today
    organizationSpent = new Map()
    userSpent = new Map()
  }
  const spentBy = (organizationId: number, userId: number | undefined, now: number): Money => {
    turnDay(now)
    const stored = userId === undefined ? organizationSpent.get(organizationId) : userSpent.get(userId)
    const running = callsOf(organizationId, userId, now).flatMap((entry) => runningCost(entry, now))
    return addMoney(stored ?? ZERO, ...running)
  }
  const add = ({ organizationId, userId, amount }: Spend): void => {
    organizationSpent.set(organizationId, addMoney(organizationSpent.get(organizationId) ?? ZERO, amount))
    if (userId !== undefined) userSpent.set(userId, addMoney(userSpent.get(userId) ?? ZERO, amount))
  }

  type Side = {
    readonly of: 'organization' | 'user'
    readonly limits: QuotaLimits | undefined
    readonly userId: number | undefined
    readonly busyUntil: (limit: number | undefined, now: number) => number | undefined
  }
  const overOf = ({ organizationId }: QuotaCall, side: Side, now: number): QuotaVerdict | undefined => {
    const { of, userId, limits: quota } = side
    if (quota === undefined) return undefined
    const { callsPerSecond, concurrentCalls, dailySpend } = quota
    const over = (limit: Limit, why: string, retryAfterSeconds: number): QuotaVerdict => ({
      kind: 'over',
      limit,
      of,
      why: `the ${of === 'user' ? 'user' : 'organisation'} ${why}`,
      retryAfterSeconds,
    })
    if (side.busyUntil(callsPerSecond, now) !== undefined)
      return over('calls-per-second', `may start ${callsPerSecond ?? 0} calls a second`, 1)
    if (concurrentCalls !== undefined && callsOf(organizationId, userId, now).length >= concurrentCalls)
      return over('concurrent-calls', `may have ${concurrentCalls} calls at once`, RETRY_WHEN_FULL_SECONDS)
    if (dailySpend !== undefined && spentBy(organizationId, userId, now) >= dailySpend)
      return over('daily-spend', `may spend ${formatMoney(dailySpend)} a day`, secondsToMidnight(now))
    return undefined
  }

  return {
    check: (call, now) => {
      if (entries.has(call.callId)) return WITHIN
      const { organizationId, userId } = call
      return (
        overOf(
          call,
          {
            of: 'organization',
            limits: limits.organization(organizationId),
            userId: undefined,
            busyUntil: (limit, at) => organizationRates.busyUntil(organizationId, limit, at),
          },
          now,
        ) ??
        (userId === undefined
          ? undefined
          : overOf(
              call,
              {
                of: 'user',
                limits: limits.user(userId),
                userId,
                busyUntil: (limit, at) => userRates.busyUntil(userId, limit, at),
              },
              now,
            )) ??
        WITHIN
      )
    },
    take: (call, now) => {
      if (entries.has(call.callId)) return
      insert(call, now)
      const { organizationId, userId } = call
      const counted = (quota: QuotaLimits | undefined): number => quota?.callsPerSecond ?? COUNTED_PER_SECOND
      organizationRates.take(organizationId, counted(limits.organization(organizationId)), now)
      if (userId !== undefined) userRates.take(userId, counted(limits.user(userId)), now)
    },
    quoted: (callId, rates) => {
      const entry = entries.get(callId)
      if (entry !== undefined) entry.rates = rates
    },
    seen: (call, now) => {
      const entry = entries.get(call.callId)
      if (entry === undefined) insert(call, undefined)
      else entry.unseenSince = undefined
      turnDay(now)
    },
    answered: (callId, legUuid, now) => {
      const entry = entries.get(callId)
      const tariff = entry?.rates.get(legUuid)
      if (tariff !== undefined) entry?.running.set(legUuid, { tariff, since: now })
    },
    legEnded: (callId, legUuid) => {
      entries.get(callId)?.running.delete(legUuid)
    },
    ended: (callId) => {
      const entry = entries.get(callId)
      if (entry !== undefined) remove(entry)
    },
    spent: (spend, startedAt, now) => {
      turnDay(now)
      if (Math.floor(startedAt / DAY_MS) === day) add(spend)
    },
    replaceSpent: (spends, now) => {
      turnDay(now)
      organizationSpent = new Map()
      userSpent = new Map()
      spends.forEach(add)
    },
    usage: (organizationId, userId, now) => ({
      callsInLastSecond:
        userId === undefined
          ? organizationRates.inLastSecond(organizationId, now)
          : userRates.inLastSecond(userId, now),
      concurrentCalls: callsOf(organizationId, userId, now).length,
      spentToday: spentBy(organizationId, userId, now),
    }),
  }
}

const WITHIN: QuotaVerdict = { kind: 'within' }

const runningCost = ({ running }: Entry, now: number): readonly Money[] =>
  [...running.values()].map(
    ({ tariff, since }) => bill(tariff, Math.max(1, Math.ceil((now - since) / 1_000))).cost,
  )

const secondsToMidnight = (now: number): number => Math.max(1, Math.ceil((DAY_MS - (now % DAY_MS)) / 1_000))
