import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request, type ClientRequest, type IncomingMessage } from 'node:http'
import { EngineError } from '../../src/base/errors.ts'
import type { DeckDoors, DeckImport, RateDeckRow } from '../../src/http/deck-doors.ts'
import { until } from '../live/net.ts'
import { read } from './answer.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'

const NOON = Date.UTC(2026, 7, 1, 12)

const DECK: RateDeckRow = {
  id: 1,
  carrierId: 1,
  carrier: 'alpha',
  organizationId: undefined,
  name: 'd',
  currency: 'GBP',
  state: 'published',
  version: 1,
  replaces: true,
  effectiveFrom: NOON,
  effectiveTo: undefined,
  rateCount: 2,
  graceSeconds: 0,
  freeSeconds: 0,
  rounding: undefined,
  source: '',
  createdAt: NOON,
  publishedAt: NOON,
  withdrawnAt: undefined,
}

type Seen = { request?: DeckImport; bytes: number; fault?: unknown; signal?: AbortSignal; waits: number[] }

/** `take`: how an import treats its file. */
const fakeDecks = (seen: Seen, take: (file: AsyncIterable<Uint8Array>) => Promise<void>): DeckDoors => ({
  importDeck: async (asked, file, signal) => {
    seen.request = asked
    seen.signal = signal
    try {
      await take(file)
    } catch (fault) {
      seen.fault = fault
      throw fault
    }
    return { outcome: 'refused', code: 'DECK_EMPTY', message: 'it has no rates', errorCount: 1, errors: [] }
  },
  publish: (id) => Promise.resolve(id === 1 ? DECK : undefined),
  withdraw: (id) =>
    id === 1
      ? Promise.reject(new EngineError('STORE_CONFLICT', 'it was never published'))
      : Promise.resolve(undefined),
  rollback: () => Promise.resolve({ withdrawn: DECK, current: undefined }),
  exportDeck: (id) =>
    Promise.resolve(
      id === 1
        ? {
            deck: DECK,
            file: (async function* () {
              yield await Promise.resolve(Buffer.from('prefix\n'))
              yield Buffer.from('44\n')
            })(),
          }
        : undefined,
    ),
  untilLive: (waitMs) => {
    seen.waits.push(waitMs)
    return Promise.resolve({ live: true, afterMs: 12.3 })
  },
})

