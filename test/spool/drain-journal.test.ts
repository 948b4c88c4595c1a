import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { drainJournal, type Deliver, type DrainOptions } from '../../src/spool/drain-journal.ts'
import { openJournal, type Journal } from '../../src/spool/journal.ts'
import { handClock, listeningLogger, removeScratch, scratchFolder, until } from './scratch.ts'

suite('drain', () => {
  teardown(removeScratch)

  const start = async (
    deliver: Deliver,
    records: readonly string[],
    options: Partial<DrainOptions> = {},
  ): Promise<{
    journal: Journal
    directory: string
    drain: ReturnType<typeof drainJournal>
    clock: ReturnType<typeof handClock>
  }> => {
    const directory = options.directory ?? scratchFolder()
    const clock = handClock()
    const journal = await openJournal({ directory, logger: silentLogger, clock })
    await Promise.all(records.map((record) => journal.append(Buffer.from(record))))
    const drain = drainJournal({ journal, deliver, directory, logger: silentLogger, clock, ...options })
    return { journal, directory, drain, clock }
  }
  const quarantined = (directory: string): { why: string; record?: string; recordBase64?: string }[] =>
    readdirSync(join(directory, 'quarantine'))
      .sort()
      .map((name) => JSON.parse(readFileSync(join(directory, 'quarantine', name), 'utf8')) as { why: string })
  const texts = (records: readonly { bytes: Buffer }[]): string[] =>
    records.map(({ bytes }) => bytes.toString())

  test('delivers in order, in batches of the given size, and what comes later too', async () => {
    const delivered: string[][] = []
    const deliver: Deliver = (records) => {
      delivered.push(texts(records))
      return Promise.resolve({ refused: [] })
    }
    const { journal, drain } = await start(deliver, ['a', 'b', 'c'], { maxRecords: 2 })
    await until(() => journal.stats().pendingRecords === 0)
    await journal.append(Buffer.from('d'))
    await until(() => journal.stats().pendingRecords === 0)
    assert.deepEqual(delivered, [['a', 'b'], ['c'], ['d']])
    await drain.stop()
    await journal.close()
  })

  test('a throw is tried again with the same records, after a pause, and nothing is skipped', async () => {
    const calls: string[][] = []
    let broken = true
    const deliver: Deliver = (records) => {
      calls.push(texts(records))
      return broken ? Promise.reject(new Error('no database')) : Promise.resolve({ refused: [] })
    }
    const { journal, drain, clock } = await start(deliver, ['a', 'b'])
    await until(() => clock.waiting() === 1)
    assert.equal(drain.trouble(), 'no database')
    clock.advance(60_000)
    await until(() => calls.length === 2 && clock.waiting() === 1)
    assert.equal(journal.stats().pendingRecords, 2)
    broken = false
    clock.advance(60_000)
    await until(() => journal.stats().pendingRecords === 0)
    assert.deepEqual(calls, [
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ])
    await until(() => drain.trouble() === undefined)
    await drain.stop()
    await journal.close()
  })

  test('a refused record stands in quarantine with its reason before it leaves the journal', async () => {
    const deliver: Deliver = () =>
      Promise.resolve({ refused: [{ index: 1, why: 'CDR_FIELD: uuid is missing' }] })
    const { journal, directory, drain } = await start(deliver, ['good', '{"bad":1}', 'good too'])
    await until(() => journal.stats().pendingRecords === 0)
    const [kept, ...more] = quarantined(directory)
    assert.equal(more.length, 0)
    assert.deepEqual([kept?.why, kept?.record], ['CDR_FIELD: uuid is missing', '{"bad":1}'])
    assert.equal(drain.refusedCount(), 1)
    await drain.stop()
    await journal.close()
  })

  test('a record that is no UTF-8 is kept byte for byte', async () => {
    const directory = scratchFolder()
    const bytes = Buffer.from([0x7b, 0xff, 0x00, 0x7d])
    const journal = await openJournal({ directory, logger: silentLogger, clock: handClock() })
    await journal.append(bytes)
    const deliver: Deliver = () => Promise.resolve({ refused: [{ index: 0, why: 'no' }] })
    const drain = drainJournal({ journal, deliver, directory, logger: silentLogger, clock: handClock() })
    await until(() => journal.stats().pendingRecords === 0)
    assert.equal(quarantined(directory)[0]?.recordBase64, bytes.toString('base64'))
    await drain.stop()
    await journal.close()
  })

  test('a hopeless throw is narrowed to the record that causes it', async () => {
    const stored: string[] = []
    const deliver: Deliver = (records) => {
      if (texts(records).includes('poison')) {
        return Promise.reject(new EngineError('STORE_ROW', 'the row cannot be', { retryable: false }))
      }
      stored.push(...texts(records))
      return Promise.resolve({ refused: [] })
    }
    const { journal, directory, drain } = await start(deliver, ['a', 'poison', 'b'])
    await until(() => journal.stats().pendingRecords === 0)
    assert.deepEqual(stored, ['a', 'b'])
    assert.deepEqual(
      quarantined(directory).map(({ record }) => record),
      ['poison'],
    )
    await drain.stop()
    await journal.close()
  })

  test('while the quarantine cannot be written the records stay in the journal', async () => {
    const deliver: Deliver = () => Promise.resolve({ refused: [{ index: 0, why: 'no' }] })
    const directory = scratchFolder()
    writeFileSync(join(directory, 'quarantine'), 'a file in the way')
    const { journal, drain, clock } = await start(deliver, ['a'], { directory })
    await until(() => clock.waiting() === 1)
    assert.equal(journal.stats().pendingRecords, 1)
    rmSync(join(directory, 'quarantine'))
    clock.advance(60_000)
    await until(() => journal.stats().pendingRecords === 0)
    assert.equal(quarantined(directory).length, 1)
    await drain.stop()
    await journal.close()
  })

  test('a refusal of a record that was not delivered is a fault, and said', async () => {
    const { logger, lines } = listeningLogger()
    const deliver: Deliver = () => Promise.resolve({ refused: [{ index: 7, why: 'no' }] })
    const { journal, drain, clock } = await start(deliver, ['a'], { logger })
    await until(() => clock.waiting() === 1)
    assert.equal(lines.length, 1)
    assert.equal(journal.stats().pendingRecords, 1)
    await drain.stop()
    await journal.close()
  })

  test('a stop waits for the delivery under way and acknowledges it', async () => {
    let finish: () => void = () => undefined
    let delivering = false
    const deliver: Deliver = () => {
      delivering = true
      return new Promise((resolve) => {
        finish = () => {
          resolve({ refused: [] })
        }
      })
    }
    const { journal, drain } = await start(deliver, ['a'])
    await until(() => delivering)
    const stopped = drain.stop()
    finish()
    await stopped
    assert.equal(journal.stats().pendingRecords, 0)
    await journal.close()
  })
})
