/**
 * A real engine in a trial (simulator, PostgreSQL), and the one way to ask it: every answer is held against the OpenAPI
 * document, and what was asked with success is remembered by its operation.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync } from 'node:fs'
import { request, type OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { TENANT_SCOPES } from '../../src/access/caller.ts'
import { freePort, until } from '../live/net.ts'
import { startEngine, type EngineProcess } from '../support/engine.ts'
import { openFolder } from '../support/postgres.ts'
import { faultIn, type PlainSchema } from './contract-schema.ts'
import { startReceiver, type Receiver } from './receiver.ts'

export type Media = Readonly<Record<string, { readonly schema?: PlainSchema }>>
export type Operation = {
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly required?: boolean }[]
  readonly requestBody?: { readonly content: Media }
  readonly responses: Readonly<Record<string, { readonly content?: Media }>>
}

export type Ask = {
  readonly params?: Readonly<Record<string, string | number>>
  readonly query?: Readonly<Record<string, string | number | boolean>>
  /** JSON, or bytes as they are with the content type of `headers`. */
  readonly body?: unknown
  /** A body of so many bytes is announced, and not sent: whoever takes none so large answers at once. */
  readonly announcedBytes?: number
  /** The admin's unless given; null: none. */
  readonly token?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export type Json = Readonly<Record<string, unknown>>
export type Told = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Empty where the answer is no JSON object. */
  readonly json: Json
}

export type ContractWorld = {
  readonly engine: EngineProcess
  readonly receiver: Receiver
  /** Into which the switch records. */
  readonly recordings: string
  /** By `METHOD /path`. */
  readonly operations: ReadonlyMap<string, Operation>
  /** The last request of each operation that went well. */
  readonly succeeded: ReadonlyMap<string, Ask>
  readonly failed: ReadonlySet<string>
  /** Of an organisation that is not the platform, with all that it may have; and with next to nothing. */
  readonly tenant: { readonly organizationId: number; readonly token: string; readonly weakToken: string }
  /** Asks, and holds the answer against the document and against the status that is expected. */
  readonly ask: (status: number, operation: string, ask?: Ask) => Promise<Told>
  /** A refusal: its code, and its field where one is named. */
  readonly refused: (
    status: number,
    operation: string,
    ask: Ask,
    expected: { readonly code?: string; readonly field?: string },
  ) => Promise<Told>
  /** Asks again until the status is the one that is expected. */
  readonly askUntil: (status: number, operation: string, ask: Ask) => Promise<Told>
  /** A call of a user of the demo that talks; its id. */
  readonly talk: (userId: number, to: string) => Promise<string>
  readonly close: () => Promise<void>
}

export const XML_CURL_PASSWORD = 'of the contract tests'

export const openContractWorld = async (): Promise<ContractWorld> => {
  const { folder, remove } = openFolder()
  const receiver = await startReceiver()
  const recordings = join(folder, 'recordings')
  mkdirSync(recordings)
  chmodSync(recordings, 0o777)
  const engine = await startEngine({
    dataDir: join(folder, 'engine'),
    httpPort: await freePort(),
    environment: {
      FREESWITCH_PORT: String(await freePort()),
      RECORDING_DIR: recordings,
      WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8',
      WEBHOOK_ALLOW_HTTP: 'true',
      STROWGER_XML_CURL_PASSWORD: XML_CURL_PASSWORD,
      VERIFICATION_SMS_URL: `${receiver.url}/sms`,
    },
    wait: 'ready',
  })
  const operations = operationsOf((await engine.api('/openapi.json')).json() as Document)
  const succeeded = new Map<string, Ask>()
  const failed = new Set<string>()

  const judge = (status: number, name: string, wanted: Ask, told: Told): Told => {
    const operation = operations.get(name)
    assert.ok(operation !== undefined, `the document has no ${name}`)
    const where = `${name} ${JSON.stringify({ ...wanted, headers: undefined }).slice(0, 300)}: ${told.status} ${told.text.slice(0, 600)}`
    assert.equal(told.status, status, where)
    assert.equal(faultOf(operation, name, told), undefined, where)
    if (status < 400) succeeded.set(name, wanted)
    else failed.add(name)
    return told
  }
  const ask = async (status: number, name: string, wanted: Ask = {}): Promise<Told> =>
    judge(status, name, wanted, await send(engine, name, wanted))
  const refused: ContractWorld['refused'] = async (status, name, wanted, { code, field }) => {
    const told = await ask(status, name, wanted)
    const error = told.json['error'] as Json | undefined
    const where = `${name} ${JSON.stringify(wanted.body ?? null).slice(0, 300)}: ${told.text.slice(0, 300)}`
    if (code !== undefined) assert.equal(error?.['code'], code, where)
    if (field !== undefined) {
      const named = String(error?.['field'])
      assert.ok(named === field || named.startsWith(`${field}.`), `${where} does not name ${field}`)
    }
    return told
  }
  const askUntil: ContractWorld['askUntil'] = async (status, name, wanted) => {
    const { told } = await until(
      `${name} is answered with ${status}`,
      async () => {
        const seen = await send(engine, name, wanted)
        return seen.status === status ? { told: seen } : undefined
      },
      10_000,
    )
    return judge(status, name, wanted, told)
  }
  const talk = async (userId: number, to: string): Promise<string> => {
    const { json } = await ask(200, 'POST /v1/calls/originate', { body: { userId, to } })
    const callId = String(json['callId'])
    await until(
      `the call to ${to} talks`,
      async () =>
        (await engine.api(`/v1/calls/${callId}`)).text.includes('"state":"talking"') ? true : undefined,
      15_000,
    )
    return callId
  }
  const world = {
    ...{ engine, receiver, recordings, operations, succeeded, failed, ask, askUntil, refused, talk },
    close: async () => {
      await engine.kill('SIGTERM')
      await receiver.close()
      remove()
    },
  }
  return { ...world, tenant: await tenantOf(world) }
}

