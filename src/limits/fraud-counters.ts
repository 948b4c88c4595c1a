/**
 * Which calls look like fraud: rules, blocks and what was seen lately, all in memory, so that a plan waits for nothing.
 * It counts and judges; it makes no call, tells nobody and writes nothing. Time is an argument. A question counts
 * nothing; a call counts from the moment it is made, before it has a channel.
 *
 * What is counted is this engine's: of another engine's calls it knows their blocks and the countries that they called
 * (rows), and what they cost (records).
 */
import type { FraudCall, FraudCheck, FraudFinding, FraudVerdict } from '../call/fraud.ts'
import { concerns, type FraudBlock, type FraudIndex, type FraudRule } from '../directory/fraud-records.ts'
import { bill } from '../rating/bill.ts'
import { addMoney, type Money } from '../telephony/money.ts'
import type { Tariff } from '../telephony/tariff.ts'
import type { FindTimeZone, TimeZone } from '../telephony/time-zone.ts'
import {
  countryKeyOf,
  faultWith,
  SPEND_WINDOW_MS,
  tallyCall,
  type RuleWorld,
  type Tally,
} from './fraud-rules.ts'
import { createSpendWindow } from './fraud-windows.ts'

export type FraudCounters = {
  readonly check: FraudCheck
  /** The call is made. Repeated for the same call, it changes nothing. */
  readonly take: (call: FraudCall, now: number) => void
  /** What the answered leg will cost. */
  readonly answered: (callId: string, tariff: Tariff, now: number) => void
  /** False: nothing is known of the call. */
  readonly seen: (callId: string) => boolean
  /** A call that was up before this engine: it is one of those at once, and counts as no new one. */
  readonly resume: (call: FraudCall) => void
  readonly ended: (callId: string) => void
  /** A record is stored. */
  readonly spent: (call: FraudCall, amount: Money, endedAt: number, now: number) => void
  /** At once, until the row is in the snapshot. */
  readonly block: (block: FraudBlock) => void
  /** Blocks that stand in the snapshot by now, or were never written. */
  readonly unblock: (isKnown: (block: FraudBlock) => boolean) => void
  /** A block is released: what led to it counts no more. */
  readonly forget: (block: Pick<FraudBlock, 'organizationId' | 'userId' | 'ruleId'>) => void
  /** All that was ever called, which replaces what was known. */
  readonly called: (rows: readonly { readonly organizationId: number; readonly country: string }[]) => void
  /** Whether this country is a new one, of which somebody has to make a row. */
  readonly isNewCountry: (call: FraudCall) => boolean
  /** Forgets what no window reaches any more; by the clock. */
  readonly sweep: (now: number) => void
}

export type FraudCountersOptions = {
  readonly fraud: () => Pick<FraudIndex, 'rulesOf' | 'blocksOf'>
  /** IANA, of an organisation whose rule names none. */
  readonly timeZoneOf: (organizationId: number) => string
  readonly zones: FindTimeZone
}

/** A call that was made and of which nothing is seen for so long has no channel. */
const UNSEEN_MS = 180_000
const LONGEST_WINDOW_MS = 86_400_000

type Entry = {
  readonly call: FraudCall
  /** Undefined: seen. */
  unseenSince: number | undefined
  readonly tallies: Set<Tally>
  running: { readonly tariff: Tariff; readonly since: number } | undefined
}

