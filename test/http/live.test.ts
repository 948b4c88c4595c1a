import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { createEventReader } from '../../src/cli/event-stream.ts'
import { bearer, startFake, TOKEN, type Fake } from './fake-doors.ts'
import { A_LEG, call, CALL_ID, leg, NOON } from './samples.ts'

suite('HTTP: the live stream', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  const happen = (kind: 'ringing' | 'answered', callId = CALL_ID): void =>
    fake.happen({ at: NOON, kind, call: call({ callId }), leg: leg(), cost: undefined })

  /** Reads until `count` events came, then hangs up. */
  const read = async (
    count: number,
    query = '',
    headers: Record<string, string> = {},
    during = (): void => undefined,
  ): Promise<{ id: string; kind: unknown }[]> => {
    const stop = new AbortController()
    const answer = await fetch(`${fake.url}/v1/live${query}`, {
      headers: { ...bearer, ...headers },
      signal: stop.signal,
    })
    assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
    assert.ok(answer.body)
    const reader = createEventReader()
    const events: { id: string; kind: unknown }[] = []
    during()
    for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
      for (const { id, data } of reader.push(piece)) {
        events.push({ id: id ?? '', kind: (JSON.parse(data) as Record<string, unknown>)['kind'] })
      }
      if (events.length >= count) break
    }
    stop.abort()
    return events
  }

  test('without an id, only what happens from now on', async () => {
    happen('ringing')
    assert.deepEqual(await read(1, '', {}, () => happen('answered')), [{ id: '2', kind: 'answered' }])
  })

  test('with Last-Event-ID, what was missed comes first; "after" says the same', async () => {
    happen('ringing')
    happen('ringing')
    happen('answered')
    assert.deepEqual(
      (await read(2, '', { 'last-event-id': '1' })).map(({ id }) => id),
      ['2', '3'],
    )
    assert.deepEqual(
      (await read(3, '?after=0')).map(({ id }) => id),
      ['1', '2', '3'],
    )
    const bad = await fetch(`${fake.url}/v1/live`, { headers: { ...bearer, 'last-event-id': 'x' } })
    assert.equal(bad.status, 400)
  })

  test('of one call, only its own', async () => {
    happen('ringing', A_LEG)
    happen('ringing')
    happen('answered', A_LEG)
    happen('answered')
    assert.deepEqual(
      (await read(2, `?after=0&callId=${CALL_ID}`)).map(({ id }) => id),
      ['2', '4'],
    )
  })

  test('who leaves is forgotten', async () => {
    await read(1, '', {}, () => happen('ringing'))
    for (let wait = 0; wait < 100 && fake.listeners() > 0; wait += 1)
      await new Promise((resolve) => setTimeout(resolve, 10))
    assert.equal(fake.listeners(), 0)
  })

  test('who does not read is cut off, and the engine keeps no more than a bounded backlog', async () => {
    const socket = connect(Number(new URL(fake.url).port), '127.0.0.1')
    socket.pause()
    socket.on('error', () => undefined)
    socket.write(`GET /v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`)
    while (fake.listeners() === 0) await new Promise((resolve) => setImmediate(resolve))
    for (let batch = 0; batch < 400 && fake.listeners() > 0; batch += 1) {
      for (let at = 0; at < 100; at += 1) happen('ringing')
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(fake.listeners(), 0)
    socket.destroy()
  })

  test('a server that stops ends its streams', async () => {
    const other = await startFake()
    const answer = await fetch(`${other.url}/v1/live`, { headers: bearer })
    const whole = answer.text()
    await other.server.stop()
    assert.match(await whole, /: connected/)
  })

  test('the 257th reader is told to come back later', async () => {
    const stop = new AbortController()
    const open = async (): Promise<number> =>
      (await fetch(`${fake.url}/v1/live`, { headers: bearer, signal: stop.signal })).status
    const statuses = await Promise.all(Array.from({ length: 256 }, open))
    assert.ok(statuses.every((status) => status === 200))
    assert.equal(await open(), 503)
    stop.abort()
  })
})
