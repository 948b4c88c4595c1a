/** The event socket is lost in the middle of calls: they go on, the picture is made anew, nothing is dialled twice. */
import assert from 'node:assert/strict'
import { checkOf, DOMAIN, openBench, until, type Bench } from './engine-bench.ts'
import { metric } from '../support/engine.ts'

suite('engine: the event socket is lost', () => {
  let bench: Bench
  suiteSetup(async () => {
    bench = await openBench()
  })
  suiteTeardown(() => bench.close())

  test('calls that ended meanwhile are ended, those that live are still there, no command is sent again', async () => {
    const simulator = bench.simulator()
    const originated = await bench.engine().api('/v1/calls/originate', { from: '1002', to: '+442079460123' })
    assert.equal(originated.status, 200, originated.text)
    const placed = await Promise.all(
      Array.from({ length: 8 }, (_, index) => bench.call(`+44207946${String(2000 + index)}`)),
    )
    await until(
      'nine calls talk',
      async () => (await bench.calls()).filter(({ state }) => state === 'talking').length === 9,
    )

    bench.eslProxy.cut()
    await until('the engine knows', async () =>
      (await checkOf(bench, 'switch')).startsWith('not ok: not connected'),
    )
    assert.equal(await metric(bench.engine(), 'strowger_switch_up'), 0)
    const refused = await bench.engine().api('/v1/calls/originate', { from: '1002', to: '+442079460124' })
    assert.equal(refused.status, 503, refused.text)
    // Calls are planned and recorded without the event socket.
    const meanwhile = await bench.call('+442079463000')
    const short = await bench.call('+442079463001', 50)
    await short.final
    for (const { uuid } of placed.slice(0, 4)) await bench.askSwitch(`uuid_kill ${uuid}`)
    await Promise.all(placed.slice(0, 4).map(({ final }) => final))

    bench.eslProxy.mend()
    await until('the engine is connected', async () => (await checkOf(bench, 'switch')).startsWith('ok'))
    const live = await bench.calls()
    const expected = [...placed.slice(4).map(({ uuid }) => uuid), meanwhile.uuid].sort()
    const { callId } = originated.json() as { callId: string }
    assert.deepEqual(live.map((call) => call.callId).sort(), [...expected, callId].sort())
    assert.deepEqual([...new Set(live.map(({ state }) => state))], ['talking'])
    const ended = await bench.engine().api(`/v1/calls/${placed[0]?.uuid ?? ''}`)
    assert.equal((ended.json() as { call: { state: string } }).call.state, 'ended')
    assert.equal(bench.eslProxy.sent().match(/^bgapi originate /gm)?.length, 1)

    await bench.askSwitch('hupall NORMAL_CLEARING')
    await until('no call lives', async () => (await bench.calls()).length === 0)
    await bench.everyChannelHasOneRecord()
    assert.equal(simulator.channels().length, 0)
  })

  test('a phone that was ringing for click-to-dial while the socket was cut: one ring, one record, an end', async () => {
    const before = bench.channelsSeen().length
    const originated = bench.engine().api('/v1/calls/originate', { from: '1002', to: '+442079460125' })
    await until('the phone rings', () => bench.channelsSeen().length > before)
    bench.eslProxy.cut()
    assert.equal((await originated).status, 200)
    await until('the engine knows', async () => (await checkOf(bench, 'switch')).startsWith('not ok'))
    bench.eslProxy.mend()
    await until('the engine is connected', async () => (await checkOf(bench, 'switch')).startsWith('ok'))
    await until('the call talks', async () => (await bench.calls()).some(({ state }) => state === 'talking'))
    await bench.askSwitch('hupall NORMAL_CLEARING')
    await until('no call lives', async () => (await bench.calls()).length === 0)
    await bench.everyChannelHasOneRecord()
    assert.equal(bench.eslProxy.sent().match(/^bgapi originate /gm)?.length, 2)
  })

  test('a switch that died and came back: its calls are gone from the board, new ones are routed', async () => {
    for (let at = 0; at < 3; at++) await bench.call(`+4420794640${at}0`)
    await until('three calls', async () => (await bench.calls()).length === 3)
    await bench.stopSimulator('crash')
    await until('the engine knows', async () => (await checkOf(bench, 'switch')).startsWith('not ok'))
    await bench.startSimulator()
    await until('the engine is connected', async () => (await checkOf(bench, 'switch')).startsWith('ok'))
    assert.deepEqual(await bench.calls(), [])
    await bench.switchIsGiven()
    const call = await bench.simulator().placeCall({ username: '1001', domain: DOMAIN }, '+442079464444', {
      hangupAfterMs: 30,
    })
    assert.equal((await call.final).sipStatus, 200)
  })
})
