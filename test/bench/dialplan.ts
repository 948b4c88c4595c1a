import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../src/base/clock.ts'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createAnswerXml, type AnswerXml } from '../../src/engine/answer-xml.ts'
import { createBoard } from '../../src/engine/board.ts'
import { createFramer } from '../../src/esl/framer.ts'
import { parseEvent } from '../../src/esl/event.ts'
import { basic, startFake } from '../http/fake-doors.ts'
import { carriers, ddi, gateway, user, uuid } from '../support/snapshot.ts'
import { noRoutesAsked, PLAN_SETTINGS, plannerIn, worldWith } from '../support/world.ts'
import type { Bench, Figure } from './run.ts'

/**
 * Dialplan answers of the whole way: HTTP, the form, number class, routing over three carriers, the plan, its
 * XML. Beside it a bare node:http server that reads the same request and sends the same bytes. Each server has
 * a process of its own; one client, the same for both, keeps REQUESTS_IN_FLIGHT requests in flight; the servers
 * take turns within one run. Where the client is the slower one, the answers per CPU second of the server say
 * more than those per second.
 */
export const bench: Bench = {
  name: 'dialplan',
  describe:
    'dialplan answers a second: our HTTP door against a bare node:http server that sends the same bytes',
  run: () => measure(),
}

const ROUNDS = 7
const ROUND_MS = 1_500
const WARM_UP_MS = 2_000
const REQUESTS_IN_FLIGHT = 32
/** Calls of their own: a board that sees the same call again and again would have nothing to do. */
const FORMS = 2_000
const FORM_BYTES = 6_000

type Peer = {
  readonly name: 'strowger' | 'bare node:http'
  readonly child: ChildProcess
  readonly port: number
  readonly answers: number[]
  readonly perCpuSecond: number[]
}

const measure = async (): Promise<Figure[]> => {
  const bodies = Array.from({ length: FORMS }, (_, index) => formOf(index + 1))
  const sample = createAnswer()(new Map(new URLSearchParams(bodies[0]?.toString('utf8'))))
  const peers = [await start('strowger'), await start('bare node:http')]
  try {
    for (const peer of peers) await load(peer, bodies, WARM_UP_MS)
    for (let round = 0; round < ROUNDS; round++) {
      for (const peer of peers) {
        const before = await cpuUs(peer)
        const { answers, seconds } = await load(peer, bodies, ROUND_MS)
        const used = ((await cpuUs(peer)) - before) / 1e6
        peer.answers.push(answers / seconds)
        peer.perCpuSecond.push(answers / used)
      }
    }
  } finally {
    for (const { child } of peers) child.disconnect()
  }
  const [ours, bare] = peers.map((peer) => ({
    answers: median(peer.answers),
    perCpuSecond: median(peer.perCpuSecond),
  }))
  if (ours === undefined || bare === undefined)
    throw new EngineError('BENCH_NO_FIGURE', 'nothing was measured')
  return [
    { name: 'request', value: bodies[0]?.length ?? 0, unit: 'bytes' },
    { name: 'answer, three attempts', value: Buffer.byteLength(await sample), unit: 'bytes' },
    { name: 'bare node:http', value: bare.answers, unit: 'answers/s' },
    { name: 'strowger', value: ours.answers, unit: 'answers/s', ...against(ours.answers, bare.answers) },
    { name: 'bare node:http', value: bare.perCpuSecond, unit: 'answers/CPU s' },
    {
      name: 'strowger',
      value: ours.perCpuSecond,
      unit: 'answers/CPU s',
      ...against(ours.perCpuSecond, bare.perCpuSecond),
    },
  ]
}

const against = (ours: number, bare: number): Pick<Figure, 'peer' | 'ratio'> => ({
  peer: 'bare node:http',
  ratio: ours / bare,
})

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const start = async (name: Peer['name']): Promise<Peer> => {
  const child = fork(fileURLToPath(import.meta.url), [SERVE, name], { execArgv: process.execArgv })
  const [port] = (await once(child, 'message')) as [unknown]
  if (typeof port !== 'number') throw new EngineError('BENCH_NO_SERVER', `${name} did not start`)
  return { name, child, port, answers: [], perCpuSecond: [] }
}

const cpuUs = async ({ child }: Peer): Promise<number> => {
  child.send('cpu')
  const [used] = (await once(child, 'message')) as [unknown]
  return Number(used)
}

