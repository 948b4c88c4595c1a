/** The trial: nothing is configured, and a call can be made; and what ends a trial. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLogger } from '../../src/base/logger.ts'
import { runCli } from '../../src/cli/main.ts'
import { openDatabase } from '../../src/store/database.ts'
import { findRunningPostgres } from '../../src/store/embedded-postgres.ts'
import { freePort, until } from '../live/net.ts'
import { metric, readiness, startEngine, type EngineProcess } from '../support/engine.ts'
import { openFolder, testDatabase } from '../support/postgres.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))

type Record = {
  readonly callId: string
  readonly disposition: string
  readonly simulated: boolean
  readonly cost: { readonly amount: string; readonly currency: string } | null
  readonly attempts: readonly {
    readonly carrier: string
    readonly outcome: string
    readonly sipStatus: number | null
  }[]
}

suite('engine: the trial', () => {
  const { folder, remove } = openFolder()
  const dataDir = join(folder, 'trial')
  let httpPort = 0
  let switchPort = ''
  let engine: EngineProcess | undefined
  let callId = ''

  suiteSetup(async () => {
    httpPort = await freePort()
    switchPort = String(await freePort())
  })
  suiteTeardown(async () => {
    if (engine !== undefined && engine.hasEnded() === undefined) await engine.kill('SIGTERM')
    remove()
  })

  const start = async (
    environment: Readonly<{ [name: string]: string }> = {},
    wait: 'greeted' | 'ready' = 'ready',
  ): Promise<EngineProcess> => {
    engine = await startEngine({
      dataDir,
      httpPort,
      wait,
      environment: { FREESWITCH_PORT: switchPort, ...environment },
    })
    return engine
  }
  const running = (): EngineProcess => {
    if (engine === undefined) throw new Error('the engine was not started')
    return engine
  }

  const cli = async (...args: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const said = { out: '', err: '' }
    const code = await runCli(args, {
      environment: { STROWGER_URL: running().url, STROWGER_TOKEN: running().token() },
      workingDirectory: folder,
      packageDirectory: PROJECT,
      out: (text) => {
        said.out += text
      },
      err: (text) => {
        said.err += text
      },
      readInput: () => Promise.resolve(''),
      interrupt: new AbortController().signal,
    })
    return { code, ...said }
  }

  const talking = (): Promise<string> =>
    until('a call talks', async () => {
      const { calls } = (await running().api('/v1/calls')).json() as {
        calls: { callId: string; state: string }[]
      }
      return calls.find(({ state }) => state === 'talking')?.callId
    })

  const records = async (): Promise<readonly Record[]> => {
    const { code, out, err } = await cli('--json', 'cdrs', 'list')
    assert.equal(code, 0, err)
    return (JSON.parse(out) as { cdrs: Record[] }).cdrs
  }

  const databaseUrl = async (): Promise<string> => {
    const url = await findRunningPostgres({ folder: join(dataDir, 'postgres'), logger: silentLogger })
    assert.ok(url !== undefined, 'PostgreSQL runs')
    return url
  }

  const onDatabase = async <Row extends object>(statement: string): Promise<readonly Row[]> => {
    const database = openDatabase({ url: await databaseUrl(), logger: silentLogger })
    try {
      return await database.query<Row>(statement)
    } finally {
      await database.close()
    }
  }

  test('the first start: a database, a demo with its passwords, the simulator, and one plain line that says so', async function () {
    this.timeout(60_000)
    const { stdout, stderr } = await start()
    const said = stdout()
    assert.match(
      said,
      /^Strowger listens on http:\/\/127\.0\.0\.1:\d+\. The token of its API is in .*admin-token\.$/m,
    )
    const simulating = said.split('\n').filter((line) => /SIMULATOR/.test(line))
    assert.deepEqual(simulating, [
      `No FreeSWITCH answers on 127.0.0.1:${switchPort}: calls are made on the built-in SIMULATOR, and are in no bill.`,
    ])
    assert.match(said, /^ {2}1001@demo\.strowger\.local {3}password [a-z2-9]{12}$/m)
    assert.match(said, /^ {2}1002@demo\.strowger\.local {3}password [a-z2-9]{12}$/m)
    assert.equal(stderr(), '')
    const health = (await running().api('/health')).json() as { trial: boolean; simulated: boolean }
    assert.deepEqual([health.trial, health.simulated], [true, true])
    assert.equal(await metric(running(), 'strowger_switch_simulated'), 1)
  })

  test('a call from the command line: one carrier fails, the next one answers, and the record says so', async () => {
    const following = cli('calls', 'originate', '--from', '1001', '--to', '+442079460123')
    callId = await talking()
    assert.equal((await cli('calls', 'hangup', callId)).code, 0)
    const { code, out, err } = await following
    assert.equal(code, 0, out + err)
    assert.match(out, /Alpha/)
    assert.match(out, /Beta/)
    const [record] = await until('its record', async () => {
      const all = await records()
      return all.length > 0 && all
    })
    assert.equal(record?.callId, callId)
    assert.equal(record.disposition, 'ANSWERED')
    assert.equal(record.simulated, true)
    assert.deepEqual(
      record.attempts.map(({ outcome }) => outcome),
      ['FAILED', 'ANSWERED', 'NOT_TRIED'],
    )
    assert.equal(record.attempts[0]?.sipStatus, 503)
    assert.equal(record.cost?.currency, 'GBP')
    assert.ok(Number(record.cost.amount) > 0)
  })

  test('a second engine on the same folder is refused with a sentence, and the first one lives', async () => {
    const second = await startEngine({
      dataDir,
      httpPort: await freePort(),
      wait: 'ended',
      environment: { FREESWITCH_PORT: switchPort },
    })
    assert.equal((await second.ended).code, 1)
    assert.match(second.stderr(), /^strowger: another engine is running on .*$/m)
    assert.equal((await readiness(running())).ready, true)
  })

  test('stopped in the middle of a call and started again: every record is there, no password is told again', async () => {
    assert.equal(
      (await cli('calls', 'originate', '--no-follow', '--from', '1001', '--to', '+442079460125')).code,
      0,
    )
    await talking()
    const from = Date.now()
    assert.deepEqual(await running().kill('SIGTERM'), { code: 0, signal: null })
    assert.ok(Date.now() - from < 5_000, `it took ${Date.now() - from} ms to stop`)
    assert.equal(
      await findRunningPostgres({ folder: join(dataDir, 'postgres'), logger: silentLogger }),
      undefined,
    )
    const { stdout } = await start()
    assert.doesNotMatch(stdout(), /password/)
    await until('both records', async () => (await records()).length === 2)
    assert.equal((await records())[1]?.callId, callId)
  })

  test('killed and started again: the PostgreSQL that was left is used, and nothing stored is lost', async () => {
    const url = await databaseUrl()
    assert.equal(
      (await cli('calls', 'originate', '--no-follow', '--from', '1001', '--to', '+442079460124')).code,
      0,
    )
    const second = await talking()
    await running().kill('SIGKILL')
    assert.equal(await databaseUrl(), url)
    await start()
    assert.equal(await databaseUrl(), url)
    assert.equal((await records()).length, 2)
    // The simulated switch died with the engine: its calls are not on the board.
    assert.equal((await running().api(`/v1/calls/${second}`)).status, 404)
  })

  test('FREESWITCH_HOST ends the trial: no simulator, no demo, and /ready says what is missing', async () => {
    await running().kill('SIGTERM')
    await start({ FREESWITCH_HOST: '127.0.0.1' }, 'greeted')
    const health = (await running().api('/health')).json() as { trial: boolean; simulated: boolean }
    assert.deepEqual([health.trial, health.simulated], [false, false])
    await until('the database is read', async () =>
      /^ok/.test((await readiness(running())).checks['database'] ?? ''),
    )
    const { status, checks } = await readiness(running())
    assert.equal(status, 503)
    assert.match(checks['switch'] ?? '', /^not ok: not connected/)
    assert.doesNotMatch(running().stdout(), /SIMULATOR|password|npx strowger/)
    await onDatabase('TRUNCATE organizations, carriers, lcr_profiles CASCADE')
    await running().kill('SIGTERM')
    await start({ FREESWITCH_HOST: '127.0.0.1' }, 'greeted')
    await until('the database is read', async () =>
      /^ok/.test((await readiness(running())).checks['database'] ?? ''),
    )
    assert.deepEqual(await onDatabase('SELECT 1 FROM organizations'), [])
  })

  test("an organisation that is not the demo's ends it too", async () => {
    await onDatabase(
      "INSERT INTO organizations (name, sip_domain, country, currency) VALUES ('Real', 'real.example', 'GB', 'GBP')",
    )
    await running().kill('SIGTERM')
    await start({}, 'greeted')
    const health = (await running().api('/health')).json() as { simulated: boolean }
    assert.equal(health.simulated, false)
    assert.equal((await readiness(running())).status, 503)
    assert.match((await readiness(running())).checks['switch'] ?? '', /^not ok: not connected/)
    assert.doesNotMatch(running().stdout(), /SIMULATOR|password/)
    assert.deepEqual(await onDatabase('SELECT name FROM organizations'), [{ name: 'Real' }])
    const refused = await cli('calls', 'originate', '--from', '1001', '--to', '+442079460123')
    assert.notEqual(refused.code, 0)
  })

  test('DATABASE_URL ends it: that database is used as it is, and gets no demo', async () => {
    const { url, drop } = await testDatabase()
    await running().kill('SIGTERM')
    await start({ DATABASE_URL: url }, 'greeted')
    await until('the database is read', async () =>
      /^ok/.test((await readiness(running())).checks['database'] ?? ''),
    )
    assert.match((await readiness(running())).checks['database'] ?? '', /^ok: 0 organisations/)
    assert.match((await readiness(running())).checks['switch'] ?? '', /^not ok: not connected/)
    assert.equal((await readiness(running())).status, 503)
    await running().kill('SIGTERM')
    await drop()
  })

  test('Ctrl-C while it starts leaves no PostgreSQL behind', async () => {
    engine = await startEngine({
      dataDir,
      httpPort,
      wait: 'started',
      environment: { FREESWITCH_PORT: switchPort },
    })
    await until('PostgreSQL runs', () =>
      findRunningPostgres({ folder: join(dataDir, 'postgres'), logger: silentLogger }),
    )
    assert.deepEqual(await running().kill('SIGINT'), { code: 0, signal: null })
    assert.equal(
      await findRunningPostgres({ folder: join(dataDir, 'postgres'), logger: silentLogger }),
      undefined,
    )
  })
})
