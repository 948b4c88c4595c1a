import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { command } from './command.ts'
import { createConnection, replyText } from './connection.ts'
import { parseEvent, type EslEvent } from './event.ts'
import type { Frame } from './framer.ts'
import { createPending } from './pending.ts'

/**
 * Owns one call's outbound socket (`socket host:port async full`): its commands and their results. What happens
 * to the call is the inbound connection's to tell; here only the end of what we execute is read. Closing the
 * socket does not end the call: what runs goes on, then the channel takes its next dialplan action.
 */
export type Conversation = {
  /** The channel's uuid. */
  readonly uuid: string
  /** The channel as it was when it reached us, with its variables. */
  readonly channel: EslEvent
  /**
   * Runs an application and resolves when it has ended, with its CHANNEL_EXECUTE_COMPLETE. The switch runs what
   * it is sent in order, and expands `${...}` in `arg`: a user's text goes into a variable instead.
   * @throws EngineError ESL_CLOSED when the socket or the channel ends first, ESL_REFUSED for `-ERR`,
   * ESL_TIMEOUT after `timeoutMs` (the application runs on; without it there is no limit), ESL_UNSAFE_VALUE
   */
  readonly execute: (
    app: string,
    arg?: string,
    options?: { readonly timeoutMs?: number },
  ) => Promise<EslEvent>
  /** Runs an application and resolves when the switch has taken the command. @throws as `execute` */
  readonly start: (app: string, arg?: string) => Promise<void>
  /** Runs an API command; resolves with its text, `-ERR ...` included. */
  readonly api: (name: string, args?: string) => Promise<string>
  /**
   * Sets a channel variable once what runs has ended; an empty value removes it.
   * @throws EngineError ESL_UNSAFE_VALUE also for `${`, in which the switch would run API commands.
   */
  readonly setVariable: (name: string, value: string) => Promise<void>
  /** Hangs up at once with this cause; what runs is cut. */
  readonly hangup: (cause: string) => Promise<void>
  /** Resolves when the socket has ended, whoever ended it. */
  readonly closed: Promise<void>
  /** Lets go: the channel goes on in its dialplan. */
  readonly close: () => void
}

export type ConversationOptions = {
  readonly socket: Socket
  readonly clock: Clock
  readonly logger: Logger
  /** From the accepted socket to a channel that is ready for commands. */
  readonly connectTimeoutMs: number
  readonly commandTimeoutMs: number
}

/** The last events come within milliseconds of the hang-up, unless a CDR is posted slowly first. */
const LINGER_SECONDS = 5
const EVENTS = ['CHANNEL_EXECUTE_COMPLETE', 'CHANNEL_HANGUP_COMPLETE']
/** After our `exit` and FIN the switch closes; if it does not, we do. */
const LET_GO_MS = 2000

/**
 * Greets the switch on an accepted socket.
 * @throws EngineError ESL_CLOSED, ESL_TIMEOUT, ESL_REFUSED, ESL_EVENT_BROKEN when it is not a channel of a switch.
 */
