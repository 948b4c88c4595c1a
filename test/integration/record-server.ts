/** The real HTTP server over a real PostgreSQL with the demo's rows, for the tests of records. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createRecordDoors } from '../../src/app/record-doors.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { Snapshot } from '../../src/directory/records.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { seedDemo } from '../../src/store/demo.ts'
import { loadSnapshot } from '../../src/store/snapshot.ts'
import { read, type Answer } from '../http/answer.ts'
import { bearer, startFake } from '../http/fake-doors.ts'
import { testDatabase } from '../support/postgres.ts'

export type RecordServer = {
  readonly url: string
  readonly database: Database
  /** A request below /v1/. */
  readonly send: (method: string, path: string, body?: unknown) => Promise<Answer>
  /** What the engine would route by now. */
  readonly snapshot: () => Promise<Snapshot>
  readonly stop: () => Promise<void>
}

export const startRecordServer = async (): Promise<RecordServer> => {
  const masterKey = randomBytes(32)
  const place = await testDatabase()
  const database = openDatabase({ url: place.url, logger: silentLogger })
  await seedDemo(database, masterKey)
  const { url, server } = await startFake({
    records: createRecordDoors({ database, masterKey, clock: systemClock }),
  })
  return {
    url,
    database,
    send: async (method, path, body) =>
      read(
        await fetch(`${url}/v1/${path}`, {
          method,
          headers: { ...bearer, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      ),
    snapshot: async () => (await loadSnapshot(database, masterKey)).snapshot,
    stop: async () => {
      await server.stop()
      await database.close()
      await place.drop()
    },
  }
}

/** The record in an answer that went well. */
export const recordIn = (answer: Answer, key: string): Record<string, unknown> => {
  assert.ok(answer.status < 300, answer.text)
  return answer.body[key] as Record<string, unknown>
}

export const SECRET = 'a secret that stays'
export const RATES = [{ prefix: '44', pricePerMinute: '0.004' }]
export const DECK = { carrierId: 1, name: 'x', currency: 'GBP', rates: RATES }
