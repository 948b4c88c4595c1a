/**
 * Tells when the tables that decisions read have changed: on a notice from PostgreSQL, on every connection (what
 * was said in between was missed), and at a slow interval in case a notice was lost.
 */
import pg from 'pg'
import { createBackoff } from '../base/backoff.ts'
import { every, sleep, systemClock, type Clock } from '../base/clock.ts'
import { asError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'

export type ChangeWatch = { readonly stop: () => Promise<void> }

export type ChangeOptions = {
  readonly url: string
  readonly logger: Logger
  /** Never runs twice at once; a change while it runs runs it again. What it throws is logged. */
  readonly onChange: () => void | Promise<void>
  readonly clock?: Clock | undefined
  /** Notices within this time are one change: a migration or an import touches many tables. Default 50 ms. */
  readonly coalesceMs?: number | undefined
  /** Default 60 s. */
  readonly intervalMs?: number | undefined
}

export const watchChanges = (options: ChangeOptions): ChangeWatch => {
  const { url, logger, onChange, clock = systemClock, coalesceMs = 50, intervalMs = 60_000 } = options
  const backoff = createBackoff({ firstMs: 200, maxMs: 10_000 })
  const stopping = new AbortController()
  let client: pg.Client | undefined
  const tell = createCoalescer(clock, coalesceMs, onChange, (fault) => {
    logger.error(
      { code: 'STORE_CHANGE_FAILED', err: asError(fault) },
      'a change of the tables could not be taken in',
    )
  })

  const listen = async (): Promise<void> => {
    const connection = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
      application_name: 'strowger changes',
    })
    const ended = new Promise<void>((resolve) => {
      connection.on('end', () => resolve())
      connection.on('error', (fault) => {
        // Stopping cuts it off.
        if (!stopping.signal.aborted)
          logger.warn(
            { code: 'STORE_CONNECTION_LOST', why: fault.message },
            'the connection for changes was lost',
          )
        resolve()
      })
    })
    client = connection
    try {
      await connection.connect()
      connection.on('notification', tell.soon)
      await connection.query('LISTEN strowger_changed')
      backoff.reset()
      tell.soon()
      await ended
    } finally {
      client = undefined
      await connection.end().catch((fault: unknown) => {
        logger.debug({ why: asError(fault).message }, 'the connection for changes was already closed')
      })
    }
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await listen()
      } catch (fault) {
        logger.warn({ code: 'STORE_UNAVAILABLE', why: asError(fault).message }, 'cannot listen for changes')
      }
      await sleep(clock, backoff.next(), stopping.signal)
    }
  }

  // A half-open connection hears nothing for ever; a question on it finds out.
  const stopInterval = every(clock, intervalMs, async () => {
    tell.soon()
    try {
      await client?.query('SELECT 1')
    } catch (fault) {
      logger.warn(
        { code: 'STORE_CONNECTION_LOST', why: asError(fault).message },
        'the connection for changes is dead',
      )
      client?.connection.stream.destroy()
    }
  })

  const running = run()
  return {
    stop: async () => {
      stopping.abort()
      stopInterval()
      tell.stop()
      client?.connection.stream.destroy()
      await running
      await tell.idle()
    },
  }
}

type Coalescer = { readonly soon: () => void; readonly stop: () => void; readonly idle: () => Promise<void> }

/** Many calls of `soon` become one run of `act` after `delayMs`; one that comes while it runs makes it run again. */
export const createCoalescer = (
  clock: Clock,
  delayMs: number,
  act: () => void | Promise<void>,
  onFault: (fault: unknown) => void,
): Coalescer => {
  let waiting: (() => void) | undefined
  let running: Promise<void> | undefined
  let again = false
  let stopped = false
  const soon = (): void => {
    if (stopped || waiting !== undefined) return
    waiting = clock.after(delayMs, () => {
      waiting = undefined
      if (running !== undefined) {
        again = true
        return
      }
      running = run().finally(() => {
        running = undefined
        if (again) {
          again = false
          soon()
        }
      })
    })
  }
  const run = async (): Promise<void> => {
    try {
      await act()
    } catch (fault) {
      onFault(fault)
    }
  }
  return {
    soon,
    stop: () => {
      stopped = true
      waiting?.()
      waiting = undefined
    },
    idle: async () => {
      await running
    },
  }
}
