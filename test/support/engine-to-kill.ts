/**
 * A process that tests end with SIGKILL: starts PostgreSQL on the folder that it is given, writes CDRs, and
 * prints the uuid of each that was acknowledged. `once`: writes one, stops properly and ends.
 */
import { silentLogger } from '../../src/base/logger.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { openDatabase } from '../../src/store/database.ts'
import { startPostgres } from '../../src/store/embedded-postgres.ts'
import { migrate } from '../../src/store/migrations.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { SQL_FOLDER } from './sql-folder.ts'

const [folder = '', mode = '', binaries = ''] = process.argv.slice(2)
const running = await startPostgres({
  folder,
  logger: silentLogger,
  searchPath: process.env['PATH'],
  packageOnly: binaries === 'package',
})
await migrate({ url: running.url, folder: SQL_FOLDER, logger: silentLogger })
const database = openDatabase({ url: running.url, logger: silentLogger })
process.stdout.write(`server ${running.pid} ${running.version} ${running.folder}\n`)
do {
  const cdrs = [cdrOf(), cdrOf()]
  const { inserted } = await insertCdrs(database, cdrs)
  if (inserted === 2) process.stdout.write(cdrs.map(({ legUuid }) => `stored ${legUuid}\n`).join(''))
} while (mode !== 'once')
await database.close()
await running.stop()
