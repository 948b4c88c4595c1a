/** A PostgreSQL that can be killed and kept away, behind an address that stays. */
import { join } from 'node:path'
import pg from 'pg'
import { silentLogger } from '../../src/base/logger.ts'
import { startPostgres, type RunningPostgres } from '../../src/store/embedded-postgres.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openFolder, withDatabase } from '../support/postgres.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

export type ChaosPostgres = {
  /** Of a database with the schema, on the address that stays. */
  readonly url: string
  /** `kill -9` of the server, with everything that it was writing. */
  readonly kill: () => void
  readonly startAgain: () => Promise<void>
  readonly stop: () => Promise<void>
}

export const startChaosPostgres = async (): Promise<ChaosPostgres> => {
  const { folder, remove } = openFolder()
  const start = (): Promise<RunningPostgres> =>
    startPostgres({ folder: join(folder, 'postgres'), logger: silentLogger, searchPath: process.env['PATH'] })
  let running = await start()
  const proxy = await startTcpProxy(() => Number(new URL(running.url).port))
  const address = (database: string): string => {
    const url = new URL(withDatabase(running.url, database))
    url.port = String(proxy.port)
    return url.href
  }
  const admin = new pg.Client({ connectionString: running.url })
  await admin.connect()
  await admin.query('CREATE DATABASE endurance')
  await admin.end()
  await migrate({ url: address('endurance'), folder: SQL_FOLDER, logger: silentLogger })
  // Ended with us, however we end.
  const killLast = (): void => {
    process.kill(running.pid, 'SIGQUIT')
    remove()
  }
  process.once('exit', killLast)
  return {
    url: address('endurance'),
    kill: () => {
      process.kill(running.pid, 'SIGKILL')
    },
    startAgain: async () => {
      await running.stop().catch(() => undefined)
      running = await start()
    },
    stop: async () => {
      process.removeListener('exit', killLast)
      await proxy.close()
      await running.stop()
      remove()
    },
  }
}
