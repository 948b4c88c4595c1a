/** PostgreSQL goes away and comes back: calls are routed from the snapshot, records wait, none is lost or doubled. */
import assert from 'node:assert/strict'
import { metric, readiness } from '../support/engine.ts'
import { checkOf, dialplanForm, openBench, until, type Bench } from './engine-bench.ts'

suite('engine: the database is away', () => {
  let bench: Bench
  suiteSetup(async () => {
    bench = await openBench({ idle: true })
  })
  suiteTeardown(() => bench.close())

  test('at the start: the doors are open, the switch falls back on its own files; then it recovers by itself', async () => {
    bench.databaseProxy.cut()
    await bench.startSimulator()
    await bench.startEngine('greeted')
    await until('the switch is connected', async () => (await checkOf(bench, 'switch')).startsWith('ok'))
    const { status, checks } = await readiness(bench.engine())
    assert.equal(status, 503)
    assert.match(checks['database'] ?? '', /^not ok/)
    assert.match(checks['routing'] ?? '', /^not ok: no snapshot/)
    assert.match(await bench.postXml(dialplanForm(bench, '+442079460123')), /status="not found"/)
    assert.match(
      await bench.postXml({ section: 'configuration', key_value: 'sofia.conf' }),
      /status="not found"/,
    )
    bench.databaseProxy.mend()
    await until('it is ready', async () => (await readiness(bench.engine())).ready)
    await bench.switchIsGiven()
    assert.match(await bench.postXml(dialplanForm(bench, '+442079460123')), /application="bridge"/)
  })

  test('in the middle of calls: routing goes on, records wait in the spool, then each is there once', async () => {
    const before = await Promise.all(
      Array.from({ length: 5 }, (_, index) => bench.call(`+44207946500${index}`)),
    )
    await until(
      'five talk',
      async () => (await bench.calls()).filter(({ state }) => state === 'talking').length === 5,
    )
    bench.databaseProxy.cut()
    for (const { uuid } of before) await bench.askSwitch(`uuid_kill ${uuid}`)
    const during = await Promise.all(
      Array.from({ length: 5 }, (_, index) => bench.call(`+44207946600${index}`, 50)),
    )
    assert.deepEqual(
      (await Promise.all(during.map(({ final }) => final))).map(({ sipStatus }) => sipStatus),
      [200, 200, 200, 200, 200],
    )
    await until('the switch is rid of them', () => bench.simulator().channels().length === 0)
    await until(
      'the records wait',
      async () => (await metric(bench.engine(), 'strowger_spool_pending_records')) === 20,
    )
    const api = await bench.engine().api('/v1/cdrs')
    assert.equal(api.status, 503, api.text)
    assert.equal((api.json() as { error: { code: string } }).error.code, 'DATABASE_UNAVAILABLE')
    await until('the engine knows', async () => (await checkOf(bench, 'database')).startsWith('not ok: away'))
    assert.equal(await metric(bench.engine(), 'strowger_database_up'), 0)
    const { status, checks } = await readiness(bench.engine())
    // Calls go on: a load balancer must not take this engine away from its switch.
    assert.equal(status, 200)
    assert.match(checks['call records'] ?? '', /^ok: 20 records wait/)
    assert.deepEqual(await bench.recordedLegs(), [])

    bench.databaseProxy.mend()
    await bench.everyChannelHasOneRecord()
    await until('the engine knows', async () => (await checkOf(bench, 'database')).startsWith('ok'))
    assert.equal(await metric(bench.engine(), 'strowger_database_up'), 1)
    assert.equal(await metric(bench.engine(), 'strowger_spool_pending_records'), 0)
    assert.match(await checkOf(bench, 'call records'), /^ok: nothing waits$/)
  })

  test('falling silent instead of refusing: the switch is answered all the same', async () => {
    bench.databaseProxy.mute()
    const from = Date.now()
    const call = await bench.call('+442079467000', 30)
    assert.equal((await call.final).sipStatus, 200)
    await until('the switch is rid of it', () => bench.simulator().channels().length === 0)
    assert.ok(Date.now() - from < 2_000)
    bench.databaseProxy.mend()
    await bench.everyChannelHasOneRecord()
  })

  test('killed while records wait: the next engine stores them', async () => {
    bench.databaseProxy.cut()
    const call = await bench.call('+442079468000', 30)
    await call.final
    await until(
      'the records wait',
      async () => (await metric(bench.engine(), 'strowger_spool_pending_records')) === 2,
    )
    await bench.engine().kill('SIGKILL')
    bench.databaseProxy.mend()
    await bench.startEngine()
    await bench.everyChannelHasOneRecord()
  })
})
