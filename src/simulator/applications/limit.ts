import type { Clock } from '../../base/clock.ts'
import { execute } from '../execute.ts'
import type { RateLimit } from '../limits.ts'
import { separateString } from '../separate-string.ts'
import type { Applications } from './application.ts'

const maximumOf = (text: string): number =>
  text.startsWith('-') ? -1 : Math.max(0, Number.parseInt(text, 10) || 0)

/** `5/1`: at most five in a second. */
const rateOf = (text: string, clock: Clock): RateLimit | undefined => {
  const intervalSeconds = Number.parseInt(text.split('/')[1] ?? '', 10)
  return intervalSeconds > 0 ? { intervalSeconds, nowSeconds: Math.floor(clock.now() / 1_000) } : undefined
}

/** mod_hash counts by realm and id. */
export const limitApplications: Applications = {
  /** hash realm id max application argument: full is nothing at all, and the next action runs. */
  limit_execute: {
    run: async ({ exchange, channel, argument }) => {
      const [, realm = '', id = '', max = '', application = '', argumentOfIt] = separateString(
        argument,
        ' ',
        6,
      )
      if (application === '' || argumentOfIt === undefined) return
      const rate = rateOf(max, exchange.clock)
      if (!exchange.limits.take(realm, id, maximumOf(max), channel.uuid, rate)) return
      channel.set('limit_usage', String(exchange.limits.usage(realm, id)))
      channel.set(`limit_usage_${realm}_${id}`, String(exchange.limits.usage(realm, id)))
      await execute(exchange, channel, application, argumentOfIt)
      if (channel.ready()) exchange.limits.release(realm, id, channel.uuid)
    },
  },
  /** hash realm id max [extension [dialplan [context]]] */
  limit: {
    run: ({ exchange, channel, argument }) => {
      const [
        ,
        realm = '',
        id = '',
        max = '-1',
        extension = 'limit_exceeded',
        dialplan = 'XML',
        context = channel.profile.context,
      ] = separateString(argument, ' ', 7)
      if (exchange.limits.take(realm, id, maximumOf(max), channel.uuid, rateOf(max, exchange.clock))) {
        channel.set('limit_usage', String(exchange.limits.usage(realm, id)))
        return
      }
      if (extension.startsWith('!')) channel.hangup('NORMAL_CIRCUIT_CONGESTION')
      else channel.take({ kind: 'dialplan', extension, dialplan, context })
    },
  },
}
