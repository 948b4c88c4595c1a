import assert from 'node:assert/strict'
import type { QuotaLimits, QuotaVerdict } from '../../src/directory/quota.ts'
import { createQuotaCounters, type QuotaCounters } from '../../src/limits/quota-counters.ts'
import { formatMoney, parseMoney } from '../../src/telephony/money.ts'
import { tariff } from '../support/snapshot.ts'

const NONE: QuotaLimits = {
  callsPerSecond: undefined,
  concurrentCalls: undefined,
  dailySpend: undefined,
  premiumRate: undefined,
}
/** Noon in UTC. */
const NOON = Date.UTC(2026, 5, 1, 12)
const DAY = 86_400_000

const counters = (organization: Partial<QuotaLimits>, user: Partial<QuotaLimits> = {}): QuotaCounters =>
  createQuotaCounters({
    organization: () => ({ ...NONE, ...organization }),
    user: () => ({ ...NONE, ...user }),
  })
const call = (n: number, userId = 11) => ({ callId: `call ${n}`, organizationId: 1, userId })
/** `within`, or which limit of whom. */
const verdict = (given: QuotaVerdict): string =>
  given.kind === 'within' ? 'within' : `${given.of} ${given.limit} ${given.retryAfterSeconds}`

suite('limits: quotas', () => {
  test('without limits nothing is refused, and use is counted all the same', () => {
    const quotas = counters({})
    for (let n = 0; n < 50; n += 1) {
      assert.equal(verdict(quotas.check(call(n), NOON)), 'within')
      quotas.take(call(n), NOON)
    }
    const { callsInLastSecond, concurrentCalls } = quotas.usage(1, undefined, NOON)
    assert.deepEqual([callsInLastSecond, concurrentCalls], [50, 50])
  })

  test('calls of a second: no more than the limit in any second, wherever it begins', () => {
    const quotas = counters({ callsPerSecond: 2 })
    const at = (n: number, ms: number): string => {
      const said = verdict(quotas.check(call(n), NOON + ms))
      if (said === 'within') quotas.take(call(n), NOON + ms)
      return said
    }
    const over = 'organization calls-per-second 1'
    assert.deepEqual(
      [at(1, 900), at(2, 950), at(3, 1_000), at(4, 1_899), at(5, 1_900), at(6, 1_949), at(7, 1_950)],
      ['within', 'within', over, over, 'within', over, 'within'],
    )
  })

  test('a limit of nothing refuses every call', () => {
    assert.equal(
      verdict(counters({ callsPerSecond: 0 }).check(call(1), NOON)),
      'organization calls-per-second 1',
    )
    assert.equal(
      verdict(counters({ concurrentCalls: 0 }).check(call(1), NOON)),
      'organization concurrent-calls 30',
    )
  })

  test('calls at once: a place is free when a call ended, and a call keeps its own', () => {
    const quotas = counters({ concurrentCalls: 1 })
    quotas.take(call(1), NOON)
    quotas.seen(call(1), NOON)
    assert.equal(verdict(quotas.check(call(1), NOON + 5_000)), 'within')
    assert.equal(verdict(quotas.check(call(2), NOON + 5_000)), 'organization concurrent-calls 30')
    quotas.ended('call 1')
    assert.equal(verdict(quotas.check(call(2), NOON + 5_000)), 'within')
  })

  test('a call of which nothing was ever seen gives its place back', () => {
    const quotas = counters({ concurrentCalls: 1 })
    quotas.take(call(1), NOON)
    assert.equal(verdict(quotas.check(call(2), NOON + 180_000)), 'organization concurrent-calls 30')
    assert.equal(verdict(quotas.check(call(2), NOON + 180_001)), 'within')
  })

  test('a call that was up before the engine started counts, and is no new call of this second', () => {
    const quotas = counters({ concurrentCalls: 1, callsPerSecond: 1 })
    quotas.seen(call(1), NOON)
    assert.equal(verdict(quotas.check(call(2), NOON)), 'organization concurrent-calls 30')
    quotas.ended('call 1')
    assert.equal(verdict(quotas.check(call(2), NOON)), 'within')
  })

  test("a user's limit holds for that user alone, the organisation's for all of them", () => {
    const quotas = counters({ concurrentCalls: 2 }, { concurrentCalls: 1 })
    quotas.take(call(1, 11), NOON)
    assert.equal(verdict(quotas.check(call(2, 11), NOON)), 'user concurrent-calls 30')
    assert.equal(verdict(quotas.check(call(2, 12), NOON)), 'within')
    quotas.take(call(2, 12), NOON)
    assert.equal(verdict(quotas.check(call(3, 13), NOON)), 'organization concurrent-calls 30')
  })

  test('money: records and what running calls have cost so far, until the day in UTC is over', () => {
    const quotas = counters({ dailySpend: parseMoney('1.00') })
    quotas.spent({ organizationId: 1, userId: 11, amount: parseMoney('0.80') }, NOON - 1_000, NOON)
    assert.equal(verdict(quotas.check(call(1), NOON)), 'within')
    quotas.take(call(1), NOON)
    quotas.quoted('call 1', new Map([['leg', tariff('0.10')]]))
    assert.equal(formatMoney(quotas.usage(1, undefined, NOON).spentToday), '0.80')
    quotas.answered('call 1', 'leg', NOON)
    assert.equal(formatMoney(quotas.usage(1, undefined, NOON + 1).spentToday), '0.90')
    assert.equal(formatMoney(quotas.usage(1, 11, NOON + 60_001).spentToday), '1.00')
    assert.equal(verdict(quotas.check(call(2), NOON + 60_001)), `organization daily-spend ${43_200 - 60}`)
    // It ends, and its record is not there yet; then it is, and says the same.
    quotas.legEnded('call 1', 'leg')
    quotas.ended('call 1')
    quotas.spent({ organizationId: 1, userId: 11, amount: parseMoney('0.20') }, NOON, NOON + 61_000)
    assert.equal(formatMoney(quotas.usage(1, undefined, NOON + 61_000).spentToday), '1.00')
    assert.equal(verdict(quotas.check(call(2), NOON + DAY / 2)), 'within')
    assert.equal(formatMoney(quotas.usage(1, undefined, NOON + DAY / 2).spentToday), '0.00')
  })

  test('a record of a call that started yesterday is not of today', () => {
    const quotas = counters({})
    quotas.spent({ organizationId: 1, userId: 11, amount: parseMoney('5') }, NOON - DAY, NOON)
    assert.equal(formatMoney(quotas.usage(1, undefined, NOON).spentToday), '0.00')
  })

  test('what all records say replaces what was known', () => {
    const quotas = counters({})
    quotas.spent({ organizationId: 1, userId: 11, amount: parseMoney('5') }, NOON, NOON)
    quotas.replaceSpent(
      [
        { organizationId: 1, userId: 11, amount: parseMoney('2') },
        { organizationId: 1, userId: undefined, amount: parseMoney('3') },
      ],
      NOON,
    )
    assert.equal(formatMoney(quotas.usage(1, undefined, NOON).spentToday), '5.00')
    assert.equal(formatMoney(quotas.usage(1, 11, NOON).spentToday), '2.00')
  })
})
