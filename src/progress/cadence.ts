/**
 * Tones of the network that say that a call failed, though the trunk answered it: busy, congestion, the three notes
 * before an announcement. One burst is no proof, a cadence is: the country's, twice in a row. Pure.
 */
import type { Country } from '../telephony/e164.ts'
import { SPECIAL_INFORMATION, tonesOf, type Tone } from '../telephony/tones.ts'
import { FRAME_MS, type Frame } from './frames.ts'
import { isTone, lengthOf, type ToneRun } from './tone-runs.ts'

export const FAILURE_TONES = ['busy', 'congestion', 'special-information'] as const
export type FailureTone = (typeof FAILURE_TONES)[number]

export type Heard =
  | { readonly kind: 'failure'; readonly tone: FailureTone; readonly atMs: number }
  /** Somebody is there, or it rings: no tone of failure began in time, or something else was heard. */
  | { readonly kind: 'other'; readonly why: 'sound' | 'ringing' | 'silence'; readonly atMs: number }

export type CadenceDetector = {
  /** What a frame and the run that it belongs to or ended tell; `other` once, a failure whenever one is heard. */
  readonly feed: (frame: Frame, run: ToneRun | undefined) => Heard | undefined
}

export type CadenceParameters = {
  readonly country: Country | undefined
  /** So long a trunk may be silent after its answer until it is taken for one that is through. */
  readonly silenceMs: number
  readonly silenceThreshold: number
}

/** Exchanges keep to their frequencies within 15 Hz (E.180), gateways and codecs to their timing within a tenth. */
const WITHIN_HZ = 25
const WITHIN_SHARE = 0.2
const WITHIN_MS = 50
/** Sound that is no steady tone for so long is somebody. */
const SOUND_MS = 160
const STEADY_MS = 80

export const createCadenceDetector = (parameters: CadenceParameters): CadenceDetector => {
  const { busy, congestion, ringback } = tonesOf(parameters.country)
  // A country's congestion may begin as its busy does: where they part, only the bursts of a whole turn tell.
  const mostBusyBursts = congestion.cadence.length / 2 + 1
  const bursts: ToneRun[] = []
  let told = false
  let soundMs = 0
  let heardMs = 0
  let steadySince: number | undefined
  const other = (why: 'sound' | 'ringing' | 'silence', atMs: number): Heard | undefined => {
    if (told) return undefined
    told = true
    return { kind: 'other', why, atMs }
  }
  const ended = (run: ToneRun, atMs: number): Heard | undefined => {
    bursts.push(run)
    if (bursts.length > 16) bursts.shift()
    const failure = (tone: FailureTone): Heard => ({ kind: 'failure', tone, atMs })
    if (isSpecialInformation(bursts)) return failure('special-information')
    if (isCadence(bursts, busy, mostBusyBursts)) return failure('busy')
    return isCadence(bursts, congestion) ? failure('congestion') : undefined
  }
  return {
    feed: (frame, run) => {
      const atMs = frame.atMs + FRAME_MS
      if (run !== undefined && !run.over) steadySince ??= run.startMs
      if (run?.over === true && lengthOf(run) >= STEADY_MS) {
        steadySince = undefined
        const failure = ended(run, atMs)
        if (failure !== undefined) return failure
      } else if (run === undefined) {
        steadySince = undefined
        // A burst begins and ends with frames that are neither.
        if (frame.level >= parameters.silenceThreshold) soundMs += FRAME_MS
        else soundMs = Math.max(0, soundMs - FRAME_MS)
      }
      if (frame.level >= parameters.silenceThreshold) heardMs = atMs
      if (soundMs >= SOUND_MS) return other('sound', atMs)
      if (run !== undefined && lengthOf(run) > longest(busy, congestion) && isToneOf(run, ringback))
        return other('ringing', atMs)
      if (run !== undefined && lengthOf(run) > 1_500) return other('ringing', atMs)
      return atMs - heardMs >= parameters.silenceMs ? other('silence', atMs) : undefined
    },
  }
}

const isToneOf = (run: ToneRun, { hz }: Tone): boolean => isTone(run, hz, WITHIN_HZ)

const longest = (...tones: readonly Tone[]): number =>
  Math.max(...tones.flatMap(({ cadence }) => cadence.filter((_, index) => index % 2 === 0))) * 1.2

/** The last bursts are the tone's for two whole turns of its cadence, and never less than three. */
const isCadence = (bursts: readonly ToneRun[], tone: Tone, atLeast = 3): boolean => {
  const { cadence } = tone
  const perTurn = cadence.length / 2
  const count = Math.max(perTurn * 2, atLeast, 3)
  const last = bursts.slice(-count)
  if (perTurn === 0 || last.length < count || !last.every((run) => isToneOf(run, tone))) return false
  // The turn may begin at any of its bursts.
  return Array.from({ length: perTurn }, (_, shift) => shift).some((shift) =>
    last.every((run, index) => {
      const at = ((index + shift) % perTurn) * 2
      const next = last[index + 1]
      return (
        isAbout(lengthOf(run), cadence[at] ?? 0) &&
        (next === undefined || isAbout(next.startMs - run.endMs, cadence[at + 1] ?? 0))
      )
    }),
  )
}

const isAbout = (ms: number, wanted: number): boolean =>
  Math.abs(ms - wanted) <= Math.max(WITHIN_MS, wanted * WITHIN_SHARE)

/** 950, 1400 and 1800 Hz, 330 ms each (E.180, 7.2.6). North America's notes lie within 100 Hz of them, some are shorter. */
const isSpecialInformation = (bursts: readonly ToneRun[]): boolean => {
  const last = bursts.slice(-3)
  return (
    last.length === 3 &&
    last.every(
      (run, index) =>
        isToneNear(run, SPECIAL_INFORMATION[index]) && lengthOf(run) >= 180 && lengthOf(run) <= 500,
    ) &&
    last.slice(1).every((run, index) => run.startMs - (last[index]?.endMs ?? 0) <= 120)
  )
}

const isToneNear = (run: ToneRun, wanted: Tone | undefined): boolean =>
  wanted !== undefined && Math.abs(run.hz - (wanted.hz[0] ?? 0)) <= 100
