/** What the API takes with a request to call, what it makes of it, and how it refuses. */
import assert from 'node:assert/strict'
import type { OriginateRequest } from '../../src/http/doors.ts'
import { startFake, TOKEN, type Fake } from './fake-doors.ts'

type Answer = { readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }

suite('HTTP: asking for a call', () => {
  let fake: Fake
  suiteSetup(async () => {
    fake = await startFake()
  })
  suiteTeardown(() => fake.server.stop())
  setup(() => {
    fake.seen.originated.length = 0
  })

  const post = async (
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    path = '/v1/originate',
  ): Promise<Answer> => {
    const reply = await fetch(`${fake.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
    return {
      status: reply.status,
      headers: reply.headers,
      body: (await reply.json()) as Record<string, unknown>,
    }
  }
  const errorOf = ({ body }: Answer): Record<string, unknown> =>
    (body['error'] ?? {}) as Record<string, unknown>
  const BASE = { userId: 12, destination: '+442079460123' }

  test("the reference's whole request becomes one wish", async () => {
    const answer = await post({
      ...BASE,
      deviceId: 3,
      callerId: '+442079460001',
      displayName: 'Ada',
      options: {
        maxDuration: 3_600,
        recordCall: true,
        recordingPolicyId: 9,
        timeout: 60,
        callbackUrl: 'https://callback.example.com/call-events',
        callbackEvents: ['answered', 'completed', 'failed'],
        earlyMedia: true,
        answerConfirm: true,
        customHeaders: { 'X-Account': '4711' },
      },
      salesforce: { recordId: '0012400000abcDEF', objectType: 'Contact', createTask: true },
    })
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    const expected: OriginateRequest = {
      from: { userId: 12, deviceId: 3 },
      to: '+442079460123',
      organizationId: undefined,
      callerId: '+442079460001',
      ringTimeoutSeconds: undefined,
      wish: {
        displayName: 'Ada',
        maxDurationSeconds: 3_600,
        ringTimeoutSeconds: 60,
        recordCall: true,
        recordingPolicyId: 9,
        earlyMedia: true,
        answerConfirm: true,
        customHeaders: { 'X-Account': '4711' },
        callback: {
          url: 'https://callback.example.com/call-events',
          events: ['answered', 'completed', 'failed'],
        },
        crm: { recordId: '0012400000abcDEF', objectType: 'Contact', createTask: true },
      },
    }
    assert.deepEqual(fake.seen.originated, [expected])
    assert.match(String(answer.body['timestamp']), /^\d{4}-\d\d-\d\dT/)
    assert.equal(answer.body['status'], 'initiated')
  })

  test('click-to-dial names its record flat', async () => {
    await post({ ...BASE, salesforceRecordId: '1', salesforceObjectType: 'Lead' }, {}, '/v1/calls/originate')
    assert.deepEqual(fake.seen.originated[0]?.wish?.crm, { recordId: '1', objectType: 'Lead' })
  })

  const refused: readonly (readonly [body: object, code: string, field: string, words: RegExp])[] = [
    [{ userId: 12, destination: '+441onal234567' }, 'INVALID_DESTINATION', 'destination', /digits/],
    [{ from: '1001', to: 'bob' }, 'INVALID_DESTINATION', 'to', /digits/],
    [{ from: '1001', to: '1002\n' }, 'INVALID_DESTINATION', 'to', /digits/],
    [{ ...BASE, options: { maxDuration: '60' } }, 'BAD_INPUT', 'options.maxDuration', /1 to 86400/],
    [{ ...BASE, options: { timeout: 301 } }, 'BAD_INPUT', 'options.timeout', /5 to 300/],
    [{ ...BASE, options: { callbackUrl: 'nowhere' } }, 'BAD_INPUT', 'options.callbackUrl', /https/],
    [{ ...BASE, options: { callbackUrl: 'https://u:p@x/' } }, 'BAD_INPUT', 'options.callbackUrl', /password/],
    [
      { ...BASE, options: { callbackUrl: 'file:///etc/passwd' } },
      'BAD_INPUT',
      'options.callbackUrl',
      /https/,
    ],
    [
      { ...BASE, options: { callbackEvents: ['answered'] } },
      'BAD_INPUT',
      'options.callbackEvents',
      /goes with/,
    ],
    [
      { ...BASE, options: { callbackUrl: 'https://x/', callbackEvents: ['rang'] } },
      'BAD_INPUT',
      'options.callbackEvents.0',
      /initiated/,
    ],
    [{ ...BASE, options: { machineDetection: true } }, 'BAD_INPUT', 'options.machineDetection', /action/],
    [
      { ...BASE, options: { machineDetection: { action: 'leave-message' } } },
      'BAD_INPUT',
      'options.machineDetection.messageFileId',
      /missing/,
    ],
    [
      { ...BASE, options: { customHeaders: { 'X-A': 1 } } },
      'BAD_INPUT',
      'options.customHeaders.X-A',
      /string/i,
    ],
    [
      { ...BASE, options: { customHeaders: { 'X-A': 'b\r\nX-Evil: 1' } } },
      'BAD_INPUT',
      'options.customHeaders.X-A',
      /line break/,
    ],
    [
      { ...BASE, options: { customHeaders: { From: '<sip:x@y>' } } },
      'BAD_INPUT',
      'options.customHeaders.From',
      /switch alone/,
    ],
    [
      { ...BASE, options: { customHeaders: { 'User-to-User': '1' } } },
      'BAD_INPUT',
      'options.customHeaders.User-to-User',
      /SIP_CUSTOM_HEADERS/,
    ],
    [{ ...BASE, salesforce: { recordId: 'a\u0000' } }, 'BAD_INPUT', 'salesforce.recordId', /characters/],
    [
      { ...BASE, salesforceRecordId: '1', salesforce: { recordId: '2' } },
      'BAD_INPUT',
      'salesforceRecordId',
      /differ/,
    ],
  ]
  for (const [body, code, field, words] of refused)
    test(`${JSON.stringify(body).slice(0, 110)} is ${code} of "${field}"`, async () => {
      const answer = await post(body)
      assert.equal(answer.status, 400, JSON.stringify(answer.body))
      const error = errorOf(answer)
      assert.deepEqual([error['code'], error['field']], [code, field])
      assert.match(String(error['message']), words)
      assert.match(String(error['userMessage']), /\.$/)
      assert.deepEqual(fake.seen.originated, [])
    })

  test('a refusal has words for the person who calls, and a time', async () => {
    const answer = await post({ from: '1001', to: '503' })
    assert.equal(answer.status, 503)
    const error = errorOf(answer)
    assert.match(String(error['userMessage']), /Unable to connect/)
    assert.match(String(error['timestamp']), /^\d{4}/)
  })

  for (const key of ['', 'with blank', 'x'.repeat(256), 'ü'])
    test(`an Idempotency-Key of ${JSON.stringify(key.slice(0, 20))} is refused`, async () => {
      const answer = await post(BASE, { 'idempotency-key': Buffer.from(key, 'utf8').toString('latin1') })
      assert.equal(answer.status, 400)
      assert.equal(errorOf(answer)['field'], 'Idempotency-Key')
      assert.deepEqual(fake.seen.originated, [])
    })

  test('with a key the call gets its id beforehand', async () => {
    const answer = await post(BASE, { 'idempotency-key': 'k-1' })
    assert.equal(answer.status, 200)
    assert.match(String(fake.seen.originated[0]?.callId), /^[0-9a-f-]{36}$/)
  })
})
