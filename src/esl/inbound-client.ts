import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { createBackoff } from '../base/backoff.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { command, type EventFormat } from './command.ts'
import { createConnection, replyText, type Connection } from './connection.ts'
import { parseEvent, type EslEvent } from './event.ts'
import type { Frame } from './framer.ts'
import { createLagWatch, type LagWatch } from './lag-watch.ts'
import { logIn } from './login.ts'
import { createPending } from './pending.ts'

/**
 * Owns the one connection that we make to the switch: all call events come through it, in order. It reconnects
 * for ever with growing, jittered delays and subscribes again. It never sends a command twice: what was under
 * way when the link broke is settled with ESL_CLOSED, and the owner rebuilds its picture in `onUp`.
 */
export type InboundClient = {
  readonly start: () => void
  /** Resolves when the socket is closed; what waits is settled with ESL_CLOSED; `onDown` is not called. */
  readonly stop: () => Promise<void>
  readonly state: () => LinkState
  /**
   * Runs an API command and resolves with its text; `-ERR ...` is an outcome, not a throw. It blocks this
   * connection in the switch: only for what takes milliseconds. A time-out closes the connection.
   * @throws EngineError ESL_NOT_CONNECTED, ESL_CLOSED, ESL_TIMEOUT, ESL_UNSAFE_VALUE
   */
  readonly api: (name: string, args?: string, options?: { readonly timeoutMs?: number }) => Promise<string>
  /**
   * As `api`, in a thread of the switch. A time-out leaves the job running there and the connection open; a
   * refusal of the job itself resolves with its `-ERR ...`. `jobUuid` is our own when none is given.
   */
  readonly bgapi: (
    name: string,
    args: string,
    options?: { readonly jobUuid?: string; readonly timeoutMs?: number },
  ) => Promise<string>
  /** Starts a dialplan application on a channel; resolves with the reply, `+OK` or `-ERR invalid session id`. */
  readonly execute: (uuid: string, app: string, arg?: string) => Promise<string>
  /** Hangs up a channel with this cause; resolves as `execute` does. */
  readonly hangup: (uuid: string, cause: string) => Promise<string>
}

/** `refused`: the switch does not take our password; it is tried again each minute. */
export type LinkState = 'connecting' | 'up' | 'refused' | 'down' | 'stopped'

export type InboundClientOptions = {
  readonly host: string
  readonly port: number
  readonly password: string
  /** Named events, never ALL. BACKGROUND_JOB is added: `bgapi` lives on it. */
  readonly events: readonly string[]
  /** Subclasses of CUSTOM: `sofia::gateway_state`. */
  readonly customEvents: readonly string[]
  readonly format?: EventFormat
  readonly clock: Clock
  readonly logger: Logger
  /** From the TCP connection's begin to the subscription's reply. */
  readonly connectTimeoutMs?: number
  readonly commandTimeoutMs?: number
  readonly jobTimeoutMs?: number
  /** Without a byte for half as long the switch is probed; without an answer for the other half it is dead. */
  readonly heartbeatTimeoutMs?: number
  /** How late events may be read before the connection is closed and made anew. */
  readonly maxLagMs?: number
  /** Each event, in order, as it is read; a throw is logged and harms nothing else. Do not await in it. */
  readonly onEvent: (event: EslEvent) => void
  /** Logged in and subscribed, before the first event: resync here. */
  readonly onUp: (link: { readonly version: string; readonly first: boolean }) => void | Promise<void>
  /** A link that was up is lost. ESL_LAGGING, ESL_TIMEOUT, ESL_CLOSED, ESL_SOCKET, ESL_FRAME_... */
  readonly onDown: (reason: EngineError) => void
  /** `first`: the link was never up, so the configuration may be wrong. */
  readonly onAuthRefused: (first: boolean) => void
}

const CONNECT_TIMEOUT_MS = 5000
const COMMAND_TIMEOUT_MS = 10_000
/** An originate may ring for a minute and try several gateways. */
const JOB_TIMEOUT_MS = 120_000
const HEARTBEAT_TIMEOUT_MS = 20_000
/** At 17,600 events a second, the most that was seen, 100,000 events (the switch's limit) wait after 5.7 s. */
const MAX_LAG_MS = 4000
const AUTH_RETRY_MS = 60_000
/** A link that held for so long was good: the next failure starts with the shortest delay. */
const STABLE_MS = 10_000
/** The age of one event in so many is looked at. */
const LAG_SAMPLE = 64

