/**
 * The environment, read once, frozen, every problem in one message. Nobody else reads the environment;
 * facts that change while the engine runs are rows in the database, not variables.
 */
import { resolve } from 'node:path'
import { EngineError } from '../base/errors.ts'
import { keyIn, readOtherMasterKeys, readOutsideIssuer, type OutsideIssuer } from './access.ts'
import { readCalling, type CallingConfig } from './calling.ts'
import { readPrepaid, type PrepaidConfig } from './prepaid.ts'
import { readAnswering, type AnsweringConfig } from './answering.ts'
import { readCallerId, type CallerIdConfig } from './caller-id.ts'
import { readPages, type PagesConfig } from './pages.ts'
import { readRecording, type RecordingConfig } from './recording.ts'
import { readRecordingStore, type RecordingStoreConfig } from './recording-store.ts'
import { createReader, type Environment } from './reader.ts'
import { readRouting, type RoutingConfig } from './routing.ts'
import { readSip, type SipConfig } from './sip.ts'
import { readWebhooks, type WebhooksConfig } from './webhooks.ts'

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
  /** Requests to the servers of others. */
  readonly webhooks: WebhooksConfig
  /** The pages for people: the phone in the browser, the Salesforce adapter. */
  readonly pages: PagesConfig
  /** What is done with callees who answered before they are connected. */
  readonly answering: AnsweringConfig
  readonly callerId: CallerIdConfig
  /** Where the switch leaves recordings, and finds sounds. */
  readonly recording: RecordingConfig
  /** Where finished recordings are kept, and how long they and call records are. */
  readonly recordingStore: RecordingStoreConfig
  /** What may be asked for with a call. */
  readonly calling: CallingConfig
  readonly prepaid: PrepaidConfig
  readonly maxCallDurationSeconds: number
  readonly banFailures: number
  readonly banWindowSeconds: number
  readonly banSeconds: number
  /** 32 bytes, hex or base64; undefined: made and kept in the data directory. */
  readonly masterKey: Buffer | undefined
  /** They open what stands under them, and encrypt nothing. */
  readonly otherMasterKeys: readonly Buffer[]
  /** An identity provider whose tokens the API takes; undefined: only our own. */
  readonly outsideIssuer: OutsideIssuer | undefined
  readonly log: { readonly level: string; readonly redactNumbers: boolean }
}

/** Throws CONFIG_INVALID with every problem, one a line. `environment` is usually process.env. */
export const readConfig = (environment: Environment, workingDirectory: string): Config => {
  const problems: string[] = []
  const read = createReader(environment, workingDirectory, problems)
  const { text, optional, whole, url, host, oneLine } = read
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
    routing: readRouting(read),
    sip: readSip(read),
    webhooks: readWebhooks(read),
    pages: readPages(read),
    callerId: readCallerId(read),
    answering: readAnswering(read, resolve(workingDirectory, read.text('STROWGER_DATA_DIR'))),
    recording: readRecording(read, resolve(workingDirectory, text('STROWGER_DATA_DIR'))),
    recordingStore: readRecordingStore(read),
    calling: readCalling(read),
    prepaid: readPrepaid(read),
    maxCallDurationSeconds: whole('MAX_CALL_DURATION', 60, 86_400),
    banFailures: whole('STROWGER_BAN_FAILURES', 1, 1_000_000),
    banWindowSeconds: whole('STROWGER_BAN_WINDOW', 1, 86_400),
    banSeconds: whole('STROWGER_BAN_TIME', 1, 31_536_000),
    masterKey: masterKey(optional('STROWGER_MASTER_KEY'), problems),
    otherMasterKeys: readOtherMasterKeys(read),
    outsideIssuer: readOutsideIssuer(read),
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
  const key = keyIn(text)
  if (key !== undefined) return key
  problems.push('STROWGER_MASTER_KEY takes 32 bytes, as 64 hex digits or in base64 (openssl rand -hex 32)')
  return undefined
}
