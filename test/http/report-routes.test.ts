import assert from 'node:assert/strict'
import { errorOf, read, type Answer } from './answer.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'

suite('HTTP: reports', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())
  const get = async (path: string): Promise<Answer> => read(await fetch(fake.url + path, { headers: bearer }))
  type Body = { readonly rows: readonly Record<string, unknown>[] } & Record<string, unknown>

  test('carriers are told with their figures and their money', async () => {
    const { status, body } = await get('/v1/reports/carriers?since=2026-08-01T00:00:00Z&until=2026-08-02')
    assert.equal(status, 200)
    assert.deepEqual((body as Body).rows[0], {
      start: null,
      carrierId: 1,
      carrierName: 'Alpha',
      attempts: 12,
      seizures: 10,
      answered: 6,
      effective: 8,
      talkSeconds: 600,
      measured: 5,
      asr: 60,
      ner: 80,
      acdSeconds: 100,
      pddMs: 1_234,
      pddP95Ms: 2_500,
      mos: 4.2,
      jitterMs: 1.5,
      packetLossPercent: 0.12,
      money: [{ currency: 'GBP', cost: '1.20', sale: '2.40', tax: '0.48', margin: '1.20' }],
    })
    const { since, until, timezone, interval, pending } = body as Body
    assert.deepEqual(
      { since, until, timezone, interval, pending },
      {
        since: '2026-08-01T00:00:00.000Z',
        until: '2026-08-02T00:00:00.000Z',
        timezone: 'UTC',
        interval: null,
        pending: 3,
      },
    )
  })

  const ZONES = [
    ['of the query', '?timezone=Asia/Kolkata&organization=1', 'Asia/Kolkata'],
    ['of the organisation', '?organization=1', 'Europe/London'],
    ['UTC where there is none', '?organization=2', 'UTC'],
    ['UTC for the whole platform', '', 'UTC'],
  ] as const
  for (const [name, query, zone] of ZONES)
    test(`the time zone is that ${name}`, async () => {
      const { status } = await get(`/v1/reports/calls${query}`)
      assert.equal(status, 200)
      assert.equal(fake.seen.reports[0]?.timeZone, zone)
    })

  test('without a time it is the last seven days', async () => {
    await get('/v1/reports/users?interval=day')
    const [query] = fake.seen.reports
    assert.ok(query !== undefined)
    assert.equal(query.until - query.since, 7 * 86_400_000)
    assert.ok(Math.abs(query.until - Date.now()) < 60_000)
    assert.deepEqual([query.kind, query.interval], ['users', 'day'])
  })

  test('hourly_call_reporting is told as it stands', async () => {
    const { status, body } = await get('/v1/reports/hourly')
    assert.equal(status, 200)
    assert.deepEqual((body as Body).rows, [
      {
        timeBucket: '2026-08-01T12:00:00.000Z',
        organizationId: 1,
        userId: null,
        inboundCalls: 1,
        outboundCalls: 2,
        internalCalls: 3,
        inboundTalkSeconds: 10,
        outboundTalkSeconds: 20,
        internalTalkSeconds: 30,
        inboundConnectedPrimary: 1,
        outboundConnectedPrimary: 2,
        totalCost: '0.05',
        currency: 'GBP',
      },
    ])
  })

  const REFUSED = [
    ['a time zone that there is not', 'calls?timezone=Mars/Olympus', 'timezone'],
    ['an offset as a time zone', 'calls?timezone=%2B02:00', 'timezone'],
    ['an interval of a week', 'calls?interval=week', 'interval'],
    ['a moment that is none', 'carriers?since=yesterday', 'since'],
    ['the thirteenth month', 'hourly?since=2026-13-01', 'since'],
    ['an organisation that is no id', 'users?organization=0', 'organization'],
    ['a field that there is not', 'users?group=carrier', 'group'],
  ] as const
  for (const [name, path, field] of REFUSED)
    test(`refuses ${name}`, async () => {
      const answer = await get(`/v1/reports/${path}`)
      assert.equal(answer.status, 400)
      assert.equal(errorOf(answer).code, 'BAD_INPUT')
      assert.equal(errorOf(answer).field, field)
      assert.deepEqual(fake.seen.reports, [])
    })
})
