/** `kill -9` at every step of taking a recording in, and at moments that nobody chose: none is lost, none is there twice. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDiskStore } from '../../src/media/disk-store.ts'
import { unwrapFileKey } from '../../src/media/file-key.ts'
import { openRange } from '../../src/media/sealed-format.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { createKeyRing } from '../../src/store/recording-keys.ts'
import { findRecording } from '../../src/store/recording-reads.ts'
import { openFolder, testDatabase, type TestDatabase } from '../support/postgres.ts'
import { filesBelow } from '../support/recordings.ts'
import { leaveRecording, wavTone, type LeftRecording } from '../support/sound.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const masterKey = randomBytes(32)

suite('recordings: the engine is killed while it takes them in', function () {
  this.timeout(240_000)
  let place: TestDatabase
  let database: Database
  let top: { readonly folder: string; readonly remove: () => void }
  const left: LeftRecording[] = []
  suiteSetup(async () => {
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    top = openFolder()
    mkdirSync(join(top.folder, 'recordings'))
  })
  suiteTeardown(async () => {
    await database.close()
    await place.drop()
    top.remove()
  })
  const leave = (seconds: number): void => {
    left.push(
      leaveRecording(join(top.folder, 'recordings'), { bytes: wavTone({ seconds, tones: [440, 880] }) }),
    )
  }
  /** Its output, and how it ended. `killAfterMs`: after it began to work. */
  const run = (
    killAfter: readonly string[],
    killAfterMs?: number,
  ): Promise<{ readonly output: string; readonly signal: string | null }> =>
    new Promise((resolve) => {
      const child = spawn(
        process.execPath,
        ['--import', 'tsx', 'test/support/recordings-to-kill.ts', place.url, ...killAfter],
        {
          cwd: PROJECT,
          stdio: ['ignore', 'pipe', 'inherit'],
          env: {
            PATH: process.env['PATH'],
            STROWGER_DATA_DIR: top.folder,
            STROWGER_MASTER_KEY: masterKey.toString('hex'),
            RECORDING_DIR: join(top.folder, 'recordings'),
            RECORDING_RESERVE_MB: '1',
          },
        },
      )
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        if (killAfterMs !== undefined && output === '') setTimeout(() => child.kill('SIGKILL'), killAfterMs)
        output += text
      })
      child.once('close', (_code, signal) => resolve({ output, signal }))
    })
  /** Each recording is either still the switch's, or a row with an object that is heard; whatever was interrupted. */
  const check = async (isOver: boolean): Promise<void> => {
    const keys = createKeyRing(database, [masterKey])
    const store = createDiskStore(join(top.folder, 'recording-store'))
    let stored = 0
    for (const one of left) {
      const found = await findRecording(database, one.recordingId, undefined)
      const [file, ...more] = found?.files ?? []
      assert.deepEqual(more, [])
      if (file?.key === undefined) {
        assert.equal(existsSync(one.path), true, `${one.recordingId} is lost`)
        continue
      }
      stored += 1
      const key = unwrapFileKey(await keys.byId(file.key.id), file.key.wrapped, {
        recordingId: one.recordingId,
        part: 'mix',
      })
      const sealed = { key, recordingId: one.recordingId, plainBytes: file.sizeBytes }
      const read = (first: number, last: number) => store.read(file.at.key, first, last)
      const heard: Buffer[] = []
      for await (const piece of openRange(read, sealed, 0, file.sizeBytes - 1)) heard.push(piece)
      assert.equal(Buffer.concat(heard).equals(one.bytes), true, one.recordingId)
    }
    if (!isOver) return
    assert.equal(stored, left.length)
    assert.deepEqual(
      left.filter(({ path }) => existsSync(path)),
      [],
    )
    const objects = filesBelow(join(top.folder, 'recording-store'))
    assert.equal(objects.length, left.length, `${objects.length} objects of ${left.length} recordings`)
    assert.deepEqual(filesBelow(join(top.folder, 'recording-staging')), [])
  }

  // `staged before` and `known` come only after a crash: in the run after one at `noted`, and at `row`.
  const steps = [
    'prepared',
    'noted',
    'staged before',
    'put',
    'compared',
    'row',
    'known',
    'source removed',
    'done',
  ] as const
  for (const step of steps) {
    for (const times of [1, 2]) {
      test(`after the step "${step}", ${times === 1 ? 'the first' : 'the second'} time`, async () => {
        leave(1)
        leave(1)
        // What it needs is left over by a crash just before.
        const before = { 'staged before': 'noted', known: 'row' }[step as string]
        if (before !== undefined) await run([before, '2'])
        const { signal } = await run([step, String(times)])
        if (before === undefined || times === 1) assert.equal(signal, 'SIGKILL')
        await check(false)
        assert.equal((await run([])).output.trim(), 'ready\ndone')
        await check(true)
      })
    }
  }

  test('at moments that nobody chose', async () => {
    let killed = 0
    for (let tries = 0; tries < 12; tries += 1) {
      leave(60)
      leave(60)
      const { signal } = await run([], 20 + tries * 40)
      if (signal === 'SIGKILL') killed += 1
      await check(false)
    }
    assert.ok(killed >= 4, `${killed} kills came before its end`)
    await run([])
    await check(true)
    console.log(`      ${killed} kills; ${left.length} recordings, each there once`)
  })
})
