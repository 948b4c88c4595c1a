import { applicationOf } from './applications/catalogue.ts'
import type { Channel, ChannelMessage } from './channel.ts'
import type { Exchange } from './exchange.ts'
import { expand } from './expand.ts'

/** Owns the running of one application on a channel, with its two events (switch_core_session_exec). */
export const execute = async (
  exchange: Exchange,
  channel: Channel,
  name: string,
  argument: string | undefined,
  eventUuid?: string,
): Promise<void> => {
  const application = applicationOf(name)
  if (application === undefined) {
    exchange.logger.error({ uuid: channel.uuid, application: name }, 'Invalid Application')
    channel.hangup('DESTINATION_OUT_OF_ORDER')
    return
  }
  if (application.needsMedia && !channel.answered && !channel.earlyMedia) channel.markEarly()
  const expanded = argument === undefined ? '' : await expand(exchange, channel, argument)
  const applicationUuid = eventUuid ?? exchange.newUuid()
  channel.applicationLog.push({ application: name, argument: expanded, stamp: exchange.clock.now() * 1000 })
  channel.set('current_application', name)
  channel.set('current_application_data', expanded)
  channel.set('current_application_response', undefined)
  const headers = {
    Application: name,
    ...(expanded === '' ? {} : { 'Application-Data': expanded }),
  }
  channel.fire('CHANNEL_EXECUTE', { ...headers, 'Application-UUID': applicationUuid })
  channel.breaking = false
  await application.run({ exchange, channel, argument: expanded })
  if (exchange.crashed()) return
  channel.fire('CHANNEL_EXECUTE_COMPLETE', {
    ...headers,
    'Application-Response': channel.variables.get('current_application_response') ?? '_none_',
    'Application-UUID': applicationUuid,
  })
}

/** What `sendmsg` with `call-command: execute` brought (switch_ivr_parse_event). */
export const executeMessage = async (
  exchange: Exchange,
  channel: Channel,
  message: ChannelMessage,
): Promise<void> => {
  const lockedBefore = channel.locked
  channel.locked = lockedBefore || message.lock
  try {
    for (let loop = 0; loop < message.loops || message.loops < 0; loop++) {
      const began = exchange.clock.monotonic()
      channel.set('current_loop', String(loop + 1))
      channel.set('total_loops', String(message.loops))
      await execute(exchange, channel, message.application, message.argument, message.eventUuid)
      // switch_ivr.c: an application that took less than half a second is not looped.
      if (!channel.ready() || exchange.clock.monotonic() - began < 500) break
    }
  } finally {
    channel.set('current_loop', undefined)
    channel.set('total_loops', undefined)
    channel.locked = lockedBefore
  }
}
