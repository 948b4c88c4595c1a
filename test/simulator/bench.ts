import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../src/base/logger.ts'
import { parseEvent, type EslEvent } from '../../src/esl/event.ts'
import { createFramer, type Frame } from '../../src/esl/framer.ts'
import { createSimulator, type Scenario, type Simulator } from '../../src/simulator/simulator.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

/** The engine that the simulated switch sees, as a few functions; and a clock that moves only while we wait. */
export type Bench = {
  readonly simulator: Simulator
  readonly clock: ManualClock
  readonly eslPort: number
  readonly cdrs: Cdr[]
  readonly requests: ReadonlyMap<string, string>[]
  readonly fallbackDirectory: string
  /** What the next requests are answered with. */
  engine: Engine
  /** Moves time on until it is settled. */
  readonly settle: <T>(promise: Promise<T>, limitMs?: number) => Promise<T>
  readonly until: (test: () => boolean, limitMs?: number) => Promise<void>
  readonly run: (ms: number) => Promise<void>
  readonly listen: (...commands: readonly string[]) => Promise<Client>
  readonly close: () => Promise<void>
}

export type Cdr = {
  readonly uuid: string
  readonly variables: Readonly<Record<string, string>>
  readonly whole: Readonly<Record<string, unknown>>
}

export type Engine = {
  readonly dialplan?: (form: ReadonlyMap<string, string>) => string
  readonly directory?: (form: ReadonlyMap<string, string>) => string
  readonly configuration?: (form: ReadonlyMap<string, string>) => string
  readonly cdrStatus?: number
}

export const NOT_FOUND =
  '<document type="freeswitch/xml">\n<section name="result"><result status="not found"/></section>\n</document>'

export const dialplan = (context: string, ...actions: readonly (readonly [string, string?])[]): string =>
  `<document type="freeswitch/xml">\n<section name="dialplan"><context name="${context}"><extension name="test"><condition>
${actions.map(([application, argument]) => `<action application="${application}" data="${(argument ?? '').replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"/>`).join('\n')}
</condition></extension></context></section></document>`

export const directoryUser = (username: string, domain: string, more = ''): string =>
  `<document type="freeswitch/xml">\n<section name="directory"><domain name="${domain}"><user id="${username}">
<params><param name="password" value="secret"/><param name="dial-string" value="\${sofia_contact(phones/\${dialed_user}@\${dialed_domain})}"/></params>
<variables><variable name="user_context" value="phones"/><variable name="strowger_user_id" value="7"/>${more}</variables></user></domain></section></document>`

export const sofiaConf = (...gateways: readonly string[]): string =>
  `<document type="freeswitch/xml">\n<section name="configuration"><configuration name="sofia.conf"><profiles>
<profile name="phones"></profile>
<profile name="trunks"><gateways>${gateways.map((name) => `<gateway name="${name}"><param name="proxy" value="${name}.example"/><param name="register" value="false"/></gateway>`).join('')}</gateways></profile>
</profiles></configuration></section></document>`

const aclConf = `<document type="freeswitch/xml">\n<section name="configuration"><configuration name="acl.conf"><network-lists>
<list name="trunks" default="deny"><node type="allow" cidr="192.0.2.0/24"/></list></network-lists></configuration></section></document>`

const usualEngine: Engine = {
  directory: (form) => directoryUser(form.get('user') ?? '', form.get('domain') ?? ''),
  configuration: (form) => (form.get('key_value') === 'acl.conf' ? aclConf : sofiaConf('gw1', 'gw2', 'gw3')),
}

