import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { silentLogger } from '../../src/base/logger.ts'
import {
  ingestFolder,
  watchCdrFolder,
  type CdrFolder,
  type FolderOptions,
} from '../../src/spool/cdr-folder.ts'
import { handClock, listeningLogger, removeScratch, scratchFolder, until } from './scratch.ts'

const UUID = '2c3a1e6e-7f0f-4b53-9f0e-0d2f5c2b7a11'
const CDR = '{"variables":{"uuid":"x"}}\n'

suite('folder of left-over CDRs', () => {
  let folder: CdrFolder | undefined
  teardown(async () => {
    await folder?.stop()
    folder = undefined
    removeScratch()
  })

  const start = async (
    directory: string,
    options: Partial<FolderOptions> = {},
  ): Promise<{ accepted: string[]; clock: ReturnType<typeof handClock>; scan: () => Promise<void> }> => {
    const accepted: string[] = []
    const clock = handClock()
    const started = await watchCdrFolder({
      directory,
      accept: (bytes) => {
        accepted.push(bytes.toString())
        return Promise.resolve()
      },
      logger: silentLogger,
      clock,
      ...options,
    })
    folder = started
    return { accepted, clock, scan: started.scan }
  }

  test('files of both legs that are there at the start are taken in and removed', async () => {
    const directory = scratchFolder()
    writeFileSync(join(directory, `${UUID}.cdr.json`), CDR)
    writeFileSync(join(directory, `a_${UUID}.cdr.json`), CDR)
    const { accepted } = await start(directory)
    assert.deepEqual(accepted, [CDR, CDR])
    assert.deepEqual(readdirSync(directory), [])
  })

  test('a file that comes later is noticed', async () => {
    const directory = scratchFolder()
    const { accepted } = await start(directory)
    writeFileSync(join(directory, `${UUID}.cdr.json`), CDR)
    await until(() => accepted.length === 1)
  })

  test('a folder that is not there yet is made', async () => {
    const directory = join(scratchFolder(), 'json_cdr')
    await start(directory)
    assert.ok(existsSync(directory))
  })

  test('a file is removed only when its content is durable', async () => {
    const directory = scratchFolder()
    const path = join(directory, `${UUID}.cdr.json`)
    writeFileSync(path, CDR)
    let full = true
    const options = {
      accept: () => (full ? Promise.reject(new Error('the spool is full')) : Promise.resolve()),
    }
    const { scan } = await start(directory, options)
    assert.ok(existsSync(path))
    full = false
    await scan()
    assert.ok(!existsSync(path))
  })

  test('a file that is being written waits until it is whole', async () => {
    const directory = scratchFolder()
    const path = join(directory, `${UUID}.cdr.json`)
    writeFileSync(path, CDR.slice(0, 10))
    const { accepted, clock } = await start(directory, { retryMs: 100 })
    assert.deepEqual(accepted, [])
    writeFileSync(path, CDR)
    clock.advance(100)
    await until(() => !existsSync(path))
    assert.equal(accepted.length, 1)
  })

  test('what never becomes whole goes to unreadable/, with a line in the log', async () => {
    const directory = scratchFolder()
    const name = `${UUID}.cdr.json`
    writeFileSync(join(directory, name), '{"variables":')
    writeFileSync(join(directory, `a_${name}`), '')
    const { logger, lines } = listeningLogger()
    const { accepted, scan, clock } = await start(directory, { tries: 3, retryMs: 100, logger })
    for (let burst = 0; burst < 5; burst += 1) await scan()
    clock.advance(100)
    await scan()
    assert.ok(existsSync(join(directory, name)), 'looked at twice, whatever the number of scans')
    clock.advance(100)
    await scan()
    assert.deepEqual(readdirSync(join(directory, 'unreadable')).sort(), [name, `a_${name}`])
    assert.deepEqual([accepted.length, lines.length], [0, 2])
    assert.deepEqual(folder?.stats(), { taken: 0, unreadable: 2 })
  })

  test('links, folders, hidden files and the files of others are left alone', async () => {
    const directory = scratchFolder()
    const outside = join(scratchFolder(), 'secret.json')
    writeFileSync(outside, CDR)
    symlinkSync(outside, join(directory, `${UUID}.cdr.json`))
    mkdirSync(join(directory, `a_${UUID}.cdr.json`))
    writeFileSync(join(directory, `.${UUID}.cdr.json`), CDR)
    writeFileSync(join(directory, 'notes.json'), CDR)
    const { accepted } = await start(directory, { tries: 1 })
    assert.deepEqual(accepted, [])
    assert.equal(readdirSync(directory).length, 4)
  })

  test('a caller name in Latin-1 is no reason to call a file unreadable', async () => {
    const directory = scratchFolder()
    writeFileSync(
      join(directory, `${UUID}.cdr.json`),
      Buffer.from('{"variables":{"caller":"Jos\xe9"}}', 'latin1'),
    )
    const { accepted } = await start(directory)
    assert.equal(accepted.length, 1)
  })
})

suite('ingest of a folder', () => {
  teardown(removeScratch)

  test('counts what was taken, names what was not, and moves the taken to done/', async () => {
    const directory = scratchFolder()
    writeFileSync(join(directory, 'a_one.cdr.json'), CDR)
    writeFileSync(join(directory, 'two.cdr.json'), CDR)
    writeFileSync(join(directory, 'three.cdr.json'), '{')
    writeFileSync(join(directory, 'four.cdr.json'), '[]')
    writeFileSync(join(directory, 'readme.txt'), '')
    symlinkSync('two.cdr.json', join(directory, 'five.cdr.json'))
    const result = await ingestFolder(directory, () => Promise.resolve())
    assert.deepEqual([result.taken, result.ignored], [2, 2])
    assert.deepEqual(
      result.problems.map(({ file }) => file),
      ['four.cdr.json', 'three.cdr.json'],
    )
    assert.deepEqual(readdirSync(join(directory, 'done')).sort(), ['a_one.cdr.json', 'two.cdr.json'])
    assert.equal((await ingestFolder(directory, () => Promise.resolve())).taken, 0)
  })

  test('a file that is refused stays, with the reason', async () => {
    const directory = scratchFolder()
    writeFileSync(join(directory, 'one.cdr.json'), CDR)
    const result = await ingestFolder(directory, () => Promise.reject(new Error('the engine is away')))
    assert.deepEqual(result.problems, [{ file: 'one.cdr.json', why: 'the engine is away' }])
    assert.ok(existsSync(join(directory, 'one.cdr.json')))
  })

  test('a folder that is not there is a fault', async () => {
    await assert.rejects(
      ingestFolder('/nowhere/at/all', () => Promise.resolve()),
      { code: 'SPOOL_FOLDER' },
    )
  })
})
