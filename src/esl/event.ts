import { EngineError } from '../base/errors.ts'
import { broken, jsonValue, jsonValueEnd, parseJsonEvent } from './event-json.ts'
import type { Frame } from './framer.ts'
import { decodeBytes, decodeValue } from './percent.ts'

/**
 * Owns what an event says. An event of the switch has 100 to 200 headers and a reader wants about six, so
 * nothing is decoded before it is asked for: a header is searched in the event's text and only its own bytes
 * are decoded. Keep the strings, not the event: an event holds the bytes that it came with.
 */
export type EslEvent = {
  /** Event-Name: `CHANNEL_ANSWER`, `CUSTOM`. */
  readonly name: string
  /** Event-Subclass of a CUSTOM event: `sofia::gateway_state`. */
  readonly subclass: string | undefined
  /**
   * A header's value, its name spelled as the switch spells it; the first one where it is repeated; an empty
   * value (`_undef_` on the wire) is ''. A value with several elements is `ARRAY::a|:b` in both formats.
   */
  readonly get: (header: string) => string | undefined
  /** A channel variable: `get('variable_' + name)`. */
  readonly variable: (name: string) => string | undefined
  /** The event's own body, such as the result in a BACKGROUND_JOB. */
  readonly body: string | undefined
  /** All headers, or those whose name is wanted, decoded, in the order of the wire. */
  readonly headers: (isWanted?: (name: string) => boolean) => ReadonlyMap<string, string>
}

/**
 * The event of a `text/event-plain` or `text/event-json` frame, or of the reply to `connect` on an outbound
 * socket, whose header block is the event.
 * @throws EngineError ESL_EVENT_TYPE for another frame, ESL_EVENT_BROKEN for one without an event's form.
 */
export const parseEvent = (frame: Frame): EslEvent => {
  const { bytes, bodyStart, bodyEnd } = frame
  switch (frame.contentType) {
    case 'text/event-plain':
      if (bodyEnd >= 0) return new PlainEvent(bytes, bodyStart, bodyEnd)
      break
    case 'text/event-json':
      if (bodyEnd >= 0) return parseJson(bytes, bodyStart, bodyEnd)
      break
    case 'command/reply':
      return new PlainEvent(bytes, frame.headerStart, frame.headerEnd)
    default:
      throw new EngineError('ESL_EVENT_TYPE', 'this frame holds no event', { contentType: frame.contentType })
  }
  throw new EngineError('ESL_EVENT_BROKEN', 'an event without a body', { contentType: frame.contentType })
}

const parseJson = (bytes: Buffer, start: number, end: number): EslEvent => {
  const text = bytes.toString('latin1', start, end)
  // cJSON_PrintUnformatted and an Event-Name that is always first: anything else is read the slow way.
  if (text.startsWith('{"Event-Name":"') && text.endsWith('"}')) return new JsonEvent(bytes, start, text)
  const { headers, body } = parseJsonEvent(text)
  return new MapEvent(headers, body)
}

const VARIABLE = 'variable_'
const NEWLINE = 0x0a
const COLON = 0x3a
const QUOTE = 0x22
const COMMA = 0x2c
const BRACE = 0x7b

const unnamed = (): EngineError => new EngineError('ESL_EVENT_BROKEN', 'an event without an Event-Name')