export const createFraudCounters = ({ fraud, timeZoneOf, zones }: FraudCountersOptions): FraudCounters => {
  const tallies = new Map<string, Tally>()
  const entries = new Map<string, Entry>()
  const byOrganization = new Map<number, Set<Entry>>()
  const waiting = new Map<string, FraudBlock>()
  let countries: Map<number, Set<string>> | undefined

  const keyOf = (
    rule: Pick<FraudRule, 'id' | 'counts'>,
    organizationId: number,
    userId: number | undefined,
  ) => `${rule.id}/${organizationId}/${rule.counts === 'user' ? (userId ?? 0) : ''}`
  const tallyOf = (rule: FraudRule, call: FraudCall): Tally => {
    const key = keyOf(rule, call.organizationId, call.userId)
    const known = tallies.get(key)
    if (known !== undefined) return known
    const tally: Tally = { usedAt: 0 }
    tallies.set(key, tally)
    return tally
  }
  const isAbout = (rule: FraudRule, call: FraudCall): boolean =>
    (rule.userId === undefined || rule.userId === call.userId) && concerns(rule, call)
  const remove = (entry: Entry): void => {
    entries.delete(entry.call.callId)
    byOrganization.get(entry.call.organizationId)?.delete(entry)
    for (const tally of entry.tallies) tally.up?.delete(entry.call.callId)
  }
  const insert = (call: FraudCall, unseenSince: number | undefined): Entry => {
    const entry: Entry = { call, unseenSince, tallies: new Set(), running: undefined }
    entries.set(call.callId, entry)
    const others = byOrganization.get(call.organizationId)
    if (others === undefined) byOrganization.set(call.organizationId, new Set([entry]))
    else others.add(entry)
    return entry
  }
  const zoneOf = (rule: FraudRule, organizationId: number): TimeZone => {
    try {
      return zones(rule.timeZone ?? timeZoneOf(organizationId))
    } catch {
      // A zone that this Node does not know: the row was written by hand, or by a newer one.
      return zones('UTC')
    }
  }
  const runningOf = (rule: FraudRule, call: FraudCall, now: number): Money =>
    addMoney(
      ...[...(byOrganization.get(call.organizationId) ?? [])].flatMap((entry) =>
        entry.running !== undefined &&
        (rule.counts === 'organization' || entry.call.userId === call.userId) &&
        isAbout(rule, entry.call)
          ? [bill(entry.running.tariff, Math.max(1, Math.ceil((now - entry.running.since) / 1_000))).cost]
          : [],
      ),
    )
  const worldOf = (rule: FraudRule, call: FraudCall, now: number): RuleWorld => ({
    now,
    zone: zoneOf(rule, call.organizationId),
    wasCalled: (organizationId, country) => countries && countries.get(organizationId)?.has(country) === true,
    running: () => runningOf(rule, call, now),
  })
  const prune = (tally: Tally | undefined, now: number): void => {
    for (const callId of tally?.up ?? []) {
      const entry = entries.get(callId)
      if (entry === undefined) tally?.up?.delete(callId)
      else if (entry.unseenSince !== undefined && now - entry.unseenSince > UNSEEN_MS) remove(entry)
    }
  }

  const blockOn = (call: FraudCall, now: number): FraudBlock | undefined =>
    [...fraud().blocksOf(call.organizationId), ...waiting.values()].find(
      (block) =>
        block.organizationId === call.organizationId &&
        (block.userId === undefined || block.userId === call.userId) &&
        (block.endsAt === undefined || block.endsAt > now) &&
        concerns(block, call),
    )

  const findingsOf = (call: FraudCall, now: number): readonly FraudFinding[] => {
    const findings: FraudFinding[] = []
    for (const rule of fraud().rulesOf(call.organizationId)) {
      if (!isAbout(rule, call)) continue
      const tally = tallies.get(keyOf(rule, call.organizationId, call.userId))
      if (rule.kind === 'concurrent-calls') prune(tally, now)
      const why = faultWith(rule, call, tally, worldOf(rule, call, now))
      if (why === undefined) continue
      const userId = rule.counts === 'user' ? call.userId : undefined
      findings.push({
        ruleId: rule.id,
        kind: rule.kind,
        action: rule.action,
        userId,
        why: `${rule.name}: ${why}`,
      })
    }
    return findings
  }

  return {
    check: (call, now, pinGiven): FraudVerdict => {
      const block = blockOn(call, now)
      if (block !== undefined) {
        const { ruleId, userId, endsAt } = block
        const until =
          endsAt === undefined ? 'until it is released' : `until ${new Date(endsAt).toISOString()}`
        const why = `calls are blocked ${until}: ${block.reason}`
        return { outcome: 'block', findings: [{ ruleId, kind: 'blocked', action: 'block', userId, why }] }
      }
      // A call that was made has been judged: its next plan is a transfer.
      if (entries.has(call.callId)) return NOTHING
      const findings = findingsOf(call, now)
      if (findings.length === 0) return NOTHING
      const has = (action: FraudFinding['action']): boolean => findings.some((one) => one.action === action)
      const outcome = has('block') ? 'block' : has('require-pin') && !pinGiven ? 'require-pin' : undefined
      return { outcome, findings }
    },
    take: (call, now) => {
      if (entries.has(call.callId)) return
      const entry = insert(call, now)
      for (const rule of fraud().rulesOf(call.organizationId)) {
        if (!isAbout(rule, call)) continue
        const tally = tallyOf(rule, call)
        tallyCall(rule, call, tally, worldOf(rule, call, now))
        if (rule.kind === 'concurrent-calls') entry.tallies.add(tally)
      }
      const key = countryKeyOf(call)
      const known = countries?.get(call.organizationId)
      if (known !== undefined) known.add(key)
      else countries?.set(call.organizationId, new Set([key]))
    },
    answered: (callId, tariff, now) => {
      const entry = entries.get(callId)
      if (entry !== undefined) entry.running = { tariff, since: now }
    },
    seen: (callId) => {
      const entry = entries.get(callId)
      if (entry !== undefined) entry.unseenSince = undefined
      return entry !== undefined
    },
    resume: (call) => {
      if (entries.has(call.callId)) return
      const entry = insert(call, undefined)
      for (const rule of fraud().rulesOf(call.organizationId)) {
        if (rule.kind !== 'concurrent-calls' || !isAbout(rule, call)) continue
        const tally = tallyOf(rule, call)
        ;(tally.up ??= new Set()).add(call.callId)
        entry.tallies.add(tally)
      }
    },
    ended: (callId) => {
      const entry = entries.get(callId)
      if (entry !== undefined) remove(entry)
    },
    spent: (call, amount, endedAt, now) => {
      for (const rule of fraud().rulesOf(call.organizationId)) {
        if (rule.kind !== 'spend-per-hour' && rule.kind !== 'spend-per-day') continue
        const windowMs = SPEND_WINDOW_MS[rule.kind]
        if (endedAt <= now - windowMs || !isAbout(rule, call)) continue
        const tally = tallyOf(rule, call)
        tally.usedAt = now
        ;(tally.spend ??= createSpendWindow()).add(amount, endedAt, windowMs, now)
      }
    },
    block: (block) => {
      waiting.set(subjectOf(block), block)
    },
    unblock: (isKnown) => {
      for (const [key, block] of waiting) if (isKnown(block)) waiting.delete(key)
    },
    forget: ({ organizationId, userId, ruleId }) => {
      if (ruleId === undefined) return
      tallies.delete(`${ruleId}/${organizationId}/${userId ?? ''}`)
    },
    called: (rows) => {
      countries = new Map()
      for (const { organizationId, country } of rows) {
        const known = countries.get(organizationId)
        if (known === undefined) countries.set(organizationId, new Set([country]))
        else known.add(country)
      }
    },
    isNewCountry: (call) =>
      countries !== undefined && countries.get(call.organizationId)?.has(countryKeyOf(call)) !== true,
    sweep: (now) => {
      for (const [key, tally] of tallies)
        if (now - tally.usedAt > LONGEST_WINDOW_MS && (tally.up?.size ?? 0) === 0) tallies.delete(key)
      for (const entry of entries.values())
        if (entry.unseenSince !== undefined && now - entry.unseenSince > UNSEEN_MS) remove(entry)
    },
  }
}

const NOTHING: FraudVerdict = { outcome: undefined, findings: [] }

const subjectOf = ({ organizationId, userId, ruleId }: FraudBlock): string =>
  `${organizationId}/${userId ?? ''}/${ruleId ?? ''}`
