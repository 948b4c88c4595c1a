/** A database of its own for every test of the suite that calls this: opened before the test, dropped after it. */
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { testDatabase, type TestDatabase } from './postgres.ts'

export type DatabasePerTest = {
  /** Of the test that runs. */
  readonly url: () => string
  readonly database: () => Database
}

export const databasePerTest = (): DatabasePerTest => {
  let open: { readonly place: TestDatabase; readonly database: Database } | undefined
  const current = (): NonNullable<typeof open> => {
    if (open === undefined) throw new Error('the database is not open: no test runs')
    return open
  }
  setup(async () => {
    const place = await testDatabase()
    open = { place, database: openDatabase({ url: place.url, logger: silentLogger }) }
  })
  teardown(async () => {
    const { place, database } = current()
    open = undefined
    await database.close()
    await place.drop()
  })
  return { url: () => current().place.url, database: () => current().database }
}
