/**
 * The beep after which a machine records: one steady tone of 300 to 3000 Hz and at least 200 ms, after which nobody
 * speaks. It is found by its spectrum and not by its frequency, since every machine has another. A machine that never
 * beeps records as soon as it has stopped talking. Pure.
 */
import { FRAME_MS, type Frame } from './frames.ts'
import { lengthOf, type ToneRun } from './tone-runs.ts'

export type BeepParameters = {
  /** Silence after the greeting by which a machine without a beep is taken to record. */
  readonly silenceMs: number
  /** 0 to 32767: what is less is silence. */
  readonly silenceThreshold: number
}

export type Beep =
  | { readonly kind: 'beep'; readonly hz: number; readonly startMs: number; readonly endMs: number }
  /** The machine fell silent, and did not beep. */
  | { readonly kind: 'no-beep'; readonly atMs: number }

export type BeepDetector = {
  /** The same answer from the first on. */
  readonly feed: (frame: Frame, run: ToneRun | undefined) => Beep | undefined
}

export const LEAST_BEEP_MS = 200
/** A longer tone is a line's, not a machine's. */
const LONGEST_BEEP_MS = 3_000
const LOWEST_HZ = 300
const HIGHEST_HZ = 3_000

export const createBeepDetector = ({ silenceMs, silenceThreshold }: BeepParameters): BeepDetector => {
  let quietSince: number | undefined
  let found: Beep | undefined
  return {
    feed: (frame, run) => {
      if (found !== undefined) return found
      const isQuiet = frame.level < silenceThreshold && run === undefined
      if (!isQuiet) quietSince = undefined
      else quietSince ??= frame.atMs
      if (run?.over === true && isBeep(run))
        found = { kind: 'beep', hz: Math.round(run.hz), startMs: run.startMs, endMs: run.endMs }
      else if (quietSince !== undefined && frame.atMs + FRAME_MS - quietSince >= silenceMs)
        found = { kind: 'no-beep', atMs: frame.atMs + FRAME_MS }
      return found
    },
  }
}

export const isBeep = (run: ToneRun): boolean => {
  const length = lengthOf(run)
  return length >= LEAST_BEEP_MS && length <= LONGEST_BEEP_MS && run.hz >= LOWEST_HZ && run.hz <= HIGHEST_HZ
}
