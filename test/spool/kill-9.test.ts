import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { openJournal } from '../../src/spool/journal.ts'
import { removeScratch, scratchFolder } from './scratch.ts'

const ROUNDS = 8

/** Lets a child append until it has told of `enough` records, kills it, and answers what it told. */
const appendAndKill = async (directory: string, from: number, enough: number): Promise<number[]> => {
  const child = spawn(
    process.execPath,
    ['--import=tsx', join(import.meta.dirname, 'appending-child.ts'), directory, String(from)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
    if (printed.split('\n').length > enough) child.kill('SIGKILL')
  })
  await once(child, 'close')
  return printed.split('\n').slice(0, -1).map(Number)
}

suite('journal: a writer that is killed with -9', () => {
  teardown(removeScratch)

  test(`in ${ROUNDS} rounds every acknowledged record is there once, in order, whole`, async function () {
    this.timeout(120_000)
    const directory = scratchFolder()
    const acknowledged: number[] = []
    const read: number[] = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const told = await appendAndKill(directory, round * 1_000_000, 5 + round * 40)
      assert.ok(told.length > 0, 'the child appended nothing')
      acknowledged.push(...told)
      // Half of the rounds begin with what earlier ones left behind.
      if (round % 2 === 0) continue
      const journal = await openJournal({ directory, logger: silentLogger, clock: systemClock })
      for (
        let batch = await journal.read(50, 5000);
        batch !== undefined;
        batch = await journal.read(50, 5000)
      ) {
        for (const { bytes } of batch.records) {
          const [n = '', filling = ''] = bytes.toString().split(':')
          assert.equal(filling.length, Number(n) % 900)
          read.push(Number(n))
        }
        await journal.acknowledge(batch)
      }
      await journal.close()
    }
    assert.equal(new Set(read).size, read.length, 'a record was read twice')
    assert.deepEqual(
      read,
      [...read].sort((a, b) => a - b),
      'records changed places',
    )
    const found = new Set(read)
    assert.deepEqual(
      acknowledged.filter((n) => !found.has(n)),
      [],
    )
  })
})
