import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { DEMO_DOMAIN, DEMO_NUMBER, seedDemo } from '../../src/store/demo.ts'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { migrate } from '../../src/store/migrations.ts'
import { a1HashOf, addDevice } from '../../src/store/device-writes.ts'
import {
  addNumber,
  addOrganization,
  addUser,
  hasForeignOrganization,
} from '../../src/store/organization-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { formatMoney } from '../../src/telephony/money.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'

const key = randomBytes(32)
const ACME = { name: 'Acme', sipDomain: 'acme.test', country: 'FR', currency: 'EUR' }

suite('store', function () {
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

  suite('migrations', () => {
    test('run once, however many engines boot at the same time', async () => {
      const again = await Promise.all(
        [1, 2, 3].map(() => migrate({ url: place.url, folder: SQL_FOLDER, logger: silentLogger })),
      )
      assert.deepEqual(again, [[], [], []])
    })

    test('one that fails is named, and nothing of it stays', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'strowger-sql-'))
      try {
        const empty = { url: place.url, folder, logger: silentLogger }
        await assert.rejects(migrate(empty), { code: 'STORE_MIGRATION_FAILED' })
        await assert.rejects(migrate({ ...empty, folder: join(folder, 'absent') }), {
          code: 'STORE_MIGRATION_FAILED',
        })
        for (const name of [
          '0001_directory',
          '0002_carriers',
          '0003_rate_decks',
          '0004_call_detail_records',
        ]) {
          writeFileSync(join(folder, `${name}.sql`), 'SELECT 1;')
        }
        writeFileSync(join(folder, '0005_good.sql'), '-- Why: a test.\nCREATE TABLE good (id integer);')
        writeFileSync(
          join(folder, '0006_bad.sql'),
          '-- Why: a test.\nCREATE TABLE half (id integer);\nSELEKT 1;',
        )
        writeFileSync(join(folder, 'README.md'), 'not SQL')
        mkdirSync(join(folder, '0007_folder.sql'))
        await assert.rejects(migrate(empty), (fault: { code: string; details: { file: string } }) => {
          assert.deepEqual([fault.code, fault.details.file], ['STORE_MIGRATION_FAILED', '0006_bad.sql'])
          return true
        })
        const left = await database.query(`SELECT to_regclass('good') AS good, to_regclass('half') AS half`)
        assert.deepEqual(left, [{ good: null, half: null }])
      } finally {
        rmSync(folder, { recursive: true })
      }
    })

    test('a database that is away is not a failed migration', async () => {
      const url = 'postgres://nobody:x@127.0.0.1:1/none'
      await assert.rejects(migrate({ url, folder: SQL_FOLDER, logger: silentLogger }), {
        code: 'STORE_UNAVAILABLE',
      })
    })
  })

  suite('the database', () => {
    test('answers a ping, and says that it may be tried again where it does not', async () => {
      await database.ping()
      const away = openDatabase({ url: 'postgres://nobody:x@127.0.0.1:1/none', logger: silentLogger })
      await assert.rejects(away.ping(), { code: 'STORE_UNAVAILABLE', details: { retryable: true } })
      await away.close()
    })

    test('a statement that takes too long is ended, and the connection lives', async () => {
      const hasty = openDatabase({
        url: place.url,
        logger: silentLogger,
        connections: 1,
        statementTimeoutMs: 100,
      })
      await assert.rejects(hasty.query('SELECT pg_sleep(5)'), { code: 'STORE_UNAVAILABLE' })
      await hasty.ping()
      await hasty.close()
    })

    test('connections that the server ends, idle or at work, end nothing else', async () => {
      await Promise.all([database.query('SELECT pg_sleep(0.05)'), database.query('SELECT pg_sleep(0.05)')])
      const killer = openDatabase({ url: place.url, logger: silentLogger, connections: 1 })
      const working = assert.rejects(
        database.transaction(async (on) => on.query('SELECT pg_sleep(5)')),
        { code: 'STORE_UNAVAILABLE' },
      )
      await new Promise((resolve) => setTimeout(resolve, 100))
      await killer.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      )
      await working
      await killer.close()
      await database.ping()
    })

    test('a transaction that throws leaves nothing', async () => {
      const adding = database.transaction(async (on) => {
        await addOrganization(on, ACME)
        throw new Error('no')
      })
      await assert.rejects(adding, /no/)
      assert.equal(await hasForeignOrganization(database), false)
    })
  })

  suite('the demo', () => {
    test('is seeded once, whole, and read back as a snapshot', async () => {
      const seeded = await Promise.all([seedDemo(database, key), seedDemo(database, key)])
      assert.equal(seeded.filter((secrets) => secrets !== undefined).length, 1)
      const secrets = seeded.find((given) => given !== undefined)
      assert.equal(await seedDemo(database, key), undefined)
      assert.equal(await hasForeignOrganization(database), false)

      const { snapshot, problems } = await loadSnapshot(database, key)
      assert.deepEqual(problems, [])
      const [demo] = snapshot.organizations
      assert.deepEqual(
        [demo?.name, demo?.sipDomain, demo?.country, demo?.currency, demo?.defaultCallerId, demo?.isDemo],
        ['Demo', DEMO_DOMAIN, 'GB', 'GBP', DEMO_NUMBER, true],
      )
      assert.equal(demo?.lcrProfileId, snapshot.lcrProfiles[0]?.id)
      assert.deepEqual(
        snapshot.users.map(({ extension }) => extension),
        ['1001', '1002'],
      )
      for (const device of secrets?.devices ?? []) {
        const stored = snapshot.devices.find(({ username }) => username === device.username)
        assert.equal(stored?.a1Hash, a1HashOf(device.username, DEMO_DOMAIN, device.password))
      }
      assert.deepEqual(
        snapshot.numbers.map(({ number, userId }) => [number, userId]),
        [[DEMO_NUMBER, snapshot.users[0]?.id]],
      )
      assert.deepEqual(
        snapshot.gateways.map(({ hostname, port, transport, carriesEmergency }) => [
          hostname,
          port,
          transport,
          carriesEmergency,
        ]),
        [
          ['127.0.0.1', 5091, 'udp', false],
          ['127.0.0.1', 5092, 'udp', false],
          ['127.0.0.1', 5093, 'udp', true],
        ],
      )
      assert.deepEqual(
        snapshot.lcrRoutes.map(({ gatewayId, prefix }) => [gatewayId, prefix]),
        snapshot.gateways.map(({ id }) => [id, '']),
      )
      const london = snapshot.rates.filter(({ prefix }) => prefix === '4420')
      assert.deepEqual(
        london.map(({ tariff }) => [
          formatMoney(tariff.pricePerMinute),
          tariff.firstIncrementSeconds,
          tariff.nextIncrementSeconds,
          tariff.currency,
        ]),
        [
          ['0.005', 60, 60, 'GBP'],
          ['0.0065', 1, 1, 'GBP'],
          ['0.0085', 30, 6, 'GBP'],
        ],
      )
      assert.equal(snapshot.rates.length, 15)
    })

    test('is over when another organisation exists, and is not seeded beside one', async () => {
      await addOrganization(database, ACME)
      assert.equal(await hasForeignOrganization(database), true)
      assert.equal(await seedDemo(database, key), undefined)
    })
  })

  suite('the snapshot', () => {
    test('leaves out a row that cannot be read and what hangs on it, and says so', async () => {
      await seedDemo(database, key)
      const acme = await addOrganization(database, ACME)
      const user = await addUser(database, { organizationId: acme, name: 'Anne', extension: '20' })
      await addDevice(database, { userId: user, username: 'anne', password: 'correct horse' })
      await addNumber(database, { organizationId: acme, number: '+33199000001', userId: user })
      await database.query(`UPDATE organizations SET country = 'ZZ' WHERE id = $1`, [acme])
      const whole = (await loadSnapshot(database, key)).snapshot
      const [first] = whole.gateways
      assert.ok(first !== undefined)
      await updateGateway(database, randomBytes(32), first.id, {
        credentials: { username: 'a', password: 'b' },
      })
      await database.query(`UPDATE rates SET price_per_minute = 'NaN' WHERE prefix = '33'`)

      const { snapshot, problems } = await loadSnapshot(database, key)
      assert.deepEqual(
        problems.map(({ table, id }) => [table, id]),
        [['organizations', acme], ['gateways', first.id], ...[1, 2, 3].map((deck) => ['rates', deck])],
      )
      assert.doesNotMatch(JSON.stringify(problems), /"b"/)
      assert.equal(snapshot.organizations.length, 1)
      assert.deepEqual([snapshot.users.length, snapshot.devices.length, snapshot.numbers.length], [2, 2, 1])
      assert.equal(snapshot.gateways.length, 2)
      assert.ok(snapshot.lcrRoutes.every(({ gatewayId }) => gatewayId !== first.id))
      assert.equal(snapshot.rates.length, 12)
    })

    test('has no rates of a deck that is not published', async () => {
      await seedDemo(database, key)
      await database.query('UPDATE rate_decks SET published_at = NULL WHERE id = 1')
      const { snapshot } = await loadSnapshot(database, key)
      assert.deepEqual([...new Set(snapshot.rates.map(({ deckId }) => deckId))], [2, 3])
    })

    test('reads a deck of many blocks whole', async () => {
      await seedDemo(database, key)
      const rates = Array.from({ length: 12_345 }, (_, n) => ({
        prefix: String(100_000 + n),
        pricePerMinute: `0.${String(n + 1).padStart(8, '0')}`,
        connectionFee: '0.5',
        firstIncrementSeconds: 30,
        nextIncrementSeconds: 6,
        effectiveFrom: Date.UTC(2026, 0, 1),
        effectiveTo: Date.UTC(2027, 0, 1),
      }))
      const deckId = await addRates(database, { carrierId: 1, name: 'Big', currency: 'USD', rates })
      const { snapshot } = await loadSnapshot(database, key)
      const read = snapshot.rates.filter((rate) => rate.deckId === deckId)
      assert.equal(read.length, rates.length)
      const last = read.find(({ prefix }) => prefix === '112344')
      assert.deepEqual(
        [
          last?.tariff.pricePerMinute,
          last?.tariff.connectionFee,
          last?.effectiveFrom,
          last?.effectiveTo,
          last?.carrierId,
        ],
        [12_345, 50_000_000, Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1), 1],
      )
    })
  })
})
