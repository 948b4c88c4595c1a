/**
 * The master key is changed while an engine runs, and the engine is killed in the middle: nothing is lost, what remains
 * is done by doing it again, and in the end the old key is needed for nothing.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import pg from 'pg'
import { silentLogger } from '../../src/base/logger.ts'
import { runCli } from '../../src/cli/main.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { addCarrier, addGateway } from '../../src/store/gateway-writes.ts'
import { countSecrets, rotateSecrets } from '../../src/store/secret-rotation.ts'
import { encryptSecret } from '../../src/store/secret.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { freePort, until } from '../live/net.ts'
import { startEngine, type EngineProcess } from '../support/engine.ts'
import { openFolder, testDatabase, type TestDatabase } from '../support/postgres.ts'

const GATEWAYS = 350

suite('secrets: the master key is changed', () => {
  const { folder, remove } = openFolder()
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)]
  let place: TestDatabase
  let database: Database
  let engine: EngineProcess | undefined

  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    const carrierId = await addCarrier(database, { code: 'many', name: 'Many' })
    for (let at = 1; at <= GATEWAYS; at += 1)
      await addGateway(database, oldKey, {
        carrierId,
        name: `trunk ${at}`,
        hostname: '127.0.0.1',
        credentials: { username: 'us', password: `password ${at}` },
        enabled: false,
      })
  })
  suiteTeardown(async function () {
    this.timeout(30_000)
    if (engine !== undefined && engine.hasEnded() === undefined) await engine.kill('SIGTERM')
    await database.close()
    await place.drop()
    remove()
  })

  const start = async (current: Buffer, others: readonly Buffer[]): Promise<EngineProcess> => {
    engine = await startEngine({
      dataDir: join(folder, 'engine'),
      httpPort: await freePort(),
      wait: 'greeted',
      environment: {
        DATABASE_URL: place.url,
        FREESWITCH_PORT: String(await freePort()),
        STROWGER_MASTER_KEY: current.toString('hex'),
        ...(others.length > 0 && {
          STROWGER_MASTER_KEYS_OLD: others.map((key) => key.toString('base64')).join(', '),
        }),
      },
    })
    const started = engine
    await until(
      'it has read the database',
      async () => (await (await fetch(`${started.url}/ready`)).text()).includes(`${GATEWAYS} gateways`),
      20_000,
    )
    return engine
  }

  const cli = async (...args: readonly string[]): Promise<{ code: number; out: string }> => {
    let out = ''
    const code = await runCli(args, {
      environment: { STROWGER_URL: engine?.url ?? '', STROWGER_TOKEN: engine?.token() ?? '' },
      workingDirectory: folder,
      packageDirectory: join(import.meta.dirname, '../..'),
      out: (text) => {
        out += text
      },
      err: (text) => {
        out += text
      },
      readInput: () => Promise.resolve(''),
      interrupt: new AbortController().signal,
    })
    return { code, out }
  }

  const oldSecrets = async (): Promise<number> =>
    (await countSecrets(database, newKey)).reduce((sum, { old }) => sum + old, 0)

  /** Each password as a key of `keys` opens it, in the order of the gateways. */
  const passwords = async (...keys: readonly Buffer[]): Promise<readonly (string | undefined)[]> => {
    const { snapshot, problems } = await loadSnapshot(database, keys)
    assert.deepEqual(problems, [])
    return snapshot.gateways.map(({ credentials }) => credentials?.password)
  }
  const all = Array.from({ length: GATEWAYS }, (_, index) => `password ${index + 1}`)

  test('an engine with the new key and the old one reads what stands under either', async function () {
    this.timeout(60_000)
    const first = await start(oldKey, [])
    await first.kill('SIGTERM')
    await start(newKey, [oldKey])
    assert.equal(await oldSecrets(), GATEWAYS + 1)
    const { code, out } = await cli('secrets', 'count')
    assert.equal(code, 0, out)
    assert.match(out, /gateways\.password_encrypted +0 +350/)
  })

  test('killed in the middle, it has done whole batches and lost nothing', async function () {
    this.timeout(60_000)
    // Somebody holds a row, so that the rotation stands still before it.
    const holder = new pg.Client({ connectionString: place.url })
    await holder.connect()
    await holder.query('BEGIN')
    // The order is that of the key as text: this one comes in the middle.
    await holder.query(`SELECT 1 FROM gateways WHERE id = 300 FOR UPDATE`)
    const rotating = cli('secrets', 'rotate')
    await until('a batch is done', async () => (await oldSecrets()) <= GATEWAYS + 1 - 100, 20_000)
    await engine?.kill('SIGKILL')
    assert.notEqual((await rotating).code, 0)
    await holder.end()
    const left = await oldSecrets()
    assert.ok(left > 0 && left <= GATEWAYS + 1 - 100, String(left))
    assert.deepEqual(await passwords(newKey, oldKey), all)
  })

  test('done again it does what remained, and tells how many', async function () {
    this.timeout(60_000)
    const left = await oldSecrets()
    await start(newKey, [oldKey])
    const { code, out } = await cli('secrets', 'rotate')
    assert.equal(code, 0, out)
    assert.match(out, new RegExp(`^${left} secrets were brought under the master key$`, 'm'))
    assert.equal(await oldSecrets(), 0)
    assert.deepEqual(await passwords(newKey), all)
    const again = await cli('secrets', 'rotate')
    assert.match(again.out, /^0 secrets were brought/m)
  })

  test('without the old key the engine serves every gateway, and signs with the key that it had', async function () {
    this.timeout(60_000)
    await engine?.kill('SIGTERM')
    const before = await database.query<{ kid: string }>('SELECT kid FROM signing_keys')
    await start(newKey, [])
    assert.deepEqual(await database.query('SELECT kid FROM signing_keys'), before)
  })

  test('a secret under a key that nobody has is told and left, and the others are done', async () => {
    const lost = encryptSecret(randomBytes(32), 'lost')
    await database.query('UPDATE gateways SET password_encrypted = $1 WHERE id = 1', [lost])
    const { code, out } = await cli('secrets', 'rotate')
    assert.equal(code, 1)
    assert.match(out, /1 could not be read: add the key/)
    const [row] = await database.query<{ sealed: string }>(
      'SELECT password_encrypted AS sealed FROM gateways WHERE id = 1',
    )
    assert.equal(row?.sealed, lost)
  })

  test('two that rotate at once share the rows', async () => {
    const third = randomBytes(32)
    await database.query('UPDATE gateways SET password_encrypted = $1 WHERE id = 1', [
      encryptSecret(newKey, all[0] ?? ''),
    ])
    const keys = [third, newKey]
    const runs = await Promise.all([1, 2].map(() => rotateSecrets(database, third, keys)))
    const rotated = runs.flat().reduce((sum, run) => sum + run.rotated, 0)
    assert.equal(rotated, GATEWAYS + 1)
    assert.deepEqual(await passwords(third), all)
  })
})
