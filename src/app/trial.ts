/**
 * The trial: an engine that was told neither of a switch nor of a database brings its own PostgreSQL, a demo
 * organisation and, where no event socket answers, the simulator. The moment that one of them is named, or the
 * database holds an organisation that is not the demo's, it does none of it.
 */
import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { sleep, systemClock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Config } from '../config/config.ts'
import type { SwitchLink } from '../engine/switch-link.ts'
import type { World } from '../engine/world.ts'
import { createSimulator, type Simulator } from '../simulator/simulator.ts'
import type { Database } from '../store/database.ts'
import { seedDemo, type DemoSecrets } from '../store/demo.ts'
import { startPostgres, type RunningPostgres } from '../store/embedded-postgres.ts'
import { hasForeignOrganization } from '../store/organization-writes.ts'
import { trialScenario } from './trial-scenario.ts'

export type TrialReport = {
  readonly simulating: boolean
  /** Only at the start that made them. */
  readonly demo: DemoSecrets | undefined
  readonly postgresFolder: string | undefined
}

export type SwitchAddress = { readonly host: string; readonly port: number; readonly password: string }

export type Trial = {
  /** PostgreSQL of our own, where no DATABASE_URL names another. Resolves with its URL. */
  readonly startPostgres: () => Promise<string>
  readonly seed: (database: Database) => Promise<void>
  /** Where the event socket is; starts the simulator if it comes to that. */
  readonly findSwitch: (engineUrl: string, database: Database, world: World) => Promise<SwitchAddress>
  readonly isSimulating: () => boolean
  /** Where the simulator leaves the records that it could not post. */
  readonly cdrFolder: () => string | undefined
  /** Waits for the switch, so that what is printed is true. Undefined outside of a trial. */
  readonly report: (link: SwitchLink) => Promise<TrialReport | undefined>
  readonly stop: () => Promise<void>
}

export type TrialOptions = {
  readonly config: Config
  readonly logger: Logger
  readonly searchPath: string | undefined
  /** Our `freeswitch-conf`: where a parked or transferred leg waits stands there. */
  readonly configurationDirectory: string
  readonly masterKey: Buffer
  readonly freeswitch: { readonly username: string; readonly password: string }
}

/** A FreeSWITCH that is there answers at once; one that is starting gets this long. */
const SWITCH_WAIT_MS = 3_000

export const createTrial = (options: TrialOptions): Trial => {
  const { config, logger, searchPath, masterKey, freeswitch, configurationDirectory } = options
  const cdrFolder = join(config.dataDir, 'simulator-cdrs')
  let postgres: RunningPostgres | undefined
  let demo: DemoSecrets | undefined
  let simulator: Simulator | undefined

  const simulate = async (engineUrl: string, world: World): Promise<SwitchAddress> => {
    await mkdir(cdrFolder, { recursive: true })
    const eslPassword = randomBytes(18).toString('base64url')
    simulator = createSimulator({
      eslPort: 0,
      eslPassword,
      xmlCurl: { url: `${engineUrl}/freeswitch/xml`, ...freeswitch },
      cdr: { url: `${engineUrl}/freeswitch/cdr`, ...freeswitch, fallbackDirectory: cdrFolder },
      configurationDirectory,
      scenario: trialScenario(world),
      clock: systemClock,
      logger,
    })
    const { eslPort } = await simulator.start()
    return { host: '127.0.0.1', port: eslPort, password: eslPassword }
  }

  return {
    startPostgres: async () => {
      postgres = await startPostgres({ folder: join(config.dataDir, 'postgres'), logger, searchPath })
      return postgres.url
    },
    seed: async (database) => {
      if (config.trial) demo = (await seedDemo(database, masterKey)) ?? demo
    },
    findSwitch: async (engineUrl, database, world) => {
      const { host, port } = config.freeswitch
      const named = { host, port, password: config.freeswitch.password }
      if (!config.trial || (await hasForeignOrganization(database))) return named
      if (await answers(host, port)) return named
      return simulate(engineUrl, world)
    },
    isSimulating: () => simulator !== undefined,
    cdrFolder: () => (config.trial ? cdrFolder : undefined),
    report: async (link) => {
      if (!config.trial) return undefined
      const until = systemClock.monotonic() + SWITCH_WAIT_MS
      while (!link.state().up && systemClock.monotonic() < until) await sleep(systemClock, 20)
      return { simulating: simulator !== undefined, demo, postgresFolder: postgres?.folder }
    },
    stop: async () => {
      await simulator?.stop()
      await postgres?.stop()
    },
  }
}

const answers = async (host: string, port: number): Promise<boolean> => {
  const until = systemClock.monotonic() + SWITCH_WAIT_MS
  for (;;) {
    if (await knock(host, port)) return true
    if (systemClock.monotonic() >= until) return false
    await sleep(systemClock, 250)
  }
}

/** An event socket greets: `Content-Type: auth/request`. */
const knock = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1_000 })
    const done = (there: boolean): void => {
      socket.destroy()
      resolve(there)
    }
    socket.once('data', (bytes) => done(bytes.toString('latin1').startsWith('Content-Type: auth/request')))
    socket.once('timeout', () => done(false))
    socket.once('error', () => done(false))
    socket.once('close', () => done(false))
  })
