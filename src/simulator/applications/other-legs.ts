/** Applications that do something with another leg than their own. */
import { linger } from '../linger.ts'
import type { Applications } from './application.ts'

export const otherLegApplications: Applications = {
  /** Takes a leg from wherever it is, and talks with it (switch_ivr.c, switch_ivr_intercept_session). */
  intercept: {
    needsMedia: true,
    run: ({ exchange, channel, argument }) => {
      const other = exchange.channels.get(argument.trim())
      if (other?.up() !== true || other === channel) return Promise.resolve()
      const before = other.bridgedTo
      other.bridgedTo = undefined
      if (before !== undefined && before !== channel) before.bridgedTo = undefined
      other.take({ kind: 'bridged' })
      channel.take({ kind: 'bridge', to: other })
      return Promise.resolve()
    },
  },
  /** As long as the leg lives. There is no sound here: whoever eavesdrops is only there. */
  eavesdrop: {
    needsMedia: true,
    run: async ({ exchange, channel, argument }) => {
      const target = exchange.channels.get(argument.trim())
      if (target?.up() !== true) return
      await linger(exchange, channel, () => !target.up(), undefined, [target.bell])
    },
  },
}
