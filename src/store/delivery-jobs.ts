/**
 * The job library's side of deliveries: who is woken when, over all engines. A job says no more than "endpoint 12 has
 * something to do"; what, and in which order, stand in our tables, because the library knows no order with an end of
 * patience. Its own queues are not used: it locks every free one at each look. A job that was lost with its engine is
 * made anew from the tables. The library's runner ends when its database stays away: it is started again here.
 */
import { Logger as JobLogger, makeWorkerUtils, run, runMigrations, type Runner } from 'graphile-worker'
import pg from 'pg'
import { createBackoff } from '../base/backoff.ts'
import { every, sleep, type Clock } from '../base/clock.ts'
import { asError, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Database } from './database.ts'
import { DELIVER_TASK, JOBS_SCHEMA } from './delivery-queue.ts'
import { endTurn, endTurnsOf, takeTurn, wakeOverdue } from './delivery-turns.ts'

export type DeliveryJobs = {
  /** Makes the library's tables, then works in the background until stopped. Throws STORE_UNAVAILABLE. */
  readonly start: () => Promise<void>
  /** Turns under way end soon: their signal aborts. */
  readonly stop: () => Promise<void>
}

export type DeliveryJobsOptions = {
  readonly url: string
  readonly database: Database
  /** The same at every start of this engine. */
  readonly engineId: string
  /** Endpoints that are delivered to at once. */
  readonly turnsAtOnce?: number
  /** Delivers what is due; when the next turn is to be, in milliseconds since the epoch, or undefined. */
  readonly deliver: (endpointId: number, signal: AbortSignal) => Promise<number | undefined>
  readonly clock: Clock
  readonly logger: Logger
}

const TURNS_AT_ONCE = 24
/** A job whose time has come is seen after so long; one that is made for now is told at once. */
const POLL_MS = 1_000
/** Whatever should have gone so long ago has lost its job. */
const OVERDUE_MS = 10_000
const SWEEP_MS = 5_000

export const createDeliveryJobs = (options: DeliveryJobsOptions): DeliveryJobs => {
  const { database, engineId, clock, logger } = options
  const stopping = new AbortController()
  const isStopping = (): boolean => stopping.signal.aborted
  const pool = openPool(options)
  const library = { pgPool: pool, schema: JOBS_SCHEMA, logger: jobLogger(logger) }
  let runner: Runner | undefined
  let running: Promise<void> | undefined
  let stopSweep = (): void => undefined
  let turns = 0
  const current = new Set<string>()

  const turn = async (endpointId: number): Promise<number | undefined> => {
    turns += 1
    const name = `${engineId}/${process.pid}.${turns}`
    current.add(name)
    try {
      if (!(await takeTurn(database, endpointId, name))) return undefined
      const next = await options.deliver(endpointId, stopping.signal)
      return (await endTurn(database, endpointId, name)) ? clock.now() : next
    } finally {
      // One that failed, or that the database did not hear the end of, is ended by the sweep.
      current.delete(name)
    }
  }

  const runOnce = async (): Promise<void> => {
    await endTurnsOf(database, engineId, current)
    await wakeOverdue(database, 0)
    const turnsAtOnce = options.turnsAtOnce ?? TURNS_AT_ONCE
    runner = await run({
      ...library,
      noHandleSignals: true,
      // Else it reads a file named crontab in the working directory.
      crontab: '',
      // One question for all of us, not one a worker and second.
      preset: {
        worker: {
          concurrentJobs: turnsAtOnce,
          pollInterval: POLL_MS,
          localQueue: { size: turnsAtOnce },
          // Without a batch it awaits neither of them, and a database that goes away is a rejection that nobody
          // handles: the end of the process (0.17.3, worker.ts).
          completeJobBatchDelay: 0,
          failJobBatchDelay: 0,
        },
      },
      taskList: {
        [DELIVER_TASK]: async (payload, helpers) => {
          const endpointId = endpointOf(payload)
          const next = await turn(endpointId)
          if (next === undefined) return
          await helpers.addJob(
            DELIVER_TASK,
            { endpointId },
            { jobKey: `endpoint ${endpointId} later`, runAt: new Date(next) },
          )
        },
      },
    })
    // It was still starting when `stop` looked for it.
    if (isStopping()) await runner.stop()
    await runner.promise
  }

  const keepRunning = async (): Promise<void> => {
    const backoff = createBackoff({ firstMs: 500, maxMs: 10_000 })
    while (!stopping.signal.aborted) {
      try {
        await runOnce()
        backoff.reset()
      } catch (fault) {
        if (isStopping()) return
        logger.warn({ err: asError(fault) }, 'deliveries cannot be worked on; tried again')
      }
      await sleep(clock, backoff.next(), stopping.signal)
    }
  }

  return {
    start: async () => {
      await runMigrations(library)
      running = keepRunning()
      stopSweep = every(clock, SWEEP_MS, async () => {
        try {
          await endTurnsOf(database, engineId, current)
          await wakeOverdue(database, OVERDUE_MS)
        } catch (fault) {
          logger.debug({ err: asError(fault) }, 'overdue deliveries could not be looked for')
        }
      })
    },
    stop: async () => {
      stopping.abort()
      stopSweep()
      try {
        await runner?.stop()
      } catch (fault) {
        logger.debug({ err: asError(fault) }, 'the job library had stopped already')
      }
      await running
      await pool.end()
    },
  }
}

/** What failed for good in the library's tables is no use to anyone: the log of deliveries is ours. */
export const cleanJobs = async (url: string, logger: Logger): Promise<void> => {
  const utils = await makeWorkerUtils({
    connectionString: url,
    schema: JOBS_SCHEMA,
    logger: jobLogger(logger),
  })
  try {
    await utils.cleanup({ tasks: ['DELETE_PERMAFAILED_JOBS', 'GC_JOB_QUEUES'] })
  } finally {
    await utils.release()
  }
}

const openPool = ({ url, logger }: DeliveryJobsOptions): pg.Pool => {
  const pool = new pg.Pool({
    connectionString: url,
    // One listens, the others take and give back jobs.
    max: 4,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    application_name: 'strowger deliveries',
  })
  const lost = (fault: Error): void => {
    logger.warn({ code: 'STORE_CONNECTION_LOST', why: fault.message }, 'a database connection was lost')
  }
  pool.on('error', lost)
  pool.on('connect', (client) => {
    client.on('error', lost)
  })
  return pool
}

const endpointOf = (payload: unknown): number => {
  const id: unknown =
    typeof payload === 'object' && payload !== null && 'endpointId' in payload ? payload.endpointId : 0
  if (typeof id === 'number' && Number.isSafeInteger(id)) return id
  throw new EngineError('STORE_BAD_JOB', 'a job for deliveries names no endpoint')
}

/** The library tells of each job and each poll at info. */
const jobLogger = (logger: Logger): JobLogger =>
  new JobLogger(() => (level, message) => {
    const word: string = level
    if (word === 'error') logger.warn({ library: 'graphile-worker' }, message)
    else logger.debug({ library: 'graphile-worker' }, message)
  })
