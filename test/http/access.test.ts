import assert from 'node:assert/strict'
import { errorOf, read, type Answer } from './answer.ts'
import { as } from './fake-access.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { call, CALL_ID } from './samples.ts'

suite('HTTP: who may do what', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake({
      call: (callId) => (callId === CALL_ID ? { ...call(), organizationId: 3 } : undefined),
    })
  })
  teardown(() => fake.server.stop())

  const ask = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: unknown,
  ): Promise<Answer> =>
    read(
      await fetch(fake.url + path, {
        method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )

  const challenges: readonly (readonly [string, Record<string, string>, string, number, string])[] = [
    ['no token', {}, '/v1/calls', 401, 'Bearer realm="strowger"'],
    [
      'an unknown one',
      as('nobody'),
      '/v1/calls',
      401,
      `Bearer realm="strowger", error="invalid_token", error_description="this token is not 'known' here"`,
    ],
    [
      'one without the scope',
      as('tenant-2-reads-calls'),
      '/v1/cdrs',
      403,
      'Bearer realm="strowger", error="insufficient_scope", scope="cdrs:read"',
    ],
    [
      'an organisation’s for what is the platform’s, whatever it holds',
      as('tenant-2'),
      '/metrics',
      403,
      'Bearer realm="strowger", error="insufficient_scope", scope="platform:read"',
    ],
  ]
  for (const [what, headers, path, status, challenge] of challenges) {
    test(`${what} is a ${status} that says what is missing (RFC 6750)`, async () => {
      const answer = await ask('GET', path, headers)
      assert.equal(answer.status, status, answer.text)
      assert.equal(answer.headers.get('www-authenticate'), challenge)
    })
  }

  test('a token of the platform with one scope does that and no more', async () => {
    assert.equal((await ask('GET', '/metrics', as('platform-metrics'))).status, 200)
    assert.equal((await ask('GET', '/v1/bans', as('platform-metrics'))).status, 200)
    assert.equal((await ask('DELETE', '/v1/bans/203.0.113.7', as('platform-metrics'))).status, 403)
    assert.equal((await ask('GET', '/v1/calls', as('platform-metrics'))).status, 403)
    assert.equal((await ask('GET', '/openapi.json', as('platform-metrics'))).status, 200)
  })

  test('an organisation’s token asks about that organisation, named or not', async () => {
    assert.equal((await ask('GET', '/v1/cdrs', as('tenant-2'))).status, 200)
    assert.equal((await ask('GET', '/v1/cdrs?organization=2', as('tenant-2'))).status, 200)
    assert.deepEqual(
      fake.seen.filters.map(({ organizationId }) => organizationId),
      [2, 2],
    )
  })

  test('another organisation is not there', async () => {
    for (const path of [
      '/v1/cdrs?organization=3',
      '/v1/calls?organization=3',
      '/v1/carriers?organization=3',
    ]) {
      const answer = await ask('GET', path, as('tenant-2'))
      assert.equal(answer.status, 404, path)
      assert.equal(errorOf(answer).code, 'ORGANIZATION_NOT_FOUND')
    }
    assert.deepEqual(fake.seen.filters, [])
  })

  test('a call of another organisation can neither be seen nor ended', async () => {
    assert.equal((await ask('GET', `/v1/calls/${CALL_ID}`, bearer)).status, 200)
    assert.equal((await ask('GET', `/v1/calls/${CALL_ID}`, as('tenant-2'))).status, 404)
    assert.equal((await ask('DELETE', `/v1/calls/${CALL_ID}`, as('tenant-2'))).status, 404)
    assert.deepEqual(fake.seen.hungUp, [])
  })

  const headers: readonly (readonly [string, string, string, number, number | undefined])[] = [
    ['the admin’s is bound to it', bearer.authorization.slice(7), '5', 200, 5],
    ['the platform’s is bound to it', 'platform-reads-cdrs', '5', 200, 5],
    ['an organisation’s may name itself', 'tenant-2', '2', 200, 2],
    ['an organisation’s may name no other', 'tenant-2', '3', 403, undefined],
    ['what is no id is bad input', 'tenant-2', 'two', 400, undefined],
  ]
  for (const [sentence, token, organization, status, bound] of headers) {
    test(`X-Organization-Id ${organization}: ${sentence}`, async () => {
      const answer = await ask('GET', '/v1/cdrs', { ...as(token), 'x-organization-id': organization })
      assert.equal(answer.status, status, answer.text)
      assert.equal(fake.seen.filters[0]?.organizationId, bound)
    })
  }

  test('the admin who named an organisation does nothing of the platform’s until he drops the name', async () => {
    assert.equal((await ask('GET', '/metrics', { ...bearer, 'x-organization-id': '5' })).status, 403)
  })

  test('an organisation adds records to itself, and to nobody else', async () => {
    const added = await ask('POST', '/v1/carriers', as('tenant-2'), { code: 'own', name: 'Own' })
    assert.equal(added.status, 201, added.text)
    assert.equal((added.body['carrier'] as { organizationId: number }).organizationId, 2)
    for (const [organizationId, status] of [
      [3, 404],
      [null, 403],
    ] as const) {
      const refused = await ask('POST', '/v1/carriers', as('tenant-2'), {
        code: 'x',
        name: 'X',
        organizationId,
      })
      assert.equal(refused.status, status, refused.text)
      assert.equal(errorOf(refused).field, 'organizationId')
    }
  })

  test('who is bound to none says which organisation a user is of', async () => {
    const answer = await ask('POST', '/v1/users', bearer, { name: 'u', extension: '1001' })
    assert.equal(answer.status, 400)
    assert.match(errorOf(answer).message, /"organizationId" is missing/)
  })

  const forbidden: readonly (readonly [string, string, unknown, string])[] = [
    [
      'POST',
      '/v1/organizations',
      { name: 'o', sipDomain: 'o.example', country: 'GB', currency: 'GBP' },
      'id',
    ],
    ['DELETE', '/v1/organizations/2', undefined, 'id'],
    ['PUT', '/v1/organizations/2', { currency: 'EUR' }, 'currency'],
    ['PUT', '/v1/organizations/2', { enabled: true }, 'enabled'],
    ['PUT', '/v1/gateways/1', { inboundCidrs: ['192.0.2.1'] }, 'inboundCidrs'],
    ['POST', '/v1/blocked-prefixes', { prefix: '883', action: 'allow' }, 'action'],
    [
      'POST',
      '/v1/rate-decks',
      { organizationId: 2, name: 'd', currency: 'GBP', rates: [{ prefix: '44', pricePerMinute: '0.00' }] },
      'organizationId',
    ],
  ]
  for (const [method, path, body, field] of forbidden) {
    test(`${method} ${path} ${JSON.stringify(body ?? null)} is the platform's to do`, async () => {
      const answer = await ask(method, path, as('tenant-2'), body)
      assert.equal(answer.status, 403, answer.text)
      assert.equal(errorOf(answer).code, 'FORBIDDEN')
      assert.equal(errorOf(answer).field, field)
    })
  }

  test('a key is told once, and given only with rights that the giver has', async () => {
    const made = await ask('POST', '/v1/api-keys', as('tenant-2'), { name: 'CRM', scopes: ['calls:write'] })
    assert.equal(made.status, 201, made.text)
    assert.equal(made.body['key'], 'sk_0123456789ab_secret')
    assert.equal((made.body['apiKey'] as { organizationId: number }).organizationId, 2)
    const listed = await ask('GET', '/v1/api-keys', as('tenant-2'))
    assert.doesNotMatch(listed.text, /secret|digest/)
    const rows: readonly (readonly [string, unknown, number])[] = [
      ['tenant-2', { name: 'x', scopes: ['platform:read'] }, 400],
      ['tenant-2', { name: 'x', scopes: ['calls:read'], organizationId: 3 }, 404],
      ['tenant-2', { name: 'x', scopes: ['calls:read'], organizationId: null }, 403],
      ['tenant-2', { name: 'x', scopes: [] }, 400],
      ['tenant-2', { name: 'x', scopes: ['calls:read', 'calls:read'] }, 400],
      ['tenant-2', { name: 'x', scopes: ['everything'] }, 400],
      ['tenant-2', { name: 'x', scopes: ['calls:read'], expiresAt: '2001-01-01' }, 400],
      ['tenant-2-reads-calls', { name: 'x', scopes: ['calls:read'] }, 403],
    ]
    for (const [token, body, status] of rows)
      assert.equal((await ask('POST', '/v1/api-keys', as(token), body)).status, status, JSON.stringify(body))
    assert.equal(
      (await ask('POST', '/v1/api-keys', bearer, { name: 'x', scopes: ['platform:read'] })).status,
      201,
    )
    assert.equal((await ask('GET', '/v1/api-keys/2', as('tenant-2'))).status, 404)
    assert.equal((await ask('DELETE', '/v1/api-keys/2', as('tenant-2'))).status, 404)
    assert.equal((await ask('DELETE', '/v1/api-keys/1', as('tenant-2'))).status, 200)
  })
})

