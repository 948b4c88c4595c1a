/** Tones: made, coded in G.711 A-law (ITU-T G.711), and found again in what was heard (Goertzel). */

export const SAMPLE_RATE = 8_000
const AMPLITUDE = 6_000

/** `count` samples of a sine from sample `from` on, as A-law bytes. */
export const encodeALaw = (tone: number, from: number, count: number): Buffer => {
  const bytes = Buffer.alloc(count)
  for (let index = 0; index < count; index++) {
    const sample = AMPLITUDE * Math.sin((2 * Math.PI * tone * (from + index)) / SAMPLE_RATE)
    bytes[index] = aLawOf(Math.round(sample))
  }
  return bytes
}

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

export const decodeALaw = (bytes: Uint8Array): Float64Array =>
  Float64Array.from(bytes, (byte) => {
    const code = byte ^ 0x55
    const exponent = (code >> 4) & 7
    const mantissa = code & 15
    const magnitude = exponent === 0 ? mantissa * 16 + 8 : (mantissa * 16 + 264) << (exponent - 1)
    return (code & 0x80) === 0 ? -magnitude : magnitude
  })

/**
 * How much of a tone is in the samples, by Goertzel's algorithm frame by frame (a jump of the phase between two frames
 * takes nothing away): 1 is as loud as `encodeALaw` makes it, throughout the `whole` samples that there could be.
 */
export const levelOf = (tone: number, frames: readonly Float64Array[], whole: number): number => {
  let sum = 0
  for (const samples of frames) {
    const coefficient = 2 * Math.cos((2 * Math.PI * tone) / SAMPLE_RATE)
    let [before, last] = [0, 0]
    for (const sample of samples) [before, last] = [last, sample + coefficient * last - before]
    const power = last * last + before * before - coefficient * last * before
    sum += (2 * Math.sqrt(Math.max(0, power))) / AMPLITUDE
  }
  return whole === 0 ? 0 : sum / whole
}

/**
 * How much of each tone is in each channel of a WAV file (PCM, 16 bits, 8 kHz), over all of it or its end.
 * The sizes in its header are not believed: a file that is still written has none.
 */
export const levelsIn = (
  wav: Buffer,
  tones: readonly number[],
  { lastSeconds }: { readonly lastSeconds?: number } = {},
): readonly (readonly number[])[] => {
  const channels = wav.readUInt16LE(22)
  const rate = wav.readUInt32LE(24)
  if (rate !== SAMPLE_RATE) throw new Error(`the file has ${rate} Hz`)
  const data = wav.subarray(wav.indexOf('data') + 8)
  const total = Math.floor(data.length / 2 / channels)
  const count = Math.min(total, lastSeconds === undefined ? total : lastSeconds * rate)
  const first = total - count
  return Array.from({ length: channels }, (_, channel) => {
    const frames = Array.from({ length: Math.floor(count / 160) }, (_frame, frame) =>
      Float64Array.from({ length: 160 }, (_sample, sample) =>
        data.readInt16LE(((first + frame * 160 + sample) * channels + channel) * 2),
      ),
    )
    return tones.map((tone) => levelOf(tone, frames, frames.length * 160))
  })
}
