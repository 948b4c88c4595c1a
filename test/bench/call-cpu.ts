import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase } from '../../src/store/database.ts'
import { startPostgres } from '../../src/store/embedded-postgres.ts'
import { migrate } from '../../src/store/migrations.ts'
import { findBinaries, type Binaries } from '../live/binary.ts'
import { engineProcess } from '../live/engine-process.ts'
import { buildHouse, MASTER_KEY, passwordOf } from '../live/house.ts'
import { freePort, freeRange, until } from '../live/net.ts'
import { startSipp } from '../live/sipp.ts'
import { callerXml, partyXml } from '../live/sipp-xml.ts'
import { CONFIGURATION, startSwitch, type SwitchProcess } from '../live/switch-process.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import type { Bench, Figure } from './run.ts'

/**
 * CPU a call: FreeSWITCH with the engine, beside FreeSWITCH with the same calls written down in static files and a
 * bare server that takes its CDRs. Digest, one carrier, answer, two seconds, BYE; a steady rate far below what the
 * machine can do. PostgreSQL and SIPp are not counted.
 */
export const bench: Bench = {
  name: 'call-cpu',
  describe:
    'CPU a call of FreeSWITCH and the engine, against FreeSWITCH with static files and a bare CDR sink',
  run: () => measure(),
}

const CALLS_PER_SECOND = 10
const SECONDS = 30
const WARM_UP_CALLS = 30
const TALK_MS = 2_000
const TO = '+442079460123'
/** /proc/PID/stat counts in these (man 5 proc: sysconf(_SC_CLK_TCK), 100 on every Linux of today). */
const TICK_MS = 10

const measure = async (): Promise<Figure[]> => {
  const binaries = findBinaries(process.env)
  if (typeof binaries === 'string') {
    console.log(binaries.replace('live tests', 'bench call-cpu'))
    return []
  }
  console.log(binaries.version)
  const withEngine = await runWithEngine(binaries)
  const alone = await runAlone(binaries)
  const total = withEngine.freeswitch + withEngine.engine
  const plain = alone.freeswitch + alone.sink
  const peer = 'static files'
  return [
    { name: 'FreeSWITCH and engine', value: total, unit: 'ms a call', peer, ratio: total / plain },
    {
      name: '  FreeSWITCH',
      value: withEngine.freeswitch,
      unit: 'ms a call',
      peer,
      ratio: withEngine.freeswitch / alone.freeswitch,
    },
    { name: '  engine', value: withEngine.engine, unit: 'ms a call' },
    { name: 'static files and sink', value: plain, unit: 'ms a call' },
    { name: '  FreeSWITCH', value: alone.freeswitch, unit: 'ms a call' },
    { name: '  sink', value: alone.sink, unit: 'ms a call' },
  ]
}

type Ports = {
  readonly phones: number
  readonly carrier: number
  readonly http: number
  readonly events: number
}

const runWithEngine = async (
  binaries: Binaries,
): Promise<{ readonly freeswitch: number; readonly engine: number }> =>
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
    await buildHouse(database, MASTER_KEY, { A: carrier, B: carrier, C: carrier })
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
    const [own = 0, engineMs = 0] = await cpuPerCall(binaries, folder, ports, [freeswitch.pid, engine.pid()])
    return { freeswitch: own, engine: engineMs }
  })

const runAlone = async (
  binaries: Binaries,
): Promise<{ readonly freeswitch: number; readonly sink: number }> =>
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
    const [own = 0, sinkMs = 0] = await cpuPerCall(binaries, folder, ports, [freeswitch.pid, sink.pid ?? 0])
    return { freeswitch: own, sink: sinkMs }
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
    FREESWITCH_PASSWORD: 'bench-event-socket',
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

/** Milliseconds of CPU a call, of each process. */
const cpuPerCall = async (
  { sipp: binary }: Binaries,
  folder: string,
  ports: Ports,
  pids: readonly number[],
): Promise<readonly number[]> => {
  const carrier = await startSipp({
    binary,
    folder,
    name: 'carrier',
    port: ports.carrier,
    trace: false,
    xml: partyXml({ ringAfterMs: 50, outcome: { kind: 'answer', afterMs: 200 } }),
  })
  const call = async (calls: number): Promise<void> => {
    const callers = await startSipp({
      binary,
      folder,
      name: 'callers',
      port: await freePort(),
      remote: `127.0.0.1:${ports.phones}`,
      calls,
      callsPerSecond: CALLS_PER_SECOND,
      trace: false,
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: TO,
        hangupAfterMs: TALK_MS,
      }),
    })
    const code = await callers.done
    if (code !== 0) throw new Error(`not every call was made: sipp ended with ${code}`)
    // The last records are written.
    await sleep(1_000)
  }
  await call(WARM_UP_CALLS)
  const before = pids.map(cpuMs)
  await call(CALLS_PER_SECOND * SECONDS)
  const after = pids.map(cpuMs)
  await carrier.stop()
  return after.map((ms, index) => (ms - (before[index] ?? 0)) / (CALLS_PER_SECOND * SECONDS))
}

/** utime and stime; the process name, which may hold anything, ends with the last parenthesis. */
const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
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
  const folder = mkdtempSync(join(tmpdir(), 'strowger-call-cpu-'))
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
