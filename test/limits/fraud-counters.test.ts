/** Which calls look like fraud, kind by kind; and which never do. */
import assert from 'node:assert/strict'
import type { FraudCall } from '../../src/call/fraud.ts'
import {
  indexFraud,
  NO_FRAUD_ROWS,
  type FraudBlock,
  type FraudRule,
} from '../../src/directory/fraud-records.ts'
import { createFraudCounters, type FraudCounters } from '../../src/limits/fraud-counters.ts'
import { moneyOf, parseMoney } from '../../src/telephony/money.ts'
import { parseTimeWindows } from '../../src/telephony/time-window.ts'
import { createTimeZones } from '../../src/telephony/time-zone.ts'

const NOON = Date.UTC(2026, 6, 1, 12)

const rule = (given: Partial<FraudRule>): FraudRule => ({
  ...{
    id: 1,
    organizationId: undefined,
    userId: undefined,
    name: 'Rule',
    kind: 'calls-per-minute',
    action: 'block',
  },
  ...{
    counts: 'user',
    countries: [],
    prefixes: [],
    international: false,
    highRisk: false,
    limitCount: undefined,
  },
  ...{ limitAmount: undefined, windowMinutes: undefined, pricePerMinute: undefined, businessHours: [] },
  ...{ timeZone: undefined, blockHours: undefined, enforced: false, enabled: true },
  ...given,
})

let made = 0
const call = (given: Partial<FraudCall> = {}): FraudCall => {
  made += 1
  return {
    ...{ callId: `call-${made}`, organizationId: 1, userId: 11, digits: '442079460123', country: 'GB' },
    ...{ isInternational: false, risk: undefined, pricePerMinute: undefined, currency: 'GBP' },
    ...given,
  }
}

const countersOf = (rules: readonly FraudRule[], blocks: readonly FraudBlock[] = []): FraudCounters => {
  const index = indexFraud({ ...NO_FRAUD_ROWS, rules, blocks })
  return createFraudCounters({
    fraud: () => index,
    timeZoneOf: () => 'Europe/London',
    zones: createTimeZones(),
  })
}

const outcome = (counters: FraudCounters, one: FraudCall, now = NOON, pin = false): string | undefined =>
  counters.check(one, now, pin).outcome

/** Makes calls until one is held back; how many went out. */
const passed = (
  counters: FraudCounters,
  calls: readonly FraudCall[],
  everyMs: number,
  from = NOON,
): number => {
  for (const [n, one] of calls.entries()) {
    if (outcome(counters, one, from + n * everyMs) !== undefined) return n
    counters.take(one, from + n * everyMs)
  }
  return calls.length
}
const calls = (count: number, of: (n: number) => Partial<FraudCall> = () => ({})): readonly FraudCall[] =>
  Array.from({ length: count }, (_, n) => call(of(n)))

