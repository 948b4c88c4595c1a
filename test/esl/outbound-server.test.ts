import assert from 'node:assert/strict'
import { once } from 'node:events'
import { codeOf } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import {
  createOutboundServer,
  type Conversation,
  type OutboundServerOptions,
} from '../../src/esl/outbound-server.ts'
import * as wire from '../../src/esl/wire.ts'
import { callOutboundServer, until } from '../support/fake-switch.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

const stops: (() => Promise<void>)[] = []

const serve = async (
  onCall: (conversation: Conversation) => Promise<void>,
  options: Partial<OutboundServerOptions> = {},
): Promise<{ port: number; clock: ManualClock; count: () => number; stop: () => Promise<void> }> => {
  const clock = createManualClock()
  const server = createOutboundServer({
    host: '127.0.0.1',
    port: 0,
    logger: silentLogger,
    clock,
    onCall,
    ...options,
  })
  const { port } = await server.start()
  stops.push(server.stop)
  return { port, clock, count: server.count, stop: server.stop }
}
/** Of its own channel and of nothing else: the filter stands before there are events. */
const GREETING: readonly string[] = [
  'connect',
  'linger 5',
  'filter Unique-ID a-leg',
  'event plain CHANNEL_EXECUTE_COMPLETE CHANNEL_HANGUP_COMPLETE',
]
const codeOfRejection = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(String, codeOf)

