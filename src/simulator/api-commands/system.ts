import { flushUsers, locateUser } from '../directory-user.ts'
import { expand } from '../expand.ts'
import { uptimeText } from '../heartbeat.ts'
import { words, type ApiCommands } from './command.ts'

const VERSION = '1.10.12-release'

export const systemCommands: ApiCommands = {
  status: ({ exchange }) => {
    const live = exchange.channels.size
    return [
      `UP ${uptimeText(exchange.clock.now() - exchange.startedAt)}`,
      `FreeSWITCH (Version ${VERSION}  64bit) is ready`,
      `${exchange.channelCount()} session(s) since startup`,
      `${live} session(s) - peak ${live}, last 5min ${live} `,
      '0 session(s) per Sec out of max 1000, peak 0, last 5min 0 ',
      '10000 session(s) max',
      'min idle cpu 0.00/99.00',
      'Current Stack Size/Max 240K/8192K',
      '',
    ].join('\n')
  },
  version: ({ argument }) =>
    argument.trim() === 'short' ? `${VERSION}\n` : `FreeSWITCH Version ${VERSION}~64bit ( 64bit)\n`,
  hostname: ({ exchange }) => exchange.hostname,
  switchname: ({ exchange }) => exchange.hostname,
  create_uuid: ({ exchange }) => exchange.newUuid(),
  uptime: ({ exchange }) => String(Math.floor((exchange.clock.now() - exchange.startedAt) / 1000)),
  reloadxml: () => '+OK [Success]\n',
  reloadacl: async ({ exchange }) => {
    await exchange.acl.load({})
    return '+OK acl reloaded\n'
  },
  xml_flush_cache: ({ exchange, argument }) => {
    const count = flushUsers(exchange, argument)
    return `+OK cleared ${count} entr${count === 1 ? 'y' : 'ies'}\n`
  },
  acl: ({ exchange, argument }) => {
    const [address = '', list = ''] = words(argument)
    return String(exchange.acl.allows(list, address))
  },
  global_getvar: ({ exchange, argument }) => {
    const name = argument.trim()
    if (name !== '') return exchange.globals.get(name) ?? ''
    return [...exchange.globals].map(([key, value]) => `${key}=${value}\n`).join('')
  },
  global_setvar: ({ exchange, argument }) => {
    const equals = argument.indexOf('=')
    if (equals <= 0) return '-USAGE: <var>=<value> [=<value2>]\n'
    exchange.globals.set(argument.slice(0, equals), argument.slice(equals + 1))
    return '+OK'
  },
  expand: ({ exchange, argument, channel }) => expand(exchange, channel, argument),
  eval: ({ exchange, argument, channel }) => expand(exchange, channel, argument),
  module_exists: () => 'true',
  user_exists: async ({ exchange, argument }) => {
    const [, username = '', domain = ''] = words(argument)
    const user = await locateUser(exchange, username, domain, { action: 'user_exists' })
    return String(user !== undefined)
  },
  limit_usage: ({ exchange, argument }) => {
    const [, realm = '', id = ''] = words(argument)
    return String(exchange.limits.usage(realm, id))
  },
  limit_hash_usage: ({ exchange, argument }) => {
    const [realm = '', id = ''] = words(argument)
    return String(exchange.limits.usage(realm, id))
  },
  limit_reset: ({ exchange }) => {
    exchange.limits.reset()
    return '+OK'
  },
  fsctl: ({ exchange, argument }) => {
    exchange.logger.info({ argument }, 'fsctl is not simulated')
    return '+OK\n'
  },
}
