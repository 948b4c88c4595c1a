import { pino, type Logger as PinoLogger, type DestinationStream } from 'pino'

export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'trace'> & {
  readonly child: (bindings: Record<string, unknown>) => Logger
}

/** Fields whose values never reach a log, at any of the depths at which we nest. */
const SECRET_FIELDS = ['password', 'secret', 'token', 'authorization', 'a1Hash', 'pin', 'dtmf', 'masterKey']

/**
 * Logs are JSON lines on standard output. Secrets are replaced by `[secret]`; telephone numbers in the fields
 * of NUMBER_FIELDS keep their first three and last two digits unless `redactNumbers` is false.
 */
export const createLogger = (
  options: { readonly level: string; readonly redactNumbers: boolean },
  destination?: DestinationStream,
): Logger => {
  const paths = SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `*.*.${field}`])
  const settings = {
    level: options.level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths, censor: '[secret]' },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) => (options.redactNumbers ? maskFields(fields) : fields),
    },
  }
  return destination === undefined ? pino(settings) : pino(settings, destination)
}

export const silentLogger: Logger = pino({ level: 'silent' })

const NUMBER_FIELDS = new Set([
  'number',
  'dialled',
  'destination',
  'callerId',
  'callerNumber',
  'calleeNumber',
  'from',
  'to',
])

const maskFields = (fields: Record<string, unknown>): Record<string, unknown> => {
  let masked = fields
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || !NUMBER_FIELDS.has(name)) continue
    if (masked === fields) masked = { ...fields }
    masked[name] = maskNumber(value)
  }
  return masked
}

/** `+442079460123` as `+442*******23`. Seven digits or fewer (extensions, short codes) stay as they are. */
export const maskNumber = (value: string): string =>
  value.replace(/\d{8,}/g, (digits) => digits.slice(0, 3) + '*'.repeat(digits.length - 5) + digits.slice(-2))
