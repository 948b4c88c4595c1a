import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRecordingWorker, type RecordingWorker } from '../../src/app/recording-worker.ts'
import { codeOf } from '../../src/base/errors.ts'
import { silentLogger } from '../../src/base/logger.ts'
import type { PrepareRequest } from '../../src/media/prepare-recording.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { wavTone } from '../support/sound.ts'

suite('app: the thread that prepares recordings', function () {
  this.timeout(20_000)
  let folder: string
  let worker: RecordingWorker
  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'strowger-worker-'))
    worker = createRecordingWorker(silentLogger)
  })
  teardown(async () => {
    await worker.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const request = (name: string, bytes: Buffer, format: PrepareRequest['format'] = 'wav'): PrepareRequest => {
    writeFileSync(join(folder, name), bytes)
    return {
      source: join(folder, name),
      target: join(folder, `${name}.out`),
      format,
      recordingId: newCallUuid(),
      fileKey: undefined,
    }
  }

  test('prepares several at once, each answer for its own question', async () => {
    const sounds = [1, 2, 3, 4].map((seconds) => wavTone({ seconds }))
    const prepared = await Promise.all(sounds.map((bytes, at) => worker.prepare(request(`${at}.wav`, bytes))))
    assert.deepEqual(
      prepared.map(({ durationMs }) => durationMs),
      [1_000, 2_000, 3_000, 4_000],
    )
    sounds.forEach((bytes, at) => assert.deepEqual(readFileSync(join(folder, `${at}.wav.out`)), bytes))
  })

  test('says what is wrong with a file by its code, and goes on', async () => {
    const bad = await worker.prepare(request('bad.wav', Buffer.from('no sound'))).catch(codeOf)
    assert.equal(bad, 'MEDIA_BAD_WAV')
    const missing = { ...request('gone.wav', Buffer.alloc(1)), source: join(folder, 'nowhere.wav') }
    assert.equal(await worker.prepare(missing).catch(codeOf), 'ENOENT')
    assert.equal((await worker.prepare(request('good.wav', wavTone({ seconds: 1 })))).durationMs, 1_000)
  })

  test('whoever waits when it ends hears of it, and the next one gets a new thread', async () => {
    const long = worker.prepare(request('long.wav', wavTone({ seconds: 1_800 }), 'ogg')).catch(codeOf)
    await worker.stop()
    assert.equal(await long, 'MEDIA_WORKER_LOST')
    assert.equal((await worker.prepare(request('next.wav', wavTone({ seconds: 1 })))).durationMs, 1_000)
  })
})
