import assert from 'node:assert/strict'
import { once } from 'node:events'
import { inspect } from 'node:util'
import { connect, createServer, Socket, type Server } from 'node:net'
import { asError, codeOf, EngineError } from '../../src/base/errors.ts'
import { createConnection, replyText, type Connection } from '../../src/esl/connection.ts'
import * as wire from '../../src/esl/wire.ts'
import { portOf, until } from '../support/fake-switch.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

type Pair = { connection: Connection; peer: Socket; clock: ManualClock; reasons: string[]; types: string[] }
const servers: Server[] = []

const pair = async (onFrame: (type: string) => void = () => undefined): Promise<Pair> => {
  const server = createServer()
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const socket = connect(portOf(server.address()), '127.0.0.1')
  const [peer] = (await accepted) as [Socket]
  peer.on('error', () => peer.destroy())
  peer.resume()
  const clock = createManualClock()
  const reasons: string[] = []
  const types: string[] = []
  const connection = createConnection({
    socket,
    clock,
    commandTimeoutMs: 1000,
    onFrame: ({ contentType }) => {
      types.push(contentType)
      onFrame(contentType)
    },
    onClose: ({ code }) => void reasons.push(code),
  })
  return { connection, peer, clock, reasons, types }
}
const codeOfRejection = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(String, codeOf)

suite('esl/connection', () => {
  teardown(() => {
    for (const server of servers.splice(0)) server.close()
  })

  test('answers reach their commands in order, whatever comes between', async () => {
    const { connection, peer, types } = await pair()
    const replies = Promise.all(
      ['a', 'b', 'c'].map(async (text) => replyText(await connection.send(`${text}\n\n`))),
    )
    peer.write(
      Buffer.concat([
        wire.formatReply('+OK 1'),
        wire.formatEvent('plain', { 'Event-Name': 'X' }),
        wire.formatApiResponse('2\n'),
        wire.formatReply('-ERR 3\n'),
      ]),
    )
    assert.deepEqual(await replies, ['+OK 1', '2\n', '-ERR 3'])
    assert.deepEqual(types, ['text/event-plain'])
    assert.equal(connection.pending(), 0)
    connection.end()
  })

  test('a command that is not answered in time closes the connection: no slot is ever skipped', async () => {
    const { connection, peer, clock, reasons } = await pair()
    const late = codeOfRejection(connection.send('api slow\n\n', 500))
    const next = codeOfRejection(connection.send('api next\n\n'))
    peer.write(wire.formatEvent('plain', { 'Event-Name': 'X' }))
    clock.advance(500)
    assert.deepEqual([await late, await next, ...reasons], ['ESL_TIMEOUT', 'ESL_CLOSED', 'ESL_TIMEOUT'])
    assert.equal(await codeOfRejection(connection.send('x\n\n')), 'ESL_CLOSED')
    assert.equal(clock.waiting(), 0)
  })

  test('the fault of a time-out never holds the password', async () => {
    const { connection, clock } = await pair()
    const fault = connection.send('auth hunter2\n\n').then(String, asError)
    clock.advance(1000)
    assert.doesNotMatch(inspect(await fault), /hunter2/)
  })

  test('an answer that nobody asked for closes the connection', async () => {
    const { peer, reasons } = await pair()
    peer.write(wire.formatReply('+OK'))
    await until(() => reasons.length > 0)
    assert.deepEqual(reasons, ['ESL_UNEXPECTED_REPLY'])
  })

  test('a broken stream closes the connection with what is wrong, and nothing after it is read', async () => {
    const { connection, peer, reasons, types } = await pair()
    const pending = codeOfRejection(connection.send('a\n\n'))
    peer.write('Content-Length: x\nContent-Type: api/response\n\n')
    assert.equal(await pending, 'ESL_CLOSED')
    assert.deepEqual([reasons, types], [['ESL_FRAME_BAD_LENGTH'], []])
  })

  test('a reader that throws closes the connection and not the process', async () => {
    const { peer, reasons } = await pair(() => {
      throw new Error('a bug')
    })
    peer.write(wire.formatAuthRequest())
    await until(() => reasons.length > 0)
    assert.deepEqual(reasons, ['ESL_FAULT'])
  })

  test('a frame behind the one that closed the connection is not handed on', async () => {
    const made = await pair((type) => {
      if (type === 'auth/request') made.connection.close(new EngineError('ESL_TEST', 'a test'))
    })
    made.peer.write(Buffer.concat([wire.formatAuthRequest(), wire.formatDisconnectNotice()]))
    await until(() => made.reasons.length > 0)
    assert.deepEqual([made.types, made.reasons], [['auth/request'], ['ESL_TEST']])
  })

  test('an end of the other side settles what waits, once', async () => {
    const { connection, peer, reasons } = await pair()
    const pending = codeOfRejection(connection.send('a\n\n'))
    peer.end()
    assert.equal(await pending, 'ESL_CLOSED')
    await until(() => peer.destroyed)
    assert.deepEqual(reasons, ['ESL_CLOSED'])
  })

  test('each command is one write, on a socket without delay and with keep-alive', () => {
    const written: unknown[] = []
    const set: unknown[] = []
    class Recorder extends Socket {
      override write(chunk: unknown): boolean {
        written.push(chunk)
        return true
      }
      override setNoDelay(on?: boolean): this {
        set.push(on)
        return this
      }
      override setKeepAlive(on?: boolean, delayMs?: number): this {
        set.push([on, delayMs])
        return this
      }
    }
    const options = {
      clock: createManualClock(),
      commandTimeoutMs: 1,
      onFrame: () => undefined,
      onClose: () => undefined,
    }
    const connection = createConnection({ socket: new Recorder(), ...options })
    connection.request('sendmsg\na: b\n\n', undefined, () => undefined)
    connection.request('exit\n\n', undefined, () => undefined)
    assert.deepEqual(written, ['sendmsg\na: b\n\n', 'exit\n\n'])
    assert.deepEqual(set, [true, [true, 10_000]])
    assert.equal(connection.pending(), 2)
  })
})
