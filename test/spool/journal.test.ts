import assert from 'node:assert/strict'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { silentLogger } from '../../src/base/logger.ts'
import { openJournal, type Journal, type JournalOptions } from '../../src/spool/journal.ts'
import { handClock, listeningLogger, removeScratch, scratchFolder, until } from './scratch.ts'

const open = (directory: string, options: Partial<JournalOptions> = {}): Promise<Journal> =>
  openJournal({ directory, logger: silentLogger, clock: handClock(), ...options })

const append = (journal: Journal, ...records: readonly string[]): Promise<unknown> =>
  Promise.all(records.map((record) => journal.append(Buffer.from(record))))

/** Takes everything, `size` records at a time. */
const drainAll = async (journal: Journal, size = 500, maxBytes = 1 << 20): Promise<string[]> => {
  const texts: string[] = []
  for (
    let batch = await journal.read(size, maxBytes);
    batch !== undefined;
    batch = await journal.read(size, maxBytes)
  ) {
    texts.push(...batch.records.map(({ bytes }) => bytes.toString()))
    await journal.acknowledge(batch)
  }
  return texts
}

const segmentsIn = (directory: string): string[] =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.journal'))
    .sort()

const numbered = (count: number): string[] => Array.from({ length: count }, (_, n) => `record ${n}`)

suite('journal', () => {
  teardown(removeScratch)

  test('what was appended is read in the order of its arrival, and once acknowledged never again', async () => {
    const journal = await open(scratchFolder())
    await append(journal, 'a', 'b', 'c')
    const batch = await journal.read(2, 1 << 20)
    assert.deepEqual(
      batch?.records.map(({ bytes }) => bytes.toString()),
      ['a', 'b'],
    )
    assert.deepEqual(await journal.read(2, 1 << 20), batch, 'asked again it answers the same')
    await journal.acknowledge(batch)
    assert.deepEqual(await drainAll(journal), ['c'])
    await journal.close()
  })

  test('what waits is there after a restart, and only that', async () => {
    const directory = scratchFolder()
    const first = await open(directory)
    await append(first, 'a', 'b', 'c')
    const batch = await first.read(1, 1 << 20)
    assert.ok(batch)
    await first.acknowledge(batch)
    await first.close()
    const second = await open(directory)
    await append(second, 'd')
    assert.equal(second.stats().pendingRecords, 3)
    assert.deepEqual(await drainAll(second), ['b', 'c', 'd'])
    await second.close()
  })

  test('appends that come during a sync share the next one', async () => {
    const directory = scratchFolder()
    const journal = await open(directory)
    const order: number[] = []
    await Promise.all(
      numbered(200).map(async (record, n) => {
        await journal.append(Buffer.from(record))
        order.push(n)
      }),
    )
    assert.deepEqual(
      order,
      numbered(200).map((_, n) => n),
    )
    assert.deepEqual(await drainAll(journal), numbered(200))
    await journal.close()
  })

  test('an append that comes in the very moment in which the last has ended is not forgotten', async () => {
    const journal = await open(scratchFolder())
    for (let n = 0; n < 20; n += 1) {
      const first = append(journal, 'first')
      for (let turns = 0; turns < n; turns += 1) await Promise.resolve()
      const second = journal.append(Buffer.from('a')).then(() => journal.append(Buffer.from('b')))
      await Promise.all([first, second])
    }
    assert.equal(journal.stats().pendingRecords, 60)
    await journal.close()
  })

  test('a segment that is full is followed by the next, and is deleted when it was drained to its end', async () => {
    const directory = scratchFolder()
    const journal = await open(directory, { segmentBytes: 100 })
    for (const record of numbered(20)) await append(journal, record)
    const before = segmentsIn(directory).length
    assert.ok(before >= 5, `${before} segments`)
    assert.deepEqual(await drainAll(journal, 3), numbered(20))
    assert.deepEqual(segmentsIn(directory).length, 0)
    await append(journal, 'after')
    assert.deepEqual(await drainAll(journal), ['after'])
    await journal.close()
  })

  test('a batch keeps to its bytes, but a record that is larger than that comes alone', async () => {
    const journal = await open(scratchFolder())
    const large = 'x'.repeat(5000)
    await append(journal, 'a', large, 'b', 'c')
    const sizes: number[] = []
    for (
      let batch = await journal.read(500, 1000);
      batch !== undefined;
      batch = await journal.read(500, 1000)
    ) {
      sizes.push(batch.records.length)
      await journal.acknowledge(batch)
    }
    assert.deepEqual(sizes, [1, 1, 2])
    await journal.close()
  })

  test('stats tell how much waits and for how long', async () => {
    const clock = handClock()
    const journal = await open(scratchFolder(), { clock })
    assert.deepEqual(journal.stats(), { pendingRecords: 0, pendingBytes: 0, oldestAgeMs: 0, segments: 0 })
    await append(journal, 'old')
    clock.advance(5000)
    await append(journal, 'new')
    clock.advance(1000)
    assert.deepEqual([journal.stats().pendingRecords, journal.stats().oldestAgeMs], [2, 6000])
    const batch = await journal.read(1, 1 << 20)
    assert.ok(batch)
    await journal.acknowledge(batch)
    assert.deepEqual([journal.stats().pendingRecords, journal.stats().oldestAgeMs], [1, 1000])
    await drainAll(journal)
    assert.deepEqual([journal.stats().pendingBytes, journal.stats().oldestAgeMs], [0, 0])
    await journal.close()
  })

  test('a reader is woken by an append, and by its signal', async () => {
    const journal = await open(scratchFolder())
    const woken = journal.readable(new AbortController().signal)
    await append(journal, 'a')
    await woken
    await drainAll(journal)
    const stop = new AbortController()
    const stopped = journal.readable(stop.signal)
    stop.abort()
    await stopped
    await journal.close()
  })

  test('a second engine on the same folder is refused, and let in when the first has gone', async () => {
    const directory = scratchFolder()
    const first = await open(directory)
    await assert.rejects(open(directory), { code: 'SPOOL_IN_USE' })
    await first.close()
    await (await open(directory)).close()
  })

  test('a closed journal takes nothing', async () => {
    const journal = await open(scratchFolder())
    await journal.close()
    await assert.rejects(journal.append(Buffer.from('a')), { code: 'SPOOL_CLOSED' })
  })

  test('an unreadable position means that everything is delivered again', async () => {
    const directory = scratchFolder()
    const first = await open(directory)
    await append(first, 'a', 'b')
    const batch = await first.read(1, 1 << 20)
    assert.ok(batch)
    await first.acknowledge(batch)
    await first.close()
    writeFileSync(join(directory, 'drained.json'), '{"segm')
    const second = await open(directory)
    assert.deepEqual(await drainAll(second), ['a', 'b'])
    await second.close()
  })
})

