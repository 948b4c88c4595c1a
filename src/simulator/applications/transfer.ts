import { huntExtension } from '../dialplan-read.ts'
import { execute } from '../execute.ts'
import type { Channel } from '../channel.ts'
import type { DialplanAction } from '../caller-profile.ts'
import type { Applications } from './application.ts'

/** switch_ivr_session_transfer: every transfer spends a hop, and the last one ends the call. */
export const transferTo = (
  channel: Channel,
  extension: string,
  dialplan?: string,
  context?: string,
): void => {
  const hops = Number(channel.variables.get('max_forwards') ?? '70') - 1
  if (hops <= 0) {
    channel.hangup('EXCHANGE_ROUTING_ERROR')
    return
  }
  channel.set('max_forwards', String(hops))
  if (dialplan === 'inline') {
    channel.take({ kind: 'actions', name: 'inline', number: extension, actions: inlineActions(extension) })
    return
  }
  channel.take({
    kind: 'dialplan',
    extension,
    dialplan: dialplan ?? (channel.profile.dialplan === '' ? 'XML' : channel.profile.dialplan),
    context: context ?? channel.profile.context,
  })
}

/** `app:argument,app:argument` (mod_dptools.c, inline_dialplan_hunt). */
const inlineActions = (text: string): readonly DialplanAction[] =>
  text.split(',').map((one) => {
    const at = one.indexOf(':')
    return at < 0
      ? { application: one, argument: '' }
      : { application: one.slice(0, at), argument: one.slice(at + 1) }
  })

export const transferApplications: Applications = {
  transfer: {
    run: ({ exchange, channel, argument }) => {
      const words = argument.split(' ').filter((word) => word !== '')
      const [flag] = words
      const partner = channel.bridgedTo ?? exchange.channels.get(channel.variables.get('signal_bond') ?? '')
      if (flag === '-bleg' || flag === '-both') words.shift()
      const [extension = '', dialplan, context] = words
      if ((flag === '-bleg' || flag === '-both') && partner !== undefined) {
        transferTo(partner, extension, dialplan, context)
      }
      if (flag !== '-bleg') transferTo(channel, extension, dialplan, context)
    },
  },
  /** Runs another extension and comes back. */
  execute_extension: {
    run: async ({ exchange, channel, argument }) => {
      const [extension = '', dialplan = 'XML', context = channel.profile.context] = argument.split(' ')
      const before = { ...channel.profile }
      Object.assign(channel.profile, { destinationNumber: extension, dialplan, context })
      const found = await huntExtension(exchange, channel, (action) =>
        execute(exchange, channel, action.application, action.argument),
      )
      Object.assign(channel.profile, {
        destinationNumber: before.destinationNumber,
        dialplan: before.dialplan,
        context: before.context,
      })
      for (const action of found?.actions ?? []) {
        if (!channel.ready()) return
        await execute(exchange, channel, action.application, action.argument)
      }
    },
  },
}
