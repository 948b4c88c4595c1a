/** Reads a stream of server-sent events (WHATWG HTML, 9.2.6), whatever the pieces in which it arrives. */
/** `name` is undefined on a message. */
export type ServerEvent = {
  readonly id: string | undefined
  readonly name?: string
  readonly data: string
}

export type EventReader = {
  /** The events that this piece completes. */
  readonly push: (piece: Uint8Array) => readonly ServerEvent[]
}

export const createEventReader = (): EventReader => {
  const decoder = new TextDecoder('utf-8')
  let rest = ''
  let id: string | undefined
  let event: string | undefined
  let lines: string[] = []
  return {
    push: (piece) => {
      const events: ServerEvent[] = []
      rest += decoder.decode(piece, { stream: true })
      const whole = rest.split(/\r\n|\n|\r(?!$)/)
      rest = whole.pop() ?? ''
      for (const line of whole) {
        if (line === '') {
          if (lines.length > 0)
            events.push({ id, data: lines.join('\n'), ...(event === undefined ? {} : { name: event }) })
          lines = []
          event = undefined
          continue
        }
        const colon = line.indexOf(':')
        const name = colon === -1 ? line : line.slice(0, colon)
        const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
        if (name === 'data') lines.push(value)
        if (name === 'event') event = value
        if (name === 'id' && !value.includes('\0')) id = value
      }
      return events
    },
  }
}
