/**
 * The environment, read once, frozen, every problem in one message. Nobody else reads the environment;
 * facts that change while the engine runs are rows in the database, not variables.
 */
import { resolve } from 'node:path'
import { isIP } from 'node:net'
import { EngineError } from '../base/errors.ts'

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
  readonly maxRoutes: number
  readonly maxCallDurationSeconds: number
  readonly banFailures: number
  readonly banWindowSeconds: number
  readonly banSeconds: number
  /** 32 bytes, hex or base64; undefined: made and kept in the data directory. */
  readonly masterKey: Buffer | undefined
  readonly log: { readonly level: string; readonly redactNumbers: boolean }
}

export type Environment = Readonly<Record<string, string | undefined>>

type Variable = { readonly name: string; readonly describe: string; readonly fallback: string }

/** Every variable that the engine reads, for `--help`, for the README and for the test that holds both against this. */
export const VARIABLES: readonly Variable[] = [
  {
    name: 'FREESWITCH_HOST',
    describe: "FreeSWITCH's event socket; set it to leave the trial",
    fallback: '127.0.0.1',
  },
  { name: 'FREESWITCH_PORT', describe: 'its port', fallback: '8021' },
  { name: 'FREESWITCH_PASSWORD', describe: 'its password', fallback: 'ClueCon' },
  {
    name: 'FREESWITCH_CDR_DIR',
    describe: "mod_json_cdr's err-log-dir, taken in when the engine was away",
    fallback: '',
  },
  {
    name: 'DATABASE_URL',
    describe: 'PostgreSQL, postgres://user:password@host:5432/name; set it to leave the trial',
    fallback: '',
  },
  {
    name: 'REDIS_URL',
    describe: 'Redis, for what several engines share; one engine needs none',
    fallback: '',
  },
  {
    name: 'STROWGER_DATA_DIR',
    describe: 'where the engine keeps its token, keys and spool',
    fallback: '.strowger',
  },
  { name: 'STROWGER_HTTP_HOST', describe: 'address of the HTTP API', fallback: '127.0.0.1' },
  { name: 'STROWGER_HTTP_PORT', describe: 'its port', fallback: '8080' },
  {
    name: 'STROWGER_SOCKET_HOST',
    describe: "address to which FreeSWITCH's socket application connects",
    fallback: '127.0.0.1',
  },
  { name: 'STROWGER_SOCKET_PORT', describe: 'its port', fallback: '8040' },
  {
    name: 'STROWGER_SOCKET_ADDRESS',
    describe: 'host:port that the dialplan names for it, several joined by |, where that is another',
    fallback: '',
  },
  { name: 'STROWGER_XML_CURL_USER', describe: 'user name that FreeSWITCH shows us', fallback: 'freeswitch' },
  {
    name: 'STROWGER_XML_CURL_PASSWORD',
    describe: 'its password; made at the first start where unset',
    fallback: '',
  },
  {
    name: 'STROWGER_MASTER_KEY',
    describe: '32 bytes in hex or base64 that encrypt secrets in the database',
    fallback: '',
  },
  {
    name: 'STROWGER_BAN_FAILURES',
    describe: 'failed registrations from one address before it is banned',
    fallback: '10',
  },
  { name: 'STROWGER_BAN_WINDOW', describe: 'seconds in which they count', fallback: '300' },
  { name: 'STROWGER_BAN_TIME', describe: 'seconds that a ban lasts', fallback: '3600' },
  {
    name: 'STROWGER_LOG_LEVEL',
    describe: 'trace, debug, info, warn, error or fatal; info (warn in a trial) where unset',
    fallback: '',
  },
  {
    name: 'STROWGER_LOG_NUMBERS',
    describe: 'true: telephone numbers stand in the log unmasked',
    fallback: 'false',
  },
  { name: 'LCR_MAX_ROUTES', describe: 'attempts per call at the most', fallback: '5' },
  {
    name: 'MAX_CALL_DURATION',
    describe: 'seconds after which a call is ended, as a safety',
    fallback: '7200',
  },
]

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
    maxRoutes: whole('LCR_MAX_ROUTES', 1, 20),
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
