import assert from 'node:assert/strict'
import { readWav, wavHeader, type Wav } from '../../src/media/wav.ts'
import { pcmTone, wavTone } from '../support/sound.ts'

const read = (bytes: Buffer): Wav =>
  readWav((offset, length) => bytes.subarray(offset, offset + length), bytes.length)

const chunk = (id: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(8)
  head.write(id, 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}

suite('media: a WAV file of the switch', () => {
  const seconds = 0.5
  const samples = pcmTone({ seconds, tones: [440, 880] })
  const whole = wavTone({ seconds, tones: [440, 880] })

  test('is read as it says', () => {
    assert.deepEqual(read(whole), {
      sampleRate: 8_000,
      channels: 2,
      dataOffset: 44,
      dataBytes: samples.length,
      durationMs: 500,
      repaired: false,
    })
  })

  const repaired: readonly (readonly [sentence: string, bytes: Buffer, dataBytes: number])[] = [
    [
      'a length of nothing, as when the switch died',
      wavTone({ seconds, tones: [440, 880], saidBytes: 0 }),
      samples.length,
    ],
    [
      'a length that was never known',
      wavTone({ seconds, tones: [440, 880], saidBytes: 0xffff_ffff - 36 }),
      samples.length,
    ],
    [
      'the length before it was appended to',
      wavTone({ seconds, tones: [440, 880], saidBytes: 1_000 }),
      samples.length,
    ],
    ['more than there is, as on a full disk', whole.subarray(0, 1_044), 1_000],
    ['half a frame at the end', whole.subarray(0, 1_047), 1_000],
  ]
  for (const [sentence, bytes, dataBytes] of repaired) {
    test(`with ${sentence} is measured by its size`, () => {
      const wav = read(bytes)
      assert.equal(wav.dataBytes, dataBytes)
      assert.equal(wav.repaired, true)
      assert.equal(wav.durationMs, Math.round((dataBytes / 4 / 8_000) * 1_000))
    })
  }

  test('with a title after its samples ends where it says', () => {
    const wav = read(Buffer.concat([whole, chunk('LIST', Buffer.from('INFOINAM\x03\0\0\0ab\0\0', 'latin1'))]))
    assert.equal(wav.dataBytes, samples.length)
    assert.equal(wav.repaired, false)
  })

  test('with a title before its samples is read behind it', () => {
    const header = wavHeader({ sampleRate: 8_000, channels: 2, dataBytes: samples.length })
    const bytes = Buffer.concat([
      header.subarray(0, 36),
      chunk('LIST', Buffer.from('abc')),
      chunk('data', samples),
    ])
    assert.equal(read(bytes).dataOffset, 36 + 12 + 8)
    assert.equal(read(bytes).dataBytes, samples.length)
  })

  test('of no samples is a recording of nothing', () => {
    assert.equal(read(wavTone({ seconds: 0 })).durationMs, 0)
  })

  const changed = (offset: number, value: number): Buffer => {
    const bytes = Buffer.from(whole)
    bytes.writeUInt16LE(value, offset)
    return bytes
  }
  const refused: readonly (readonly [sentence: string, bytes: Buffer, why: RegExp])[] = [
    ['an empty file', Buffer.alloc(0), /empty/],
    ['text', Buffer.from('this is not sound at all'), /no WAV/],
    ['the beginning of a header', whole.subarray(0, 9), /too short/],
    ['a header without samples', whole.subarray(0, 36), /ends before its samples/],
    ['a-law', changed(20, 6), /format 6/],
    ['24 bit', changed(34, 24), /24 bit/],
    ['six channels', changed(22, 6), /6 channels/],
    [
      'samples before their format',
      Buffer.concat([whole.subarray(0, 12), chunk('data', samples)]),
      /before their format/,
    ],
    ['zeros', Buffer.concat([whole.subarray(0, 12), Buffer.alloc(4_096)]), /no samples/],
  ]
  for (const [sentence, bytes, why] of refused) {
    test(`${sentence} is none`, () => {
      assert.throws(
        () => read(bytes),
        (fault: Error & { code?: string }) => {
          assert.equal(fault.code, 'MEDIA_BAD_WAV')
          assert.match(fault.message, why)
          return true
        },
      )
    })
  }
})
