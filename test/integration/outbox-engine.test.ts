/** A whole engine whose events leave the house: killed, without its database, and both at once. */
import assert from 'node:assert/strict'
import { metric } from '../support/engine.ts'
import { openBench, until, type Bench } from './engine-bench.ts'
import { startReceiver, type Receiver, type Taken } from './receiver.ts'

const ENVIRONMENT = { WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8', WEBHOOK_ALLOW_HTTP: 'true' } as const

suite('engine: its events are delivered', () => {
  let bench: Bench
  let receiver: Receiver
  suiteSetup(async function () {
    this.timeout(60_000)
    receiver = await startReceiver()
    bench = await openBench({ environment: ENVIRONMENT })
    const added = await bench.engine().api('/v1/webhooks', {
      url: `${receiver.url}/hook`,
      events: ['call.*', 'cdr.stored'],
      organizationId: bench.house.organizationId,
    })
    assert.equal(added.status, 201, added.text)
    // The engine hears of it by the database.
    await new Promise((resolve) => setTimeout(resolve, 300))
  })
  setup(() => {
    receiver.answer = () => 200
    receiver.taken.length = 0
  })
  suiteTeardown(async () => {
    await bench.close()
    await receiver.close()
  })

  const callOf = (event: Taken['event']): string => (event['call'] as { callId: string }).callId
  /** What arrived of a call, each event once, in the order of the first arrival. */
  const heardOf = (callId: string): readonly string[] => {
    const taken = receiver.taken.filter(({ event, status }) => status === 200 && callOf(event) === callId)
    return [...new Map(taken.map(({ event }) => [event.id, event.type])).values()]
  }
  const hasHeard = (callId: string, type: string): boolean => heardOf(callId).includes(type)

  test('a call from dialling to its record', async () => {
    const { uuid, final } = await bench.call('+442079470100', 100)
    await final
    await until('its record is told', () => hasHeard(uuid, 'cdr.stored'), 15_000)
    assert.deepEqual(heardOf(uuid), [
      'call.initiated',
      'call.ringing',
      'call.answered',
      'call.talking',
      'call.completed',
      'cdr.stored',
    ])
    const cdr = receiver.taken.find(({ event }) => event.type === 'cdr.stored')
    assert.match(String((cdr?.event['cost'] as { amount: string } | undefined)?.amount), /^0\.\d+$/)
    assert.equal(receiver.taken.length, 6)
  })

  test('killed between event and delivery: the next engine delivers, in order, nothing is missing', async () => {
    receiver.answer = () => 503
    const calls = await Promise.all(Array.from({ length: 10 }, (_, n) => bench.call(`+44207947020${n}`, 60)))
    await Promise.all(calls.map(({ final }) => final))
    await until('the receiver refused some', () => receiver.taken.length >= 5)
    await until(
      'what happened is on the disk',
      async () => (await metric(bench.engine(), 'strowger_calls_live')) === 0,
    )
    await bench.engine().kill('SIGKILL')
    receiver.answer = () => 200
    await bench.startEngine()
    for (const { uuid } of calls)
      await until(
        'all of it is told',
        () => hasHeard(uuid, 'call.completed') && hasHeard(uuid, 'cdr.stored'),
        40_000,
      )
    for (const { uuid } of calls) {
      const heard = heardOf(uuid)
      assert.deepEqual(heard.slice(0, 4), ['call.initiated', 'call.ringing', 'call.answered', 'call.talking'])
      assert.deepEqual([...heard.slice(4)].sort(), ['call.completed', 'cdr.stored'])
    }
  }).timeout(90_000)

  test('a call that ends while no engine is there: its end is told from its record, once', async () => {
    const call = await bench.call('+442079470300')
    await until('it talks', async () => (await bench.calls()).some(({ state }) => state === 'talking'))
    await until('that is told', () => hasHeard(call.uuid, 'call.talking'))
    await bench.engine().kill('SIGKILL')
    await bench.askSwitch(`uuid_kill ${call.uuid}`)
    await call.final
    await bench.startEngine()
    await until('its record is told', () => hasHeard(call.uuid, 'cdr.stored'), 30_000)
    assert.deepEqual(heardOf(call.uuid).slice(-2), ['call.completed', 'cdr.stored'])
    assert.equal(new Set(heardOf(call.uuid)).size, heardOf(call.uuid).length)
    await bench.everyChannelHasOneRecord()
  }).timeout(60_000)

  test('the database is away, and then the engine is killed as well: all is told when both are back', async () => {
    bench.databaseProxy.cut()
    const calls = await Promise.all(Array.from({ length: 5 }, (_, n) => bench.call(`+44207947040${n}`, 50)))
    await Promise.all(calls.map(({ final }) => final))
    await until(
      'they wait',
      async () => (await metric(bench.engine(), 'strowger_webhook_events_pending')) >= 25,
    )
    assert.equal(receiver.taken.length, 0)
    await bench.engine().kill('SIGKILL')
    bench.databaseProxy.mend()
    await bench.startEngine()
    for (const { uuid } of calls)
      await until(
        'all of it is told',
        () => hasHeard(uuid, 'cdr.stored') && hasHeard(uuid, 'call.completed'),
        40_000,
      )
    for (const { uuid } of calls)
      assert.deepEqual([...heardOf(uuid)].sort(), [
        'call.answered',
        'call.completed',
        'call.initiated',
        'call.ringing',
        'call.talking',
        'cdr.stored',
      ])
    assert.equal(await metric(bench.engine(), 'strowger_webhook_events_lost'), 0)
  }).timeout(90_000)

  test('the database goes away for a while under a living engine: deliveries go on by themselves', async () => {
    bench.databaseProxy.cut()
    const call = await bench.call('+442079470500', 50)
    await call.final
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    bench.databaseProxy.mend()
    await until('all of it is told', () => hasHeard(call.uuid, 'cdr.stored'), 40_000)
    assert.ok(hasHeard(call.uuid, 'call.completed'))
    assert.equal(bench.engine().hasEnded(), undefined)
  }).timeout(90_000)

  test('the database comes and goes under load: the engine lives, and every call is told whole', async () => {
    const { pid } = bench.engine()
    const uuids: string[] = []
    for (let round = 0; round < 8; round += 1) {
      const calls = await Promise.all(Array.from({ length: 4 }, (_, n) => bench.call(`+44207947070${n}`, 30)))
      uuids.push(...calls.map(({ uuid }) => uuid))
      await new Promise((resolve) => setTimeout(resolve, 37 * round))
      bench.databaseProxy.cut()
      await Promise.all(calls.map(({ final }) => final))
      await new Promise((resolve) => setTimeout(resolve, 150))
      bench.databaseProxy.mend()
      await new Promise((resolve) => setTimeout(resolve, 100 * (round % 3)))
    }
    for (const uuid of uuids)
      await until(
        'all of it is told',
        () => hasHeard(uuid, 'call.completed') && hasHeard(uuid, 'cdr.stored'),
        60_000,
      )
    assert.deepEqual([bench.engine().pid, bench.engine().hasEnded()], [pid, undefined])
    assert.equal(await metric(bench.engine(), 'strowger_webhook_events_lost'), 0)
  }).timeout(120_000)

  test('killed at any moment: no call lacks its end', async () => {
    for (const delayMs of [5, 40, 90, 150]) {
      const call = await bench.call('+442079470600', 100)
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      await bench.engine().kill('SIGKILL')
      await call.final
      await bench.startEngine()
      await until('its end and its record are told', () => hasHeard(call.uuid, 'cdr.stored'), 30_000)
      const ends = heardOf(call.uuid).filter((type) => type === 'call.completed' || type === 'call.failed')
      assert.equal(ends.length, 1, `after ${delayMs} ms: ${heardOf(call.uuid).join(' ')}`)
    }
  }).timeout(120_000)
})
