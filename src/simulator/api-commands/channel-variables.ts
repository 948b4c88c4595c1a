import { formatEvent } from '../../esl/wire.ts'
import { channelHeaders } from '../channel-headers.ts'
import { coreHeaders, wireHeaders } from '../fired-event.ts'
import { separateString } from '../separate-string.ts'
import { NO_CHANNEL, words, type ApiCommands } from './command.ts'

export const variableCommands: ApiCommands = {
  uuid_setvar: ({ exchange, argument }) => {
    // The splitting eats quotes and backslashes of the value, as it does in the switch.
    const [uuid = '', name = '', value] = separateString(argument, ' ', 3)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return NO_CHANNEL
    if (name === '') return '-ERR No variable specified\n'
    channel.set(name, value)
    return '+OK\n'
  },
  uuid_setvar_multi: ({ exchange, argument }) => {
    const [uuid = '', pairs = ''] = separateString(argument, ' ', 2)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return NO_CHANNEL
    for (const pair of separateString(pairs, ';')) {
      const [name, value] = separateString(pair, '=', 2)
      if (name === undefined || name === '') return '-ERR No variable specified\n'
      channel.set(name, value)
    }
    return '+OK\n'
  },
  uuid_getvar: ({ exchange, argument }) => {
    const [uuid = '', name = ''] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return NO_CHANNEL
    return channel.get(name) ?? '_undef_'
  },
  uuid_exists: ({ exchange, argument }) => String(exchange.channels.has(argument.trim())),
  uuid_dump: ({ exchange, argument }) => {
    const [uuid = '', format = 'txt'] = words(argument)
    const channel = exchange.channels.get(uuid)
    if (channel === undefined) return NO_CHANNEL
    const headers = wireHeaders({
      ...coreHeaders(exchange, 'CHANNEL_DATA'),
      ...channelHeaders(channel, 'CHANNEL_DATA'),
    })
    if (format === 'json') return JSON.stringify(headers)
    const frame = formatEvent('plain', headers).toString('utf8')
    return frame.slice(frame.indexOf('\n\n') + 2)
  },
}
