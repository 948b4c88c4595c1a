/** The real HTTP server over a real PostgreSQL with the demo's rows and the real worker, for the tests of decks. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Worker } from 'node:worker_threads'
import { createDeckDoors } from '../../src/app/rate-decks.ts'
import { createRatesLink, type RatesLink } from '../../src/app/rates-link.ts'
import { createRecordDoors } from '../../src/app/record-doors.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { RateIndex } from '../../src/routing/rate-lookup.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { seedDemo } from '../../src/store/demo.ts'
import type { RatesReport } from '../../src/store/rates-load.ts'
import { read, type Answer } from '../http/answer.ts'
import { bearer, startFake } from '../http/fake-doors.ts'
import { testDatabase } from '../support/postgres.ts'

export type DeckServer = {
  readonly url: string
  readonly database: Database
  readonly databaseUrl: string
  readonly rates: RatesLink
  /** A request below /v1/rate-decks; a text is a file. */
  readonly send: (method: string, path: string, body?: string | Uint8Array) => Promise<Answer>
  /** What calls go by: every report since the start. */
  readonly reports: readonly RatesReport[]
  /** `0.005` and the deck that it is of; undefined without a rate. */
  readonly priceOf: (
    digits: string,
    owner?: { kind: 'carrier' | 'customer'; id: number },
    at?: number,
  ) => string | undefined
  /** Ends the worker thread as a fault in it would. */
  readonly kill: () => void
  readonly stop: () => Promise<void>
}

export const DAY_MS = 86_400_000

export const startDeckServer = async (): Promise<DeckServer> => {
  const place = await testDatabase()
  const database = openDatabase({ url: place.url, logger: silentLogger })
  const masterKey = randomBytes(32)
  await seedDemo(database, masterKey)
  const reports: RatesReport[] = []
  const state: { index: RateIndex | undefined } = { index: undefined }
  const rates = createRatesLink({
    databaseUrl: place.url,
    logger: silentLogger,
    clock: systemClock,
    onRates: (index, report) => {
      state.index = index
      reports.push(report)
    },
  })
  const threads: Worker[] = []
  const see = (thread: Worker): void => void threads.push(thread)
  process.on('worker', see)
  rates.start()
  await rates.reload()
  const rateDeckFiles = createDeckDoors({ database, rates, clock: systemClock, logger: silentLogger })
  const { url, server } = await startFake({
    records: createRecordDoors({ database, masterKey, clock: systemClock, rateDeckFiles }),
  })
  return {
    url,
    database,
    databaseUrl: place.url,
    rates,
    reports,
    send: async (method, path, body) =>
      read(
        await fetch(`${url}/v1/rate-decks${path}`, {
          method,
          headers: { ...bearer, ...(body === undefined ? {} : { 'content-type': 'text/csv' }) },
          ...(body === undefined ? {} : { body }),
        }),
      ),
    priceOf: (digits, { kind, id } = { kind: 'carrier', id: 1 }, at = Date.now()) => {
      assert.ok(state.index !== undefined)
      const entry = state.index.rateOf(kind, id, digits, at)
      return entry < 0 ? undefined : String(state.index.pricePerMinuteOf(entry) / 1e8)
    },
    kill: () => void threads.at(-1)?.terminate(),
    stop: async () => {
      await server.stop()
      await rates.stop()
      await database.close()
      await place.drop()
      process.off('worker', see)
    },
  }
}
