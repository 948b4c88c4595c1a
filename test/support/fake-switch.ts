import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { createCommandReader, type ReadCommand } from '../../src/esl/command-reader.ts'
import * as wire from '../../src/esl/wire.ts'

/**
 * The switch's end of the event socket, made with our own wire code: as little as a test of a client needs. It
 * answers the login; all else is the test's `answer`, or +OK.
 */
export type FakeSwitch = {
  readonly port: number
  /** Every command that came, as its first line. */
  readonly lines: string[]
  /** The newest connection. */
  readonly latest: () => Socket
  readonly connections: () => number
  /** Ends what is open and stops listening. */
  readonly stop: () => Promise<void>
}

/** What goes back; undefined leaves it to the default, '' says nothing. */
export type Answer = (command: ReadCommand, socket: Socket) => Buffer | string | undefined

export const startFakeSwitch = async (
  options: {
    readonly password?: string
    readonly answer?: Answer
    readonly greet?: (socket: Socket) => void
  } = {},
): Promise<FakeSwitch> => {
  const sockets = new Set<Socket>()
  const lines: string[] = []
  let latest: Socket | undefined
  let connections = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    latest = socket
    connections++
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    const reader = createCommandReader()
    socket.on('data', (chunk) => {
      for (const command of reader.push(chunk)) {
        lines.push(command.line)
        socket.write(
          options.answer?.(command, socket) ?? defaultAnswer(command, options.password ?? 'ClueCon'),
        )
      }
    })
    if (options.greet === undefined) socket.write(wire.formatAuthRequest())
    else options.greet(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: portOf(server.address()),
    lines,
    latest: () => {
      if (latest === undefined) throw new Error('nobody has connected')
      return latest
    },
    connections: () => connections,
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const defaultAnswer = (command: ReadCommand, password: string): Buffer => {
  switch (command.verb) {
    case 'auth':
      return wire.formatReply(command.rest === password ? '+OK accepted' : '-ERR invalid')
    case 'api':
      return wire.formatApiResponse(
        command.rest === 'version' ? 'FreeSWITCH Version 1.10.12-release\n' : '+OK\n',
      )
    case 'bgapi':
      return wire.formatBgapiReply(command.get('Job-UUID') ?? '')
    default:
      return wire.formatReply('+OK')
  }
}

/** A channel that reaches an outbound server, as `socket host:port async full` makes it. */
export const callOutboundServer = async (
  port: number,
  options: {
    readonly uuid?: string
    readonly channel?: Readonly<Record<string, string>>
    readonly answer?: Answer
  } = {},
): Promise<{ readonly socket: Socket; readonly lines: string[]; readonly commands: ReadCommand[] }> => {
  const uuid = options.uuid ?? 'a-leg'
  const lines: string[] = []
  const commands: ReadCommand[] = []
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  socket.on('error', () => socket.destroy())
  await once(socket, 'connect')
  const reader = createCommandReader()
  socket.on('data', (chunk) => {
    for (const command of reader.push(chunk)) {
      lines.push(command.line)
      commands.push(command)
      const answer = options.answer?.(command, socket)
      if (answer !== undefined) socket.write(answer)
      else if (command.verb === 'connect') {
        socket.write(
          wire.formatConnectReply({ 'Event-Name': 'CHANNEL_DATA', 'Unique-ID': uuid, ...options.channel }),
        )
      } else if (command.verb === 'api') socket.write(wire.formatApiResponse('+OK\n'))
      else {
        socket.write(wire.formatReply('+OK'))
        if (command.get('call-command') === 'execute') socket.write(executeComplete(uuid, command))
        if (command.verb === 'exit') socket.end()
      }
    }
  })
  return { socket, lines, commands }
}

export const executeComplete = (uuid: string, command: ReadCommand): Buffer =>
  wire.formatEvent('plain', {
    'Event-Name': 'CHANNEL_EXECUTE_COMPLETE',
    'Unique-ID': uuid,
    Application: command.get('execute-app-name') ?? '',
    'Application-Response': '_none_',
    'Application-UUID': command.get('event-uuid') ?? '',
  })

export const portOf = (address: ReturnType<ReturnType<typeof createServer>['address']>): number => {
  if (address === null || typeof address === 'string') throw new Error('the server does not listen')
  return address.port
}

/** Waits until `met`, which something else brings about; the test's own time limit is the limit. */
export const until = async (met: () => boolean): Promise<void> => {
  while (!met()) await new Promise((resolve) => setImmediate(resolve))
}
