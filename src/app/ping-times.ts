/** How long gateways take to answer the switch's pings: the switch tells changes of state only, the times are asked for. */
import { every, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Part } from '../base/lifecycle.ts'
import type { Logger } from '../base/logger.ts'
import type { SwitchLink } from '../engine/switch-link.ts'

/** The switch pings every 5 seconds at the most often, and usually every half minute. */
const INTERVAL_MS = 30_000

export const keepPingTimes = (
  link: Pick<SwitchLink, 'state'>,
  refresh: () => Promise<void>,
  clock: Clock,
  logger: Logger,
): Part => {
  let stop = (): void => undefined
  return {
    name: 'ping times',
    start: () => {
      stop = every(clock, INTERVAL_MS, async () => {
        if (!link.state().up) return
        try {
          await refresh()
        } catch (fault) {
          logger.debug({ err: asError(fault) }, 'the times of pings cannot be read')
        }
      })
    },
    stop: () => stop(),
  }
}
