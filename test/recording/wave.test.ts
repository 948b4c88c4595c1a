import assert from 'node:assert/strict'
import fc from 'fast-check'
import { codeOf } from '../../src/base/errors.ts'
import { MOST_SECONDS, normaliseWave } from '../../src/recording/wave.ts'

type Given = {
  readonly tag?: number
  readonly bits?: number
  readonly channels?: number
  readonly rate?: number
}

const wave = (
  { tag = 1, bits = 16, channels = 1, rate = 8_000 }: Given,
  body: Buffer,
  told = body.length,
): Buffer => {
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + told, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(tag, 20)
  header.writeUInt16LE(channels, 22)
  header.writeUInt32LE(rate, 24)
  header.writeUInt32LE((rate * channels * bits) / 8, 28)
  header.writeUInt16LE((channels * bits) / 8, 32)
  header.writeUInt16LE(bits, 34)
  header.write('data', 36)
  header.writeUInt32LE(told, 40)
  return Buffer.concat([header, body])
}

/** A second of a sine of 1 kHz at half of full scale, in 16 bit, the same in each channel. */
const sine = (rate: number, channels = 1): Buffer => {
  const body = Buffer.alloc(rate * channels * 2)
  for (let frame = 0; frame < rate; frame++)
    for (let channel = 0; channel < channels; channel++)
      body.writeInt16LE(
        Math.round(16_000 * Math.sin((2 * Math.PI * 1_000 * frame) / rate)),
        2 * (frame * channels + channel),
      )
  return body
}

const amplitudeOf = (content: Buffer, rate: number, tone: number): number => {
  const count = (content.length - 44) / 2
  let [real, imaginary] = [0, 0]
  for (let index = 0; index < count; index++) {
    const sample = content.readInt16LE(44 + 2 * index)
    real += sample * Math.cos((2 * Math.PI * tone * index) / rate)
    imaginary += sample * Math.sin((2 * Math.PI * tone * index) / rate)
  }
  return (2 * Math.hypot(real, imaginary)) / count
}

suite('uploaded sounds', () => {
  for (const [rate, channels, expected] of [
    [8_000, 1, 8_000],
    [8_000, 2, 8_000],
    [11_025, 1, 8_000],
    [16_000, 1, 16_000],
    [22_050, 2, 16_000],
    [44_100, 2, 16_000],
    [48_000, 1, 16_000],
  ] as const)
    test(`${rate} Hz in ${channels} channel(s) become ${expected} Hz in one, and sound the same`, () => {
      const sound = normaliseWave(wave({ rate, channels }, sine(rate, channels)))
      assert.equal(sound.sampleRate, expected)
      assert.ok(Math.abs(sound.durationMs - 1_000) <= 1, `${sound.durationMs} ms`)
      assert.equal(sound.content.length, 44 + expected * 2)
      const amplitude = amplitudeOf(sound.content, expected, 1_000)
      assert.ok(Math.abs(amplitude - 16_000) < 400, `${amplitude}`)
    })

  test('what a telephone cannot carry is filtered out, not folded back', () => {
    const body = Buffer.alloc(48_000 * 2)
    for (let frame = 0; frame < 48_000; frame++)
      body.writeInt16LE(Math.round(16_000 * Math.sin((2 * Math.PI * 11_000 * frame) / 48_000)), 2 * frame)
    const { content } = normaliseWave(wave({ rate: 48_000 }, body))
    // 11 kHz would come back as 5 kHz at 16 kHz.
    assert.ok(amplitudeOf(content, 16_000, 5_000) < 300)
  })

  const codings: readonly (readonly [name: string, given: Given, body: Buffer, expected: number])[] = [
    ['8 bit', { bits: 8 }, Buffer.from([255, 255]), 32_512],
    ['24 bit', { bits: 24 }, Buffer.from([0, 0, 0x40, 0, 0, 0x40]), 16_384],
    ['32 bit', { bits: 32 }, Buffer.from([0, 0, 0, 0x40, 0, 0, 0, 0x40]), 16_384],
    ['float', { tag: 3, bits: 32 }, Buffer.from(new Float32Array([0.5, 0.5]).buffer), 16_384],
    ['A-law', { tag: 6, bits: 8 }, Buffer.from([0xaa, 0xaa]), 32_256],
    ['mu-law', { tag: 7, bits: 8 }, Buffer.from([0x80, 0x80]), 32_124],
  ]
  for (const [name, given, body, expected] of codings)
    test(`${name} is read`, () =>
      assert.equal(normaliseWave(wave(given, body)).content.readInt16LE(44), expected))

  test('a length that is told too great is not believed', () => {
    assert.equal(normaliseWave(wave({}, sine(8_000), 0x7fff_ffd0)).durationMs, 1_000)
  })

  const bad: readonly (readonly [sentence: string, bytes: Buffer])[] = [
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('this is no sound at all, it is a sentence')],
    ['an MP3', Buffer.from('ID3\u0003\u0000\u0000', 'latin1')],
    ['a header without sound', wave({}, Buffer.alloc(0))],
    ['nine channels', wave({ channels: 9 }, Buffer.alloc(180))],
    ['no channel', wave({ channels: 0 }, Buffer.alloc(180))],
    ['a rate of nothing', wave({ rate: 0 }, Buffer.alloc(180))],
    ['a coding that is not read', wave({ tag: 2 }, Buffer.alloc(180))],
    ['longer than is allowed', wave({ rate: 4_000, bits: 8 }, Buffer.alloc(4_000 * (MOST_SECONDS + 1)))],
    ['a format that is cut off', wave({}, Buffer.alloc(100)).subarray(0, 24)],
  ]
  for (const [sentence, bytes] of bad)
    test(`${sentence} is refused`, () =>
      assert.throws(
        () => normaliseWave(bytes),
        (fault) => codeOf(fault) === 'RECORDING_BAD_SOUND',
      ))

  test('no bytes whatever do more than be refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, behind) => {
        const given = behind
          ? Buffer.concat([wave({}, sine(8_000)).subarray(0, 40), bytes])
          : Buffer.from(bytes)
        try {
          normaliseWave(given)
        } catch (fault) {
          assert.equal(codeOf(fault), 'RECORDING_BAD_SOUND')
        }
      }),
    )
  })
})
