/**
 * The worker thread for rates: whatever takes seconds where millions of rates are concerned, so that no call waits
 * for it. It reads them into an index, takes decks in and gives them out. The engine's side is app/rates-link.ts,
 * which starts it again when it dies: it keeps nothing that cannot be read again.
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { CarriedFault, FromWorker, RatesWorkerSettings, ToWorker } from './app/rates-messages.ts'
import { createByteWindow, createInbox, type Inbox } from './app/rates-bytes.ts'
import { systemClock } from './base/clock.ts'
import { asError, EngineError } from './base/errors.ts'
import { openRateIndex, type RateIndex } from './routing/rate-lookup.ts'
import { exportDeck } from './store/rate-deck-export.ts'
import { importDeck, noteNewBlocks, removeOrphans, type DeckImport } from './store/rate-deck-import.ts'
import { connectForRates, type RatesConnection } from './store/rates-connection.ts'
import { createRatesLoader } from './store/rates-load.ts'

if (parentPort === null)
  throw new EngineError('APP_NOT_A_WORKER', 'this file is a worker thread of the engine')
const port = parentPort
const { databaseUrl } = workerData as RatesWorkerSettings

/** What may still come for a task: bytes of its file, credit for bytes that it gives, the word that nobody wants it. */
type Task = {
  readonly inbox: Inbox
  readonly window: ReturnType<typeof createByteWindow>
  readonly giveUp: AbortController
}

const loader = createRatesLoader(systemClock.monotonic)
const tasks = new Map<number, Task>()
let index: RateIndex | undefined
let hasCleaned = false

const tell = (message: FromWorker): void => port.postMessage(message)

const note = (message: string, fault: unknown): void =>
  tell({ kind: 'note', message, why: asError(fault).message })

const onConnection = async <Result>(
  purpose: string,
  work: (on: RatesConnection) => Promise<Result>,
): Promise<Result> => {
  const on = await connectForRates({ url: databaseUrl, purpose })
  try {
    return await work(on)
  } finally {
    on.close()
  }
}

/** One load at a time: an import may ask for one while the engine does. */
let loading: Promise<unknown> = Promise.resolve()
const inTurn = <Result>(load: () => Promise<Result>): Promise<Result> => {
  const turn = loading.then(load, load)
  loading = turn
  return turn
}

const load = (): Promise<Extract<FromWorker, { kind: 'loaded' }>['rates']> =>
  inTurn(() =>
    onConnection('rates', async (on) => {
      const rates = await loader.load(on, systemClock.now())
      if (rates !== undefined) index = openRateIndex(rates.parts)
      return rates
    }),
  )

const NOBODYS = 0

/** Told to the engine without being asked: what an import compares with is what calls go by. */
const currentIndex = async (): Promise<RateIndex> => {
  const rates = await load()
  if (rates !== undefined) tell({ kind: 'loaded', task: NOBODYS, rates })
  if (index === undefined) throw new EngineError('APP_NO_RATES', 'the rates could not be loaded')
  return index
}

const cleanOnce = async (): Promise<void> => {
  if (hasCleaned) return
  hasCleaned = true
  try {
    await onConnection('rates cleaning', removeOrphans)
  } catch (fault) {
    note('rates of removed decks were not cleaned away', fault)
  }
}

const takeIn = (task: number, request: DeckImport, { inbox, giveUp }: Task): Promise<void> =>
  onConnection('rate deck import', async (on) => {
    const outcome = await importDeck(request, inbox.bytes(), {
      on,
      index: await currentIndex(),
      now: systemClock.now(),
      signal: giveUp.signal,
    })
    tell({ kind: 'imported', task, outcome })
    if (outcome.outcome !== 'imported' || outcome.deckId === undefined) return
    await noteNewBlocks(on).catch((fault: unknown) =>
      note('the index of rates was not told of a new deck', fault),
    )
  })

const giveOut = (task: number, deckId: number, { window, giveUp }: Task): Promise<void> =>
  onConnection('rate deck export', async (on) => {
    for await (const bytes of exportDeck(on, deckId)) {
      giveUp.signal.throwIfAborted()
      const { length } = bytes
      tell({ kind: 'bytes', task, bytes })
      await window.sent(length)
    }
    tell({ kind: 'end', task })
  })

const perform = async (task: number, work: (parts: Task) => Promise<void>): Promise<void> => {
  const parts: Task = {
    inbox: createInbox((count) => tell({ kind: 'taken', task, count })),
    window: createByteWindow(),
    giveUp: new AbortController(),
  }
  tasks.set(task, parts)
  try {
    await work(parts)
  } catch (fault) {
    tell({ kind: 'failed', task, fault: carried(fault) })
  } finally {
    tasks.delete(task)
  }
}

const carried = (fault: unknown): CarriedFault => {
  const { message } = asError(fault)
  return fault instanceof EngineError
    ? { code: fault.code, message, details: fault.details }
    : { code: undefined, message, details: {} }
}

port.on('message', (message: ToWorker) => {
  const { task } = message
  switch (message.kind) {
    case 'load':
      void perform(task, async () => {
        tell({ kind: 'loaded', task, rates: await load() })
        await cleanOnce()
      })
      break
    case 'import':
      void perform(task, (parts) => takeIn(task, message.request, parts))
      break
    case 'export':
      void perform(task, (parts) => giveOut(task, message.deckId, parts))
      break
    case 'bytes':
      tasks.get(task)?.inbox.put(message.bytes)
      break
    case 'end':
      tasks.get(task)?.inbox.end()
      break
    case 'taken':
      tasks.get(task)?.window.taken(message.count)
      break
    case 'give-up': {
      const fault = new EngineError('APP_TASK_GIVEN_UP', message.why)
      tasks.get(task)?.giveUp.abort(fault)
      tasks.get(task)?.inbox.fail(fault)
      tasks.get(task)?.window.fail(fault)
      break
    }
  }
})
