/**
 * Toll fraud, joined: the counters, the plans and calls that they count, the records that say what was spent, and the
 * rows by which alerts and blocks outlive this engine. A call waits for none of them: what is to be written is kept here
 * until the database has it.
 */
import type { Clock } from '../base/clock.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { FraudCall, FraudFinding } from '../call/fraud.ts'
import type { LiveCall } from '../call/live-call.ts'
import type { Cdr } from '../cdr/cdr.ts'
import { owedFor } from '../cdr/sale.ts'
import type { Directory } from '../directory/directory.ts'
import type { FraudBlock } from '../directory/fraud-records.ts'
import { askPin } from '../engine/ask-pin.ts'
import type { Board } from '../engine/board.ts'
import { createFraudFeed, type FraudFeed } from '../engine/fraud-feed.ts'
import type { Conversation } from '../esl/outbound-server.ts'
import { createFraudCounters, type FraudCounters } from '../limits/fraud-counters.ts'
import { countryKeyOf } from '../limits/fraud-rules.ts'
import type { NewBlock } from '../store/fraud-alerts.ts'
import { isPin } from '../store/pin-hash.ts'
import { isCallUuid } from '../telephony/call-uuid.ts'
import { digitsOf, parseNumber } from '../telephony/e164.ts'
import { settled } from '../telephony/exchange.ts'
import { emergencyNumbers } from '../telephony/number-class.ts'
import type { Money } from '../telephony/money.ts'
import { createTimeZones } from '../telephony/time-zone.ts'
import { keepFraud, subjectOf, type FraudStore, type FraudWaiting } from './fraud-writer.ts'

export type Fraud = {
  readonly counters: FraudCounters
  readonly feed: FraudFeed
  /** Records that were stored. */
  readonly stored: (cdrs: readonly Cdr[]) => void
  /** The snapshot changed: blocks came, or were released. */
  readonly worldChanged: () => void
  readonly askPin: (conversation: Conversation) => Promise<void>
  readonly state: () => FraudState
  /** Writes what waits, again and again, and reads what was before; from now until it is stopped. */
  readonly keep: (store: FraudStore) => Part
}

export type FraudState = {
  /** Findings since the start, by action; `blocked`: calls refused by a block that stood. */
  readonly findings: ReadonlyMap<string, number>
  /** Alerts and blocks that wait for the database. */
  readonly waiting: number
}

const HOUR_MS = 3_600_000
const RETRY_MS = 5_000
/** Alerts of so many subjects wait for a database that is away; more are only logged. */
const MOST_WAITING = 10_000
/** Wrong PINs of so many calls within an hour block the user for an hour: a PIN of four digits is soon guessed. */
const WRONG_CALLS = 3
const SPOKEN_PROMPT = 'say:Please enter your PIN, and then the hash key.'
const TONE_PROMPT = 'tone_stream://%(200,100,800);%(200,100,800)'
/** Calls whose records are still to come. */
const MOST_RECENT = 50_000

