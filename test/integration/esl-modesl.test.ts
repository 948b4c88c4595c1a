import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import modesl from 'modesl'
import Parser from 'modesl/lib/esl/Parser.js'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { parseEvent, type EslEvent } from '../../src/esl/event.ts'
import { createFramer } from '../../src/esl/framer.ts'
import { createInboundClient } from '../../src/esl/inbound-client.ts'
import { createOutboundServer } from '../../src/esl/outbound-server.ts'
import * as wire from '../../src/esl/wire.ts'
import {
  callOutboundServer,
  executeComplete,
  portOf,
  startFakeSwitch,
  until,
  type Answer,
} from '../support/fake-switch.ts'

/**
 * modesl is an independent implementation of the clients' side: it can be an inbound client and the server that
 * the switch calls, but never a switch. So it and we talk to the same wire code, and must see the same.
 */
type ModeslEvent = ReturnType<InstanceType<typeof modesl.Connection>['getInfo']>

const CHANNEL = { 'Caller-Caller-ID-Name': 'Zoë & "Bob": 100', variable_flow: 'menu', Empty: 'x' }

const asSwitch: Answer = ({ verb, rest, get }) => {
  if (verb === 'api' && rest === 'echo ünï') return wire.formatApiResponse('ünï\n\nCode')
  if (verb !== 'bgapi') return undefined
  const jobUuid = get('Job-UUID') ?? ''
  const job = { 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': jobUuid, 'Job-Command': 'status' }
  return Buffer.concat([wire.formatBgapiReply(jobUuid), wire.formatEvent('json', job, '+OK ünï\n')])
}

suite('esl: interop with modesl', () => {
  test("modesl's inbound client and ours see the same of one switch", async () => {
    const peer = await startFakeSwitch({ answer: asSwitch })
    const theirs = await new Promise<InstanceType<typeof modesl.Connection>>((resolve) => {
      const connection = new modesl.Connection('127.0.0.1', peer.port, 'ClueCon', () => resolve(connection))
    })
    const seen: EslEvent[] = []
    const theirSocket = peer.latest()
    const theirEvent = new Promise<ModeslEvent>((resolve) =>
      theirs.once('esl::event::CHANNEL_ANSWER::*', resolve),
    )
    const client = createInboundClient({
      host: '127.0.0.1',
      port: peer.port,
      password: 'ClueCon',
      events: ['CHANNEL_ANSWER'],
      customEvents: [],
      format: 'json',
      clock: systemClock,
      logger: silentLogger,
      onEvent: (event) => void seen.push(event),
      onUp: () => undefined,
      onDown: () => undefined,
      onAuthRefused: () => undefined,
    })
    client.start()
    await until(() => client.state() === 'up')

    const echoed = new Promise<string>((resolve) =>
      theirs.api('echo', 'ünï', (event) => resolve(event.getBody())),
    )
    assert.equal(await client.api('echo', 'ünï'), await echoed)
    const job = new Promise<string>((resolve) =>
      theirs.bgapi('status', '', 'j-1', (event) => resolve(event.getBody())),
    )
    assert.equal(await client.bgapi('status', '', { jobUuid: 'j-2' }), await job)

    const event = wire.formatEvent('json', { 'Event-Name': 'CHANNEL_ANSWER', 'Unique-ID': 'u', ...CHANNEL })
    theirSocket.write(event)
    peer.latest().write(event)
    const answered = await theirEvent
    await until(() => seen.at(-1)?.name === 'CHANNEL_ANSWER')
    for (const name of Object.keys(CHANNEL))
      assert.equal(seen.at(-1)?.get(name), answered.getHeader(name), name)

    // Reset under it, modesl would throw out of its socket.
    const ended = once(theirSocket, 'close')
    theirs.disconnect()
    await ended
    await client.stop()
    await peer.stop()
  })

  test("modesl's server and ours see the same of one channel, and execute alike", async () => {
    const seen: Record<string, unknown[]> = { modesl: [], ours: [] }
    const listener = createServer()
    listener.listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const theirs = new modesl.Server({ server: listener })
    const done = new Promise<void>((resolve) => {
      theirs.on('connection::ready', (connection: InstanceType<typeof modesl.Connection>) => {
        const channel = connection.getInfo()
        seen['modesl']?.push(
          channel.getHeader('Unique-ID'),
          ...Object.keys(CHANNEL).map((name) => channel.getHeader(name)),
        )
        connection.execute('playback', 'a.wav', (event) => {
          seen['modesl']?.push(event.getHeader('Application'))
          connection.disconnect()
          resolve()
        })
      })
    })
    const ours = createOutboundServer({
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      clock: systemClock,
      onCall: async ({ uuid, channel, execute }) => {
        seen['ours']?.push(uuid, ...Object.keys(CHANNEL).map(channel.get.bind(channel)))
        seen['ours']?.push((await execute('playback', 'a.wav')).get('Application'))
      },
    })
    const { port } = await ours.start()
    // modesl waits for CHANNEL_EXECUTE_COMPLETE by Application-UUID, which it sends as Event-UUID.
    const answer: Answer = (command) =>
      command.get('call-command') === 'execute'
        ? Buffer.concat([wire.formatReply('+OK'), executeComplete('a-leg', command)])
        : undefined
    const toOurs = await callOutboundServer(port, { channel: CHANNEL, answer })
    const toTheirs = await callOutboundServer(portOf(listener.address()), { channel: CHANNEL, answer })
    // Reset under it, modesl would throw out of its socket: both ends are awaited.
    await Promise.all([done, once(toOurs.socket, 'close'), once(toTheirs.socket, 'close')])
    assert.deepEqual(seen['ours'], seen['modesl'])
    assert.equal(seen['ours']?.length, 5)
    await ours.stop()
    listener.close()
  })

  for (const name of ['plain', 'json']) {
    test(`modesl's parser and ours read the same out of the recording ${name}`, () => {
      const stream = readFileSync(new URL(`../esl/samples/${name}.bin`, import.meta.url))
      const socket = new EventEmitter()
      const parser = new Parser(socket)
      const theirs: ModeslEvent[] = []
      parser.on('esl::event', (event: ModeslEvent) => {
        if (event.getHeader('Event-Name') !== null) theirs.push(event)
      })
      socket.emit('data', stream)
      const ours = createFramer()
        .push(stream)
        .filter(({ contentType }) => contentType.startsWith('text/event-'))
        .map(parseEvent)
      assert.equal(ours.length, theirs.length)
      ours.forEach((event, index) => {
        for (const header of theirs[index]?.headers ?? []) {
          // modesl leaves an array of the JSON as it is, and an empty value of the plain event as _undef_.
          const value = Array.isArray(header.value) ? `ARRAY::${header.value.join('|:')}` : header.value
          assert.equal(event.get(header.name), value === '_undef_' ? '' : value, header.name)
        }
      })
    })
  }
})
