/** `kill -9` of the engine while calls run: they go on, no record is lost, and the next engine knows them. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checkOf, OWN_NUMBER, openBench, until, type Bench } from './engine-bench.ts'

suite('engine: killed while calls run', () => {
  let bench: Bench
  suiteSetup(async () => {
    bench = await openBench({
      configurationDirectory: fileURLToPath(new URL('../../freeswitch-conf', import.meta.url)),
      scenario: {
        gateway: (_, number) => ({
          ringAfterMs: 10,
          // Some carriers still ring when the engine dies, and answer while it is away.
          outcome: { kind: 'answer', afterMs: number.endsWith('9') ? 1_500 : 30 },
        }),
        phone: () => ({ outcome: { kind: 'answer', afterMs: 10 } }),
      },
    })
  })
  suiteTeardown(() => bench.close())

  test('twenty calls: those that live are on the board again, those that ended are not, each leg has one record', async () => {
    const placed = await Promise.all(
      Array.from({ length: 20 }, (_, index) => bench.call(`+4420794${70_000 + index}`)),
    )
    await until(
      'eighteen talk and two ring',
      async () => (await bench.calls()).filter(({ state }) => state === 'talking').length === 18,
    )
    await bench.engine().kill('SIGKILL')
    const ended = placed.slice(0, 8)
    const living = placed.slice(8)
    for (const { uuid } of ended) await bench.askSwitch(`uuid_kill ${uuid}`)
    await until('the files are there', () => readdirSync(bench.cdrFolder).length === 16)
    await until('the others live', () => bench.simulator().channels().length === 24)
    // Without an engine a carrier is told to try again, or another switch.
    const refused = await bench.simulator().receiveCall('192.0.2.1', OWN_NUMBER)
    assert.equal((await refused.final).sipStatus, 503)
    await until('the carriers answered', () =>
      bench
        .simulator()
        .channels()
        .every(({ callState }) => callState === 'ACTIVE'),
    )

    await bench.startEngine()
    const board = await bench.calls()
    assert.deepEqual(board.map(({ callId }) => callId).sort(), living.map(({ uuid }) => uuid).sort())
    for (const { state, legs } of board) {
      assert.equal(state, 'talking')
      assert.deepEqual(
        legs.map((leg) => leg.state),
        ['answered', 'answered'],
      )
      assert.deepEqual([...new Set(legs.map(({ gateway }) => gateway))], [null, 'Trunk A'])
    }
    for (const { uuid } of living.slice(0, 6))
      assert.equal((await bench.engine().api(`/v1/calls/${uuid}`, undefined, 'DELETE')).status, 200)
    await until('six are left', async () => (await bench.calls()).length === 6)
    await bench.askSwitch('hupall NORMAL_CLEARING')
    await until('no call lives', async () => (await bench.calls()).length === 0)
    await bench.everyChannelHasOneRecord()
  })

  test('again and again, at any moment of a call', async () => {
    for (const delayMs of [0, 30, 120]) {
      const call = bench.call('+442079480000', 200)
      await new Promise((resolve) => setTimeout(resolve, delayMs))
      await bench.engine().kill('SIGKILL')
      const { final } = await call
      await final
      await bench.startEngine()
    }
    await until('no call lives', async () => (await bench.calls()).length === 0)
    await bench.everyChannelHasOneRecord()
  })

  test('in the middle of a conversation: the caller waits at the switch and comes back to the next engine', async () => {
    const call = await bench.call('*43')
    const executed = (): string =>
      bench
        .simulator()
        .channels()
        .find(({ uuid }) => uuid === call.uuid)
        ?.variables.get('current_application') ?? ''
    await until('the beep plays', () => executed() === 'playback')
    await bench.engine().kill('SIGKILL')
    const dumped = async (): Promise<string> => bench.askSwitch(`uuid_dump ${call.uuid}`)
    await until('the caller waits', async () => /Caller-Context: reenter/.test(await dumped()), 10_000)
    await bench.startEngine()
    await until(
      'the caller is back in the echo test',
      async () => /Caller-Context: phones/.test(await dumped()) && executed() === 'echo',
      15_000,
    )
    assert.deepEqual(
      (await bench.calls()).map(({ callId }) => callId),
      [call.uuid],
    )
    await bench.engine().api(`/v1/calls/${call.uuid}`, undefined, 'DELETE')
    await call.final
    await bench.everyChannelHasOneRecord()
    assert.match(await checkOf(bench, 'call records'), /^ok: nothing waits$/)
  })
})
