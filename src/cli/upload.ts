/**
 * Files to and from an engine, of any size: what is sent waits for the engine, what comes goes to the disk as it
 * comes. Through node:http, because fetch gives up on an answer that takes minutes.
 */
import { once } from 'node:events'
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { parseAnswer, refusalOf } from './answer.ts'
import type { EngineAddress, Query } from './engine.ts'
import { CliFault, EXIT } from './fault.ts'
import { childOf, objectOf, plain, type Json } from './json.ts'

export type Upload = {
  readonly path: string
  readonly query: Query
  readonly file: AsyncIterable<Uint8Array>
  /** Bytes in all, where that is known. */
  readonly total: number | undefined
  /** Hears how many bytes were sent so far; the last time with all of them. */
  readonly onSent: (bytes: number) => void
  /** Aborts the import: nothing was changed then. */
  readonly signal: AbortSignal
}

/** What the engine answered, also where it refused the file: `success` tells. Every other fault is a CliFault. */
export const upload = async (
  address: EngineAddress,
  { file, total, onSent, ...target }: Upload,
): Promise<Json> => {
  const request = open(address, 'POST', target, {
    'content-type': 'text/csv',
    ...(total === undefined ? {} : { 'content-length': String(total) }),
  })
  const answered = answerOf(request, address)
  // Whoever waits for it below hears of it; until then the file may be at fault itself.
  answered.catch(() => undefined)
  const state = { isOver: false }
  const over = answered.then(
    () => (state.isOver = true),
    () => (state.isOver = true),
  )
  let sent = 0
  for await (const piece of file) {
    if (!request.write(piece)) await Promise.race([once(request, 'drain').catch(() => undefined), over])
    // An engine that refuses the first lines does not wait for the last.
    if (state.isOver) break
    sent += piece.length
    onSent(sent)
  }
  if (!state.isOver) request.end()
  const answer = await answered
  const body = objectOf(parseAnswer(await textIn(answer)))
  request.destroy()
  if (answer.statusCode === 200 || childOf(childOf(body, 'error') ?? {}, 'details') !== undefined) return body
  throw refusalOf(answer.statusCode ?? 0, body, address)
}

/** The body of an answer, in pieces. */
export const download = async function* (
  address: EngineAddress,
  target: { readonly path: string; readonly query?: Query; readonly signal: AbortSignal },
): AsyncGenerator<Buffer, void, undefined> {
  const request = open(address, 'GET', { query: {}, ...target }, {})
  request.end()
  const answer = await answerOf(request, address)
  if (answer.statusCode !== 200)
    throw refusalOf(answer.statusCode ?? 0, objectOf(parseAnswer(await textIn(answer))), address)
  try {
    for await (const piece of answer) yield Buffer.from(piece as Uint8Array)
  } catch (fault) {
    throw unreachable('the engine went away in the middle of the file; try again', fault)
  }
}

const open = (
  { url, token }: EngineAddress,
  method: string,
  { path, query, signal }: Pick<Upload, 'path' | 'query' | 'signal'>,
  headers: Readonly<Record<string, string>>,
): ClientRequest => {
  const target = new URL(url.replace(/\/+$/, '') + path)
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) target.searchParams.set(name, String(value))
  return (target.protocol === 'https:' ? requestHttps : requestHttp)(target, {
    method,
    signal,
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
  })
}

const answerOf = (request: ClientRequest, { url }: EngineAddress): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', (fault) => {
      if (fault.name === 'AbortError')
        reject(new CliFault(EXIT.failed, 'INTERRUPTED', 'interrupted: nothing was changed', fault))
      else
        reject(
          unreachable(
            `no engine answers at ${plain(url)}: start it with \`npm start\`, or set STROWGER_URL or --url to where it runs`,
            fault,
          ),
        )
    })
  })

const textIn = async (answer: IncomingMessage): Promise<string> => {
  const pieces: Buffer[] = []
  try {
    for await (const piece of answer) pieces.push(Buffer.from(piece as Uint8Array))
  } catch (fault) {
    throw unreachable(
      'the engine went away in the middle of its answer; look whether the deck is there',
      fault,
    )
  }
  return Buffer.concat(pieces).toString('utf8')
}

const unreachable = (message: string, cause: unknown): CliFault =>
  new CliFault(EXIT.unreachable, 'UNREACHABLE', message, cause)

/** `[######....]  60 %  12.0 of 20.0 MB`; without a total only what was sent. */
export const progressLine = (sent: number, total: number | undefined): string => {
  const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)
  if (total === undefined || total === 0) return `${megabytes(sent)} MB sent`
  const share = Math.min(1, sent / total)
  const bar = '#'.repeat(Math.floor(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.')
  return `[${bar}] ${String(Math.floor(share * 100)).padStart(3)} %  ${megabytes(sent)} of ${megabytes(total)} MB`
}

const BAR_WIDTH = 30
