/** Every format is decoded again, by ffmpeg where it is there, and its tones are listened to. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepareRecording } from '../../src/media/prepare-recording.ts'
import { RECORDING_FORMATS, type RecordingFormat } from '../../src/media/recording-formats.ts'
import { newFileKey, openRange, sealedSize } from '../../src/media/sealed-format.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { pcmTone, shareOf, wavTone } from '../support/sound.ts'

suite('media: a recording is made ready for the store', function () {
  this.timeout(20_000)
  let folder: string
  suiteSetup(() => {
    folder = mkdtempSync(join(tmpdir(), 'strowger-media-'))
  })
  suiteTeardown(() => rmSync(folder, { recursive: true, force: true }))
  const recordingId = newCallUuid()
  const prepare = async (bytes: Buffer, format: RecordingFormat, fileKey?: Buffer) => {
    const [source, target] = [join(folder, 'source.wav'), join(folder, 'target')]
    writeFileSync(source, bytes)
    const prepared = await prepareRecording({ source, target, format, recordingId, fileKey })
    assert.deepEqual(readFileSync(source), bytes, 'the source is as it was')
    return { prepared, written: readFileSync(target) }
  }

  test('WAV stays WAV, bit for bit', async () => {
    const bytes = wavTone({ seconds: 2, tones: [440, 880] })
    const { prepared, written } = await prepare(bytes, 'wav')
    assert.deepEqual(written, bytes)
    assert.deepEqual(prepared, {
      sampleRate: 8_000,
      channels: 2,
      durationMs: 2_000,
      repaired: false,
      sourceBytes: bytes.length,
      sizeBytes: bytes.length,
      storedBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    })
  })

  test('a header that was never finished is finished', async () => {
    const { prepared, written } = await prepare(wavTone({ seconds: 2, saidBytes: 0 }), 'wav')
    assert.deepEqual(written, wavTone({ seconds: 2 }))
    assert.equal(prepared.repaired, true)
    assert.equal(prepared.durationMs, 2_000)
  })

  test('a recording of nothing is one in every format', async () => {
    for (const format of RECORDING_FORMATS)
      assert.equal((await prepare(wavTone({ seconds: 0 }), format)).prepared.durationMs, 0)
  })

  test('encrypted, it is what the hash and the sizes say', async () => {
    const fileKey = newFileKey()
    const bytes = wavTone({ seconds: 20, tones: [440, 880] })
    const { prepared, written } = await prepare(bytes, 'wav', fileKey)
    assert.equal(prepared.storedBytes, written.length)
    assert.equal(written.length, sealedSize(bytes.length))
    assert.equal(prepared.sha256, createHash('sha256').update(bytes).digest('hex'))
    const read = async function* (first: number, last: number) {
      yield await Promise.resolve(written.subarray(first, last + 1))
    }
    const plain: Buffer[] = []
    const sealed = { key: fileKey, recordingId, plainBytes: prepared.sizeBytes }
    for await (const piece of openRange(read, sealed, 0, prepared.sizeBytes - 1)) plain.push(piece)
    assert.deepEqual(Buffer.concat(plain), bytes)
  })

  const rows = (['mp3', 'ogg'] as const).flatMap((format) =>
    ([8_000, 16_000, 44_100] as const).flatMap((sampleRate) =>
      [[440], [440, 1_000]].map((tones) => ({ format, sampleRate, tones })),
    ),
  )
  for (const { format, sampleRate, tones } of rows) {
    test(`${format} of ${tones.length} channels at ${sampleRate} Hz has its tones in their channels`, async function () {
      const bytes = wavTone({ seconds: 3, sampleRate, tones })
      const { prepared, written } = await prepare(bytes, format)
      assert.ok(written.length < bytes.length / 2, `${written.length} of ${bytes.length} bytes`)
      assert.equal(written.toString('latin1', 0, format === 'ogg' ? 4 : 0), format === 'ogg' ? 'OggS' : '')
      assert.equal(prepared.durationMs, 3_000)
      if (spawnSync('ffmpeg', ['-version']).status !== 0) {
        console.log('    not run: ffmpeg was not found')
        this.skip()
      }
      const decoded = spawnSync('ffmpeg', ['-v', 'error', '-i', join(folder, 'target'), '-f', 's16le', '-'], {
        maxBuffer: 1e8,
      })
      assert.equal(decoded.status, 0, decoded.stderr.toString())
      const frames = decoded.stdout.length / 2 / tones.length
      // Encoders add up to two of their frames at either end.
      assert.ok(Math.abs(frames / sampleRate - 3) < 0.3, `${frames / sampleRate} s`)
      tones.forEach((hertz, channel) => {
        const samples = Int16Array.from({ length: sampleRate }, (_, at) =>
          decoded.stdout.readInt16LE(((at + sampleRate) * tones.length + channel) * 2),
        )
        assert.ok(shareOf(samples, hertz, sampleRate) > 0.9, `${hertz} Hz in channel ${channel}`)
        for (const other of tones.filter((tone) => tone !== hertz))
          assert.ok(shareOf(samples, other, sampleRate) < 0.01, `${other} Hz in channel ${channel}`)
      })
    })
  }

  test('the ear of these tests hears a tone that is there, and none that is not', () => {
    const pcm = pcmTone({ seconds: 1, tones: [440] })
    const samples = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length / 2)
    assert.ok(shareOf(samples, 440, 8_000) > 0.99)
    assert.ok(shareOf(samples, 880, 8_000) < 0.001)
  })
})