const load = async (
  { port }: Peer,
  bodies: readonly Buffer[],
  durationMs: number,
): Promise<{ readonly answers: number; readonly seconds: number }> => {
  const agent = new Agent({ keepAlive: true, maxSockets: REQUESTS_IN_FLIGHT })
  const begin = performance.now()
  let answers = 0
  let next = 0
  const caller = async (): Promise<void> => {
    while (performance.now() - begin < durationMs) {
      const body = bodies[next++ % bodies.length]
      if (body === undefined) return
      await ask(agent, port, body)
      answers += 1
    }
  }
  await Promise.all(Array.from({ length: REQUESTS_IN_FLIGHT }, caller))
  const seconds = (performance.now() - begin) / 1e3
  agent.destroy()
  return { answers, seconds }
}

const ask = (agent: Agent, port: number, body: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = {
      ...basic,
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': body.length,
    }
    const asked = request(
      { agent, host: '127.0.0.1', port, method: 'POST', path: '/freeswitch/xml', headers },
      (reply) => {
        let bytes = 0
        reply.on('data', (chunk: Buffer) => (bytes += chunk.length))
        reply.on('end', () => {
          if (reply.statusCode === 200 && bytes > 1_000) resolve()
          else
            reject(new EngineError('BENCH_BAD_ANSWER', `status ${String(reply.statusCode)}, ${bytes} bytes`))
        })
      },
    )
    asked.on('error', reject)
    asked.end(body)
  })

/** A request as mod_xml_curl posts it, made of a recorded channel's headers, some 6 kB. */
const formOf = (n: number): Buffer => {
  const form = new URLSearchParams({
    hostname: 'switch-1',
    section: 'dialplan',
    tag_name: '',
    key_name: '',
    key_value: '',
    ...recordedHeaders(),
    'Unique-ID': uuid(n),
    'Hunt-Context': 'phones',
    'Hunt-Destination-Number': '02079460958',
    'Caller-Context': 'phones',
    'Caller-Destination-Number': '02079460958',
    variable_strowger_organization_id: '1',
    variable_strowger_user_id: '11',
    variable_strowger_device_id: '111',
  })
  return Buffer.from(form.toString())
}

let recorded: Readonly<Record<string, string>> | undefined
const recordedHeaders = (): Readonly<Record<string, string>> => {
  if (recorded !== undefined) return recorded
  const framer = createFramer()
  const bytes = readFileSync(new URL('../esl/samples/json.bin', import.meta.url))
  const event = framer
    .push(bytes)
    .filter(({ contentType }) => contentType === 'text/event-json')
    .map(parseEvent)
    .find(({ name }) => name === 'CHANNEL_ANSWER' || name === 'CHANNEL_BRIDGE')
  if (event === undefined) throw new EngineError('BENCH_NO_SAMPLE', 'no recorded channel was found')
  const kept: Record<string, string> = {}
  let length = 500
  for (const [name, value] of event.headers()) {
    length += encodeURIComponent(name).length + encodeURIComponent(value).length + 2
    if (length > FORM_BYTES) break
    kept[name] = value
  }
  return (recorded = kept)
}

const createAnswer = (): AnswerXml => {
  const world = worldWith({
    ...carriers(3),
    gateways: [1, 2, 3].map((id) => gateway(id, { codecs: ['PCMA', 'PCMU'], maxChannels: 100 })),
    users: [user({ callerId: ddi('+442079460101').number })],
    numbers: [ddi('+442079460101')],
  })
  return createAnswerXml({
    world,
    board: createBoard({ clock: systemClock, logger: silentLogger }),
    guard: { isBanned: () => false, addresses: () => [] },
    clock: systemClock,
    logger: silentLogger,
    planner: plannerIn(world),
    findRoutes: noRoutesAsked,
    planSettings: () => PLAN_SETTINGS,
    dialplan: () => ({ socketAddress: '127.0.0.1:8040' }),
  })
}

const serveOurs = async (): Promise<number> => {
  const { url } = await startFake({ answerXml: createAnswer() })
  return Number(new URL(url).port)
}

/** Reads the request whole, as any server must, and sends bytes that were made before. */
const serveBare = async (): Promise<number> => {
  const bytes = Buffer.from(await createAnswer()(new Map(new URLSearchParams(formOf(1).toString('utf8')))))
  const server = createServer((asked, reply) => {
    const chunks: Buffer[] = []
    asked.on('data', (chunk: Buffer) => chunks.push(chunk))
    asked.on('end', () => {
      Buffer.concat(chunks)
      reply.writeHead(200, { 'content-type': 'text/xml', 'content-length': bytes.length })
      reply.end(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const SERVE = '--serve-dialplan'

const serve = async (name: string | undefined): Promise<void> => {
  process.on('disconnect', () => process.exit(0))
  process.on('message', () => {
    const { user: inUser, system } = process.cpuUsage()
    process.send?.(inUser + system)
  })
  process.send?.(await (name === 'strowger' ? serveOurs() : serveBare()))
}

if (process.argv[2] === SERVE) await serve(process.argv[3])
