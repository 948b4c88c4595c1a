/** What an answer means, over real sockets. */
import assert from 'node:assert/strict'
import { readNetworks } from '../../../src/access/outgoing-address.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { createJudgedAgent } from '../../../src/deliver/post.ts'
import {
  createExchange,
  faultOfStatus,
  isFault,
  messageIn,
  type Answer,
  type Fault,
} from '../../../src/deliver/targets/exchange.ts'
import { startVendors, type Vendors } from '../../support/target-vendors.ts'

const answer = (status: number, json?: unknown, retryAfterMs = 0): Answer => ({
  status,
  json,
  text: '',
  retryAfterMs,
})

suite('targets: what an answer means', () => {
  const rows: readonly (readonly [answer: Answer, kind: Fault['kind']])[] = [
    [answer(400), 'refused'],
    [answer(401), 'unauthorised'],
    [answer(403), 'unauthorised'],
    [answer(404), 'again'],
    [answer(408), 'again'],
    [answer(409), 'refused'],
    [answer(410), 'refused'],
    [answer(413), 'refused'],
    [answer(422), 'refused'],
    [answer(429), 'busy'],
    [answer(500), 'again'],
    [answer(502), 'again'],
    [answer(503), 'again'],
    [answer(503, undefined, 7_000), 'busy'],
    [answer(302), 'again'],
  ]
  for (const [one, kind] of rows)
    test(`${one.status}${one.retryAfterMs > 0 ? ' with Retry-After' : ''} is ${kind}`, () => {
      assert.equal(faultOfStatus(one).kind, kind)
    })

  const words: readonly (readonly [json: unknown, says: string])[] = [
    [
      [{ message: 'No such column', errorCode: 'INVALID_FIELD', fields: [] }],
      'INVALID_FIELD: No such column',
    ],
    [{ status: 'error', category: 'VALIDATION_ERROR', message: 'bad' }, 'VALIDATION_ERROR: bad'],
    [{ error: 'invalid_grant', error_description: 'expired' }, 'invalid_grant: expired'],
    [
      { error: 'RecordInvalid', description: 'x', details: { status: [1] } },
      'RecordInvalid: x: {"status":[1]}',
    ],
    [[], ''],
    ['text', ''],
  ]
  for (const [json, says] of words)
    test(`in its own words: ${JSON.stringify(json)}`, () => assert.equal(messageIn({ json, text: '' }), says))

  test('what is no JSON is told in part, on one line', () => {
    assert.equal(
      messageIn({ json: undefined, text: '<html>\n<b>Bad\u0000 Gateway</b>' }),
      '<html> <b>Bad Gateway</b>',
    )
    assert.ok(messageIn({ json: undefined, text: 'x'.repeat(9_999) }).length <= 300)
  })
})

suite('targets: the network', () => {
  let vendors: Vendors
  suiteSetup(async () => {
    vendors = await startVendors()
  })
  suiteTeardown(() => vendors.close())
  const ask = async (url: string, allowed = ['127.0.0.0/8'], timeoutMs = 300): Promise<Answer | Fault> => {
    const rules = { allowed: readNetworks(allowed) ?? [], allowHttp: true }
    const agent = createJudgedAgent({ rules })
    try {
      const exchange = createExchange({ agent, rules, clock: systemClock, timeoutMs })
      return await exchange({ method: 'POST', url, body: { a: 1 } }, new AbortController().signal)
    } finally {
      await agent.destroy()
    }
  }

  test('one that does not answer is let go of', async () => {
    vendors.fail(/billing/, 'hang')
    const fault = await ask(`${vendors.url}/billing/x`)
    assert.ok(isFault(fault))
    assert.deepEqual([fault.kind, fault.why], ['again', 'no answer in 0.3 s'])
  })

  test('one that breaks off is tried again', async () => {
    vendors.fail(/billing/, 'reset')
    const fault = await ask(`${vendors.url}/billing/x`)
    assert.ok(isFault(fault))
    assert.equal(fault.kind, 'again')
  })

  test('an address that is not allowed is not called', async () => {
    const before = vendors.asked.length
    const fault = await ask(`${vendors.url}/billing/x`, [])
    assert.ok(isFault(fault))
    assert.match(fault.why, /loopback/)
    assert.equal(vendors.asked.length, before)
  })

  test('a name that leads to such an address is not called either', async () => {
    const fault = await ask(vendors.url.replace('127.0.0.1', 'localhost'), [])
    assert.ok(isFault(fault))
    assert.match(fault.why, /localhost is not called/)
  })

  test('a redirect is not followed: it would carry the token', async () => {
    vendors.fail(/billing\/a/, { status: 307, headers: { location: `${vendors.url}/billing/b` } })
    const answered = await ask(`${vendors.url}/billing/a`)
    assert.ok(!isFault(answered))
    assert.equal(answered.status, 307)
    assert.equal(vendors.of(/billing\/b/).length, 0)
  })

  test('an answer of any size is read to a limit', async () => {
    vendors.fail(/billing/, { status: 200, text: 'x'.repeat(3_000_000) })
    const answered = await ask(`${vendors.url}/billing/x`, undefined, 5_000)
    assert.ok(!isFault(answered))
    assert.equal(answered.text.length, 256 * 1024)
  })
})
