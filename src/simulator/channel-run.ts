import { asError } from '../base/errors.ts'
import type { DialplanAction, Extension } from './caller-profile.ts'
import { noTimes } from './caller-profile.ts'
import type { Channel, Redirect } from './channel.ts'
import { huntExtension } from './dialplan-read.ts'
import type { Exchange } from './exchange.ts'
import { execute } from './execute.ts'
import { linger } from './linger.ts'
import { talk } from './bridge.ts'
import { tearDown } from './tear-down.ts'
import { park } from './applications/park.ts'

/** Owns the life of a channel: from CS_INIT through whatever it is told to do until it is gone. */
export const runChannel = async (exchange: Exchange, channel: Channel): Promise<void> => {
  try {
    if (channel.direction === 'inbound') channel.redirect = hereOf(channel)
    while (channel.up()) await step(exchange, channel)
  } catch (fault) {
    exchange.logger.error(
      { uuid: channel.uuid, fault: asError(fault).stack },
      'the simulator failed in a channel',
    )
    channel.hangup('DESTINATION_OUT_OF_ORDER')
  }
  if (!exchange.crashed()) await tearDown(exchange, channel)
}

const hereOf = ({ profile }: Channel): Redirect => ({
  kind: 'dialplan',
  extension: profile.destinationNumber,
  dialplan: profile.dialplan,
  context: profile.context,
})

const step = async (exchange: Exchange, channel: Channel): Promise<void> => {
  const redirect = channel.redirect
  channel.redirect = undefined
  switch (redirect?.kind) {
    case undefined:
      // An originated leg that nobody has given anything to do: CS_CONSUME_MEDIA, or bridged by another.
      await linger(exchange, channel, () => false)
      return
    case 'dialplan':
      await route(exchange, channel, redirect)
      return
    case 'actions':
      newProfile(exchange, channel)
      channel.profile.extension = {
        name: redirect.name,
        number: redirect.number,
        actions: redirect.actions,
        current: -1,
      }
      await runActions(exchange, channel, channel.profile.extension)
      return
    case 'park':
      channel.enter('CS_PARK')
      await park(exchange, channel)
      if (channel.ready()) channel.hangup('NORMAL_CLEARING')
      return
    case 'bridge':
      channel.enter('CS_HIBERNATE')
      await talk(exchange, channel, redirect.to)
      // switch_ivr_bridge.c, uuid_bridge_on_soft_execute: whoever was bridged by command is hung up after it.
      if (channel.ready()) channel.hangup(redirect.to.cause ?? 'NORMAL_CLEARING')
      return
    case 'bridged':
      channel.enter('CS_HIBERNATE')
      await linger(exchange, channel, () => false)
      return
  }
}

/** A transfer spends a hop (switch_ivr.c, switch_ivr_session_transfer). */
const newProfile = (exchange: Exchange, channel: Channel): void => {
  const before = channel.profile
  if (before.extension === undefined && channel.profiles.length === 1 && channel.direction === 'inbound')
    return
  const now = exchange.clock.now() * 1000
  channel.profiles.unshift({
    ...before,
    index: before.index + 1,
    times: { ...noTimes(), ...before.times, profileCreated: now, transferred: 0 },
    extension: undefined,
  })
  before.times = { ...before.times, transferred: now }
}

const route = async (
  exchange: Exchange,
  channel: Channel,
  to: Extract<Redirect, { kind: 'dialplan' }>,
): Promise<void> => {
  const transferred = channel.hitDialplan && channel.profile.extension !== undefined
  newProfile(exchange, channel)
  const { profile } = channel
  if (transferred) profile.rdnis = profile.rdnis === '' ? profile.destinationNumber : profile.rdnis
  profile.destinationNumber = to.extension
  profile.dialplan = to.dialplan
  profile.context = to.context
  if (channel.direction === 'inbound') channel.setCallState(channel.answered ? 'ACTIVE' : 'RINGING')
  channel.enter('CS_ROUTING')
  channel.hitDialplan = true
  const runInline = (action: DialplanAction): Promise<void> =>
    execute(exchange, channel, action.application, action.argument)
  const found = await huntExtension(exchange, channel, runInline)
  if (!channel.ready()) return
  if (found === undefined) {
    channel.hangup('NO_ROUTE_DESTINATION')
    return
  }
  profile.extension = { name: found.name, number: to.extension, actions: found.actions, current: -1 }
  await runActions(exchange, channel, profile.extension)
}

/** CS_EXECUTE (switch_core_state_machine.c, switch_core_standard_on_execute). */
const runActions = async (exchange: Exchange, channel: Channel, extension: Extension): Promise<void> => {
  channel.set('call_uuid', channel.uuid)
  channel.enter('CS_EXECUTE')
  for (const [index, action] of extension.actions.entries()) {
    extension.current = index
    await execute(exchange, channel, action.application, action.argument)
    if (!channel.ready()) return
  }
  channel.hangup('NORMAL_CLEARING')
}
