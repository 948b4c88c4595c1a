/**
 * Balances as this engine holds them: what it has taken of each ahead of time (its lease), what calls have reserved of
 * that, and which call may go on for how long. It decides and counts; it talks to no switch and no database, and time is
 * an argument.
 *
 * A lease grows and shrinks in the database alone, in the transaction that books a record or gives out money. So a
 * reservation is held here until a reading of the lease that began after its record was stored: in between the money
 * counts as spent twice, never as there twice.
 */
import type { QuotedSale } from '../call/carried.ts'
import {
  INSUFFICIENT_BALANCE,
  NO_SELL_RATE,
  type PrepaidCheck,
  type PrepaidVerdict,
} from '../call/prepaid.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import { addMoney, formatMoney, moneyOf, ZERO, type Money } from '../telephony/money.ts'
import { chargeOf, firstChargeOf, isChargeable, secondsFor } from './prepaid-charge.ts'
import type { HeldBalance, PrepaidAccounts, PrepaidOrder, PrepaidRules } from './prepaid-shapes.ts'

/** No call is longer than a day. */
const LONGEST_SECONDS = 86_400
/** A call is ended a little before its last second is over: records count a second that has begun. */
const END_LEAD_MS = 700
/** A call that was planned and of which nothing is seen for so long has no channel. */
const UNSEEN_MS = 180_000
/** What an earlier run had reserved, for calls that ended while it was away, and whose records come now. */
const HELD_MS = 20_000
/** A record that has not come by then is none that this engine waits for. */
const RECORD_MS = 300_000

type Account = {
  balance: HeldBalance
  leased: Money
  /** Reserved by an earlier run, for calls that are not found again yet, or whose records are still to come. */
  held: Money
  heldUntil: number
  /** The sum of what its reservations have reserved. */
  reserved: Money
  readonly reservations: Set<Reservation>
}

type Reservation = {
  readonly callId: CallUuid
  readonly account: Account
  readonly sale: QuotedSale
  readonly legUuids: readonly CallUuid[]
  state: 'planned' | 'talking' | 'over'
  isSeen: boolean
  /** Planned, answered or over since. */
  since: number
  legUuid: CallUuid | undefined
  reserved: Money
  paidSeconds: number
  isEnding: boolean
  isAdopted: boolean
  /** The turn of reading after which it may go. */
  recordedIn: number | undefined
}

