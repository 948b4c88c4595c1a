/** Reports are what a query over the records says, whatever order they come in and wherever the counting stops. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Cdr } from '../../src/cdr/cdr.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { retireCdrs } from '../../src/store/cdr-retention.ts'
import type { Database } from '../../src/store/database.ts'
import { markForReports, reportMarks } from '../../src/store/report-marks.ts'
import { readHours, readReport, type ReportQuery } from '../../src/store/report-reads.ts'
import { recountReports, reportsDue } from '../../src/store/report-recount.ts'
import { addMoney, formatMoney, parseMoney, ZERO, type Money } from '../../src/telephony/money.ts'
import { callOf, type SampleCall } from '../store/report-sample.ts'
import { databasePerTest } from '../support/database-per-test.ts'

const NOON = Date.UTC(2026, 10, 20, 12)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

suite('reports', function () {
  this.timeout(120_000)
  const place = databasePerTest()
  const store = (cdrs: readonly Cdr[]) => insertCdrs(place.database(), cdrs, [reportMarks])
  const count = async (): Promise<void> => {
    await recountReports(place.database())
    assert.equal(await reportsDue(place.database()), 0)
  }
  const hours = (since = NOON - 40 * DAY, until = NOON + 40 * DAY) =>
    readHours(place.database(), { since, until })
  const report = (query: Partial<ReportQuery> & Pick<ReportQuery, 'kind'>) =>
    readReport(place.database(), { since: NOON - DAY, until: NOON + DAY, timeZone: 'UTC', ...query })

  test('calls are counted, not legs; an inbound one under the user who was called', async () => {
    await store([
      ...callOf({
        at: NOON,
        attempts: [
          { carrier: 1, outcome: 'FAILED' },
          { carrier: 2, outcome: 'ANSWERED', cost: '0.10' },
        ],
      }),
      ...callOf({ at: NOON + 59 * MINUTE, direction: 'internal', talkSeconds: 7 }),
      ...callOf({
        at: NOON + 10 * MINUTE,
        direction: 'inbound',
        callerUserId: undefined,
        calleeUserId: 2,
        talkSeconds: 30,
      }),
      ...callOf({
        at: NOON + 20 * MINUTE,
        direction: 'inbound',
        callerUserId: undefined,
        calleeUserId: 2,
        disposition: 'NO_ANSWER',
      }),
    ])
    await count()
    const common = { timeBucket: NOON, organizationId: 1 }
    assert.deepEqual(await hours(), [
      {
        ...common,
        userId: 1,
        inboundCalls: 0,
        outboundCalls: 1,
        internalCalls: 1,
        inboundTalkSeconds: 0,
        outboundTalkSeconds: 60,
        internalTalkSeconds: 7,
        inboundConnectedPrimary: 0,
        outboundConnectedPrimary: 1,
        totalCost: '0.10',
        currency: 'GBP',
      },
      {
        ...common,
        userId: 2,
        inboundCalls: 2,
        outboundCalls: 0,
        internalCalls: 0,
        inboundTalkSeconds: 30,
        outboundTalkSeconds: 0,
        internalTalkSeconds: 0,
        inboundConnectedPrimary: 1,
        outboundConnectedPrimary: 0,
        totalCost: '0.00',
        currency: undefined,
      },
    ])
  })

  test('a call of the API whose phone answered and whose callee did not is not connected', async () => {
    await store(
      callOf({
        at: NOON,
        disposition: 'ANSWERED',
        talkSeconds: 25,
        attempts: [{ carrier: 1, outcome: 'FAILED', disposition: 'NO_ANSWER', cause: 'NO_ANSWER' }],
      }),
    )
    await count()
    const [row] = await hours()
    assert.deepEqual([row?.outboundCalls, row?.outboundConnectedPrimary, row?.outboundTalkSeconds], [1, 0, 0])
  })

  test('a call that begins before the hour and lasts over it, and its legs, belong to the hour in which it began', async () => {
    const at = NOON - MINUTE
    await store(
      callOf({
        at,
        talkSeconds: 3 * 3_600,
        laterMs: 2 * MINUTE,
        attempts: [{ carrier: 1, outcome: 'ANSWERED', cost: '9.00' }],
      }),
    )
    await count()
    assert.deepEqual(
      (await hours()).map(({ timeBucket, outboundCalls, totalCost }) => [
        timeBucket,
        outboundCalls,
        totalCost,
      ]),
      [[NOON - HOUR, 1, '9.00']],
    )
    assert.deepEqual(
      (await report({ kind: 'carriers', interval: 'hour' })).map(({ start }) => start),
      [NOON - HOUR],
    )
  })

  test('a leg that comes hours after its call was counted is counted with it', async () => {
    const [a, b] = callOf({ at: NOON, attempts: [{ carrier: 1, outcome: 'ANSWERED', cost: '0.30' }] })
    assert.ok(a !== undefined && b !== undefined)
    await store([{ ...b, startTime: b.startTime + 2 * HOUR }])
    await count()
    assert.deepEqual(await hours(), [])
    await store([a])
    await count()
    assert.deepEqual(
      (await hours()).map(({ timeBucket, totalCost }) => [timeBucket, totalCost]),
      [[NOON, '0.30']],
    )
    const late = {
      ...b,
      startTime: b.startTime + 3 * HOUR,
      legUuid: callOf({ at: NOON })[0]?.legUuid ?? b.legUuid,
      cost: parseMoney('0.05'),
    }
    await store([late])
    await count()
    assert.equal((await hours())[0]?.totalCost, '0.35')
  })

  test("an estimate that the switch's own record replaces leaves nothing in the quarter where it stood", async () => {
    const [a] = callOf({ at: NOON, talkSeconds: 100 })
    assert.ok(a !== undefined)
    await store([{ ...a, startTime: NOON - MINUTE, estimate: 'switch-lost' }])
    await count()
    assert.deepEqual(
      (await hours()).map(({ timeBucket }) => timeBucket),
      [NOON - HOUR],
    )
    await store([a])
    await count()
    assert.deepEqual(
      (await hours()).map(({ timeBucket, outboundTalkSeconds }) => [timeBucket, outboundTalkSeconds]),
      [[NOON, 100]],
    )
  })

  test('the same record twice, and a counting without anything new, change nothing', async () => {
    const cdrs = callOf({ at: NOON, attempts: [{ carrier: 1, outcome: 'ANSWERED', cost: '0.30' }] })
    await store(cdrs)
    await count()
    const before = await hours()
    await store(cdrs)
    await count()
    await markForReports(place.database(), cdrs)
    await count()
    assert.deepEqual(await hours(), before)
  })

  test('a record that is committed while its quarter is counted leaves its mark', async () => {
    const database = place.database()
    const one = callOf({ at: NOON })
    await store(one)
    // The second record's transaction is open while the first one is counted, and is committed after it.
    await database.transaction(async (transaction) => {
      const [other] = callOf({ at: NOON + 1_000 })
      assert.ok(other !== undefined)
      await insertCdrs({ transaction: (work) => work(transaction) }, [other], [reportMarks])
      await recountReports(database)
      assert.equal((await hours())[0]?.outboundCalls, 1)
    })
    await count()
    assert.equal((await hours())[0]?.outboundCalls, 2)
  })

  test('one engine counts at a time', async () => {
    const database = place.database()
    await store(callOf({ at: NOON }))
    await database.transaction(async (transaction) => {
      await transaction.query(`SELECT pg_advisory_xact_lock(hashtext('strowger reports'))`)
      assert.equal(await recountReports(database), undefined)
    })
    const both = await Promise.all([recountReports(database), recountReports(database)])
    assert.ok(both.some((done) => done !== undefined))
    await count()
    assert.equal((await hours())[0]?.outboundCalls, 1)
  })

  test('reports outlive their records, and a record that comes after that changes nothing', async () => {
    const database = place.database()
    const old = NOON - 100 * DAY
    await store([...callOf({ at: old }), ...callOf({ at: NOON })])
    await count()
    const before = NOON - 60 * DAY
    await retireCdrs(database, { before, detachedBefore: undefined, claimsBefore: before })
    await store(callOf({ at: old + MINUTE }))
    assert.deepEqual(await recountReports(database), { quarters: 0, frozen: 1 })
    assert.deepEqual(
      (await hours(old - DAY)).map(({ timeBucket, outboundCalls }) => [timeBucket, outboundCalls]),
      [
        [old, 1],
        [NOON, 1],
      ],
    )
  })

  test('any order, any batches, any interruption: what the records say', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ({ calls, order, batches, stops }) => {
        const database = place.database()
        await database.query(
          `TRUNCATE call_detail_records, call_attempts, cdr_legs, report_marks, report_due, report_calls, report_attempts, hourly_call_reporting`,
        )
        const cdrs = calls.flatMap(callOf)
        const shuffled = cdrs
          .map((cdr, at) => ({ cdr, at: order[at % order.length] ?? 0 }))
          .sort((one, other) => one.at - other.at)
          .map(({ cdr }) => cdr)
        let [from, turn] = [0, 0]
        while (from < shuffled.length) {
          const size = batches[turn % batches.length] ?? 1
          await store(shuffled.slice(from, from + size))
          await interrupted(database, stops[turn % stops.length] ?? 0)
          from += size
          turn += 1
        }
        await count()
        assert.deepEqual(await told(), expectedHours(cdrs))
        const carriers = await report({ kind: 'carriers', since: NOON - 3 * DAY, until: NOON + 3 * DAY })
        assert.deepEqual(
          Object.fromEntries(
            carriers.map(({ key, counts, money }) => [
              key.carrierId,
              [
                counts.attempts,
                counts.seizures,
                counts.answered,
                counts.talkSeconds,
                money[0]?.cost ?? '0.00',
              ],
            ]),
          ),
          expectedCarriers(cdrs),
        )
      }),
      { numRuns: 15, endOnFailure: true },
    )
  })

  const told = async (): Promise<Record<string, readonly unknown[]>> =>
    Object.fromEntries(
      (await hours()).map((row) => [
        `${row.timeBucket} ${row.organizationId ?? 0} ${row.userId ?? 0}`,
        [
          row.inboundCalls,
          row.outboundCalls,
          row.internalCalls,
          row.inboundTalkSeconds,
          row.outboundTalkSeconds,
          row.internalTalkSeconds,
          row.totalCost,
        ],
      ]),
    )
})

/** Stops after some quarters; a step of it may also fail in the middle and be rolled back. */
const interrupted = async (database: Database, stop: number): Promise<void> => {
  let steps = stop % 4
  if (stop < 4) await recountReports(database, () => (steps -= 1) >= 0)
  else
    await recountReports({
      ...database,
      transaction: (work, mode) =>
        database.transaction(async (on) => {
          let queries = stop
          return work({
            ...on,
            query: (text, values) => {
              queries -= 1
              return queries < 0 ? Promise.reject(new Error('stopped')) : on.query(text, values)
            },
          })
        }, mode),
    }).catch((fault: unknown) => {
      if (!(fault instanceof Error) || fault.message !== 'stopped') throw fault
    })
}

