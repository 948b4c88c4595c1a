/** Whatever strangers send, to every route: an answer that is no 500, and a server that is still there. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import fc from 'fast-check'
import { NOT_FOUND_DOCUMENT } from '../../src/http/freeswitch-routes.ts'
import { basic, bearer, startFake, type Fake } from './fake-doors.ts'
import { CALL_ID } from './samples.ts'

suite('HTTP: hostile requests', () => {
  let fake: Fake
  let routes: readonly (readonly [method: string, path: string])[]
  suiteSetup(async () => {
    fake = await startFake()
    const answer = await fetch(`${fake.url}/openapi.json`, { headers: bearer })
    const document = (await answer.json()) as { paths: Record<string, Record<string, unknown>> }
    routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method): [string, string] => [method.toUpperCase(), path]),
    )
  })
  suiteTeardown(() => fake.server.stop())

  const credentials = (path: string): Record<string, string> =>
    path.startsWith('/freeswitch/') ? basic : bearer

  const json = fc.json({ depthSize: 'medium' })
  const words = fc.constantFrom(
    'from',
    'to',
    'name',
    'code',
    'carrierId',
    'hostname',
    '__proto__',
    'constructor',
    'rates',
    'number',
    'prefix',
    'userId',
  )
  const almost = fc
    .dictionary(
      words,
      fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.double(),
        fc.constant(null),
        fc.constant([]),
        fc.constant({}),
        fc.boolean(),
      ),
    )
    .map((body) => JSON.stringify(body))
  const deep = fc.integer({ min: 1, max: 200_000 }).map((depth) => '['.repeat(depth))
  const cut = fc.tuple(json, fc.nat()).map(([text, at]) => text.slice(0, at % (text.length + 1)))
  const bytes = fc.uint8Array({ maxLength: 4096 }).map((raw) => new Uint8Array(raw))
  const body = fc.oneof(json, almost, deep, cut, bytes, fc.constant('a'.repeat(1_200_000)), fc.constant(''))
  const type = fc.constantFrom(
    'application/json',
    'application/json; charset=utf-16',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain',
    'x',
    'application/jsonx',
  )

  test('bodies of every kind', async function () {
    this.timeout(60_000)
    await fc.assert(
      fc.asyncProperty(fc.nat(), body, type, async (at, content, contentType) => {
        const [method, path] = routes[at % routes.length] ?? ['POST', '/v1/originate']
        if (method === 'GET' || method === 'HEAD') return
        const answer = await fetch(
          fake.url + path.replace('{callId}', CALL_ID).replace('{id}', '1').replace('{address}', '192.0.2.1'),
          {
            method,
            headers: { ...credentials(path), 'content-type': contentType },
            body: content,
          },
        )
        const text = await answer.text()
        // 503 is the fake's answer to the destination 503 and to "bug" in a CDR.
        assert.ok(answer.status < 500 || answer.status === 503, `${method} ${path} ${answer.status} ${text}`)
        if (path === '/freeswitch/xml') assert.equal(answer.status, 200)
        else JSON.parse(text)
      }),
      { numRuns: 400 },
    )
  })

  test('paths and queries of every kind', async function () {
    this.timeout(60_000)
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }).map(safeEncode),
      fc.string(),
      fc.constantFrom(
        '%',
        '%zz',
        '%00',
        '..',
        '../..',
        '%2e%2e%2f',
        '\u0000',
        '%ed%a0%80',
        '-1',
        '1e9',
        '99999999999',
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.nat(),
        piece,
        fc.array(fc.tuple(words, piece), { maxLength: 4 }),
        async (at, value, query) => {
          const [method, path] = routes[at % routes.length] ?? ['GET', '/v1/calls']
          if (path === '/v1/live' && method === 'GET') return
          const target =
            path.replace(/\{\w+\}/, value) +
            (query.length === 0 ? '' : `?${query.map(([name, one]) => `${name}=${one}`).join('&')}`)
          if (!URL.canParse(fake.url + target)) return
          if (new URL(fake.url + target).pathname === '/v1/live') return
          const answer = await fetch(fake.url + target, { method, headers: credentials(path) })
          const text = await answer.text()
          assert.ok(answer.status < 500, `${method} ${target} ${answer.status} ${text}`)
        },
      ),
      { numRuns: 400 },
    )
  })

  test('a request that ends in the middle of its body', async () => {
    for (const [method, path] of routes) {
      if (method === 'GET') continue
      await new Promise<void>((resolve) => {
        const socket = connect(Number(new URL(fake.url).port), '127.0.0.1', () => {
          const { authorization } = credentials(path)
          socket.end(
            `${method} ${path.replace(/\{\w+\}/, '1')} HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization ?? ''}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"from"`,
          )
        })
        socket.on('error', () => resolve())
        socket.on('close', () => resolve())
        socket.resume()
      })
    }
    assert.equal((await fetch(`${fake.url}/health`)).status, 200)
  })

  test('a form is read as querystring reads it, whatever its fields hold', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.stringMatching(/^[\w.-]{1,8}$/), fc.string({ unit: 'grapheme' })), {
          minLength: 1,
        }),
        async (pairs) => {
          fake.seen.forms.length = 0
          const answer = await fetch(`${fake.url}/freeswitch/xml`, {
            method: 'POST',
            headers: basic,
            body: new URLSearchParams(pairs),
          })
          assert.notEqual(await answer.text(), NOT_FOUND_DOCUMENT)
          const expected = new Map<string, string>()
          for (const [name, value] of pairs) if (!expected.has(name)) expected.set(name, value)
          for (const [name, value] of expected) assert.equal(fake.seen.forms[0]?.get(name), value)
        },
      ),
      { numRuns: 100 },
    )
  })
})

const safeEncode = (text: string): string => encodeURIComponent(text.replace(/\p{Surrogate}/gu, '?'))
