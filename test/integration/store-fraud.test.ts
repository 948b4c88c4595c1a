/** Toll fraud as rows: what is on by default, alerts that are told once, blocks, PINs, and what records say of the past. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import {
  acknowledgeAlert,
  addBlock,
  listAlerts,
  listBlocks,
  putAlerts,
  putBlocks,
  releaseBlock,
  type NewAlert,
  type NewBlock,
} from '../../src/store/fraud-alerts.ts'
import {
  addCalledCountries,
  listCalledCountries,
  readPastLegs,
  samplesOfPast,
} from '../../src/store/fraud-history.ts'
import {
  addPrefix,
  addRule,
  changeRule,
  findRule,
  listRules,
  removeRule,
  setPin,
  type FraudRuleFields,
} from '../../src/store/fraud-writes.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import { addOrganization, addUser } from '../../src/store/organization-writes.ts'
import { isPin } from '../../src/store/pin-hash.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

suite('store: toll fraud', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database
  let organizationId: number
  let userId: number

  setup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    organizationId = await addOrganization(database, {
      name: 'Acme',
      sipDomain: 'acme.test',
      country: 'GB',
      currency: 'GBP',
    })
    userId = await addUser(database, { organizationId, name: 'Ada', extension: '1001' })
  })
  teardown(async () => {
    await database.close()
    await place.drop()
  })

  const directory = async () => createDirectory((await loadSnapshot(database, randomBytes(32))).snapshot)
  const AT = Date.UTC(2026, 7, 1, 12)
  const alert = (given: Partial<NewAlert> = {}): NewAlert => ({
    ...{ organizationId, userId, ruleId: 1, kind: 'sequential-numbers', action: 'alert', why: 'a row' },
    ...{ callId: '00000000-0000-4000-8000-000000000001', number: '+442079460123', country: 'GB' },
    ...{ occurrences: 1, at: AT },
    ...given,
  })
  const block = (given: Partial<NewBlock> = {}): NewBlock => ({
    ...{ organizationId, userId, ruleId: 1, reason: 'a row', countries: [], prefixes: [] },
    ...{ international: false, highRisk: false, endsAt: undefined },
    ...given,
  })

  test('rules and risky prefixes are there by default, and none of them blocks but for risky destinations', async () => {
    const { fraud } = await directory()
    const rules = fraud.rulesOf(organizationId)
    assert.equal(rules.length, 8)
    for (const rule of rules) assert.ok(rule.action === 'alert' || (rule.action === 'block' && rule.highRisk))
    assert.equal(fraud.riskOf(organizationId, '252612345678')?.risk, 'high-risk')
    assert.equal(fraud.riskOf(organizationId, '442079460123'), undefined)
    assert.equal(fraud.riskOf(organizationId, '97912345678')?.risk, 'premium')
  })

  test("an organisation's own rule takes the place of the platform's of its kind, but not of an enforced one", async () => {
    await addRule(database, organizationId, {
      ...{ name: 'Ours', kind: 'sequential-numbers', action: 'block', limitCount: 5 },
    })
    await addRule(database, undefined, {
      ...{ name: 'Always', kind: 'sequential-numbers', action: 'alert', limitCount: 500, enforced: true },
    })
    const names = (await directory()).fraud
      .rulesOf(organizationId)
      .filter(({ kind }) => kind === 'sequential-numbers')
      .map(({ name }) => name)
    assert.deepEqual(names, ['Always', 'Ours'])
  })

  test('a disabled rule of its own turns the default off', async () => {
    const id = await addRule(database, organizationId, { name: 'Off', kind: 'range-scan', action: 'alert' })
    assert.ok(await changeRule(database, organizationId, id, { enabled: false }))
    assert.ok((await directory()).fraud.rulesOf(organizationId).every(({ kind }) => kind !== 'range-scan'))
  })

  test("nobody changes, removes or sees another's rule; the platform's is seen and stays", async () => {
    const other = await addOrganization(database, {
      ...{ name: 'Other', sipDomain: 'other.test', country: 'GB', currency: 'GBP' },
    })
    const own = await addRule(database, organizationId, { name: 'Ours', kind: 'range-scan', action: 'alert' })
    assert.equal(await findRule(database, other, own), undefined)
    assert.equal(await changeRule(database, other, own, { enabled: false }), false)
    assert.equal(await removeRule(database, other, own), false)
    assert.equal(await changeRule(database, other, 1, { enabled: false }), false)
    assert.equal((await findRule(database, other, 1))?.id, 1)
    assert.equal((await listRules(database, other)).length, 8)
  })

  const wrong: readonly (readonly [fields: FraudRuleFields, field: string])[] = [
    [{ kind: 'range-scan', action: 'alert' }, 'name'],
    [{ name: 'x', kind: 'sideways', action: 'alert' }, 'kind'],
    [{ name: 'x', kind: 'range-scan', action: 'shout' }, 'action'],
    [{ name: 'x', kind: 'spend-per-hour', action: 'alert' }, 'limitAmount'],
    [{ name: 'x', kind: 'range-scan', action: 'alert', limitCount: -1 }, 'limitCount'],
    [{ name: 'x', kind: 'night-burst', action: 'alert', businessHours: ['noon'] }, 'businessHours'],
    [{ name: 'x', kind: 'night-burst', action: 'alert', timeZone: '+02:00' }, 'timeZone'],
    [{ name: 'x', kind: 'range-scan', action: 'alert', countries: ['XX'] }, 'countries'],
    [{ name: 'x', kind: 'range-scan', action: 'alert', prefixes: ['+44'] }, 'prefixes'],
    [{ name: 'x', kind: 'range-scan', action: 'alert', userId: 999 }, 'userId'],
    [{ name: 'x', kind: 'range-scan', action: 'alert', enforced: true }, 'enforced'],
    [{ name: 'x', kind: 'range-scan', action: 'block', blockHours: 0 }, 'blockHours'],
  ]
  for (const [fields, field] of wrong)
    test(`${JSON.stringify(fields)} is refused and names ${field}`, async () => {
      await assert.rejects(addRule(database, organizationId, fields), (fault: { details?: unknown }) => {
        assert.deepEqual(fault.details, { field })
        return true
      })
    })

  test('an own prefix that is normal lifts a listed one, for its organisation alone', async () => {
    await addPrefix(database, organizationId, { prefix: '25261', risk: 'normal' })
    await assert.rejects(addPrefix(database, organizationId, { prefix: '25261', risk: 'premium' }), {
      code: 'STORE_CONFLICT',
    })
    const { fraud } = await directory()
    assert.equal(fraud.riskOf(organizationId, '252612345678'), undefined)
    assert.equal(fraud.riskOf(organizationId + 1, '252612345678')?.prefix, '252')
  })

  test('the same again within the hour is the same alert, told once; after an acknowledgement it is a new one', async () => {
    const told: number[] = []
    const put = (...alerts: NewAlert[]) =>
      putAlerts(database, alerts, (_on, { id }) => {
        told.push(id)
        return Promise.resolve()
      })
    await put(alert(), alert({ userId: undefined }))
    await put(alert({ at: AT + 60_000, occurrences: 3, number: '+442079460124' }))
    await put(alert({ at: AT + 3_700_000 }))
    const [latest, other, first] = await listAlerts(database, {
      ...{ organizationId, acknowledged: undefined, kind: undefined, limit: 10, before: undefined },
    })
    assert.deepEqual([first?.occurrences, first?.number, first?.lastAt], [4, '+442079460124', AT + 60_000])
    assert.deepEqual([other?.userId, latest?.occurrences], [undefined, 1])
    assert.equal(told.length, 3)
    const id = latest?.id ?? 0
    assert.equal(await acknowledgeAlert(database, organizationId + 1, id, 'somebody', undefined), undefined)
    const seen = await acknowledgeAlert(database, organizationId, id, 'Ada', 'a test of ours')
    assert.deepEqual([seen?.acknowledgedBy, seen?.note], ['Ada', 'a test of ours'])
    await put(alert({ at: AT + 3_800_000 }))
    assert.equal(told.length, 4)
  })

  test('two engines that see one attack make one alert and one block', async () => {
    let told = 0
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        await putAlerts(database, [alert()], () => {
          told += 1
          return Promise.resolve()
        })
        await putBlocks(database, [block()])
      }),
    )
    assert.equal(told, 1)
    assert.equal((await listBlocks(database, undefined, { released: true, limit: 10 })).length, 1)
  })

  test('an alert whose event cannot be put down is not there either', async () => {
    await assert.rejects(putAlerts(database, [alert()], () => Promise.reject(new Error('no'))))
    const left = await database.query('SELECT 1 FROM fraud_alerts')
    assert.equal(left.length, 0)
  })

  test('an organisation that is gone is told nothing, and stops nobody', async () => {
    const made = await putAlerts(database, [alert({ organizationId: 999, userId: undefined }), alert()], () =>
      Promise.resolve(),
    )
    assert.equal(made.length, 1)
    await putBlocks(database, [block({ organizationId: 999 }), block({ userId: 999 }), block()])
    assert.equal((await listBlocks(database, undefined, { released: true, limit: 10 })).length, 1)
  })

  test('a block is in the snapshot until it is released or over; one that is over makes room for the next', async () => {
    await putBlocks(database, [block({ endsAt: Date.now() + 200 })])
    assert.equal((await directory()).fraud.blocksOf(organizationId).length, 1)
    await database.query("UPDATE fraud_blocks SET ends_at = now() - interval '1 second'")
    assert.equal((await directory()).fraud.blocksOf(organizationId).length, 0)
    await putBlocks(database, [block()])
    const [stands] = await listBlocks(database, organizationId, { released: false, limit: 10 })
    assert.equal(await releaseBlock(database, organizationId + 1, stands?.id ?? 0, 'x'), undefined)
    assert.equal((await releaseBlock(database, organizationId, stands?.id ?? 0, 'Ada'))?.releasedBy, 'Ada')
    assert.equal((await directory()).fraud.blocksOf(organizationId).length, 0)
    assert.equal((await listBlocks(database, organizationId, { released: true, limit: 10 })).length, 2)
  })

  test("what an enforced rule blocked is the platform's to release", async () => {
    const ruleId = await addRule(database, undefined, {
      ...{ name: 'Always', kind: 'range-scan', action: 'block', enforced: true },
    })
    await putBlocks(database, [block({ ruleId })])
    const [stands] = await listBlocks(database, organizationId, { released: false, limit: 10 })
    assert.equal(await releaseBlock(database, organizationId, stands?.id ?? 0, 'Ada'), undefined)
    assert.notEqual(await releaseBlock(database, undefined, stands?.id ?? 0, 'admin'), undefined)
    assert.equal(await addBlock(database, block({ ruleId: undefined, userId: 999 })), undefined)
  })

  test("a PIN is kept as a hash; a user without one keys the organisation's", async () => {
    assert.ok(await setPin(database, { organizationId }, '1234'))
    assert.ok(await setPin(database, { userId, within: organizationId }, '98765'))
    assert.equal(await setPin(database, { userId, within: organizationId + 1 }, '1111'), false)
    const { fraud } = await directory()
    const own = fraud.pinHashOf(organizationId, userId) ?? ''
    assert.ok(!own.includes('98765'))
    assert.deepEqual([await isPin('98765', own), await isPin('1234', own)], [true, false])
    assert.ok(await isPin('1234', fraud.pinHashOf(organizationId, userId + 1) ?? ''))
    assert.ok(await setPin(database, { userId, within: undefined }, null))
    assert.ok(await isPin('1234', (await directory()).fraud.pinHashOf(organizationId, userId) ?? ''))
    await assert.rejects(setPin(database, { organizationId }, '12'), { code: 'STORE_BAD_INPUT' })
  })

  test('the past is read from records: the last day in order, and a number of every country', async () => {
    const leg = (n: number, kind: 'A' | 'B', number: string, minutesAgo: number, cost: string | null) =>
      database.query(
        `INSERT INTO call_detail_records (leg_uuid, call_id, leg, organization_id, direction, start_time, end_time,
           duration_seconds, billable_seconds, ring_seconds, hangup_cause, hangup_cause_q850, hung_up_by, disposition,
           caller_user_id, callee_number, total_cost, currency)
         VALUES (gen_random_uuid(), $1, $2, $3, 'outbound', $4, $4, 1, 1, 0, 'NORMAL_CLEARING', 16, 'party', 'ANSWERED',
           $5, $6, $7, 'GBP')`,
        [
          `00000000-0000-4000-8000-00000000000${n}`,
          kind,
          organizationId,
          new Date(AT - minutesAgo * 60_000).toISOString(),
          userId,
          number,
          cost,
        ],
      )
    await leg(1, 'A', '+442079460123', 30, null)
    await leg(1, 'B', '00442079460123', 30, '0.05')
    await leg(2, 'A', '+33140000000', 90, null)
    await leg(3, 'A', '+33140000001', 3_000, null)
    const legs = await readPastLegs(database, AT - 86_400_000)
    assert.deepEqual(
      legs.map(({ callId, leg: kind, cost }) => [callId.at(-1), kind, cost?.currency]),
      [
        ['2', 'A', undefined],
        ['1', 'A', undefined],
        ['1', 'B', 'GBP'],
      ],
    )
    const numbers = (await samplesOfPast(database)).map(({ number }) => number)
    assert.deepEqual([...numbers].sort(), ['+33140000000', '+442079460123'])
    await addCalledCountries(database, [
      { organizationId, country: 'FR' },
      { organizationId, country: 'FR' },
      { organizationId: 999, country: 'FR' },
    ])
    await addCalledCountries(database, [{ organizationId, country: 'FR' }])
    assert.deepEqual(await listCalledCountries(database), [{ organizationId, country: 'FR' }])
    assert.deepEqual(await samplesOfPast(database), [])
  })
})
