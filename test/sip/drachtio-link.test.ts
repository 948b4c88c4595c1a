/** What the SIP edge does where there is no drachtio, or something else in its place. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { createLogger } from '../../src/base/logger.ts'
import { createDrachtioLink, type DrachtioLink } from '../../src/sip/drachtio-link.ts'
import { portOf, until } from '../support/fake-switch.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

type Bench = {
  readonly link: DrachtioLink
  readonly clock: ManualClock
  readonly log: () => string
  readonly downs: () => number
}

const bench = async (port: number): Promise<Bench> => {
  const clock = createManualClock()
  const stream = new PassThrough()
  const lines: string[] = []
  stream.on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  let downs = 0
  const link = createDrachtioLink({
    drachtio: { host: '127.0.0.1', port, secret: 'the-secret' },
    clock,
    logger: createLogger({ level: 'info', redactNumbers: true }, stream),
    onRequest: () => assert.fail('nobody asks'),
    onDown: () => {
      downs += 1
    },
  })
  await link.start()
  return { link, clock, log: () => lines.join(''), downs: () => downs }
}

suite('sip: the link without a drachtio', function () {
  this.timeout(10_000)
  let server: Server
  let sockets: Socket[] = []
  let port = 0

  /** Takes connections and does this with them. */
  const listen = async (act: (socket: Socket) => void): Promise<void> => {
    server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => socket.destroy())
      act(socket)
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = portOf(server.address())
  }
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resolve())
    })
  setup(() => {
    sockets = []
    port = 0
  })
  teardown(() => close())

  const message = (text: string): string => `${Buffer.byteLength(text)}#${text}`

  /** Takes any secret; then answers pings as long as `answers` says so. */
  const likeDrachtio =
    (answers: () => boolean) =>
    (socket: Socket): void => {
      socket.on('data', (chunk: Buffer) => {
        for (const [, id = '', kind] of chunk.toString().matchAll(/#([\w-]+)\|(authenticate|ping)/g)) {
          const reply = kind === 'ping' ? 'pong' : 'udp/127.0.0.1:5060|v0.9.4|'
          if (kind === 'authenticate' || answers()) socket.write(message(`m|response|${id}|OK|${reply}`))
        }
      })
    }

  test('something that speaks another protocol is not believed, and ends nothing', async () => {
    await listen((socket) => socket.write('Content-Type: auth/request #1\n\n'))
    const { link, clock, log } = await bench(port)
    await until(() => link.state() === 'down')
    assert.match(log(), /drachtio is away/)
    for (let times = 2; times < 5; times++) {
      nextTry(link, clock)
      await until(() => sockets.length === times && link.state() === 'down')
    }
    assert.equal(log().trim().split('\n').length, 1, log())
    await link.stop(() => Promise.resolve())
  })

  test('a message of no kind that we know is not believed either', async () => {
    await listen((socket) => socket.write(message('id|nonsense|x')))
    const { link } = await bench(port)
    await until(() => link.state() === 'down')
    await link.stop(() => Promise.resolve())
  })

  test('silence instead of a greeting is the end after five seconds', async () => {
    await listen(() => undefined)
    const { link, clock } = await bench(port)
    await until(() => sockets.length === 1)
    clock.advance(4999)
    assert.equal(link.state(), 'connecting')
    clock.advance(1)
    assert.equal(link.state(), 'down')
    nextTry(link, clock)
    await until(() => sockets.length === 2)
    await link.stop(() => Promise.resolve())
  })

  test('nobody at the port is told once, and tried again ever more slowly', async () => {
    await listen(() => undefined)
    const gone = port
    await close()
    const { link, clock, log, downs } = await bench(gone)
    const waits: number[] = []
    for (let tries = 0; tries < 9; tries++) {
      await until(() => link.state() === 'down')
      assert.equal(clock.waiting(), 1)
      waits.push(nextTry(link, clock))
    }
    await until(() => link.state() === 'down')
    assert.equal(log().trim().split('\n').length, 1, log())
    assert.ok((waits[0] ?? 0) <= 250, waits.join(' '))
    assert.ok(
      waits.slice(7).every((ms) => ms >= 2500 && ms <= 5000),
      waits.join(' '),
    )
    assert.equal(downs(), 0)
    await link.stop(() => Promise.resolve())
    assert.equal(link.state(), 'stopped')
    assert.equal(clock.waiting(), 0)
    await listen(() => undefined)
  })

  test('a stop while it connects closes the connection, and no other is made', async () => {
    await listen(() => undefined)
    const { link, clock } = await bench(port)
    await until(() => sockets.length === 1)
    await link.stop(() => Promise.resolve())
    await until(() => ended(sockets[0]))
    clock.advance(60_000)
    assert.equal(clock.waiting(), 0)
    assert.equal(sockets.length, 1)
  })

  test('a server that falls silent is left, and found again', async () => {
    let answers = true
    await listen(likeDrachtio(() => answers))
    const { link, clock, log, downs } = await bench(port)
    await until(() => link.state() === 'up')
    const pinged = async (): Promise<void> => {
      const before = sockets[0]?.bytesRead ?? 0
      clock.advance(10_000)
      await until(() => (sockets[0]?.bytesRead ?? 0) > before || link.state() !== 'up')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    for (let times = 0; times < 6; times++) await pinged()
    assert.equal(link.state(), 'up')
    answers = false
    for (let times = 0; times < 3; times++) await pinged()
    assert.equal(link.state(), 'down')
    assert.equal(downs(), 1)
    answers = true
    nextTry(link, clock)
    await until(() => link.state() === 'up')
    assert.equal(log().trim().split('\n').length, 3, log())
    await link.stop(() => Promise.resolve())
    assert.equal(clock.waiting(), 0)
  })

  test('without an address of a drachtio the package is not even loaded', async () => {
    await listen(() => undefined)
    const source = `
      import { createRequire } from 'node:module'
      import { createSipEdge } from './src/sip/edge.ts'
      const loaded = () => Object.keys(createRequire(process.cwd() + '/x.js').cache).filter((file) => file.includes('drachtio-srf')).length
      const clock = { now: () => 0, monotonic: () => 0, after: () => () => undefined }
      const logger = { info() {}, warn() {}, error() {}, debug() {} }
      const edge = createSipEdge({ drachtio: { host: '127.0.0.1', port: ${port}, secret: 'x' }, peers: [], decide: () => undefined, probe: undefined, clock, logger })
      const before = loaded()
      await edge.start()
      process.stdout.write(before + ' ' + (loaded() > 0))
      process.exit(0)`
    const output = execFileSync(process.execPath, ['--import=tsx', '--input-type=module', '-e', source], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    })
    assert.equal(output, '0 true')
  })
})

/** Moves the clock to the next try and no further; how long it waited in ms. */
const nextTry = (link: DrachtioLink, clock: ManualClock): number => {
  const begin = clock.monotonic()
  while (link.state() === 'down') clock.advance(50)
  return clock.monotonic() - begin
}

const ended = (socket: Socket | undefined): boolean => {
  socket?.resume()
  return socket?.readyState !== 'open'
}
