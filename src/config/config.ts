/**
 * The environment, read once, frozen, every problem in one message. Nobody else reads the environment;
 * facts that change while the engine runs are rows in the database, not variables.
 */
import { resolve } from 'node:path'
import { isIP } from 'node:net'
import { asError, EngineError } from '../base/errors.ts'
import { VARIABLES } from './variables.ts'

export type Config = {
  /** Neither a switch nor a database was named: embedded PostgreSQL, demo organisation, simulator at need. */
  readonly trial: boolean
  /** Absolute. Holds the admin token, the master key, the spool and, in a trial, PostgreSQL's cluster. */
  readonly dataDir: string
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly freeswitch: {
    readonly host: string
    readonly port: number
    readonly password: string
    /** The folder in which mod_json_cdr leaves what it could not post, where engine and switch share a disk. */
    readonly cdrDirectory: string | undefined
  }
  /** The HTTP door: the API for programs, and what FreeSWITCH fetches and posts. */
  readonly http: { readonly host: string; readonly port: number }
  /** What FreeSWITCH shows us at /freeswitch/xml and /freeswitch/cdr (HTTP basic); undefined: made and kept in the data directory. */
  readonly xmlCurl: { readonly username: string; readonly password: string | undefined }
  /** Where FreeSWITCH's `socket` application reaches us. */
  readonly outboundSocket: {
    readonly host: string
    readonly port: number
    /** `host:port`, several joined by `|`: what the dialplan names; undefined: host and port above. */
    readonly address: string | undefined
  }
  readonly routing: RoutingConfig
  /** A drachtio server: the redirect server and the OPTIONS probes; undefined: neither. */
  readonly sip: SipConfig | undefined
  readonly maxCallDurationSeconds: number
  readonly banFailures: number
  readonly banWindowSeconds: number
  readonly banSeconds: number
  /** 32 bytes, hex or base64; undefined: made and kept in the data directory. */
  readonly masterKey: Buffer | undefined
  readonly log: { readonly level: string; readonly redactNumbers: boolean }
}

