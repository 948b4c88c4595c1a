/** Which conversation a call came for, over whichever engine's socket: its channel says so. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { HUNT_VARIABLE } from '../call/carried-hunt.ts'
import { ASK_PIN_VARIABLE } from '../call/fraud.ts'
import { ON_ANSWER_VARIABLE } from '../call/on-answer.ts'
import type { Conversation } from '../esl/outbound-server.ts'
import { echoTest } from './echo-test.ts'
import { runHunt } from './run-hunt.ts'

export type ConversationsOptions = {
  readonly clock: Clock
  readonly logger: Logger
  /** With a callee who answered and is not connected yet. */
  readonly runAnswer: (conversation: Conversation) => Promise<void>
  /** With a caller who has to key his PIN. */
  readonly askPin: (conversation: Conversation) => Promise<void>
}

export const createConversations =
  (options: ConversationsOptions) =>
  (conversation: Conversation): Promise<void> =>
    conversation.channel.variable(ON_ANSWER_VARIABLE) !== undefined
      ? options.runAnswer(conversation)
      : isSet(conversation, ASK_PIN_VARIABLE)
        ? options.askPin(conversation)
        : conversation.channel.variable(HUNT_VARIABLE) === undefined
          ? echoTest(conversation)
          : runHunt(conversation, options)

const isSet = (conversation: Conversation, name: string): boolean =>
  (conversation.channel.variable(name) ?? '') !== ''
