import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createLogger, silentLogger } from '../../src/base/logger.ts'
import { createLrnLookup, type LrnLookup, type LrnLookupOptions } from '../../src/deliver/lrn-lookup.ts'
import { asE164, type E164 } from '../../src/telephony/e164.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

const NUMBER = asE164('+12125550100')
const LRN = '+14155550000'

/** A number for each `last`, all of +1. */
const numbered = (last: number): E164 => asE164(`+1212555${String(last).padStart(4, '0')}`)

suite('LRN lookup', () => {
  let server: Server
  let port: number
  let clock: ManualClock
  let requests: string[]
  let authorizations: (string | undefined)[]
  let answer: (response: ServerResponse, request: IncomingMessage) => void

  setup(async () => {
    clock = createManualClock()
    requests = []
    authorizations = []
    answer = (response) => response.end(`{"lrn":"${LRN}"}`)
    server = createServer((request, response) => {
      requests.push(request.url ?? '')
      authorizations.push(request.headers.authorization)
      answer(response, request)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    port = address.port
  })
  teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    assert.equal(clock.waiting(), 0, 'a timer was left')
  })

  const create = (options: Partial<LrnLookupOptions> = {}): LrnLookup =>
    createLrnLookup({
      url: `http://127.0.0.1:${port}/dip?key=s3cret&number={number}`,
      timeoutMs: 250,
      cacheTtlMs: 3_600_000,
      cacheSize: 100,
      clock,
      logger: silentLogger,
      ...options,
    })

  const answered = (sentence: string, status: number, body: string, lrn: string | undefined): void => {
    test(`${sentence} is ${lrn ?? 'no LRN'}`, async () => {
      answer = (response) => response.writeHead(status).end(body)
      const lookup = create()
      assert.equal(lookup.cached(NUMBER), undefined)
      assert.equal(await lookup.lookup(NUMBER), lrn)
      assert.equal(lookup.cached(NUMBER), lrn ?? null)
      assert.deepEqual(requests, ['/dip?key=s3cret&number=%2B12125550100'])
    })
  }
  answered('JSON with an LRN', 200, `{"lrn":"${LRN}","ocn":"1234"}`, LRN)
  answered('JSON with ten digits', 200, '{"lrn":"4155550000"}', LRN)
  answered('text', 200, ` ${LRN}\r\n`, LRN)
  answered('ten digits of text', 200, '4155550000', LRN)
  answered('eleven digits of text', 200, '14155550000', LRN)
  answered('JSON with null', 200, '{"lrn":null}', undefined)
  answered('an empty answer', 200, '', undefined)
  answered('204', 204, '', undefined)
  answered('404', 404, 'not found', undefined)
  answered('500', 500, LRN, undefined)
  answered('401', 401, LRN, undefined)
  answered('JSON without an LRN', 200, '{"error":"quota"}', undefined)
  answered('broken JSON', 200, '{"lrn":"+1415', undefined)
  answered('an LRN that is no text', 200, '{"lrn":14155550000}', undefined)
  answered('a number of another country', 200, '+442079460123', undefined)
  answered('an area code that begins with 1', 200, '+11155550000', undefined)
  answered('an exchange that begins with 0', 200, '+14150550000', undefined)
  answered('a page', 200, '<html>4155550000</html>', undefined)
  answered('a huge answer', 200, '4'.repeat(5_000_000), undefined)
  answered('a huge answer that begins well', 200, `{"lrn":"${LRN}"}${' '.repeat(5_000_000)}`, undefined)

  test('an answer that is too long is hung up on', async () => {
    let closed: Promise<unknown> | undefined
    answer = (response) => {
      closed = once(response, 'close')
      response.write('4'.repeat(5_000))
    }
    assert.equal(await create().lookup(NUMBER), undefined)
    await closed
  })
  test('a redirect is not followed', async () => {
    answer = (response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${port}/elsewhere` }).end(`{"lrn":"${LRN}"}`)
    assert.equal(await create().lookup(NUMBER), undefined)
    assert.deepEqual(
      requests.map((url) => url.slice(0, 5)),
      ['/dip?'],
    )
  })
  test('whoever asks waits for the limit and no longer, when nothing comes', async () => {
    answer = () => undefined
    const lookup = create()
    const asked = once(server, 'request')
    const lrn = lookup.lookup(NUMBER)
    await asked
    clock.advance(250)
    assert.equal(await lrn, undefined)
    assert.equal(lookup.cached(NUMBER), null)
  })
  test('nor when the answer begins and never ends', async () => {
    let closed: Promise<unknown> | undefined
    answer = (response) => {
      closed = once(response, 'close')
      response.write(`{"lrn":"${LRN}"`)
    }
    const asked = once(server, 'request')
    const lrn = create().lookup(NUMBER)
    await asked
    clock.advance(250)
    assert.equal(await lrn, undefined)
    await closed
  })
  test('nor when fetch itself never comes back and cannot be aborted', async () => {
    const lrn = create({ fetch: () => new Promise(() => undefined) }).lookup(NUMBER)
    clock.advance(249)
    const early = await Promise.race([lrn, Promise.resolve('waiting')])
    assert.equal(early, 'waiting')
    clock.advance(1)
    assert.equal(await lrn, undefined)
  })
  test('a joiner waits for what is left of the first one’s limit', async () => {
    const lookup = create({ fetch: () => new Promise(() => undefined) })
    const first = lookup.lookup(NUMBER)
    clock.advance(200)
    const second = lookup.lookup(NUMBER)
    clock.advance(50)
    assert.deepEqual(await Promise.all([first, second]), [undefined, undefined])
  })
  test('a host that nobody listens on is no LRN', async () => {
    server.closeAllConnections()
    const lookup = create({ url: 'http://127.0.0.1:1/{number}' })
    assert.equal(await lookup.lookup(NUMBER), undefined)
    assert.equal(lookup.cached(NUMBER), null)
  })

  test('an answer is kept for its time', async () => {
    const lookup = create({ cacheTtlMs: 60_000 })
    await lookup.lookup(NUMBER)
    clock.advance(59_999)
    assert.equal(await lookup.lookup(NUMBER), LRN)
    assert.equal(requests.length, 1)
    clock.advance(1)
    assert.equal(lookup.cached(NUMBER), undefined)
    assert.equal(await lookup.lookup(NUMBER), LRN)
    assert.equal(requests.length, 2)
  })
  test('that there is none is kept as long', async () => {
    answer = (response) => response.writeHead(404).end()
    const lookup = create({ cacheTtlMs: 60_000 })
    await lookup.lookup(NUMBER)
    clock.advance(59_999)
    assert.equal(lookup.cached(NUMBER), null)
  })
  test('a failure is kept for 30 seconds', async () => {
    answer = (response) => response.writeHead(500).end()
    const lookup = create()
    await lookup.lookup(NUMBER)
    clock.advance(29_999)
    assert.equal(await lookup.lookup(NUMBER), undefined)
    assert.equal(requests.length, 1)
    clock.advance(1)
    answer = (response) => response.end(LRN)
    assert.equal(await lookup.lookup(NUMBER), LRN)
  })
  test('the cache has its size, and the number that was not needed for the longest time goes', async () => {
    const lookup = create({ cacheSize: 2 })
    await lookup.lookup(numbered(1))
    await lookup.lookup(numbered(2))
    lookup.cached(numbered(1))
    await lookup.lookup(numbered(3))
    assert.deepEqual(
      [1, 2, 3].map((last) => lookup.cached(numbered(last))),
      [LRN, undefined, LRN],
    )
  })
  test('a cache of no size keeps nothing', async () => {
    const lookup = create({ cacheSize: 0 })
    assert.equal(await lookup.lookup(NUMBER), LRN)
    assert.equal(lookup.cached(NUMBER), undefined)
  })
  test('those who ask for one number at once share one request', async () => {
    const lookup = create()
    const lrns = await Promise.all(Array.from({ length: 20 }, () => lookup.lookup(NUMBER)))
    assert.deepEqual([...new Set(lrns)], [LRN])
    assert.equal(requests.length, 1)
  })
  test('no more than 200 are under way; the next call goes without and may ask later', async () => {
    let made = 0
    const lookup = create({
      fetch: () => {
        made += 1
        return new Promise(() => undefined)
      },
    })
    const lrns = Array.from({ length: 250 }, (_, last) => lookup.lookup(numbered(last)))
    assert.equal(made, 200)
    assert.equal(lookup.cached(numbered(249)), undefined)
    clock.advance(250)
    assert.equal((await Promise.all(lrns)).length, 250)
  })

  test('after five failures in a row nobody asks for ten seconds; then one may', async () => {
    answer = (response) => response.writeHead(503).end()
    const lookup = create()
    for (let last = 0; last < 20; last += 1) assert.equal(await lookup.lookup(numbered(last)), undefined)
    assert.equal(requests.length, 5)
    clock.advance(9_999)
    await lookup.lookup(numbered(20))
    assert.equal(requests.length, 5)
    clock.advance(1)
    await Promise.all([lookup.lookup(numbered(21)), lookup.lookup(numbered(22))])
    assert.equal(requests.length, 6, 'one trial')
    await lookup.lookup(numbered(23))
    assert.equal(requests.length, 6, 'it failed: another pause')
    clock.advance(10_000)
    answer = (response) => response.end(LRN)
    assert.equal(await lookup.lookup(numbered(24)), LRN)
    assert.equal(await lookup.lookup(numbered(25)), LRN)
  })
  test('what is in the cache is known in a pause too', async () => {
    const lookup = create()
    await lookup.lookup(NUMBER)
    answer = (response) => response.writeHead(503).end()
    for (let last = 0; last < 5; last += 1) await lookup.lookup(numbered(last))
    assert.equal(await lookup.lookup(NUMBER), LRN)
  })
  test('a number without an LRN is no failure of the service', async () => {
    answer = (response) => response.writeHead(404).end()
    const lookup = create()
    for (let last = 0; last < 20; last += 1) await lookup.lookup(numbered(last))
    assert.equal(requests.length, 20)
  })

  test('only numbers of +1 are asked for', async () => {
    const lookup = create()
    for (const number of ['+442079460123', '+1212555010', '+11125550100'].map(asE164)) {
      assert.equal(lookup.cached(number), null)
      assert.equal(await lookup.lookup(number), undefined)
    }
    assert.deepEqual(requests, [])
  })
  test('without a URL nobody is asked', async () => {
    const lookup = create({ url: undefined })
    assert.equal(lookup.cached(NUMBER), null)
    assert.equal(await lookup.lookup(NUMBER), undefined)
    assert.deepEqual(requests, [])
  })
  test('the national number can be in the path', async () => {
    await create({ url: `http://127.0.0.1:${port}/lrn/{national}.json` }).lookup(NUMBER)
    assert.deepEqual(requests, ['/lrn/2125550100.json'])
  })
  test('user and password go in a header', async () => {
    await create({ url: `http://dip:p%40ss@127.0.0.1:${port}/{number}` }).lookup(NUMBER)
    assert.deepEqual(authorizations, [`Basic ${Buffer.from('dip:p@ss').toString('base64')}`])
  })

  test('no secret is ever logged, and a pause is told once', async () => {
    const lines: string[] = []
    const logger = createLogger(
      { level: 'trace', redactNumbers: true },
      { write: (line) => void lines.push(line) },
    )
    answer = (response) => response.destroy()
    const url = `http://dip:passw0rd@127.0.0.1:${port}/t0ken/{number}?key=s3cret`
    const lookup = create({ url, logger })
    const broken = create({
      url,
      logger,
      fetch: () => Promise.reject(new TypeError(`Failed to parse URL from ${url}`, { cause: url })),
    })
    for (let last = 0; last < 10; last += 1) {
      await lookup.lookup(numbered(last))
      await broken.lookup(numbered(last))
    }
    clock.advance(10_000)
    answer = (response) => response.end(LRN)
    await lookup.lookup(numbered(10))
    assert.equal(lines.filter((line) => line.includes('the LRN service fails')).length, 2)
    assert.equal(lines.filter((line) => line.includes('answers again')).length, 1)
    assert.match(lines.join(''), /UND_ERR_SOCKET|ECONNRESET/)
    assert.doesNotMatch(lines.join(''), /s3cret|passw0rd|t0ken|2125550/)
  })
  const refused = (url: string, why: RegExp): void => {
    test(`${url} is refused, and not repeated`, () =>
      assert.throws(
        () => create({ url }),
        (thrown: unknown) => {
          assert.ok(thrown instanceof Error && 'code' in thrown && 'details' in thrown)
          assert.equal(thrown.code, 'DELIVER_BAD_LRN_URL')
          assert.match(thrown.message, why)
          assert.doesNotMatch(thrown.message + JSON.stringify(thrown.details), /s3cret/)
          return true
        },
      ))
  }
  refused('s3cret', /is none/)
  refused('http://s3cret host/{number}', /is none/)
  refused('ftp://s3cret/{number}', /http or https/)
  refused('http://lrn.example/s3cret', /neither/)
  refused('http://lrn.example/s3cret#{number}', /neither/)
  refused('http://{national}.example/s3cret', /outside of its path/)
  refused('http://s3cret:{number}@lrn.example/', /outside of its path/)
  refused('http://s3cret%zz@lrn.example/{number}', /badly escaped/)
})
