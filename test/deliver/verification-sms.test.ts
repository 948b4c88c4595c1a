/** Codes as messages: what a provider on a real socket is sent, and what becomes of its answers. */
import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../src/base/clock.ts'
import { createVerificationSms } from '../../src/deliver/verification-sms.ts'
import { asE164 } from '../../src/telephony/e164.ts'

const TO = asE164('+447400123456')

suite('deliver: codes as messages', () => {
  let server: Server
  let status = 200
  let asked: { request: IncomingMessage; body: string }[] = []
  setup(async () => {
    status = 200
    asked = []
    server = createServer((request, reply) => {
      let body = ''
      request.on('data', (piece: Buffer) => (body += piece.toString()))
      request.on('end', () => {
        asked.push({ request, body })
        if (status === 302) reply.setHeader('location', '/elsewhere')
        if (status !== 0) reply.writeHead(status).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  teardown(() => {
    server.closeAllConnections()
    server.close()
  })

  const send = (path: string, timeoutMs = 2_000) => {
    const { port } = server.address() as AddressInfo
    const sms = createVerificationSms({
      url: `http://user:p%40ss@127.0.0.1:${port}${path}`,
      timeoutMs,
      clock: systemClock,
    })
    return sms(TO, 'Your code is 123456')
  }

  test('a message is posted once, with the number in it', async () => {
    assert.equal(await send('/sms?to={number}&text={text}'), undefined)
    assert.equal(asked.length, 1)
    assert.deepEqual(JSON.parse(asked[0]?.body ?? ''), { to: TO, text: 'Your code is 123456' })
    assert.equal(asked[0]?.request.url, '/sms?to=%2B447400123456&text=Your%20code%20is%20123456')
    const basic = Buffer.from('user:p@ss').toString('base64')
    assert.equal(asked[0].request.headers.authorization, `Basic ${basic}`)
  })

  for (const [answer, why] of [
    [500, 'the SMS provider answered 500'],
    [401, 'the SMS provider answered 401'],
    [302, 'the SMS provider was not reached'],
    [0, 'the SMS provider did not answer in time'],
  ] as const) {
    test(`an answer ${answer} is told, and nothing is sent again`, async () => {
      status = answer
      assert.equal(await send('/sms', answer === 0 ? 100 : 2_000), why)
      assert.equal(asked.length, 1)
    })
  }

  test('a URL that is none is refused at the start', () => {
    assert.throws(
      () => createVerificationSms({ url: 'not a url', timeoutMs: 1, clock: systemClock }),
      /is none/,
    )
  })
})
