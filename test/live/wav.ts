/** Reads what the switch recorded: PCM of 16 bit, whatever its header says of a length that it did not live to write. */
import { readFileSync } from 'node:fs'

export type Wav = {
  readonly sampleRate: number
  /** Each channel, -32768 to 32767. */
  readonly channels: readonly Float64Array[]
  readonly durationMs: number
}

export const readWav = (path: string): Wav => {
  const bytes = readFileSync(path)
  let [rate, count] = [8_000, 1]
  for (let at = 12; at + 8 <= bytes.length;) {
    const [id, size] = [bytes.toString('latin1', at, at + 4), bytes.readUInt32LE(at + 4)]
    if (id === 'fmt ') [count, rate] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 12)]
    if (id === 'data') return read(bytes.subarray(at + 8), rate, count)
    at += 8 + size + (size % 2)
  }
  throw new Error(`${path} has no data`)
}

const read = (content: Buffer, sampleRate: number, count: number): Wav => {
  const frames = Math.floor(content.length / 2 / count)
  const channels = Array.from({ length: count }, (_, channel) =>
    Float64Array.from({ length: frames }, (__, frame) => content.readInt16LE(2 * (frame * count + channel))),
  )
  return { sampleRate, channels, durationMs: (frames / sampleRate) * 1_000 }
}

/** The level of a tone between two moments (milliseconds): its amplitude over 6000, which is how loud parties send. */
export const toneIn = (
  { channels, sampleRate }: Wav,
  channel: number,
  tone: number,
  fromMs = 0,
  untilMs = Infinity,
): number => {
  const all = channels[channel] ?? new Float64Array()
  const samples = all.subarray((fromMs / 1_000) * sampleRate, (untilMs / 1_000) * sampleRate)
  // Of short stretches: packets that come late turn the phase.
  const step = Math.round(sampleRate / 50)
  const levels: number[] = []
  for (let at = 0; at + step <= samples.length; at += step) {
    const coefficient = 2 * Math.cos((2 * Math.PI * tone) / sampleRate)
    let [before, last] = [0, 0]
    for (const sample of samples.subarray(at, at + step))
      [before, last] = [last, sample + coefficient * last - before]
    const power = last * last + before * before - coefficient * last * before
    levels.push((2 * Math.sqrt(Math.max(0, power))) / step / 6_000)
  }
  return levels.length === 0 ? 0 : levels.reduce((sum, level) => sum + level, 0) / levels.length
}

/** The loudest sample between two moments: exact silence is 0. */
export const loudest = (
  { channels, sampleRate }: Wav,
  channel: number,
  fromMs: number,
  untilMs: number,
): number =>
  (channels[channel] ?? new Float64Array())
    .subarray((fromMs / 1_000) * sampleRate, (untilMs / 1_000) * sampleRate)
    .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0)
