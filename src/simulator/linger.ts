import { until, type Bell } from './bell.ts'
import type { Channel } from './channel.ts'
import type { Exchange } from './exchange.ts'
import { executeMessage } from './execute.ts'

export type LingerEnd = 'done' | 'time' | 'break' | 'gone'

/**
 * How an application waits: until `done`, for `timeoutMs`, or until the channel is hung up, taken away or broken
 * off. What is sent to the channel meanwhile is executed within the wait, as switch_ivr_parse_all_events does it
 * in every loop of the switch; an application that came with event-lock keeps the others waiting.
 */
export const linger = async (
  exchange: Exchange,
  channel: Channel,
  done: () => boolean,
  timeoutMs = Number.POSITIVE_INFINITY,
  others: readonly Bell[] = [],
): Promise<LingerEnd> => {
  const deadline = exchange.clock.monotonic() + timeoutMs
  for (;;) {
    const outcome = await until(
      exchange.clock,
      [channel.bell, ...others],
      () => done() || !channel.ready() || channel.breaking || hasMessage(channel),
      deadline - exchange.clock.monotonic(),
    )
    if (!channel.ready()) return 'gone'
    if (channel.breaking) {
      channel.breaking = false
      return 'break'
    }
    if (done()) return 'done'
    if (outcome === 'time') return 'time'
    const message = channel.locked ? undefined : channel.messages.shift()
    if (message !== undefined) await executeMessage(exchange, channel, message)
  }
}

const hasMessage = (channel: Channel): boolean => !channel.locked && channel.messages.length > 0
