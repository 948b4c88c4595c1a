import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { EVENT_FILTERS, EVENT_TYPES, isWanted } from '../../src/deliver/event-names.ts'
import { decodeEvent, encodeEvent } from '../../src/deliver/event-record.ts'
import { FAILURES_BEFORE_PAUSE, pauseMs, retryAfterMs, retryDelayMs } from '../../src/deliver/retry.ts'
import { newSecret, signatureOf } from '../../src/deliver/sign.ts'
import { idOf } from '../../src/deliver/tell-calls.ts'

suite('deliver: when it is tried again', () => {
  test('5 s, 15 s, 45 s ... to an hour, then every hour', () => {
    assert.deepEqual(
      Array.from({ length: 11 }, (_, at) => retryDelayMs(at + 1, 0.5) / 1_000),
      [5, 15, 45, 120, 300, 600, 1_200, 2_400, 3_600, 3_600, 3_600],
    )
  })
  test('a fifth earlier or later, so that many do not come back at once', () => {
    assert.equal(retryDelayMs(1, 0), 4_000)
    assert.equal(retryDelayMs(1, 1), 6_000)
  })
  test('not before the receiver’s Retry-After, within an hour', () => {
    assert.equal(retryDelayMs(1, 0.5, 60_000), 60_000)
    assert.equal(retryDelayMs(1, 0.5, 86_400_000), 3_600_000)
    assert.equal(retryDelayMs(9, 0.5, 1_000), 3_600_000)
  })
  test('Retry-After in seconds, as a date, and as nonsense', () => {
    assert.equal(retryAfterMs('120', 0), 120_000)
    assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:01:00 GMT', 0), 60_000)
    assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:00 GMT', 5_000), 0)
    for (const nonsense of [undefined, '', 'soon', '-5', '9'.repeat(20)])
      assert.equal(retryAfterMs(nonsense, 0), 0)
  })
  test('an endpoint is paused at the fifth failure, longer each time, five minutes at the most', () => {
    assert.equal(pauseMs(FAILURES_BEFORE_PAUSE - 1, 0), 0)
    assert.deepEqual(
      [5, 6, 7, 8, 9, 10, 100].map((failures) => pauseMs(failures, 0) / 1_000),
      [15, 30, 60, 120, 240, 300, 300],
    )
  })
})

suite('deliver: names, signatures, records', () => {
  test('a filter is a name, a kind, or everything', () => {
    assert.ok(isWanted('call.answered', ['call.answered']))
    assert.ok(isWanted('call.answered', ['recording.*', 'call.*']))
    assert.ok(isWanted('cdr.stored', ['*']))
    assert.ok(!isWanted('cdr.stored', ['call.*', 'recording.stored']))
    assert.ok(!isWanted('call.answered', []))
    for (const type of EVENT_TYPES)
      assert.ok(EVENT_FILTERS.includes(type) && EVENT_FILTERS.includes(`${type.split('.')[0] ?? ''}.*`))
  })
  test('what is signed is the time and the body; every good secret signs', () => {
    const v1 = (secret: string): string =>
      createHmac('sha256', secret).update('1785585600.{"a":1}').digest('hex')
    assert.equal(
      signatureOf(['new', 'old'], '{"a":1}', 1_785_585_600_999),
      `t=1785585600,v1=${v1('new')},v1=${v1('old')}`,
    )
    assert.match(newSecret(), /^whsec_[\w-]{43}$/)
    assert.notEqual(newSecret(), newSecret())
  })
  test('an id is a uuid, of the key alone', () => {
    assert.match(idOf('a'), /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.equal(idOf('a'), idOf('a'))
    assert.notEqual(idOf('a'), idOf('b'))
  })
  test('what was written to the journal is read back; anything else is a fault that no repetition mends', () => {
    const event = {
      id: idOf('a'),
      type: 'call.answered',
      at: 5,
      organizationId: 1,
      callId: undefined,
      callbackUrl: undefined,
      payload: { a: 'ü\u0000' },
    } as const
    assert.deepEqual(decodeEvent(encodeEvent(event)), event)
    const bad = [
      '',
      '[]',
      'null',
      '{}',
      '{"id":"x"}',
      JSON.stringify({ ...event, type: 'call.exploded' }),
      JSON.stringify({ ...event, callId: 'x' }),
      JSON.stringify({ ...event, payload: 3 }),
    ]
    for (const text of bad)
      assert.throws(() => decodeEvent(Buffer.from(text)), {
        code: 'DELIVER_BAD_EVENT',
        details: { retryable: false },
      })
  })
})
