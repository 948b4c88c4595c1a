/** *43: answers, beeps, and sends back what it hears. The smallest conversation over an outbound socket. */
import type { Conversation } from '../esl/outbound-server.ts'

const BEEP = 'tone_stream://%(200,100,1000);%(200,0,1400)'

export const echoTest = async (conversation: Conversation): Promise<void> => {
  await conversation.execute('answer')
  await conversation.execute('playback', BEEP)
  // `echo` runs until the caller hangs up: only its start is awaited.
  await conversation.start('echo')
  await conversation.closed
}
