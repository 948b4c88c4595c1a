import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { codeOf } from '../../src/base/errors.ts'
import {
  createInboundClient,
  type InboundClient,
  type InboundClientOptions,
} from '../../src/esl/inbound-client.ts'
import * as wire from '../../src/esl/wire.ts'
import { startFakeSwitch, until, type FakeSwitch } from '../support/fake-switch.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

type Started = { client: InboundClient; clock: ManualClock; log: string[]; peer: FakeSwitch }
const running: { stop: () => Promise<void> }[] = []

const begin = async (
  options: Partial<InboundClientOptions> = {},
  peerOptions: Parameters<typeof startFakeSwitch>[0] = {},
): Promise<Started> => {
  const peer = await startFakeSwitch(peerOptions)
  const clock = createManualClock()
  const log: string[] = []
  const client = createInboundClient({
    host: '127.0.0.1',
    port: peer.port,
    password: 'ClueCon',
    events: ['CHANNEL_ANSWER'],
    customEvents: ['sofia::gateway_state'],
    clock,
    logger: silentLogger,
    onEvent: (event) => void log.push(event.name),
    onUp: ({ version, first }) => void log.push(`up ${version} ${first}`),
    onDown: ({ code }) => void log.push(`down ${code}`),
    onAuthRefused: (first) => void log.push(`refused ${first}`),
    ...options,
  })
  running.push(client, peer)
  client.start()
  return { client, clock, log, peer }
}
const codeOfRejection = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(String, codeOf)
const event = (name: string, more: Record<string, string> = {}, body?: string): Buffer =>
  wire.formatEvent('plain', { 'Event-Name': name, ...more }, body)