suite('esl/outbound-server', () => {
  teardown(async () => {
    for (const stop of stops.splice(0)) await stop()
  })

  test('greets the channel, executes in order, and lets go when the handler ends', async () => {
    const log: string[] = []
    const { port, count } = await serve(async (call) => {
      log.push(call.uuid, call.channel.variable('flow') ?? '')
      const done = await call.execute('playback', 'a.wav')
      log.push(done.get('Application') ?? '', await call.api('status'))
      await call.start('park')
      await call.setVariable('a', 'b c')
      await call.setVariable('a', '')
      await call.hangup('NORMAL_CLEARING')
    })
    const { socket, lines, commands } = await callOutboundServer(port, { channel: { variable_flow: 'menu' } })
    await once(socket, 'close')
    assert.deepEqual(log, ['a-leg', 'menu', 'playback', '+OK\n'])
    assert.deepEqual(lines.slice(0, 4), GREETING)
    assert.equal(lines.at(-1), 'exit')
    const args = commands.map(({ get }) =>
      [get('execute-app-name'), get('execute-app-arg')].filter(Boolean).join(' '),
    )
    assert.deepEqual(args.filter(Boolean), ['playback a.wav', 'park', 'set a=b c', 'unset a'])
    assert.equal(commands.at(-2)?.get('hangup-cause'), 'NORMAL_CLEARING')
    await until(() => count() === 0)
  })

  test('a long argument travels as a body, which the switch reads at once, and no line break comes in with it', async () => {
    const codes: unknown[] = []
    const long = `[a=${'é'.repeat(200)}]sofia/gateway/gw1/+442071000001`
    const { port } = await serve(async (call) => {
      const done = await call.execute('bridge', long)
      codes.push(done.get('Application'))
      codes.push(await codeOfRejection(call.execute('bridge', `${long}\n\napi status`)))
    })
    const { socket, commands } = await callOutboundServer(port)
    await once(socket, 'close')
    const executed = commands.filter(({ get }) => get('call-command') === 'execute')
    assert.deepEqual(
      executed.map(({ get, body }) => [
        get('execute-app-name'),
        get('execute-app-arg'),
        get('content-type'),
        body,
      ]),
      [['bridge', undefined, 'text/plain', long]],
    )
    assert.deepEqual(codes, ['bridge', 'ESL_UNSAFE_VALUE'])
  })

  test('a handler that throws lets go of its channel and spares the others', async () => {
    const { port } = await serve((call) =>
      call.uuid === 'bad' ? Promise.reject(new Error('a bug')) : call.closed,
    )
    const bad = await callOutboundServer(port, { uuid: 'bad' })
    const good = await callOutboundServer(port, { uuid: 'good' })
    await once(bad.socket, 'close')
    assert.equal(bad.lines.at(-1), 'exit')
    assert.equal(good.socket.destroyed, false)
  })

  test('a hang-up ends what is executed with its cause, and the socket', async () => {
    let outcome: Promise<unknown> | undefined
    const { port } = await serve(async (call) => {
      outcome = call.execute('playback', 'long.wav').catch((fault: unknown) => fault)
      await call.closed
    })
    const { socket } = await callOutboundServer(port, {
      answer: ({ verb }) =>
        verb === 'sendmsg'
          ? Buffer.concat([
              wire.formatReply('+OK'),
              wire.formatLingerNotice('a-leg', 5),
              wire.formatEvent('plain', { 'Event-Name': 'CHANNEL_HANGUP_COMPLETE', 'Unique-ID': 'another' }),
              wire.formatEvent('plain', {
                'Event-Name': 'CHANNEL_HANGUP_COMPLETE',
                'Unique-ID': 'a-leg',
                'Hangup-Cause': 'ORIGINATOR_CANCEL',
              }),
            ])
          : undefined,
    })
    await once(socket, 'close')
    const fault = await outcome
    assert.equal(codeOf(fault), 'ESL_CLOSED')
    assert.deepEqual((fault as { details: unknown }).details, { hangupCause: 'ORIGINATOR_CANCEL' })
  })

  test('an application that lasts too long times out alone', async () => {
    const codes: unknown[] = []
    const { port, clock } = await serve(async (call) => {
      const slow = codeOfRejection(call.execute('playback', 'long.wav', { timeoutMs: 1000 }))
      await call.api('status')
      clock.advance(1000)
      codes.push(await slow, await call.api('status'))
    })
    const { socket } = await callOutboundServer(port, {
      answer: ({ get }) => (get('call-command') === 'execute' ? wire.formatReply('+OK') : undefined),
    })
    await once(socket, 'close')
    assert.deepEqual(codes, ['ESL_TIMEOUT', '+OK\n'])
  })

  test('a variable in which the switch would run commands is not set', async () => {
    const codes: unknown[] = []
    const { port } = await serve(async (call) => {
      codes.push(await codeOfRejection(call.setVariable('x', '${system reboot}')))
      codes.push(await codeOfRejection(call.setVariable('x=y', 'z')))
      codes.push(await codeOfRejection(call.setVariable('x', 'Bob\n\napi status')))
    })
    const { socket, lines } = await callOutboundServer(port)
    await once(socket, 'close')
    assert.deepEqual(codes, Array(3).fill('ESL_UNSAFE_VALUE'))
    assert.equal(lines.includes('sendmsg'), false)
  })

  test('what is not a switch is closed and reaches no handler', async () => {
    let calls = 0
    const { port, clock } = await serve(() => {
      calls++
      return Promise.resolve()
    })
    const stranger = await callOutboundServer(port, { answer: () => 'HTTP/1.1 400 Bad Request\r\n\r\n\n\n' })
    const silent = await callOutboundServer(port, { answer: () => '' })
    const other = await callOutboundServer(port, {
      answer: ({ verb }) => (verb === 'filter' ? wire.formatReply('-ERR no') : undefined),
    })
    await Promise.all([stranger, other].map(({ socket }) => once(socket, 'close')))
    await until(() => silent.lines.length === 2)
    clock.advance(5000)
    await once(silent.socket, 'close')
    assert.equal(calls, 0)
  })

  test('one conversation too many is closed at once', async () => {
    const { port, count } = await serve((call) => call.closed, { maxConversations: 1 })
    const first = await callOutboundServer(port)
    await until(() => count() === 1)
    const second = await callOutboundServer(port)
    await once(second.socket, 'close')
    assert.deepEqual(second.lines, [])
    assert.equal(first.socket.destroyed, false)
  })

  test('a stopping server lets go of its channels and of what it is greeting', async () => {
    let isCalled = false
    const { port, count, stop } = await serve((call) => {
      isCalled = true
      return call.closed
    })
    const call = await callOutboundServer(port)
    const silent = await callOutboundServer(port, { answer: () => '' })
    await until(() => isCalled && silent.lines.length === 2)
    await Promise.all([stop(), once(call.socket, 'close'), once(silent.socket, 'close')])
    assert.equal(call.lines.at(-1), 'exit')
    assert.equal(count(), 0)
  })

  test('a port that is taken is told', async () => {
    const { port } = await serve((call) => call.closed)
    const second = createOutboundServer({
      host: '127.0.0.1',
      port,
      logger: silentLogger,
      clock: createManualClock(),
      onCall: (call) => call.closed,
    })
    assert.equal(await codeOfRejection(second.start()), 'ESL_LISTEN')
  })
})
