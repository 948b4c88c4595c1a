import { asError, EngineError } from '../base/errors.ts'
import { decodeBytes } from './percent.ts'

/**
 * Owns the JSON of events, over text with one character a byte: JSON's syntax is ASCII, so each value is read
 * alone and a value in Latin-1 spoils no other. Values are strings, or arrays of strings for a header that was
 * pushed several times (switch_event_serialize_json_obj).
 */

/** Where the value that begins at `at` ends (exclusive), or -1 when it does not. */
export const jsonValueEnd = (text: string, at: number): number => {
  const first = text[at]
  if (first === '"') {
    let end = text.indexOf('"', at + 1)
    while (end >= 0 && isEscaped(text, end)) end = text.indexOf('"', end + 1)
    return end < 0 ? -1 : end + 1
  }
  if (first === '[') {
    let next = at + 1
    while (next > 0 && text[next] !== ']') next = text[next] === '"' ? jsonValueEnd(text, next) : next + 1
    return next < 0 || next >= text.length ? -1 : next + 1
  }
  for (let next = at; next < text.length; next++) if (text[next] === ',' || text[next] === '}') return next
  return -1
}

/** A value as it stands in the JSON, as text; arrays as the switch writes them in a plain event. */
export const jsonValue = (raw: string): string => {
  if (raw.startsWith('"') && !raw.includes('\\')) return decodeBytes(raw.slice(1, -1))
  return textOf(parse(raw))
}

/** All headers and the body of a whole event. @throws EngineError ESL_EVENT_BROKEN when it is not an object. */
export const parseJsonEvent = (
  text: string,
): { readonly headers: ReadonlyMap<string, string>; readonly body: string | undefined } => {
  const parsed = parse(text)
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) throw broken('is not an object')
  const headers = new Map<string, string>()
  let body: string | undefined
  for (const [name, value] of Object.entries(parsed)) {
    const decoded = textOf(value)
    if (name === '_body') body = decoded
    else headers.set(decodeBytes(name), decoded === '_undef_' ? '' : decoded)
  }
  return { headers, body }
}

export const broken = (what: string, cause?: unknown): EngineError =>
  new EngineError('ESL_EVENT_BROKEN', `an event's JSON ${what}`, {}, cause)

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (fault) {
    throw broken('does not parse', asError(fault))
  }
}

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return BEYOND_BYTES.test(value) ? value : decodeBytes(value)
  if (Array.isArray(value)) return `ARRAY::${value.map(textOf).join('|:')}`
  return value === null || value === undefined ? '' : JSON.stringify(value)
}

/** Only a \u escape makes such a character: then the text is not bytes any more. */
const BEYOND_BYTES = /[^\0-\xff]/

const isEscaped = (text: string, at: number): boolean => {
  let first = at
  while (text.charCodeAt(first - 1) === 0x5c) first--
  return (at - first) % 2 === 1
}
