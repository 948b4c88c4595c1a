import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../src/base/logger.ts'
import { createMachineHealth } from '../../src/app/machine-health.ts'
import { openJournal } from '../../src/spool/journal.ts'
import { createLedger, readLedger } from '../../src/spool/ledger.ts'
import { listeningLogger, until } from '../spool/scratch.ts'
import { createManualClock } from '../support/manual-clock.ts'

const HOUR_MS = 3_600_000

suite('the clock of the machine', () => {
  let folder: string
  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'strowger-health-'))
  })
  teardown(() => rmSync(folder, { recursive: true, force: true }))

  for (const [what, ms, told] of [
    ['a year ahead', 365 * 24 * HOUR_MS, 'the clock jumped by +31536000 s'],
    ['an hour back', -HOUR_MS, 'the clock jumped by -3600 s'],
    ['by a second', 1_000, undefined],
  ] as const)
    test(`it is set ${what}: ${told ?? 'that is no jump'}`, async () => {
      const clock = createManualClock()
      const { logger, lines } = listeningLogger()
      const health = createMachineHealth({ dataDir: folder, clock, logger, lowBytes: 0 })
      await health.look()
      clock.setNow(clock.now() + ms)
      await health.look()
      await health.look()
      assert.equal(health.state().clockJump, told)
      assert.equal(health.state().clockJumps, told === undefined ? 0 : 1)
      assert.equal(lines.length, told === undefined ? 0 : 1)
      clock.advance(600_000)
      assert.equal(health.state().clockJump, undefined, 'it is news for ten minutes')
    })

  test('time that passes is no jump, nor is an event loop that stands still', async () => {
    const clock = createManualClock()
    const health = createMachineHealth({ dataDir: folder, clock, logger: silentLogger, lowBytes: 0 })
    await health.look()
    clock.advance(24 * HOUR_MS)
    await health.look()
    clock.stall(60_000)
    await health.look()
    assert.equal(health.state().clockJumps, 0)
  })
})

const MOUNT_BYTES = 1024 * 1024

const mount = (...args: readonly string[]): boolean =>
  spawnSync('mount', args, { timeout: 5_000 }).status === 0

suite('a disk that fills up and turns read-only', function () {
  this.timeout(20_000)
  let place: string
  setup(function () {
    place = mkdtempSync(join(tmpdir(), 'strowger-disk-'))
    if (mount('-t', 'tmpfs', '-o', `size=${MOUNT_BYTES}`, 'tmpfs', place)) return
    rmSync(place, { recursive: true })
    console.log('      not run: no file system can be mounted here')
    this.skip()
  })
  teardown(() => {
    if (!existsSync(place)) return
    spawnSync('umount', ['-l', place], { timeout: 5_000 })
    rmSync(place, { recursive: true, force: true })
  })

  const fill = (): void => {
    const { bavail, bsize } = statfsSync(place)
    writeFileSync(join(place, 'others'), Buffer.alloc(bavail * bsize))
  }

  test('full: it is told, records are refused, none that was taken is lost, and it goes on when there is room', async () => {
    const clock = createManualClock()
    const { logger, lines } = listeningLogger()
    const health = createMachineHealth({ dataDir: place, clock, logger, lowBytes: MOUNT_BYTES / 4 })
    const journal = await openJournal({ directory: join(place, 'spool'), logger: silentLogger, clock })
    await journal.append(Buffer.from('taken'))
    await health.look()
    assert.equal(health.state().diskFault, undefined)
    assert.equal(health.state().diskLow, false)
    fill()
    clock.advance(15_000)
    await health.look()
    assert.match(health.state().diskFault ?? '', /is full/)
    assert.equal(health.state().diskLow, true)
    assert.equal(health.state().diskFreeBytes, 0)
    assert.equal(lines.length, 2)
    await assert.rejects(journal.append(Buffer.alloc(64 * 1024)), { code: 'SPOOL_FULL' })
    const state = journal.state()
    assert.equal(!state.ok && state.code, 'SPOOL_FULL')
    rmSync(join(place, 'others'))
    await health.look()
    assert.equal(health.state().diskFault, undefined)
    await journal.append(Buffer.from('after'))
    assert.equal(journal.state().ok, true)
    const taken: string[] = []
    for (
      let batch = await journal.read(10, 1 << 20);
      batch !== undefined;
      batch = await journal.read(10, 1 << 20)
    ) {
      taken.push(...batch.records.map(({ bytes }) => bytes.toString()))
      await journal.acknowledge(batch)
    }
    assert.deepEqual(taken, ['taken', 'after'])
    await journal.close()
  })

  test('read-only: it is told without a call, records are refused, and all is well when it is mounted anew', async () => {
    const clock = createManualClock()
    const { logger, lines } = listeningLogger()
    const health = createMachineHealth({ dataDir: place, clock, logger, lowBytes: 0 })
    const directory = join(place, 'spool')
    const first = await openJournal({ directory, logger: silentLogger, clock })
    await first.append(Buffer.from('taken'))
    await first.close()
    assert.ok(mount('-o', 'remount,ro', place))
    await health.look()
    assert.match(health.state().diskFault ?? '', /cannot be written/)
    assert.equal(lines.length, 1)
    await assert.rejects(openJournal({ directory, logger: silentLogger, clock }), {
      code: 'SPOOL_UNWRITABLE',
    })
    assert.ok(mount('-o', 'remount,rw', place))
    await health.look()
    assert.equal(health.state().diskFault, undefined)
    const second = await openJournal({ directory, logger: silentLogger, clock })
    assert.equal((await second.read(10, 1 << 20))?.records[0]?.bytes.toString(), 'taken')
    await second.close()
  })

  test('full: the picture of live legs is whole again when there is room', async () => {
    const clock = createManualClock()
    const directory = join(place, 'legs')
    let known: unknown[] = []
    const ledger = createLedger({
      directory,
      name: 'legs.ledger',
      lines: () => known,
      clock,
      logger: silentLogger,
    })
    await ledger.begin()
    fill()
    known = Array.from({ length: 100 }, (_, n) => ({ n, text: 'x'.repeat(1_000) }))
    ledger.note(known)
    await ledger.idle()
    assert.match(ledger.trouble() ?? '', /ENOSPC/)
    rmSync(join(place, 'others'))
    clock.advance(5_000)
    await until(() => ledger.trouble() === undefined)
    await ledger.close()
    assert.deepEqual(await readLedger(directory, 'legs.ledger', silentLogger), known)
  })
})
