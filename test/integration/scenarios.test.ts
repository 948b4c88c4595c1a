/**
 * The scenarios of test/scenario with the simulator as the switch, and a real engine with a real PostgreSQL. What
 * passes here and not in test/live is a difference of the simulator, and a bug of it.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEngine, type Engine } from '../../src/app/engine.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { readConfig } from '../../src/config/config.ts'
import { gatewayIdOf } from '../../src/directory/records.ts'
import { createSimulator, type PartyBehaviour, type Simulator } from '../../src/simulator/simulator.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { buildHouse, MASTER_KEY, passwordOf, rearrange, type House } from '../live/house.ts'
import { freePort, until } from '../live/net.ts'
import { SCENARIOS } from '../scenario/calls.ts'
import { checkAttempts, checkLegs } from '../scenario/records.ts'
import {
  CARRIERS,
  DOMAIN,
  REGISTERED,
  type CarrierName,
  type PhoneName,
  type Scenario,
} from '../scenario/scenario.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))
const TRUNK_ADDRESS = '192.0.2.2'
const STRANGER_ADDRESS = '192.0.2.3'
const UNEXPECTED: PartyBehaviour = { outcome: { kind: 'refuse', status: 606, afterMs: 0 } }

suite('scenarios on the simulator', () => {
  let folder: string
  let testing: TestDatabase
  let database: Database
  let house: House
  let simulator: Simulator
  let engine: Engine | undefined
  let start: () => Promise<void>
  let scenario: Scenario | undefined
  const invited: string[] = []

  const get = async (path: string): Promise<string> => {
    const token = readFileSync(join(folder, 'engine', 'admin-token'), 'utf8').trim()
    const reply = await fetch(`${engine?.url ?? ''}${path}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    return reply.text()
  }

  const carrierOf = (gateway: string): CarrierName | 'emergency' =>
    CARRIERS.find((name) => house.gatewayIds[name] === gatewayIdOf(gateway)) ?? 'emergency'

  suiteSetup(async function () {
    this.timeout(60_000)
    folder = mkdtempSync(join(tmpdir(), 'strowger-scenarios-'))
    testing = await testDatabase()
    database = openDatabase({ url: testing.url, logger: silentLogger, connections: 2 })
    house = await buildHouse(database, MASTER_KEY, {
      A: { port: 5091, cidrs: [`${TRUNK_ADDRESS}/32`] },
      B: { port: 5092 },
      C: { port: 5093 },
    })
    const httpPort = await freePort()
    const eslPort = await freePort()
    const door = { username: 'switch', password: 'scenario-xml-curl' }
    simulator = createSimulator({
      eslPort,
      eslPassword: 'scenario-esl',
      xmlCurl: { url: `http://127.0.0.1:${httpPort}/freeswitch/xml`, ...door },
      cdr: {
        url: `http://127.0.0.1:${httpPort}/freeswitch/cdr`,
        ...door,
        fallbackDirectory: join(folder, 'left'),
        encodeValues: true,
      },
      configurationDirectory: join(PACKAGE, 'freeswitch-conf'),
      clock: systemClock,
      logger: silentLogger,
      scenario: {
        gateway: (gateway) => {
          const name = carrierOf(gateway)
          invited.push(name)
          return (name === 'emergency' ? scenario?.emergency : scenario?.carriers?.[name]) ?? UNEXPECTED
        },
        phone: (username) => {
          invited.push(username)
          return scenario?.phones?.[username as PhoneName] ?? UNEXPECTED
        },
        registered: (username) => REGISTERED.some((phone) => phone === username),
      },
    })
    const config = readConfig(
      {
        DATABASE_URL: testing.url,
        FREESWITCH_HOST: '127.0.0.1',
        FREESWITCH_PORT: String(eslPort),
        FREESWITCH_PASSWORD: 'scenario-esl',
        FREESWITCH_CDR_DIR: join(folder, 'left'),
        STROWGER_DATA_DIR: join(folder, 'engine'),
        STROWGER_HTTP_PORT: String(httpPort),
        STROWGER_SOCKET_PORT: '0',
        STROWGER_XML_CURL_USER: door.username,
        STROWGER_XML_CURL_PASSWORD: door.password,
        STROWGER_MASTER_KEY: MASTER_KEY.toString('hex'),
      },
      folder,
    )
    start = async () => {
      engine = await startEngine({
        config,
        version: 'test',
        packageFolder: PACKAGE,
        searchPath: process.env['PATH'],
        logger: silentLogger,
        onWrongPassword: () => assert.fail('the event socket refuses the password'),
      })
      const { url } = engine
      const isOk = async (check: string): Promise<boolean> =>
        (await (await fetch(`${url}/ready`)).text()).includes(check)
      await until('the engine knows its routing', () => isOk('rates;'))
      // As the real switch has its lists from a file of its own, this one has them from an engine that is there first.
      if (simulator.gateways().length === 0) await simulator.start()
      await until('the engine is ready', async () => (await fetch(`${url}/ready`)).status === 200)
    }
    await start()
    await until('the simulator has the gateways', () => simulator.gateways().length >= CARRIERS.length)
    for (const phone of REGISTERED)
      assert.equal(await simulator.register(phone, DOMAIN, passwordOf(phone)), 'registered')
  })

  suiteTeardown(async function () {
    this.timeout(30_000)
    await simulator.stop()
    await engine?.stop()
    await database.close()
    await testing.drop()
    rmSync(folder, { recursive: true, force: true })
  })

  for (const each of SCENARIOS) {
    test(each.name, async function () {
      this.timeout(30_000)
      scenario = each
      invited.length = 0
      await rearrange(each, 'begin', { database, house, get })
      const { disabled } = each
      if (disabled !== undefined)
        await until(
          'the simulator forgot the user',
          async () => (await simulator.register(disabled, DOMAIN, passwordOf(disabled))) === 'refused',
        )
      if (each.withoutEngine === true) await engine?.stop()
      let callId: string
      try {
        const placed = await place(each)
        callId = placed.uuid
        assert.equal((await placed.final).sipStatus, each.expect.status)
        await until('every channel is gone', () => simulator.channels().length === 0)
      } finally {
        if (each.withoutEngine === true) await start()
        await rearrange(each, 'end', { database, house, get })
      }
      assert.deepEqual(invited, each.expect.invited, 'who was called, in order')
      if (each.expect.disposition !== undefined) await checkRecords(callId, each)
    })
  }

  const place = ({ call }: Scenario): ReturnType<Simulator['placeCall']> => {
    const behaviour = {
      ...(call.hangupAfterMs === undefined ? {} : { hangupAfterMs: call.hangupAfterMs }),
      ...(call.cancelAfterMs === undefined ? {} : { cancelAfterMs: call.cancelAfterMs }),
    }
    if (call.from === 'carrier A' || call.from === 'a stranger') {
      const address = call.from === 'carrier A' ? TRUNK_ADDRESS : STRANGER_ADDRESS
      return simulator.receiveCall(address, call.to, { ...behaviour, callerNumber: '+33142685300' })
    }
    return simulator.placeCall({ username: call.from, domain: DOMAIN }, call.to, behaviour)
  }

  const checkRecords = async (uuid: string, scenarioPlayed: Scenario): Promise<void> => {
    const [record] = await until('the record of the caller', async () => {
      const rows = await database.query<{ disposition: string }>(
        'SELECT disposition FROM call_detail_records WHERE leg_uuid = $1',
        [uuid],
      )
      return rows.length > 0 && rows
    })
    assert.equal(record?.disposition, scenarioPlayed.expect.disposition)
    await checkAttempts(database, uuid, scenarioPlayed)
    await checkLegs(database, uuid, scenarioPlayed, until)
  }
})
