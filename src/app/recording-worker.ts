/** The worker thread for recordings: started at the first one, and again after one ended it. */
import type { Worker } from 'node:worker_threads'
import { EngineError } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { PrepareRequest, Prepared } from '../media/prepare-recording.ts'
import { startOwnWorker } from './own-worker.ts'

export type PrepareTask = { readonly id: number; readonly request: PrepareRequest }
export type PrepareAnswer =
  | { readonly id: number; readonly prepared: Prepared }
  | { readonly id: number; readonly fault: { readonly code: string; readonly message: string } }

export type RecordingWorker = {
  /** Throws MEDIA_BAD_WAV, MEDIA_WORKER_LOST where the thread ended in the middle, and what the disk throws. */
  readonly prepare: (request: PrepareRequest) => Promise<Prepared>
  readonly stop: () => Promise<void>
}

type Waiting = { readonly done: (prepared: Prepared) => void; readonly failed: (fault: EngineError) => void }

export const createRecordingWorker = (logger: Logger): RecordingWorker => {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let lastId = 0

  const lose = (why: string): void => {
    worker = undefined
    for (const { failed } of waiting.values())
      failed(new EngineError('MEDIA_WORKER_LOST', `the thread that prepares recordings ended: ${why}`))
    waiting.clear()
  }

  const start = (): Worker => {
    const started = startOwnWorker('worker-recordings', {})
    started.unref()
    started.on('message', (answer: PrepareAnswer) => {
      const asked = waiting.get(answer.id)
      waiting.delete(answer.id)
      if ('prepared' in answer) asked?.done(answer.prepared)
      else asked?.failed(new EngineError(answer.fault.code, answer.fault.message))
    })
    started.once('error', (fault) => {
      logger.error({ err: fault }, 'the thread that prepares recordings failed')
      if (worker === started) lose(fault.message)
    })
    started.once('exit', (code) => {
      if (worker === started) lose(`exit code ${code}`)
    })
    return started
  }

  return {
    prepare: (request) =>
      new Promise((done, failed) => {
        lastId += 1
        waiting.set(lastId, { done, failed })
        worker ??= start()
        worker.postMessage({ id: lastId, request } satisfies PrepareTask)
      }),
    stop: async () => {
      const last = worker
      lose('the engine stops')
      await last?.terminate()
    },
  }
}
