/**
 * FreeSWITCH with the engine, and FreeSWITCH with the same calls written down in static files and a bare server that
 * takes its CDRs: what benches of whole calls compare. Digest, one carrier; PostgreSQL stands beside the first.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { startPostgres } from '../../src/store/embedded-postgres.ts'
import { migrate } from '../../src/store/migrations.ts'
import type { Binaries } from '../live/binary.ts'
import { engineProcess, type EngineProcess } from '../live/engine-process.ts'
import { buildHouse, MASTER_KEY, passwordOf, type House } from '../live/house.ts'
import { freePort, freeRange, until } from '../live/net.ts'
import { CONFIGURATION, startSwitch, type SwitchProcess } from '../live/switch-process.ts'
import { DOMAIN } from '../scenario/scenario.ts'

export type CallStage = {
  readonly folder: string
  readonly ports: Ports
  readonly freeswitch: SwitchProcess
}

export type EngineStage = CallStage & {
  readonly engine: EngineProcess
  readonly house: House
  readonly database: Database
}

export const EVENT_SOCKET_PASSWORD = 'bench-event-socket'

export type Ports = {
  readonly phones: number
  readonly carrier: number
  readonly http: number
  readonly events: number
}

export const withEngine = <Result>(
  binaries: Binaries,
  work: (stage: EngineStage) => Promise<Result>,
): Promise<Result> =>
  inFolder(async (folder, stops) => {
    const ports = await choosePorts()
    const postgres = await startPostgres({
      folder: join(folder, 'postgres'),
      logger: silentLogger,
      searchPath: process.env['PATH'],
    })
    stops.push(postgres.stop)
    await migrate({
      url: postgres.url,
      folder: fileURLToPath(new URL('../../sql', import.meta.url)),
      logger: silentLogger,
    })
    const database = openDatabase({ url: postgres.url, logger: silentLogger })
    stops.push(database.close)
    const carrier = { port: ports.carrier }
    const house = await buildHouse(database, MASTER_KEY, { A: carrier, B: carrier, C: carrier })
    const { freeswitch, credentials } = await startOne(binaries, folder, ports, CONFIGURATION)
    stops.push(freeswitch.stop)
    const dataDir = join(folder, 'engine')
    mkdirSync(dataDir, { mode: 0o700 })
    const engine = engineProcess({
      dataDir,
      httpPort: ports.http,
      environment: {
        ...credentials,
        DATABASE_URL: postgres.url,
        FREESWITCH_HOST: '127.0.0.1',
        STROWGER_SOCKET_PORT: '0',
        STROWGER_MASTER_KEY: MASTER_KEY.toString('hex'),
        STROWGER_LOG_LEVEL: 'info',
      },
    })
    stops.push(engine.stop)
    await engine.start()
    return work({ folder, ports, freeswitch, engine, house, database })
  })

/** `sink`: the pid of what takes the CDRs. */
export const withStaticFiles = <Result>(
  binaries: Binaries,
  work: (stage: CallStage & { readonly sink: number }) => Promise<Result>,
): Promise<Result> =>
  inFolder(async (folder, stops) => {
    const ports = await choosePorts()
    const sink = await startSink(ports.http)
    stops.push(async () => {
      const exited = once(sink, 'exit')
      sink.kill()
      await exited
    })
    const configuration = join(folder, 'static')
    writeStatic(configuration, ports.carrier)
    const { freeswitch } = await startOne(binaries, folder, ports, configuration)
    stops.push(freeswitch.stop)
    return work({ folder, ports, freeswitch, sink: sink.pid ?? 0 })
  })

/** The same configuration, with what the engine would have said in files instead of mod_xml_curl. */
const writeStatic = (configuration: string, carrierPort: number): void => {
  cpSync(CONFIGURATION, configuration, { recursive: true })
  const edit = (file: string, change: (text: string) => string): void =>
    writeFileSync(join(configuration, file), change(readFileSync(join(configuration, file), 'utf8')))
  edit('autoload_configs/modules.conf.xml', (text) => text.replace(/^.*mod_xml_curl"\/>.*$/m, ''))
  edit('sip_profiles/emergency-gateway.xml', (text) =>
    text.replace(
      '</include>',
      `<gateway name="gw1"><param name="proxy" value="127.0.0.1:${carrierPort}"/><param name="register" value="false"/><param name="caller-id-in-from" value="true"/></gateway>\n</include>`,
    ),
  )
  edit('dialplan/phones.xml', (text) =>
    text.replace(
      '<extension name="no engine">',
      `<extension name="static"><condition field="destination_number" expression="^(\\+44.*)$">
<action application="set" data="hangup_after_bridge=true"/>
<action application="set" data="effective_caller_id_number=+442079460100"/>
<action application="set" data="sip_cid_type=pid"/>
<action application="bridge" data="[leg_progress_timeout=6,leg_timeout=60,absolute_codec_string=PCMA]sofia/gateway/gw1/$1"/>
</condition></extension>\n<extension name="no engine">`,
    ),
  )
  writeFileSync(
    join(configuration, 'directory', 'static.xml'),
    `<domain name="${DOMAIN}"><user id="1001"><params><param name="password" value="${passwordOf('1001')}"/></params><variables><variable name="user_context" value="phones"/></variables></user></domain>\n`,
  )
}

const startOne = async (
  binaries: Binaries,
  folder: string,
  ports: Ports,
  configuration: string,
): Promise<{
  readonly freeswitch: SwitchProcess
  readonly credentials: Readonly<Record<string, string>>
}> => {
  const rtp = await freeRange(1_000)
  const credentials = {
    STROWGER_XML_CURL_USER: 'switch',
    STROWGER_XML_CURL_PASSWORD: 'bench-xml-curl',
    FREESWITCH_PORT: String(ports.events),
    FREESWITCH_PASSWORD: EVENT_SOCKET_PASSWORD,
  }
  const freeswitch = await startSwitch({
    binary: binaries.freeswitch,
    folder: join(folder, 'switch'),
    configuration,
    eventSocketPort: ports.events,
    environment: {
      ...credentials,
      STROWGER_URL: `http://127.0.0.1:${ports.http}`,
      STROWGER_PHONES_IP: '127.0.0.1',
      STROWGER_PHONES_PORT: String(ports.phones),
      STROWGER_TRUNKS_IP: '127.0.0.1',
      STROWGER_TRUNKS_PORT: String(await freePort()),
      STROWGER_RTP_START: String(rtp),
      STROWGER_RTP_END: String(rtp + 999),
    },
  })
  return { freeswitch, credentials }
}

const choosePorts = async (): Promise<Ports> => ({
  phones: await freePort(),
  carrier: await freePort(),
  http: await freePort(),
  events: await freePort(),
})

/** Takes what is posted and says 200: this file, started with the port as its argument. */
const startSink = async (port: number): Promise<ChildProcess> => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(import.meta.url), 'sink', String(port)],
    { stdio: 'ignore' },
  )
  await until('the sink listens', () =>
    fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    ),
  )
  return child
}

const inFolder = async <Result>(
  work: (folder: string, stops: (() => Promise<void>)[]) => Promise<Result>,
): Promise<Result> => {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-bench-'))
  chmodSync(folder, 0o755)
  const stops: (() => Promise<void>)[] = []
  try {
    return await work(folder, stops)
  } finally {
    for (const stop of stops.reverse()) await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.argv[2] === 'sink') {
  createServer((request, response) => {
    request.resume()
    request.on('end', () => response.end())
  }).listen(Number(process.argv[3]), '127.0.0.1')
}