export const startBench = async (
  scenario: Scenario,
  engine: Engine = {},
  configurationDirectory?: string,
): Promise<Bench> => {
  const clock = createManualClock()
  const cdrs: Cdr[] = []
  const requests: ReadonlyMap<string, string>[] = []
  const fallbackDirectory = mkdtempSync(join(tmpdir(), 'simulator-'))
  const state: { engine: Engine } = { engine: { ...usualEngine, ...engine } }
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      if (request.url?.startsWith('/cdr') === true) {
        const status = state.engine.cdrStatus ?? 200
        if (status === 200) cdrs.push(readCdr(body))
        response.writeHead(status).end()
        return
      }
      const form = new Map(new URLSearchParams(body))
      requests.push(form)
      const section = form.get('section')
      const answer =
        section === 'dialplan' || section === 'directory' || section === 'configuration'
          ? state.engine[section]?.(form)
          : undefined
      response.end(answer ?? NOT_FOUND)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const simulator = createSimulator({
    eslPort: 0,
    eslPassword: 'ClueCon',
    xmlCurl: { url: `http://127.0.0.1:${port}/xml`, username: 'fs', password: 'pw' },
    cdr: { url: `http://127.0.0.1:${port}/cdr`, fallbackDirectory, encodeValues: false },
    scenario,
    clock,
    logger: silentLogger,
    ...(configurationDirectory === undefined ? {} : { configurationDirectory }),
  })
  const { eslPort } = await simulator.start()
  const sockets: Socket[] = []

  const turn = async (): Promise<void> => {
    // Sockets on loopback need a few rounds of the event loop; time stands still meanwhile.
    for (let round = 0; round < 6; round++) await new Promise((resolve) => setImmediate(resolve))
  }
  const until = async (test: () => boolean, limitMs = 120_000): Promise<void> => {
    const end = clock.monotonic() + limitMs
    for (;;) {
      await turn()
      if (test()) return
      if (clock.monotonic() >= end) throw new Error(`not within ${limitMs} ms of simulated time`)
      clock.advance(20)
    }
  }
  return {
    simulator,
    clock,
    eslPort,
    cdrs,
    requests,
    fallbackDirectory,
    get engine() {
      return state.engine
    },
    set engine(next) {
      state.engine = { ...usualEngine, ...next }
    },
    until,
    settle: async (promise, limitMs) => {
      let settled = false
      const watched = promise.finally(() => {
        settled = true
      })
      watched.catch(() => undefined)
      await until(() => settled, limitMs)
      return watched
    },
    run: async (ms) => {
      const end = clock.monotonic() + ms
      await until(() => clock.monotonic() >= end, ms + 20)
    },
    listen: async (...commands) => {
      const client = await connectClient(eslPort)
      sockets.push(client.socket)
      await client.reply('auth ClueCon')
      for (const command of commands) await client.reply(command)
      return client
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      let stopped = false
      void simulator.stop().finally(() => {
        stopped = true
      })
      await until(() => stopped)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      rmSync(fallbackDirectory, { recursive: true, force: true })
    },
  }
}

const readCdr = (body: string): Cdr => {
  const whole = JSON.parse(body) as Readonly<Record<string, unknown>>
  const variables = whole['variables'] as Readonly<Record<string, string>>
  return { uuid: variables['uuid'] ?? '', variables, whole }
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** An event socket client that remembers everything. */
export type Client = {
  readonly socket: Socket
  readonly frames: Frame[]
  readonly events: EslEvent[]
  readonly send: (text: string) => void
  /** Sends a command and gives the Reply-Text or the api/response that answers it. */
  readonly reply: (command: string) => Promise<string>
}

export const connectClient = async (port: number): Promise<Client> => {
  const socket = connect(port, '127.0.0.1')
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', () => {
      resolve()
    })
    socket.once('error', reject)
  })
  return clientOn(socket)
}

export const clientOn = (socket: Socket): Client => {
  const framer = createFramer()
  const frames: Frame[] = []
  const events: EslEvent[] = []
  const waiting: ((text: string) => void)[] = []
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    for (const frame of framer.push(chunk)) {
      frames.push(frame)
      if (frame.contentType.startsWith('text/event')) events.push(parseEvent(frame))
      if (frame.contentType === 'command/reply') waiting.shift()?.(frame.get('Reply-Text') ?? '')
      if (frame.contentType === 'api/response') waiting.shift()?.(frame.body?.toString('utf8') ?? '')
    }
  })
  return {
    socket,
    frames,
    events,
    send: (text) => socket.write(text),
    reply: (command) =>
      new Promise((resolve) => {
        waiting.push(resolve)
        socket.write(`${command}\n\n`)
      }),
  }
}
