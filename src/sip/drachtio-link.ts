/**
 * The one connection to a drachtio-server. Each try has an Srf of its own that never reconnects by itself: the
 * package's retries know no jitter, come four times a second for ever where the secret is wrong, and cannot be stopped
 * while there is no connection. It says once that the server is away, and once that it is back.
 */
import type { Socket } from 'node:net'
import { createBackoff } from '../base/backoff.ts'
import { sleep, type Cancel, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import {
  loadSrf,
  type SipRequest,
  type SipResponder,
  type SipResponse,
  type Srf,
  type Wire,
} from './drachtio-package.ts'

/** `refused`: the server does not take our secret; it is tried again each minute. */
export type LinkState = 'connecting' | 'up' | 'refused' | 'down' | 'stopped'

export type DrachtioAddress = { readonly host: string; readonly port: number; readonly secret: string }

export type DrachtioLink = {
  /** Resolves when the first try is under way. @throws EngineError SIP_PACKAGE_MISSING */
  readonly start: () => Promise<void>
  /**
   * The server hands us nothing more, `settled` is awaited, then the connection is closed: who was handed to us
   * before has his answer. At once where there is no connection.
   */
  readonly stop: (settled: () => Promise<void>) => Promise<void>
  readonly state: () => LinkState
  /** Sends an OPTIONS; one of the two is called at most, neither when the connection breaks first. */
  readonly sendOptions: (uri: string, headers: Readonly<Record<string, string>>, then: OptionsOutcome) => void
}

export type OptionsOutcome = {
  readonly onResponse: (response: SipResponse) => void
  /** It never left: no connection, or the server has no such transport. */
  readonly onUnsent: (why: string) => void
}

export type DrachtioLinkOptions = {
  readonly drachtio: DrachtioAddress
  readonly clock: Clock
  readonly logger: Logger
  readonly onRequest: (request: SipRequest, responder: SipResponder) => void
  /** A connection that was up is lost. */
  readonly onDown: () => void
}

/** What the server shall hand us; it answers a CANCEL, and whatever belongs to a dialog that it does not know, itself. */
const METHODS = [
  'invite',
  'options',
  'register',
  'message',
  'subscribe',
  'notify',
  'publish',
  'info',
  'refer',
  'update',
  'prack',
  'bye',
] as const

const CONNECT_TIMEOUT_MS = 5000
/** A server that was quiet for so long is probed each time; the second silence is its end. */
const PING_MS = 10_000
const SILENCE_MS = 25_000
const REFUSED_RETRY_MS = 60_000
/** A connection that held for so long was good: the next failure starts with the shortest delay. */
const STABLE_MS = 10_000
/** For the server's pong, and for the connection's end. */
const LAST_WORD_MS = 1000

type Connection = {
  readonly srf: Srf
  readonly wire: Wire
  readonly socket: Socket
  readonly pongs: Map<string, () => void>
}

export const createDrachtioLink = (options: DrachtioLinkOptions): DrachtioLink => {
  const { clock, logger, drachtio } = options
  const where = `${drachtio.host}:${drachtio.port}`
  const backoff = createBackoff({ firstMs: 250, maxMs: 5000 })
  let state: LinkState = 'down'
  let connection: Connection | undefined
  let abandon: Cancel = () => undefined
  let cancelRetry: Cancel = () => undefined
  /** What the log knows: it hears of changes alone. */
  let said: 'up' | 'refused' | 'down' | undefined

  const retryAfter = (delayMs: number): void => {
    cancelRetry = clock.after(delayMs, () => attempt())
  }
  let attempt: () => void = () => undefined

  const attemptWith = (SrfClass: new () => Srf): void => {
    state = 'connecting'
    const srf = new SrfClass()
    let socket: Socket | undefined
    let over = false
    let upSince: number | undefined
    let heardAt = clock.monotonic()
    let cancelPing: Cancel = () => undefined

    const end = (outcome: 'down' | 'refused', why: string): void => {
      if (over) return
      over = true
      cancelDeadline()
      cancelPing()
      connection = undefined
      // An error of the socket comes after its end as well; the package listens to it and does nothing.
      socket?.destroy()
      if (state === 'stopped') return
      state = outcome
      if (said !== outcome) {
        said = outcome
        if (outcome === 'refused')
          logger.error({ drachtio: where }, 'drachtio refuses the secret of DRACHTIO_URL')
        else logger.warn({ drachtio: where, why }, 'drachtio is away: no SIP edge')
      }
      if (upSince !== undefined) {
        if (clock.monotonic() - upSince >= STABLE_MS) backoff.reset()
        options.onDown()
      }
      retryAfter(outcome === 'refused' ? REFUSED_RETRY_MS : backoff.next())
    }
    const cancelDeadline = clock.after(CONNECT_TIMEOUT_MS, () => end('down', 'no answer'))
    abandon = () => end('down', 'stopped')

    const ping = (wire: Wire, of: Socket): void => {
      cancelPing = clock.after(PING_MS, () => {
        if (clock.monotonic() - heardAt > SILENCE_MS) {
          end('down', 'silent')
          return
        }
        wire.send(of, 'ping')
        ping(wire, of)
      })
    }

    srf.on('error', (fault) => end('down', fault.message))
    srf.on('close', () => end('down', 'closed'))
    for (const method of METHODS) srf.use(method, options.onRequest)
    srf.connect({ ...drachtio, reconnect: { maxAttempts: 1 } })
    const wire = srf.app.client.wp
    const pongs = new Map<string, () => void>()
    wire.on('connect', (made) => {
      socket = made
      if (over) {
        made.destroy()
        return
      }
      guard(made, {
        onHeard: () => {
          heardAt = clock.monotonic()
        },
        onFault: (why) => end('down', why),
      })
    })
    wire.on('msg', (_socket, message) => {
      // <id>|response|<id of what it answers>|OK|pong
      if (pongs.size === 0) return
      const [, kind, answers = ''] = message.slice(0, 200).split('|')
      if (kind === 'response') pongs.get(answers)?.()
    })
    srf.on('connect', (fault) => {
      if (over || socket === undefined) return
      if (fault instanceof Error) {
        end('refused', fault.message)
        return
      }
      cancelDeadline()
      state = 'up'
      upSince = clock.monotonic()
      connection = { srf, wire, socket, pongs }
      if (said !== 'up') logger.info({ drachtio: where }, 'the SIP edge is up')
      said = 'up'
      ping(wire, socket)
    })
  }

  /** Whatever the server sent us before is read when this resolves. */
  const flush = async ({ wire, socket, pongs }: Connection): Promise<void> => {
    const done = new AbortController()
    const id = wire.send(socket, 'ping')
    pongs.set(id, () => done.abort())
    await sleep(clock, LAST_WORD_MS, done.signal)
    pongs.delete(id)
  }

  return {
    start: async () => {
      const SrfClass = await loadSrf()
      if (state === 'stopped') return
      attempt = () => attemptWith(SrfClass)
      attempt()
    },
    stop: async (settled) => {
      const last = connection
      cancelRetry()
      attempt = () => undefined
      state = 'stopped'
      if (last !== undefined) {
        for (const method of METHODS) last.wire.send(last.socket, `remove_route|${method}`)
        await flush(last)
        await settled()
        await flush(last)
        const closed = new AbortController()
        last.socket.once('close', () => closed.abort())
        last.socket.end()
        if (!last.socket.destroyed) await sleep(clock, LAST_WORD_MS, closed.signal)
      }
      abandon()
    },
    state: () => state,
    sendOptions: (uri, headers, { onResponse, onUnsent }) => {
      if (connection === undefined) {
        onUnsent('drachtio is away')
        return
      }
      try {
        connection.srf.request(uri, { method: 'OPTIONS', headers }, (fault, request) => {
          // Here and not later: the response may stand in the same read as the word that it was sent.
          if (request !== undefined) request.on('response', onResponse)
          else onUnsent(fault?.message ?? 'not sent')
        })
      } catch (fault) {
        onUnsent(asError(fault).message)
      }
    },
  }
}

/** The package's reader throws at what is no protocol; unguarded that ends the process. */
const guard = (
  socket: Socket,
  { onHeard, onFault }: { readonly onHeard: () => void; readonly onFault: (why: string) => void },
): void => {
  const readers = socket.listeners('data')
  socket.removeAllListeners('data')
  socket.on('data', (chunk: Buffer) => {
    onHeard()
    try {
      for (const read of readers) Reflect.apply(read, socket, [chunk])
    } catch (fault) {
      onFault(asError(fault).message.slice(0, 100))
    }
  })
}
