import assert from 'node:assert/strict'
import { once } from 'node:events'
import { codeOf } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createFramer } from '../../src/esl/framer.ts'
import {
  createInboundClient,
  type InboundClient,
  type InboundClientOptions,
} from '../../src/esl/inbound-client.ts'
import { createOutboundServer, type Conversation } from '../../src/esl/outbound-server.ts'
import * as wire from '../../src/esl/wire.ts'
import {
  callOutboundServer,
  startFakeSwitch,
  until,
  type Answer,
  type FakeSwitch,
} from '../support/fake-switch.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

/** Each fault that kept modesl 1.2.1 out of production, as a test of ours. */

type Copy = (this: Buffer, target: Uint8Array, targetStart?: number, from?: number, until?: number) => number

const running: { stop: () => Promise<void> }[] = []

const linkTo = async (
  answer: Answer,
  options: Partial<InboundClientOptions> = {},
): Promise<{ client: InboundClient; peer: FakeSwitch; clock: ManualClock; downs: string[] }> => {
  const peer = await startFakeSwitch({ answer })
  const clock = createManualClock()
  const downs: string[] = []
  const client = createInboundClient({
    host: '127.0.0.1',
    port: peer.port,
    password: 'ClueCon',
    events: ['CHANNEL_ANSWER'],
    customEvents: [],
    clock,
    logger: silentLogger,
    onEvent: () => undefined,
    onUp: () => undefined,
    onDown: ({ code }) => void downs.push(code),
    onAuthRefused: () => undefined,
    ...options,
  })
  running.push(client, peer)
  client.start()
  await until(() => client.state() === 'up')
  return { client, peer, clock, downs }
}

const serve = async (onCall: (conversation: Conversation) => Promise<void>): Promise<number> => {
  const clock = createManualClock()
  const server = createOutboundServer({ host: '127.0.0.1', port: 0, logger: silentLogger, clock, onCall })
  running.push(server)
  return (await server.start()).port
}
const codeOfRejection = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(String, codeOf)

