/**
 * The document that mod_json_cdr posts, read without trust: bytes to JSON, JSON to the variables of one channel.
 * Nothing here throws but CDR_UNREADABLE (no document) and CDR_FIELD (a document with an impossible field).
 */
import { isUtf8 } from 'node:buffer'
import { asError, EngineError } from '../base/errors.ts'
import { decodeBytes, decodeValue } from '../esl/percent.ts'

/**
 * The parsed document. switch_ivr_generate_json_cdr writes names of callers as the bytes that the phone sent,
 * and a phone may send Latin-1: then each string is read for itself, as UTF-8 if it is that.
 */
export const readPost = (bytes: Buffer): unknown => {
  try {
    if (isUtf8(bytes)) return JSON.parse(bytes.toString('utf8')) as unknown
    return JSON.parse(bytes.toString('latin1'), (_, value: unknown) =>
      typeof value === 'string' ? decodeBytes(value) : value,
    ) as unknown
  } catch (fault) {
    throw new EngineError(
      'CDR_UNREADABLE',
      `the CDR is no JSON: ${asError(fault).message.slice(0, 200)}`,
      {},
      fault,
    )
  }
}

export type Post = {
  /** A channel variable, decoded; undefined where it is unset or empty. */
  readonly variable: (name: string) => string | undefined
  /** A field of the newest caller profile, which mod_json_cdr never encodes. */
  readonly profile: (name: string) => string | undefined
  /** A time of the newest caller profile: microseconds since the epoch, undefined where it did not happen. */
  readonly time: (variable: string, profileTime: string) => number | undefined
  /** FreeSWITCH's own direction: inbound is toward the switch. */
  readonly inbound: boolean
}

/** Throws CDR_UNREADABLE where the value is no CDR of mod_json_cdr. */
export const openPost = (value: unknown): Post => {
  const variables = record(record(value)?.['variables'])
  if (variables === undefined) throw new EngineError('CDR_UNREADABLE', 'the CDR has no variables')
  const flow = record(value)?.['callflow']
  const newest = record(Array.isArray(flow) ? (flow[0] as unknown) : undefined)
  const profile = record(newest?.['caller_profile'])
  const times = record(newest?.['times'])
  const encoded = isEncoded(variables)

  const variable = (name: string): string | undefined => {
    const raw = text(variables, name)
    return encoded && raw !== undefined && ASCII.test(raw) ? decodeValue(raw) : raw
  }
  return {
    variable,
    profile: (name) => text(profile, name),
    time: (name, profileTime) => {
      const value = variable(name)
      return value === undefined ? micros(profileTime, text(times, profileTime)) : micros(name, value)
    },
    inbound:
      (variable('direction') ?? text(record(record(value)?.['channel_data']), 'direction')) !== 'outbound',
  }
}

const ASCII = /^[\0-\x7f]*$/

/**
 * mod_json_cdr percent-encodes the values of `variables` unless `encode-values` is false, and says nowhere
 * which. start_stamp tells: FreeSWITCH writes it on every channel, as `%Y-%m-%d %T`, with a space and colons.
 * Without it (a document that we made) the values are plain.
 */
const isEncoded = (variables: Record<string, unknown>): boolean =>
  text(variables, 'start_stamp')?.includes('%20') ?? false

/** Microseconds; 0 is FreeSWITCH's "never". Throws CDR_FIELD for what is no time. */
const micros = (field: string, value: string | undefined): number | undefined => {
  if (value === undefined) return undefined
  const amount = Number(value)
  if (!/^\d{1,16}$/.test(value) || !Number.isSafeInteger(amount)) throw badField(field, value)
  if (amount !== 0 && amount < EARLIEST_MICROS) {
    throw new EngineError(
      'CDR_FIELD',
      `${field} of the CDR is before the year 2000: the clock of the switch was wrong, and a person has to say when it was`,
      { field },
    )
  }
  return amount === 0 ? undefined : amount
}

/** A machine without a clock battery begins in 1970. Such a call would be in no report, and gone with the next retention. */
const EARLIEST_MICROS = Date.UTC(2000, 0, 1) * 1_000

export const badField = (field: string, value: string | undefined, cause?: unknown): EngineError =>
  new EngineError(
    'CDR_FIELD',
    value === undefined
      ? `${field} of the CDR is missing`
      : `${field} of the CDR cannot be read: ${JSON.stringify(value.slice(0, 60))}`,
    { field },
    cause,
  )

const record = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined

const text = (fields: Record<string, unknown> | undefined, name: string): string | undefined => {
  if (fields === undefined || !Object.hasOwn(fields, name)) return undefined
  const value = fields[name]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}
