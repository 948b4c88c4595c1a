/**
 * The stage of all live tests: one FreeSWITCH, one engine, one database, a recorder beside them. `check` is what
 * holds after every test: no channel is left, each channel has exactly one CDR, each planned attempt one row.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import assert from 'node:assert/strict'
import { silentLogger } from '../../src/base/logger.ts'
import { decodeCall, CALL_VARIABLE } from '../../src/call/carried.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'
import { CARRIERS, DOMAIN, PHONES, type CarrierName, type PhoneName } from '../scenario/scenario.ts'
import type { Binaries } from './binary.ts'
import { engineProcess, type EngineProcess } from './engine-process.ts'
import { buildHouse, MASTER_KEY, passwordOf, type House } from './house.ts'
import { freePort, freeRange, until } from './net.ts'
import { startRecorder, type Recorder } from './recorder.ts'
import { startSipp, type SippOptions, type SippParty } from './sipp.ts'
import { registerXml } from './sipp-xml.ts'
import { startSwitch, type SwitchProcess } from './switch-process.ts'

/** Where carrier A calls from; the list `trunks` knows no other. */
export const TRUNK_ADDRESS = '127.0.0.2'
export const STRANGER_ADDRESS = '127.0.0.3'

export type Ports = {
  readonly phones: number
  readonly trunks: number
  readonly emergency: number
  readonly carrier: Readonly<Record<CarrierName, number>>
  readonly phone: Readonly<Record<PhoneName, number>>
  readonly http: number
  readonly eventSocket: number
  readonly engineSocket: number
}

export type Stage = {
  readonly binaries: Binaries
  readonly folder: string
  readonly ports: Ports
  readonly freeswitch: SwitchProcess
  readonly engine: EngineProcess
  readonly recorder: Recorder
  readonly database: Database
  readonly house: House
  readonly sipp: (
    options: Omit<SippOptions, 'binary' | 'folder' | 'port'> & { readonly port?: number },
  ) => Promise<SippParty>
  /** Call-IDs of tests that are over. */
  readonly stale: ReadonlySet<string>
  /** Kills every SIPp that is left. */
  readonly clear: () => Promise<void>
  /** Throws for what the last test left behind; then forgets it. */
  readonly check: () => Promise<void>
  /** After a test that failed: nothing of it is left for the next one. */
  readonly recover: () => Promise<void>
  readonly register: (phone: PhoneName, address?: string, password?: string) => Promise<SippParty>
  readonly stop: () => Promise<void>
}

export const EVENT_SOCKET_PASSWORD = 'live-event-socket'

export type StageOptions = {
  /** Makes the switch's configuration folder in the folder that it is given; default: freeswitch-conf as it is. */
  readonly configuration?: (folder: string) => string
  /** More variables of freeswitch-conf/vars.xml. */
  readonly environment?: Readonly<Record<string, string>>
  /** More variables of the engine. */
  readonly engineEnvironment?: Readonly<Record<string, string>>
  /** What stands between the switch and the engine's HTTP, given the engine's own address; default: nothing. */
  readonly front?: (engineUrl: string) => Promise<string>
  /** A file that starts the engine otherwise. */
  readonly engineEntry?: string
}

