/** Answering machines and confirmed answers: whether an answer is listened to, and by which measures. */
import { join } from 'node:path'
import type { Reader } from './reader.ts'

export type AnsweringConfig = {
  /** For calls that do not ask for it; undefined: only those that do are listened to. */
  readonly machineDetection: 'connect' | 'hangup' | undefined
  /** Milliseconds but for the last two; see progress/greeting. */
  readonly greeting: {
    readonly initialSilenceMs: number
    readonly greetingMs: number
    readonly afterGreetingSilenceMs: number
    readonly totalAnalysisMs: number
    readonly minWordLengthMs: number
    readonly maximumWordLengthMs: number
    readonly betweenWordsSilenceMs: number
    readonly maximumNumberOfWords: number
    readonly silenceThreshold: number
  }
  /** Where the switch records what an answered leg says; the same folder as engine and switch each see it. */
  readonly folder: string
  readonly switchFolder: string
  /** Seconds in which a callee may press 1. */
  readonly confirmSeconds: number
}

export const readAnswering = (
  { flag, choice, whole, path, optional }: Reader,
  dataDir: string,
): AnsweringConfig => {
  const isOn = flag('AMD_ENABLED')
  const action = choice('AMD_ACTION', ['connect', 'hangup'])
  const folder = path('AMD_DIR') ?? join(dataDir, 'amd')
  return {
    machineDetection: isOn ? action : undefined,
    greeting: {
      initialSilenceMs: whole('AMD_INITIAL_SILENCE', 100, 30_000),
      greetingMs: whole('AMD_GREETING', 100, 30_000),
      afterGreetingSilenceMs: whole('AMD_AFTER_GREETING_SILENCE', 100, 10_000),
      totalAnalysisMs: whole('AMD_TOTAL_ANALYSIS_TIME', 500, 30_000),
      minWordLengthMs: whole('AMD_MIN_WORD_LENGTH', 20, 5_000),
      maximumWordLengthMs: whole('AMD_MAXIMUM_WORD_LENGTH', 100, 30_000),
      betweenWordsSilenceMs: whole('AMD_BETWEEN_WORDS_SILENCE', 20, 5_000),
      maximumNumberOfWords: whole('AMD_MAXIMUM_NUMBER_OF_WORDS', 1, 100),
      silenceThreshold: whole('AMD_SILENCE_THRESHOLD', 1, 32_767),
    },
    folder,
    switchFolder: optional('FREESWITCH_AMD_DIR') ?? folder,
    confirmSeconds: whole('ANSWER_CONFIRM_TIMEOUT', 3, 120),
  }
}
