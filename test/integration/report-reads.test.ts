/** Hours, days and months of any time zone from quarters of an hour; figures; what a report refuses. */
import assert from 'node:assert/strict'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { reportMarks } from '../../src/store/report-marks.ts'
import { readReport, type ReportQuery, type ReportRow } from '../../src/store/report-reads.ts'
import { recountReports } from '../../src/store/report-recount.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { callOf, type SampleCall } from '../store/report-sample.ts'
import { RATE } from '../store/sample-cdr.ts'
import { databasePerTest } from '../support/database-per-test.ts'

const HOUR = 3_600_000

suite('reports: reading', function () {
  this.timeout(30_000)
  const place = databasePerTest()
  const given = async (...calls: readonly SampleCall[]): Promise<void> => {
    await insertCdrs(place.database(), calls.flatMap(callOf), [reportMarks])
    await recountReports(place.database())
  }
  const read = (query: Partial<ReportQuery>): Promise<readonly ReportRow[]> =>
    readReport(place.database(), {
      kind: 'calls',
      since: Date.UTC(2020, 0, 1),
      until: Date.UTC(2030, 0, 1),
      timeZone: 'UTC',
      ...query,
    })
  const counted = async (query: Partial<ReportQuery>): Promise<readonly (readonly unknown[])[]> =>
    (await read(query)).map(({ start, counts }) => [
      start === undefined ? undefined : new Date(start).toISOString(),
      counts.calls,
    ])
  /** One call in each hour (or as often as told) from one moment to another. */
  const each = (from: number, to: number, every = HOUR): readonly SampleCall[] =>
    Array.from({ length: Math.round((to - from) / every) }, (_, at) => ({ at: from + at * every }))

  // The days on which clocks change, with a day before and after. Between two midnights are as many hours as calls.
  const DAYS = [
    ['Europe/London, spring', 'Europe/London', '2026-03-28T00:00Z', [24, 23, 24]],
    ['Europe/London, autumn', 'Europe/London', '2026-10-23T23:00Z', [24, 25, 24]],
    ['America/New_York, autumn', 'America/New_York', '2026-10-31T04:00Z', [24, 25, 24]],
    ['Asia/Kolkata, half an hour off', 'Asia/Kolkata', '2026-10-23T18:30Z', [24, 24, 24]],
    ['Asia/Kathmandu, three quarters off', 'Asia/Kathmandu', '2026-10-23T18:15Z', [24, 24, 24]],
  ] as const
  for (const [name, timeZone, first, hours] of DAYS) {
    test(`days of ${name}: ${hours.join(', ')} hours`, async () => {
      const from = Date.parse(first)
      const total = hours.reduce((sum, count) => sum + count, 0)
      await given(...each(from, from + total * HOUR))
      let start = from
      const expected = hours.map((count) => {
        const row = [new Date(start).toISOString(), count]
        start += count * HOUR
        return row
      })
      assert.deepEqual(await counted({ interval: 'day', timeZone }), expected)
    })
  }

  test('Lord Howe Island moves its clock by half an hour: a day of 24.5 hours', async () => {
    const timeZone = 'Australia/Lord_Howe'
    // +11:00 until 2026-04-05 02:00, then +10:30.
    const from = Date.parse('2026-04-04T13:00Z')
    await given(
      ...each(from, from + 24.5 * HOUR, HOUR / 2),
      { at: from - 60_000 },
      { at: from + 24.5 * HOUR },
    )
    assert.deepEqual(await counted({ interval: 'day', timeZone }), [
      ['2026-04-03T13:00:00.000Z', 1],
      ['2026-04-04T13:00:00.000Z', 49],
      ['2026-04-05T13:30:00.000Z', 1],
    ])
  })

  test('the hour that comes twice is two hours, and the one that is left out is none', async () => {
    const autumn = Date.parse('2026-10-24T23:00Z')
    await given(...each(autumn, autumn + 4 * HOUR))
    assert.deepEqual(
      await counted({ interval: 'hour', timeZone: 'Europe/London' }),
      [0, 1, 2, 3].map((hour) => [new Date(autumn + hour * HOUR).toISOString(), 1]),
    )
  })

  test('hours of a zone that is half an hour off begin at its own whole hours', async () => {
    const at = Date.parse('2026-06-01T10:29Z')
    await given({ at }, { at: at + 60_000 }, { at: at + 61 * 60_000 })
    assert.deepEqual(await counted({ interval: 'hour', timeZone: 'Asia/Kolkata' }), [
      ['2026-06-01T09:30:00.000Z', 1],
      ['2026-06-01T10:30:00.000Z', 1],
      ['2026-06-01T11:30:00.000Z', 1],
    ])
  })

  test('months are those of the zone, and sum to what days sum to', async () => {
    const from = Date.parse('2026-02-28T22:00Z')
    await given(...each(from, from + 4 * HOUR))
    const months = await counted({ interval: 'month', timeZone: 'Europe/Berlin' })
    assert.deepEqual(months, [
      ['2026-01-31T23:00:00.000Z', 1],
      ['2026-02-28T23:00:00.000Z', 3],
    ])
    assert.deepEqual(await counted({}), [[undefined, 4]])
  })

  test('since and until are whole quarters', async () => {
    const at = Date.parse('2026-06-01T10:00Z')
    await given(...[0, 14, 15, 29, 30].map((minutes) => ({ at: at + minutes * 60_000 })))
    const within = (since: number, until: number) =>
      counted({ since: at + since * 60_000, until: at + until * 60_000 })
    assert.deepEqual(await within(0, 15), [[undefined, 2]])
    assert.deepEqual(await within(5, 16), [[undefined, 4]])
    assert.deepEqual(await within(15, 30), [[undefined, 2]])
  })

  test('a carrier is judged by what it saw: ASR, NER, ACD, PDD, MOS, cost and margin', async () => {
    const at = Date.parse('2026-06-01T10:00Z')
    const quality = (mos: number, packetLossPercent: number) => ({
      quality: { mos, jitterMs: 2, packetLossPercent },
    })
    const money = { margin: parseMoney('0.02') }
    await given(
      {
        at,
        attempts: [
          {
            carrier: 1,
            outcome: 'ANSWERED',
            cost: '0.05',
            talkSeconds: 90,
            pddMs: 1_000,
            changes: { ...quality(4.4, 0), ...money },
          },
        ],
      },
      {
        at,
        attempts: [
          {
            carrier: 1,
            outcome: 'ANSWERED',
            cost: '0.07',
            talkSeconds: 30,
            pddMs: 3_000,
            changes: quality(4, 1),
          },
        ],
      },
      {
        at,
        disposition: 'BUSY',
        attempts: [{ carrier: 1, outcome: 'FAILED', disposition: 'BUSY', cause: 'USER_BUSY', pddMs: -1 }],
      },
      {
        at,
        disposition: 'CANCELLED',
        attempts: [
          {
            carrier: 1,
            outcome: 'FAILED',
            disposition: 'CANCELLED',
            cause: 'ORIGINATOR_CANCEL',
            pddMs: 2_000,
          },
        ],
      },
      {
        at,
        attempts: [
          { carrier: 1, outcome: 'FAILED', cause: 'NORMAL_TEMPORARY_FAILURE', pddMs: -1 },
          { carrier: 2, outcome: 'NO_CHANNEL' },
          { carrier: 3, outcome: 'ANSWERED' },
          { carrier: 4, outcome: 'NOT_TRIED' },
        ],
      },
    )
    const rows = await read({ kind: 'carriers' })
    assert.deepEqual(
      rows.map(({ key }) => key.carrierName),
      ['Carrier 1', 'Carrier 2', 'Carrier 3'],
    )
    const [first, second, third] = rows
    assert.deepEqual(first?.counts, {
      attempts: 5,
      seizures: 5,
      answered: 2,
      effective: 4,
      talkSeconds: 120,
      measured: 2,
    })
    const { pddP95Ms, ...figures } = first.figures
    assert.deepEqual(figures, {
      asr: 40,
      ner: 80,
      acdSeconds: 60,
      pddMs: 2_000,
      mos: 4.2,
      jitterMs: 2,
      packetLossPercent: 0.5,
    })
    assert.ok((pddP95Ms ?? 0) > 3_000 / 1.42 && (pddP95Ms ?? 0) < 3_000 * 1.42, `${pddP95Ms}`)
    assert.deepEqual(first.money, [
      { currency: 'GBP', cost: '0.12', sale: '0.00', tax: '0.00', margin: '0.02' },
    ])
    assert.deepEqual([third?.figures.asr, second?.counts.seizures, second?.figures.asr], [100, 0, undefined])
  })

  test('amounts of two currencies are told apart, and no call twice', async () => {
    const at = Date.parse('2026-06-01T10:00Z')
    const other = { ...RATE, tariff: { ...RATE.tariff, currency: 'EUR' } }
    await given({
      at,
      attempts: [
        { carrier: 1, outcome: 'ANSWERED', cost: '0.05' },
        { carrier: 2, outcome: 'ANSWERED', cost: '0.07', changes: { rate: other } },
      ],
    })
    const [row, ...others] = await read({})
    assert.deepEqual(others, [])
    assert.equal(row?.counts.calls, 1)
    assert.deepEqual(
      row.money.map(({ currency, cost }) => [currency, cost]),
      [
        ['EUR', '0.07'],
        ['GBP', '0.05'],
      ],
    )
  })

  test('what was charged in another currency is told in the one of the organisation, at the rate of the call', async () => {
    const exchanged = {
      ...RATE,
      tariff: { ...RATE.tariff, currency: 'USD' },
      exchange: { to: 'GBP', rate: '0.75' },
    }
    await given({
      at: Date.parse('2026-06-01T10:00Z'),
      attempts: [{ carrier: 1, outcome: 'ANSWERED', cost: '0.10', changes: { rate: exchanged } }],
    })
    for (const kind of ['calls', 'carriers'] as const) {
      const [row] = await read({ kind })
      assert.deepEqual(
        row?.money.map(({ currency, cost }) => [currency, cost]),
        [['GBP', '0.075']],
        kind,
      )
    }
  })

  test('destinations are countries of called numbers, prefixes those of the rates', async () => {
    const at = Date.parse('2026-06-01T10:00Z')
    const attempts = [{ carrier: 1, outcome: 'ANSWERED' }] as const
    await given(
      { at, to: '+442079460123', attempts },
      { at, to: '+18765550100', attempts },
      { at, to: '+18765550101', attempts },
      { at, to: '112', attempts },
    )
    assert.deepEqual(
      (await read({ kind: 'destinations' })).map(({ key, counts }) => [key.country, counts.attempts]),
      [
        ['JM', 2],
        ['GB', 1],
        [undefined, 1],
      ],
    )
    assert.deepEqual(
      (await read({ kind: 'prefixes' })).map(({ key }) => key.prefix),
      ['4420', '4420', '4420'],
    )
  })

  test('an organisation sees its own', async () => {
    const at = Date.parse('2026-06-01T10:00Z')
    await given({ at }, { at, organizationId: 2 }, { at, organizationId: undefined })
    assert.deepEqual(await counted({ organizationId: 2 }), [[undefined, 1]])
    assert.equal((await read({})).length, 3)
  })

  const REFUSED = [
    ['a zone that there is not', { timeZone: 'Europe/Nowhere' }, 'timezone'],
    ['a zone with SQL in it', { timeZone: "UTC'; DROP TABLE users; --" }, 'timezone'],
    ['a time that ends before it begins', { since: 2 * HOUR, until: HOUR }, 'until'],
    ['a moment that PostgreSQL does not have', { until: 9e15 }, 'until'],
  ] as const
  for (const [name, query, field] of REFUSED)
    test(`refuses ${name}`, async () => {
      await assert.rejects(read(query), { code: 'STORE_BAD_INPUT', details: { field } })
    })
})
