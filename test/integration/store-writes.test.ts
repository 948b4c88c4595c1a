import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { addBlockedPrefix } from '../../src/store/blocked-prefix-writes.ts'
import type { Database } from '../../src/store/database.ts'
import { DEMO_DOMAIN, DEMO_NUMBER, seedDemo } from '../../src/store/demo.ts'
import { addDevice } from '../../src/store/device-writes.ts'
import { addGateway, removeGateway, updateCarrier, updateGateway } from '../../src/store/gateway-writes.ts'
import { addNumber, addOrganization, addUser } from '../../src/store/organization-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import type { NumberFormChanges } from '../../src/store/gateway-policies.ts'
import { gatewayReads } from '../../src/store/record-reads.ts'
import {
  addLcrProfile,
  addLcrRoute,
  updateLcrProfile,
  updateLcrRoute,
} from '../../src/store/routing-writes.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { DEFAULT_FAILOVER_POLICY } from '../../src/telephony/failover-policy.ts'
import { DEFAULT_NUMBER_FORM } from '../../src/telephony/number-form.ts'
import { databasePerTest } from '../support/database-per-test.ts'

const key = randomBytes(32)
const ACME = { name: 'Acme', sipDomain: 'acme.test', country: 'FR', currency: 'EUR' }

suite('store: writes', function () {
  this.timeout(60_000)
  const place = databasePerTest()
  let database: Database

  setup(() => {
    database = place.database()
  })

  suite('gateways', () => {
    test('a gateway is changed where it is told to be, and its password is not to be read in the table', async () => {
      await seedDemo(database, key)
      const gateway = {
        carrierId: 1,
        name: 'Registering',
        hostname: '[2001:DB8::1]',
        transport: 'tls',
        credentials: { username: 'strowger', password: `p"a'ss <&> \${x}`, realm: 'carrier.test' },
        register: true,
        codecs: ['PCMA', 'opus@48000h'],
        maxChannels: 30,
        pingSeconds: 30,
        inboundCidrs: ['192.0.2.0/24', '2001:db8::/32'],
      }
      const id = await addGateway(database, key, gateway)
      const read = async () =>
        (await loadSnapshot(database, key)).snapshot.gateways.find((row) => row.id === id)
      const expected = {
        ...gateway,
        id,
        hostname: '2001:db8::1',
        maxCallsPerSecond: undefined,
        numberForm: DEFAULT_NUMBER_FORM,
        failover: DEFAULT_FAILOVER_POLICY,
        progressTimeoutSeconds: undefined,
        ringTimeoutSeconds: undefined,
        port: 5060,
        carriesEmergency: false,
        answersWithTones: false,
        identityHeader: 'pai',
        trustsIdentity: false,
        signsIdentity: false,
        callerIdFormat: 'plus',
        callerIdCountry: undefined,
        enabled: true,
      }
      assert.deepEqual(await read(), expected)
      const [row] = await database.query<{ text: string }>(
        'SELECT gateways::text AS text FROM gateways WHERE id = $1',
        [id],
      )
      assert.doesNotMatch(row?.text ?? '', /p"a/)

      assert.equal(await updateGateway(database, key, id, { port: 5070, pingSeconds: null }), true)
      assert.deepEqual(await read(), { ...expected, port: 5070, pingSeconds: undefined })
      await assert.rejects(updateGateway(database, key, id, { credentials: null }), {
        code: 'STORE_BAD_INPUT',
        details: { field: 'register' },
      })
      assert.equal(await updateGateway(database, key, id, { credentials: null, register: false }), true)
      assert.equal((await read())?.credentials, undefined)
      assert.equal(await updateGateway(database, key, 999_999, { port: 1 }), false)
    })

    test('a number form is changed in part, and checked as a whole', async () => {
      await seedDemo(database, key)
      const read = async () =>
        (await loadSnapshot(database, key)).snapshot.gateways.find((row) => row.id === 1)?.numberForm
      const write = (numberForm: NumberFormChanges | null) => updateGateway(database, key, 1, { numberForm })
      await write({ format: 'national', country: 'GB' })
      await write({ strip: 1, pattern: '^20' })
      const expected = {
        ...DEFAULT_NUMBER_FORM,
        format: 'national',
        country: 'GB',
        strip: 1,
        pattern: '^20',
        replacement: '',
      }
      assert.deepEqual(await read(), expected)
      for (const [numberForm, field] of [
        [{ country: null }, 'numberForm.country'],
        [{ format: 'e164' }, 'numberForm.format'],
        [{ strip: 16 }, 'numberForm.strip'],
        [{ strip: 1.5 }, 'numberForm.strip'],
        [{ replacement: '$1' }, 'numberForm.replacement'],
        [{ replacement: '1'.repeat(41) }, 'numberForm.replacement'],
        [{ pattern: '1'.repeat(101) }, 'numberForm.pattern'],
        [{ pattern: null, replacement: '1' }, 'numberForm.replacement'],
        [{ prefix: '1'.repeat(21) }, 'numberForm.prefix'],
        [{ prefix: 'x' }, 'numberForm.prefix'],
        [{ techPrefix: '+1' }, 'numberForm.techPrefix'],
      ] as const)
        await assert.rejects(write(numberForm), { code: 'STORE_BAD_INPUT', details: { field } })
      assert.deepEqual(await read(), expected)
      await write({ pattern: null, country: 'FR' })
      assert.deepEqual(await read(), {
        ...expected,
        country: 'FR',
        pattern: undefined,
        replacement: undefined,
      })
      await write(null)
      assert.deepEqual(await read(), DEFAULT_NUMBER_FORM)
    })

    test('what hands write is shown as it is to whoever keeps records', async () => {
      await seedDemo(database, key)
      await database.query(
        `UPDATE gateways SET failover_next = '{BUSY,404}', number_pattern = '(', number_replacement = '' WHERE id = 1`,
      )
      const shown = await gatewayReads.get(database, 1)
      assert.deepEqual([shown?.failover.next, shown?.numberForm.pattern], [['BUSY', 404], '('])
      assert.equal(await updateGateway(database, key, 1, { failover: null, numberForm: null }), true)
      assert.deepEqual((await gatewayReads.get(database, 1))?.failover, DEFAULT_FAILOVER_POLICY)
      assert.deepEqual((await loadSnapshot(database, key)).problems, [])
    })

    test('a gateway that routes need is not removed, one that none needs is, with its routes on demand', async () => {
      await seedDemo(database, key)
      await assert.rejects(removeGateway(database, 1), {
        code: 'STORE_CONFLICT',
        details: { field: 'id' },
      })
      assert.equal(await removeGateway(database, 1, { withRoutes: true }), true)
      const spare = await addGateway(database, key, { carrierId: 1, name: 'Spare', hostname: '192.0.2.1' })
      assert.equal(await removeGateway(database, spare), true)
      assert.equal(await removeGateway(database, spare), false)
      assert.deepEqual(
        (await loadSnapshot(database, key)).snapshot.lcrRoutes.map(({ gatewayId }) => gatewayId),
        [2, 3],
      )
    })
  })

  suite('what is taken or missing is named', () => {
    test('in every table', async () => {
      await seedDemo(database, key)
      const rows: readonly (readonly [code: string, field: string, write: () => Promise<unknown>])[] = [
        [
          'STORE_CONFLICT',
          'sipDomain',
          () => addOrganization(database, { ...ACME, sipDomain: DEMO_DOMAIN.toUpperCase() }),
        ],
        ['STORE_BAD_INPUT', 'lcrProfileId', () => addOrganization(database, { ...ACME, lcrProfileId: 99 })],
        ['STORE_CONFLICT', 'isDemo', () => addOrganization(database, { ...ACME, isDemo: true })],
        [
          'STORE_CONFLICT',
          'extension',
          () => addUser(database, { organizationId: 1, name: 'x', extension: '1001' }),
        ],
        [
          'STORE_BAD_INPUT',
          'organizationId',
          () => addUser(database, { organizationId: 99, name: 'x', extension: '1003' }),
        ],
        [
          'STORE_CONFLICT',
          'username',
          () => addDevice(database, { userId: 2, username: '1001', password: 'long enough' }),
        ],
        [
          'STORE_BAD_INPUT',
          'userId',
          () => addDevice(database, { userId: 99, username: 'x', password: 'long enough' }),
        ],
        [
          'STORE_CONFLICT',
          'number',
          () => addNumber(database, { organizationId: 1, number: DEMO_NUMBER, userId: 1 }),
        ],
        [
          'STORE_BAD_INPUT',
          'userId',
          () => addNumber(database, { organizationId: 2, number: '+442079460199', userId: 1 }),
        ],
        [
          'STORE_CONFLICT',
          'name',
          () => addGateway(database, key, { carrierId: 1, name: 'Alpha Carrier trunk', hostname: 'a' }),
        ],
        [
          'STORE_BAD_INPUT',
          'carrierId',
          () => addGateway(database, key, { carrierId: 99, name: 'x', hostname: 'a' }),
        ],
        ['STORE_CONFLICT', 'prefix', () => addLcrRoute(database, { profileId: 1, gatewayId: 1, prefix: '' })],
        [
          'STORE_BAD_INPUT',
          'gatewayId',
          () => addLcrRoute(database, { profileId: 1, gatewayId: 99, prefix: '1' }),
        ],
        ...(
          [
            ['asrPercent', { asrPercent: Number.NaN }],
            ['asrPercent', { asrPercent: -1 }],
            ['asrPercent', { asrPercent: 100.01 }],
            ['acdSeconds', { acdSeconds: 0 }],
            ['pddMs', { pddMs: 600_001 }],
            ['weight', { weight: 1.5 }],
            ['maxChannels', { maxChannels: 0 }],
            ['maxCallDurationSeconds', { maxCallDurationSeconds: 86_401 }],
            ['timeRestrictions', { timeRestrictions: [''] }],
            ['timeRestrictions', { timeRestrictions: Array<string>(51).fill('Sat') }],
          ] as const
        ).map(
          ([field, changes]) =>
            ['STORE_BAD_INPUT', field, () => updateLcrRoute(database, 1, changes)] as const,
        ),
        ...(
          [
            ['timeZone', { timeZone: '' }],
            ['timeZone', { timeZone: 'Mars/Olympus' }],
            ['strategy', { strategy: 'CHEAPEST' }],
            ['costWeight', { costWeight: -1 }],
            ['qualityWeight', { qualityWeight: 101 }],
            ['costWeight', { costWeight: 0, qualityWeight: 0 }],
            ['maxPricePerMinute', { maxPricePerMinute: '-1' }],
          ] as const
        ).map(
          ([field, changes]) =>
            ['STORE_BAD_INPUT', field, () => updateLcrProfile(database, 1, changes)] as const,
        ),
        ...(
          [
            ['maxChannels', { maxChannels: 0 }],
            ['maxCallsPerSecond', { maxCallsPerSecond: 100_001 }],
            ['failover.threshold', { failover: { threshold: 0 } }],
            ['failover.windowSeconds', { failover: { windowSeconds: 86_401 } }],
          ] as const
        ).map(
          ([field, changes]) =>
            ['STORE_BAD_INPUT', field, () => updateCarrier(database, 1, changes)] as const,
        ),
        ...(
          [
            ['maxCallsPerSecond', { maxCallsPerSecond: 0 }],
            ['progressTimeoutSeconds', { progressTimeoutSeconds: 61 }],
            ['ringTimeoutSeconds', { ringTimeoutSeconds: 4 }],
            ['failover.believes', { failover: { believes: 'both' } }],
            ['failover.next', { failover: { next: [299] } }],
            ['failover.next', { failover: { next: ['404.5'] } }],
            ['failover.stop', { failover: { stop: [700] } }],
            ['failover.stop', { failover: { stop: ['toString'] } }],
          ] as const
        ).map(
          ([field, changes]) =>
            ['STORE_BAD_INPUT', field, () => updateGateway(database, key, 1, changes)] as const,
        ),
        ['STORE_BAD_INPUT', 'prefix', () => addBlockedPrefix(database, { prefix: '' })],
        ['STORE_BAD_INPUT', 'prefix', () => addBlockedPrefix(database, { prefix: '1234567890123456' })],
        ['STORE_BAD_INPUT', 'action', () => addBlockedPrefix(database, { prefix: '1', action: 'drop' })],
        ['STORE_BAD_INPUT', 'note', () => addBlockedPrefix(database, { prefix: '1', note: 'a\nb' })],
        [
          'STORE_BAD_INPUT',
          'organizationId',
          () => addBlockedPrefix(database, { prefix: '1', organizationId: 99 }),
        ],
        [
          'STORE_BAD_INPUT',
          'carrierId',
          () =>
            addRates(database, {
              carrierId: 99,
              name: 'x',
              currency: 'GBP',
              rates: [
                {
                  prefix: '1',
                  pricePerMinute: '1',
                  firstIncrementSeconds: 1,
                  nextIncrementSeconds: 1,
                  effectiveFrom: 0,
                },
              ],
            }),
        ],
      ]
      const before = (await loadSnapshot(database, key)).snapshot
      for (const [code, field, write] of rows)
        await assert.rejects(async () => write(), { code, details: { field } }, field)
      assert.deepEqual((await loadSnapshot(database, key)).snapshot, before)
    })

    test("one organisation's profile does not lead through another's carrier", async () => {
      const acme = await addOrganization(database, ACME)
      const other = await addOrganization(database, { ...ACME, sipDomain: 'other.test' })
      const [carrier] = await database.query<{ id: number }>(
        `INSERT INTO carriers (organization_id, code, name) VALUES ($1, 'own', 'Own') RETURNING id`,
        [acme],
      )
      const gatewayId = await addGateway(database, key, {
        carrierId: carrier?.id ?? 0,
        name: 'Own',
        hostname: 'a.test',
      })
      const theirs = await addLcrProfile(database, { organizationId: other, name: 'x', strategy: 'PRIORITY' })
      const own = await addLcrProfile(database, { organizationId: acme, name: 'x', strategy: 'PRIORITY' })
      await assert.rejects(addLcrRoute(database, { profileId: theirs, gatewayId, prefix: '44' }), {
        code: 'STORE_BAD_INPUT',
        details: { field: 'gatewayId' },
      })
      await addLcrRoute(database, { profileId: own, gatewayId, prefix: '44', priceOverride: '0.00000001' })
      assert.equal((await loadSnapshot(database, key)).snapshot.lcrRoutes[0]?.priceOverride, 1)
      // All that an organisation has goes with it.
      await database.query('DELETE FROM organizations WHERE id = $1', [acme])
      assert.equal((await loadSnapshot(database, key)).snapshot.gateways.length, 0)
    })
  })
})
