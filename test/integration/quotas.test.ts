/** Quotas as rows, and what records say was spent. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Database } from '../../src/store/database.ts'
import { addOrganization, addUser, removeUser } from '../../src/store/organization-writes.ts'
import {
  findQuota,
  listQuotas,
  removeQuota,
  setQuota,
  spentSince,
  type QuotaChanges,
} from '../../src/store/quota-rows.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { formatMoney } from '../../src/telephony/money.ts'
import { databasePerTest } from '../support/database-per-test.ts'

suite('store: quotas', function () {
  this.timeout(60_000)
  const place = databasePerTest()
  let database: Database
  let organizationId: number
  let userId: number

  setup(async () => {
    database = place.database()
    organizationId = await addOrganization(database, {
      name: 'Acme',
      sipDomain: 'acme.test',
      country: 'GB',
      currency: 'GBP',
    })
    userId = await addUser(database, { organizationId, name: 'Ada', extension: '1001' })
  })

  test('a quota is set field by field, emptied by null, and reaches the snapshot', async () => {
    assert.ok(await setQuota(database, { organizationId }, { callsPerSecond: 5, dailySpend: '99.50' }))
    assert.ok(await setQuota(database, { organizationId }, { callsPerSecond: null, concurrentCalls: 0 }))
    assert.ok(await setQuota(database, { userId, within: organizationId }, { premiumRate: 'allow' }))
    const { snapshot } = await loadSnapshot(database, randomBytes(32))
    assert.deepEqual(
      snapshot.quotas?.map((quota) => [
        quota.userId,
        quota.callsPerSecond,
        quota.concurrentCalls,
        quota.dailySpend === undefined ? undefined : formatMoney(quota.dailySpend),
        quota.premiumRate,
      ]),
      [
        [undefined, undefined, 0, '99.50', undefined],
        [userId, undefined, undefined, undefined, 'allow'],
      ],
    )
  })

  test('two writers at once make one quota', async () => {
    await Promise.all(
      Array.from({ length: 8 }, (_, n) => setQuota(database, { organizationId }, { callsPerSecond: n + 1 })),
    )
    assert.equal((await listQuotas(database, undefined)).length, 1)
  })

  test('nobody is told of, or changes, what is not there or not his', async () => {
    assert.equal(await findQuota(database, { userId, within: organizationId + 1 }), undefined)
    assert.equal(
      await setQuota(database, { userId, within: organizationId + 1 }, { callsPerSecond: 1 }),
      false,
    )
    assert.equal(await setQuota(database, { organizationId: 999 }, { callsPerSecond: 1 }), false)
    assert.equal((await findQuota(database, { userId, within: undefined }))?.callsPerSecond, undefined)
    assert.equal(await removeQuota(database, { organizationId }), false)
    assert.deepEqual(await listQuotas(database, organizationId + 1), [])
  })

  const wrong: readonly (readonly [changes: QuotaChanges, field: string])[] = [
    [{}, 'callsPerSecond'],
    [{ callsPerSecond: -1 }, 'callsPerSecond'],
    [{ callsPerSecond: 10_001 }, 'callsPerSecond'],
    [{ concurrentCalls: 1.5 }, 'concurrentCalls'],
    [{ dailySpend: 'much' }, 'dailySpend'],
    [{ premiumRate: 'sometimes' }, 'premiumRate'],
  ]
  for (const [changes, field] of wrong)
    test(`${JSON.stringify(changes)} is refused and names ${field}`, async () => {
      await assert.rejects(
        setQuota(database, { organizationId }, changes),
        (fault: { details?: unknown }) => {
          assert.deepEqual(fault.details, { field })
          return true
        },
      )
    })

  test("a user's quota goes with the user", async () => {
    await setQuota(database, { userId, within: undefined }, { callsPerSecond: 1 })
    await removeUser(database, userId)
    assert.deepEqual(await listQuotas(database, undefined), [])
  })

  test('what was spent is the sum of records of that day, by user, in the currency of the organisation', async () => {
    const record = (
      start: string,
      user: number | null,
      cost: string | null,
      currency = 'GBP',
    ): Promise<unknown> =>
      database.query(
        `INSERT INTO call_detail_records (leg_uuid, call_id, leg, organization_id, direction, start_time, end_time,
           duration_seconds, billable_seconds, ring_seconds, hangup_cause, hangup_cause_q850, hung_up_by, disposition,
           caller_user_id, total_cost, currency)
         VALUES (gen_random_uuid(), gen_random_uuid(), 'B', $1, 'outbound', $2, $2, 1, 1, 0, 'NORMAL_CLEARING', 16,
           'party', 'ANSWERED', $3, $4, $5)`,
        [organizationId, start, user, cost, currency],
      )
    await record('2026-06-01T10:00:00Z', userId, '0.10')
    await record('2026-06-01T11:00:00Z', userId, '0.20')
    await record('2026-06-01T11:00:00Z', null, '0.05')
    await record('2026-06-01T11:00:00Z', userId, null)
    await record('2026-06-01T11:00:00Z', userId, '7', 'USD')
    await record('2026-05-31T23:59:59Z', userId, '9')
    const spent = await spentSince(database, Date.UTC(2026, 5, 1))
    assert.deepEqual(
      spent.map((each) => [each.organizationId, each.userId, formatMoney(each.amount)]).sort(),
      [
        [organizationId, undefined, '0.05'],
        [organizationId, userId, '0.30'],
      ].sort(),
    )
  })
})
