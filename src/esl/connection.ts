import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import { createFramer, type Frame, type FramerOptions } from './framer.ts'
import { decodeBytes } from './percent.ts'

/**
 * Owns one socket and the order of its replies. The switch answers every command once and in order, so each
 * command has one slot, sendmsg and exit included. A command that is not answered in time closes the connection:
 * to skip its slot would hand its late answer to the next command. It never reconnects and never sends again.
 */
export type Connection = {
  /** The reply. @throws EngineError ESL_TIMEOUT, or ESL_CLOSED with the reason as its cause. */
  readonly send: (command: string, timeoutMs?: number) => Promise<Frame>
  /** As `send`, but settles while the reply is read: nothing that follows it has been handed on yet. */
  readonly request: (command: string, timeoutMs: number | undefined, settle: Settle) => void
  /** Closes at once; what waits is settled with ESL_CLOSED before this returns. */
  readonly close: (reason: EngineError) => void
  /** Sends what is written, then FIN; the other end closes. */
  readonly end: () => void
  readonly isClosed: () => boolean
  /** Commands that wait for their reply. */
  readonly pending: () => number
  /** When the last byte came, on `clock.monotonic()`. */
  readonly lastByteAt: () => number
}

export type Settle = (reply: Frame | EngineError) => void

export type ConnectionOptions = {
  /** Connected or connecting. */
  readonly socket: Socket
  readonly clock: Clock
  readonly commandTimeoutMs: number
  readonly limits?: FramerOptions
  /** Every frame that is not a reply, in order. What it throws closes the connection. */
  readonly onFrame: (frame: Frame) => void
  /** Once. `reason` is what `close` was given, or ESL_CLOSED, ESL_SOCKET, ESL_FRAME_..., ESL_TIMEOUT. */
  readonly onClose: (reason: EngineError) => void
}

/** The kernel's probes find a vanished host when nothing of ours is under way. */
const KEEP_ALIVE_MS = 10_000

export const createConnection = (options: ConnectionOptions): Connection => {
  const { socket, clock } = options
  const framer = createFramer(options.limits)
  type Slot = { readonly settle: Settle; readonly cancel: () => void }
  const slots: Slot[] = []
  let closed: EngineError | undefined
  let lastByteAt = clock.monotonic()

  // Nagle's algorithm and the other end's delayed ACK would cost 40 ms for each command.
  socket.setNoDelay(true)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)

  const close = (reason: EngineError): void => {
    if (closed !== undefined) return
    closed = reason
    socket.destroy()
    for (let slot = slots.shift(); slot !== undefined; slot = slots.shift()) {
      slot.cancel()
      slot.settle(reason.code === 'ESL_CLOSED' ? reason : closedBy(reason))
    }
    options.onClose(reason)
  }

  const take = (frame: Frame): void => {
    if (frame.contentType !== 'command/reply' && frame.contentType !== 'api/response') {
      options.onFrame(frame)
      return
    }
    const slot = slots.shift()
    if (slot === undefined) {
      close(new EngineError('ESL_UNEXPECTED_REPLY', 'the switch answered more than it was asked'))
      return
    }
    slot.cancel()
    slot.settle(frame)
  }

  socket.on('data', (chunk: Buffer) => {
    lastByteAt = clock.monotonic()
    try {
      for (const frame of framer.push(chunk)) {
        if (closed !== undefined) return
        take(frame)
      }
    } catch (fault) {
      close(
        fault instanceof EngineError
          ? fault
          : new EngineError('ESL_FAULT', asError(fault).message, {}, fault),
      )
    }
  })
  socket.on('error', (fault) => {
    close(
      new EngineError(
        'ESL_SOCKET',
        `the event socket failed: ${fault.message}`,
        { code: codeOf(fault) },
        fault,
      ),
    )
  })
  socket.on('end', () => {
    close(new EngineError('ESL_CLOSED', 'the other end closed the event socket'))
  })
  socket.on('close', () => {
    close(new EngineError('ESL_CLOSED', 'the event socket is closed'))
  })

  const request = (command: string, timeoutMs: number | undefined, settle: Settle): void => {
    if (closed !== undefined) {
      settle(closedBy(closed))
      return
    }
    const limitMs = timeoutMs ?? options.commandTimeoutMs
    const slot: Slot = {
      settle,
      cancel: clock.after(limitMs, () => {
        const place = slots.indexOf(slot)
        if (place < 0) return
        slots.splice(place, 1)
        const late = new EngineError('ESL_TIMEOUT', 'the switch did not answer a command in time', {
          // Never the whole command: it may hold the password.
          command: command.slice(0, command.search(/[ \n]/)),
          timeoutMs: limitMs,
        })
        settle(late)
        close(late)
      }),
    }
    slots.push(slot)
    // One write per command: a command in several segments waits for ACKs.
    socket.write(command)
  }

  return {
    request,
    send: (command, timeoutMs) =>
      new Promise((resolve, reject) => {
        request(command, timeoutMs, (reply) => {
          if (reply instanceof EngineError) reject(reply)
          else resolve(reply)
        })
      }),
    close,
    end: () => socket.end(),
    isClosed: () => closed !== undefined,
    pending: () => slots.length,
    lastByteAt: () => lastByteAt,
  }
}

/** What a reply says: the text of a command/reply, the body of an api/response. */
export const replyText = (reply: Frame): string =>
  reply.contentType === 'api/response'
    ? decodeBytes(reply.body?.toString('latin1') ?? '')
    : (reply.get('Reply-Text') ?? '').trimEnd()

const closedBy = (reason: EngineError): EngineError =>
  new EngineError('ESL_CLOSED', `the event socket closed: ${reason.message}`, { reason: reason.code }, reason)
