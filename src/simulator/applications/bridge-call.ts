import { handleCause, talk } from '../bridge.ts'
import { dial } from '../dial.ts'
import type { Applications } from './application.ts'

export const bridgeApplications: Applications = {
  bridge: {
    run: async ({ exchange, channel, argument }) => {
      if (argument === '') return
      const result = await dial(exchange, { dialString: argument, caller: channel })
      if (exchange.crashed()) return
      if (result.kind === 'connected') {
        await talk(exchange, channel, result.peer)
        return
      }
      channel.set('originate_failed_cause', result.cause)
      handleCause(channel, result.cause)
    },
  },
}
