import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../src/base/logger.ts'
import { addBlockedPrefix } from '../../src/store/blocked-prefix-writes.ts'
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
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { databasePerTest } from '../support/database-per-test.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'

const key = randomBytes(32)
const ACME = { name: 'Acme', sipDomain: 'acme.test', country: 'FR', currency: 'EUR' }

suite('store', function () {
  this.timeout(60_000)
  const place = databasePerTest()
  let database: Database

  setup(() => {
    database = place.database()
  })

  suite('migrations', () => {
    test('run once, however many engines boot at the same time', async () => {
      const again = await Promise.all(
        [1, 2, 3].map(() => migrate({ url: place.url(), folder: SQL_FOLDER, logger: silentLogger })),
      )
      assert.deepEqual(again, [[], [], []])
    })

    test('one that fails is named, and nothing of it stays', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'strowger-sql-'))
      try {
        const empty = { url: place.url(), folder, logger: silentLogger }
        await assert.rejects(migrate(empty), { code: 'STORE_MIGRATION_FAILED' })
        await assert.rejects(migrate({ ...empty, folder: join(folder, 'absent') }), {
          code: 'STORE_MIGRATION_FAILED',
        })
        for (const name of readdirSync(SQL_FOLDER).filter((file) => file.endsWith('.sql')))
          writeFileSync(join(folder, name), 'SELECT 1;')
        writeFileSync(join(folder, '9001_good.sql'), '-- Why: a test.\nCREATE TABLE good (id integer);')
        writeFileSync(
          join(folder, '9002_bad.sql'),
          '-- Why: a test.\nCREATE TABLE half (id integer);\nSELEKT 1;',
        )
        writeFileSync(join(folder, 'README.md'), 'not SQL')
        mkdirSync(join(folder, '9003_folder.sql'))
        await assert.rejects(migrate(empty), (fault: { code: string; details: { file: string } }) => {
          assert.deepEqual([fault.code, fault.details.file], ['STORE_MIGRATION_FAILED', '9002_bad.sql'])
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
        url: place.url(),
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
      const killer = openDatabase({ url: place.url(), logger: silentLogger, connections: 1 })
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
      const london = await database.query(
        `SELECT price_per_minute AS price, first_increment_seconds AS first, next_increment_seconds AS next, currency
         FROM rates JOIN rate_decks ON rate_decks.id = deck_id WHERE prefix = '4420' ORDER BY deck_id`,
      )
      assert.deepEqual(london, [
        { price: '0.00500000', first: 60, next: 60, currency: 'GBP' },
        { price: '0.00650000', first: 1, next: 1, currency: 'GBP' },
        { price: '0.00850000', first: 30, next: 6, currency: 'GBP' },
      ])
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

      const { snapshot, problems } = await loadSnapshot(database, key)
      assert.deepEqual(
        problems.map(({ table, id }) => [table, id]),
        [
          ['organizations', acme],
          ['gateways', first.id],
        ],
      )
      assert.doesNotMatch(JSON.stringify(problems), /"b"/)
      assert.equal(snapshot.organizations.length, 1)
      assert.deepEqual([snapshot.users.length, snapshot.devices.length, snapshot.numbers.length], [2, 2, 1])
      assert.equal(snapshot.gateways.length, 2)
      assert.ok(snapshot.lcrRoutes.every(({ gatewayId }) => gatewayId !== first.id))
    })

    for (const [sentence, write, table, missing] of [
      [
        'a time window that is none',
        `UPDATE lcr_routes SET time_restrictions = '{Mon-Fri,Blursday}' WHERE id = 1`,
        'lcr_routes',
        'lcrRoutes',
      ],
      [
        'a time zone that is none',
        `UPDATE lcr_profiles SET time_zone = 'Mars/Olympus' WHERE id = 1`,
        'lcr_profiles',
        'lcrProfiles',
      ],
      [
        'a strategy that is none',
        `ALTER TABLE lcr_profiles DROP CONSTRAINT lcr_profiles_strategy_check;
         UPDATE lcr_profiles SET strategy = 'CHEAPEST' WHERE id = 1`,
        'lcr_profiles',
        'lcrProfiles',
      ],
      [
        'a number pattern that is none',
        `UPDATE gateways SET number_pattern = '(', number_replacement = '' WHERE id = 1`,
        'gateways',
        'gateways',
      ],
      [
        'a number form whose country is none',
        `UPDATE gateways SET number_format = 'national', number_country = 'ZZ' WHERE id = 1`,
        'gateways',
        'gateways',
      ],
      [
        'a failover rule that is no cause',
        `UPDATE gateways SET failover_stop = '{486,BUSY}' WHERE id = 1`,
        'gateways',
        'gateways',
      ],
      [
        'a failover rule that is no status of a refusal',
        `UPDATE gateways SET failover_next = '{200}' WHERE id = 1`,
        'gateways',
        'gateways',
      ],
      [
        'a blocked prefix that is none',
        `ALTER TABLE blocked_prefixes DROP CONSTRAINT blocked_prefixes_prefix_check;
         INSERT INTO blocked_prefixes (id, prefix) VALUES (1, '4x')`,
        'blocked_prefixes',
        'blockedPrefixes',
      ],
    ] as const) {
      test(`leaves out a row with ${sentence}, and says so`, async () => {
        await seedDemo(database, key)
        await database.query(write)
        const { snapshot, problems } = await loadSnapshot(database, key)
        assert.deepEqual(
          problems.map((problem) => [problem.table, problem.id]),
          [[table, 1]],
        )
        assert.equal(
          snapshot[missing].find(({ id }) => id === 1),
          undefined,
        )
        const profiles = new Set(snapshot.lcrProfiles.map(({ id }) => id))
        const gateways = new Set(snapshot.gateways.map(({ id }) => id))
        assert.ok(
          snapshot.lcrRoutes.every(
            ({ profileId, gatewayId }) => profiles.has(profileId) && gateways.has(gatewayId),
          ),
        )
      })
    }

    test('has what nobody may call, but not for an organisation that cannot be read', async () => {
      await seedDemo(database, key)
      const acme = await addOrganization(database, ACME)
      await addBlockedPrefix(database, { prefix: '883' })
      await addBlockedPrefix(database, { organizationId: acme, prefix: '883' })
      await database.query(`UPDATE organizations SET country = 'ZZ' WHERE id = $1`, [acme])
      const { snapshot } = await loadSnapshot(database, key)
      assert.deepEqual(
        snapshot.blockedPrefixes.map(({ organizationId, prefix }) => [organizationId, prefix]),
        [[undefined, '883']],
      )
    })
  })
})
