/**
 * A real PostgreSQL for tests: one server a mocha process, started when first asked for, ended with it; a fresh
 * database a call, copied from a migrated template. STROWGER_TEST_DATABASE_URL names a server to use instead
 * (its user must be allowed to create databases).
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { silentLogger } from '../../src/base/logger.ts'
import { startPostgres } from '../../src/store/embedded-postgres.ts'
import { migrate } from '../../src/store/migrations.ts'
import { SQL_FOLDER } from './sql-folder.ts'

export type TestDatabase = { readonly url: string; readonly drop: () => Promise<void> }

/** The caller drops it; what is left over goes with the server. */
export const testDatabase = async (): Promise<TestDatabase> => {
  const { url: adminUrl, template } = await (shared.server ??= startServer())
  const name = `test_${randomUUID().replaceAll('-', '')}`
  // Two copies of one template at once are refused (PostgreSQL: "source database is being accessed").
  shared.copying = shared.copying.then(() => admin(adminUrl, `CREATE DATABASE ${name} TEMPLATE ${template}`))
  await shared.copying
  return {
    url: withDatabase(adminUrl, name),
    drop: () => admin(adminUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  }
}

/** A folder that every user may enter, and its removal; as root PostgreSQL runs as another user. */
export const openFolder = (): { readonly folder: string; readonly remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-test-'))
  chmodSync(folder, 0o755)
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export const withDatabase = (url: string, name: string): string => {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

type Server = { readonly url: string; readonly template: string }

const shared: { server: Promise<Server> | undefined; copying: Promise<void>; end: () => Promise<void> } = {
  server: undefined,
  copying: Promise.resolve(),
  end: () => Promise.resolve(),
}

const startServer = async (): Promise<Server> => {
  const template = `template_${randomUUID().replaceAll('-', '')}`
  const given = process.env['STROWGER_TEST_DATABASE_URL']
  const url = given !== undefined && given !== '' ? given : await startEmbedded()
  await admin(url, `CREATE DATABASE ${template} ENCODING 'UTF8' TEMPLATE template0`)
  if (url === given) shared.end = () => admin(url, `DROP DATABASE IF EXISTS ${template} WITH (FORCE)`)
  await migrate({ url: withDatabase(url, template), folder: SQL_FOLDER, logger: silentLogger })
  return { url, template }
}

const startEmbedded = async (): Promise<string> => {
  const { folder, remove } = openFolder()
  const { url, pid, stop } = await startPostgres({
    folder: join(folder, 'postgres'),
    logger: silentLogger,
    searchPath: process.env['PATH'],
  })
  const killLast = (): void => {
    // Only where mocha was ended before its hooks: nothing can be awaited here.
    process.kill(pid, 'SIGQUIT')
    remove()
  }
  process.once('exit', killLast)
  shared.end = async () => {
    process.removeListener('exit', killLast)
    await stop()
    remove()
  }
  return url
}

const admin = async (url: string, statement: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

// Called while mocha loads a file, outside any suite: a hook of the root suite. A benchmark has no mocha.
if ('suiteTeardown' in globalThis) {
  suiteTeardown(async function () {
    this.timeout(60_000)
    await shared.end()
  })
}
