/** The engine's API, as the CLI calls it. Every fault comes out as a CliFault with a sentence. */
import { parseAnswer, refusalOf } from './answer.ts'
import { CliFault, EXIT } from './fault.ts'
import { objectOf, plain, type Json } from './json.ts'

export type Engine = {
  readonly url: string
  readonly get: (path: string, query?: Query) => Promise<Json>
  /** 503 is an answer too: /ready says with it what is missing. */
  readonly getAnyway: (path: string) => Promise<Json>
  readonly getText: (path: string, query?: Query) => Promise<string>
  readonly send: (
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<Json>
  readonly sendRaw: (path: string, body: Uint8Array<ArrayBuffer>) => Promise<Json>
  /** The body of a stream of server-sent events. */
  readonly stream: (
    path: string,
    query: Query,
    lastEventId: string | undefined,
    signal: AbortSignal,
  ) => Promise<AsyncIterable<Uint8Array>>
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** `token`: undefined where none was found; `tokenHint` says where it was looked for. */
export type EngineAddress = {
  readonly url: string
  readonly token: string | undefined
  readonly tokenHint: string
}

const ANSWER_TIMEOUT_MS = 60_000

export const createEngine = (address: EngineAddress): Engine => {
  const base = baseOf(address.url)
  const request = async (path: string, init: RequestInit, query: Query = {}): Promise<Response> => {
    const target = new URL(base + path)
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) target.searchParams.set(name, String(value))
    const headers = new Headers(init.headers)
    if (address.token !== undefined) headers.set('authorization', `Bearer ${address.token}`)
    try {
      return await fetch(target, { redirect: 'error', ...init, headers })
    } catch (fault) {
      if (init.signal?.aborted === true && isAbort(fault)) throw fault
      throw new CliFault(
        EXIT.unreachable,
        'UNREACHABLE',
        `no engine answers at ${base}: start it with \`npm start\`, or set STROWGER_URL or --url to where it runs`,
        fault,
      )
    }
  }
  const json = async (response: Response): Promise<Json> => {
    const body = objectOf(parseAnswer(await readBody(response)))
    if (response.ok) return body
    throw refusalOf(response.status, body, address)
  }
  const limited = (): AbortSignal => AbortSignal.timeout(ANSWER_TIMEOUT_MS)

  return {
    url: base,
    get: async (path, query) => json(await request(path, { signal: limited() }, query)),
    getAnyway: async (path) => {
      const response = await request(path, { signal: limited() })
      return response.status === 503 ? objectOf(parseAnswer(await readBody(response))) : json(response)
    },
    getText: async (path, query) => {
      const response = await request(path, { signal: limited() }, query)
      const text = await readBody(response)
      if (response.ok) return text
      throw refusalOf(response.status, objectOf(parseAnswer(text)), address)
    },
    send: async (method, path, body, headers) =>
      json(
        await request(path, {
          method,
          signal: limited(),
          ...(body === undefined
            ? {}
            : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }),
        }),
      ),
    sendRaw: async (path, body) =>
      json(
        await request(path, {
          method: 'POST',
          body,
          signal: limited(),
          headers: { 'content-type': 'application/json' },
        }),
      ),
    stream: async (path, query, lastEventId, signal) => {
      const headers: Record<string, string> = { accept: 'text/event-stream' }
      if (lastEventId !== undefined) headers['last-event-id'] = lastEventId
      const response = await request(path, { headers, signal }, query)
      if (!response.ok || response.body === null)
        throw refusalOf(response.status, objectOf(parseAnswer(await readBody(response))), address)
      return piecesOf(response.body, signal)
    },
  }
}

const baseOf = (url: string): string => {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CliFault(
      EXIT.badInput,
      'BAD_URL',
      `"${plain(url)}" is no address of an engine: it looks like http://127.0.0.1:8080`,
    )
  }
  return url.replace(/\/+$/, '')
}

/**
 * The signal is heard here: Node 20's fetch holds its own listener only weakly, and after a garbage collection an
 * aborted stream would go on for ever.
 */
async function* piecesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncIterable<Uint8Array> {
  const reader = body.getReader()
  const cancel = (): void => {
    reader.cancel().catch((fault: unknown) => {
      if (!isAbort(fault)) throw fault
    })
  }
  signal.addEventListener('abort', cancel, { once: true })
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value
  } finally {
    signal.removeEventListener('abort', cancel)
  }
}

const readBody = async (response: Response): Promise<string> => {
  try {
    return await response.text()
  } catch (fault) {
    throw new CliFault(
      EXIT.unreachable,
      'UNREACHABLE',
      'the engine went away in the middle of its answer; try again',
      fault,
    )
  }
}

export const isAbort = (fault: unknown): boolean => fault instanceof Error && fault.name === 'AbortError'
