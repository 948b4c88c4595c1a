import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createEventReader, type ServerEvent } from '../../src/cli/event-stream.ts'
import { flush, follow, NOTHING_YET } from '../../src/cli/follow.ts'
import { duration, table } from '../../src/cli/format.ts'
import { plain, textOf } from '../../src/cli/json.ts'

suite('cli: a stream of events', () => {
  const whole = Buffer.from(
    'retry: 1\n: hello\n\nid: 1\ndata: {"a":"ü"}\n\nid: 2\r\ndata: x\r\ndata:y\r\n\r\n: still here\n\nevent: reset\ndata: {}\n\ndata: z\n\n',
  )
  const expected: readonly ServerEvent[] = [
    { id: '1', data: '{"a":"ü"}' },
    { id: '2', data: 'x\ny' },
    { id: '2', name: 'reset', data: '{}' },
    { id: '2', data: 'z' },
  ]

  test('reads the same in whatever pieces it arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: whole.length })), (cuts) => {
        const reader = createEventReader()
        const edges = [0, ...cuts.sort((a, b) => a - b), whole.length]
        const events = edges.slice(1).flatMap((edge, at) => reader.push(whole.subarray(edges[at], edge)))
        assert.deepEqual(events, expected)
      }),
    )
  })
})

suite('cli: following a call', () => {
  const failed = {
    kind: 'leg-ended',
    at: '2026-08-01T12:00:00.000Z',
    call: {},
    leg: { leg: 'B', carrier: 'Alpha', gatewayId: 1, sipStatus: 486, hangupCause: 'USER_BUSY' },
  }

  test('a failure is told without a next one where none came', () => {
    const held = follow(NOTHING_YET, failed)
    assert.deepEqual(held.lines, [])
    assert.match(flush(held.state).lines[0] ?? '', /Alpha \(gw1\): 486 USER_BUSY$/)
    const ended = follow(held.state, {
      kind: 'call-ended',
      at: failed.at,
      call: { hangupCause: 'USER_BUSY' },
    })
    assert.equal(ended.lines.length, 2)
    assert.match(ended.lines[0] ?? '', /USER_BUSY$/)
    assert.equal(ended.state.answered, false)
  })

  test('an event of any form is no fault', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('kind', 'at', 'call', 'leg', 'cost'), fc.anything()),
        (event) => void follow(NOTHING_YET, event),
      ),
    )
  })

  test('what a stranger named himself cannot command a terminal', () => {
    const { lines } = follow(NOTHING_YET, {
      kind: 'ringing',
      at: failed.at,
      call: {},
      leg: { leg: 'A', party: '\u001b]0;x\u0007\u009b2J\u202eBob\n' },
    })
    assert.match(lines[0] ?? '', /^\d\d:00:00 {2}\]0;x2JBob is ringing$/)
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => !/\p{Cc}/u.test(plain(text)) && !/\p{Cc}/u.test(textOf({ text }, 'text')),
      ),
    )
  })
})

suite('cli: tables and times', () => {
  test('a table never is wider than it may', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.string({ maxLength: 200 }), { minLength: 5, maxLength: 5 })), (rows) =>
        table(['A', 'B', 'C', 'D', 'E'], rows).every((line) => line.length <= 120),
      ),
    )
  })

  test('durations read as people say them', () => {
    assert.deepEqual([0.4, 59, 125, 3600].map(duration), ['0 s', '59 s', '2 min 5 s', '1 h 0 min'])
  })
})
