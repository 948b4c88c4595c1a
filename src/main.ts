/** The engine's entry: reads the environment, starts the engine, tells a person what to try, stops on a signal. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startEngine } from './app/engine.ts'
import { greeting } from './app/greeting.ts'
import { asError, codeOf } from './base/errors.ts'
import { createLogger } from './base/logger.ts'
import { readConfig, type Config } from './config/config.ts'

/** The configuration is wrong: restarting changes nothing (sysexits.h EX_CONFIG). */
const EXIT_CONFIG = 78
/** What must be mended by a person before a restart helps. */
const CONFIGURATION_FAULTS = new Set([
  'CONFIG_INVALID',
  'HTTP_TOKEN_EXPOSED',
  'HTTP_TOKEN_UNREADABLE',
  'STORE_BAD_MASTER_KEY',
  'STORE_POSTGRES_VERSION',
])

const packageFolder = join(dirname(fileURLToPath(import.meta.url)), '..')

const fail = (message: string, exitCode: number): never => {
  process.stderr.write(`strowger: ${message}\n`)
  process.exit(exitCode)
}

const configure = (): Config => {
  try {
    return readConfig(process.env, process.cwd())
  } catch (fault) {
    return fail(asError(fault).message, EXIT_CONFIG)
  }
}

const run = async (): Promise<void> => {
  const config = configure()
  const logger = createLogger(config.log)
  const manifest: unknown = JSON.parse(await readFile(join(packageFolder, 'package.json'), 'utf8'))
  const version =
    typeof manifest === 'object' && manifest !== null && 'version' in manifest
      ? String(manifest.version)
      : 'unknown'

  const stopping = new AbortController()
  const stop = (exitCode: number): void => {
    if (stopping.signal.aborted) process.exit(1)
    stopping.abort()
    // A start that was given up has taken back what it had begun.
    const stopped = starting.then(
      (engine) => engine.stop(),
      () => undefined,
    )
    stopped
      .catch((fault: unknown) => {
        logger.error({ err: asError(fault) }, 'the engine did not stop cleanly')
      })
      .finally(() => process.exit(exitCode))
  }
  process.on('SIGTERM', () => stop(0))
  process.on('SIGINT', () => stop(0))
  process.on('uncaughtException', (fault) => {
    logger.fatal({ err: fault }, 'a fault that nobody caught: the engine ends, calls go on in the switch')
    process.exit(70)
  })

  const starting = startEngine({
    config,
    version,
    packageFolder,
    searchPath: process.env['PATH'],
    logger,
    stopping: stopping.signal,
    onWrongPassword: () => {
      process.stderr.write(
        `strowger: the event socket at ${config.freeswitch.host}:${config.freeswitch.port} refuses the password: set FREESWITCH_PASSWORD to that of event_socket.conf\n`,
      )
      stop(EXIT_CONFIG)
    },
  })
  try {
    const engine = await starting
    if (!stopping.signal.aborted) process.stdout.write(greeting(engine, config))
  } catch (fault) {
    if (stopping.signal.aborted) return
    fail(asError(fault).message, CONFIGURATION_FAULTS.has(codeOf(fault) ?? '') ? EXIT_CONFIG : 1)
  }
}

await run()
