/** Caller IDs in PostgreSQL: proofs with their limits, rules, lists, and what of them a decision reads. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { codeOf } from '../../src/base/errors.ts'
import { addCallerIdRule, addCarrierNumber, updateCallerIdRule } from '../../src/store/caller-id-writes.ts'
import {
  confirmVerification,
  failVerification,
  findVerification,
  listVerifications,
  removeVerification,
  startVerification,
} from '../../src/store/caller-id-verifications.ts'
import type { Database } from '../../src/store/database.ts'
import { addCarrier, addGateway, updateGateway } from '../../src/store/gateway-writes.ts'
import {
  addOrganization,
  addUser,
  updateOrganization,
  updateUser,
} from '../../src/store/organization-writes.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { databasePerTest } from '../support/database-per-test.ts'

const key = randomBytes(32)
const NUMBER = '+33142685300'
const HASH = Buffer.from('hash of the code')
const right = (hash: Buffer): boolean => hash.equals(HASH)
const wrong = (): boolean => false

suite('store: caller IDs', function () {
  this.timeout(60_000)
  const place = databasePerTest()
  let database: Database
  let organizationId = 0
  let userId = 0

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

  const start = (number = NUMBER, of = organizationId, user?: number): Promise<number> =>
    startVerification(database, { organizationId: of, userId: user, number, method: 'call' }, () => HASH)
  const codeThrown = async (work: Promise<unknown>): Promise<string | undefined> =>
    work.then(
      () => undefined,
      (fault: unknown) => codeOf(fault),
    )
  const verified = async (): Promise<readonly string[]> =>
    ((await loadSnapshot(database, key)).snapshot.callerIds?.verified ?? []).map(({ number }) => number)

  test('the right code proves a number, once, and what is taken back is shown no more', async () => {
    const id = await start(NUMBER, organizationId, userId)
    assert.deepEqual(await verified(), [])
    assert.deepEqual(await confirmVerification(database, id, undefined, right, 365), { kind: 'verified' })
    assert.deepEqual(await verified(), [NUMBER])
    const row = await findVerification(database, id, organizationId)
    assert.equal(row?.state, 'verified')
    assert.equal(row.userId, userId)
    assert.equal(Math.round(((row.validUntil ?? 0) - (row.verifiedAt ?? 0)) / 86_400_000), 365)
    assert.deepEqual(await confirmVerification(database, id, undefined, right, 365), { kind: 'over' })
    assert.equal(await removeVerification(database, id, organizationId + 1), false)
    assert.equal(await removeVerification(database, id, organizationId), true)
    assert.deepEqual(await verified(), [])
    assert.deepEqual(await listVerifications(database, undefined), [])
    assert.deepEqual(await confirmVerification(database, id, undefined, right, 365), { kind: 'unknown' })
  })

  test('five wrong codes, and the right one is worth nothing', async () => {
    const id = await start()
    for (const attemptsLeft of [4, 3, 2, 1, 0])
      assert.deepEqual(await confirmVerification(database, id, undefined, wrong, 0), {
        kind: 'wrong',
        attemptsLeft,
      })
    assert.deepEqual(await confirmVerification(database, id, undefined, right, 0), { kind: 'over' })
    assert.equal((await findVerification(database, id, undefined))?.state, 'expired')
  })

  test('a code is too old after ten minutes, and of no use when its call failed', async () => {
    const [late, failed] = [await start(), await start()]
    await database.query(
      "UPDATE caller_id_verifications SET code_expires_at = now() - interval '1 second' WHERE id = $1",
      [late],
    )
    await failVerification(database, failed, 'nobody answered: NO_ANSWER')
    for (const id of [late, failed])
      assert.deepEqual(await confirmVerification(database, id, undefined, right, 0), { kind: 'over' })
    const row = await findVerification(database, failed, undefined)
    assert.deepEqual([row?.state, row?.failure], ['failed', 'nobody answered: NO_ANSWER'])
  })

  test("another organisation's verification is none", async () => {
    const id = await start()
    assert.deepEqual(await confirmVerification(database, id, organizationId + 1, right, 0), {
      kind: 'unknown',
    })
    assert.equal(await findVerification(database, id, organizationId + 1), undefined)
    assert.deepEqual(await listVerifications(database, organizationId + 1), [])
  })

  test('a number is sent three codes within an hour, whoever asks, and whatever he removes', async () => {
    const other = await addOrganization(database, {
      name: 'Bolt',
      sipDomain: 'bolt.test',
      country: 'GB',
      currency: 'GBP',
    })
    await removeVerification(database, await start(), organizationId)
    await start()
    const both = await Promise.allSettled([start(NUMBER, other), start(NUMBER, other)])
    assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    assert.equal(await codeThrown(start(NUMBER, other)), 'CALLER_ID_TOO_MANY')
    await database.query("UPDATE caller_id_verifications SET created_at = now() - interval '61 minutes'")
    assert.equal(await codeThrown(start()), undefined)
  })

  test('an organisation is sent twenty', async () => {
    for (let n = 10; n < 30; n += 1) await start(`+331426853${n}`)
    assert.equal(await codeThrown(start('+33142685399')), 'CALLER_ID_TOO_MANY')
  })

  test('a proof counts for its time', async () => {
    const id = await start()
    await confirmVerification(database, id, undefined, right, 30)
    assert.deepEqual(await verified(), [NUMBER])
    await database.query("UPDATE caller_id_verifications SET valid_until = now() - interval '1 second'")
    assert.deepEqual(await verified(), [])
    assert.equal((await findVerification(database, id, undefined))?.state, 'expired')
  })

  test('a user of another organisation is refused by name', async () => {
    const fault = await start(NUMBER, organizationId, userId + 1).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    assert.match(String(fault), /userId/)
  })

  test('rules and lists are what a decision reads', async () => {
    const carrierId = await addCarrier(database, { code: 'a', name: 'A', callerIdPolicy: 'listed' })
    const gatewayId = await addGateway(database, key, {
      carrierId,
      name: 'a',
      hostname: 'a.test',
      identityHeader: 'rpid',
      trustsIdentity: true,
      callerIdFormat: 'national',
      callerIdCountry: 'GB',
      signsIdentity: true,
    })
    const ruleId = await addCallerIdRule(database, {
      organizationId,
      kind: 'local-presence',
      country: 'FR',
      numbers: [NUMBER, NUMBER],
    })
    await addCarrierNumber(database, { carrierId, organizationId, number: NUMBER, verified: true })
    await updateOrganization(database, organizationId, { mainNumber: '+442079460100' })
    await updateUser(database, userId, {
      presentation: 'withheld',
      emergencyCallerId: '+442079460101',
      emergencyAddress: '1 High Street',
      emergencyLocationUri: 'https://lis.test/9f3c',
    })
    const { snapshot, problems } = await loadSnapshot(database, key)
    assert.deepEqual(problems, [])
    assert.deepEqual(snapshot.callerIds?.rules, [
      {
        id: ruleId,
        organizationId,
        kind: 'local-presence',
        country: 'FR',
        prefix: undefined,
        numbers: [NUMBER],
        replacesRequested: false,
        enabled: true,
      },
    ])
    assert.deepEqual(
      snapshot.callerIds.carrierNumbers.map(({ number, verified: counts }) => [number, counts]),
      [[NUMBER, true]],
    )
    assert.equal(snapshot.organizations[0]?.mainNumber, '+442079460100')
    const { presentation, emergencyCallerId, emergencyAddress, emergencyLocationUri } =
      snapshot.users[0] ?? {}
    assert.deepEqual(
      [presentation, emergencyCallerId, emergencyAddress, emergencyLocationUri],
      ['withheld', '+442079460101', '1 High Street', 'https://lis.test/9f3c'],
    )
    const { identityHeader, trustsIdentity, callerIdFormat, callerIdCountry, signsIdentity } =
      snapshot.gateways[0] ?? {}
    assert.deepEqual(
      [identityHeader, trustsIdentity, callerIdFormat, callerIdCountry, signsIdentity],
      ['rpid', true, 'national', 'GB', true],
    )
    assert.equal(snapshot.carriers[0]?.callerIdPolicy, 'listed')
    await updateGateway(database, key, gatewayId, { identityHeader: null, callerIdFormat: null })
    await updateCallerIdRule(database, ruleId, { country: null, prefix: '331' })
    const after = (await loadSnapshot(database, key)).snapshot
    assert.equal(after.gateways[0]?.identityHeader, 'pai')
    assert.equal(after.callerIds?.rules[0]?.prefix, '331')
  })

  for (const [sentence, changes, field] of [
    ['neither country nor prefix', {}, 'prefix'],
    ['both', { country: 'FR', prefix: '33' }, 'prefix'],
    ['a country that is none', { country: 'XX' }, 'country'],
    ['a kind that is none', { country: 'FR', kind: 'fun' }, 'kind'],
    ['no numbers', { country: 'FR', numbers: [] }, 'numbers'],
    ['a number that is none', { country: 'FR', numbers: ['0142685300'] }, 'numbers'],
    ['an organisation that is not there', { country: 'FR', organizationId: 999 }, 'organizationId'],
  ] as const) {
    test(`a rule with ${sentence} is refused by ${field}`, async () => {
      const rule = { organizationId, kind: 'override', numbers: [NUMBER], ...changes }
      const fault = await addCallerIdRule(database, rule).then(
        () => undefined,
        (thrown: unknown) => thrown,
      )
      assert.match(String(fault), new RegExp(`${field}:`))
    })
  }
})
