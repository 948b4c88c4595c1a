/**
 * Server-sent events (WHATWG HTML, 9.2). What a reader does not fetch is never kept without bound: one that is
 * more than MAX_BACKLOG behind is cut off, and comes back with Last-Event-ID for what it missed.
 *
 * Events have no name, so that every client hears them as messages, but for two: `snapshot`, the calls that are up,
 * and `reset`, which says that what came after Last-Event-ID is no longer kept: whoever hears it reads the calls
 * anew. A reader that is bound to an organisation is never written a byte of another's.
 */
import type { ServerResponse } from 'node:http'
import type { LiveCall, LiveEvent } from '../call/live-call.ts'
import type { Clock } from '../base/clock.ts'
import { every } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import type { CallUuid } from '../telephony/call-uuid.ts'
import type { Doors } from './doors.ts'
import { callJson, eventJson } from './live-json.ts'

const HEARTBEAT_MS = 15_000
/** Bytes; some 600 events. */
const MAX_BACKLOG = 1024 * 1024
const MAX_STREAMS = 256
/** What a browser waits before it comes back. */
const RETRY_MS = 2000

export type LiveStreams = {
  readonly full: () => boolean
  readonly open: (response: ServerResponse, wish: LiveWish) => void
  readonly closeAll: () => void
}

/** Undefined: of all. */
export type LiveWish = {
  /** The id of an event; what came after it is told first. 0: everything that is kept. */
  readonly after: number | undefined
  /** The calls that are up come first; not where the stream was resumed without a gap. */
  readonly snapshot: boolean
  readonly organizationId: number | undefined
  readonly userId: number | undefined
  readonly callId: CallUuid | undefined
  readonly kinds: ReadonlySet<string> | undefined
}

export const createLiveStreams = (
  { live, livePosition, calls }: Pick<Doors, 'live' | 'livePosition' | 'calls'>,
  clock: Clock,
  logger: Logger,
): LiveStreams => {
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

  /** What the reader gets before anything happens. */
  const opening = (wish: LiveWish): string => {
    const { keptAfter, last } = livePosition()
    const { after } = wish
    const isGap = after !== undefined && after !== 0 && (after < keptAfter || after > last)
    const reset = { reason: 'what came after your last event is no longer kept', after, last }
    const up = calls({ organizationId: wish.organizationId }).filter((call) => isWanted(call, wish))
    return [
      ...(isGap ? [`event: reset\nid: ${last}\ndata: ${JSON.stringify(reset)}\n\n`] : []),
      ...(wish.snapshot && (isGap || after === undefined)
        ? [`event: snapshot\nid: ${last}\ndata: ${JSON.stringify({ calls: up.map(callJson) })}\n\n`]
        : []),
    ].join('')
  }

  return {
    full: () => open.size >= MAX_STREAMS,
    open: (response, wish) => {
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        // nginx would keep events back until its buffer is full.
        'x-accel-buffering': 'no',
      })
      response.write(`retry: ${RETRY_MS}\n: connected\n\n${opening(wish)}`)
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
      unsubscribe = live(wish.after, (event) => {
        if (over || !isWanted(event.call, wish) || wish.kinds?.has(event.kind) === false) return
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

const isWanted = (call: LiveCall, { organizationId, userId, callId }: LiveWish): boolean =>
  (organizationId === undefined || call.organizationId === organizationId) &&
  (userId === undefined || call.userId === userId || call.legs.some((leg) => leg.userId === userId)) &&
  (callId === undefined || call.callId === callId)