suite('esl/inbound-client', () => {
  teardown(async () => {
    for (const part of running.splice(0)) await part.stop()
  })

  test('logs in, subscribes by name, and is up before the first event', async () => {
    const { log, peer, client } = await begin(
      {},
      {
        answer: ({ verb }) =>
          verb === 'event' ? Buffer.concat([wire.formatReply('+OK'), event('CHANNEL_ANSWER')]) : undefined,
      },
    )
    await until(() => log.length === 2)
    assert.deepEqual(log, ['up FreeSWITCH Version 1.10.12-release true', 'CHANNEL_ANSWER'])
    assert.deepEqual(peer.lines, [
      'auth ClueCon',
      'api version',
      'event plain CHANNEL_ANSWER BACKGROUND_JOB CUSTOM sofia::gateway_state',
    ])
    assert.equal(client.state(), 'up')
  })

  test('a subscription to ALL is refused before anything is connected', () => {
    assert.throws(
      () =>
        createInboundClient({
          host: '',
          port: 1,
          password: 'x',
          events: ['ALL'],
          customEvents: [],
          clock: createManualClock(),
          logger: silentLogger,
          onEvent: () => undefined,
          onUp: () => undefined,
          onDown: () => undefined,
          onAuthRefused: () => undefined,
        }),
      { code: 'ESL_SUBSCRIBE_ALL' },
    )
  })

  test('a lost link is reported, made anew and subscribed again; nothing is sent twice', async () => {
    const { client, clock, log, peer } = await begin(
      {},
      { answer: ({ rest }) => (rest === 'slow' ? '' : undefined) },
    )
    await until(() => log.length === 1)
    const job = codeOfRejection(client.bgapi('originate', 'x'))
    const pending = codeOfRejection(client.api('slow'))
    await until(() => peer.lines.includes('api slow'))
    peer.latest().destroy()
    assert.equal(await pending, 'ESL_CLOSED')
    assert.equal(await job, 'ESL_CLOSED')
    assert.match(log[1] ?? '', /^down ESL_(CLOSED|SOCKET)$/)
    assert.equal(await codeOfRejection(client.api('status')), 'ESL_NOT_CONNECTED')
    clock.advance(300)
    await until(() => log.length === 3)
    assert.equal(log[2], 'up FreeSWITCH Version 1.10.12-release false')
    assert.equal(peer.lines.filter((line) => line.startsWith('event')).length, 2)
    assert.equal(peer.lines.filter((line) => /slow|originate/.test(line)).length, 2)
  })

  test('a wrong password is told, tried again each minute, and is a later one after a first success', async () => {
    let accepted = false
    const { client, clock, log, peer } = await begin(
      {},
      { answer: ({ verb }) => (verb === 'auth' && !accepted ? wire.formatReply('-ERR invalid') : undefined) },
    )
    await until(() => log.length === 1)
    assert.equal(client.state(), 'refused')
    clock.advance(59_000)
    assert.equal(peer.connections(), 1)
    accepted = true
    clock.advance(1000)
    await until(() => log.length === 2)
    accepted = false
    peer.latest().destroy()
    await until(() => log.length === 3)
    clock.advance(1000)
    await until(() => log.length === 4)
    assert.deepEqual([log[0], log[3]], ['refused true', 'refused false'])
  })

  test('an access list that does not name us is tried again later', async () => {
    const { client, clock, peer } = await begin(
      {},
      { greet: (socket) => socket.end(wire.formatRudeRejection()) },
    )
    await until(() => client.state() === 'down')
    clock.advance(300)
    await until(() => peer.connections() === 2)
  })

  test('a disconnect notice ends the link', async () => {
    const { log, peer } = await begin()
    await until(() => log.length === 1)
    peer.latest().write(wire.formatDisconnectNotice())
    await until(() => log.length === 2)
    assert.equal(log[1], 'down ESL_CLOSED')
  })

  test('a switch that accepts and says nothing is given up', async () => {
    const { client, clock, peer } = await begin({ connectTimeoutMs: 5000 }, { greet: () => undefined })
    await until(() => peer.connections() === 1)
    clock.advance(5000)
    assert.equal(client.state(), 'down')
  })

  test('-ERR is an outcome of api, and a background job resolves with its body', async () => {
    const { client, log, peer } = await begin(
      {},
      {
        answer: ({ verb, rest }) =>
          verb === 'api' && rest !== 'version' ? wire.formatApiResponse('-ERR no\n') : undefined,
      },
    )
    await until(() => log.length === 1)
    assert.equal(await client.api('uuid_kill', 'x'), '-ERR no\n')
    const job = client.bgapi('originate', 'x', { jobUuid: 'j-1' })
    peer.latest().write(event('BACKGROUND_JOB', { 'Job-UUID': 'j-1' }, '+OK leg\n'))
    assert.equal(await job, '+OK leg\n')
  })

  test('a job whose event overtakes the reply is settled, and a second one under its uuid is refused', async () => {
    const { client, log } = await begin(
      {},
      {
        answer: ({ verb, get }) => {
          const jobUuid = get('Job-UUID') ?? ''
          const done = event('BACKGROUND_JOB', { 'Job-UUID': jobUuid }, '+OK\n')
          return verb === 'bgapi' ? Buffer.concat([done, wire.formatBgapiReply(jobUuid)]) : undefined
        },
      },
    )
    await until(() => log.length === 1)
    const job = client.bgapi('status', '', { jobUuid: 'j' })
    assert.equal(await codeOfRejection(client.bgapi('status', '', { jobUuid: 'j' })), 'ESL_DUPLICATE_KEY')
    assert.equal(await job, '+OK\n')
    assert.equal(await client.bgapi('status', '', { jobUuid: 'j' }), '+OK\n')
  })

  test('a job that never ends times out and leaves the link alone', async () => {
    const { client, clock, log } = await begin()
    await until(() => log.length === 1)
    const job = codeOfRejection(client.bgapi('originate', 'x', { timeoutMs: 1000 }))
    await client.api('status')
    clock.advance(1000)
    assert.equal(await job, 'ESL_TIMEOUT')
    assert.equal(client.state(), 'up')
  })

  test('a throw in onEvent harms neither the stream nor the next event', async () => {
    const seen: string[] = []
    const { log, peer, client } = await begin({
      onEvent: ({ name }) => {
        seen.push(name)
        throw new Error('a bug')
      },
    })
    await until(() => log.length === 1)
    const broken = Buffer.from('Content-Length: 6\nContent-Type: text/event-plain\n\nA: b\n\n')
    peer.latest().write(Buffer.concat([event('A'), broken, event('B')]))
    await until(() => seen.length === 2)
    assert.deepEqual(seen, ['A', 'B'])
    assert.equal(await client.api('status'), '+OK\n')
  })

  test('an onUp that rejects is logged, and the link stays', async () => {
    const { client, peer } = await begin({ onUp: () => Promise.reject(new Error('no resync')) })
    await until(() => client.state() === 'up')
    assert.equal(await client.execute('u', 'park'), '+OK')
    assert.equal(await client.hangup('u', 'NORMAL_CLEARING'), '+OK')
    assert.deepEqual(peer.lines.slice(-2), ['sendmsg u', 'sendmsg u'])
  })

  test('an event loop that stood still closes the link, so that the owner resyncs', async () => {
    const { clock, log } = await begin({ maxLagMs: 4000 })
    await until(() => log.length === 1)
    clock.stall(9000)
    assert.equal(log[1], 'down ESL_LAGGING')
    clock.advance(300)
    await until(() => log.length === 3)
    assert.match(log[2] ?? '', /^up .* false$/)
  })

  test('events that come ever later close the link', async () => {
    const { clock, log, peer } = await begin({ maxLagMs: 4000 })
    await until(() => log.length === 1)
    const stamped = (ageMs: number): Buffer =>
      event('A', { 'Event-Date-Timestamp': String((clock.now() - ageMs) * 1000) })
    peer.latest().write(stamped(0))
    await until(() => log.length === 2)
    peer.latest().write(Buffer.concat(Array.from({ length: 64 }, () => stamped(5000))))
    await until(() => log.at(-1) === 'down ESL_LAGGING')
  })

  test('a stopped client settles what waits, is silent and stays stopped', async () => {
    const { client, clock, log, peer } = await begin(
      {},
      { answer: ({ rest }) => (rest === 'slow' ? '' : undefined) },
    )
    await until(() => log.length === 1)
    const pending = codeOfRejection(client.api('slow'))
    await client.stop()
    await client.stop()
    assert.equal(await pending, 'ESL_CLOSED')
    clock.advance(600_000)
    assert.equal(clock.waiting(), 0)
    assert.deepEqual([client.state(), log.length, peer.connections()], ['stopped', 1, 1])
  })
})
