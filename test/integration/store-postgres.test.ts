import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import {
  findRunningPostgres,
  startPostgres,
  type PostgresOptions,
  type RunningPostgres,
} from '../../src/store/embedded-postgres.ts'
import { migrate } from '../../src/store/migrations.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { openFolder } from '../support/postgres.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'

const isRoot = process.getuid?.() === 0
const NOBODY = { uid: 65_534, gid: 65_534 }

suite('store: PostgreSQL for trials', function () {
  this.timeout(90_000)
  let place: ReturnType<typeof openFolder>
  let options: PostgresOptions
  let running: RunningPostgres | undefined
  let child: ChildProcess | undefined

  setup(() => {
    place = openFolder()
    options = {
      folder: join(place.folder, 'postgres'),
      logger: silentLogger,
      searchPath: process.env['PATH'],
    }
  })
  teardown(async () => {
    child?.kill('SIGKILL')
    child = undefined
    await running?.stop()
    running = undefined
    place.remove()
  })

  const start = async (changes: Partial<PostgresOptions> = {}): Promise<RunningPostgres> => {
    running = await startPostgres({ ...options, ...changes })
    return running
  }
  const stored = async (database: Database): Promise<ReadonlySet<string>> => {
    const rows = await database.query<{ leg_uuid: string }>('SELECT leg_uuid FROM call_detail_records')
    return new Set(rows.map(({ leg_uuid }) => leg_uuid))
  }
  const withDatabase = async <Result>(
    url: string,
    work: (database: Database) => Promise<Result>,
  ): Promise<Result> => {
    const database = openDatabase({ url, logger: silentLogger })
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  }
  /** Lines of an engine in a process of its own. */
  const engine = (
    args: readonly string[],
    as: { readonly uid?: number; readonly gid?: number } = {},
  ): AsyncIterator<string> => {
    const script = fileURLToPath(new URL('../support/engine-to-kill.ts', import.meta.url))
    const started = spawn(process.execPath, ['--import=tsx', script, options.folder, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], HOME: '/nonexistent', TMPDIR: '/tmp' },
      ...as,
    })
    child = started
    return createInterface({ input: started.stdout })[Symbol.asyncIterator]()
  }
  const take = async (lines: AsyncIterator<string>, count: number): Promise<readonly string[]> => {
    const taken: string[] = []
    for (let n = 0; n < count; n += 1) {
      const line = await lines.next()
      if (line.done === true) throw new Error(`the engine ended after ${n} lines`)
      taken.push(line.value)
    }
    return taken
  }
  const killEngine = async (): Promise<void> => {
    const ended = new Promise((resolve) => child?.once('exit', resolve))
    child?.kill('SIGKILL')
    await ended
  }

  for (const packageOnly of [false, true]) {
    test(`starts, stops and starts again with all that it had, with binaries ${packageOnly ? 'from npm' : 'of the machine'}`, async () => {
      const first = await start({ packageOnly })
      await withDatabase(first.url, async (database) => {
        await migrate({ url: first.url, folder: SQL_FOLDER, logger: silentLogger })
        await insertCdrs(database, [cdrOf()])
        const settings = await database.query(
          `SELECT current_setting('fsync') AS fsync, current_setting('listen_addresses') AS listens,
             current_setting('server_encoding') AS encoding, current_setting('unix_socket_directories') AS sockets`,
        )
        assert.deepEqual(settings, [{ fsync: 'on', listens: '127.0.0.1', encoding: 'UTF8', sockets: '' }])
      })
      const wrong = first.url.replace(/:[^:@]+@/, ':wrong@')
      await assert.rejects(
        withDatabase(wrong, (database) => database.ping()),
        { code: 'STORE_UNAVAILABLE' },
      )
      assert.equal(statSync(join(first.folder, 'password')).mode & 0o777, 0o600)
      assert.equal(statSync(join(first.folder, 'cluster')).mode & 0o777, 0o700)
      assert.deepEqual(
        readdirSync(first.folder).filter((name) => /^(initdb|staged)-/.test(name)),
        [],
      )
      await first.stop()
      assert.ok(!existsSync(join(first.folder, 'cluster', 'postmaster.pid')))

      const again = await start({ packageOnly })
      assert.equal(again.version, first.version)
      assert.equal((await withDatabase(again.url, stored)).size, 1)
    })
  }

  test('an engine that is killed loses nothing that was acknowledged, and its server is found again', async () => {
    const lines = engine([])
    const [server, ...acknowledged] = await take(lines, 41)
    await killEngine()
    const again = await start()
    assert.equal(String(again.pid), server?.split(' ')[1])
    const kept = await withDatabase(again.url, stored)
    for (const line of acknowledged) assert.ok(kept.has(line.replace('stored ', '')), line)
  })

  test('a second engine on the folder is refused, and does not stop the first one’s server', async () => {
    const first = await start()
    await assert.rejects(startPostgres(options), { code: 'STORE_POSTGRES_IN_USE' })
    await withDatabase(first.url, (database) => database.ping())
    assert.equal(await findRunningPostgres(options), first.url)
    await first.stop()
    assert.equal(await findRunningPostgres(options), undefined)
  })

  test('two engines that begin at the same moment make one cluster, and one of them runs', async () => {
    const results = await Promise.allSettled([startPostgres(options), startPostgres(options)])
    const codes: string[] = []
    for (const result of results) {
      if (result.status === 'fulfilled') running = result.value
      else codes.push(result.reason instanceof EngineError ? result.reason.code : String(result.reason))
    }
    assert.deepEqual(codes, ['STORE_POSTGRES_IN_USE'])
  })

  test('a server that is killed under load loses nothing that was acknowledged', async () => {
    for (let round = 0; round < 3; round += 1) {
      const server = await start()
      await migrate({ url: server.url, folder: SQL_FOLDER, logger: silentLogger })
      const acknowledged: string[] = []
      await withDatabase(server.url, async (database) => {
        const write = async (): Promise<void> => {
          for (;;) {
            const cdrs = [cdrOf(), cdrOf(), cdrOf()]
            await insertCdrs(database, cdrs)
            acknowledged.push(...cdrs.map(({ legUuid }) => legUuid))
          }
        }
        const writers = [write(), write(), write(), write()].map((writing) =>
          assert.rejects(writing, { code: 'STORE_UNAVAILABLE' }),
        )
        await new Promise((resolve) => setTimeout(resolve, 150 + round * 40))
        process.kill(server.pid, 'SIGKILL')
        await Promise.all(writers)
      })
      await server.stop()
      assert.ok(acknowledged.length > 0)
      const again = await start()
      const kept = await withDatabase(again.url, stored)
      for (const legUuid of acknowledged) assert.ok(kept.has(legUuid), legUuid)
      await again.stop()
    }
  })

  test('a pid that belongs to another process by now does not keep it from starting', async () => {
    const first = await start()
    const file = join(first.folder, 'cluster', 'postmaster.pid')
    const lines = readFileSync(file, 'utf8').split('\n')
    await first.stop()
    writeFileSync(file, [String(process.pid), ...lines.slice(1)].join('\n'))
    if (isRoot) chownSync(file, statSync(join(first.folder, 'cluster')).uid, 0)
    const again = await start()
    await withDatabase(again.url, (database) => database.ping())
  })

  test('a cluster of another major version is told, and not touched', async () => {
    const first = await start()
    await first.stop()
    writeFileSync(join(first.folder, 'cluster', 'PG_VERSION'), '9\n')
    await assert.rejects(start(), (fault) => {
      assert.ok(fault instanceof EngineError)
      assert.equal(fault.code, 'STORE_POSTGRES_VERSION')
      assert.match(fault.message, /made by PostgreSQL 9, and only another version/)
      return true
    })
  })

  test('an initdb that was killed half-way leaves nothing in the way', async () => {
    const leftOver = join(options.folder, 'initdb-left-over')
    mkdirSync(join(leftOver, 'base'), { recursive: true })
    utimesSync(leftOver, 0, 0)
    await start()
    assert.ok(!existsSync(leftOver))
  })

  const asRoot = isRoot ? test : test.skip

  asRoot('an ordinary user runs it as himself, with either binaries, and root goes on with it', async () => {
    for (const binaries of ['machine', 'package']) {
      mkdirSync(options.folder)
      chownSync(options.folder, NOBODY.uid, NOBODY.gid)
      const lines = engine(['once', binaries], NOBODY)
      await take(lines, 3)
      assert.equal((await lines.next()).done, true)
      assert.equal(statSync(join(options.folder, 'cluster')).uid, NOBODY.uid)
      const again = await start({ packageOnly: binaries === 'package' })
      assert.equal((await withDatabase(again.url, stored)).size, 2)
      await again.stop()
      rmSync(options.folder, { recursive: true })
    }
  })

  asRoot('an ordinary user who is killed finds it again', async () => {
    mkdirSync(options.folder)
    chownSync(options.folder, NOBODY.uid, NOBODY.gid)
    const before = engine([], NOBODY)
    const [first, ...acknowledged] = await take(before, 21)
    await killEngine()
    const lines = engine(['once'], NOBODY)
    const [second] = await take(lines, 3)
    assert.equal(second, first)
    assert.equal((await lines.next()).done, true)
    const again = await start()
    const kept = await withDatabase(again.url, stored)
    for (const line of acknowledged) assert.ok(kept.has(line.replace('stored ', '')), line)
  })

  asRoot('in a folder that only root may enter its files are kept elsewhere, and found again', async () => {
    chmodSync(place.folder, 0o700)
    const first = await start({ packageOnly: true })
    assert.match(first.folder, /^\/var\/lib\/strowger\/[0-9a-f]{12}$/)
    try {
      await withDatabase(first.url, (database) => database.query('CREATE TABLE kept (id integer)'))
      await first.stop()
      chmodSync(place.folder, 0o755)
      const again = await start({ packageOnly: true })
      assert.equal(again.folder, first.folder)
      await withDatabase(again.url, (database) => database.query('SELECT * FROM kept'))
      await again.stop()
    } finally {
      rmSync(first.folder, { recursive: true })
    }
  })
})
