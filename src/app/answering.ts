/** Callees who answered, joined: the engine's ear, what a machine is told, what asks to press 1. */
import { every, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { AnsweringConfig } from '../config/answering.ts'
import { createAnswerAudio } from '../engine/answer-audio.ts'
import type { Board } from '../engine/board.ts'
import type { SwitchCommands } from '../engine/commands.ts'
import { runAnswer } from '../engine/run-answer.ts'
import type { Conversation } from '../esl/outbound-server.ts'
import { TONE_PROMPT } from '../xml-curl/answer-actions.ts'

export type AnsweringOptions = {
  readonly config: AnsweringConfig
  readonly commands: SwitchCommands
  readonly board: Pick<Board, 'post' | 'watch'>
  /** Where the switch finds an audio file of the organisation; undefined: there is none. */
  readonly messagePath: (organizationId: number, fileId: number) => Promise<string | undefined>
  readonly clock: Clock
  readonly logger: Logger
}

export type Answering = {
  readonly run: (conversation: Conversation) => Promise<void>
  /** What asks a callee to press 1, as the switch plays it now. */
  readonly prompt: () => string
  /** The folder is made; what a crash left in it is removed, now and by the clock. */
  readonly start: () => Promise<void>
  readonly stop: () => void
  /** The switch is there, maybe another one than before: what can it speak with? Never rejects. */
  readonly switchIsUp: () => Promise<void>
}

/** After a machine fell silent it records, beep or not; and a greeting of a minute is nobody's. */
const BEEP_SILENCE_MS = 2_500
const LONGEST_GREETING_MS = 45_000
const SWEEP_MS = 300_000

/** Spoken by the switch itself where mod_flite is there; the engine and voice stand on the callee's channel. */
const SPOKEN_PROMPT = 'say:You have a call. To take it press one.'

export const createAnswering = (options: AnsweringOptions): Answering => {
  const { config, commands, board, messagePath, clock, logger } = options
  const audio = createAnswerAudio({
    commands,
    folder: config.folder,
    switchFolder: config.switchFolder,
    clock,
    logger,
  })
  let prompt = TONE_PROMPT
  let stopSweeping = (): void => undefined
  const sweep = async (): Promise<void> => {
    try {
      await audio.sweep()
    } catch (fault) {
      logger.warn({ err: asError(fault), folder: config.folder }, 'the sound of old calls cannot be removed')
    }
  }
  board.watch(undefined, ({ kind, call }) => {
    // Asked for by the switch itself: that he talks says that he pressed 1. With detection the engine asks, and tells.
    if (kind === 'talking' && call.wish?.answerConfirm === true && call.wish.machineDetection === undefined)
      board.post(call.callId, { kind: 'noted', what: 'confirmed' })
  })
  return {
    run: (conversation) =>
      runAnswer(conversation, {
        commands,
        audio,
        board,
        rules: {
          greeting: config.greeting,
          beepSilenceMs: BEEP_SILENCE_MS,
          longestGreetingMs: LONGEST_GREETING_MS,
        },
        messagePath,
        prompt: () => prompt,
        clock,
        logger,
      }),
    prompt: () => prompt,
    start: async () => {
      try {
        await audio.prepare()
      } catch (fault) {
        logger.error(
          { err: asError(fault), folder: config.folder },
          'the folder for answering machines cannot be made: every answer will be connected unheard',
        )
        return
      }
      await sweep()
      stopSweeping = every(clock, SWEEP_MS, sweep)
    },
    stop: () => stopSweeping(),
    switchIsUp: async () => {
      try {
        const reply = await commands.api('module_exists', 'mod_flite')
        prompt = reply.trim() === 'true' ? SPOKEN_PROMPT : TONE_PROMPT
      } catch (fault) {
        logger.info({ err: asError(fault) }, 'the switch did not say whether it can speak')
      }
    },
  }
}