suite('HTTP: rate decks as files', () => {
  let fake: Fake
  let seen: Seen
  let take: (file: AsyncIterable<Uint8Array>) => Promise<void>
  const readAll = async (file: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const piece of file) seen.bytes += piece.length
  }
  setup(async () => {
    seen = { bytes: 0, waits: [] }
    take = readAll
    fake = await startFake({ records: { rateDeckFiles: fakeDecks(seen, (file) => take(file)) } })
  })
  teardown(() => fake.server.stop())

  const send = async (method: string, path: string, body?: string, type = 'text/csv') =>
    read(
      await fetch(`${fake.url}/v1/rate-decks${path}`, {
        method,
        headers: { ...bearer, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body }),
      }),
    )
  const startUpload = (query = 'carrier=a'): ClientRequest => {
    const upload = request(`${fake.url}/v1/rate-decks/import?${query}`, { method: 'POST', headers: bearer })
    upload.on('error', () => undefined)
    return upload
  }

  test('options reach the store by their meaning', async () => {
    const query = new URLSearchParams({
      carrier: 'alpha',
      file: 'a.csv',
      effective: '2026-12-01',
      until: '2027-01-01',
      timeZone: 'Europe/Berlin',
      columns: 'prefix=Code, price=3',
      decimalMark: 'comma',
      headerRow: '2',
      replaces: 'false',
      draft: 'true',
      jumpPercent: '20',
      graceSeconds: '3',
      rounding: 'up/2',
    })
    await send('POST', `/import?${query.toString()}`, 'x')
    assert.deepEqual(seen.request, {
      owner: { kind: 'carrier', name: 'alpha', within: undefined },
      name: undefined,
      source: 'a.csv',
      replaces: false,
      draft: true,
      dryRun: false,
      jumpPercent: 20,
      charging: { graceSeconds: 3, freeSeconds: undefined, rounding: 'up/2' },
      format: {
        columns: { prefix: 'Code', price: 3 },
        decimalMark: ',',
        headerRow: 2,
        timeZone: 'Europe/Berlin',
        effectiveFrom: Date.UTC(2026, 10, 30, 23),
        effectiveTo: Date.UTC(2026, 11, 31, 23),
      },
    })
  })

  for (const type of ['text/csv', 'application/octet-stream', 'application/json', 'text/csv; charset=latin1'])
    test(`a body is a file, also as ${type}`, async () => {
      const answer = await send('POST', '/import?carrier=a', '{not json', type)
      assert.deepEqual([answer.status, seen.bytes], [400, 9])
    })

  test('a file that was refused is answered with its errors', async () => {
    const { status, body } = await send('POST', '/import?customer=7', 'x')
    assert.deepEqual(seen.request?.owner, { kind: 'customer', name: '7' })
    assert.deepEqual(
      [status, body['error']],
      [400, { code: 'DECK_EMPTY', message: 'it has no rates', details: { errorCount: 1, errors: [] } }],
    )
  })

  test('a file larger than any other body goes through', async () => {
    await send('POST', '/import?carrier=a', 'x'.repeat(20_000_000))
    assert.equal(seen.bytes, 20_000_000)
  })

  test('who takes nothing slows the sender down: the file is held by nobody', async () => {
    let release = (): void => undefined
    take = async (file) => {
      await new Promise<void>((resolve) => {
        release = resolve
      })
      await readAll(file)
    }
    const upload = startUpload()
    let written = 0
    const piece = Buffer.alloc(1_000_000)
    while (written < 200) {
      written += 1
      if (upload.write(piece)) continue
      const drained = await Promise.race([
        once(upload, 'drain').then(() => true),
        new Promise((resolve) => setTimeout(resolve, 300, false)),
      ])
      if (drained === false) break
    }
    assert.ok(written < 50, `${written} MB went into nothing`)
    upload.end()
    release()
    const [answer] = (await once(upload, 'response')) as [IncomingMessage]
    assert.equal(answer.statusCode, 400)
    assert.equal(seen.bytes, written * 1_000_000)
  })

  test('a file that is refused by its first line is answered while it still comes', async () => {
    take = () => Promise.resolve()
    const upload = startUpload()
    upload.write('x'.repeat(1_000_000))
    const [answer] = (await once(upload, 'response')) as [IncomingMessage]
    assert.equal(answer.statusCode, 400)
    upload.destroy()
  })

  test('a sender that goes away fails the file, and is told to who works on it', async () => {
    const upload = startUpload()
    upload.write('x'.repeat(1_000_000))
    await until('it arrives', () => seen.bytes > 0)
    upload.destroy()
    await until('the fault', () => seen.fault !== undefined)
    assert.match(String(seen.fault), /did not come to its end/)
    await until('the signal', () => seen.signal?.aborted)
  })

  for (const [sentence, method, path, status, message] of [
    ['an owner too many', 'POST', '/import?carrier=a&customer=1', 400, /either/],
    ['no owner', 'POST', '/rollback', 400, /either/],
    ['an option that is none', 'POST', '/import?carrier=a&price=3', 400, /not known/],
    ['a time zone that is none', 'POST', '/import?carrier=a&timeZone=Moon', 400, /time zone/],
    [
      'an end before the start',
      'POST',
      '/import?carrier=a&effective=2026-12-02&until=2026-12-01',
      400,
      /after/,
    ],
    ['columns that are no pairs', 'POST', '/import?carrier=a&columns=3', 400, /prefix=Code/],
    ['a column that is none', 'POST', '/import?carrier=a&columns=cost=3', 400, /no such field/],
    ['publishing nothing', 'POST', '/9/publish', 404, /no rate deck 9/],
    ['withdrawing a draft', 'POST', '/1/withdraw', 409, /never published/],
    ['exporting nothing', 'GET', '/9/export', 404, /no rate deck 9/],
    ['exporting what is no id', 'GET', '/x/export', 400, /whole number/],
  ] as const)
    test(`${sentence} is refused`, async () => {
      const answer = await send(method, path)
      assert.equal(answer.status, status, answer.text)
      assert.match(String((answer.body['error'] as Record<string, unknown>)['message']), message)
    })

  test('publishing and taking back tell when calls go by it', async () => {
    const published = await send('POST', '/1/publish?wait=3')
    assert.deepEqual([published.body['live'], published.body['liveAfterMs']], [true, 12])
    const back = await send('POST', '/rollback?carrier=a')
    assert.equal(back.body['current'], null)
    assert.deepEqual(seen.waits, [3_000, 10_000])
  })

  test('a deck comes as a file', async () => {
    const answer = await fetch(`${fake.url}/v1/rate-decks/1/export`, { headers: bearer })
    assert.match(answer.headers.get('content-type') ?? '', /^text\/csv/)
    assert.match(answer.headers.get('content-disposition') ?? '', /rate-deck-1\.csv/)
    assert.equal(await answer.text(), 'prefix\n44\n')
  })

  test('the document tells what a file may be and what is said of it', async () => {
    const document = (await (await fetch(`${fake.url}/openapi.json`, { headers: bearer })).json()) as {
      paths: Record<string, { post?: { parameters: { name: string }[]; responses: Record<string, unknown> } }>
    }
    const route = document.paths['/v1/rate-decks/import']?.post
    assert.ok(route !== undefined)
    assert.ok(route.parameters.some(({ name }) => name === 'columns'))
    assert.deepEqual(Object.keys(route.responses), ['200', '400', '401', '403', '409', '500', '503'])
    assert.match(JSON.stringify(route.responses['400']), /errorCount/)
  })

  test('nobody gets in without the token', async () => {
    for (const [method, path] of [
      ['POST', 'import?carrier=a'],
      ['POST', 'rollback?carrier=a'],
      ['POST', '1/publish'],
      ['GET', '1/export'],
    ] as const)
      assert.equal((await fetch(`${fake.url}/v1/rate-decks/${path}`, { method })).status, 401)
  })
})
