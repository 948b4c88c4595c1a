import assert from 'node:assert/strict'
import { errorOf, read, type Answer } from './answer.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'

suite('HTTP: caller ID', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  const send = async (method: string, path: string, body?: unknown): Promise<Answer> =>
    read(
      await fetch(fake.url + path, {
        method,
        headers: { ...bearer, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )

  test("validate answers in the reference's shape", async () => {
    const { status, body } = await send('POST', '/v1/caller-id/validate', {
      number: '+442012345678',
      organizationId: 12345,
      userId: 67890,
      purpose: 'outbound_call',
    })
    assert.equal(status, 200)
    assert.deepEqual(body, {
      valid: true,
      number: '+442012345678',
      normalized: '+442012345678',
      ownership: { type: 'user', verified: true, verificationDate: '2025-06-15T10:00:00.000Z' },
      restrictions: [],
      carrierSupport: { bt_wholesale: true, vonage: false },
    })
  })

  for (const [body, field] of [
    [{}, 'number'],
    [{ number: 442012345678 }, 'number'],
    [{ number: '+44\r\nX-Evil: 1' }, 'number'],
    [{ number: '+442012345678', organizationId: 'x' }, 'organizationId'],
    [{ number: '+442012345678', purpose: 'fun' }, 'purpose'],
    [{ number: '+442012345678', more: 1 }, 'more'],
  ] as const) {
    test(`validate with ${JSON.stringify(body)} names ${field}`, async () => {
      const answer = await send('POST', '/v1/caller-id/validate', body)
      assert.equal(answer.status, 400)
      assert.equal(errorOf(answer).field, field)
    })
  }

  for (const [method, path, body, status, code] of [
    [
      'POST',
      '/v1/caller-id/validate',
      { number: '+442012345678', organizationId: 404 },
      404,
      'ORGANIZATION_NOT_FOUND',
    ],
    ['POST', '/v1/caller-id/verifications', { number: '+33142685301', method: 'call' }, 429, 'RATE_LIMITED'],
    [
      'POST',
      '/v1/caller-id/verifications',
      { number: '+33142685300', method: 'sms' },
      503,
      'METHOD_UNAVAILABLE',
    ],
    ['POST', '/v1/caller-id/verifications', { number: '+33142685300', method: 'post' }, 400, 'BAD_INPUT'],
    ['POST', '/v1/caller-id/verifications/7/confirm', { code: '654321' }, 422, 'WRONG_CODE'],
    ['POST', '/v1/caller-id/verifications/7/confirm', { code: '0000' }, 409, 'CODE_EXPIRED'],
    ['POST', '/v1/caller-id/verifications/7/confirm', { code: '12ab' }, 400, 'BAD_INPUT'],
    ['POST', '/v1/caller-id/verifications/8/confirm', { code: '123456' }, 404, 'NOT_FOUND'],
    ['GET', '/v1/caller-id/verifications/8', undefined, 404, 'NOT_FOUND'],
    ['DELETE', '/v1/caller-id/verifications/8', undefined, 404, 'NOT_FOUND'],
  ] as const) {
    test(`${method} ${path} ${JSON.stringify(body)} is ${code}`, async () => {
      const answer = await send(method, path, body)
      assert.equal(answer.status, status, answer.text)
      assert.equal(errorOf(answer).code, code)
    })
  }

  test('a verification is started, read, confirmed and taken back', async () => {
    const started = await send('POST', '/v1/caller-id/verifications', {
      number: '+33142685300',
      method: 'call',
    })
    assert.equal(started.status, 201)
    const { verification } = started.body as { verification: Record<string, unknown> }
    assert.equal(verification['state'], 'pending')
    assert.ok(!started.text.includes('hash'))
    const list = await send('GET', '/v1/caller-id/verifications')
    assert.equal((list.body['verifications'] as unknown[]).length, 1)
    const confirmed = await send('POST', '/v1/caller-id/verifications/7/confirm', { code: '123456' })
    assert.equal((confirmed.body['verification'] as { state: string }).state, 'verified')
    assert.equal((await send('DELETE', '/v1/caller-id/verifications/7')).status, 200)
  })
})