export const openStage = async (binaries: Binaries, options: StageOptions = {}): Promise<Stage> => {
  const { configuration } = options
  const folder = mkdtempSync(join(tmpdir(), 'strowger-live-'))
  chmodSync(folder, 0o755)
  const dataDir = join(folder, 'engine')
  const sippFolder = join(folder, 'sipp')
  mkdirSync(dataDir, { mode: 0o700 })
  mkdirSync(sippFolder)
  const stops: (() => Promise<void>)[] = []
  const ports = await choosePorts()
  const rtp = await freeRange(1_000)
  const testing: TestDatabase = await testDatabase()
  stops.push(testing.drop)
  const database = openDatabase({ url: testing.url, logger: silentLogger, connections: 2 })
  stops.push(database.close)
  const house = await buildHouse(database, MASTER_KEY, {
    A: { port: ports.carrier.A, cidrs: [`${TRUNK_ADDRESS}/32`] },
    B: { port: ports.carrier.B },
    C: { port: ports.carrier.C },
  })
  const credentials = {
    STROWGER_XML_CURL_USER: 'switch',
    STROWGER_XML_CURL_PASSWORD: 'live-xml-curl',
    FREESWITCH_PORT: String(ports.eventSocket),
    FREESWITCH_PASSWORD: EVENT_SOCKET_PASSWORD,
  }
  const freeswitch = await startSwitch({
    binary: binaries.freeswitch,
    folder: join(folder, 'switch'),
    eventSocketPort: ports.eventSocket,
    ...(configuration === undefined ? {} : { configuration: configuration(folder) }),
    environment: {
      ...credentials,
      STROWGER_URL:
        (await options.front?.(`http://127.0.0.1:${ports.http}`)) ?? `http://127.0.0.1:${ports.http}`,
      STROWGER_PHONES_IP: '127.0.0.1',
      STROWGER_PHONES_PORT: String(ports.phones),
      STROWGER_TRUNKS_IP: '127.0.0.1',
      STROWGER_TRUNKS_PORT: String(ports.trunks),
      STROWGER_RTP_START: String(rtp),
      STROWGER_RTP_END: String(rtp + 999),
      STROWGER_EMERGENCY_GATEWAY: `127.0.0.1:${ports.emergency}`,
      FREESWITCH_LOG_LEVEL: process.env['STROWGER_LIVE_LOG'] ?? 'info',
      ...options.environment,
    },
  })
  stops.push(freeswitch.stop)
  const engine = engineProcess({
    dataDir,
    httpPort: ports.http,
    entry: options.engineEntry,
    environment: {
      ...credentials,
      DATABASE_URL: testing.url,
      FREESWITCH_HOST: '127.0.0.1',
      FREESWITCH_CDR_DIR: freeswitch.cdrFolder,
      STROWGER_SOCKET_PORT: String(ports.engineSocket),
      STROWGER_MASTER_KEY: MASTER_KEY.toString('hex'),
      STROWGER_BAN_FAILURES: '3',
      ...options.engineEnvironment,
    },
  })
  stops.push(async () => {
    if (engine.isRunning()) await engine.stop()
  })
  await engine.start()
  const recorder = await startRecorder(ports.eventSocket, EVENT_SOCKET_PASSWORD)
  stops.push(recorder.stop)

  const running = new Set<SippParty>()
  const stale = new Set<string>()
  const sipp: Stage['sipp'] = async (options) => {
    const party = await startSipp({
      binary: binaries.sipp,
      folder: sippFolder,
      ...options,
      port: options.port ?? (await freePort()),
    })
    running.add(party)
    return party
  }
  const clear = async (): Promise<void> => {
    await Promise.all([...running].map((party) => party.stop()))
    for (const party of running) for (const { header } of party.messages()) stale.add(header('Call-ID') ?? '')
    running.clear()
  }
  return {
    binaries,
    folder,
    ports,
    freeswitch,
    engine,
    recorder,
    database,
    house,
    sipp,
    stale,
    clear,
    check: async () => {
      try {
        await check(recorder, database)
      } catch (fault) {
        await empty(recorder)
        throw fault
      } finally {
        recorder.forget()
      }
    },
    recover: async () => {
      await empty(recorder)
      recorder.forget()
    },
    register: async (phone, address = '127.0.0.1', password = passwordOf(phone)) => {
      const party = await sipp({
        name: `register-${phone}`,
        remote: `127.0.0.1:${ports.phones}`,
        address,
        xml: registerXml({
          user: phone,
          domain: DOMAIN,
          password,
          contact: `sip:${phone}@127.0.0.1:${ports.phone[phone]}`,
        }),
      })
      await party.done
      return party
    },
    stop: async () => {
      await clear()
      for (const stop of stops.reverse()) await stop()
      if (process.env['STROWGER_LIVE_KEEP'] === undefined) rmSync(folder, { recursive: true, force: true })
      else console.log(`kept: ${folder}`)
    },
  }
}

const choosePorts = async (): Promise<Ports> => {
  const named = async <Name extends string>(names: readonly Name[]): Promise<Record<Name, number>> =>
    Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await freePort()] as const)),
    ) as Record<Name, number>
  return {
    phones: await freePort(),
    trunks: await freePort(),
    emergency: await freePort(),
    http: await freePort(),
    eventSocket: await freePort(),
    engineSocket: await freePort(),
    carrier: await named(CARRIERS),
    phone: await named(PHONES),
  }
}

const empty = async (recorder: Recorder): Promise<void> => {
  await recorder.client.api('hupall', 'NORMAL_CLEARING')
  await until('every channel is hung up', async () => (await recorder.channels()).length === 0)
}

const check = async (recorder: Recorder, database: Database): Promise<void> => {
  const created = [...recorder.created()]
  let left: readonly string[] = []
  await until('every channel is gone', async () => {
    left = await recorder.channels()
    return left.length === 0
  }).catch((fault: unknown) => {
    throw new Error(`channels are left: ${left.join(', ')}`, { cause: fault })
  })
  const records = async (): Promise<ReadonlyMap<string, number>> => {
    const rows = await database.query<{ leg_uuid: string; count: number }>(
      `SELECT leg_uuid::text, count(*)::int AS count FROM call_detail_records
       WHERE leg_uuid = ANY($1::uuid[]) GROUP BY leg_uuid`,
      [created],
    )
    return new Map(rows.map(({ leg_uuid: uuid, count }) => [uuid, count]))
  }
  let found = new Map<string, number>() as ReadonlyMap<string, number>
  await until('every channel has a CDR', async () => {
    found = await records()
    return found.size >= created.length
  }).catch(() => {
    const missing = created.filter((uuid) => !found.has(uuid))
    throw new Error(`no CDR of ${missing.length} of ${created.length} channels: ${missing.join(', ')}`)
  })
  for (const [uuid, count] of found) assert.equal(count, 1, `${count} CDRs of ${uuid}`)
  for (const [uuid, event] of recorder.hungUp()) {
    const carried = event.variable(CALL_VARIABLE)
    if (carried === undefined || carried === '' || event.variable('originating_leg_uuid') !== undefined)
      continue
    const planned = decodeCall(carried).attempts.length
    const rows = await database.query('SELECT n FROM call_attempts WHERE a_leg_uuid = $1 ORDER BY n', [uuid])
    assert.equal(rows.length, planned, `${rows.length} of ${planned} attempts of ${uuid} are accounted for`)
  }
}
