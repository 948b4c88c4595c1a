import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Clock } from '../base/clock.ts'
import { EngineError } from '../base/errors.ts'

export type PostOptions = {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly timeoutMs: number
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** One POST on a connection of its own, as libcurl makes it for the switch. Rejects on any transport fault. */
export const post = (options: PostOptions): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const url = new URL(options.url)
    const credentials =
      options.username === undefined || options.username === ''
        ? {}
        : { auth: `${options.username}:${options.password ?? ''}` }
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const outgoing = send(url, {
      method: 'POST',
      agent: false,
      ...credentials,
      headers: { ...options.headers, 'content-length': Buffer.byteLength(options.body) },
      signal: options.signal,
    })
    const cancel = options.clock.after(options.timeoutMs, () => {
      outgoing.destroy(
        new EngineError('SIMULATOR_HTTP_TIMEOUT', `no answer within ${options.timeoutMs} ms`, {
          url: url.pathname,
        }),
      )
    })
    const fail = (fault: Error): void => {
      cancel()
      reject(fault)
    }
    outgoing.on('error', fail)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () => {
        cancel()
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') })
      })
    })
    outgoing.end(options.body)
  })
