/** Which conversation a call came for, over whichever engine's socket: its channel says so. */
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { HUNT_VARIABLE } from '../call/carried-hunt.ts'
import type { Conversation } from '../esl/outbound-server.ts'
import { echoTest } from './echo-test.ts'
import { runHunt } from './run-hunt.ts'

export type ConversationsOptions = { readonly clock: Clock; readonly logger: Logger }

export const createConversations =
  (options: ConversationsOptions) =>
  (conversation: Conversation): Promise<void> =>
    conversation.channel.variable(HUNT_VARIABLE) === undefined
      ? echoTest(conversation)
      : runHunt(conversation, options)
