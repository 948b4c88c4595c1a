/** How calls find their carriers. */
import type { Variable } from './variable.ts'

export const ROUTING_VARIABLES: readonly Variable[] = [
  { name: 'LCR_MAX_ROUTES', describe: 'attempts per call at the most', fallback: '5' },
  {
    name: 'EXCHANGE_RATE_MAX_DAYS',
    describe: 'days that an exchange rate may be older than a call; with none so new nothing is converted',
    fallback: '7',
  },
  {
    name: 'LCR_POST_DIAL_DELAY',
    describe: 'seconds that a caller may hear nothing, all attempts together',
    fallback: '30',
  },
  {
    name: 'LCR_DECISIONS',
    describe: 'which routing decisions are kept with their calls: all, refused or none',
    fallback: 'all',
  },
  {
    name: 'LCR_NPA_FILE',
    describe: 'CSV of area codes and states (npa,state,country) instead of the built-in table',
    fallback: '',
  },
  {
    name: 'LCR_LRN_URL',
    describe: 'where to look up location routing numbers, {number} stands for the number; unset: nowhere',
    fallback: '',
  },
  { name: 'LCR_LRN_TIMEOUT', describe: 'milliseconds that a call waits for it', fallback: '250' },
  { name: 'LCR_LRN_CACHE_TTL', describe: 'seconds that an answer is good', fallback: '86400' },
  {
    name: 'FAILOVER_ENABLED',
    describe: 'false: no gateway is left alone because of failures',
    fallback: 'true',
  },
  {
    name: 'FAILOVER_STRATEGY',
    describe: 'how routes that are equal in all share the calls: sequential, round_robin or weighted',
    fallback: 'sequential',
  },
  {
    name: 'FAILOVER_THRESHOLD',
    describe: 'failures in a row after which a gateway is left alone',
    fallback: '3',
  },
  { name: 'FAILOVER_WINDOW', describe: 'seconds within which they count', fallback: '300' },
  {
    name: 'FAILOVER_RECOVERY',
    describe: 'automatic: it is tried again; manual: a person resets it',
    fallback: 'automatic',
  },
  { name: 'FAILOVER_RECOVERY_INTERVAL', describe: 'seconds after which it is tried again', fallback: '60' },
  {
    name: 'FAILOVER_RECOVERY_THRESHOLD',
    describe: 'successes after which it carries calls as before',
    fallback: '5',
  },
  {
    name: 'FAILOVER_CAUSES',
    describe:
      'hangup causes and SIP statuses after which the next route is tried, instead of the built-in list',
    fallback: '',
  },
  {
    name: 'DRACHTIO_URL',
    describe: 'a drachtio server, drachtio://:secret@host:9022: SIP redirects and OPTIONS probes',
    fallback: '',
  },
  {
    name: 'SIP_REDIRECT_PEERS',
    describe: 'networks whose switches may ask it for a way, in CIDR form',
    fallback: '127.0.0.0/8,::1/128',
  },
  {
    name: 'SIP_OPTIONS_INTERVAL',
    describe: 'seconds between its OPTIONS to one gateway; 0: none',
    fallback: '30',
  },
  {
    name: 'SIP_CUSTOM_HEADERS',
    describe: 'SIP headers that a request may add to a call, beyond those that begin with X-',
    fallback: '',
  },
]
