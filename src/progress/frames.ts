/**
 * Sound as frames: 20 ms of a telephone line (8 kHz, linear) with their loudness and what of them is a steady tone.
 * Pure; the only clock is the number of samples. Whoever judges what is heard (greeting, cadence, fax, beep) reads
 * frames and never samples.
 */

/** Hertz of everything in this folder: what a telephone carries. */
export const SAMPLE_RATE = 8_000
export const FRAME_MS = 20
const FRAME_SAMPLES = (SAMPLE_RATE * FRAME_MS) / 1_000

export type Frame = {
  /** Milliseconds from the first sample to the beginning of the frame. */
  readonly atMs: number
  /** The mean of the samples' absolute values, 0 to 32767: what `silence_threshold` is compared with. */
  readonly level: number
  /** Present where nearly all of the frame's power is in one or two lines of the spectrum. */
  readonly tone: Tone | undefined
}

export type Tone = {
  /** The stronger line. */
  readonly hz: number
  /** The weaker one, where there are two: 480 and 620 Hz. Lines that lie within 60 Hz are one, in their middle. */
  readonly second: number | undefined
}

export type FrameReader = {
  /** Any number of samples; the frames that they complete, in order. */
  readonly feed: (samples: Int16Array) => readonly Frame[]
}

export const createFrameReader = (): FrameReader => {
  const spectrum = createSpectrum()
  // The spectrum's window reaches back over the frame before: 256 samples tell 31 Hz apart, 160 only 50.
  const window = new Float64Array(WINDOW)
  let pending = new Int16Array(0)
  let count = 0
  const read = (samples: Int16Array): Frame => {
    window.copyWithin(0, FRAME_SAMPLES)
    let sum = 0
    for (const [index, sample] of samples.entries()) {
      sum += Math.abs(sample)
      window[WINDOW - FRAME_SAMPLES + index] = sample
    }
    const level = sum / FRAME_SAMPLES
    const atMs = count * FRAME_MS
    count += 1
    return { atMs, level, tone: level < AUDIBLE ? undefined : spectrum(window) }
  }
  return {
    feed: (samples) => {
      const all = new Int16Array(pending.length + samples.length)
      all.set(pending)
      all.set(samples, pending.length)
      const frames: Frame[] = []
      let at = 0
      for (; at + FRAME_SAMPLES <= all.length; at += FRAME_SAMPLES)
        frames.push(read(all.subarray(at, at + FRAME_SAMPLES)))
      pending = all.slice(at)
      return frames
    },
  }
}

/** About -56 dB below a full sine: beneath it is what codecs make of silence. */
const AUDIBLE = 32
const WINDOW = 256
const BIN_HZ = SAMPLE_RATE / WINDOW
/** Hann's main lobe: a line fills the bins beside its own, too. */
const LOBE = 2
const FIRST_BIN = Math.round(250 / BIN_HZ)
const LAST_BIN = Math.round(3_400 / BIN_HZ)
/** Of the power; what speech leaves in one line, or in two, is less but for single frames. */
const PURE = 0.85
const SECOND_LEAST = 0.08

/** Finds the one or two lines that make up a window, if they do. */
const createSpectrum = (): ((window: Float64Array) => Tone | undefined) => {
  const re = new Float64Array(WINDOW)
  const im = new Float64Array(WINDOW)
  const power = new Float64Array(WINDOW / 2)
  return (window) => {
    for (let index = 0; index < WINDOW; index += 1) {
      re[index] = (window[index] ?? 0) * (HANN[index] ?? 0)
      im[index] = 0
    }
    transform(re, im)
    let total = 0
    // What lies below the band counts, too: a voice has its fundamental there, a tone nothing.
    for (let bin = 2; bin < power.length; bin += 1) {
      power[bin] = (re[bin] ?? 0) ** 2 + (im[bin] ?? 0) ** 2
      total += power[bin] ?? 0
    }
    const first = strongest(power, undefined)
    if (first === undefined) return undefined
    const own = powerAround(power, first, undefined)
    if (own >= PURE * total) return { hz: frequencyOf(power, first), second: undefined }
    const second = strongest(power, first)
    if (second === undefined) return undefined
    const other = powerAround(power, second, first)
    return own + other >= PURE * total && other >= SECOND_LEAST * total
      ? { hz: frequencyOf(power, first), second: frequencyOf(power, second) }
      : undefined
  }
}

const strongest = (power: Float64Array, besides: number | undefined): number | undefined => {
  let best: number | undefined
  for (let bin = FIRST_BIN; bin <= LAST_BIN; bin += 1) {
    if (besides !== undefined && Math.abs(bin - besides) <= LOBE) continue
    if ((power[bin] ?? 0) > (best === undefined ? 0 : (power[best] ?? 0))) best = bin
  }
  return best
}

const powerAround = (power: Float64Array, bin: number, besides: number | undefined): number => {
  let sum = 0
  for (let each = bin - LOBE; each <= bin + LOBE; each += 1) {
    if (besides !== undefined && Math.abs(each - besides) <= LOBE) continue
    sum += power[each] ?? 0
  }
  return sum
}

/** Between the bins, by the parabola through the logarithms: exact to a few hertz for Hann's window. */
const frequencyOf = (power: Float64Array, bin: number): number => {
  const log = (each: number): number => Math.log((power[each] ?? 0) + 1e-9)
  const [before, at, after] = [log(bin - 1), log(bin), log(bin + 1)]
  const curve = before - 2 * at + after
  const shift = curve === 0 ? 0 : (before - after) / (2 * curve)
  return (bin + Math.max(-0.5, Math.min(0.5, shift))) * BIN_HZ
}

const HANN = Float64Array.from(
  { length: WINDOW },
  (_, index) => 0.5 - 0.5 * Math.cos((2 * Math.PI * index) / WINDOW),
)
const COS = Float64Array.from({ length: WINDOW / 2 }, (_, index) => Math.cos((2 * Math.PI * index) / WINDOW))
const SIN = Float64Array.from({ length: WINDOW / 2 }, (_, index) => -Math.sin((2 * Math.PI * index) / WINDOW))

/** Cooley and Tukey's, in place, radix 2. */
const transform = (re: Float64Array, im: Float64Array): void => {
  for (let index = 1, reversed = 0; index < WINDOW; index += 1) {
    let bit = WINDOW >> 1
    for (; (reversed & bit) !== 0; bit >>= 1) reversed ^= bit
    reversed ^= bit
    if (index >= reversed) continue
    const kept = re[index] ?? 0
    re[index] = re[reversed] ?? 0
    re[reversed] = kept
  }
  for (let size = 2; size <= WINDOW; size <<= 1) {
    const half = size >> 1
    const step = WINDOW / size
    for (let start = 0; start < WINDOW; start += size) {
      for (let k = 0; k < half; k += 1) {
        const [cos, sin] = [COS[k * step] ?? 0, SIN[k * step] ?? 0]
        const [a, b] = [start + k, start + k + half]
        const [bRe, bIm] = [re[b] ?? 0, im[b] ?? 0]
        const tRe = bRe * cos - bIm * sin
        const tIm = bRe * sin + bIm * cos
        re[b] = (re[a] ?? 0) - tRe
        im[b] = (im[a] ?? 0) - tIm
        re[a] = (re[a] ?? 0) + tRe
        im[a] = (im[a] ?? 0) + tIm
      }
    }
  }
}
