import assert from 'node:assert/strict'
import { errorOf, read, type Answer } from './answer.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { CALL_ID } from './samples.ts'

suite('HTTP: webhooks', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  const ask = async (method: string, path: string, body?: unknown, organization?: number): Promise<Answer> =>
    read(
      await fetch(fake.url + path, {
        method,
        headers: {
          ...bearer,
          ...(organization === undefined ? {} : { 'x-organization-id': String(organization) }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
  const WEBHOOK = { url: 'https://crm.example.com/calls', events: ['call.*'], organizationId: 1 }

  test('the secret is told when it is made, and never again', async () => {
    const added = await ask('POST', '/v1/webhooks', WEBHOOK)
    assert.deepEqual([added.status, added.body['secret']], [201, 'whsec_told-this-once'])
    for (const path of ['/v1/webhooks', '/v1/webhooks/1']) {
      const shown = await ask('GET', path)
      assert.equal(shown.status, 200)
      assert.doesNotMatch(shown.text, /whsec/)
    }
    assert.equal((await ask('POST', '/v1/webhooks/1/rotate-secret')).body['secret'], 'whsec_another')
    assert.equal((await ask('POST', '/v1/webhooks/1/rotate-secret?hours=1')).status, 200)
  })

  const refused: readonly (readonly [what: string, changes: object, field: string])[] = [
    ['a URL that is not called', { url: 'http://crm.example.com/' }, 'url'],
    ['no URL', { url: undefined }, 'url'],
    ['an event that there is not', { events: ['call.exploded'] }, 'events'],
    ['no event', { events: [] }, 'events'],
    ['a secret of its own', { secret: 'x' }, 'secret'],
    ['no organisation, from the platform', { organizationId: undefined }, 'organizationId'],
    ['a description with a line break', { description: 'a\nb' }, 'description'],
  ]
  for (const [what, changes, field] of refused) {
    test(`${what} is refused, and the field is named`, async () => {
      const answer = await ask('POST', '/v1/webhooks', { ...WEBHOOK, ...changes })
      assert.deepEqual([answer.status, errorOf(answer).field], [400, field])
      assert.deepEqual((await ask('GET', '/v1/webhooks')).body['webhooks'], [])
    })
  }

  test('what is another organisation’s is not there', async () => {
    await ask('POST', '/v1/webhooks', WEBHOOK)
    assert.deepEqual((await ask('GET', '/v1/webhooks', undefined, 2)).body['webhooks'], [])
    const paths: readonly (readonly [method: string, path: string, body?: unknown])[] = [
      ['GET', '/v1/webhooks/1'],
      ['PUT', '/v1/webhooks/1', { enabled: false }],
      ['DELETE', '/v1/webhooks/1'],
      ['POST', '/v1/webhooks/1/rotate-secret'],
      ['POST', '/v1/webhooks/1/test'],
      ['GET', '/v1/webhooks/1/deliveries'],
      ['POST', '/v1/webhooks/1/replay'],
      ['GET', '/v1/deliveries/7'],
      ['POST', '/v1/deliveries/7/replay'],
      ['POST', '/v1/webhooks', { ...WEBHOOK, organizationId: 1 }],
      ['GET', '/v1/webhooks?organization=1'],
      ['GET', '/v1/deliveries?organization=1'],
      ['GET', '/v1/callback-secret?organization=1'],
      ['POST', '/v1/callback-secret/rotate?organization=1'],
    ]
    for (const [method, path, body] of paths)
      assert.equal((await ask(method, path, body, 2)).status, 404, `${method} ${path}`)
    assert.deepEqual(
      (await ask('GET', `/v1/deliveries?callId=${CALL_ID}`, undefined, 2)).body['deliveries'],
      [],
    )
    assert.equal((await ask('GET', '/v1/webhooks/1')).status, 200)
    assert.equal((await ask('GET', '/v1/webhooks/1', undefined, 1)).status, 200)
  })

  test('deliveries by webhook, by call and by state, one with its attempts, and again', async () => {
    await ask('POST', '/v1/webhooks', WEBHOOK)
    const count = async (path: string): Promise<number> =>
      ((await ask('GET', path)).body['deliveries'] as unknown[]).length
    assert.equal(await count('/v1/webhooks/1/deliveries'), 1)
    assert.equal(await count('/v1/webhooks/1/deliveries?state=failed'), 0)
    assert.equal(await count(`/v1/deliveries?callId=${CALL_ID}`), 1)
    const one = (await ask('GET', '/v1/deliveries/7')).body['delivery'] as Record<string, unknown>
    assert.deepEqual(one['tries'], [
      { at: '2026-08-01T12:00:00.000Z', tookMs: 12, status: 500, error: 'it answered 500' },
    ])
    assert.equal((await ask('POST', '/v1/deliveries/7/replay')).body['deliveryId'], 8)
    assert.equal((await ask('POST', '/v1/webhooks/1/replay?since=2026-08-01')).body['replayed'], 3)
    assert.equal((await ask('POST', '/v1/deliveries/8/replay')).status, 404)
    assert.equal((await ask('GET', '/v1/deliveries?state=lost')).status, 400)
  })

  test('a disabled webhook is not tested', async () => {
    await ask('POST', '/v1/webhooks', { ...WEBHOOK, enabled: false })
    assert.equal((await ask('POST', '/v1/webhooks/1/test')).status, 409)
    await ask('PUT', '/v1/webhooks/1', { enabled: true })
    const tested = await ask('POST', '/v1/webhooks/1/test')
    assert.equal((tested.body['delivery'] as Record<string, unknown>)['state'], 'delivered')
    assert.equal((await ask('DELETE', '/v1/webhooks/1')).status, 200)
    assert.equal((await ask('DELETE', '/v1/webhooks/1')).status, 404)
  })
})