class PlainEvent implements EslEvent {
  readonly name: string
  readonly #bytes: Buffer
  readonly #start: number
  readonly #text: string
  #headerEnd = -1

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.#start = start
    this.#text = bytes.toString('latin1', start, end)
    const name = this.get('Event-Name')
    if (name === undefined) throw unnamed()
    this.name = name
  }

  get subclass(): string | undefined {
    return this.get('Event-Subclass')
  }

  get(header: string): string | undefined {
    return header.startsWith(VARIABLE) ? this.variable(header.slice(VARIABLE.length)) : this.#find(header, '')
  }

  variable(name: string): string | undefined {
    // Searched without its prefix: a hundred lines begin with it, and each would be a false start.
    return this.#find(name, VARIABLE)
  }

  get body(): string | undefined {
    const start = this.#endOfHeaders() + 2
    return start < this.#text.length ? decodeBytes(this.#text.slice(start)) : undefined
  }

  headers(isWanted?: (name: string) => boolean): ReadonlyMap<string, string> {
    const headers = new Map<string, string>()
    for (const line of this.#text.slice(0, this.#endOfHeaders()).split('\n')) {
      const colon = line.indexOf(': ')
      if (colon <= 0) continue
      const name = line.slice(0, colon)
      if (isWanted?.(name) === false) continue
      if (!headers.has(name)) headers.set(name, valueOf(line.slice(colon + 2)))
    }
    return headers
  }

  #find(name: string, prefix: string): string | undefined {
    const text = this.#text
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      const after = at + name.length
      if (text.charCodeAt(after) !== COLON) continue
      const line = at - prefix.length
      if (line !== 0 && text.charCodeAt(line - 1) !== NEWLINE) continue
      if (prefix !== '' && !text.startsWith(prefix, line)) continue
      if (line !== 0 && line > this.#endOfHeaders()) return undefined
      const end = text.indexOf('\n', after)
      const from = text.charCodeAt(after + 1) === 0x20 ? after + 2 : after + 1
      return valueOf(
        this.#bytes.toString('latin1', this.#start + from, this.#start + (end < 0 ? text.length : end)),
      )
    }
    return undefined
  }

  /** Where the header lines end: at the text's end, or before the event's own body. */
  #endOfHeaders(): number {
    if (this.#headerEnd < 0) {
      const text = this.#text
      // switch_event_serialize writes a Content-Length if and only if there is a body after the empty line.
      // Half of its name is enough to ask for, and starts with a rarer letter: the search is three times as fast.
      const end = text.includes('Length:') ? text.indexOf('\n\n') : -1
      this.#headerEnd = end < 0 ? text.length : end
    }
    return this.#headerEnd
  }
}

const valueOf = (raw: string): string => (raw === '_undef_' ? '' : decodeValue(raw))

class JsonEvent implements EslEvent {
  readonly name: string
  readonly #bytes: Buffer
  readonly #start: number
  /** One character a byte, so that a caller name in Latin-1 spoils its own value and no other. */
  readonly #text: string

  constructor(bytes: Buffer, start: number, text: string) {
    this.#bytes = bytes
    this.#start = start
    this.#text = text
    const name = this.get('Event-Name')
    if (name === undefined) throw unnamed()
    this.name = name
  }

  get subclass(): string | undefined {
    return this.get('Event-Subclass')
  }

  get(header: string): string | undefined {
    if (header.startsWith(VARIABLE)) return this.variable(header.slice(VARIABLE.length))
    return header === '_body' ? undefined : this.#find(header, '')
  }

  variable(name: string): string | undefined {
    return this.#find(name, VARIABLE)
  }

  get body(): string | undefined {
    return this.#find('_body', '')
  }

  headers(isWanted?: (name: string) => boolean): ReadonlyMap<string, string> {
    return only(parseJsonEvent(this.#text).headers, isWanted)
  }

  #find(name: string, prefix: string): string | undefined {
    const text = this.#text
    for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
      const after = at + name.length
      if (text.charCodeAt(after) !== QUOTE || text.charCodeAt(after + 1) !== COLON) continue
      const start = at - prefix.length
      if (text.charCodeAt(start - 1) !== QUOTE) continue
      // A quote after a comma or the brace opens a key: inside a string it would have a backslash before it.
      const before = text.charCodeAt(start - 2)
      if (before !== COMMA && before !== BRACE) continue
      if (prefix !== '' && !text.startsWith(prefix, start)) continue
      const end = jsonValueEnd(text, after + 2)
      if (end < 0) throw broken('ends within a value')
      const value = jsonValue(this.#bytes.toString('latin1', this.#start + after + 2, this.#start + end))
      return value === '_undef_' ? '' : value
    }
    return undefined
  }
}

class MapEvent implements EslEvent {
  readonly name: string
  readonly body: string | undefined
  readonly #headers: ReadonlyMap<string, string>

  constructor(headers: ReadonlyMap<string, string>, body: string | undefined) {
    this.#headers = headers
    this.body = body
    const name = headers.get('Event-Name')
    if (name === undefined) throw unnamed()
    this.name = name
  }

  get subclass(): string | undefined {
    return this.get('Event-Subclass')
  }

  get(header: string): string | undefined {
    return this.#headers.get(header)
  }

  variable(name: string): string | undefined {
    return this.#headers.get(VARIABLE + name)
  }

  headers(isWanted?: (name: string) => boolean): ReadonlyMap<string, string> {
    return only(this.#headers, isWanted)
  }
}

const only = (
  headers: ReadonlyMap<string, string>,
  isWanted: ((name: string) => boolean) | undefined,
): ReadonlyMap<string, string> =>
  isWanted === undefined ? headers : new Map([...headers].filter(([name]) => isWanted(name)))
