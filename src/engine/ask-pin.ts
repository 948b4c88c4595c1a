/**
 * Asks a caller for his PIN before his call goes out. The dialplan behind this conversation has nobody to dial: whatever
 * goes wrong here, no carrier is rung. The right PIN dials the number once more, with a word on the channel that it was
 * keyed; the wrong one three times ends the call.
 *
 * What is keyed is in no event and no record: the dialplan sets `sensitive_dtmf` before (switch_channel.c,
 * switch_channel_dequeue_dtmf), and the variable that holds the digits is emptied as soon as it was read.
 */
import type { Logger } from '../base/logger.ts'
import {
  ASK_PIN_VARIABLE,
  decodeAskPin,
  PIN_GIVEN_VARIABLE,
  pinGivenFor,
  type AskPin,
} from '../call/fraud.ts'
import type { Conversation } from '../esl/outbound-server.ts'
import { asCallUuid } from '../telephony/call-uuid.ts'
import type { Board } from './board.ts'

export type AskPinOptions = {
  readonly board: Pick<Board, 'post'>
  /** Whether these digits are the PIN; undefined: none is set any more. Takes tens of milliseconds. */
  readonly isRight: (owner: AskPin, digits: string) => Promise<boolean | undefined>
  /** The wrong one was keyed as often as it may be. */
  readonly onWrong: (owner: AskPin, callId: string) => void
  /** What asks for it, as the switch plays it. */
  readonly prompt: () => string
  readonly logger: Logger
}

const TRIES = 3
const LEAST_DIGITS = 4
const MOST_DIGITS = 10
const FIRST_DIGIT_MS = 10_000
const NEXT_DIGIT_MS = 4_000
const DIGITS_VARIABLE = 'strowger_pin_digits'
const WRONG = 'tone_stream://%(300,100,480,620);%(300,100,480,620)'

/** Ends with the call, or with its transfer. @throws CALL_BAD_CARRIED; EngineError ESL_* */
export const askPin = async (conversation: Conversation, options: AskPinOptions): Promise<void> => {
  const { board, logger } = options
  const callId = asCallUuid(conversation.uuid)
  const asked = decodeAskPin(conversation.channel.variable(ASK_PIN_VARIABLE) ?? '')
  // Before the answer: it is none of the call.
  board.post(callId, { kind: 'noted', what: 'pin-asked', legUuid: callId, detail: { userId: asked.userId } })
  await conversation.execute('answer')
  if (options.prompt().startsWith('say:')) {
    await conversation.setVariable('tts_engine', 'flite')
    await conversation.setVariable('tts_voice', 'slt')
  }
  for (let tried = 1; tried <= TRIES; tried += 1) {
    const digits = await keyed(conversation, options.prompt())
    const isRight = digits === undefined ? false : await options.isRight(asked, digits)
    if (isRight === true) {
      board.post(callId, { kind: 'noted', what: 'pin-keyed', legUuid: callId, detail: { tries: tried } })
      await conversation.setVariable(PIN_GIVEN_VARIABLE, pinGivenFor(conversation.uuid, asked.dialled))
      await conversation.setVariable(ASK_PIN_VARIABLE, '')
      await conversation.setVariable('sensitive_dtmf', '')
      await conversation.start('transfer', `${asked.dialled} XML phones`)
      await conversation.closed
      return
    }
    if (isRight === undefined) {
      logger.warn({ callId, userId: asked.userId }, 'a PIN is asked for, and none is set any more')
      break
    }
    if (tried < TRIES) await conversation.execute('playback', WRONG)
  }
  options.onWrong(asked, callId)
  await conversation.hangup('OUTGOING_CALL_BARRED')
  await conversation.closed
}

/** Undefined: nothing, or nothing that a PIN could be. */
const keyed = async (conversation: Conversation, prompt: string): Promise<string | undefined> => {
  const end = await conversation.execute(
    'play_and_get_digits',
    `${LEAST_DIGITS} ${MOST_DIGITS} 1 ${FIRST_DIGIT_MS} # '${prompt}' silence_stream://100 ${DIGITS_VARIABLE} [0-9]+ ${NEXT_DIGIT_MS}`,
  )
  const digits = end.variable(DIGITS_VARIABLE)
  await conversation.setVariable(DIGITS_VARIABLE, '')
  return digits !== undefined && /^[0-9]{4,10}$/.test(digits) ? digits : undefined
}
