/** One PostgreSQL for a bench, with the engine's own settings, ended with it; and a fresh copy of the schema a measurement. */
import { join } from 'node:path'
import pg from 'pg'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { startPostgres } from '../../src/store/embedded-postgres.ts'
import { migrate } from '../../src/store/migrations.ts'
import { openFolder, withDatabase } from '../support/postgres.ts'
import { SQL_FOLDER } from '../support/sql-folder.ts'

export type CdrStage = {
  /** In a database of its own. */
  readonly within: <Result>(act: (database: Database, url: string) => Promise<Result>) => Promise<Result>
  /** A folder of the bench. */
  readonly folder: string
}

export const withCdrStage = async <Result>(act: (stage: CdrStage) => Promise<Result>): Promise<Result> => {
  const { folder, remove } = openFolder()
  const server = await startPostgres({
    folder: join(folder, 'postgres'),
    logger: silentLogger,
    searchPath: process.env['PATH'],
  })
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  const copies = { made: 0 }
  try {
    await admin.query("CREATE DATABASE template_of_bench ENCODING 'UTF8' TEMPLATE template0")
    await migrate({
      url: withDatabase(server.url, 'template_of_bench'),
      folder: SQL_FOLDER,
      logger: silentLogger,
    })
    return await act({
      folder,
      within: async (measure) => {
        copies.made += 1
        const name = `bench_${copies.made}`
        await admin.query(`CREATE DATABASE ${name} TEMPLATE template_of_bench`)
        await admin.query('CHECKPOINT')
        const url = withDatabase(server.url, name)
        const database = openDatabase({ url, logger: silentLogger, statementTimeoutMs: 600_000 })
        try {
          return await measure(database, url)
        } finally {
          await database.close()
          await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
        }
      },
    })
  } finally {
    await admin.end()
    await server.stop()
    remove()
  }
}
