/** Requests that the engine makes to the servers of others: webhooks and the callbacks of calls. */
import { isNetwork } from './network.ts'
import type { Reader } from './reader.ts'

export type WebhooksConfig = {
  /** Networks in CIDR form that are called although they are not global. */
  readonly allowNetworks: readonly string[]
  /** True: `http:` as well as `https:`. */
  readonly allowHttp: boolean
  /** After so many hours an event that nobody takes is given up. */
  readonly giveUpHours: number
  /** So many days what was delivered can be looked at. */
  readonly logDays: number
}

export const readWebhooks = ({ list, flag, whole, problem }: Reader): WebhooksConfig => {
  const allowNetworks = list('WEBHOOK_ALLOW_NETWORKS')
  for (const network of allowNetworks) {
    if (!isNetwork(network))
      problem(`WEBHOOK_ALLOW_NETWORKS has "${network}": it takes networks such as 10.1.0.0/16`)
  }
  return {
    allowNetworks,
    allowHttp: flag('WEBHOOK_ALLOW_HTTP'),
    giveUpHours: whole('WEBHOOK_GIVE_UP', 1, 720),
    logDays: whole('WEBHOOK_LOG_DAYS', 1, 3_650),
  }
}
