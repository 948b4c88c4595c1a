import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { EngineError } from '../../src/base/errors.ts'
import type { RecordingDoors } from '../../src/http/recordings-doors.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { fakeRecordings, RECORDING_ID, SOUND, type Heard } from './fake-recordings.ts'

const ETAG = `"${createHash('sha256').update(SOUND).digest('hex')}"`
const AUDIO = `/v1/recordings/${RECORDING_ID}/audio`

suite('HTTP: recordings', () => {
  let fake: Fake
  let heard: Heard[]
  const start = async (changes: Partial<RecordingDoors> = {}): Promise<void> => {
    heard = []
    fake = await startFake({ recordings: fakeRecordings(heard, changes) })
  }
  teardown(() => fake.server.stop())
  const send = (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ): Promise<Response> =>
    fetch(fake.url + path, {
      method,
      headers: {
        ...bearer,
        ...headers,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const ranges = (): readonly (readonly [number, number])[] =>
    heard.map(({ range }) => [range.first, range.last])

  test('the whole sound comes with its type, its length and its tag, and no other site may keep it', async () => {
    await start()
    const answer = await send('GET', AUDIO)
    assert.equal(answer.status, 200)
    assert.deepEqual(Buffer.from(await answer.arrayBuffer()), SOUND)
    for (const [name, value] of [
      ['content-type', 'audio/wav'],
      ['content-length', '100000'],
      ['etag', ETAG],
      ['accept-ranges', 'bytes'],
      ['cache-control', 'private, no-cache'],
      ['x-content-type-options', 'nosniff'],
      ['content-disposition', null],
    ] as const)
      assert.equal(answer.headers.get(name), value, name)
    assert.deepEqual(heard, [
      { range: { first: 0, last: 99_999 }, actor: { who: 'admin', address: '127.0.0.1' } },
    ])
  })

  const parts: readonly (readonly [range: string, first: number, last: number])[] = [
    ['bytes=0-99', 0, 99],
    ['bytes=29990-30010', 29_990, 30_010],
    ['bytes=99999-', 99_999, 99_999],
    ['bytes=-10', 99_990, 99_999],
    ['bytes=50000-999999', 50_000, 99_999],
  ]
  for (const [range, first, last] of parts) {
    test(`${range} gives these bytes and says so`, async () => {
      await start()
      const answer = await send('GET', AUDIO, { range })
      assert.equal(answer.status, 206)
      assert.equal(answer.headers.get('content-range'), `bytes ${first}-${last}/100000`)
      assert.deepEqual(Buffer.from(await answer.arrayBuffer()), SOUND.subarray(first, last + 1))
      assert.deepEqual(ranges(), [[first, last]])
    })
  }

  test('a range beyond the end is refused with the size, and nobody listened', async () => {
    await start()
    const answer = await send('GET', AUDIO, { range: 'bytes=100000-' })
    assert.equal(answer.status, 416)
    assert.equal(answer.headers.get('content-range'), 'bytes */100000')
    assert.match(await answer.text(), /RANGE_NOT_SATISFIABLE/)
    assert.deepEqual(heard, [])
  })

  test('a range of another version gets the whole; of this one its part', async () => {
    await start()
    const other = await send('GET', AUDIO, { range: 'bytes=0-9', 'if-range': '"older"' })
    assert.equal(other.status, 200)
    assert.equal((await other.arrayBuffer()).byteLength, 100_000)
    const same = await send('GET', AUDIO, { range: 'bytes=0-9', 'if-range': ETAG })
    assert.equal(same.status, 206)
    assert.equal((await same.arrayBuffer()).byteLength, 10)
  })

  test('who has it already is told so, and does not listen again', async () => {
    await start()
    const answer = await send('GET', AUDIO, { 'if-none-match': ETAG })
    assert.equal(answer.status, 304)
    assert.equal(await answer.text(), '')
    assert.deepEqual(heard, [])
  })

  test('HEAD describes and does not listen, ranges included', async () => {
    await start()
    const answer = await send('HEAD', AUDIO, { range: 'bytes=0-99' })
    assert.equal(answer.status, 206)
    assert.equal(answer.headers.get('content-length'), '100')
    assert.deepEqual(heard, [])
  })

  test('as a download it has a name that says when', async () => {
    await start()
    const answer = await send('GET', `${AUDIO}?download=true`)
    await answer.arrayBuffer()
    assert.match(
      answer.headers.get('content-disposition') ?? '',
      /^attachment; filename="\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-[0-9a-f-]{36}\.wav"$/,
    )
  })

  const failures: readonly (readonly [code: string, status: number])[] = [
    ['MEDIA_GONE', 503],
    ['MEDIA_DAMAGED', 503],
    ['MEDIA_STORE_UNAVAILABLE', 503],
    ['MEDIA_BAD_KEY', 500],
    ['STORE_UNAVAILABLE', 503],
  ]
  for (const [code, status] of failures) {
    test(`${code} is a ${status} that says nothing of where it lies`, async () => {
      await start({ listen: () => Promise.reject(new EngineError(code, 'bucket secret-bucket /var/lib/x')) })
      const answer = await send('GET', AUDIO)
      assert.equal(answer.status, status)
      assert.equal(answer.headers.get('content-type'), 'application/json; charset=utf-8')
      const text = await answer.text()
      assert.doesNotMatch(text, /secret-bucket|var/)
      assert.match(text, /"success":false/)
    })
  }

  test('whoever hangs up in the middle ends the reading', async () => {
    const reading = { ended: false }
    await start({
      listen: () =>
        Promise.resolve(
          (async function* () {
            try {
              for (;;) yield await Promise.resolve(Buffer.alloc(65_536))
            } finally {
              reading.ended = true
            }
          })(),
        ),
    })
    const stop = new AbortController()
    const answer = await fetch(fake.url + AUDIO, { headers: bearer, signal: stop.signal })
    const reader = answer.body?.getReader()
    await reader?.read()
    stop.abort()
    for (let tries = 0; tries < 200 && !reading.ended; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(reading.ended, true)
  })

  const missing: readonly (readonly [method: string, path: string, body?: unknown])[] = [
    ['GET', ''],
    ['DELETE', ''],
    ['GET', '/audio'],
    ['HEAD', '/audio'],
    ['GET', '/audit'],
    ['PUT', '/legal-hold', { reason: 'x' }],
    ['DELETE', '/legal-hold'],
    ['POST', '/link', {}],
  ]
  for (const [method, path, body] of missing) {
    test(`${method} ${path === '' ? 'the recording' : path} of one that is not there is a 404, of no uuid a 400`, async () => {
      await start()
      const unknown = RECORDING_ID.replace('7d3c', '0000')
      assert.equal((await send(method, `/v1/recordings/${unknown}${path}`, {}, body)).status, 404)
      assert.equal((await send(method, `/v1/recordings/17${path}`, {}, body)).status, 400)
    })
  }

  test('a recording tells nothing of keys and places', async () => {
    await start()
    for (const path of ['/v1/recordings', `/v1/recordings/${RECORDING_ID}`]) {
      const text = await (await send('GET', path)).text()
      assert.doesNotMatch(text, /wrapped|2026\/08\/01|storageKey|bucket/)
      assert.match(text, /"encrypted":true/)
    }
  })

  const bad: readonly (readonly [query: string, field: string])[] = [
    ['call=17', 'call'],
    ['user=0', 'user'],
    ['since=yesterday', 'since'],
    ['since=2026-13-01', 'since'],
    ['number=abc', 'number'],
    ['limit=1001', 'limit'],
    ['colour=red', 'colour'],
  ]
  for (const [query, field] of bad) {
    test(`?${query} names ${field}`, async () => {
      await start()
      const answer = await send('GET', `/v1/recordings?${query}`)
      assert.equal(answer.status, 400)
      assert.match(await answer.text(), new RegExp(field))
    })
  }

  test('a hold needs a reason in one line', async () => {
    await start()
    for (const body of [{}, { reason: '' }, { reason: 'a\nb' }, { reason: 'x'.repeat(1_001) }, { reason: 1 }])
      assert.equal((await send('PUT', `/v1/recordings/${RECORDING_ID}/legal-hold`, {}, body)).status, 400)
  })

  test('a link is for minutes, not for days', async () => {
    await start()
    for (const minutes of [0, 61, 1.5, '5'])
      assert.equal((await send('POST', `/v1/recordings/${RECORDING_ID}/link`, {}, { minutes })).status, 400)
    const good = await send('POST', `/v1/recordings/${RECORDING_ID}/link`, {}, {})
    assert.match(((await good.json()) as { url: string }).url, /^\/v1\/recordings\/[0-9a-f-]{36}\/listen\?/)
  })

  test('a link is heard without a token, and a wrong one is not', async () => {
    await start()
    const path = `/v1/recordings/${RECORDING_ID}/listen?part=mix&expires=1&by=admin`
    const right = await fetch(`${fake.url}${path}&signature=right`, { headers: { range: 'bytes=0-9' } })
    assert.equal(right.status, 206)
    assert.deepEqual(Buffer.from(await right.arrayBuffer()), SOUND.subarray(0, 10))
    assert.equal(heard[0]?.actor.who, 'admin by link')
    const wrong = await fetch(`${fake.url}${path}&signature=wrong`)
    assert.equal(wrong.status, 403)
    assert.match(await wrong.text(), /LINK_EXPIRED/)
    assert.equal((await fetch(`${fake.url}/v1/recordings/${RECORDING_ID}/listen`)).status, 400)
  })
})