export const converse = async (options: ConversationOptions): Promise<Conversation> => {
  const { clock, logger } = options
  const executing = createPending<EslEvent>(clock)
  let uuid: string | undefined
  let resolveClosed: () => void = () => undefined
  const closed = new Promise<void>((resolve) => {
    resolveClosed = resolve
  })

  const onFrame = (frame: Frame): void => {
    if (!frame.contentType.startsWith('text/event-')) return
    let event
    try {
      event = parseEvent(frame)
    } catch (fault) {
      logger.error({ uuid, err: asError(fault) }, 'esl: an event on an outbound socket could not be read')
      return
    }
    if (event.name === 'CHANNEL_EXECUTE_COMPLETE') {
      executing.settle(event.get('Application-UUID') ?? '', event)
    } else if (event.name === 'CHANNEL_HANGUP_COMPLETE' && event.get('Unique-ID') === uuid) {
      const cause = event.get('Hangup-Cause')
      connection.close(new EngineError('ESL_CLOSED', 'the channel is hung up', { hangupCause: cause }))
    }
  }
  const onClose = (reason: EngineError): void => {
    const fault =
      reason.code === 'ESL_CLOSED' ? reason : new EngineError('ESL_CLOSED', reason.message, {}, reason)
    executing.failAll(fault)
    if (reason.code !== 'ESL_CLOSED') logger.warn({ uuid, code: reason.code }, `esl: ${reason.message}`)
    resolveClosed()
  }
  const connection = createConnection({ ...options, onFrame, onClose })

  const close = (): void => {
    if (connection.isClosed()) return
    connection.request(command.exit(), LET_GO_MS, () => undefined)
    connection.end()
    clock.after(LET_GO_MS, () => {
      connection.close(new EngineError('ESL_CLOSED', 'we let go of the channel'))
    })
  }
  const send = async (line: string, timeoutMs?: number): Promise<void> => {
    const text = replyText(await connection.send(line, timeoutMs))
    if (text.startsWith('-ERR')) throw refused(text)
  }
  const execute: Conversation['execute'] = async (app, arg, { timeoutMs } = {}) => {
    const eventUuid = randomUUID()
    const line = command.execute(app, arg, { eventUuid, argAsBody: isBetterAsBody(arg) })
    const result = executing.add(eventUuid, timeoutMs, `execute ${app}`)
    connection.request(line, undefined, (reply) => {
      if (reply instanceof EngineError) executing.settle(eventUuid, reply)
      else if (replyText(reply).startsWith('-ERR')) executing.settle(eventUuid, refused(replyText(reply)))
    })
    return result
  }

  const channel = await greet()
  return {
    uuid: channel.uuid,
    channel: channel.event,
    execute,
    start: async (app, arg) => send(command.execute(app, arg, { eventUuid: randomUUID() })),
    api: async (name, args) => replyText(await connection.send(command.api(name, args))),
    setVariable: async (name, value) => {
      if (/[=\s]/.test(name) || name === '') throw unsafe('name')
      if (value.includes('${')) throw unsafe(name)
      await execute(value === '' ? 'unset' : 'set', value === '' ? name : `${name}=${value}`)
    },
    hangup: async (cause) => send(command.hangup(cause)),
    closed,
    close,
  }

  /**
   * Two round trips: the filter needs the channel's uuid. The events begin before a handler can execute anything,
   * and are the two that are read here: of `myevents`, each of some twenty is written out with all that the channel
   * carries.
   */
  async function greet(): Promise<{ readonly uuid: string; readonly event: EslEvent }> {
    try {
      const [connected, lingers] = await ask([command.connect(), command.linger(LINGER_SECONDS)])
      agreed([lingers])
      const event = connected === undefined ? undefined : parseEvent(connected)
      uuid = event?.get('Unique-ID')
      if (event === undefined || uuid === undefined || uuid === '') {
        throw new EngineError('ESL_EVENT_BROKEN', 'a connect reply without a channel')
      }
      // The filter first: without it they would be those of every channel.
      agreed(await ask([command.filter('Unique-ID', uuid), command.subscribe('plain', EVENTS)]))
      return { uuid, event }
    } catch (fault) {
      connection.close(new EngineError('ESL_CLOSED', 'no channel came over this socket', {}, fault))
      throw fault
    }
  }
  async function ask(lines: readonly string[]): Promise<readonly Frame[]> {
    return Promise.all(lines.map((line) => connection.send(line, options.connectTimeoutMs)))
  }
}

const agreed = (replies: readonly (Frame | undefined)[]): void => {
  for (const reply of replies) {
    const text = reply === undefined ? '' : replyText(reply)
    if (!text.startsWith('+OK')) throw refused(text)
  }
}

/**
 * The switch reads a header byte by byte, with two system calls for each, and a body at once (mod_event_socket.c,
 * read_packet). What a header may not hold stays one, and is refused.
 */
const isBetterAsBody = (arg = ''): boolean => arg.length > 64 && !/[\r\n]/.test(arg)

const refused = (text: string): EngineError =>
  new EngineError('ESL_REFUSED', `the switch refused a command: ${text}`, { answer: text })

const unsafe = (field: string): EngineError =>
  new EngineError('ESL_UNSAFE_VALUE', `${field} cannot be set as a channel variable`, { field })
