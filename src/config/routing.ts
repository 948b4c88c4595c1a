/** How calls find their carriers: the variables LCR_* and FAILOVER_*. */
import type { Reader } from './reader.ts'

export type RoutingConfig = {
  readonly maxRoutes: number
  /** How much older than a call its exchange rate may be. */
  readonly exchangeMostDays: number
  /** Seconds that a caller may hear nothing, all attempts together. */
  readonly postDialDelayBudgetSeconds: number
  /** Which decisions are kept with their calls. */
  readonly decisions: 'all' | 'refused' | 'none'
  /** A table of North American area codes that replaces the built-in one. */
  readonly npaFile: string | undefined
  readonly lrn:
    { readonly url: string; readonly timeoutMs: number; readonly cacheSeconds: number } | undefined
  /** The reference's FailoverConfig. */
  readonly failover: {
    readonly enabled: boolean
    readonly strategy: 'sequential' | 'round_robin' | 'weighted'
    readonly threshold: number
    readonly windowSeconds: number
    readonly recovery: 'automatic' | 'manual'
    readonly recoveryIntervalSeconds: number
    readonly recoveryThreshold: number
    /** Hangup causes and SIP statuses after which the next route is tried; undefined: the built-in list. */
    readonly causes: readonly string[] | undefined
  }
}

export const readRouting = (read: Reader): RoutingConfig => {
  const { whole, choice, flag, path } = read
  return {
    maxRoutes: whole('LCR_MAX_ROUTES', 1, 20),
    exchangeMostDays: whole('EXCHANGE_RATE_MAX_DAYS', 0, 31),
    postDialDelayBudgetSeconds: whole('LCR_POST_DIAL_DELAY', 1, 300),
    decisions: choice('LCR_DECISIONS', ['all', 'refused', 'none']),
    npaFile: path('LCR_NPA_FILE'),
    lrn: readLrn(read),
    failover: {
      enabled: flag('FAILOVER_ENABLED'),
      strategy: choice('FAILOVER_STRATEGY', ['sequential', 'round_robin', 'weighted']),
      threshold: whole('FAILOVER_THRESHOLD', 1, 1_000),
      windowSeconds: whole('FAILOVER_WINDOW', 1, 86_400),
      recovery: choice('FAILOVER_RECOVERY', ['automatic', 'manual']),
      recoveryIntervalSeconds: whole('FAILOVER_RECOVERY_INTERVAL', 1, 86_400),
      recoveryThreshold: whole('FAILOVER_RECOVERY_THRESHOLD', 1, 1_000),
      causes: readCauses(read),
    },
  }
}

const readLrn = ({ whole, optional, problem }: Reader): RoutingConfig['lrn'] => {
  const timeoutMs = whole('LCR_LRN_TIMEOUT', 10, 5_000)
  const cacheSeconds = whole('LCR_LRN_CACHE_TTL', 1, 31_536_000)
  const template = optional('LCR_LRN_URL')
  if (template === undefined) return undefined
  const tried = template.replace('{number}', '12125550100')
  if (tried === template || !URL.canParse(tried) || !/^https?:$/.test(new URL(tried).protocol))
    problem('LCR_LRN_URL takes an http or https URL with {number} in it')
  return { url: template, timeoutMs, cacheSeconds }
}

const readCauses = ({ optional, problem }: Reader): readonly string[] | undefined => {
  const words = optional('FAILOVER_CAUSES')
    ?.split(',')
    .map((word) => word.trim())
  for (const word of words ?? []) {
    if (!/^(?:[A-Z][A-Z0-9_]*|[3-6]\d\d)$/.test(word))
      problem(`FAILOVER_CAUSES has "${word}": it takes hangup causes and SIP statuses, 300 to 699`)
  }
  return words
}
