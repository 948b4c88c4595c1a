/**
 * The worker thread that makes finished recordings ready for the store: it converts, hashes and encrypts, so that the main
 * thread never does. The engine's side is app/recording-worker.ts.
 */
import { parentPort } from 'node:worker_threads'
import type { PrepareAnswer, PrepareTask } from './app/recording-worker.ts'
import { asError, codeOf, EngineError } from './base/errors.ts'
import { prepareRecording } from './media/prepare-recording.ts'

const perform = async ({ id, request }: PrepareTask): Promise<PrepareAnswer> => {
  try {
    return { id, prepared: await prepareRecording(request) }
  } catch (fault) {
    const code = fault instanceof EngineError ? fault.code : (codeOf(fault) ?? 'MEDIA_NOT_PREPARED')
    return { id, fault: { code, message: asError(fault).message } }
  }
}

parentPort?.on('message', (task: PrepareTask) => {
  void perform(task).then((answer) => parentPort?.postMessage(answer))
})
