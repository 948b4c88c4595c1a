/**
 * Server-sent events (WHATWG HTML, 9.2). What a reader does not fetch is never kept without bound: one that is
 * more than MAX_BACKLOG behind is cut off, and comes back with Last-Event-ID for what it missed.
 */
import type { ServerResponse } from 'node:http'
import type { LiveEvent } from '../call/live-call.ts'
import type { Clock } from '../base/clock.ts'
import { every } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { Doors } from './doors.ts'
import { eventJson } from './live-json.ts'

const HEARTBEAT_MS = 15_000
/** Bytes; some 600 events. */
const MAX_BACKLOG = 1024 * 1024
const MAX_STREAMS = 256
/** What a browser waits before it comes back. */
const RETRY_MS = 2000

export type LiveStreams = {
  readonly full: () => boolean
  readonly open: (
    response: ServerResponse,
    wish: { readonly after: number | undefined; readonly callId: string | undefined },
  ) => void
  readonly closeAll: () => void
}

export const createLiveStreams = (live: Doors['live'], clock: Clock, logger: Logger): LiveStreams => {
  const open = new Set<() => void>()
  // Every reader gets the same text: written once an event.
  const texts = new WeakMap<LiveEvent, string>()
  const textOf = (event: LiveEvent): string => {
    const known = texts.get(event)
    if (known !== undefined) return known
    const text = `id: ${event.id}\ndata: ${JSON.stringify(eventJson(event))}\n\n`
    texts.set(event, text)
    return text
  }

  return {
    full: () => open.size >= MAX_STREAMS,
    open: (response, { after, callId }) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        // nginx would keep events back until its buffer is full.
        'x-accel-buffering': 'no',
      })
      response.write(`retry: ${RETRY_MS}\n: connected\n\n`)
      let unsubscribe = (): void => undefined
      let over = false
      // A replay may be large and is as long as what the engine keeps; the limit counts from its end.
      let limit = Infinity
      const close = (): void => {
        if (over) return
        over = true
        open.delete(close)
        stopHeartbeat()
        unsubscribe()
        response.end()
      }
      const stopHeartbeat = every(clock, HEARTBEAT_MS, () => {
        response.write(': still here\n\n')
      })
      open.add(close)
      response.on('close', close)
      response.on('error', close)
      unsubscribe = live(after, (event) => {
        if (over || (callId !== undefined && event.call.callId !== callId)) return
        response.write(textOf(event))
        if (response.writableLength <= limit) return
        logger.warn(
          { backlog: response.writableLength },
          'a reader of the live stream is too slow and was cut off',
        )
        close()
        response.destroy()
      })
      limit = response.writableLength + MAX_BACKLOG
    },
    closeAll: () => {
      for (const close of [...open]) close()
    },
  }
}