const outcome = fc.constantFrom('ANSWERED', 'FAILED', 'NO_CHANNEL', 'NOT_TRIED' as const)
const call: fc.Arbitrary<SampleCall> = fc.record({
  at: fc
    .integer({ min: -2 * 96, max: 2 * 96 })
    .chain((quarter) =>
      fc.integer({ min: 0, max: 899_999 }).map((within) => NOON + (quarter % 5) * 900_000 + within),
    ),
  organizationId: fc.constantFrom(1, 2, undefined),
  direction: fc.constantFrom('inbound', 'outbound', 'internal' as const),
  callerUserId: fc.constantFrom(1, 2, undefined),
  calleeUserId: fc.constantFrom(3, undefined),
  disposition: fc.constantFrom('ANSWERED', 'BUSY', 'NO_ANSWER', 'CANCELLED', 'FAILED' as const),
  talkSeconds: fc.integer({ min: 1, max: 4_000 }),
  laterMs: fc.constantFrom(100, 899_000, 5_400_000),
  attempts: fc.array(
    fc.record({
      carrier: fc.integer({ min: 1, max: 3 }),
      outcome,
      cost: fc.constantFrom('0.01', '0.00000001', '12.5'),
    }),
    { maxLength: 3 },
  ),
})
const history = fc.record({
  calls: fc.array(call, { minLength: 1, maxLength: 12 }),
  order: fc.array(fc.integer(), { minLength: 1, maxLength: 60 }),
  batches: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 }),
  stops: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 }),
})