suite('esl: the faults of modesl', () => {
  teardown(async () => {
    for (const part of running.splice(0)) await part.stop()
  })

  for (const text of ['-ERR 100% wrong', '+OK 50%', '+OK %zz %', '-ERR %F6']) {
    test(`a percent sign in a reply (${text}) is text`, async () => {
      const { client } = await linkTo(({ verb }) => (verb === 'sendmsg' ? wire.formatReply(text) : undefined))
      assert.equal(await client.execute('u', 'park'), text.replace('%F6', 'ö'))
      assert.equal(client.state(), 'up')
    })
  }

  test('a Latin-1 caller name on an outbound socket is read and harms nobody', async () => {
    const names: (string | undefined)[] = []
    const port = await serve((call) => {
      names.push(call.channel.get('Caller-Caller-ID-Name'), call.channel.get('Raw'))
      return Promise.resolve()
    })
    const { socket } = await callOutboundServer(port, {
      answer: ({ verb }) =>
        verb === 'connect'
          ? Buffer.from(
              'Event-Name: CHANNEL_DATA\nUnique-ID: u\nCaller-Caller-ID-Name: J%F6rg%\nRaw: J\xf6rg\n' +
                'Content-Type: command/reply\nReply-Text: %2BOK%0A\n\n',
              'latin1',
            )
          : undefined,
    })
    await once(socket, 'close')
    assert.deepEqual(names, ['Jörg%', 'Jörg'])
  })

  test('execute has a reply slot of its own: its reply never answers the next command', async () => {
    const answers: unknown[] = []
    const port = await serve(async (call) => {
      const all = [call.execute('playback', 'a'), call.api('status'), call.start('park'), call.api('version')]
      const [done, ...others] = await Promise.all(all)
      answers.push((done as { name: string }).name, ...others)
    })
    const { socket } = await callOutboundServer(port, {
      answer: ({ verb, rest }) => (verb === 'api' ? wire.formatApiResponse(`about ${rest}`) : undefined),
    })
    await once(socket, 'close')
    assert.deepEqual(answers, ['CHANNEL_EXECUTE_COMPLETE', 'about status', undefined, 'about version'])
  })

  test('an execute that the switch refuses is settled', async () => {
    const codes: unknown[] = []
    const port = await serve(async (call) => {
      codes.push(
        await codeOfRejection(call.execute('playback', 'a')),
        await codeOfRejection(call.start('park')),
      )
    })
    const { socket } = await callOutboundServer(port, {
      answer: ({ verb }) => (verb === 'sendmsg' ? wire.formatReply('-ERR invalid session id') : undefined),
    })
    await once(socket, 'close')
    assert.deepEqual(codes, ['ESL_REFUSED', 'ESL_REFUSED'])
  })

  test('a newline in a value is refused and nothing of it is sent', async () => {
    const { client, peer } = await linkTo(() => undefined)
    const before = peer.lines.length
    const bad = 'x=Bob\n\napi system reboot'
    const refused = [client.execute('u', 'set', bad), client.api('status', bad), client.bgapi('status', bad)]
    for (const promise of refused) assert.equal(await codeOfRejection(promise), 'ESL_UNSAFE_VALUE')
    await client.api('status')
    assert.deepEqual(peer.lines.slice(before), ['api status'])
  })

  test('a -ERR to bgapi settles the job with that text', async () => {
    const { client } = await linkTo(({ verb }) =>
      verb === 'bgapi' ? wire.formatReply('-ERR no threads') : undefined,
    )
    assert.equal(await client.bgapi('originate', 'x'), '-ERR no threads')
  })

  test('a disconnect settles every job, command and execute that waits', async () => {
    const { client, peer } = await linkTo(({ rest }) => (rest === 'slow' ? '' : undefined))
    const waiting = [client.bgapi('originate', 'x'), client.bgapi('originate', 'y'), client.api('slow')].map(
      codeOfRejection,
    )
    await until(() => peer.lines.includes('api slow'))
    peer.latest().destroy()
    assert.deepEqual(await Promise.all(waiting), Array(3).fill('ESL_CLOSED'))
    const outcome = new Promise<unknown>((resolve) => {
      void serve(async (call) => {
        resolve(await codeOfRejection(call.execute('playback', 'long')))
      }).then((port) =>
        callOutboundServer(port, {
          answer: ({ verb }, socket) => {
            if (verb !== 'sendmsg') return undefined
            socket.destroy()
            return ''
          },
        }),
      )
    })
    assert.equal(await outcome, 'ESL_CLOSED')
  })

  test('a connection whose other end has vanished is found, closed and made anew', async () => {
    let vanished = false
    const { client, peer, clock, downs } = await linkTo(() => (vanished ? '' : undefined), {
      heartbeatTimeoutMs: 20_000,
    })
    clock.advance(10_000)
    await until(() => peer.lines.includes('nolog'))
    await client.api('status')
    assert.deepEqual(downs, [])
    vanished = true
    clock.advance(10_000)
    clock.advance(10_000)
    clock.advance(10_000)
    assert.deepEqual(downs, ['ESL_TIMEOUT'])
    vanished = false
    clock.advance(300)
    await until(() => client.state() === 'up')
  })

  test('a body of 32 MB is copied a constant number of times, however it is cut', () => {
    const body = Buffer.alloc(32 * 1024 * 1024, 'x')
    const stream = Buffer.concat([
      Buffer.from(`Content-Type: api/response\nContent-Length: ${body.length}\n\n`),
      body,
    ])
    let copied = 0
    const prototype = Buffer.prototype as { copy: Copy }
    const copy = prototype.copy
    prototype.copy = function (this: Buffer, target, targetStart, from = 0, until = this.length) {
      copied += until - from
      return copy.call(this, target, targetStart, from, until)
    }
    try {
      const framer = createFramer()
      const frames = []
      for (let at = 0; at < stream.length; at += 16_384)
        frames.push(...framer.push(stream.subarray(at, at + 16_384)))
      assert.equal(frames.length, 1)
      assert.ok(frames[0]?.body?.equals(body))
    } finally {
      prototype.copy = copy
    }
    // Each byte once, and once more for each doubling of the store: less than three times in all.
    assert.ok(copied < 3 * stream.length, `${copied} bytes copied for ${stream.length}`)
  })

  test('8,000 jobs may be pending; each is settled by its own event, in any order', async () => {
    const { client, peer } = await linkTo(() => undefined)
    const uuids = Array.from({ length: 8000 }, (_, index) => `job-${index}`)
    const jobs = uuids.map((jobUuid) => client.bgapi('originate', 'x', { jobUuid }))
    await until(() => peer.lines.length === 8003)
    const events = uuids
      .toReversed()
      .map((uuid) =>
        wire.formatEvent('plain', { 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': uuid }, `+OK ${uuid}\n`),
      )
    peer.latest().write(Buffer.concat(events))
    assert.deepEqual(
      await Promise.all(jobs),
      uuids.map((uuid) => `+OK ${uuid}\n`),
    )
  })
})