export type RoutingConfig = {
  readonly maxRoutes: number
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

export type SipConfig = {
  readonly host: string
  readonly port: number
  readonly secret: string
  /** Networks whose switches may ask for a redirect, in CIDR form. */
  readonly peers: readonly string[]
  /** Seconds between OPTIONS to one gateway; 0: none. */
  readonly optionsSeconds: number
}

export type Environment = Readonly<Record<string, string | undefined>>

/** Throws CONFIG_INVALID with every problem, one a line. `environment` is usually process.env. */
export const readConfig = (environment: Environment, workingDirectory: string): Config => {
  const problems: string[] = []
  const text = (name: string): string => {
    const set = environment[name]?.trim()
    return set === undefined || set === ''
      ? (VARIABLES.find((variable) => variable.name === name)?.fallback ?? '')
      : set
  }
  const optional = (name: string): string | undefined => (text(name) === '' ? undefined : text(name))
  const whole = (name: string, min: number, max: number): number => {
    const value = text(name)
    if (/^\d{1,9}$/.test(value) && Number(value) >= min && Number(value) <= max) return Number(value)
    problems.push(`${name} is "${value}": it takes a whole number from ${min} to ${max}`)
    return min
  }
  const url = (name: string, protocols: readonly string[]): string | undefined => {
    const value = optional(name)
    if (value === undefined) return undefined
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol)) return value
    problems.push(
      `${name} takes a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    )
    return undefined
  }
  const host = (name: string): string => {
    const value = text(name)
    if (isIP(value) === 0 && !/^[A-Za-z0-9]([\w.-]{0,252}[A-Za-z0-9])?$/.test(value)) {
      problems.push(`${name} is "${value}": it takes a host name or an address`)
    }
    return value
  }
  const oneLine = (name: string): string => {
    const value = text(name)
    if (/[\r\n\0]/.test(value)) problems.push(`${name} has a line break in it`)
    return value
  }
  const choice = <Word extends string>(name: string, words: readonly Word[]): Word => {
    const value = text(name)
    const found = words.find((word) => word === value)
    if (found !== undefined) return found
    problems.push(`${name} is "${value}": it takes ${words.join(', ')}`)
    return words[0] as Word
  }
  const lrn = (): RoutingConfig['lrn'] => {
    const timeoutMs = whole('LCR_LRN_TIMEOUT', 10, 5_000)
    const cacheSeconds = whole('LCR_LRN_CACHE_TTL', 1, 31_536_000)
    const template = optional('LCR_LRN_URL')
    if (template === undefined) return undefined
    const tried = template.replace('{number}', '12125550100')
    if (tried === template || !URL.canParse(tried) || !/^https?:$/.test(new URL(tried).protocol))
      problems.push('LCR_LRN_URL takes an http or https URL with {number} in it')
    return { url: template, timeoutMs, cacheSeconds }
  }
  const causes = (): readonly string[] | undefined => {
    const words = optional('FAILOVER_CAUSES')
      ?.split(',')
      .map((word) => word.trim())
    for (const word of words ?? []) {
      if (!/^(?:[A-Z][A-Z0-9_]*|[3-6]\d\d)$/.test(word))
        problems.push(`FAILOVER_CAUSES has "${word}": it takes hangup causes and SIP statuses, 300 to 699`)
    }
    return words
  }
  const sip = (): SipConfig | undefined => {
    const optionsSeconds = whole('SIP_OPTIONS_INTERVAL', 0, 86_400)
    const peers = text('SIP_REDIRECT_PEERS')
      .split(',')
      .map((peer) => peer.trim())
    for (const peer of peers) {
      if (!isNetwork(peer))
        problems.push(`SIP_REDIRECT_PEERS has "${peer}": it takes networks such as 192.0.2.0/24`)
    }
    const address = url('DRACHTIO_URL', ['drachtio:'])
    if (address === undefined) return undefined
    const { hostname, port, password } = new URL(address)
    if (hostname === '' || password === '')
      problems.push('DRACHTIO_URL takes drachtio://:secret@host:port, secret and host included')
    return {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? DRACHTIO_PORT : Number(port),
      secret: drachtioSecret(password, problems),
      peers,
      optionsSeconds,
    }
  }
  // A trial is read by a person: its own lines first, the log only where it warns.
  const level = optional('STROWGER_LOG_LEVEL') ?? (isTrial(environment) ? 'warn' : 'info')
  if (!['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'].includes(level)) {
    problems.push(`STROWGER_LOG_LEVEL is "${level}": it takes trace, debug, info, warn, error or fatal`)
  }
  const logNumbers = text('STROWGER_LOG_NUMBERS')
  if (logNumbers !== 'true' && logNumbers !== 'false')
    problems.push(`STROWGER_LOG_NUMBERS is "${logNumbers}": it takes true or false`)

  const config: Config = {
    trial: isTrial(environment),
    dataDir: resolve(workingDirectory, text('STROWGER_DATA_DIR')),
    databaseUrl: url('DATABASE_URL', ['postgres:', 'postgresql:']),
    redisUrl: url('REDIS_URL', ['redis:', 'rediss:']),
    freeswitch: {
      host: host('FREESWITCH_HOST'),
      port: whole('FREESWITCH_PORT', 1, 65535),
      password: oneLine('FREESWITCH_PASSWORD'),
      cdrDirectory: optional('FREESWITCH_CDR_DIR'),
    },
    http: { host: host('STROWGER_HTTP_HOST'), port: whole('STROWGER_HTTP_PORT', 0, 65535) },
    xmlCurl: {
      username: oneLine('STROWGER_XML_CURL_USER'),
      password: optional('STROWGER_XML_CURL_PASSWORD'),
    },
    outboundSocket: {
      host: host('STROWGER_SOCKET_HOST'),
      port: whole('STROWGER_SOCKET_PORT', 0, 65535),
      address: socketAddress(optional('STROWGER_SOCKET_ADDRESS'), problems),
    },
    routing: {
      maxRoutes: whole('LCR_MAX_ROUTES', 1, 20),
      postDialDelayBudgetSeconds: whole('LCR_POST_DIAL_DELAY', 1, 300),
      decisions: choice('LCR_DECISIONS', ['all', 'refused', 'none']),
      npaFile: pathOf(optional('LCR_NPA_FILE'), workingDirectory),
      lrn: lrn(),
      failover: {
        enabled: choice('FAILOVER_ENABLED', ['true', 'false']) === 'true',
        strategy: choice('FAILOVER_STRATEGY', ['sequential', 'round_robin', 'weighted']),
        threshold: whole('FAILOVER_THRESHOLD', 1, 1_000),
        windowSeconds: whole('FAILOVER_WINDOW', 1, 86_400),
        recovery: choice('FAILOVER_RECOVERY', ['automatic', 'manual']),
        recoveryIntervalSeconds: whole('FAILOVER_RECOVERY_INTERVAL', 1, 86_400),
        recoveryThreshold: whole('FAILOVER_RECOVERY_THRESHOLD', 1, 1_000),
        causes: causes(),
      },
    },
    sip: sip(),
    maxCallDurationSeconds: whole('MAX_CALL_DURATION', 60, 86_400),
    banFailures: whole('STROWGER_BAN_FAILURES', 1, 1_000_000),
    banWindowSeconds: whole('STROWGER_BAN_WINDOW', 1, 86_400),
    banSeconds: whole('STROWGER_BAN_TIME', 1, 31_536_000),
    masterKey: masterKey(optional('STROWGER_MASTER_KEY'), problems),
    log: { level, redactNumbers: logNumbers === 'false' },
  }
  if (problems.length > 0) {
    throw new EngineError(
      'CONFIG_INVALID',
      `the configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n  ${problems.join('\n  ')}`,
      {
        problems,
      },
    )
  }
  return Object.freeze(config)
}

/** drachtio's own protocol separates by `|` and line breaks. */
const drachtioSecret = (text: string, problems: string[]): string => {
  try {
    const secret = decodeURIComponent(text)
    if (/[|\r\n\0]/.test(secret)) problems.push('DRACHTIO_URL has a secret with | or a line break in it')
    return secret
  } catch (fault) {
    problems.push(`DRACHTIO_URL has a secret that cannot be read: ${asError(fault).message}`)
    return text
  }
}

/** Of drachtio's admin door (drachtio.conf.xml). */
const DRACHTIO_PORT = 9022

const isNetwork = (text: string): boolean => {
  const [address = '', bits = '', ...rest] = text.split('/')
  const width = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= width
}

const pathOf = (text: string | undefined, workingDirectory: string): string | undefined =>
  text === undefined ? undefined : resolve(workingDirectory, text)

const socketAddress = (text: string | undefined, problems: string[]): string | undefined => {
  if (text !== undefined && !/^[\w.-]+:\d{1,5}(\|[\w.-]+:\d{1,5})*$/.test(text)) {
    problems.push(`STROWGER_SOCKET_ADDRESS is "${text}": it takes host:port, several joined by |`)
  }
  return text
}

const isTrial = (environment: Environment): boolean =>
  [environment['FREESWITCH_HOST'], environment['DATABASE_URL']].every(
    (value) => value === undefined || value.trim() === '',
  )

const masterKey = (text: string | undefined, problems: string[]): Buffer | undefined => {
  if (text === undefined) return undefined
  const key = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64')
  if (key.length === 32) return key
  problems.push('STROWGER_MASTER_KEY takes 32 bytes, as 64 hex digits or in base64 (openssl rand -hex 32)')
  return undefined
}
