/**
 * A small world for the accounts of prepaid calls: a switch that knows seconds, a database with leases and entries as
 * sql/0018 and store/balance-leases have them, engines that die and come back, and calls by chance.
 */
import type { QuotedSale } from '../../src/call/carried.ts'
import { createPrepaidAccounts } from '../../src/limits/prepaid-accounts.ts'
import type { PrepaidAccounts } from '../../src/limits/prepaid-shapes.ts'
import { chargeOf } from '../../src/limits/prepaid-charge.ts'
import { asCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { moneyOf, parseMoney, type Money } from '../../src/telephony/money.ts'

export type Played = {
  readonly amount: Money
  /** The sum of all entries. */
  readonly booked: Money
  readonly talked: number
  /** What the calls may have cost beyond the balance, that were up while an engine was away. */
  readonly mostBeyond: number
}

const GRACE_SECONDS = 5
const STEP_MS = 200
const TTL_MS = 6_000
const BALANCE = 7

type Call = {
  readonly callId: CallUuid
  readonly legUuid: CallUuid
  readonly sale: QuotedSale
  /** As the leg carries it: who planned it. */
  readonly engine: string
  readonly answersAt: number
  readonly hangsUpAt: number
  limitSeconds: number
  answeredAt: number | undefined
  limitAt: number
  endedAt: number | undefined
  recordedAt: number
  isRecorded: boolean
}

type Engine = {
  readonly id: string
  accounts: PrepaidAccounts | undefined
  aliveUntil: number
  backAt: number
  readAt: number
  foreign: Set<Call>
}

export const playPrepaid = ({
  seed,
  engines: count,
  crashes,
}: {
  readonly seed: number
  readonly engines: number
  readonly crashes: boolean
}): Played => {
  const chance = randomOf(seed)
  const between = (least: number, most: number): number => least + Math.floor(chance() * (most - least + 1))
  let now = 1_000_000
  const end = now + 60_000
  // The database.
  let amount = 0
  const entries: number[] = []
  const leases = new Map<string, { amount: number; reserved: number }>()
  const lives = new Map<string, number>()
  const enter = (change: number): void => {
    amount += change
    entries.push(change)
  }
  const sale: QuotedSale = {
    deckId: 1,
    prefix: '44',
    tariff: {
      pricePerMinute: moneyOf(between(1, 200) * 600_000),
      connectionFee: chance() < 0.3 ? parseMoney('0.02') : moneyOf(0),
      firstIncrementSeconds: between(0, 1) === 0 ? 1 : 6,
      nextIncrementSeconds: between(0, 2) === 0 ? 6 : 1,
      currency: 'GBP',
    },
  }
  const beyondOf = (seconds: number): number =>
    chargeOf(sale, GRACE_SECONDS + 3 + seconds) - chargeOf(sale, seconds)
  let mostBeyond = 0
  let talked = 0

  const calls: Call[] = []
  const newAccounts = (id: string): PrepaidAccounts =>
    createPrepaidAccounts({ engine: id, aheadSeconds: 10, graceSeconds: GRACE_SECONDS })
  const engines: Engine[] = Array.from({ length: count }, (_, at) => ({
    id: uuidOf(900 + at),
    accounts: newAccounts(uuidOf(900 + at)),
    aliveUntil: crashes ? now + between(5_000, 60_000) : Infinity,
    backAt: 0,
    readAt: 0,
    foreign: new Set<Call>(),
  }))

  const read = ({ id, accounts, foreign }: Engine): void => {
    if (accounts === undefined) return
    const { turn, reserved } = accounts.beginReading()
    lives.set(id, now + TTL_MS)
    const dead = [...lives].filter(([, until]) => until < now).map(([who]) => who)
    for (const who of dead) {
      lives.delete(who)
      leases.delete(who)
    }
    const mine = leases.get(id)
    const own = reserved === undefined ? (mine?.reserved ?? 0) : (reserved.get(BALANCE) ?? 0)
    const others = [...leases].filter(([who]) => who !== id).map(([, lease]) => lease)
    const sum = (key: 'amount' | 'reserved'): number => others.reduce((total, lease) => total + lease[key], 0)
    const wanted = own + Math.floor(Math.max(0, amount - own - sum('reserved')) / lives.size)
    const lease = { amount: Math.max(0, Math.min(wanted, amount - sum('amount'))), reserved: own }
    leases.set(id, lease)
    accounts.replace(
      [
        {
          id: BALANCE,
          organizationId: 1,
          userId: undefined,
          currency: 'GBP',
          leased: moneyOf(lease.amount),
          reserved: moneyOf(lease.reserved),
        },
      ],
      turn,
      now,
    )
    for (const call of foreign) if (dead.includes(call.engine)) adopt(accounts, call, foreign)
  }
  const adopt = (accounts: PrepaidAccounts, call: Call, foreign: Set<Call>): void => {
    const { callId, legUuid, engine, answeredAt } = call
    if (answeredAt === undefined || call.endedAt !== undefined) return
    if (accounts.adopt({ callId, legUuid, prepaid: { balanceId: BALANCE, engine, sale }, answeredAt }, now))
      foreign.delete(call)
  }
  const plan = (engine: Engine, n: number): void => {
    const verdict = engine.accounts?.check({ organizationId: 1, userId: undefined }, sale)
    if (verdict?.kind !== 'enough') return
    const [callId, legUuid] = [uuidOf(n * 10), uuidOf(n * 10 + 1)]
    const answersAt = chance() < 0.2 ? Infinity : now + between(0, 4_000)
    calls.push({
      ...{ callId, legUuid, sale, engine: engine.id, answersAt, limitSeconds: verdict.limitSeconds },
      hangsUpAt: now + between(1_000, 40_000),
      answeredAt: undefined,
      limitAt: Infinity,
      endedAt: undefined,
      recordedAt: 0,
      isRecorded: false,
    })
    engine.accounts?.take(
      {
        callId,
        legUuids: [legUuid],
        prepaid: { balanceId: BALANCE, engine: engine.id, sale, limitSeconds: verdict.limitSeconds },
      },
      now,
    )
  }
  const anyOf = (at: number, n: number): void => {
    const engine = engines[at]
    if (engine !== undefined) plan(engine, n)
  }
  const hangUp = (call: Call): void => {
    call.endedAt = now
    call.recordedAt = now + between(0, 3_000)
    for (const { accounts, foreign } of engines) {
      foreign.delete(call)
      accounts?.legEnded(call.legUuid, now)
      accounts?.callEnded(call.callId, now)
    }
  }
  const record = (call: Call): void => {
    call.isRecorded = true
    const { answeredAt, endedAt = now } = call
    if (answeredAt === undefined) return
    talked += 1
    const owed = chargeOf(sale, Math.max(1, Math.ceil((endedAt - answeredAt) / 1_000)))
    enter(0 - owed)
    const lease = leases.get(call.engine)
    if (lease !== undefined) {
      lease.amount = Math.max(0, lease.amount - owed)
      lease.reserved = Math.max(0, lease.reserved - owed)
    }
    for (const { accounts } of engines) accounts?.recorded(call.legUuid)
  }

  enter(between(0, 300) * 1_000_000)
  for (let n = 1; now < end || calls.some(({ isRecorded }) => !isRecorded); now += STEP_MS) {
    for (const engine of engines) {
      if (engine.accounts !== undefined && now >= engine.aliveUntil) {
        engine.accounts = undefined
        engine.backAt = now + between(500, 12_000)
        engine.foreign = new Set()
        for (const { answeredAt, endedAt } of calls)
          if (endedAt === undefined) mostBeyond += beyondOf(Math.ceil((now - (answeredAt ?? now)) / 1_000))
      }
      if (engine.accounts === undefined && now >= engine.backAt) {
        engine.accounts = newAccounts(engine.id)
        engine.aliveUntil = now < end ? now + between(3_000, 60_000) : Infinity
        read(engine)
        for (const call of calls)
          if (call.endedAt === undefined && call.answeredAt !== undefined) {
            engine.foreign.add(call)
            if (call.engine === engine.id) adopt(engine.accounts, call, engine.foreign)
          }
      }
    }
    if (now < end && chance() < 0.15) anyOf(between(0, count - 1), n++)
    if (now < end && chance() < 0.02) enter(between(1, 100) * 1_000_000)
    for (const call of calls) {
      if (call.endedAt !== undefined) {
        if (!call.isRecorded && now >= call.recordedAt) record(call)
        continue
      }
      if (call.answeredAt === undefined && now >= call.answersAt) {
        call.answeredAt = now
        call.limitAt = now + call.limitSeconds * 1_000
        for (const { id, accounts, foreign } of engines)
          if (accounts?.answered(call.legUuid, now) !== true && accounts !== undefined && id !== call.engine)
            foreign.add(call)
      }
      if (now >= call.hangsUpAt || now >= call.limitAt) hangUp(call)
    }
    for (const engine of engines) {
      for (const order of engine.accounts?.step(now) ?? []) {
        const call = calls.find(({ legUuid }) => legUuid === order.legUuid)
        if (call?.endedAt !== undefined || call === undefined) continue
        if (order.kind === 'end') hangUp(call)
        else call.limitAt = now + order.seconds * 1_000
      }
      if (now - engine.readAt >= 2_000) {
        engine.readAt = now
        read(engine)
      }
    }
  }
  return {
    amount: moneyOf(amount),
    booked: moneyOf(entries.reduce((sum, change) => sum + change, 0)),
    talked,
    mostBeyond,
  }
}

const uuidOf = (n: number): CallUuid => asCallUuid(`00000000-0000-4000-9000-${String(n).padStart(12, '0')}`)

/** Mulberry32. */
const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 4_294_967_296
  }
}
