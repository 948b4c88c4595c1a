/** The counting by itself: soon after a record, at rest when nothing came, on after a database that was away. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { keepReports } from '../../src/app/reports.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { Database } from '../../src/store/database.ts'
import { EngineError } from '../../src/base/errors.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { reportMarks } from '../../src/store/report-marks.ts'
import { reportsDue } from '../../src/store/report-recount.ts'
import { callOf } from '../store/report-sample.ts'
import { databasePerTest } from '../support/database-per-test.ts'
import { createManualClock } from '../support/manual-clock.ts'

suite('reports: kept', function () {
  this.timeout(30_000)
  const place = databasePerTest()
  const due = (): Promise<number> => reportsDue(place.database())
  const add = async (): Promise<void> => {
    await insertCdrs(place.database(), callOf({ at: Date.UTC(2026, 10, 20, 12) }), [reportMarks])
  }
  /** A run is on the way as soon as its timer went off; it arms the next one when it ended. */
  const turn = async (clock: ReturnType<typeof createManualClock>, ms: number): Promise<void> => {
    clock.advance(ms)
    for (let tries = 0; tries < 500 && clock.waiting() === 0; tries++) await sleep(10)
  }

  test('a record is counted within seconds, and the next one too', async () => {
    const clock = createManualClock()
    const part = keepReports({ database: place.database(), clock, logger: silentLogger })
    await part.start()
    await add()
    assert.ok((await due()) > 0)
    await turn(clock, 5_000)
    assert.equal(await due(), 0)
    await add()
    await turn(clock, 5_000)
    assert.equal(await due(), 0)
    const [row] = await place
      .database()
      .query<{ calls: number }>('SELECT outbound_calls AS calls FROM hourly_call_reporting')
    assert.equal(row?.calls, 2)
    await part.stop()
    assert.equal(clock.waiting(), 0)
  })

  test('a database that is away delays it, and nothing is lost', async () => {
    const clock = createManualClock()
    let away = true
    const database: Database = {
      ...place.database(),
      transaction: (work, mode) =>
        away
          ? Promise.reject(new EngineError('STORE_UNAVAILABLE', 'away', { retryable: true }))
          : place.database().transaction(work, mode),
    }
    const part = keepReports({ database, clock, logger: silentLogger })
    await part.start()
    await add()
    await turn(clock, 5_000)
    assert.ok((await due()) > 0)
    away = false
    await turn(clock, 5_000)
    assert.equal(await due(), 0)
    await part.stop()
  })
})