export const createFraud = (options: {
  readonly directory: () => Directory
  readonly board: Pick<Board, 'call' | 'post'>
  /** Whether the switch can speak words. */
  readonly hasVoice: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}): Fraud => {
  const { directory, board, clock, logger } = options
  const counters = createFraudCounters({
    fraud: () => directory().fraud,
    timeZoneOf: (organizationId) => {
      const organization = directory().organization(organizationId)
      const profileId = organization?.lcrProfileId
      const profile = profileId === undefined ? undefined : directory().lcrProfile(profileId)
      return organization?.timeZone ?? profile?.timeZone ?? 'UTC'
    },
    zones: createTimeZones(),
  })
  const waiting: FraudWaiting = { alerts: new Map(), blocks: [], countries: [], written: new Map() }
  const { alerts, written } = waiting
  const findingsBy = new Map<string, number>()
  const wrongPins = new Map<string, number[]>()
  /** Blocks of the last snapshot. */
  let standing: readonly FraudBlock[] = []

  const callOf = (
    organizationId: number,
    userId: number | undefined,
    number: string,
    callId: string,
  ): FraudCall | undefined => {
    const organization = directory().organization(organizationId)
    if (organization === undefined || emergencyNumbers(organization.country).includes(number))
      return undefined
    const parsed = parseNumber(number, organization.country)
    if (parsed === undefined) return undefined
    const digits = digitsOf(parsed.number)
    return {
      ...{ callId, organizationId, userId, digits, country: parsed.country },
      isInternational: parsed.country !== organization.country,
      risk: directory().fraud.riskOf(organizationId, digits)?.risk,
      pricePerMinute: undefined,
      currency: undefined,
    }
  }

  const alert = (call: FraudCall, finding: FraudFinding, at: number): void => {
    const { ruleId, userId, kind, action, why } = finding
    const { organizationId, callId, digits } = call
    logger.warn({ callId, organizationId, userId, ruleId, kind, action, why }, 'a call looks like fraud')
    if (isCallUuid(callId))
      // After the plan, which makes the call known to the board.
      clock.after(0, () => {
        board.post(callId, {
          kind: 'noted',
          what: 'fraud-alert',
          detail: { rule: ruleId ?? null, kind, action, why: why.slice(0, 300), userId: userId ?? null },
        })
      })
    const key = `${organizationId}/${userId ?? ''}/${ruleId ?? ''}/${kind}`
    const before = alerts.get(key)
    if (before === undefined && alerts.size >= MOST_WAITING) return
    alerts.set(key, {
      ...{ organizationId, userId, ruleId, kind, action, why, callId, number: `+${digits}` },
      country: countryKeyOf(call),
      occurrences: (before?.occurrences ?? 0) + 1,
      at,
    })
  }

  const block = (made: NewBlock): void => {
    counters.block({ id: 0, ...made })
    if (waiting.blocks.length < MOST_WAITING) waiting.blocks.push(made)
  }

  const onFindings = (call: FraudCall, findings: readonly FraudFinding[], now: number): void => {
    for (const finding of findings) {
      const counted = finding.kind === 'blocked' ? 'blocked' : finding.action
      findingsBy.set(counted, (findingsBy.get(counted) ?? 0) + 1)
      // That a block holds is no news.
      if (finding.kind === 'blocked') continue
      alert(call, finding, now)
      const rule = directory()
        .fraud.rulesOf(call.organizationId)
        .find(({ id }) => id === finding.ruleId)
      if (finding.action !== 'block' || rule === undefined) continue
      const { countries: toCountries, prefixes, international, highRisk, blockHours } = rule
      block({
        ...{
          organizationId: call.organizationId,
          userId: finding.userId,
          ruleId: rule.id,
          reason: finding.why,
        },
        ...{ countries: toCountries, prefixes, international, highRisk },
        endsAt: blockHours === undefined ? undefined : now + blockHours * HOUR_MS,
      })
    }
  }

  // A record of a leg has the number in the form of its carrier: the call is known from its plan.
  const recent = new Map<string, FraudCall>()
  const remember = (call: FraudCall): void => {
    recent.set(call.callId, call)
    if (recent.size > MOST_RECENT) for (const oldest of recent.keys()) return void recent.delete(oldest)
  }
  const feed = createFraudFeed({
    counters,
    onFindings,
    onNewCountry: (call) =>
      waiting.countries.push({ organizationId: call.organizationId, country: countryKeyOf(call) }),
    callOf: ({ organizationId, userId, direction, to, callId }: LiveCall) =>
      organizationId === undefined || direction !== 'outbound'
        ? undefined
        : callOf(organizationId, userId, to, callId),
    isOver: (callId) => board.call(callId)?.state === 'ended',
  })

  const onWrongPin = (
    owner: { readonly organizationId: number; readonly userId: number; readonly dialled: string },
    callId: string,
  ): void => {
    const now = clock.now()
    const call = callOf(owner.organizationId, owner.userId, owner.dialled, callId) ?? {
      ...{
        callId,
        organizationId: owner.organizationId,
        userId: owner.userId,
        digits: owner.dialled.replace(/\D/g, ''),
      },
      ...{
        country: undefined,
        isInternational: false,
        risk: undefined,
        pricePerMinute: undefined,
        currency: undefined,
      },
    }
    const why = 'the wrong PIN was keyed three times'
    findingsBy.set('wrong-pin', (findingsBy.get('wrong-pin') ?? 0) + 1)
    alert(call, { ruleId: undefined, kind: 'wrong-pin', action: 'block', userId: owner.userId, why }, now)
    const key = `${owner.organizationId}/${owner.userId}`
    const lately = [...(wrongPins.get(key) ?? []).filter((at) => at > now - HOUR_MS), now]
    wrongPins.set(key, lately)
    if (lately.length < WRONG_CALLS) return
    wrongPins.delete(key)
    block({
      ...{ organizationId: owner.organizationId, userId: owner.userId, ruleId: undefined },
      ...{ countries: [], prefixes: [], international: false, highRisk: false },
      reason: `${why} in ${WRONG_CALLS} calls within an hour`,
      endsAt: now + HOUR_MS,
    })
  }

  return {
    counters,
    feed: {
      ...feed,
      planned: (plan, now) => {
        if (plan.fraud !== undefined && plan.target.kind === 'carriers') remember(plan.fraud.call)
        feed.planned(plan, now)
      },
    },
    stored: (cdrs) => {
      for (const cdr of cdrs) {
        const { organizationId, callerUserId, calleeNumber = '', callId, endTime, direction } = cdr
        if (direction !== 'outbound' || organizationId === undefined) continue
        const amount = spentOn(cdr, directory().organization(organizationId)?.currency)
        if (amount === undefined) continue
        const call = recent.get(callId) ?? callOf(organizationId, callerUserId, calleeNumber, callId)
        if (call !== undefined) counters.spent(call, amount, endTime, clock.now())
      }
    },
    worldChanged: () => {
      const now = clock.now()
      const stand = directory()
        .organizations()
        .flatMap(({ id }) => directory().fraud.blocksOf(id))
      const ids = new Set(stand.map(({ id }) => id))
      for (const before of standing)
        if (!ids.has(before.id) && (before.endsAt === undefined || before.endsAt > now)) {
          counters.forget(before)
          counters.unblock((waiting) => subjectOf(waiting) === subjectOf(before))
        }
      standing = stand
      const subjects = new Set(stand.map(subjectOf))
      counters.unblock((waiting) => subjects.has(subjectOf(waiting)))
      for (const [subject, at] of written)
        if (now - at > RETRY_MS) {
          counters.unblock((waiting) => subjectOf(waiting) === subject)
          written.delete(subject)
        }
    },
    askPin: (conversation) =>
      askPin(conversation, {
        board,
        isRight: async ({ organizationId, userId }, digits) => {
          const hash = directory().fraud.pinHashOf(organizationId, userId)
          return hash === undefined ? undefined : isPin(digits, hash)
        },
        onWrong: onWrongPin,
        prompt: () => (options.hasVoice() ? SPOKEN_PROMPT : TONE_PROMPT),
        logger,
      }),
    state: () => ({ findings: findingsBy, waiting: alerts.size + waiting.blocks.length }),
    keep: (store) =>
      keepFraud({
        ...store,
        ...{ waiting, counters, callOf, clock, logger },
        isWorldKnown: () => directory().organizations().length > 0,
        currencyOf: (organizationId) => directory().organization(organizationId)?.currency,
      }),
  }
}

/** What the organisation pays where something is sold, else what the carrier gets; undefined: nothing, or nobody can tell. */
const spentOn = ({ sale, cost, rate }: Cdr, currency: string | undefined): Money | undefined => {
  if (sale !== undefined) return owedFor(sale)
  if (cost === undefined || (rate?.exchange?.to ?? rate?.tariff.currency) !== currency) return undefined
  return settled(cost, rate?.exchange)
}
