/** A growing file, as the switch writes it, read as it grows. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createAnswerAudio } from '../../src/engine/answer-audio.ts'
import { uuid } from '../support/snapshot.ts'

suite('engine: what an answered leg says', () => {
  let folder = ''
  setup(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'strowger-amd-')), 'amd')
  })
  teardown(() => rmSync(join(folder, '..'), { recursive: true, force: true }))

  const audioOf = (told: string[], reply = '+OK Success', switchFolder = folder) => {
    const api = (name: string, args = ''): Promise<string> => {
      told.push(`${name} ${args}`)
      return Promise.resolve(reply)
    }
    return createAnswerAudio({
      commands: { api, bgapi: api },
      folder,
      switchFolder,
      clock: systemClock,
      logger: silentLogger,
    })
  }
  const until = async (isTrue: () => boolean): Promise<void> => {
    for (let turn = 0; turn < 200 && !isTrue(); turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 5))
    assert.ok(isTrue())
  }

  test('every sample is read once, in order, however the file grows, and then the file is gone', async () => {
    const told: string[] = []
    const audio = audioOf(told)
    await audio.prepare()
    const heard: number[] = []
    const listening = await audio.listen(uuid(1), (samples) => heard.push(...samples))
    assert.ok(listening !== undefined && !listening.hasSound())
    const path = join(folder, `${uuid(1)}.r8`)
    const all = Int16Array.from({ length: 1_000 }, (_, index) => index - 500)
    const bytes = Buffer.from(all.buffer)
    // Also in the middle of a sample.
    for (const [from, to] of [
      [0, 321],
      [321, 322],
      [322, 1_400],
      [1_400, 2_000],
    ] as const) {
      appendFileSync(path, bytes.subarray(from, to))
      await until(() => heard.length >= Math.floor(to / 2))
    }
    assert.deepEqual(heard, [...all])
    assert.ok(listening.hasSound())
    await listening.stop()
    await listening.stop()
    assert.equal(existsSync(path), false)
    assert.deepEqual(told, [
      `uuid_record ${uuid(1)} start ${path} 120 {RECORD_READ_ONLY=true,enable_file_write_buffering=false}`,
      `uuid_record ${uuid(1)} stop ${path}`,
    ])
  })

  test('the switch is told its own name of the folder, blanks and quotes escaped', async () => {
    const told: string[] = []
    const audio = audioOf(told, '+OK', "/the switch's")
    const listening = await audio.listen(uuid(1), () => undefined)
    await listening?.stop()
    assert.match(told[0] ?? '', /start '\/the switch\\'s\/[\w-]+\.r8' 120/)
  })

  test('a leg that the switch cannot record is not listened to', async () => {
    const audio = audioOf([], '-ERR Cannot locate session!')
    assert.equal(await audio.listen(uuid(1), () => undefined), undefined)
  })

  test('the folder is made, and swept of what is left of calls that are long over, and of nothing else', async () => {
    const audio = audioOf([])
    await audio.prepare()
    assert.equal(statSync(folder).mode & 0o7777, 0o1733)
    const old = new Date(Date.now() - 3_600_000)
    for (const name of [`${uuid(1)}.r8`, `${uuid(2)}.r8`, 'notes.txt']) writeFileSync(join(folder, name), 'x')
    utimesSync(join(folder, `${uuid(1)}.r8`), old, old)
    utimesSync(join(folder, 'notes.txt'), old, old)
    await audio.sweep()
    assert.deepEqual(readdirSync(folder).sort(), [`${uuid(2)}.r8`, 'notes.txt'])
  })
})