/** By hand, from the list of records: no SQL. */
const expectedHours = (cdrs: readonly Cdr[]): Record<string, readonly unknown[]> => {
  const rows = new Map<string, { readonly numbers: number[]; cost: Money }>()
  for (const a of cdrs.filter(({ leg }) => leg === 'A')) {
    const user = a.direction === 'inbound' ? a.calleeUserId : a.callerUserId
    const key = `${a.startTime - (a.startTime % HOUR)} ${a.organizationId ?? 0} ${user ?? 0}`
    const row = rows.get(key) ?? { numbers: [0, 0, 0, 0, 0, 0], cost: ZERO }
    const way = ['inbound', 'outbound', 'internal'].indexOf(a.direction)
    const connected =
      a.disposition === 'ANSWERED' &&
      (a.attempts.length === 0 || a.attempts.some((attempt) => attempt.outcome === 'ANSWERED'))
    row.numbers[way] = (row.numbers[way] ?? 0) + 1
    row.numbers[way + 3] = (row.numbers[way + 3] ?? 0) + (connected ? a.billableSeconds : 0)
    for (const leg of cdrs)
      if (leg.callId === a.callId && leg.cost !== undefined) row.cost = addMoney(row.cost, leg.cost)
    rows.set(key, row)
  }
  return Object.fromEntries(
    [...rows].map(([key, { numbers, cost }]) => [key, [...numbers, formatMoney(cost)]]),
  )
}

const expectedCarriers = (cdrs: readonly Cdr[]): Record<string, readonly unknown[]> => {
  const rows = new Map<
    number,
    { tried: number; seized: number; answered: number; talk: number; cost: Money }
  >()
  for (const attempt of cdrs.flatMap(({ attempts }) => attempts)) {
    if (attempt.outcome === 'NOT_TRIED') continue
    const row = rows.get(attempt.carrierId) ?? { tried: 0, seized: 0, answered: 0, talk: 0, cost: ZERO }
    const b = cdrs.find(({ legUuid, leg }) => leg === 'B' && legUuid === attempt.legUuid)
    row.tried += 1
    row.seized += attempt.outcome === 'NO_CHANNEL' ? 0 : 1
    row.answered += attempt.outcome === 'ANSWERED' ? 1 : 0
    row.talk += attempt.outcome === 'ANSWERED' ? (b?.billableSeconds ?? 0) : 0
    row.cost = addMoney(row.cost, b?.cost ?? ZERO)
    rows.set(attempt.carrierId, row)
  }
  return Object.fromEntries(
    [...rows].map(([carrier, { tried, seized, answered, talk, cost }]) => [
      carrier,
      [tried, seized, answered, talk, formatMoney(cost)],
    ]),
  )
}
