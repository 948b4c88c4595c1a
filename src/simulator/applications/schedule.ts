import { causeOfText } from '../sip-status.ts'
import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import type { Applications } from './application.ts'

/** `+60`, or seconds since the epoch. */
export const delayMs = (exchange: Exchange, time: string): number =>
  time.startsWith('+')
    ? Number(time.slice(1)) * 1000
    : Math.max(0, Number(time) * 1000 - exchange.clock.now())

export const scheduleHangup = (
  exchange: Exchange,
  channel: Channel,
  time: string,
  causeName?: string,
): void => {
  const cause = (causeName === undefined ? undefined : causeOfText(causeName)) ?? 'ALLOTTED_TIMEOUT'
  const delay = delayMs(exchange, time)
  if (!Number.isFinite(delay)) return
  exchange.clock.after(delay, () => {
    channel.hangup(cause)
  })
}

export const scheduleApplications: Applications = {
  /** [+]time [cause] [bleg] */
  sched_hangup: {
    run: ({ exchange, channel, argument }) => {
      const [time = '', cause] = argument.split(' ')
      if (time !== '') scheduleHangup(exchange, channel, time, cause)
    },
  },
  /** [+]time extension [dialplan [context]] */
  sched_transfer: {
    run: ({ exchange, channel, argument }) => {
      const [time = '', extension = '', dialplan = 'XML', context = channel.profile.context] =
        argument.split(' ')
      exchange.clock.after(delayMs(exchange, time), () => {
        channel.take({ kind: 'dialplan', extension, dialplan, context })
      })
    },
  },
}
