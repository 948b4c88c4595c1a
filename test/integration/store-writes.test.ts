import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { DEMO_DOMAIN, DEMO_NUMBER, seedDemo } from '../../src/store/demo.ts'
import { addDevice } from '../../src/store/device-writes.ts'
import { addGateway, removeGateway, updateGateway } from '../../src/store/gateway-writes.ts'
import { addNumber, addOrganization, addUser } from '../../src/store/organization-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import { addLcrProfile, addLcrRoute } from '../../src/store/routing-writes.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const key = randomBytes(32)
const ACME = { name: 'Acme', sipDomain: 'acme.test', country: 'FR', currency: 'EUR' }

suite('store: writes', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let database: Database

  setup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
  })
  teardown(async () => {
    await database.close()
    await place.drop()
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
        port: 5060,
        carriesEmergency: false,
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
      for (const [code, field, write] of rows) await assert.rejects(write(), { code, details: { field } })
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
