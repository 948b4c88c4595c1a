/** Frames that carry the same steady tone, joined: a beep, a fax's whistle, one burst of a busy tone. Pure. */
import { FRAME_MS, type Frame, type Tone } from './frames.ts'

export type ToneRun = Tone & {
  readonly startMs: number
  /** Of the last frame that had it; grows while the tone goes on. */
  readonly endMs: number
  /** The tone has ended. */
  readonly over: boolean
}

export type ToneRuns = {
  /** The run that this frame belongs to, or that it ended; undefined: neither. */
  readonly feed: (frame: Frame) => ToneRun | undefined
}

/** Two frames are of one tone when neither line moved further. */
const SAME_HZ = 25
/** A frame across which a packet was lost, or a click, ends no tone. */
const FORGIVEN_FRAMES = 1

export const createToneRuns = (): ToneRuns => {
  let current: ToneRun | undefined
  let missing = 0
  return {
    feed: ({ atMs, tone }) => {
      if (tone !== undefined && (current === undefined || isSame(current, tone))) {
        missing = 0
        current =
          current === undefined
            ? { ...tone, startMs: atMs, endMs: atMs + FRAME_MS, over: false }
            : { ...current, ...settled(current, tone, atMs), endMs: atMs + FRAME_MS }
        return current
      }
      if (current === undefined) return undefined
      missing += 1
      if (missing <= FORGIVEN_FRAMES) return undefined
      const ended: ToneRun = { ...current, over: true }
      missing = 0
      current = undefined
      return ended
    },
  }
}

/** The first frames of a tone have its click in them: what it is, later ones say. */
const settled = (run: ToneRun, tone: Tone, atMs: number): Tone =>
  atMs - run.startMs <= 2 * FRAME_MS ? tone : { hz: run.hz, second: run.second }

const isSame = (a: Tone, b: Tone): boolean =>
  near(a.hz, b.hz) && (a.second === undefined || b.second === undefined || near(a.second, b.second))
    ? true
    : // Two lines of nearly the same strength change places.
      a.second !== undefined && b.second !== undefined && near(a.hz, b.second) && near(a.second, b.hz)

const near = (a: number, b: number): boolean => Math.abs(a - b) <= SAME_HZ

export const lengthOf = ({ startMs, endMs }: Pick<ToneRun, 'startMs' | 'endMs'>): number => endMs - startMs

/** Both lines, within so many hertz; two lines that lie close together are one in their middle. */
export const isTone = (run: Tone, wanted: readonly number[], withinHz: number): boolean => {
  const [low, high] = [Math.min(...wanted), Math.max(...wanted)]
  const close = (a: number, b: number): boolean => Math.abs(a - b) <= withinHz
  // Whether the two are told apart depends on where they lie between the bins.
  if (high - low <= 60 && run.second === undefined)
    return run.hz >= low - withinHz && run.hz <= high + withinHz
  if (wanted.length === 1) return close(run.hz, low) && run.second === undefined
  if (run.second === undefined) return false
  const [a, b] = [Math.min(run.hz, run.second), Math.max(run.hz, run.second)]
  return close(a, low) && close(b, high)
}
