/** Starts that cannot succeed end with a sentence and the right exit code; doubts are told by /ready. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { freePort } from '../live/net.ts'
import { portOf } from '../support/fake-switch.ts'
import { isOpen, readiness, startEngine, type EngineProcess } from '../support/engine.ts'
import { openFolder } from '../support/postgres.ts'
import { checkOf, dialplanForm, openBench, until, type Bench } from './engine-bench.ts'

suite('engine: starts that a person has to mend', () => {
  const { folder, remove } = openFolder()
  suiteTeardown(remove)

  const startWith = async (
    environment: Readonly<Record<string, string>>,
    httpPort?: number,
  ): Promise<EngineProcess> =>
    startEngine({
      dataDir: join(folder, `data-${Math.random()}`),
      httpPort: httpPort ?? (await freePort()),
      wait: 'ended',
      environment: {
        FREESWITCH_HOST: '127.0.0.1',
        DATABASE_URL: 'postgres://nobody:secret-of-the-database@127.0.0.1:1/none',
        ...environment,
      },
    })

  const taken = async (act: (port: number) => Promise<void>): Promise<void> => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      await act(portOf(server.address()))
    } finally {
      server.close()
    }
  }

  test('everything that is wrong with the configuration, in one message', async () => {
    const engine = await startWith({
      FREESWITCH_PORT: 'eight',
      FREESWITCH_HOST: 'not a host',
      DATABASE_URL: 'mysql://root:hunter2@db/none',
      STROWGER_LOG_LEVEL: 'loud',
      STROWGER_MASTER_KEY: 'short',
      LCR_MAX_ROUTES: '0',
    })
    assert.equal((await engine.ended).code, 78)
    const said = engine.stderr()
    for (const name of [
      'FREESWITCH_PORT',
      'FREESWITCH_HOST',
      'DATABASE_URL',
      'STROWGER_LOG_LEVEL',
      'STROWGER_MASTER_KEY',
      'LCR_MAX_ROUTES',
    ])
      assert.match(said, new RegExp(`^ {2}${name} `, 'm'))
    assert.match(said, /^strowger: the configuration has 6 problems:\n/)
    assert.equal(said.trim().split('\n').length, 7, said)
    assert.doesNotMatch(said + engine.stdout(), /hunter2|short\b/)
  })

  test('a port that another program has', () =>
    taken(async (port) => {
      const engine = await startWith({ STROWGER_LOG_LEVEL: 'fatal' }, port)
      assert.equal((await engine.ended).code, 1)
      assert.equal(
        engine.stderr(),
        `strowger: the HTTP API cannot listen on 127.0.0.1:${port}: another program listens there; stop it, or set STROWGER_HTTP_PORT\n`,
      )
    }))

  test('the port of the outbound socket that another program has', () =>
    taken(async (port) => {
      const engine = await startWith({ STROWGER_SOCKET_PORT: String(port), STROWGER_LOG_LEVEL: 'fatal' })
      assert.equal((await engine.ended).code, 1)
      assert.equal(
        engine.stderr(),
        `strowger: the outbound socket cannot listen on 127.0.0.1:${port}: another program listens there; stop it, or set STROWGER_SOCKET_PORT\n`,
      )
    }))

  test('a data directory that is a file', async () => {
    const engine = await startWith({ STROWGER_DATA_DIR: '/dev/null', STROWGER_LOG_LEVEL: 'fatal' })
    assert.equal((await engine.ended).code, 1)
    assert.match(engine.stderr(), /^strowger: .*\/dev\/null.*\n$/)
  })

  test('SIGTERM while neither PostgreSQL nor the switch answer: a clean end, soon', async () => {
    const engine = await startEngine({
      dataDir: join(folder, 'stopped'),
      httpPort: await freePort(),
      wait: 'greeted',
      environment: {
        FREESWITCH_HOST: '127.0.0.1',
        FREESWITCH_PORT: String(await freePort()),
        DATABASE_URL: 'postgres://nobody:secret-of-the-database@127.0.0.1:1/none',
      },
    })
    assert.equal((await readiness(engine)).status, 503)
    const from = Date.now()
    assert.deepEqual(await engine.kill('SIGTERM'), { code: 0, signal: null })
    assert.ok(Date.now() - from < 3_000)
    assert.doesNotMatch(engine.stdout() + engine.stderr(), /secret-of-the-database/)
  })
})

suite("engine: the switch's password", () => {
  let bench: Bench
  suiteSetup(async () => {
    bench = await openBench({ idle: true })
  })
  suiteTeardown(() => bench.close())

  test('wrong at the first connection: one clear line, exit code 78', async () => {
    await bench.startSimulator('another')
    const engine = await bench.startEngine('ended', { STROWGER_LOG_LEVEL: 'fatal' })
    assert.equal((await engine.ended).code, 78)
    assert.match(
      engine.stderr(),
      /^strowger: the event socket at 127\.0\.0\.1:\d+ refuses the password: set FREESWITCH_PASSWORD.*\n$/,
    )
    await bench.stopSimulator('stop')
  })

  test('wrong after it was right: the engine lives, says so, and goes on answering the switch', async () => {
    await bench.startSimulator()
    await bench.startEngine()
    await bench.switchIsGiven()
    await bench.stopSimulator('stop')
    await until('the engine knows', async () =>
      (await checkOf(bench, 'switch')).startsWith('not ok: not connected'),
    )
    await bench.startSimulator('another')
    await until(
      'it is refused',
      async () => (await checkOf(bench, 'switch')).includes('FREESWITCH_PASSWORD'),
      20_000,
    )
    assert.equal((await readiness(bench.engine())).status, 503)
    assert.match(await bench.postXml(dialplanForm(bench, '+442079460123')), /application="bridge"/)
    const call = await bench.call('+442079460123', 30)
    assert.equal((await call.final).sipStatus, 200)
    await bench.everyChannelHasOneRecord()
    assert.equal(await isOpen(bench.engine()), true)
    assert.equal(bench.engine().hasEnded(), undefined)
  })
})