suite('limits: toll fraud', () => {
  test('as many calls a minute as are normal go out, one more does not, and a minute later they do', () => {
    const counters = countersOf([rule({ limitCount: 5 })])
    assert.equal(passed(counters, calls(10), 1_000), 5)
    assert.equal(outcome(counters, call({ userId: 12 })), undefined, "another user's are his own")
    assert.equal(outcome(counters, call(), NOON + 61_000), undefined)
  })

  test("a rule over the organisation counts all of its users' calls, and no other organisation's", () => {
    const counters = countersOf([rule({ limitCount: 3, counts: 'organization' })])
    assert.equal(
      passed(
        counters,
        calls(10, (n) => ({ userId: n })),
        1_000,
      ),
      3,
    )
    assert.equal(outcome(counters, call({ organizationId: 2 })), undefined)
  })

  test('a question counts nothing, and a call is counted once however often it is planned', () => {
    const counters = countersOf([rule({ limitCount: 2 })])
    for (let n = 0; n < 9; n += 1) assert.equal(outcome(counters, call()), undefined)
    const one = call()
    counters.take(one, NOON)
    counters.take(one, NOON)
    assert.equal(outcome(counters, one), undefined, 'a call that was made is judged no more')
    assert.equal(outcome(counters, call()), undefined)
  })

  test('calls at once: one that ends, and one whose channel never came, make room', () => {
    const counters = countersOf([rule({ kind: 'concurrent-calls', limitCount: 2 })])
    const [first, second] = [call(), call()]
    counters.take(first, NOON)
    counters.take(second, NOON)
    assert.equal(outcome(counters, call()), 'block')
    counters.ended(first.callId)
    assert.equal(outcome(counters, call()), undefined)
    const third = call()
    counters.take(third, NOON)
    assert.equal(outcome(counters, call()), 'block')
    counters.seen(second.callId)
    assert.equal(outcome(counters, call(), NOON + 200_000), undefined, 'the third was never seen')
  })

  test('calls that were up before the engine are counted among those at once', () => {
    const counters = countersOf([rule({ kind: 'concurrent-calls', limitCount: 1 })])
    counters.resume(call())
    assert.equal(outcome(counters, call()), 'block')
  })

  test('numbers in sequence, upwards, downwards or shuffled, are found at the limit', () => {
    for (const order of [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [2, 0, 4, 1, 3],
    ]) {
      const counters = countersOf([rule({ kind: 'sequential-numbers', limitCount: 5 })])
      const row = calls(5, (n) => ({ digits: String(442_079_460_100 + (order[n] ?? 0)) }))
      assert.equal(passed(counters, row, 30_000), 4, order.join())
    }
  })

  test('an honest call centre is no sequence, no scan and no burst by the limits that are the default', () => {
    const counters = countersOf([
      rule({ id: 1, kind: 'sequential-numbers', limitCount: 10, windowMinutes: 60 }),
      rule({ id: 2, kind: 'range-scan', limitCount: 60, windowMinutes: 10 }),
      rule({ id: 3, kind: 'calls-per-minute', limitCount: 120 }),
    ])
    // 1,500 numbers an hour of one agent with a dialler, spread over an area code by a fixed rule.
    const dialled = calls(1_500, (n) => ({
      digits: `4420${String((n * 7_919_317) % 100_000_000).padStart(8, '0')}`,
    }))
    assert.equal(passed(counters, dialled, 2_400), 1_500)
  })

  test('a range that is scanned in random order is found', () => {
    const counters = countersOf([rule({ kind: 'range-scan', limitCount: 30, windowMinutes: 10 })])
    const scanned = calls(100, (n) => ({ digits: `442079460${String((n * 617) % 1_000).padStart(3, '0')}` }))
    assert.equal(passed(counters, scanned, 5_000), 30)
  })

  test('the first call ever to a dear country is found, the second is not', () => {
    const counters = countersOf([
      rule({ kind: 'first-high-cost-country', action: 'alert', counts: 'organization' }),
    ])
    const dear = (): FraudCall =>
      call({
        country: 'SO',
        digits: '25261234567',
        pricePerMinute: parseMoney('0.60'),
        isInternational: true,
      })
    const found = (): readonly string[] =>
      counters.check(dear(), NOON, false).findings.map(({ kind }) => kind)
    assert.deepEqual(found(), [], 'what was ever called is not known yet: no alarm')
    counters.called([{ organizationId: 1, country: 'FR' }])
    assert.deepEqual(found(), ['first-high-cost-country'])
    assert.ok(counters.isNewCountry(dear()))
    counters.take(dear(), NOON)
    assert.deepEqual(found(), [])
    const cheap = call({ country: 'DE', digits: '49301234567', pricePerMinute: parseMoney('0.02') })
    assert.equal(counters.check(cheap, NOON, false).findings.length, 0)
    const satellite = call({ country: undefined, digits: '881612345678', risk: 'high-risk' })
    assert.match(counters.check(satellite, NOON, false).findings[0]?.why ?? '', /\+881/)
  })

  test("a rule's own price says what is dear; a currency that nobody knows is dear by the list alone", () => {
    const kind = { kind: 'first-high-cost-country', action: 'alert' } as const
    const own = countersOf([rule({ ...kind, pricePerMinute: parseMoney('0.05') })])
    own.called([])
    const at = (pricePerMinute: string, currency = 'GBP'): FraudCall =>
      call({ country: 'FR', digits: '33140000000', pricePerMinute: parseMoney(pricePerMinute), currency })
    assert.equal(own.check(at('0.06'), NOON, false).findings.length, 1)
    assert.equal(own.check(at('0.04'), NOON, false).findings.length, 0)
    const unknown = countersOf([rule(kind)])
    unknown.called([])
    assert.equal(unknown.check(at('900', 'XAF'), NOON, false).findings.length, 0)
    assert.equal(unknown.check({ ...at('900', 'XAF'), risk: 'premium' }, NOON, false).findings.length, 1)
  })

  const night: readonly (readonly [at: string, isNight: boolean])[] = [
    // London is an hour ahead of UTC in summer.
    ['2026-07-01T05:59:00Z', true],
    ['2026-07-01T06:01:00Z', false],
    ['2026-07-01T19:01:00Z', true],
    ['2026-01-07T06:30:00Z', true],
    ['2026-01-07T07:01:00Z', false],
    // The clocks go back on 2026-10-25; the Monday after it begins an hour later in UTC.
    ['2026-10-23T06:30:00Z', false],
    ['2026-10-26T06:30:00Z', true],
    ['2026-07-04T12:00:00Z', true],
  ]
  for (const [at, isNight] of night)
    test(`a burst at ${at} is ${isNight ? 'one of the night' : 'none: it is day'} in London`, () => {
      const businessHours = parseTimeWindows(['Mon-Fri 07:00-20:00'])
      const counters = countersOf([
        rule({ kind: 'night-burst', limitCount: 3, windowMinutes: 60, businessHours }),
      ])
      assert.equal(passed(counters, calls(10), 1_000, Date.parse(at)), isNight ? 3 : 10)
    })

  test('what records say was spent, and what runs, hold the next call back', () => {
    const counters = countersOf([rule({ kind: 'spend-per-hour', limitAmount: parseMoney('1.00') })])
    const done = call()
    counters.spent(done, parseMoney('0.90'), NOON - 60_000, NOON)
    counters.spent(done, parseMoney('5.00'), NOON - 3_700_000, NOON)
    assert.equal(outcome(counters, call()), undefined)
    const running = call()
    counters.take(running, NOON)
    const tariff = {
      ...{ pricePerMinute: parseMoney('0.05'), connectionFee: moneyOf(0), currency: 'GBP' },
      ...{ firstIncrementSeconds: 60, nextIncrementSeconds: 60 },
    }
    counters.answered(running.callId, tariff, NOON)
    assert.equal(outcome(counters, call(), NOON + 30_000), undefined)
    assert.equal(outcome(counters, call(), NOON + 70_000), 'block')
    counters.ended(running.callId)
    assert.equal(outcome(counters, call(), NOON + 70_000), undefined)
  })

  test('of which calls a rule is: country or prefix, abroad, risky, one user', () => {
    const rows: readonly (readonly [given: Partial<FraudRule>, of: Partial<FraudCall>, found: boolean])[] = [
      [{ countries: ['FR'] }, { country: 'FR', digits: '331' }, true],
      [{ countries: ['FR'] }, { country: 'GB' }, false],
      [{ countries: ['FR'], prefixes: ['4420'] }, { country: 'GB' }, true],
      [{ prefixes: ['4421'] }, {}, false],
      [{ international: true }, {}, false],
      [{ international: true }, { isInternational: true }, true],
      [{ highRisk: true }, { risk: 'premium' }, true],
      [{ highRisk: true }, {}, false],
      [{ userId: 11 }, {}, true],
      [{ userId: 12 }, {}, false],
    ]
    for (const [given, of, found] of rows)
      assert.equal(
        outcome(countersOf([rule({ limitCount: 0, ...given })]), call(of)),
        found ? 'block' : undefined,
      )
  })

  test('a PIN that was keyed satisfies what requires one, and nothing that blocks', () => {
    const pin = countersOf([rule({ limitCount: 0, action: 'require-pin' })])
    assert.equal(outcome(pin, call()), 'require-pin')
    assert.equal(outcome(pin, call(), NOON, true), undefined)
    const both = countersOf([
      rule({ id: 1, limitCount: 0, action: 'require-pin' }),
      rule({ id: 2, limitCount: 0, action: 'block' }),
    ])
    assert.equal(outcome(both, call(), NOON, true), 'block')
  })

  const block: FraudBlock = {
    ...{ id: 9, organizationId: 1, userId: 11, ruleId: 1, reason: 'a burst', countries: [], prefixes: [] },
    ...{ international: false, highRisk: false, endsAt: NOON + 60_000 },
  }
  test('a block holds whom it names, until it ends', () => {
    const counters = countersOf([], [block])
    assert.equal(outcome(counters, call()), 'block')
    assert.equal(outcome(counters, call({ userId: 12 })), undefined)
    assert.equal(outcome(counters, call(), NOON + 60_001), undefined)
  })

  test('a block that is not written yet holds too, until it is known or given up', () => {
    const counters = countersOf([])
    counters.block({ ...block, id: 0, endsAt: undefined })
    assert.equal(outcome(counters, call()), 'block')
    counters.unblock(() => true)
    assert.equal(outcome(counters, call()), undefined)
  })

  test('a block that is released is not made again by the next call', () => {
    const counters = countersOf([rule({ kind: 'sequential-numbers', limitCount: 4 })])
    const row = calls(5, (n) => ({ digits: String(442_079_460_100 + n) }))
    assert.equal(passed(counters, row, 1_000), 3)
    counters.forget(block)
    const next = row[3] ?? call()
    assert.equal(outcome(counters, next), undefined)
  })

  test('what was counted long ago is swept away, and what is counted now is not', () => {
    const counters = countersOf([rule({ limitCount: 2 })])
    passed(counters, calls(2), 1_000)
    counters.sweep(NOON + 10_000)
    assert.equal(outcome(counters, call(), NOON + 10_000), 'block')
    counters.sweep(NOON + 2 * 86_400_000)
    assert.equal(outcome(counters, call(), NOON + 2 * 86_400_000), undefined)
  })
})
