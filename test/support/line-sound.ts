/** What comes over a telephone line, for tests: tones, noise, silence, spoken text where a voice is installed, and G.711. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const RATE = 8_000
const samplesIn = (ms: number): number => Math.round((ms * RATE) / 1_000)

export const silence = (ms: number): Int16Array => new Int16Array(samplesIn(ms))

/** Sines of these frequencies together, the loudest sample being `amplitude`. */
export const sine = (hz: number | readonly number[], ms: number, amplitude = 6_000): Int16Array => {
  const all = typeof hz === 'number' ? [hz] : hz
  return Int16Array.from({ length: samplesIn(ms) }, (_, index) =>
    Math.round(
      (amplitude / all.length) *
        all.reduce((sum, each) => sum + Math.sin((2 * Math.PI * each * index) / RATE), 0),
    ),
  )
}

/** On, off, on, off ... in milliseconds, `turns` times. */
export const cadence = (
  hz: number | readonly number[],
  onOff: readonly number[],
  turns: number,
  amplitude = 6_000,
): Int16Array =>
  joined(
    ...Array.from({ length: turns }, () =>
      onOff.map((ms, index) => (index % 2 === 0 ? sine(hz, ms, amplitude) : silence(ms))),
    ).flat(),
  )

/** White, of this mean absolute value; the same for the same seed. */
export const noise = (ms: number, level: number, seed = 1): Int16Array => {
  let state = seed >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  }
  return Int16Array.from({ length: samplesIn(ms) }, () => Math.round(2 * level * next()))
}

/** Sound that is no steady tone: what `createGreeting` takes for somebody who speaks without a pause. */
export const babble = (ms: number): Int16Array =>
  joined(
    ...Array.from({ length: Math.round(ms / 40) }, (_, index) =>
      sine([200 + 40 * (index % 5), 900 + 130 * (index % 7), 2_100 - 90 * (index % 4)], 40, 9_000),
    ),
  )

export const joined = (...parts: readonly Int16Array[]): Int16Array => {
  const all = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export const mixed = (a: Int16Array, b: Int16Array): Int16Array =>
  a.map((sample, index) => clamp(sample + (b[index] ?? 0)))

export const louder = (sound: Int16Array, decibel: number): Int16Array => {
  const factor = 10 ** (decibel / 20)
  return sound.map((sample) => clamp(Math.round(sample * factor)))
}

const clamp = (sample: number): number => Math.max(-32_768, Math.min(32_767, sample))

export const encodeALaw = (sound: Int16Array): Buffer => Buffer.from(Uint8Array.from(sound, aLawOf))
export const decodeALaw = (bytes: Uint8Array): Int16Array => Int16Array.from(bytes, fromALaw)

const aLawOf = (sample: number): number => {
  const positive = sample >= 0
  let magnitude = Math.min(positive ? sample : -sample - 1, 32_767) >> 4
  let exponent = 0
  if (magnitude > 15) {
    exponent = 1
    while (magnitude > 31) {
      magnitude >>= 1
      exponent += 1
    }
    magnitude -= 16
  }
  return ((exponent << 4) | magnitude | (positive ? 0x80 : 0)) ^ 0x55
}

const fromALaw = (byte: number): number => {
  const code = byte ^ 0x55
  const exponent = (code >> 4) & 7
  const mantissa = code & 15
  const magnitude = exponent === 0 ? mantissa * 16 + 8 : (mantissa * 16 + 264) << (exponent - 1)
  return (code & 0x80) === 0 ? -magnitude : magnitude
}

/** What remains of a sound after a line that speaks G.711. */
export const throughALaw = (sound: Int16Array): Int16Array => decodeALaw(encodeALaw(sound))

const MU_BIAS = 132
export const throughMuLaw = (sound: Int16Array): Int16Array =>
  sound.map((sample) => {
    const magnitude = Math.min(Math.abs(sample), 32_635) + MU_BIAS
    const exponent = Math.floor(Math.log2(magnitude)) - 7
    const mantissa = (magnitude >> (exponent + 3)) & 15
    const value = (((mantissa << 3) + MU_BIAS) << exponent) - MU_BIAS
    return sample < 0 ? -value : value
  })

export type Voice = { readonly engine: 'flite' | 'espeak-ng'; readonly voice: string }

export const has = (binary: string): boolean => spawnSync('which', [binary]).status === 0

/** Spoken text at 8 kHz, silence at both ends cut off. Needs the voice's program, and sox. */
export const spoken = (text: string, { engine, voice }: Voice, wordsPerMinute = 160): Int16Array => {
  const folder = mkdtempSync(join(tmpdir(), 'strowger-voice-'))
  try {
    const wav = join(folder, 'said.wav')
    const raw = join(folder, 'said.raw')
    run(
      engine,
      engine === 'flite'
        ? ['-voice', voice, '-t', text, '-o', wav]
        : ['-v', voice, '-s', String(wordsPerMinute), '-w', wav, text],
    )
    run('sox', [wav, '-r', String(RATE), '-c', '1', '-e', 'signed', '-b', '16', raw, 'gain', '-n', '-6'])
    const bytes = readFileSync(raw)
    return trimmed(Int16Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readInt16LE(index * 2)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const run = (binary: string, args: readonly string[]): void => {
  const { status, stderr } = spawnSync(binary, [...args], { timeout: 20_000 })
  if (status !== 0)
    throw new Error(`${binary} ended with ${String(status)}: ${stderr.toString().slice(0, 400)}`)
}

const trimmed = (sound: Int16Array): Int16Array => {
  const isLoud = (sample: number): boolean => Math.abs(sample) > 300
  const first = sound.findIndex(isLoud)
  const last = sound.findLastIndex(isLoud)
  return first < 0 ? sound : sound.slice(first, last + 1)
}