type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }

const operationsOf = ({ paths }: Document): ReadonlyMap<string, Operation> =>
  new Map(
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        one,
      ]),
    ),
  )

const send = async (engine: EngineProcess, name: string, wanted: Ask): Promise<Told> => {
  const { params = {}, query, body, token = engine.token(), headers = {}, announcedBytes } = wanted
  const [method = '', path = ''] = name.split(' ')
  const filled = path.replace(/\{(\w+)\}/g, (_, parameter: string) =>
    encodeURIComponent(String(params[parameter] ?? '')),
  )
  const asked =
    query === undefined
      ? ''
      : `?${new URLSearchParams(Object.entries(query).map(([key, value]): [string, string] => [key, String(value)])).toString()}`
  if (announcedBytes !== undefined) {
    const own = { authorization: `Bearer ${token ?? ''}`, 'content-type': 'application/json' }
    return announce(method, engine.url + filled + asked, { ...own, 'content-length': announcedBytes })
  }
  const isJson = body !== undefined && !(body instanceof Uint8Array)
  const answer = await fetch(engine.url + filled + asked, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(isJson ? { 'content-type': 'application/json' } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isJson ? JSON.stringify(body) : new Uint8Array(body) }),
  })
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') === true) {
    // It has no end: what is told at once is enough.
    const reader = (answer.body as ReadableStream<Uint8Array> | null)?.getReader()
    const { value } = (await reader?.read()) ?? {}
    await reader?.cancel()
    return { status: answer.status, headers: answer.headers, text: new TextDecoder().decode(value), json: {} }
  }
  const text = await answer.text()
  const isObject = answer.headers.get('content-type')?.startsWith('application/json') === true && text !== ''
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    json: isObject ? (JSON.parse(text) as Json) : {},
  }
}

const announce = (method: string, url: string, headers: OutgoingHttpHeaders): Promise<Told> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => {
        const text = Buffer.concat(pieces).toString('utf8')
        const told = new Headers({ 'content-type': answer.headers['content-type'] ?? '' })
        resolve({ status: answer.statusCode ?? 0, headers: told, text, json: JSON.parse(text) as Json })
        asked.destroy()
      })
    })
    asked.once('error', reject)
    asked.flushHeaders()
  })

/** Where an answer is not what the document says; undefined: it is. */
const faultOf = (operation: Operation, name: string, told: Told): string | undefined => {
  const documented = operation.responses[told.status]
  if (documented === undefined) return `the document has no ${told.status}`
  const type = told.headers.get('content-type')?.split(';')[0]
  if (told.status === 304 || name.startsWith('HEAD ') || documented.content === undefined)
    return told.text === '' ? undefined : 'the document has no content, and there is some'
  const media = type === undefined ? undefined : documented.content[type]
  if (media === undefined)
    return `the document has no ${type ?? 'answer without content type'} with ${told.status}`
  if (type !== 'application/json') return told.text === '' ? 'the answer is empty' : undefined
  return media.schema === undefined ? 'the document has no schema' : faultIn(media.schema, told.json)
}

const tenantOf = async ({ ask }: Pick<ContractWorld, 'ask'>): Promise<ContractWorld['tenant']> => {
  const added = await ask(201, 'POST /v1/organizations', {
    body: { name: 'Tenant', sipDomain: 'tenant.example', country: 'GB', currency: 'GBP' },
  })
  const organizationId = Number((added.json['organization'] as Json)['id'])
  const keyWith = async (scopes: readonly string[]): Promise<string> => {
    const { json } = await ask(201, 'POST /v1/api-keys', { body: { organizationId, name: 'key', scopes } })
    return String(json['key'])
  }
  return { organizationId, token: await keyWith(TENANT_SCOPES), weakToken: await keyWith(['events:read']) }
}
