/**
 * Brings the schema up to date at boot. Files are `sql/0001_what.sql`, run in the order of their numbers, all
 * that are new in one transaction, under an advisory lock: several engines may boot at once. Forward only.
 *
 * What node-pg-migrate does not say: it prints to the console unless given a logger, waits for the lock only
 * when told to, and reads a comment that begins with "Up Migration" or "Down Migration" as a command.
 */
import { readdir } from 'node:fs/promises'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { faultOf } from './database.ts'

export type MigrationOptions = {
  readonly url: string
  /** The folder `sql/`: beside `src` and beside `dist`, so the caller knows where it is. */
  readonly folder: string
  readonly logger: Logger
}

/** Returns the names of the files that were run. Throws STORE_MIGRATION_FAILED (details.file) or STORE_UNAVAILABLE. */
export const migrate = async ({ url, folder, logger }: MigrationOptions): Promise<readonly string[]> => {
  await checkFolder(folder)
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    application_name: 'strowger',
  })
  client.on('error', (fault) => {
    logger.warn(
      { code: 'STORE_CONNECTION_LOST', why: fault.message },
      'the connection was lost while migrating',
    )
  })
  try {
    await client.connect()
  } catch (fault) {
    throw faultOf(fault)
  }
  let current: string | undefined
  const note = (line: string): void => {
    current = /^### MIGRATION (.+) \(UP\) ###$/.exec(line)?.[1] ?? current
    logger.debug({ line }, 'migration')
  }
  try {
    await checkServer(client)
    const ran = await runner({
      dbClient: client,
      dir: folder,
      ignorePattern: '(?!\\d+_.*\\.sql$).*',
      migrationsTable: 'strowger_migrations',
      direction: 'up',
      checkOrder: true,
      singleTransaction: true,
      advisoryLockMode: 'wait',
      logger: { info: note, warn: note, error: note, debug: () => undefined },
    })
    const names = ran.map(({ name }) => `${name}.sql`)
    if (names.length > 0) logger.info({ files: names }, 'the schema was migrated')
    return names
  } catch (fault) {
    if (fault instanceof EngineError) throw fault
    const file = current === undefined ? undefined : `${current}.sql`
    throw new EngineError(
      'STORE_MIGRATION_FAILED',
      `migrating the schema failed${file === undefined ? '' : ` in ${file}`}: ${asError(fault).message}`,
      { file },
      fault,
    )
  } finally {
    await client.end()
  }
}

const checkFolder = async (folder: string): Promise<void> => {
  let names: readonly string[]
  try {
    names = await readdir(folder)
  } catch (fault) {
    throw new EngineError(
      'STORE_MIGRATION_FAILED',
      `the folder of migrations cannot be read: ${folder}`,
      { folder },
      fault,
    )
  }
  if (!names.some((name) => /^\d+_.*\.sql$/.test(name))) {
    throw new EngineError('STORE_MIGRATION_FAILED', `there are no migrations in ${folder}`, { folder })
  }
}

/** Oldest PostgreSQL that this schema is tried on. */
const OLDEST_SERVER = 130000

const checkServer = async (client: pg.Client): Promise<void> => {
  const { rows } = await client.query<{ version: string; encoding: string }>(
    `SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding`,
  )
  const [server] = rows
  if (server === undefined) return
  if (Number(server.version) < OLDEST_SERVER) {
    throw new EngineError(
      'STORE_SERVER_TOO_OLD',
      `PostgreSQL 13 or newer is needed, this is ${server.version}`,
    )
  }
  // Any other encoding lacks some character that a caller's name may have, and would refuse the CDR.
  if (server.encoding !== 'UTF8') {
    throw new EngineError(
      'STORE_BAD_ENCODING',
      `the database must be in UTF8, this one is in ${server.encoding}`,
    )
  }
}
