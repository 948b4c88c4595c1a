import assert from 'node:assert/strict'
import fc from 'fast-check'
import { EngineError } from '../../src/base/errors.ts'
import { createCommandReader } from '../../src/esl/command-reader.ts'
import { command } from '../../src/esl/command.ts'

const rows: readonly (readonly [string, string, string])[] = [
  ['auth', command.auth('Clue Con'), 'auth Clue Con\n\n'],
  ['api', command.api('show', 'calls as json'), 'api show calls as json\n\n'],
  ['api without arguments', command.api('status'), 'api status\n\n'],
  ['bgapi', command.bgapi('originate', 'a &park()', 'j-1'), 'bgapi originate a &park()\nJob-UUID: j-1\n\n'],
  ['subscribe', command.subscribe('plain', ['A', 'B']), 'event plain A B\n\n'],
  [
    'subscribe to subclasses',
    command.subscribe('json', ['A'], ['x::y', 'z']),
    'event json A CUSTOM x::y z\n\n',
  ],
  ['CUSTOM comes last', command.subscribe('json', ['CUSTOM', 'A'], ['x']), 'event json A CUSTOM x\n\n'],
  [
    'execute',
    command.execute('playback', 'a.wav', { eventUuid: 'e', eventLock: true, loops: 2, uuid: 'u' }),
    'sendmsg u\ncall-command: execute\nexecute-app-name: playback\nevent-uuid: e\nevent-lock: true\nloops: 2\n' +
      'execute-app-arg: a.wav\n\n',
  ],
  [
    'execute on an outbound socket',
    command.execute('answer', undefined, { eventUuid: 'e' }),
    'sendmsg\ncall-command: execute\nexecute-app-name: answer\nevent-uuid: e\n\n',
  ],
  [
    'an argument of several lines goes into a body, counted in bytes',
    command.execute('send_display', 'ä\n\nb', { eventUuid: 'e', argAsBody: true }),
    'sendmsg\ncall-command: execute\nexecute-app-name: send_display\nevent-uuid: e\ncontent-type: text/plain\n' +
      'content-length: 5\n\nä\n\nb',
  ],
  [
    'hangup',
    command.hangup('USER_BUSY', 'u'),
    'sendmsg u\ncall-command: hangup\nhangup-cause: USER_BUSY\n\n',
  ],
  ['filter', command.filter('Unique-ID', 'u'), 'filter Unique-ID u\n\n'],
  ['linger', command.linger(5), 'linger 5\n\n'],
  ['myevents', command.myevents('json'), 'myevents json\n\n'],
  [
    'sendevent',
    command.sendevent('NOTIFY', { profile: 'phones' }, 'x\ny'),
    'sendevent NOTIFY\nprofile: phones\ncontent-length: 3\n\nx\ny',
  ],
]

const fieldOfRefusal = (act: () => unknown): unknown => {
  try {
    act()
  } catch (fault) {
    assert.ok(fault instanceof EngineError, String(fault))
    const { field } = fault.details
    return typeof field === 'string' ? `${fault.code} ${field}` : fault.code
  }
  return 'taken'
}

suite('esl/command', () => {
  for (const [what, written, expected] of rows) {
    test(`${what} is written as the switch reads it`, () => assert.equal(written, expected))
  }

  for (const bad of ['a\nb', 'a\r', '\0', 'Bob\n\napi system reboot']) {
    test(`${JSON.stringify(bad)} is refused in every value, and the field is named`, () => {
      const refusals: readonly (readonly [string, () => unknown])[] = [
        ['password', () => command.auth(bad)],
        ['command', () => command.api(bad)],
        ['args', () => command.api('status', bad)],
        ['args', () => command.bgapi('status', bad, 'j')],
        ['jobUuid', () => command.bgapi('status', '', bad)],
        ['event', () => command.subscribe('plain', [bad])],
        ['subclass', () => command.subscribe('plain', [], [bad])],
        ['app', () => command.execute(bad, '', { eventUuid: 'e' })],
        ['arg', () => command.execute('set', bad, { eventUuid: 'e' })],
        ['eventUuid', () => command.execute('set', 'a=b', { eventUuid: bad })],
        ['uuid', () => command.execute('set', 'a=b', { eventUuid: 'e', uuid: bad })],
        ['cause', () => command.hangup(bad)],
        ['uuid', () => command.hangup('NORMAL_CLEARING', bad)],
        ['header', () => command.filter(bad, 'x')],
        ['value', () => command.filter('Unique-ID', bad)],
        ['name', () => command.sendevent(bad)],
        ['header', () => command.sendevent('X', { [bad]: 'x' })],
        ['profile', () => command.sendevent('X', { profile: bad })],
      ]
      for (const [field, act] of refusals) assert.equal(fieldOfRefusal(act), `ESL_UNSAFE_VALUE ${field}`)
    })
  }

  test('ALL is never subscribed to, and nothing is no subscription', () => {
    for (const all of ['ALL', 'all']) {
      assert.equal(
        fieldOfRefusal(() => command.subscribe('plain', ['CHANNEL_ANSWER', all])),
        'ESL_SUBSCRIBE_ALL',
      )
      assert.equal(
        fieldOfRefusal(() => command.subscribe('plain', [], [all])),
        'ESL_SUBSCRIBE_ALL',
      )
    }
    assert.equal(
      fieldOfRefusal(() => command.subscribe('plain', [])),
      'ESL_SUBSCRIBE_NOTHING',
    )
  })

  test('loops and seconds are whole numbers', () => {
    for (const number of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.equal(
        fieldOfRefusal(() => command.linger(number)),
        'ESL_UNSAFE_VALUE seconds',
      )
      assert.equal(
        fieldOfRefusal(() => command.execute('a', '', { eventUuid: 'e', loops: number })),
        'ESL_UNSAFE_VALUE loops',
      )
    }
  })

  test('whatever the values, what is written is exactly one command', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('a\n\napi x', '', ' ', '\r\n', 'é\n'),
    )
    fc.assert(
      fc.property(text, text, text, fc.boolean(), (app, arg, uuid, argAsBody) => {
        let written
        try {
          written = command.execute(app, arg, { eventUuid: 'e', uuid, argAsBody })
        } catch (fault) {
          assert.ok(fault instanceof EngineError)
          return
        }
        const read = createCommandReader().push(Buffer.from(written))
        assert.equal(read.length, 1)
        assert.equal(read[0]?.line, `sendmsg ${uuid.toWellFormed()}`)
      }),
    )
  })

  test('a reader of commands takes them however they are cut', () => {
    const stream = Buffer.from(rows.map(([, written]) => written).join(''))
    for (let cut = 0; cut <= stream.length; cut++) {
      const reader = createCommandReader()
      const read = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))]
      assert.deepEqual(
        read.map(({ line }) => line),
        rows.map(([, written]) => written.slice(0, written.indexOf('\n'))),
      )
    }
  })
})
