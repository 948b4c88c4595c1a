import { causeOfStatus, causeOfText } from '../sip-status.ts'
import type { Applications } from './application.ts'

export const answerApplications: Applications = {
  answer: { run: ({ channel }) => channel.markAnswered() },
  pre_answer: { run: ({ channel }) => channel.markEarly() },
  ring_ready: { run: ({ channel }) => channel.markRinging() },
  hangup: {
    run: ({ channel, argument }) => {
      const named = causeOfText(argument)
      // switch_channel_str2cause: what it does not know is a normal clearing.
      channel.hangup(argument === '' ? (channel.cause ?? 'NORMAL_CLEARING') : (named ?? 'NORMAL_CLEARING'))
    },
  },
  respond: {
    /** `503 All routes failed`: mod_sofia answers the INVITE with it, and the cause is what the status means. */
    run: ({ channel, argument }) => {
      const status = Number.parseInt(argument, 10)
      if (Number.isNaN(status) || channel.answered || channel.direction === 'outbound') return
      if (status === 180) channel.markRinging()
      else if (status === 183) channel.markEarly()
      else if (status === 200) channel.markAnswered()
      if (status < 300) return
      channel.respondStatus = status
      channel.hangup(causeOfStatus(status))
    },
  },
}
