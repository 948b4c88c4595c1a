import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { EngineError } from '../../src/base/errors.ts'
import { parseEvent, type EslEvent } from '../../src/esl/event.ts'
import { createFramer, type Frame } from '../../src/esl/framer.ts'
import { formatConnectReply, formatEvent, type EventHeaders } from '../../src/esl/wire.ts'

const FORMATS = ['plain', 'json'] as const

const frameOf = (bytes: Buffer): Frame => {
  const [frame] = createFramer().push(bytes)
  assert.ok(frame)
  return frame
}
const eventOf = (format: 'plain' | 'json', headers: EventHeaders, body?: string): EslEvent =>
  parseEvent(frameOf(formatEvent(format, headers, body)))
const rawEvent = (type: string, content: Buffer): EslEvent =>
  parseEvent(
    frameOf(
      Buffer.concat([Buffer.from(`Content-Length: ${content.length}\nContent-Type: ${type}\n\n`), content]),
    ),
  )
const recorded = (name: string): EslEvent[] =>
  createFramer()
    .push(readFileSync(new URL(`samples/${name}.bin`, import.meta.url)))
    .filter((frame) => frame.contentType.startsWith('text/event-') || frame.get('Event-Name') !== undefined)
    .map(parseEvent)

const codeOfThrow = (act: () => unknown): string => {
  try {
    act()
  } catch (fault) {
    assert.ok(fault instanceof EngineError, String(fault))
    return fault.code
  }
  return 'nothing thrown'
}

