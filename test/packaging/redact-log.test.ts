import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { PROJECT } from './project.ts'

const SCRIPT = join(PROJECT, 'scripts', 'redact-log')

const redact = (...lines: readonly string[]): readonly string[] =>
  execFileSync(process.execPath, [SCRIPT], {
    input: lines.map((line) => `${line}\n`).join(''),
    encoding: 'utf8',
    timeout: 15_000,
    maxBuffer: 16_000_000,
  })
    .split('\n')
    .slice(0, -1)

const fields = (document: Readonly<Record<string, unknown>>): unknown => {
  const [line = ''] = redact(JSON.stringify(document))
  return JSON.parse(line)
}

suite('scripts/redact-log', () => {
  test('numbers in fields and in texts keep their last two digits', () => {
    assert.deepEqual(fields({ to: '+442079460123', msg: 'sip:442079460123@192.0.2.15:5060 failed' }), {
      to: '+**********23',
      msg: 'sip:**********23@192.0.2.15:5060 failed',
    })
  })

  test('so do numbers as people write them, numbers as numbers, and those that the engine masked', () => {
    assert.deepEqual(
      fields({
        a: '+44 20 7946 0123',
        b: '(020) 7946-0123',
        c: 442079460123,
        d: '+442*******23',
        e: '020 7946 0123',
      }),
      {
        a: '+** ** **** **23',
        b: '(***) ****-**23',
        c: '**********23',
        d: '+**********23',
        e: '*** **** **23',
      },
    )
  })

  test('numbers as names of fields, in lists and below other fields', () => {
    assert.deepEqual(fields({ byNumber: { '+442079460123': [{ x: ['33142685300'] }] } }), {
      byNumber: { '+**********23': [{ x: ['*********00'] }] },
    })
  })

  test('what tells calls apart stays: times, ids of calls, addresses, extensions, counts', () => {
    const line = {
      level: 'info',
      time: '2026-11-20T18:49:51.123Z',
      callId: '0f1e2d3c-1111-2222-3333-444455556666',
      address: '192.0.2.15',
      from: '1001',
      durationMs: 12345678,
      attempts: 3,
      ok: true,
      none: null,
      msg: 'listens on 127.0.0.1:8080',
    }
    assert.deepEqual(fields(line), line)
  })

  for (const name of [
    'password',
    'devicePassword',
    'vm-password',
    'xml_curl_password',
    'token',
    'adminToken',
    'authorization',
    'a1Hash',
    'a1-hash',
    'masterKey',
    'secret',
    'pin',
    'conferencePin',
    'PIN',
    'dtmf',
    'digits',
    'cookie',
    'apiKey',
  ])
    test(`the field ${name} is a secret, whatever is in it`, () => {
      assert.deepEqual(fields({ [name]: 'hunter2' }), { [name]: '[secret]' })
      assert.deepEqual(fields({ deep: [{ [name]: 1234 }] }), { deep: [{ [name]: '[secret]' }] })
      assert.deepEqual(fields({ [name]: { inner: 'hunter2' } }), { [name]: '[secret]' })
    })

  test('names that only sound like it are not', () => {
    const line = { pinging: 'yes', mapping: 'a', spinning: 7, compassion: 'b' }
    assert.deepEqual(fields(line), line)
  })

  for (const [text, masked] of [
    ['postgres://strowger:s3cr@t@db:5432/x', 'postgres://strowger:[secret]@db:5432/x'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer [secret]'],
    ['password=hunter2, pin=9876', 'password=[secret], pin=[secret]'],
    ['<param name="x"/> secret => abc end', '<param name="x"/> secret => [secret] end'],
    ['password="two words" end', 'password=[secret] end'],
    ['{"password":"hunter2","x":1}', '{"password":[secret],"x":1}'],
    ['the key 6f1ed002ab5595859014ebf0951522d96f1ed002ab5595859014ebf0951522d9', 'the key [secret]'],
    ['token is q7Jx0aPz3mVbK9tLw2RsYd8NfHc5GuEoXiT1 now', 'token is [secret] now'],
    ['v1.0a1b2c3d.q7Jx0aPz3mVbK9tLw2RsYd8NfHc5GuEo', '[secret]'],
  ] as const)
    test(`in a text: ${masked}`, () => assert.deepEqual(fields({ msg: text }), { msg: masked }))

  test('lines that are no JSON are masked as text, and nothing of them is lost', () => {
    assert.deepEqual(
      redact(
        '  1001@demo.example   password x7Kd82hs',
        'Error: no route to 442079460123',
        '',
        '{"broken": "442079460123',
      ),
      [
        '  1001@demo.example   password [secret]',
        'Error: no route to **********23',
        '',
        '{"broken": "**********23',
      ],
    )
  })

  test('a path in a stack stays readable', () => {
    const line = { err: { stack: 'Error: x\n    at file:///opt/strowger/dist/app/engine.js:123:45' } }
    assert.deepEqual(fields(line), line)
  })

  test('a line of a megabyte takes no time to speak of', function () {
    this.timeout(10_000)
    for (const piece of ['a-', 'aB3', '0', ' 1', 'pin', '"', '+1'])
      assert.equal(redact(JSON.stringify({ msg: piece.repeat(1_000_000 / piece.length) })).length, 1)
  })
})
