/** A whole engine: its process, a database of its own, the simulator as the switch, and an ear on the switch. */
import { join } from 'node:path'
import { mkdirSync, readdirSync } from 'node:fs'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createSimulator, type Scenario, type Simulator } from '../../src/simulator/simulator.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { buildHouse, MASTER_KEY, type House } from '../live/house.ts'
import { freePort, until } from '../live/net.ts'
import { connectClient, type Client } from '../simulator/bench.ts'
import { readiness, startEngine, type EngineOptions, type EngineProcess } from '../support/engine.ts'
import { openFolder, testDatabase, withDatabase, type TestDatabase } from '../support/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { DOMAIN } from '../scenario/scenario.ts'

export { DOMAIN, OWN_NUMBER } from '../scenario/scenario.ts'
export { passwordOf, MASTER_KEY } from '../live/house.ts'
export { until } from '../live/net.ts'

export const FREESWITCH = { username: 'freeswitch', password: 'shown-by-the-switch' } as const

export type Bench = {
  readonly house: House
  readonly database: Database
  readonly dataDir: string
  /** The switch's CDR files. */
  readonly cdrFolder: string
  readonly eslProxy: TcpProxy
  readonly databaseProxy: TcpProxy
  readonly engine: () => EngineProcess
  readonly startEngine: (
    wait?: EngineOptions['wait'],
    environment?: Readonly<Record<string, string>>,
  ) => Promise<EngineProcess>
  readonly simulator: () => Simulator
  readonly startSimulator: (password?: string) => Promise<Simulator>
  /** Ends it as `kill -9` does, or in order. */
  readonly stopSimulator: (how: 'crash' | 'stop') => Promise<void>
  /** Answers of the switch to whoever asks it beside the engine. */
  readonly askSwitch: (command: string) => Promise<string>
  /** Waits until the engine has given the switch its gateways, lists and users: before that phones are refused. */
  readonly switchIsGiven: () => Promise<void>
  /** Every channel that the switch ever had, as its events told. */
  readonly channelsSeen: () => readonly string[]
  /** Calls from extension 1001. */
  readonly call: (to: string, hangupAfterMs?: number) => ReturnType<Simulator['placeCall']>
  /** leg_uuid of every record, as often as it stands there. */
  readonly recordedLegs: () => Promise<readonly string[]>
  /** Waits until every channel that ever was has its record, and fails where one has two. */
  readonly everyChannelHasOneRecord: () => Promise<void>
  readonly postXml: (fields: Readonly<Record<string, string>>) => Promise<string>
  readonly postCdr: (body: string | Buffer) => Promise<number>
  readonly calls: () => Promise<readonly ListedCall[]>
  readonly close: () => Promise<void>
}

export type ListedCall = {
  readonly callId: string
  readonly state: string
  readonly legs: readonly {
    readonly legUuid: string
    readonly state: string
    readonly gateway: string | null
  }[]
}

export type BenchOptions = {
  readonly scenario?: Scenario
  readonly environment?: Readonly<Record<string, string>>
  readonly configurationDirectory?: string
  /** Nothing is started; the test does. */
  readonly idle?: boolean
  /** Default: a fresh one on the shared server. */
  readonly testDatabase?: TestDatabase
  /** Where the switch posts its records, given the engine's own address; default: there. */
  readonly cdrFront?: (engineUrl: string) => Promise<string>
}

/** Talks until it is hung up. */
const USUAL: Scenario = {
  gateway: () => ({ ringAfterMs: 20, outcome: { kind: 'answer', afterMs: 50 } }),
  phone: () => ({ ringAfterMs: 20, outcome: { kind: 'answer', afterMs: 50 } }),
}

