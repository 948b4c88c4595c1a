/** The engine as main starts it, but that it waits for records as long as RECORD_WAIT_MS says. */
import { join } from 'node:path'
import { startEngine } from '../../src/app/engine.ts'
import { createLogger } from '../../src/base/logger.ts'
import { readConfig } from '../../src/config/config.ts'

const { RECORD_WAIT_MS, ...environment } = process.env
const config = readConfig(environment, process.cwd())
const stopping = new AbortController()
const starting = startEngine({
  config,
  version: 'impatient',
  packageFolder: join(import.meta.dirname, '..', '..'),
  searchPath: environment['PATH'],
  logger: createLogger(config.log),
  stopping: stopping.signal,
  recordWaitMs: Number(RECORD_WAIT_MS),
  onWrongPassword: () => process.exit(78),
})
process.on('SIGTERM', () => {
  stopping.abort()
  void starting.then((engine) => engine.stop()).then(() => process.exit(0))
})
await starting