export const createPrepaidAccounts = (rules: PrepaidRules): PrepaidAccounts => {
  const accounts = new Map<number, Account>()
  const ofOrganization = new Map<number, Account>()
  const ofUser = new Map<number, Account>()
  const byLeg = new Map<CallUuid, Reservation>()
  const byCall = new Map<CallUuid, Set<Reservation>>()
  const talking = new Set<Reservation>()
  let turn = 0
  let isKnown = false
  let isSuspended = false
  const freeOf = (account: Account): Money =>
    isSuspended ? ZERO : moneyOf(account.leased - reservedIn(account))
  const payerOf: (call: Parameters<PrepaidCheck>[0]) => Account | undefined = ({ organizationId, userId }) =>
    (userId === undefined ? undefined : ofUser.get(userId)) ?? ofOrganization.get(organizationId)

  const reserve = (reservation: Reservation, amount: Money): void => {
    const { account } = reservation
    account.reserved = moneyOf(account.reserved - reservation.reserved + amount)
    reservation.reserved = amount
  }
  const add = (reservation: Reservation): void => {
    const { account } = reservation
    account.reservations.add(reservation)
    account.reserved = addMoney(account.reserved, reservation.reserved)
    for (const legUuid of reservation.legUuids) byLeg.set(legUuid, reservation)
    const others = byCall.get(reservation.callId)
    if (others === undefined) byCall.set(reservation.callId, new Set([reservation]))
    else others.add(reservation)
    if (reservation.state === 'talking') talking.add(reservation)
  }
  const remove = (reservation: Reservation): void => {
    if (reservation.account.reservations.delete(reservation)) reserve(reservation, ZERO)
    talking.delete(reservation)
    for (const legUuid of reservation.legUuids) if (byLeg.get(legUuid) === reservation) byLeg.delete(legUuid)
    const others = byCall.get(reservation.callId)
    others?.delete(reservation)
    if (others?.size === 0) byCall.delete(reservation.callId)
  }

  /** Its last seconds are known: what it may cost at most stays reserved until its record is stored. */
  const finish = (reservation: Reservation, now: number): void => {
    if (reservation.state !== 'talking') return
    const seconds = Math.max(1, Math.ceil((now - reservation.since) / 1_000 + 0.25))
    reserve(reservation, chargeOf(reservation.sale, Math.min(seconds, LONGEST_SECONDS)))
    reservation.state = 'over'
    reservation.since = now
    talking.delete(reservation)
  }

  /** More seconds, as far as the money goes; its part of what is free, where others talk too. */
  const grow = (reservation: Reservation, now: number): boolean => {
    const { account, sale } = reservation
    const elapsed = Math.ceil((now - reservation.since) / 1_000)
    const goal = Math.min(LONGEST_SECONDS, elapsed + rules.aheadSeconds)
    if (goal <= reservation.paidSeconds) return false
    const free = freeOf(account)
    if (free <= 0) return false
    const sharers = [...account.reservations].filter(({ state }) => state === 'talking').length
    // One part stays for a call that is answered next.
    const part = Math.floor(free / (sharers + 1))
    const next = chargeOf(sale, reservation.paidSeconds + 1) - reservation.reserved
    const budget = addMoney(reservation.reserved, moneyOf(Math.min(free, Math.max(part, next))))
    const seconds = secondsFor(sale, budget, Math.max(goal, reservation.paidSeconds + 1))
    if (seconds <= reservation.paidSeconds) return false
    reserve(reservation, maxOf(reservation.reserved, chargeOf(sale, seconds)))
    // A whole increment is paid for, even where less was asked for.
    reservation.paidSeconds = secondsFor(sale, reservation.reserved, LONGEST_SECONDS)
    return true
  }

  const stepOf = (reservation: Reservation, now: number): PrepaidOrder | undefined => {
    const { account, callId, legUuid, isAdopted } = reservation
    if (legUuid === undefined || reservation.isEnding) return undefined
    const order = { callId, legUuid, balanceId: account.balance.id }
    const leftMs = (): number => reservation.since + reservation.paidSeconds * 1_000 - now
    const wasShort = leftMs() < rules.aheadSeconds * 500
    const grown = wasShort && grow(reservation, now)
    if (leftMs() <= END_LEAD_MS) {
      reservation.isEnding = true
      return { ...order, kind: 'end' }
    }
    if (!grown && !isAdopted) return undefined
    reservation.isAdopted = false
    return { ...order, kind: 'limit', isAdopted, seconds: Math.ceil(leftMs() / 1_000) + rules.graceSeconds }
  }

  const forgetOld = (now: number): void => {
    for (const account of accounts.values()) {
      if (account.held > 0 && now >= account.heldUntil) account.held = ZERO
      for (const reservation of account.reservations) {
        const { state, since, isSeen } = reservation
        if (state === 'planned' && !isSeen && now - since > UNSEEN_MS) remove(reservation)
        if (state === 'over' && now - since > RECORD_MS) remove(reservation)
      }
    }
  }

  return {
    check: (call, sale): PrepaidVerdict => {
      const account = payerOf(call)
      if (account === undefined) return { kind: 'postpaid' }
      const { id: balanceId, currency } = account.balance
      if (sale === undefined)
        return refused(
          NO_SELL_RATE,
          'no deck says what the number costs, and the call is to be paid in advance',
        )
      if (!isChargeable(sale, currency))
        return refused(
          NO_SELL_RATE,
          `the price is in ${sale.tariff.currency}, the balance in ${currency}, and no exchange rate is known`,
        )
      if (chargeOf(sale, LONGEST_SECONDS) <= 0) return { kind: 'free' }
      const first = firstChargeOf(sale)
      const free = freeOf(account)
      if (first > free)
        return refused(
          INSUFFICIENT_BALANCE,
          `the balance has ${formatMoney(maxOf(free, ZERO))} ${currency} to spare, the call takes ${formatMoney(first)} at least`,
        )
      const paid = secondsFor(sale, first, LONGEST_SECONDS)
      return {
        kind: 'enough',
        balanceId,
        engine: rules.engine,
        limitSeconds: paid + rules.graceSeconds,
      }
    },
    take: ({ callId, legUuids, prepaid }, now) => {
      const account = accounts.get(prepaid.balanceId)
      if (account === undefined || legUuids.some((legUuid) => byLeg.has(legUuid))) return
      const { sale } = prepaid
      const reserved = firstChargeOf(sale)
      add({
        ...{ callId, account, sale, legUuids, reserved },
        state: 'planned',
        isSeen: false,
        since: now,
        legUuid: undefined,
        paidSeconds: secondsFor(sale, reserved, LONGEST_SECONDS),
        isEnding: false,
        isAdopted: false,
        recordedIn: undefined,
      })
    },
    seen: (callId) => {
      for (const reservation of byCall.get(callId) ?? []) reservation.isSeen = true
    },
    answered: (legUuid, now) => {
      const reservation = byLeg.get(legUuid)
      if (reservation === undefined) return false
      if (reservation.state !== 'planned') return true
      reservation.state = 'talking'
      reservation.since = now
      reservation.legUuid = legUuid
      talking.add(reservation)
      return true
    },
    adopt: ({ callId, legUuid, prepaid, answeredAt }, now) => {
      const account = accounts.get(prepaid.balanceId)
      if (account === undefined) return false
      if (byLeg.has(legUuid)) return true
      const { sale } = prepaid
      const elapsed = Math.max(1, Math.ceil((now - answeredAt) / 1_000))
      // What it has cost so far is owed, whether there is money or not.
      const reserved = maxOf(firstChargeOf(sale), chargeOf(sale, Math.min(elapsed, LONGEST_SECONDS)))
      account.held = maxOf(ZERO, moneyOf(account.held - reserved))
      add({
        ...{ callId, account, sale, legUuids: [legUuid], legUuid, reserved },
        state: 'talking',
        isSeen: true,
        since: answeredAt,
        paidSeconds: secondsFor(sale, reserved, LONGEST_SECONDS),
        isEnding: false,
        isAdopted: true,
        recordedIn: undefined,
      })
      return true
    },
    legEnded: (legUuid, now) => {
      const reservation = byLeg.get(legUuid)
      if (reservation === undefined) return
      if (reservation.legUuid === legUuid) finish(reservation, now)
      // The last that could have been answered.
      else if (reservation.state === 'planned' && reservation.legUuids.at(-1) === legUuid) remove(reservation)
    },
    callEnded: (callId, now) => {
      for (const reservation of [...(byCall.get(callId) ?? [])]) {
        if (reservation.state === 'planned') remove(reservation)
        else finish(reservation, now)
      }
    },
    recorded: (legUuid) => {
      const reservation = byLeg.get(legUuid)
      if (reservation?.legUuid !== legUuid) return
      // Told of before its end was seen: the record is the later word.
      reservation.state = 'over'
      talking.delete(reservation)
      reservation.recordedIn ??= turn
    },
    step: (now) => {
      forgetOld(now)
      return [...talking].flatMap((reservation) => stepOf(reservation, now) ?? [])
    },
    limitLost: (legUuid) => {
      const reservation = byLeg.get(legUuid)
      if (reservation?.legUuid === legUuid) reservation.isAdopted = true
    },
    suspend: (now) => {
      isSuspended = now
    },
    beginReading: () => {
      turn += 1
      return {
        turn,
        reserved: isKnown
          ? new Map([...accounts].map(([id, account]) => [id, reservedIn(account)]))
          : undefined,
      }
    },
    replace: (balances, ofTurn, now) => {
      ofOrganization.clear()
      ofUser.clear()
      const open = new Set(balances.map(({ id }) => id))
      for (const balance of balances) {
        const known = accounts.get(balance.id)
        const account = known ?? newAccount(balance, isKnown ? ZERO : balance.reserved, now)
        account.balance = balance
        account.leased = balance.leased
        accounts.set(balance.id, account)
        if (balance.userId === undefined) ofOrganization.set(balance.organizationId, account)
        else ofUser.set(balance.userId, account)
      }
      isKnown = true
      for (const [id, account] of accounts) {
        for (const reservation of account.reservations)
          if (reservation.recordedIn !== undefined && reservation.recordedIn < ofTurn) remove(reservation)
        // A balance that was closed pays for the calls that it has.
        if (!open.has(id) && account.reservations.size === 0) accounts.delete(id)
      }
    },
    reservedOf: (balanceId) => {
      const account = accounts.get(balanceId)
      return account === undefined ? ZERO : reservedIn(account)
    },
    payerOf: (call) => payerOf(call)?.balance,
    balanceOf: (balanceId) => accounts.get(balanceId)?.balance,
    figures: () => ({
      balances: accounts.size,
      calls: talking.size,
      reserved: addMoney(...[...accounts.values()].map(reservedIn)),
    }),
  }
}

const newAccount = (balance: HeldBalance, held: Money, now: number): Account => ({
  balance,
  leased: balance.leased,
  held,
  heldUntil: now + HELD_MS,
  reserved: ZERO,
  reservations: new Set(),
})

const reservedIn = ({ held, reserved }: Account): Money => addMoney(held, reserved)

const maxOf = (one: Money, other: Money): Money => (one > other ? one : other)

const refused = (
  refusal: Extract<PrepaidVerdict, { kind: 'refused' }>['refusal'],
  why: string,
): PrepaidVerdict => ({ kind: 'refused', refusal, why })
