import type { Applications } from './application.ts'

export const logApplications: Applications = {
  info: {
    run: ({ exchange, channel }) => {
      exchange.logger.info({ uuid: channel.uuid, name: channel.name, state: channel.state }, 'CHANNEL_DATA')
    },
  },
  log: {
    run: ({ exchange, channel, argument }) => {
      exchange.logger.info({ uuid: channel.uuid }, argument)
    },
  },
  event: { run: ({ exchange, argument }) => fireEvent(exchange.fire, argument) },
}

/** `Event-Name=CUSTOM,Event-Subclass=x::y,Header=value`. */
const fireEvent = (
  fire: (name: string, headers: Readonly<Record<string, string>>) => void,
  argument: string,
): void => {
  const headers: Record<string, string> = {}
  for (const pair of argument.split(',')) {
    const equals = pair.indexOf('=')
    if (equals > 0) headers[pair.slice(0, equals).trim()] = pair.slice(equals + 1).trim()
  }
  const { 'Event-Name': name = 'CHANNEL_APPLICATION', ...rest } = headers
  fire(name, rest)
}
