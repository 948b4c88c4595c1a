import { encodeValue } from './percent.ts'

/**
 * Owns the switch's side of the wire: the exact bytes that mod_event_socket writes. For the simulator and for
 * tests; the engine itself only reads these.
 */

/** Several elements are what `push` makes of a variable: `ARRAY::a|:b` in plain, an array in JSON. */
export type EventHeaders = Readonly<Record<string, string | readonly string[]>>

/** A whole event frame, as a subscriber of this format receives it. Begin `headers` with Event-Name. */
export const formatEvent = (format: 'plain' | 'json', headers: EventHeaders, body?: string): Buffer => {
  const content = Buffer.from(format === 'plain' ? plainText(headers, body) : jsonText(headers, body))
  return Buffer.concat([
    Buffer.from(`Content-Length: ${content.length}\nContent-Type: text/event-${format}\n\n`),
    content,
  ])
}

/** The answer to `connect` on an outbound socket: the channel's event is the header block. */
export const formatConnectReply = (headers: EventHeaders): Buffer =>
  Buffer.from(
    `${plainLines({
      ...headers,
      'Content-Type': 'command/reply',
      'Reply-Text': '+OK\n',
      'Socket-Mode': 'async',
      Control: 'full',
    })}\n`,
  )

/** `text` begins with +OK or -ERR and is not encoded, whatever it holds. */
export const formatReply = (text: string, headers: Readonly<Record<string, string>> = {}): Buffer => {
  const more = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`)
  return Buffer.from(`Content-Type: command/reply\nReply-Text: ${text}\n${more.join('')}\n`)
}

export const formatBgapiReply = (jobUuid: string): Buffer =>
  formatReply(`+OK Job-UUID: ${jobUuid}`, { 'Job-UUID': jobUuid })

export const formatApiResponse = (text: string): Buffer =>
  Buffer.from(`Content-Type: api/response\nContent-Length: ${Buffer.byteLength(text)}\n\n${text}`)

export const formatAuthRequest = (): Buffer => Buffer.from('Content-Type: auth/request\n\n')

/** What a client gets that the access list does not name; the socket is closed after it. */
export const formatRudeRejection = (): Buffer => withText('text/rude-rejection', 'Access Denied, go away.\n')

/** The switch closes the socket after this. */
export const formatDisconnectNotice = (): Buffer =>
  withText(
    'text/disconnect-notice',
    'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n',
    'Content-Disposition: disconnect\n',
  )

/** The channel is gone; the socket stays for `seconds`, since the client asked to linger. */
export const formatLingerNotice = (uuid: string, seconds: number): Buffer =>
  withText(
    'text/disconnect-notice',
    '',
    `Controlled-Session-UUID: ${uuid}\nContent-Disposition: linger\nLinger-Time: ${seconds}\n`,
  )

const withText = (type: string, text: string, headers = ''): Buffer =>
  Buffer.from(`Content-Type: ${type}\n${headers}Content-Length: ${Buffer.byteLength(text)}\n\n${text}`)

const plainText = (headers: EventHeaders, body: string | undefined): string => {
  const lines = plainLines(headers)
  return body === undefined ? `${lines}\n` : `${lines}Content-Length: ${Buffer.byteLength(body)}\n\n${body}`
}

const plainLines = (headers: EventHeaders): string =>
  Object.entries(headers)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : `ARRAY::${value.join('|:')}`
      // switch_event_serialize: an empty value is written as _undef_. The type of the connect reply's frame is
      // encoded like any other value, and has no character that needs it.
      return `${name}: ${text === '' ? '_undef_' : encodeValue(text)}\n`
    })
    .join('')

const jsonText = (headers: EventHeaders, body: string | undefined): string =>
  JSON.stringify(
    body === undefined
      ? headers
      : { ...headers, 'Content-Length': String(Buffer.byteLength(body)), _body: body },
  )
