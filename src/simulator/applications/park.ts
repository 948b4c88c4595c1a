import type { Channel } from '../channel.ts'
import type { Exchange } from '../exchange.ts'
import { linger } from '../linger.ts'
import type { Applications } from './application.ts'

/** Until `until` holds, or for ever: the events of switch_ivr_park. */
export const park = async (
  exchange: Exchange,
  channel: Channel,
  until: () => boolean = () => false,
): Promise<void> => {
  channel.fire('CHANNEL_PARK')
  const timeout = /^(\d+)(?::(.*))?$/.exec(channel.variables.get('park_timeout') ?? '')
  const end = await linger(exchange, channel, until, timeout === null ? undefined : Number(timeout[1]) * 1000)
  channel.fire('CHANNEL_UNPARK')
  if (end === 'time') channel.hangup('NORMAL_CLEARING')
}

export const parkApplications: Applications = {
  park: { run: ({ exchange, channel }) => park(exchange, channel) },
}
