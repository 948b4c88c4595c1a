/**
 * The engine's hold on the rates: a worker thread reads them, builds the index and posts it in shared memory, so that
 * millions of rates stall no call when they change. What fails there leaves the last index in use; a worker that
 * dies is started again.
 */
import type { Worker } from 'node:worker_threads'
import { createBackoff } from '../base/backoff.ts'
import { sleep, type Clock } from '../base/clock.ts'
import { asError, codeOf, EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import { openRateIndex, type RateIndex } from '../routing/rate-lookup.ts'
import type { DeckImport, DeckImportOutcome } from '../store/rate-deck-import.ts'
import type { RatesReport } from '../store/rates-load.ts'
import { startOwnWorker } from './own-worker.ts'
import { createByteWindow, createInbox, type ByteWindow, type Inbox } from './rates-bytes.ts'
import type {
  CarriedFault,
  FromWorker,
  RatesWorkerSettings,
  ToWorker,
  WorkerRates,
} from './rates-messages.ts'

export type RatesLink = {
  /** Starts the worker; rates come with the first `reload`, when the schema is there. */
  readonly start: () => void
  readonly stop: () => Promise<void>
  /**
   * Resolves when the index has everything that was published before the call; costs next to nothing where nothing
   * changed. Throws STORE_UNAVAILABLE, and APP_RATES_LOST where the worker died.
   */
  readonly reload: () => Promise<void>
  readonly state: () => RatesState
  /** Throws what the store's importDeck throws, and whatever `file` or `signal` do. */
  readonly importDeck: (
    request: DeckImport,
    file: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ) => Promise<DeckImportOutcome>
  /** The deck as a file. Throws STORE_NOT_FOUND before the first piece. */
  readonly exportDeck: (deckId: number) => AsyncGenerator<Uint8Array, void, undefined>
}

export type RatesState = {
  /** Rates are there. */
  readonly ok: boolean
  /** One line for people. */
  readonly detail: string
  readonly report: RatesReport | undefined
  /** Milliseconds since the epoch; undefined: not yet. */
  readonly loadedAt: number | undefined
}

export type RatesLinkOptions = {
  readonly databaseUrl: string
  readonly logger: Logger
  readonly clock: Clock
  /** A new index, to be used from now on. */
  readonly onRates: (index: RateIndex, report: RatesReport) => void
}

export const createRatesLink = (options: RatesLinkOptions): RatesLink => {
  const { databaseUrl, logger, clock, onRates } = options
  const backoff = createBackoff({ firstMs: 250, maxMs: 30_000 })
  const stopping = new AbortController()
  const tasks = new Map<number, Task>()
  let worker: Worker | undefined
  let lastTask = 0
  let report: RatesReport | undefined
  let loadedAt: number | undefined
  let trouble = 'not loaded yet'

  const start = (): void => {
    const started = startWorker({ databaseUrl })
    worker = started
    started.on('message', take)
    started.on('error', (fault) => {
      logger.error({ code: 'APP_RATES_LOST', err: asError(fault) }, 'the worker for rates failed')
    })
    started.once('exit', () => void lose(started))
  }

  const lose = async (gone: Worker): Promise<void> => {
    if (worker !== gone) return
    worker = undefined
    trouble = 'the worker for rates ended, and is started again'
    for (const task of [...tasks.values()]) task.fail(lost('ended in the middle'))
    await sleep(clock, backoff.next(), stopping.signal)
    if (stopping.signal.aborted) return
    logger.warn(
      { code: 'APP_RATES_LOST' },
      'the worker for rates is started again; calls go by the last rates',
    )
    start()
    await reload().catch((fault: unknown) => {
      // The next change of the tables, and the slow interval, ask for it again.
      logger.warn({ code: 'APP_RATES_LOST', why: asError(fault).message }, 'the rates cannot be read yet')
    })
  }

  const take = (message: FromWorker): void => {
    if (message.kind === 'note') {
      logger.warn({ why: message.why }, message.message)
      return
    }
    if (message.kind === 'loaded' && message.rates !== undefined) use(message.rates)
    const task = tasks.get(message.task)
    if (task === undefined) return
    switch (message.kind) {
      case 'loaded':
        task.done(undefined)
        break
      case 'imported':
        task.done(message.outcome)
        break
      case 'bytes':
        task.inbox.put(message.bytes)
        break
      case 'end':
        task.inbox.end()
        task.done(undefined)
        break
      case 'taken':
        task.window.taken(message.count)
        break
      case 'failed':
        task.fail(revived(message.fault))
        break
    }
  }

  const use = ({ parts, report: told }: WorkerRates): void => {
    backoff.reset()
    report = told
    loadedAt = clock.now()
    trouble = ''
    for (const { deckId, count, first } of told.leftOut)
      logger.error(
        { code: 'STORE_BAD_ROW', deckId, count, first },
        'rows of a deck are left out: they are no rates',
      )
    logger.info({ ...told, leftOut: told.leftOut.length }, 'new rates are in use')
    onRates(openRateIndex(parts), told)
  }

  /** Gives the worker something to do. */
  const ask = (messageOf: (task: number) => ToWorker): Asked => {
    const port = worker
    if (port === undefined) throw lost('is not running')
    const number = (lastTask += 1)
    const send = (message: ToWorker): void => port.postMessage(message)
    const inbox = createInbox((count) => send({ kind: 'taken', task: number, count }))
    const window = createByteWindow()
    const outcome = new Promise<DeckImportOutcome | undefined>((resolve, reject) => {
      tasks.set(number, {
        inbox,
        window,
        done: (result) => {
          tasks.delete(number)
          // Whoever still sends bytes of a file has no need to.
          window.fail(new EngineError('APP_TASK_DONE', 'the worker for rates needs no more of it'))
          resolve(result)
        },
        fail: (fault) => {
          tasks.delete(number)
          inbox.fail(fault)
          window.fail(fault)
          reject(asError(fault))
        },
      })
    })
    outcome.catch(() => undefined)
    send(messageOf(number))
    return {
      inbox,
      window,
      outcome,
      isOver: () => !tasks.has(number),
      send: (bytes) => send({ kind: 'bytes', task: number, bytes }),
      end: () => send({ kind: 'end', task: number }),
      giveUp: (fault) => {
        if (tasks.has(number)) send({ kind: 'give-up', task: number, why: asError(fault).message })
        tasks.get(number)?.fail(fault)
      },
    }
  }

  let running: Promise<void> | undefined
  let next: Promise<void> | undefined
  /** One that runs may have looked before the change that is asked for now: then another one follows it. */
  const reload = (): Promise<void> => {
    if (running !== undefined) {
      next ??= running.then(again, again)
      return next
    }
    running = load().finally(() => {
      running = undefined
    })
    return running
  }
  const again = (): Promise<void> => {
    next = undefined
    return reload()
  }
  const load = async (): Promise<void> => {
    try {
      await ask((task) => ({ kind: 'load', task })).outcome
    } catch (fault) {
      trouble = asError(fault).message
      throw fault
    }
  }

  return {
    start,
    stop: async () => {
      stopping.abort()
      const last = worker
      worker = undefined
      for (const task of [...tasks.values()]) task.fail(lost('is being stopped'))
      await last?.terminate()
    },
    reload,
    state: () => ({ ok: report !== undefined, detail: detailOf(report, trouble), report, loadedAt }),
    importDeck: async (request, file, signal) => {
      const asked = ask((task) => ({ kind: 'import', task, request }))
      const giveUp = (): void => asked.giveUp(signal.reason)
      if (signal.aborted) giveUp()
      signal.addEventListener('abort', giveUp, { once: true })
      feed(asked, file).catch(asked.giveUp)
      try {
        const outcome = await asked.outcome
        if (outcome === undefined) throw lost('told nothing of a deck')
        return outcome
      } finally {
        signal.removeEventListener('abort', giveUp)
      }
    },
    exportDeck: async function* (deckId) {
      const asked = ask((task) => ({ kind: 'export', task, deckId }))
      try {
        yield* asked.inbox.bytes()
      } finally {
        asked.giveUp(new EngineError('APP_TASK_GIVEN_UP', 'nobody reads the deck any more'))
      }
    },
  }
}

/** What the worker may still tell of a task. */
type Task = {
  readonly inbox: Inbox
  readonly window: ByteWindow
  readonly done: (outcome: DeckImportOutcome | undefined) => void
  readonly fail: (fault: unknown) => void
}

/** A task as whoever asked for it sees it. */
type Asked = Pick<Task, 'inbox' | 'window'> & {
  readonly outcome: Promise<DeckImportOutcome | undefined>
  readonly isOver: () => boolean
  readonly send: (bytes: Uint8Array) => void
  readonly end: () => void
  readonly giveUp: (fault: unknown) => void
}

/** Resolves early where the worker has what it needs: a file that is no deck is refused by its first block. */
const feed = async (asked: Asked, file: AsyncIterable<Uint8Array>): Promise<void> => {
  for await (const piece of file) {
    if (asked.isOver()) return
    // A copy of just these bytes: a Buffer's memory may be shared with other requests.
    asked.send(new Uint8Array(piece))
    try {
      await asked.window.sent(piece.length)
    } catch (fault) {
      if (codeOf(fault) === 'APP_TASK_DONE') return
      throw fault
    }
  }
  asked.end()
}

/**
 * The worker is this project's own entry, built or not, so its file ends as ours does. One that is not built needs the
 * loader, which Node 20 does not hand on to worker threads; what else this process was started with is not for it.
 */
const startWorker = (workerData: RatesWorkerSettings): Worker =>
  startOwnWorker('worker-rates', { workerData, resourceLimits: HEAP })

/**
 * Two million rates that are compared as objects take one gigabyte; columns and the index lie outside of the heap.
 * Rates of a file live until its end: with V8's small nursery they were copied over and over (measured: 500,000
 * rates in 2.5 s, and in 1.4 s with this one).
 */
const HEAP = { maxOldGenerationSizeMb: 4_096, maxYoungGenerationSizeMb: 192 }

const lost = (what: string): EngineError =>
  new EngineError('APP_RATES_LOST', `the worker for rates ${what}`, { retryable: true })

const revived = ({ code, message, details }: CarriedFault): Error =>
  code === undefined ? new Error(message) : new EngineError(code, message, details)

const detailOf = (report: RatesReport | undefined, trouble: string): string => {
  if (report === undefined) return trouble
  const leftOut = report.leftOut.reduce((sum, { count }) => sum + count, 0)
  return [
    `${report.rateCount} rates in ${report.deckCount} decks`,
    ...(leftOut > 0 ? [`${leftOut} rows are no rates and left out`] : []),
    ...(trouble === '' ? [] : [`in use since before: ${trouble}`]),
  ].join('; ')
}