suite('journal: a disk that fails', () => {
  teardown(removeScratch)

  test('a full spool refuses, says so, and recovers when it was drained', async () => {
    const clock = handClock()
    const journal = await open(scratchFolder(), { maxBytes: 200, clock, probeMs: 1000 })
    await append(journal, 'x'.repeat(100))
    await assert.rejects(append(journal, 'y'.repeat(100)), { code: 'SPOOL_FULL' })
    const state = journal.state()
    assert.ok(!state.ok && state.code === 'SPOOL_FULL' && state.since === clock.now())
    await drainAll(journal)
    clock.advance(1000)
    await until(() => journal.state().ok)
    await append(journal, 'z'.repeat(100))
    assert.deepEqual(await drainAll(journal), ['z'.repeat(100)])
    await journal.close()
  })

  test('a folder that is gone refuses, and what was taken in before is still read when it is back', async () => {
    const directory = join(scratchFolder(), 'spool')
    const journal = await open(directory, { segmentBytes: 1 })
    await append(journal, 'before')
    renameSync(directory, `${directory}-away`)
    await assert.rejects(append(journal, 'meanwhile'), { code: 'SPOOL_UNWRITABLE' })
    assert.equal(journal.state().ok, false)
    renameSync(`${directory}-away`, directory)
    await append(journal, 'after')
    assert.equal(journal.state().ok, true)
    assert.deepEqual(await drainAll(journal), ['before', 'after'])
    await journal.close()
  })

  test('the disk is tried again by itself', async () => {
    const clock = handClock()
    const directory = join(scratchFolder(), 'spool')
    const journal = await open(directory, { segmentBytes: 1, clock, probeMs: 1000 })
    renameSync(directory, `${directory}-away`)
    await assert.rejects(append(journal, 'meanwhile'))
    clock.advance(1000)
    await until(() => clock.waiting() === 1)
    assert.equal(journal.state().ok, false)
    renameSync(`${directory}-away`, directory)
    clock.advance(1000)
    await until(() => journal.state().ok)
    await journal.close()
  })

  test('a position that cannot be written stops no draining', async () => {
    const directory = scratchFolder()
    const journal = await open(directory, { segmentBytes: 1 })
    await append(journal, 'a')
    await append(journal, 'b')
    mkdirSync(join(directory, 'drained.json'))
    assert.deepEqual(await drainAll(journal), ['a', 'b'])
    assert.deepEqual(segmentsIn(directory), [])
    await journal.close()
  })

  test('a path that is no folder is SPOOL_UNWRITABLE', async () => {
    const file = join(scratchFolder(), 'file')
    writeFileSync(file, '')
    await assert.rejects(open(file), { code: 'SPOOL_UNWRITABLE' })
  })
})

