import { EngineError } from '../base/errors.ts'

/**
 * Owns the switch's reading side: bytes of a client in, whole commands out. For the simulator and for tests.
 * A command is lines up to an empty one; a `content-length` among them adds a body of that many bytes.
 */
export type ReadCommand = {
  /** The first line: `api show calls as json`. */
  readonly line: string
  /** Its first word, in lower case. */
  readonly verb: string
  /** What follows the first word, untrimmed. */
  readonly rest: string
  /** A header line's value, by any case. */
  readonly get: (header: string) => string | undefined
  readonly body: string | undefined
}

export type CommandReader = {
  /** @throws EngineError ESL_COMMAND_TOO_LARGE for a command that does not end within `maxBytes`. */
  readonly push: (chunk: Buffer) => readonly ReadCommand[]
}

export const createCommandReader = (maxBytes = 16 * 1024 * 1024): CommandReader => {
  let held: Buffer = Buffer.alloc(0)
  return {
    push: (chunk) => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const commands: ReadCommand[] = []
      for (;;) {
        let start = 0
        while (held[start] === 0x0a || held[start] === 0x0d) start++
        held = held.subarray(start)
        const headerEnd = held.indexOf('\n\n')
        if (headerEnd < 0) break
        const [line = '', ...headers] = held.toString('utf8', 0, headerEnd).split('\n')
        const length = Number(headerOf(headers, 'content-length') ?? '0')
        const end = headerEnd + 2 + (Number.isSafeInteger(length) && length > 0 ? length : 0)
        if (held.length < end) break
        commands.push(
          readCommand(
            line,
            headers,
            end > headerEnd + 2 ? held.toString('utf8', headerEnd + 2, end) : undefined,
          ),
        )
        held = held.subarray(end)
      }
      if (held.length > maxBytes) {
        held = Buffer.alloc(0)
        throw new EngineError('ESL_COMMAND_TOO_LARGE', 'a command does not end', { maxBytes })
      }
      return commands
    },
  }
}

const readCommand = (line: string, headers: readonly string[], body: string | undefined): ReadCommand => {
  const space = line.indexOf(' ')
  return {
    line,
    verb: (space < 0 ? line : line.slice(0, space)).toLowerCase(),
    rest: space < 0 ? '' : line.slice(space + 1),
    get: (header) => headerOf(headers, header),
    body,
  }
}

const headerOf = (headers: readonly string[], name: string): string | undefined => {
  for (const header of headers) {
    const colon = header.indexOf(':')
    if (colon > 0 && header.slice(0, colon).toLowerCase() === name.toLowerCase())
      return header.slice(colon + 1).trim()
  }
  return undefined
}
