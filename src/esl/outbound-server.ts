import { createServer, type Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { converse, type Conversation } from './conversation.ts'

export type { Conversation } from './conversation.ts'

/**
 * Owns the port to which the switch connects for each call that needs a conversation. A handler that ends,
 * throws or is too many lets go of its channel: it takes its next dialplan action and so comes back. A call is
 * never lost here.
 */
export type OutboundServer = {
  /** Listens; resolves with the port. @throws EngineError ESL_LISTEN */
  readonly start: () => Promise<{ readonly port: number }>
  /** Accepts no more, lets go of every channel, and resolves when their sockets have ended. */
  readonly stop: () => Promise<void>
  /** Live sockets, those that are being greeted included. */
  readonly count: () => number
}

export type OutboundServerOptions = {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly logger: Logger
  readonly clock: Clock
  /** One call. When it resolves or rejects, the channel is let go of if it still lives. */
  readonly onCall: (conversation: Conversation) => Promise<void>
  readonly connectTimeoutMs?: number
  readonly commandTimeoutMs?: number
  /** One more is closed at once. */
  readonly maxConversations?: number
}

const CONNECT_TIMEOUT_MS = 5000
const COMMAND_TIMEOUT_MS = 10_000
const MAX_CONVERSATIONS = 10_000

export const createOutboundServer = (options: OutboundServerOptions): OutboundServer => {
  const { logger } = options
  const sockets = new Set<Socket>()
  const greeting = new Set<Socket>()
  const conversations = new Set<Conversation>()
  const max = options.maxConversations ?? MAX_CONVERSATIONS
  let stopping = false

  const serve = async (socket: Socket): Promise<void> => {
    const conversation = await converse({
      socket,
      clock: options.clock,
      logger,
      connectTimeoutMs: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
      commandTimeoutMs: options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS,
    })
    greeting.delete(socket)
    conversations.add(conversation)
    let ended = false
    const isEnded = (): boolean => ended
    void conversation.closed.then(() => {
      ended = true
    })
    try {
      if (!stopping) await options.onCall(conversation)
    } catch (fault) {
      // A caller who hangs up ends his handler in this way; only the rest is worth an error.
      const level = isEnded() && codeOf(fault) === 'ESL_CLOSED' ? 'debug' : 'error'
      logger[level]({ uuid: conversation.uuid, err: asError(fault) }, 'esl: the handler of a call failed')
    } finally {
      conversation.close()
      await conversation.closed
      conversations.delete(conversation)
    }
  }

  // The switch may close its half while an answer of ours is under way: `connection` sees the end and closes.
  const server = createServer((socket) => {
    if (stopping || sockets.size >= max) {
      logger.warn({ count: sockets.size }, 'esl: too many conversations, the call takes its next action')
      socket.on('error', () => socket.destroy())
      socket.destroy()
      return
    }
    sockets.add(socket)
    greeting.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      greeting.delete(socket)
    })
    serve(socket).catch((fault: unknown) => {
      logger.warn(
        { err: asError(fault), peer: socket.remoteAddress },
        'esl: no call came over an outbound socket',
      )
    })
  })

  return {
    start: () =>
      new Promise((resolve, reject) => {
        const failed = (fault: Error): void => {
          reject(
            new EngineError(
              'ESL_LISTEN',
              `the outbound socket cannot listen on ${options.host}:${options.port}: ${listenFault(fault)}`,
              { host: options.host, port: options.port },
              fault,
            ),
          )
        }
        server.once('error', failed)
        server.listen(options.port, options.host, () => {
          server.off('error', failed)
          server.on('error', (fault) => {
            logger.error({ err: fault }, 'esl: the outbound socket server failed')
          })
          const address = server.address()
          resolve({ port: typeof address === 'object' && address !== null ? address.port : options.port })
        })
      }),
    stop: () =>
      new Promise((resolve) => {
        stopping = true
        server.close(() => {
          resolve()
        })
        for (const conversation of conversations) conversation.close()
        for (const socket of greeting) socket.destroy()
      }),
    count: () => sockets.size,
  }
}

const listenFault = (fault: Error): string =>
  codeOf(fault) === 'EADDRINUSE'
    ? 'another program listens there; stop it, or set STROWGER_SOCKET_PORT'
    : fault.message
