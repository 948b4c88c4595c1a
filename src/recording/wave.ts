/**
 * Sounds that people upload, read from WAV and made into what every leg plays well: PCM of 16 bit, one channel, 8000 or
 * 16000 Hz. Pure, and it believes no length that a header tells: what is not there is not read.
 */
import { EngineError } from '../base/errors.ts'

export type Sound = {
  /** A whole WAV file. */
  readonly content: Buffer
  readonly sampleRate: 8000 | 16000
  readonly durationMs: number
}

/** So long may it be: an announcement, a message, a greeting. */
export const MOST_SECONDS = 600

/** Throws RECORDING_BAD_SOUND, whose message says what is wrong with the file. */
export const normaliseWave = (bytes: Buffer): Sound => {
  const { rate, channels, samples } = readWave(bytes)
  const frames = Math.floor(samples.length / channels)
  if (frames === 0) throw bad('there is no sound in it')
  if (frames / rate > MOST_SECONDS) throw bad(`it is longer than ${MOST_SECONDS} seconds`)
  const mono = channels === 1 ? samples.subarray(0, frames) : mixed(samples, channels, frames)
  const sampleRate = rate >= 16_000 ? 16_000 : 8_000
  const out = resampled(mono, rate, sampleRate)
  return {
    content: writeWave(out, sampleRate),
    sampleRate,
    durationMs: Math.round((out.length / sampleRate) * 1_000),
  }
}

type Read = { readonly rate: number; readonly channels: number; readonly samples: Float64Array }

/** WAVE_FORMAT_* (mmreg.h). */
const PCM = 1
const FLOAT = 3
const A_LAW = 6
const MU_LAW = 7
const EXTENSIBLE = 0xfffe

const readWave = (bytes: Buffer): Read => {
  if (
    bytes.length < 12 ||
    bytes.toString('latin1', 0, 4) !== 'RIFF' ||
    bytes.toString('latin1', 8, 12) !== 'WAVE'
  )
    throw bad('it is not a WAV file')
  let format:
    | { readonly tag: number; readonly channels: number; readonly rate: number; readonly bits: number }
    | undefined
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = bytes.toString('latin1', at, at + 4)
    const size = bytes.readUInt32LE(at + 4)
    const body = bytes.subarray(at + 8, at + 8 + size)
    if (id === 'fmt ') {
      if (body.length < 16) throw bad('its format is cut off')
      const tag = body.readUInt16LE(0)
      format = {
        tag: tag === EXTENSIBLE && body.length >= 26 ? body.readUInt16LE(24) : tag,
        channels: body.readUInt16LE(2),
        rate: body.readUInt32LE(4),
        bits: body.readUInt16LE(14),
      }
    }
    if (id === 'data') {
      if (format === undefined) throw bad('its format is missing')
      const { channels, rate } = format
      if (channels < 1 || channels > 8) throw bad(`it has ${channels} channels: 1 to 8 are read`)
      if (rate < 4_000 || rate > 192_000)
        throw bad(`it has ${rate} samples a second: 4000 to 192000 are read`)
      return { rate, channels, samples: samplesOf(body, format.tag, format.bits) }
    }
    at += 8 + size + (size % 2)
  }
  throw bad('there is no sound in it')
}

/** From -1 to 1. */
const samplesOf = (body: Buffer, tag: number, bits: number): Float64Array => {
  const width = bits / 8
  const read = readerOf(tag, bits)
  if (read === undefined)
    throw bad(
      `its coding (${tag}, ${bits} bit) is not read: PCM of 8, 16, 24 or 32 bit, float, A-law and mu-law are`,
    )
  const count = Math.floor(body.length / width)
  const samples = new Float64Array(count)
  for (let index = 0; index < count; index++) samples[index] = read(body, index * width)
  return samples
}

const readerOf = (tag: number, bits: number): ((body: Buffer, at: number) => number) | undefined => {
  switch (`${tag}/${bits}`) {
    case `${PCM}/8`:
      return (body, at) => (body.readUInt8(at) - 128) / 128
    case `${PCM}/16`:
      return (body, at) => body.readInt16LE(at) / 32_768
    case `${PCM}/24`:
      return (body, at) => body.readIntLE(at, 3) / 8_388_608
    case `${PCM}/32`:
      return (body, at) => body.readInt32LE(at) / 2_147_483_648
    case `${FLOAT}/32`:
      return (body, at) => clipped(body.readFloatLE(at))
    case `${A_LAW}/8`:
      return (body, at) => fromALaw(body.readUInt8(at)) / 32_768
    case `${MU_LAW}/8`:
      return (body, at) => fromMuLaw(body.readUInt8(at)) / 32_768
    default:
      return undefined
  }
}

const clipped = (value: number): number => (Number.isFinite(value) ? Math.max(-1, Math.min(1, value)) : 0)

/** ITU-T G.711. */
const fromALaw = (byte: number): number => {
  const code = byte ^ 0x55
  const exponent = (code >> 4) & 7
  const mantissa = code & 15
  const magnitude = exponent === 0 ? mantissa * 16 + 8 : (mantissa * 16 + 264) << (exponent - 1)
  return (code & 0x80) === 0 ? -magnitude : magnitude
}

const fromMuLaw = (byte: number): number => {
  const code = ~byte & 0xff
  const magnitude = ((((code & 15) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
  return (code & 0x80) === 0 ? magnitude : -magnitude
}

const mixed = (samples: Float64Array, channels: number, frames: number): Float64Array => {
  const mono = new Float64Array(frames)
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0
    for (let channel = 0; channel < channels; channel++) sum += samples[frame * channels + channel] ?? 0
    mono[frame] = sum / channels
  }
  return mono
}

/** Zero crossings of the kernel on each side, in samples of the lower rate. */
const KERNEL = 12

/** A windowed sinc (Hann) below the lower of both Nyquist frequencies. */
const resampled = (samples: Float64Array, from: number, to: number): Float64Array => {
  if (from === to) return samples
  const length = Math.max(1, Math.round((samples.length * to) / from))
  const cutoff = Math.min(1, to / from)
  const reach = KERNEL / cutoff
  const out = new Float64Array(length)
  for (let index = 0; index < length; index++) {
    const centre = (index * from) / to
    const first = Math.max(0, Math.ceil(centre - reach))
    const last = Math.min(samples.length - 1, Math.floor(centre + reach))
    let [sum, weights] = [0, 0]
    for (let at = first; at <= last; at++) {
      const x = at - centre
      const angle = Math.PI * x * cutoff
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle
      const weight = sinc * (0.5 + 0.5 * Math.cos((Math.PI * x) / reach))
      sum += weight * (samples[at] ?? 0)
      weights += weight
    }
    out[index] = weights === 0 ? 0 : sum / weights
  }
  return out
}

const writeWave = (samples: Float64Array, rate: number): Buffer => {
  const bytes = Buffer.alloc(44 + 2 * samples.length)
  bytes.write('RIFF', 0, 'latin1')
  bytes.writeUInt32LE(36 + 2 * samples.length, 4)
  bytes.write('WAVEfmt ', 8, 'latin1')
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(PCM, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(rate * 2, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36, 'latin1')
  bytes.writeUInt32LE(2 * samples.length, 40)
  samples.forEach((sample, index) =>
    bytes.writeInt16LE(Math.max(-32_768, Math.min(32_767, Math.round(sample * 32_768))), 44 + 2 * index),
  )
  return bytes
}

const bad = (why: string): EngineError =>
  new EngineError('RECORDING_BAD_SOUND', `the file cannot be used: ${why}`)
