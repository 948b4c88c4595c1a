import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../../src/base/logger.ts'
import { createLedger, readLedger, type Ledger, type LedgerOptions } from '../../src/spool/ledger.ts'
import { handClock, listeningLogger, removeScratch, scratchFolder, until } from './scratch.ts'

const NAME = 'legs.ledger'
const open = async (
  directory: string,
  lines: () => readonly unknown[] = () => [],
  more: Partial<LedgerOptions> = {},
): Promise<Ledger> => {
  const ledger = createLedger({
    directory,
    name: NAME,
    lines,
    clock: handClock(),
    logger: silentLogger,
    ...more,
  })
  await ledger.begin()
  return ledger
}
const read = (directory: string): Promise<readonly unknown[]> => readLedger(directory, NAME, silentLogger)

suite('ledger', () => {
  teardown(removeScratch)

  test('nothing was left: there is nothing', async () => {
    assert.deepEqual(await read(scratchFolder()), [])
  })

  test('what was noted is read in its order, without a close', async () => {
    const directory = scratchFolder()
    const ledger = await open(directory, () => [{ n: 0 }])
    ledger.note([{ n: 1 }, { n: 2 }])
    ledger.note([{ n: 3 }])
    await ledger.idle()
    assert.deepEqual(await read(directory), [{ n: 0 }, { n: 1 }, { n: 2 }, { n: 3 }])
    await ledger.close()
  })

  test('a note returns before it is written', async () => {
    const directory = scratchFolder()
    const ledger = await open(directory)
    ledger.note([{ n: 1 }])
    assert.equal(statSync(join(directory, NAME)).size, 0)
    await ledger.close()
    assert.deepEqual(await read(directory), [{ n: 1 }])
  })

  test('a torn end and damage cost themselves alone', async () => {
    const directory = scratchFolder()
    const ledger = await open(directory)
    ledger.note([{ n: 1 }])
    await ledger.idle()
    const first = statSync(join(directory, NAME)).size
    ledger.note([{ n: 2 }])
    await ledger.close()
    const path = join(directory, NAME)
    const whole = readFileSync(path)
    truncateSync(path, whole.length - 3)
    assert.deepEqual(await read(directory), [{ n: 1 }])
    writeFileSync(path, Buffer.concat([whole.subarray(0, first), Buffer.from('rot'), whole.subarray(first)]))
    assert.deepEqual(await read(directory), [{ n: 1 }, { n: 2 }])
  })

  test('a new one begins with a whole file: nothing stands behind a torn end', async () => {
    const directory = scratchFolder()
    const first = await open(directory, () => [{ n: 1 }])
    await first.close()
    appendFileSync(join(directory, NAME), 'half of a frame')
    const second = await open(directory, () => [{ n: 1 }])
    second.note([{ n: 2 }])
    await second.close()
    assert.deepEqual(await read(directory), [{ n: 1 }, { n: 2 }])
  })

  test('it is written anew when it has grown to twice what there is to say', async () => {
    const directory = scratchFolder()
    const text = 'x'.repeat(500)
    let known: readonly unknown[] = []
    const ledger = await open(directory, () => known, { smallestBytes: 2_000 })
    for (let n = 0; n < 50; n += 1) {
      known = [{ n, text }]
      ledger.note(known)
      await ledger.idle()
    }
    assert.ok(statSync(join(directory, NAME)).size <= 2_000 + 2 * 600)
    await ledger.close()
    assert.deepEqual((await read(directory)).at(-1), { n: 49, text })
  })

  test('what is noted while it is written anew stands behind it', async () => {
    const directory = scratchFolder()
    const known = Array.from({ length: 2_000 }, (_, n) => ({ n }))
    const ledger = createLedger({
      directory,
      name: NAME,
      lines: () => known,
      clock: handClock(),
      logger: silentLogger,
    })
    const begun = ledger.begin()
    await new Promise((resolve) => setImmediate(resolve))
    ledger.note([{ late: true }])
    await begun
    await ledger.close()
    const lines = await read(directory)
    assert.deepEqual(lines.slice(0, 2_000), known)
    assert.deepEqual(lines.slice(2_000), [{ late: true }])
  })

  test('a disk that refuses is told once and tried again, and then all of it is there', async () => {
    const directory = scratchFolder()
    const clock = handClock()
    const { logger, lines } = listeningLogger()
    const known: unknown[] = [{ n: 1 }]
    const folder = join(directory, 'legs')
    // In the folder's place stands a file.
    writeFileSync(folder, '')
    const ledger = createLedger({ directory: folder, name: NAME, lines: () => known, clock, logger })
    await ledger.begin()
    assert.match(ledger.trouble() ?? '', /EEXIST|ENOTDIR/)
    known.push({ n: 2 })
    ledger.note([{ n: 2 }])
    clock.advance(5_000)
    await ledger.idle()
    assert.equal(lines.length, 1)
    rmSync(folder)
    mkdirSync(folder)
    clock.advance(5_000)
    await until(() => ledger.trouble() === undefined)
    await ledger.close()
    assert.deepEqual(await read(folder), [{ n: 1 }, { n: 2 }])
    assert.ok(!existsSync(join(folder, `${NAME}.tmp`)))
  })
})