suite('journal: damage', () => {
  teardown(removeScratch)

  const write = async (records: readonly string[]): Promise<string> => {
    const directory = scratchFolder()
    const journal = await open(directory)
    for (const record of records) await append(journal, record)
    await journal.close()
    return join(directory, segmentsIn(directory)[0] ?? '')
  }

  test('cut anywhere, the last segment gives the records before the cut, and one line in the log', async () => {
    const records = ['one', 'two', '{"three":3}']
    const segment = await write(records)
    const bytes = readFileSync(segment)
    const ends = records.map((_, n) =>
      records.slice(0, n + 1).reduce((sum, record) => sum + 20 + record.length, 0),
    )
    assert.equal(ends.at(-1), bytes.length)
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const directory = scratchFolder()
      writeFileSync(join(directory, '0000000000000001.journal'), bytes.subarray(0, cut))
      const { logger, lines } = listeningLogger()
      const journal = await open(directory, { logger })
      await append(journal, 'later')
      const whole = ends.filter((end) => end <= cut).length
      assert.equal(lines.length, cut === 0 || ends.includes(cut) ? 0 : 1, `cut at ${cut}`)
      assert.deepEqual(await drainAll(journal, 2), [...records.slice(0, whole), 'later'], `cut at ${cut}`)
      await journal.close()
    }
  })

  test('damage costs the record that it hit and no other', async () => {
    const records = numbered(6)
    const segment = await write(records)
    const bytes = readFileSync(segment)
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 1, max: 200 }),
        async (at, flip, size, maxBytes) => {
          const directory = scratchFolder()
          const damaged = Buffer.from(bytes)
          damaged.writeUInt8(damaged.readUInt8(at) ^ flip, at)
          writeFileSync(join(directory, '0000000000000001.journal'), damaged)
          const journal = await open(directory)
          const hit = Math.floor(at / (bytes.length / records.length))
          assert.deepEqual(
            await drainAll(journal, size, maxBytes),
            records.filter((_, n) => n !== hit),
          )
          await journal.close()
        },
      ),
      { numRuns: 80 },
    )
  })

  test('a disk full of zeros or noise opens, and holds nothing', async () => {
    const directory = scratchFolder()
    writeFileSync(join(directory, '0000000000000007.journal'), Buffer.alloc(10_000))
    writeFileSync(join(directory, '0000000000000008.journal'), Buffer.alloc(10_000, 'SJ1\n'))
    const journal = await open(directory)
    assert.equal(await journal.read(1, 1), undefined)
    await append(journal, 'a')
    assert.deepEqual(segmentsIn(directory), ['0000000000000009.journal'])
    await journal.close()
  })

  test('the files of others in the folder are left alone', async () => {
    const directory = scratchFolder()
    copyFileSync(import.meta.filename, join(directory, 'notes.txt'))
    const journal = await open(directory)
    await append(journal, 'a')
    await drainAll(journal)
    await journal.close()
    assert.ok(statSync(join(directory, 'notes.txt')).size > 0)
  })
})
