import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { EngineError } from '../../src/base/errors.ts'
import { createFramer, type Frame } from '../../src/esl/framer.ts'
import * as wire from '../../src/esl/wire.ts'

const sample = (name: string): Buffer => readFileSync(new URL(`samples/${name}.bin`, import.meta.url))

const shown = (frames: readonly Frame[]): string[] =>
  frames.map(({ contentType, bytes, headerStart, headerEnd, body }) =>
    [
      contentType,
      bytes.toString('latin1', headerStart, headerEnd),
      body?.toString('latin1') ?? 'no body',
    ].join('#'),
  )

const pushAll = (stream: Buffer, cuts: readonly number[]): string[] => {
  const framer = createFramer()
  const frames: string[] = []
  let from = 0
  for (const cut of [...cuts, stream.length]) {
    frames.push(...shown(framer.push(stream.subarray(from, cut))))
    from = cut
  }
  return frames
}

const codeOfThrow = (act: () => unknown): string => {
  try {
    act()
  } catch (fault) {
    assert.ok(fault instanceof EngineError, String(fault))
    return fault.code
  }
  return 'nothing thrown'
}

const replies = Buffer.concat([
  wire.formatAuthRequest(),
  wire.formatReply('+OK accepted'),
  Buffer.from('\n'),
  wire.formatApiResponse('naïve\n\nbody'),
  wire.formatApiResponse(''),
  wire.formatEvent('plain', { 'Event-Name': 'BACKGROUND_JOB', 'Job-UUID': 'j' }, 'Content-Type: x\n\n+OK'),
  wire.formatDisconnectNotice(),
])

suite('esl/framer', () => {
  for (const name of ['plain', 'json', 'outbound', 'background-job']) {
    test(`every way to cut the recording ${name} yields the same frames`, () => {
      const stream = sample(name)
      const whole = shown(createFramer().push(stream))
      fc.assert(
        fc.property(fc.array(fc.nat(stream.length), { maxLength: 40 }), (cuts) => {
          assert.deepEqual(
            pushAll(
              stream,
              cuts.sort((a, b) => a - b),
            ),
            whole,
          )
        }),
        { numRuns: 50 },
      )
    })
  }

  test('every single cut of a stream of replies yields the same frames', () => {
    const whole = shown(createFramer().push(replies))
    assert.equal(whole.length, 6)
    for (let cut = 0; cut <= replies.length; cut++) assert.deepEqual(pushAll(replies, [cut]), whole)
  })

  test('a stream that comes byte by byte yields the same frames', () => {
    for (const stream of [replies, sample('background-job'), sample('outbound')]) {
      const cuts = Array.from(stream, (_, index) => index)
      assert.deepEqual(pushAll(stream, cuts), shown(createFramer().push(stream)))
    }
  })

  test('the recordings hold the frames that the switch wrote', () => {
    const types = (name: string): string[] =>
      [...createFramer().push(sample(name))].map((frame) => frame.contentType)
    assert.deepEqual(types('background-job'), ['command/reply', 'text/event-plain'])
    assert.deepEqual(types('plain').slice(0, 4), [
      'auth/request',
      'command/reply',
      'command/reply',
      'text/event-plain',
    ])
    assert.equal(types('outbound').at(-1), 'text/disconnect-notice')
    assert.equal(types('json').filter((type) => type === 'text/event-json').length, 17)
  })

  test('a header is found by any case, decoded, and missing ones are undefined', () => {
    const [frame] = createFramer().push(
      Buffer.from('Content-Type: command/reply\nReply-Text: caf%C3%A9 100%\nA:b\n\n'),
    )
    assert.equal(frame?.get('reply-TEXT'), 'café 100%')
    assert.equal(frame.get('a'), 'b')
    assert.equal(frame.get('Reply'), undefined)
    assert.equal(frame.body, undefined)
  })

  test('Content-Length counts bytes, and 0 is an empty body', () => {
    const [naive, empty] = createFramer().push(
      Buffer.concat([wire.formatApiResponse('naïve'), wire.formatApiResponse('')]),
    )
    assert.equal(naive?.body?.toString(), 'naïve')
    assert.equal(naive.get('content-length'), '6')
    assert.equal(empty?.body?.length, 0)
  })

  const broken: readonly (readonly [string, string, string])[] = [
    ['no Content-Type', 'ESL_FRAME_NO_TYPE', 'Reply-Text: +OK\n\n'],
    ['another protocol', 'ESL_FRAME_NO_TYPE', 'HTTP/1.1 400 Bad Request\r\nConnection: close\n\n'],
    ['bytes of another encoding', 'ESL_FRAME_NO_TYPE', '\xff\xfeC\0o\0n\0t\0e\0n\0t\0\n\n'],
    ['a negative length', 'ESL_FRAME_BAD_LENGTH', 'Content-Length: -1\nContent-Type: api/response\n\n'],
    ['a length in words', 'ESL_FRAME_BAD_LENGTH', 'Content-Length: many\nContent-Type: api/response\n\n'],
    ['an empty length', 'ESL_FRAME_BAD_LENGTH', 'Content-Length: \nContent-Type: api/response\n\n'],
    [
      'an endless length',
      'ESL_FRAME_BAD_LENGTH',
      `Content-Length: ${'9'.repeat(40)}\nContent-Type: api/response\n\n`,
    ],
    [
      'a body of a terabyte',
      'ESL_FRAME_BODY_TOO_LARGE',
      'Content-Length: 1099511627776\nContent-Type: api/response\n\n',
    ],
    ['headers that do not end', 'ESL_FRAME_HEADER_TOO_LARGE', 'A: b\n'.repeat(300_000)],
    ['a line that does not end', 'ESL_FRAME_HEADER_TOO_LARGE', 'x'.repeat(2_000_000)],
  ]
  for (const [what, code, text] of broken) {
    test(`${what} is ${code}, and so is every later push`, () => {
      for (const size of [text.length, 7919]) {
        const bytes = Buffer.from(text, 'latin1')
        const framer = createFramer()
        const pushed = (): void => {
          for (let from = 0; from < bytes.length; from += size) framer.push(bytes.subarray(from, from + size))
        }
        assert.equal(codeOfThrow(pushed), code)
        assert.equal(
          codeOfThrow(() => framer.push(wire.formatAuthRequest())),
          code,
        )
      }
    })
  }

  test('a truncated stream yields what is whole and waits for the rest', () => {
    const framer = createFramer()
    const stream = sample('json')
    assert.equal(framer.push(stream.subarray(0, stream.length - 1)).length, 19)
    assert.equal(framer.push(stream.subarray(stream.length - 1)).length, 1)
  })

  test('whatever the bytes, the framer returns frames or throws an EngineError', () => {
    const line = fc.oneof(
      fc.string({ maxLength: 20 }),
      fc.constantFrom(
        'Content-Type: text/event-plain',
        'Content-Length: 5',
        'Content-Length: ',
        '',
        '\r',
        ':',
      ),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), fc.uint8Array({ maxLength: 50 }), (lines, bytes) => {
        const framer = createFramer({ maxHeaderBytes: 200, maxBodyBytes: 1000 })
        codeOfThrow(() => {
          framer.push(Buffer.from(lines.join('\n')))
          framer.push(Buffer.from(bytes))
          framer.push(Buffer.from('\n\n'))
        })
      }),
    )
  })
})
