import assert from 'node:assert/strict'
import { createServer, type AddressInfo } from 'node:net'
import { clientOn, dialplan, startBench, type Bench, type Client } from './bench.ts'

const PHONE = { username: '1001', domain: 'a.test' }

suite('The socket application of the simulated switch', () => {
  let bench: Bench
  teardown(() => bench.close())

  test('hands a call to an outbound socket, which plays and hangs up', async () => {
    let engineSide: Client | undefined
    const listener = createServer((socket) => {
      engineSide = clientOn(socket)
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    try {
      bench = await startBench(
        {},
        {
          dialplan: () =>
            dialplan('phones', ['socket', `127.0.0.1:${port} async full`], ['hangup', 'USER_BUSY']),
        },
      )
      const placed = await bench.settle(bench.simulator.placeCall(PHONE, '5000'))
      await bench.until(() => engineSide !== undefined)
      const engine = engineSide as unknown as Client
      assert.equal((await bench.settle(engine.reply('connect'))).trim(), '+OK')
      assert.equal(engine.frames[0]?.get('Unique-ID'), placed.uuid)
      assert.equal(await bench.settle(engine.reply('myevents')), '+OK Events Enabled')
      assert.equal(await bench.settle(engine.reply('linger')), '+OK will linger')
      const execute = (app: string, arg: string, uuid: string): Promise<string> =>
        engine.reply(
          `sendmsg\ncall-command: execute\nexecute-app-name: ${app}\nexecute-app-arg: ${arg}\nevent-uuid: ${uuid}\nevent-lock: true`,
        )
      await bench.settle(execute('answer', '', 'e1'))
      await bench.settle(execute('playback', 'silence_stream://3000', 'e2'))
      await bench.settle(execute('set', 'a=b', 'e3'))
      await bench.until(() => completed(engine).length === 3)
      assert.deepEqual(completed(engine), ['e1', 'e2', 'e3'])
      await bench.settle(engine.reply('sendmsg\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING'))
      assert.equal((await bench.settle(placed.final)).sipStatus, 200)
      await bench.until(() =>
        engine.frames.some(({ contentType }) => contentType === 'text/disconnect-notice'),
      )
      assert.ok(engine.events.some(({ name }) => name === 'CHANNEL_HANGUP_COMPLETE'))
      engine.socket.destroy()
    } finally {
      listener.close()
    }
  })

  test('what a transfer cuts ends with the state that the channel was told to go to', async () => {
    let engineSide: Client | undefined
    const listener = createServer((socket) => {
      engineSide = clientOn(socket)
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    try {
      bench = await startBench(
        {},
        {
          dialplan: (form) =>
            form.get('Caller-Destination-Number') === '6000'
              ? dialplan('phones', ['hangup', 'USER_BUSY'])
              : dialplan('phones', ['socket', `127.0.0.1:${port} async full`]),
        },
      )
      const placed = await bench.settle(bench.simulator.placeCall(PHONE, '5000'))
      await bench.until(() => engineSide !== undefined)
      const engine = engineSide as unknown as Client
      for (const line of ['connect', 'myevents', 'linger']) await bench.settle(engine.reply(line))
      await bench.settle(
        engine.reply(
          'sendmsg\ncall-command: execute\nexecute-app-name: playback\nexecute-app-arg: silence_stream://30000\nevent-uuid: e1',
        ),
      )
      await bench.until(() => engine.events.some(({ name }) => name === 'CHANNEL_EXECUTE'))
      await bench.settle(engine.reply(`api uuid_transfer ${placed.uuid} 6000 XML phones`))
      await bench.until(() => completed(engine).length > 0)
      const end = engine.events.find(({ name }) => name === 'CHANNEL_EXECUTE_COMPLETE')
      assert.deepEqual([end?.get('Channel-State'), end?.get('Channel-State-Number')], ['CS_EXECUTE', '2'])
      await bench.settle(placed.final)
      engine.socket.destroy()
    } finally {
      listener.close()
    }
  })

  test('goes on with the next action when the outbound socket goes away', async () => {
    const listener = createServer((socket) => {
      const engine = clientOn(socket)
      engine.send('connect\n\n')
      setImmediate(() => setImmediate(() => socket.destroy()))
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as AddressInfo
    try {
      bench = await startBench(
        {},
        {
          dialplan: () =>
            dialplan('phones', ['socket', `127.0.0.1:${port} async full`], ['hangup', 'USER_BUSY']),
        },
      )
      const placed = await bench.settle(bench.simulator.placeCall(PHONE, '5000'))
      assert.equal((await bench.settle(placed.final)).cause, 'USER_BUSY')
    } finally {
      listener.close()
    }
  })
})

const completed = (client: Client): (string | undefined)[] =>
  client.events
    .filter(({ name }) => name === 'CHANNEL_EXECUTE_COMPLETE')
    .map((event) => event.get('Application-UUID'))