suite('HTTP: the token endpoint', () => {
  let fake: Fake
  suiteSetup(async () => {
    fake = await startFake()
  })
  suiteTeardown(() => fake.server.stop())

  const FORM = 'application/x-www-form-urlencoded'
  const OWN = 'client_id=client+one&client_secret=a%3Asecret%26more'
  const GRANT = 'grant_type=client_credentials'
  /** RFC 6749, 2.3.1. */
  const BASIC = `Basic ${Buffer.from('client+one:a%3Asecret%26more').toString('base64')}`
  const post = async (body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    read(
      await fetch(`${fake.url}/oauth/token`, {
        method: 'POST',
        headers: { 'content-type': FORM, ...headers },
        body,
      }),
    )

  for (const [how, body, headers] of [
    ['in the body', `${GRANT}&${OWN}&scope=calls%3Aread`, {}],
    ['as Basic', GRANT, { authorization: BASIC }],
    ['as Basic beside its id', `${GRANT}&client_id=client+one`, { authorization: BASIC }],
  ] as const) {
    test(`a client that shows its secret ${how} gets a token, and nobody may keep the answer`, async () => {
      const answer = await post(body, headers)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(answer.body, {
        access_token: 'a.b.c',
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'calls:read',
      })
      assert.equal(answer.headers.get('cache-control'), 'no-store')
    })
  }

  const faults: readonly (readonly [string, string, Record<string, string>, number, string])[] = [
    ['no grant type', OWN, {}, 400, 'invalid_request'],
    ['another grant', `grant_type=password&${OWN}`, {}, 400, 'unsupported_grant_type'],
    ['a parameter twice', `${GRANT}&${GRANT}&${OWN}`, {}, 400, 'invalid_request'],
    ['no client', GRANT, {}, 401, 'invalid_client'],
    ['a wrong secret', `${GRANT}&client_id=client+one&client_secret=x`, {}, 401, 'invalid_client'],
    ['a scope that it has not', `${GRANT}&${OWN}&scope=cdrs%3Aread`, {}, 400, 'invalid_scope'],
    ['two ways to show the secret', `${GRANT}&${OWN}`, { authorization: BASIC }, 400, 'invalid_request'],
    ['a bearer token', GRANT, { authorization: 'Bearer x' }, 401, 'invalid_client'],
    ['JSON', '{}', { 'content-type': 'application/json' }, 400, 'invalid_request'],
    ['nothing', '', {}, 400, 'invalid_request'],
    ['too much', `${GRANT}&x=${'x'.repeat(20_000)}`, {}, 413, 'invalid_request'],
    [
      'a database that is away',
      `${GRANT}&client_id=broken&client_secret=x`,
      {},
      503,
      'temporarily_unavailable',
    ],
  ]
  for (const [what, body, headers, status, error] of faults) {
    test(`${what} is ${error} (RFC 6749, 5.2)`, async () => {
      const answer = await post(body, headers)
      assert.equal(answer.status, status, answer.text)
      assert.equal(answer.body['error'], error)
      assert.doesNotMatch(answer.text, /postgres/)
      assert.equal(answer.headers.has('www-authenticate'), status === 401)
    })
  }

  test('its keys are public', async () => {
    const answer = await read(await fetch(`${fake.url}/.well-known/jwks.json`))
    assert.deepEqual(answer.body, { keys: [{ kty: 'RSA', kid: 'one' }] })
  })
})