suite('esl/event', () => {
  for (const name of ['plain', 'json', 'outbound', 'background-job']) {
    test(`in the recording ${name} every header that is listed is found alone, with the same value`, () => {
      for (const event of recorded(name)) {
        assert.ok(event.headers().size > 10)
        for (const [header, value] of event.headers()) {
          assert.equal(event.get(header), value, header)
          if (header.startsWith('variable_')) assert.equal(event.variable(header.slice(9)), value, header)
        }
      }
    })
  }

  test('the two formats say the same of one call', () => {
    const [plain, json] = FORMATS.map((name) =>
      recorded(name).find((event) => event.name === 'CHANNEL_HANGUP_COMPLETE'),
    )
    assert.ok(plain !== undefined && json !== undefined)
    assert.deepEqual([...plain.headers().keys()].slice(0, 40), [...json.headers().keys()].slice(0, 40))
    for (const header of [
      'Caller-Caller-ID-Number',
      'Hangup-Cause',
      'variable_sip_from_uri',
      'Channel-Name',
    ]) {
      assert.equal(plain.get(header), json.get(header), header)
    }
    for (const event of [plain, json])
      assert.match(event.variable('originated_legs') ?? 'ARRAY::', /^ARRAY::/)
  })

  test('the reply to connect is an event with its channel and variables', () => {
    const [channel] = recorded('outbound')
    assert.equal(channel?.name, 'CHANNEL_DATA')
    assert.equal(channel.get('Caller-Caller-ID-Number'), '+4930123')
    assert.equal(channel.get('Unique-ID'), channel.variable('uuid'))
    assert.equal(channel.body, undefined)
    assert.equal(channel.get('Control'), 'full')
  })

  test('the body of a BACKGROUND_JOB is read as it was sent', () => {
    const job = recorded('background-job').at(-1)
    assert.match(job?.body ?? '', /^UP 0 years.*\n$/s)
    assert.equal(job?.get('Job-Command'), 'status')
  })

  for (const format of FORMATS) {
    test(`${format}: any header and body is read back as it was written`, () => {
      const name = fc.stringMatching(/^[A-Za-z][A-Za-z_-]{0,20}$/).filter((text) => text !== '_body')
      const value = fc
        .string({ unit: 'binary', maxLength: 30 })
        .filter((text) => !text.includes('\0') && text !== '_undef_')
      fc.assert(
        fc.property(fc.dictionary(name, value), fc.option(value, { nil: undefined }), (headers, body) => {
          const event = eventOf(
            format,
            { 'Event-Name': 'CUSTOM', ...headers },
            body === '' ? undefined : body,
          )
          for (const [header, text] of Object.entries(headers))
            assert.equal(event.get(header), text.toWellFormed())
          assert.equal(event.body, body === '' ? undefined : body?.toWellFormed())
        }),
      )
    })

    test(`${format}: an empty value is empty, a missing one undefined`, () => {
      const event = eventOf(format, {
        'Event-Name': 'CUSTOM',
        'Event-Subclass': 'a::b',
        Empty: '',
        variable_x: '',
      })
      assert.deepEqual([event.get('Empty'), event.variable('x'), event.variable('y')], ['', '', undefined])
      assert.deepEqual([event.name, event.subclass], ['CUSTOM', 'a::b'])
      assert.equal(event.headers().get('Empty'), '')
    })

    test(`${format}: a header is not found within another's name or value, nor in the body`, () => {
      const lookalikes = '\nUnique-ID: no\n,"Unique-ID":"no",{"Unique-ID":"no"\\","Unique-ID":"no"'
      const event = eventOf(
        format,
        {
          'Event-Name': 'CUSTOM',
          'Other-Leg-Unique-ID': 'no',
          'Unique-ID-2': 'no',
          Value: lookalikes,
          variable_myname: 'no',
          name: 'no',
        },
        lookalikes,
      )
      assert.equal(event.get('Unique-ID'), undefined)
      assert.equal(event.variable('name'), undefined)
      assert.equal(event.get('Value'), lookalikes)
      assert.equal(event.body, lookalikes)
    })

    test(`${format}: several elements read alike`, () => {
      const event = eventOf(format, { 'Event-Name': 'X', variable_legs: ['a;1', 'b"]'], After: 'yes' })
      assert.equal(event.variable('legs'), 'ARRAY::a;1|:b"]')
      assert.equal(event.get('After'), 'yes')
      assert.equal(event.headers().get('variable_legs'), 'ARRAY::a;1|:b"]')
    })
  }

  test('a Latin-1 caller name spoils neither itself nor its neighbours', () => {
    const plain = rawEvent(
      'text/event-plain',
      Buffer.from('Event-Name: X\nName: J%F6rg\nRaw: J\xf6rg\nCity: K%C3%B6ln\n\n', 'latin1'),
    )
    const json = rawEvent(
      'text/event-json',
      Buffer.from('{"Event-Name":"X","Name":"J\xf6rg","Raw":"J\xf6rg","City":"K\xc3\xb6ln"}', 'latin1'),
    )
    for (const event of [plain, json]) {
      assert.deepEqual(['Name', 'Raw', 'City'].map(event.get.bind(event)), ['Jörg', 'Jörg', 'Köln'])
      assert.deepEqual([...event.headers().values()], ['X', 'Jörg', 'Jörg', 'Köln'])
    }
  })

  test('a repeated header reads as its first', () => {
    const plain = rawEvent('text/event-plain', Buffer.from('Event-Name: X\nA: 1\nA: 2\n\n'))
    assert.equal(plain.get('A'), '1')
    assert.equal(plain.headers().get('A'), '1')
    assert.equal(rawEvent('text/event-json', Buffer.from('{"Event-Name":"X","A":"1","A":"2"}')).get('A'), '1')
  })

  test('JSON that is laid out otherwise is read all the same', () => {
    const text = JSON.stringify(
      { Core: 'c', 'Event-Name': 'X', Number: 5, variable_a: 'J\u00f6rg \u{1f600}', _body: 'b' },
      null,
      2,
    )
    const event = rawEvent('text/event-json', Buffer.from(text))
    assert.deepEqual(
      [event.name, event.get('Number'), event.variable('a'), event.body],
      ['X', '5', 'Jörg 😀', 'b'],
    )
  })

  const broken: readonly (readonly [string, string, string, string])[] = [
    ['JSON that ends early', 'ESL_EVENT_BROKEN', 'text/event-json', '{"Event-Name":"X","A":"b'],
    ['JSON that is a list', 'ESL_EVENT_BROKEN', 'text/event-json', '["Event-Name"]'],
    ['an empty JSON event', 'ESL_EVENT_BROKEN', 'text/event-json', ''],
    ['JSON without Event-Name', 'ESL_EVENT_BROKEN', 'text/event-json', '{"A":"b"}'],
    ['a plain event without Event-Name', 'ESL_EVENT_BROKEN', 'text/event-plain', 'A: b\n\n'],
    ['a log line', 'ESL_EVENT_TYPE', 'log/data', 'Event-Name: X\n\n'],
  ]
  for (const [what, code, type, text] of broken) {
    test(`${what} is ${code}`, () => {
      assert.equal(
        codeOfThrow(() => rawEvent(type, Buffer.from(text))),
        code,
      )
    })
  }

  test('whatever the bytes, an event is read or an EngineError is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('plain', 'json'), (bytes, format) => {
        const start = format === 'plain' ? 'Event-Name: X\n' : '{"Event-Name":"X",'
        const end = format === 'plain' ? '' : '"}'
        codeOfThrow(() => {
          const event = rawEvent(
            `text/event-${format}`,
            Buffer.concat([Buffer.from(start), bytes, Buffer.from(end)]),
          )
          event.get('A')
          event.headers()
        })
      }),
    )
  })

  test('the connect reply that we write is the one that we read', () => {
    const event = parseEvent(
      frameOf(formatConnectReply({ 'Event-Name': 'CHANNEL_DATA', 'Unique-ID': 'u', variable_x: 'ä\n"' })),
    )
    assert.deepEqual(
      [event.name, event.variable('x'), event.get('Reply-Text')],
      ['CHANNEL_DATA', 'ä\n"', '+OK\n'],
    )
  })
})
