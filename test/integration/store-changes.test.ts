import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createLogger, silentLogger, type Logger } from '../../src/base/logger.ts'
import { watchChanges, type ChangeWatch } from '../../src/store/changes.ts'
import type { Database } from '../../src/store/database.ts'
import { seedDemo } from '../../src/store/demo.ts'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { addOrganization } from '../../src/store/organization-writes.ts'
import { databasePerTest } from '../support/database-per-test.ts'

const key = randomBytes(32)
const ACME = { name: 'Acme', sipDomain: 'acme.test', country: 'FR', currency: 'EUR' }

suite('store: changes', function () {
  this.timeout(60_000)
  const place = databasePerTest()
  let database: Database

  setup(() => {
    database = place.database()
  })

  suite('changes', () => {
    let watch: ChangeWatch | undefined
    let changes = 0
    const changed = async (withinMs: number): Promise<number> => {
      const before = changes
      const start = performance.now()
      while (changes === before && performance.now() - start < withinMs) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      assert.ok(changes > before, `no change within ${withinMs} ms`)
      return performance.now() - start
    }
    const begin = async (logger: Logger = silentLogger): Promise<void> => {
      changes = 0
      watch = watchChanges({ url: place.url(), logger, onChange: () => void (changes += 1) })
      await changed(5_000)
    }
    teardown(async () => {
      await watch?.stop()
      watch = undefined
    })

    test('are told within a second, many at once as one', async () => {
      await begin()
      const told = changed(1_000)
      await seedDemo(database, key)
      await told
      await new Promise((resolve) => setTimeout(resolve, 200))
      assert.equal(changes, 2)
    })

    test('a gateway whose status alone changes is none', async () => {
      await seedDemo(database, key)
      await begin()
      await database.query(`UPDATE gateways SET status = 'up', status_at = now()`)
      await new Promise((resolve) => setTimeout(resolve, 200))
      assert.equal(changes, 1)
      await updateGateway(database, key, 1, { enabled: false })
      await changed(1_000)
    })

    test('a connection that is lost is made again, and what was missed is told', async () => {
      await begin()
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'strowger changes'`,
      )
      await changed(5_000)
      const told = changed(1_000)
      await addOrganization(database, ACME)
      await told
    })

    test('a stop ends the connection and what was to come, and is no trouble', async () => {
      const said: string[] = []
      await begin(
        createLogger({ level: 'info', redactNumbers: true }, { write: (line) => void said.push(line) }),
      )
      await watch?.stop()
      assert.deepEqual(said, [])
      await addOrganization(database, ACME)
      await new Promise((resolve) => setTimeout(resolve, 150))
      assert.equal(changes, 1)
      const client = new pg.Client({ connectionString: place.url() })
      await client.connect()
      const { rows } = await client.query(
        `SELECT 1 FROM pg_stat_activity WHERE application_name = 'strowger changes' AND datname = current_database()`,
      )
      await client.end()
      assert.equal(rows.length, 0)
    })
  })
})
