/** The job library's runner may be stopped at any moment, also while it starts. */
import { setTimeout as sleep } from 'node:timers/promises'
import { silentLogger } from '../../src/base/logger.ts'
import { systemClock } from '../../src/base/clock.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { createDeliveryJobs } from '../../src/store/delivery-jobs.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'

suite('store: the workers of deliveries', () => {
  let testing: TestDatabase
  let database: Database
  suiteSetup(async function () {
    this.timeout(60_000)
    testing = await testDatabase()
    database = openDatabase({ url: testing.url, logger: silentLogger })
  })
  suiteTeardown(async () => {
    await database.close()
    await testing.drop()
  })

  for (const ms of [0, 1, 5, 20, 60]) {
    test(`stopped ${ms} ms after their start they end`, async () => {
      const jobs = createDeliveryJobs({
        url: testing.url,
        database,
        engineId: 'stopped',
        deliver: () => Promise.resolve(undefined),
        clock: systemClock,
        logger: silentLogger,
      })
      await jobs.start()
      await sleep(ms)
      await jobs.stop()
    })
  }
})
