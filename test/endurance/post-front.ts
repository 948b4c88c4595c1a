/**
 * What stands between the switch and the engine while both are tried: it notes every record that the switch posts, hands
 * it on late, out of order, twice or more, and answers what the engine answered. All else passes as it is.
 */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage } from 'node:http'
import { portOf } from '../support/fake-switch.ts'

export type PostFront = {
  readonly url: string
  /** Every record that the switch posted, taken or not, by the order in which it came. */
  readonly posted: () => readonly Buffer[]
  readonly counts: () => {
    readonly posts: number
    readonly refused: number
    readonly doubled: number
    readonly delayed: number
    readonly swallowed: number
  }
  /** Copies that are still to be sent. */
  readonly quiet: () => Promise<void>
  readonly close: () => Promise<void>
}

export type PostFrontOptions = {
  readonly target: string
  readonly random: () => number
  /** So many posts are answered as if they were taken, and are gone: what a broken engine would do. */
  readonly swallow: number
}

const DOUBLED = 0.25
const DELAYED = 0.3
/** Below the time-out of the switch. */
const LONGEST_DELAY_MS = 1_500
const LATEST_COPY_MS = 4_000

export const startPostFront = async ({ target, random, swallow }: PostFrontOptions): Promise<PostFront> => {
  const posted: Buffer[] = []
  const counts = { posts: 0, refused: 0, doubled: 0, delayed: 0, swallowed: 0 }
  const copies = new Set<Promise<unknown>>()
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

  const send = async (
    incoming: IncomingMessage,
    body: Buffer,
  ): Promise<{ status: number; bytes: Buffer; type: string }> => {
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).filter(([name]) => !HOP_BY_HOP.has(name)),
    )
    const sent = request(new URL(incoming.url ?? '/', target), {
      method: incoming.method,
      agent: false,
      headers: { ...headers, 'content-length': String(body.length) },
    })
    sent.end(body)
    const [answer] = (await once(sent, 'response')) as [IncomingMessage]
    return {
      status: answer.statusCode ?? 502,
      bytes: await read(answer),
      type: answer.headers['content-type'] ?? 'text/plain',
    }
  }

  /** The engine may be away when its turn comes: then this copy is none. */
  const copyLater = (incoming: IncomingMessage, body: Buffer): void => {
    counts.doubled += 1
    const copy = pause(random() * LATEST_COPY_MS)
      .then(() => send(incoming, body))
      .catch(() => undefined)
      .finally(() => copies.delete(copy))
    copies.add(copy)
  }

  const server = createServer((incoming, reply) => {
    void (async () => {
      const body = await read(incoming)
      const isCdr = (incoming.url ?? '').startsWith('/freeswitch/cdr')
      if (isCdr) {
        posted.push(body)
        counts.posts += 1
        if (counts.swallowed < swallow && random() < 0.2) {
          counts.swallowed += 1
          reply.end('{"success":true}')
          return
        }
        if (random() < DELAYED) {
          counts.delayed += 1
          await pause(random() * LONGEST_DELAY_MS)
        }
        if (random() < DOUBLED) copyLater(incoming, body)
      }
      const { status, bytes, type } = await send(incoming, body)
      if (isCdr && status !== 200) counts.refused += 1
      reply.writeHead(status, { 'content-type': type }).end(bytes)
    })().catch(() => {
      // No engine answers: as the switch would see it.
      if ((incoming.url ?? '').startsWith('/freeswitch/cdr')) counts.refused += 1
      reply.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${portOf(server.address())}`,
    posted: () => posted,
    counts: () => counts,
    quiet: async () => {
      while (copies.size > 0) await Promise.all(copies)
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Of one connection, and not of what is handed on. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['connection', 'expect', 'transfer-encoding'])

const read = async (message: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = []
  for await (const piece of message) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
