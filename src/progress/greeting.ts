/**
 * Who answered: a person, a machine, a fax, or not to be told. It listens to how somebody says hello. A person says
 * a word or two and waits; a machine talks on; a fax whistles. The parameters carry the names that dialplans know from
 * other switches (`maximum_word_length` ...). Pure: time is the number of samples heard.
 *
 * Every frame the whole line so far is divided into words anew, with a threshold that knows the noise of the line by
 * now: what was taken for a word in the first moments may turn out to be the noise.
 */
import { FRAME_MS, type Frame } from './frames.ts'
import { isTone, lengthOf, type ToneRun } from './tone-runs.ts'

export const VERDICTS = ['human', 'machine', 'fax', 'unsure'] as const
export type Verdict = (typeof VERDICTS)[number]

/** `silence`: nobody said anything. `tone`: a tone of the network, not of a machine. `time`: the analysis was over. */
export type Reason =
  | 'short-greeting'
  | 'long-greeting'
  | 'long-word'
  | 'many-words'
  | 'beep'
  | 'calling-tone'
  | 'answer-tone'
  | 'silence'
  | 'tone'
  | 'time'

/** Milliseconds but for the two that say otherwise. */
export type GreetingParameters = {
  /** Nobody speaks for so long: unsure. */
  readonly initialSilenceMs: number
  /** From the first word to the last: longer is a machine. */
  readonly greetingMs: number
  /** Silence after a greeting by which a person waits for an answer. */
  readonly afterGreetingSilenceMs: number
  readonly totalAnalysisMs: number
  /** What is shorter is a noise. */
  readonly minWordLengthMs: number
  /** A single word without a pause in it: longer is a machine. */
  readonly maximumWordLengthMs: number
  /** A pause that parts two words. */
  readonly betweenWordsSilenceMs: number
  /** More is a machine. */
  readonly maximumNumberOfWords: number
  /** 0 to 32767, the mean of the samples' absolute values: what is less is silence. */
  readonly silenceThreshold: number
}

export type Judged = {
  readonly verdict: Verdict
  readonly why: Reason
  /** Milliseconds of sound after which it was known. */
  readonly decisionMs: number
}

export type Greeting = {
  /** A frame and the tone that it is part of; the verdict once there is one, the same from then on. */
  readonly feed: (frame: Frame, run: ToneRun | undefined) => Judged | undefined
}

export const createGreeting = (parameters: GreetingParameters): Greeting => {
  const levels: number[] = []
  // Marked as tone, not as voice.
  const tones: boolean[] = []
  let judged: Judged | undefined
  const judge = (frame: Frame, run: ToneRun | undefined): Judged | undefined => {
    levels.push(frame.level)
    tones.push(false)
    if (run !== undefined && lengthOf(run) >= STEADY_MS)
      tones.fill(true, run.startMs / FRAME_MS, run.endMs / FRAME_MS)
    const decisionMs = frame.atMs + FRAME_MS
    const told = (verdict: Verdict, why: Reason): Judged => ({ verdict, why, decisionMs })
    const fax = run === undefined ? undefined : faxTone(run)
    if (fax !== undefined) return told('fax', fax)
    const words = wordsIn(levels, tones, parameters)
    const [first] = words
    const last = words.at(-1)
    if (run !== undefined && lengthOf(run) >= BEEP_MS && (first !== undefined || !isNetworkTone(run))) {
      // A whistle that may become a fax's is waited for.
      if (run.over || (lengthOf(run) < NETWORK_TONE_MS && !mayBecomeFax(run))) return told('machine', 'beep')
    }
    if (run !== undefined && lengthOf(run) >= NETWORK_TONE_MS && first === undefined && isNetworkTone(run))
      return told('unsure', 'tone')
    if (first === undefined || last === undefined)
      return decisionMs >= parameters.initialSilenceMs && run === undefined
        ? told('unsure', 'silence')
        : decisionMs >= parameters.totalAnalysisMs
          ? told('unsure', 'time')
          : undefined
    if (words.some((word) => lengthOf(word) >= parameters.maximumWordLengthMs))
      return told('machine', 'long-word')
    if (words.length > parameters.maximumNumberOfWords) return told('machine', 'many-words')
    if (last.endMs - first.startMs >= parameters.greetingMs) return told('machine', 'long-greeting')
    // A tone after the word is no silence: it may be the beep.
    if (run === undefined && decisionMs - last.endMs >= parameters.afterGreetingSilenceMs)
      return told('human', 'short-greeting')
    return decisionMs >= parameters.totalAnalysisMs ? told('unsure', 'time') : undefined
  }
  return { feed: (frame, run) => (judged ??= judge(frame, run)) }
}

export type Span = { readonly startMs: number; readonly endMs: number }

/** What is louder than the line's own noise, parted by pauses. The last one may still go on. */
export const wordsIn = (
  levels: readonly number[],
  tones: readonly boolean[],
  { silenceThreshold, betweenWordsSilenceMs, minWordLengthMs }: GreetingParameters,
): readonly Span[] => {
  const { quiet, loud } = rangeOf(levels)
  // A distant voice is known by how much louder it is than the line; never more is asked of it than the parameter says.
  const spoken = Math.min(silenceThreshold, Math.max(FAINTEST, loud * SPOKEN_SHARE))
  const threshold = Math.max(spoken, NOISE_FACTOR * quiet)
  const spans: Span[] = []
  for (const [index, level] of levels.entries()) {
    if (level < threshold || tones[index] === true) continue
    const atMs = index * FRAME_MS
    const before = spans.at(-1)
    if (before !== undefined && atMs - before.endMs < betweenWordsSilenceMs)
      spans[spans.length - 1] = { startMs: before.startMs, endMs: atMs + FRAME_MS }
    else spans.push({ startMs: atMs, endMs: atMs + FRAME_MS })
  }
  return spans.filter((span) => lengthOf(span) >= minWordLengthMs)
}

/** The loudness of the quietest frames, also fluent speech has such, between its sounds; and of the loudest. */
const rangeOf = (levels: readonly number[]): { readonly quiet: number; readonly loud: number } => {
  // Before so much was heard nothing is known of the line.
  if (levels.length < 10) return { quiet: 0, loud: Number.POSITIVE_INFINITY }
  const sorted = Float64Array.from(levels).sort()
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0
  return { quiet: at(0.1), loud: at(0.95) }
}

const NOISE_FACTOR = 3
/** About 50 dB below a full sine. */
const FAINTEST = 64
const SPOKEN_SHARE = 0.12
/** Shorter, a frame of a vowel may look like a tone. */
const STEADY_MS = 120
const BEEP_MS = 200
const NETWORK_TONE_MS = 500

/** Ring-back, busy, dial tones: 330 to 490 Hz, alone or with another (ITU-T E.180). */
const isNetworkTone = ({ hz, second }: ToneRun): boolean =>
  (hz >= 330 && hz <= 490) || (second !== undefined && second >= 330 && second <= 490)

/** CNG, 1100 Hz for 0.5 s every 3.5 s; CED, 2100 Hz for 2.6 to 4 s (ITU-T T.30, 4.1); V.8's answer tone is as CED. */
const faxTone = (run: ToneRun): 'calling-tone' | 'answer-tone' | undefined => {
  const length = lengthOf(run)
  if (isTone(run, [1_100], 38) && run.over && length >= 400 && length <= 700) return 'calling-tone'
  return isTone(run, [2_100], 20) && length >= 1_500 ? 'answer-tone' : undefined
}

const mayBecomeFax = (run: ToneRun): boolean => isTone(run, [1_100], 38) || isTone(run, [2_100], 20)