export const openBench = async (options: BenchOptions = {}): Promise<Bench> => {
  const { folder, remove } = openFolder()
  const dataDir = join(folder, 'engine')
  const cdrFolder = join(folder, 'cdrs')
  mkdirSync(cdrFolder)
  const { url: databaseUrl, drop } = options.testDatabase ?? (await testDatabase())
  const database = openDatabase({ url: databaseUrl, logger: silentLogger })
  const house = await buildHouse(database, MASTER_KEY, {
    A: { port: 5081, cidrs: ['192.0.2.1/32'] },
    B: { port: 5082 },
    C: { port: 5083 },
  })
  const httpPort = await freePort()
  const eslPort = await freePort()
  const eslProxy = await startTcpProxy(() => eslPort)
  const databaseProxy = await startTcpProxy(() => Number(new URL(databaseUrl).port))
  const proxied = new URL(withDatabase(databaseUrl, new URL(databaseUrl).pathname.slice(1)))
  proxied.port = String(databaseProxy.port)
  const url = `http://127.0.0.1:${httpPort}`
  const cdrUrl = (await options.cdrFront?.(url)) ?? url
  const seen = new Set<string>()
  let engine: EngineProcess | undefined
  let simulator: Simulator | undefined
  let ear: Client | undefined

  const must = <Value>(value: Value | undefined, what: string): Value => {
    if (value === undefined) throw new Error(`${what} was not started`)
    return value
  }
  const authorization = `Basic ${Buffer.from(`${FREESWITCH.username}:${FREESWITCH.password}`).toString('base64')}`
  const recordedLegs = async (): Promise<readonly string[]> =>
    (await database.query<{ leg_uuid: string }>('SELECT leg_uuid FROM call_detail_records')).map(
      ({ leg_uuid }) => leg_uuid,
    )

  const bench: Bench = {
    house,
    database,
    dataDir,
    cdrFolder,
    eslProxy,
    databaseProxy,
    engine: () => must(engine, 'the engine'),
    startEngine: async (wait = 'ready', environment = {}) => {
      engine = await startEngine({
        dataDir,
        httpPort,
        wait,
        environment: {
          FREESWITCH_HOST: '127.0.0.1',
          FREESWITCH_PORT: String(eslProxy.port),
          FREESWITCH_PASSWORD: 'right',
          FREESWITCH_CDR_DIR: cdrFolder,
          DATABASE_URL: proxied.href,
          STROWGER_XML_CURL_PASSWORD: FREESWITCH.password,
          STROWGER_MASTER_KEY: MASTER_KEY.toString('hex'),
          ...options.environment,
          ...environment,
        },
      })
      return engine
    },
    simulator: () => must(simulator, 'the switch'),
    startSimulator: async (password = 'right') => {
      simulator = createSimulator({
        eslPort,
        eslPassword: password,
        xmlCurl: { url: `${url}/freeswitch/xml`, ...FREESWITCH },
        cdr: { url: `${cdrUrl}/freeswitch/cdr`, ...FREESWITCH, fallbackDirectory: cdrFolder },
        scenario: options.scenario ?? USUAL,
        clock: systemClock,
        logger: silentLogger,
        ...(options.configurationDirectory === undefined
          ? {}
          : { configurationDirectory: options.configurationDirectory }),
      })
      await simulator.start()
      const client = await connectClient(eslPort)
      ear = client
      await client.reply(`auth ${password}`)
      client.socket.on('data', () => {
        for (const event of client.events.splice(0)) {
          const uuid = event.get('Unique-ID')
          if (event.name === 'CHANNEL_CREATE' && uuid !== undefined) seen.add(uuid)
        }
      })
      await client.reply('event plain CHANNEL_CREATE')
      return simulator
    },
    stopSimulator: async (how) => {
      ear?.socket.destroy()
      if (how === 'crash') simulator?.crash()
      else await simulator?.stop()
      simulator = undefined
    },
    askSwitch: (command) => must(ear, 'the switch').reply(`api ${command}`),
    switchIsGiven: async () => {
      await until('the switch has what the engine gives it', async () =>
        (await bench.askSwitch('global_getvar strowger_given')).includes('users:'),
      )
    },
    channelsSeen: () => [...seen],
    call: (to, hangupAfterMs) =>
      bench
        .simulator()
        .placeCall(
          { username: '1001', domain: DOMAIN },
          to,
          hangupAfterMs === undefined ? {} : { hangupAfterMs },
        ),
    recordedLegs,
    everyChannelHasOneRecord: async () => {
      await until('the switch has no channel', () => bench.simulator().channels().length === 0, 15_000)
      try {
        await until(
          'every channel has its record',
          async () => {
            const recorded = new Set(await recordedLegs())
            return [...seen].every((uuid) => recorded.has(uuid))
          },
          20_000,
        )
      } catch (fault) {
        const recorded = new Set(await recordedLegs())
        const lacking = [...seen].filter((uuid) => !recorded.has(uuid))
        throw new Error(`${lacking.length} of ${seen.size} channels have no record: ${lacking.join(' ')}`, {
          cause: fault,
        })
      }
      const legs = await recordedLegs()
      const twice = legs.filter((uuid, at) => legs.indexOf(uuid) !== at)
      const strangers = legs.filter((uuid) => !seen.has(uuid))
      if (twice.length + strangers.length > 0)
        throw new Error(`recorded twice: ${twice.join(' ')}; never seen: ${strangers.join(' ')}`)
      await until('no file is left', () => readdirSync(cdrFolder).length === 0)
    },
    postXml: async (fields) => {
      const reply = await fetch(`${url}/freeswitch/xml`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(fields).toString(),
      })
      if (reply.status !== 200) throw new Error(`xml_curl was answered with ${reply.status}`)
      return reply.text()
    },
    postCdr: async (body) => {
      const reply = await fetch(`${url}/freeswitch/cdr`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: typeof body === 'string' ? body : new Uint8Array(body),
      })
      await reply.arrayBuffer()
      return reply.status
    },
    calls: async () => {
      const answer = await bench.engine().api('/v1/calls')
      return (answer.json() as { calls: ListedCall[] }).calls
    },
    close: async () => {
      ear?.socket.destroy()
      if (engine !== undefined && engine.hasEnded() === undefined) await engine.kill('SIGTERM')
      simulator?.crash()
      await eslProxy.close()
      await database.close()
      await databaseProxy.close()
      await drop()
      remove()
    },
  }
  if (options.idle !== true) {
    await bench.startSimulator()
    await bench.startEngine()
    await bench.switchIsGiven()
  }
  return bench
}

export const checkOf = async (bench: Bench, name: string): Promise<string> =>
  (await readiness(bench.engine())).checks[name] ?? 'no such check'

/** A dialplan request as the switch makes it for 1001's phone. */
export const dialplanForm = (
  bench: Bench,
  dialled: string,
  uuid = '11111111-2222-4333-8444-555555555555',
): Readonly<Record<string, string>> => ({
  hostname: 'sw1',
  section: 'dialplan',
  tag_name: '',
  key_name: '',
  key_value: '',
  'Event-Name': 'REQUEST_PARAMS',
  'Unique-ID': uuid,
  'Caller-Context': 'phones',
  'Hunt-Context': 'phones',
  'Caller-Destination-Number': dialled,
  'Hunt-Destination-Number': dialled,
  variable_strowger_organization_id: String(bench.house.organizationId),
  variable_strowger_user_id: String(bench.house.userIds['1001']),
})