/** @throws EngineError ESL_SUBSCRIBE_ALL, ESL_SUBSCRIBE_NOTHING, ESL_UNSAFE_VALUE for options that cannot work. */
export const createInboundClient = (options: InboundClientOptions): InboundClient => {
  const { clock, logger } = options
  const format = options.format ?? 'plain'
  const connectTimeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
  const commandTimeoutMs = options.commandTimeoutMs ?? COMMAND_TIMEOUT_MS
  const heartbeatTimeoutMs = options.heartbeatTimeoutMs ?? HEARTBEAT_TIMEOUT_MS
  const events = [...new Set([...options.events, 'BACKGROUND_JOB'])]
  // Faults of the configuration show now, not at the first connection.
  command.subscribe(format, events, options.customEvents)
  command.auth(options.password)

  const backoff = createBackoff({ firstMs: 250, maxMs: 15_000 })
  const jobs = createPending<string>(clock)
  let state: LinkState = 'down'
  let connection: Connection | undefined
  let everUp = false
  let upSince = 0
  let cancels: Cancel[] = []
  let lagWatch: LagWatch | undefined
  let untilSample = 0
  let whenStopped: (() => void) | undefined

  const attempt = (): void => {
    state = 'connecting'
    const socket = connect({ host: options.host, port: options.port })
    const made = createConnection({ socket, clock, commandTimeoutMs, onFrame, onClose })
    connection = made
    cancels = [
      clock.after(connectTimeoutMs, () => {
        if (state === 'connecting') {
          made.close(new EngineError('ESL_TIMEOUT', 'no login to the switch in time', { connectTimeoutMs }))
        }
      }),
    ]
  }

  const onFrame = (frame: Frame): void => {
    switch (frame.contentType) {
      case 'text/event-plain':
      case 'text/event-json':
        takeEvent(frame)
        return
      case 'auth/request':
        if (connection !== undefined) logIn(connection, { ...options, format, events }, onLogin)
        return
      case 'text/rude-rejection':
        connection?.close(new EngineError('ESL_REJECTED', "the switch's access list does not name this host"))
        return
      case 'text/disconnect-notice':
        connection?.close(new EngineError('ESL_CLOSED', 'the switch ends this connection'))
        return
      default:
        logger.debug({ contentType: frame.contentType }, 'esl: a frame that nobody reads')
    }
  }

  const takeEvent = (frame: Frame): void => {
    try {
      const event = parseEvent(frame)
      if (event.name === 'BACKGROUND_JOB') jobs.settle(event.get('Job-UUID') ?? '', event.body ?? '')
      options.onEvent(event)
      // Last, since it may close the connection: no event follows onDown.
      if (untilSample-- <= 0) {
        untilSample = LAG_SAMPLE - 1
        lagWatch?.onEvent(event.get('Event-Date-Timestamp'))
      }
    } catch (fault) {
      logger.error({ err: asError(fault) }, 'esl: an event could not be handled')
    }
  }

  const onLogin = (version: string): void => {
    const first = !everUp
    everUp = true
    state = 'up'
    upSince = clock.monotonic()
    watch()
    logger.info({ version, first }, 'esl: the switch is connected')
    guard('onUp', () => options.onUp({ version, first }))
  }

  const watch = (): void => {
    const made = connection
    if (made === undefined) return
    const tickMs = heartbeatTimeoutMs / 2
    let cancel: Cancel = () => undefined
    const arm = (): void => {
      cancel = clock.after(tickMs, () => {
        if (clock.monotonic() - made.lastByteAt() >= tickMs) {
          made.request(command.probe(), tickMs, () => undefined)
        }
        arm()
      })
    }
    arm()
    cancels.push(() => {
      cancel()
    })
    untilSample = 0
    lagWatch = createLagWatch(clock, options.maxLagMs ?? MAX_LAG_MS, made.close)
    cancels.push(lagWatch.stop)
  }

  const onClose = (reason: EngineError): void => {
    const wasUp = state === 'up'
    const stopped = state === 'stopped'
    for (const cancel of cancels.splice(0)) cancel()
    connection = undefined
    lagWatch = undefined
    jobs.failAll(new EngineError('ESL_CLOSED', `the event socket closed: ${reason.message}`, {}, reason))
    if (stopped) {
      whenStopped?.()
      return
    }
    const refused = reason.code === 'ESL_AUTH_REFUSED'
    state = refused ? 'refused' : 'down'
    if (wasUp && clock.monotonic() - upSince >= STABLE_MS) backoff.reset()
    const delayMs = refused ? AUTH_RETRY_MS : backoff.next()
    logger.warn({ code: reason.code, reason: reason.message, delayMs }, 'esl: the switch is not connected')
    cancels = [clock.after(delayMs, attempt)]
    if (refused) guard('onAuthRefused', () => options.onAuthRefused(!everUp))
    if (wasUp) guard('onDown', () => options.onDown(reason))
  }

  const guard = (name: string, act: () => void | Promise<void>): void => {
    const failed = (fault: unknown): void => {
      logger.error({ err: asError(fault) }, `esl: ${name} failed`)
    }
    try {
      const running = act()
      if (running !== undefined) running.catch(failed)
    } catch (fault) {
      failed(fault)
    }
  }

  const send = async (line: string, timeoutMs?: number): Promise<string> => {
    if (state !== 'up' || connection === undefined) {
      throw new EngineError('ESL_NOT_CONNECTED', 'the switch is not connected', { state })
    }
    return replyText(await connection.send(line, timeoutMs))
  }

  return {
    start: () => {
      if (state === 'down' && cancels.length === 0) attempt()
    },
    stop: () =>
      new Promise((resolve) => {
        state = 'stopped'
        for (const cancel of cancels.splice(0)) cancel()
        if (connection === undefined) {
          resolve()
          return
        }
        whenStopped = resolve
        connection.close(new EngineError('ESL_CLOSED', 'we closed the event socket'))
      }),
    state: () => state,
    api: async (name, args, { timeoutMs } = {}) => send(command.api(name, args), timeoutMs),
    bgapi: async (name, args, { jobUuid = randomUUID(), timeoutMs } = {}) => {
      const line = command.bgapi(name, args, jobUuid)
      if (state !== 'up' || connection === undefined) return send(line)
      const made = connection
      const result = jobs.add(jobUuid, timeoutMs ?? options.jobTimeoutMs ?? JOB_TIMEOUT_MS, `bgapi ${name}`)
      made.request(line, undefined, (reply) => {
        if (reply instanceof EngineError) jobs.settle(jobUuid, reply)
        else if (replyText(reply).startsWith('-ERR')) jobs.settle(jobUuid, replyText(reply))
      })
      return result
    },
    execute: async (uuid, app, arg) => send(command.execute(app, arg, { uuid, eventUuid: randomUUID() })),
    hangup: async (uuid, cause) => send(command.hangup(cause, uuid)),
  }
}
