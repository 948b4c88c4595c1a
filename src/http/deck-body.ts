/** A request's body as it comes, of any size: whoever does not take it slows the sender down. */
import type { IncomingMessage } from 'node:http'
import { EngineError } from '../base/errors.ts'

export type RequestBody = {
  /** Throws HTTP_BAD_INPUT where the sender went away or stood still. */
  readonly pieces: () => AsyncGenerator<Uint8Array, void, undefined>
  /** What is still to come is thrown away, so that the sender gets to read the answer. */
  readonly discard: () => void
}

/** `stillMs`: so long without a byte, while we wait for one, is a sender that went away. */
export const bodyOf = (request: IncomingMessage, stillMs: number): RequestBody => {
  const waiting: Buffer[] = []
  let state: 'open' | 'ended' | 'cut' | 'discarded' = 'open'
  let wake: () => void = () => undefined
  const turn = (next: typeof state): void => {
    if (state === 'open') state = next
    wake()
  }
  request.on('data', (piece: Buffer) => {
    if (state === 'discarded') return
    waiting.push(piece)
    request.pause()
    wake()
  })
  request.once('end', () => turn('ended'))
  request.once('error', () => turn('cut'))
  request.once('close', () => turn('cut'))
  request.pause()
  request.setTimeout(stillMs, () => {
    // While it is us who do not take it, nothing comes either.
    if (!request.isPaused()) turn('cut')
  })
  return {
    pieces: async function* () {
      for (;;) {
        const piece = waiting.shift()
        if (piece !== undefined) yield piece
        else if (state === 'ended' || state === 'discarded') return
        else if (state === 'cut') throw new EngineError('HTTP_BAD_INPUT', 'the file did not come to its end')
        else
          await new Promise<void>((resolve) => {
            wake = resolve
            request.resume()
          })
      }
    },
    discard: () => {
      waiting.length = 0
      turn('discarded')
      request.resume()
    },
  }
}
