import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { QuotedSale } from '../../src/call/carried.ts'
import type { PrepaidVerdict } from '../../src/call/prepaid.ts'
import { createPrepaidAccounts } from '../../src/limits/prepaid-accounts.ts'
import type { PrepaidAccounts, PrepaidOrder } from '../../src/limits/prepaid-shapes.ts'
import { asCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { formatMoney, moneyOf, parseMoney } from '../../src/telephony/money.ts'
import { playPrepaid } from './prepaid-world.ts'

const NOW = Date.UTC(2026, 5, 1, 12)
const ENGINE = '00000000-0000-4000-8000-000000000001'
const uuid = (n: number): CallUuid => asCallUuid(`00000000-0000-4000-9000-${String(n).padStart(12, '0')}`)

const sale = (tariff: Partial<QuotedSale['tariff']> = {}): QuotedSale => ({
  deckId: 1,
  prefix: '44',
  tariff: {
    pricePerMinute: parseMoney('0.60'),
    connectionFee: parseMoney('0'),
    firstIncrementSeconds: 1,
    nextIncrementSeconds: 1,
    currency: 'GBP',
    ...tariff,
  },
})

const rich = (
  leased: string,
  { aheadSeconds = 10, userId }: { readonly aheadSeconds?: number; readonly userId?: number } = {},
): PrepaidAccounts => {
  const accounts = createPrepaidAccounts({ engine: ENGINE, aheadSeconds, graceSeconds: 60 })
  give(accounts, leased, { userId })
  return accounts
}
const give = (
  accounts: PrepaidAccounts,
  leased: string,
  { reserved = '0', userId, at = NOW }: { reserved?: string; userId?: number | undefined; at?: number } = {},
): void => {
  const { turn } = accounts.beginReading()
  accounts.replace(
    [
      {
        id: 7,
        organizationId: 1,
        userId,
        currency: 'GBP',
        leased: parseMoney(leased),
        reserved: parseMoney(reserved),
      },
    ],
    turn,
    at,
  )
}
const CALL = { organizationId: 1, userId: 11 }
const said = (verdict: PrepaidVerdict): string =>
  verdict.kind === 'refused'
    ? verdict.refusal
    : verdict.kind === 'enough'
      ? `enough, ${verdict.limitSeconds} s`
      : verdict.kind
const take = (accounts: PrepaidAccounts, n: number, sold = sale(), at = NOW): void =>
  accounts.take(
    {
      callId: uuid(n),
      legUuids: [uuid(n * 10 + 1), uuid(n * 10 + 2)],
      prepaid: { balanceId: 7, engine: ENGINE, sale: sold, limitSeconds: 61 },
    },
    at,
  )
const told = (orders: readonly PrepaidOrder[]): readonly string[] =>
  orders.map((order) =>
    order.kind === 'end' ? 'end' : `${order.seconds} s${order.isAdopted ? ', adopted' : ''}`,
  )
const reserved = (accounts: PrepaidAccounts): string => formatMoney(accounts.reservedOf(7))

suite('limits: prepaid accounts', () => {
  for (const [what, leased, sold, verdict] of [
    ['nobody has opened a balance', undefined, sale(), 'postpaid'],
    ['there is money', '1', sale(), 'enough, 61 s'],
    ['there is money for the first increment', '0.60', sale({ firstIncrementSeconds: 60 }), 'enough, 120 s'],
    [
      'a minute costs more than there is',
      '0.59',
      sale({ firstIncrementSeconds: 60 }),
      'INSUFFICIENT_BALANCE',
    ],
    ['there is none', '0', sale(), 'INSUFFICIENT_BALANCE'],
    ['the destination is free', '0', sale({ pricePerMinute: moneyOf(0) }), 'free'],
    ['nobody has a price', '1', undefined, 'NO_SELL_RATE'],
    ['the price is in another currency', '1', sale({ currency: 'USD' }), 'NO_SELL_RATE'],
  ] as const)
    test(`a call where ${what}: ${verdict}`, () => {
      const accounts =
        leased === undefined
          ? createPrepaidAccounts({ engine: ENGINE, aheadSeconds: 10, graceSeconds: 60 })
          : rich(leased)
      assert.equal(said(accounts.check(CALL, sold)), verdict)
    })

  test("a user's own balance comes before his organisation's, and is nobody else's", () => {
    const accounts = rich('1', { userId: 11 })
    assert.equal(said(accounts.check(CALL, sale())), 'enough, 61 s')
    assert.equal(said(accounts.check({ organizationId: 1, userId: 12 }, sale())), 'postpaid')
  })

  test('calls that were planned cannot be planned again with the same money', () => {
    const accounts = rich('0.02')
    for (const [n, verdict] of [
      [1, 'enough, 61 s'],
      [2, 'enough, 61 s'],
      [3, 'INSUFFICIENT_BALANCE'],
    ] as const) {
      assert.equal(said(accounts.check(CALL, sale())), verdict)
      if (verdict !== 'INSUFFICIENT_BALANCE') take(accounts, n)
    }
    accounts.callEnded(uuid(1), NOW)
    assert.equal(said(accounts.check(CALL, sale())), 'enough, 61 s')
  })

  test('a call whose channel never came is forgotten', () => {
    const accounts = rich('0.01')
    take(accounts, 1)
    accounts.step(NOW + 180_000)
    assert.equal(reserved(accounts), '0.01')
    accounts.step(NOW + 180_001)
    assert.equal(reserved(accounts), '0.00')
  })

  test('an answered call reserves ahead, is put off in time, and is ended before its last second is over', () => {
    const accounts = rich('0.20')
    take(accounts, 1)
    assert.ok(accounts.answered(uuid(11), NOW))
    const orders: string[] = []
    for (let ms = 0; ms < 25_000; ms += 200)
      orders.push(...told(accounts.step(NOW + ms)).map((order) => `${ms}: ${order}`))
    assert.equal(orders.at(-1), '19400: end')
    assert.ok(
      orders.every((order) => order.endsWith('end') || / (6\d|7[01]) s$/.test(order)),
      orders.join(', '),
    )
    assert.equal(reserved(accounts), '0.20')
    assert.deepEqual(orders.filter((order) => order.endsWith('end')).length, 1)
  })

  test('money that comes prolongs a call; one that is being ended is not saved', () => {
    const accounts = rich('0.04')
    take(accounts, 1)
    accounts.answered(uuid(11), NOW)
    accounts.step(NOW)
    give(accounts, '0.10')
    const end = (): number | undefined => {
      for (let ms = 200; ms < 20_000; ms += 200) if (told(accounts.step(NOW + ms)).includes('end')) return ms
      return undefined
    }
    assert.equal(end(), 9_400)
    give(accounts, '5')
    assert.deepEqual(told(accounts.step(NOW + 9_600)), [])
  })

  test('what a call that ended may cost stays reserved until a reading that began after its record', () => {
    const accounts = rich('1')
    take(accounts, 1)
    accounts.answered(uuid(11), NOW)
    accounts.step(NOW)
    accounts.legEnded(uuid(11), NOW + 3_000)
    assert.equal(reserved(accounts), '0.04')
    const early = accounts.beginReading().turn
    accounts.recorded(uuid(11))
    const row = { id: 7, organizationId: 1, userId: undefined, currency: 'GBP', reserved: moneyOf(0) }
    accounts.replace([{ ...row, leased: parseMoney('1') }], early, NOW)
    assert.equal(reserved(accounts), '0.04')
    const { turn } = accounts.beginReading()
    accounts.replace([{ ...row, leased: parseMoney('0.97') }], turn, NOW)
    assert.equal(reserved(accounts), '0.00')
  })

  test('an attempt that failed costs nothing, and the last one frees the money', () => {
    const accounts = rich('1')
    take(accounts, 1)
    accounts.legEnded(uuid(11), NOW)
    assert.equal(reserved(accounts), '0.01')
    accounts.legEnded(uuid(12), NOW)
    assert.equal(reserved(accounts), '0.00')
  })

  test('an engine that starts again holds what it had reserved until the calls are found, and owes what they cost', () => {
    const accounts = createPrepaidAccounts({ engine: ENGINE, aheadSeconds: 10, graceSeconds: 60 })
    const leg = {
      callId: uuid(1),
      legUuid: uuid(11),
      prepaid: { balanceId: 7, engine: ENGINE, sale: sale() },
      answeredAt: NOW - 8_000,
    }
    assert.equal(accounts.adopt(leg, NOW), false)
    assert.equal(accounts.beginReading().reserved, undefined)
    give(accounts, '0.30', { reserved: '0.11' })
    assert.equal(reserved(accounts), '0.11')
    assert.equal(accounts.adopt(leg, NOW), true)
    assert.equal(accounts.adopt(leg, NOW), true)
    assert.equal(reserved(accounts), '0.11')
    // Half of what is free: one part stays for the next call.
    assert.deepEqual(told(accounts.step(NOW)), ['69 s, adopted'])
    accounts.step(NOW + 20_000)
    assert.deepEqual(told(accounts.step(NOW + 20_200)), [])
  })

  test('a limit that the switch did not take is told again', () => {
    const accounts = rich('5')
    take(accounts, 1)
    accounts.answered(uuid(11), NOW)
    assert.deepEqual(told(accounts.step(NOW)), ['70 s'])
    assert.deepEqual(told(accounts.step(NOW + 200)), [])
    accounts.limitLost(uuid(11))
    assert.deepEqual(told(accounts.step(NOW + 400)), ['70 s, adopted'])
  })

  test('while another engine may have our money, nothing is given out of it', () => {
    const accounts = rich('5')
    accounts.suspend(true)
    assert.equal(said(accounts.check(CALL, sale())), 'INSUFFICIENT_BALANCE')
    accounts.suspend(false)
    assert.equal(said(accounts.check(CALL, sale())), 'enough, 61 s')
  })

  test('any calls, top-ups and records, in one engine or three: the entries are the balance, and it is never overdrawn', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(1, 3), (seed, engines) => {
        const { amount, booked, talked } = playPrepaid({ seed, engines, crashes: false })
        assert.equal(amount, booked)
        assert.ok(amount >= 0, `${formatMoney(amount)} after ${talked} calls`)
      }),
      { numRuns: 60 },
    )
  })

  test('whatever is killed: the entries are the balance, and no call costs more than its grace beyond it', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(1, 3), (seed, engines) => {
        const { amount, booked, talked, mostBeyond } = playPrepaid({ seed, engines, crashes: true })
        assert.equal(amount, booked)
        assert.ok(amount >= -mostBeyond, `${formatMoney(amount)} after ${talked} calls`)
      }),
      { numRuns: 60 },
    )
  })
})
