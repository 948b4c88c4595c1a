/** A server that takes webhooks, and answers as it is told. */
import { createServer, type IncomingHttpHeaders } from 'node:http'

export type Taken = {
  readonly at: number
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly event: {
    readonly id: string
    readonly type: string
    readonly sequence: number
    readonly at: string
    readonly [name: string]: unknown
  }
  readonly status: number
}

export type Receiver = {
  readonly url: string
  readonly taken: Taken[]
  /** What the next requests get; `hang`: no answer at all. */
  answer: (
    event: Taken['event'],
    path: string,
  ) => number | 'hang' | { readonly status: number; readonly location: string }
  readonly close: () => Promise<void>
}

export const startReceiver = async (port = 0): Promise<Receiver> => {
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString('utf8')
      const event = JSON.parse(body) as Taken['event']
      const path = request.url ?? ''
      const answer = receiver.answer(event, path)
      const status = answer === 'hang' ? 0 : typeof answer === 'number' ? answer : answer.status
      receiver.taken.push({ at: Date.now(), path, headers: request.headers, body, event, status })
      if (answer === 'hang') return
      if (typeof answer === 'object') response.setHeader('location', answer.location)
      response.statusCode = status
      response.end('ok')
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const address = server.address()
  const receiver: Receiver = {
    url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`,
    taken: [],
    answer: () => 204,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return receiver
}
