import assert from 'node:assert/strict'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { RECORDING_ID } from './fake-recordings.ts'
import { CALL_ID } from './samples.ts'

type Operation = {
  readonly security?: readonly Record<string, unknown>[]
  readonly summary?: string
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Plain }> }>
}
type Document = {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: {
    readonly securitySchemes: {
      readonly oauth2: { readonly flows: { readonly clientCredentials: { readonly scopes: object } } }
    }
  }
}

/** What answers without credentials, each for its reason. */
const OPEN: ReadonlySet<string> = new Set([
  // Load balancers.
  'GET /health',
  'GET /ready',
  // A client shows its secret in the request; public keys are public.
  'POST /oauth/token',
  'GET /.well-known/jwks.json',
  // The link is signed, and short-lived.
  'GET /v1/recordings/{id}/listen',
  'HEAD /v1/recordings/{id}/listen',
])

/** What the engine of these tests has none of: there the answer that there is none has to fit. */
const HAS_NONE =
  /\/quota$|\/balance(?:$|\/)|\/fraud\/|\/(?:webhooks|targets|deliveries|recording-policies|user-groups|audio-files|archive-policies)\/|\/caller-id\/|\/caller-id-rules\/|\/carrier-caller-ids\/|\/(?:recording|conference)$/

/** What a route does not answer without. */
const QUERIES: Readonly<Record<string, string>> = {
  '/v1/routes/explain': '?number=123',
  '/v1/callback-secret': '?organization=1',
}

/** Text, sound, or no end. */
const NO_JSON = /^\/metrics$|\/live$|\/(?:audio|listen|export)$/

suite('HTTP: the OpenAPI document', () => {
  let fake: Fake
  let document: Document
  suiteSetup(async () => {
    fake = await startFake()
    const answer = await fetch(`${fake.url}/openapi.json`, { headers: bearer })
    document = (await answer.json()) as Document
  })
  suiteTeardown(() => fake.server.stop())

  const operations = (): [string, string, Operation][] =>
    Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]): [string, string, Operation] => [
        method.toUpperCase(),
        path,
        operation,
      ]),
    )
  const concrete = (path: string): string =>
    path
      .replace('/recordings/{id}', `/recordings/${RECORDING_ID}`)
      .replace('/quarantine/{id}', '/quarantine/1795000000000-0123456789abcdef')
      .replace('{callId}', CALL_ID)
      .replace('{id}', '1')
      .replace('{address}', '203.0.113.7')

  test('only what is named as open is open; every other route wants credentials, and says which', async () => {
    assert.ok(operations().length > 40)
    const open: string[] = []
    for (const [method, path, operation] of operations()) {
      const where = `${method} ${path}`
      const answer = await fetch(fake.url + concrete(path), { method })
      await answer.arrayBuffer()
      const [first, ...others] = operation.security ?? []
      const [scheme] = Object.keys(first ?? {})
      if (operation.security?.length === 0) {
        open.push(where)
        continue
      }
      assert.equal(answer.status, 401, where)
      assert.equal(answer.headers.has('www-authenticate'), true, where)
      if (path.startsWith('/freeswitch/')) {
        assert.equal(scheme, 'freeswitch', where)
        continue
      }
      assert.equal(scheme, 'token', where)
      assert.ok(Array.isArray(first?.['token']), where)
      if (others.length > 0) assert.deepEqual(others, [{ oauth2: first['token'] }], where)
    }
    assert.deepEqual(open.sort(), [...OPEN].sort())
  })

  test('every scope that a route asks for is one that the document explains', () => {
    const { scopes } = document.components.securitySchemes.oauth2.flows.clientCredentials
    for (const [method, path, { security = [] }] of operations()) {
      for (const scheme of security)
        for (const scope of Object.values(scheme).flat())
          assert.ok(Object.hasOwn(scopes, String(scope)), `${method} ${path} ${String(scope)}`)
    }
  })

  test('a wrong token, a token without scheme and an empty one are no token', async () => {
    for (const authorization of [
      'Bearer wrong',
      bearer.authorization.slice(7),
      'Bearer ',
      `Basic ${bearer.authorization.slice(7)}`,
      'x'.repeat(5000),
    ]) {
      const answer = await fetch(`${fake.url}/v1/calls`, { headers: { authorization } })
      assert.equal(answer.status, 401, authorization.slice(0, 30))
    }
    assert.equal(
      (
        await fetch(`${fake.url}/v1/calls`, {
          headers: { authorization: bearer.authorization.replace('Bearer', 'bearer') },
        })
      ).status,
      200,
    )
  })

  test('every route has a summary, an answer and the error', () => {
    assert.equal(document.openapi, '3.1.0')
    for (const [method, path, operation] of operations()) {
      assert.ok(operation.summary, `${method} ${path}`)
      const statuses = Object.keys(operation.responses)
      assert.ok(
        statuses.some((status) => status.startsWith('2')),
        `${method} ${path}`,
      )
      if (OPEN.has(`${method} ${path}`)) continue
      const error = operation.responses['401']?.content?.['application/json']?.schema
      assert.deepEqual(error?.required, ['success', 'error'], `${method} ${path}`)
    }
  })

  test('answers are what the document says', async () => {
    const carrier = { code: 'alpha', name: 'Alpha Carrier' }
    const gateway = {
      carrierId: 1,
      name: 'g',
      hostname: 'h.example',
      credentials: { username: 'u', password: 'p' },
    }
    const sent: readonly (readonly [string, string, unknown?])[] = [
      ['POST', '/v1/carriers', carrier],
      ['POST', '/v1/gateways', gateway],
      ['POST', '/v1/organizations', { name: 'o', sipDomain: 'o.example', country: 'GB', currency: 'GBP' }],
      ['POST', '/v1/users', { organizationId: 1, name: 'u', extension: '1001' }],
      ['POST', '/v1/devices', { userId: 1, username: '1001', password: 'long enough' }],
      ['POST', '/v1/lcr-profiles', { name: 'p', maxPricePerMinute: '0.25' }],
      ['POST', '/v1/blocked-prefixes', { prefix: '883', action: 'allow' }],
      [
        'POST',
        '/v1/lcr-routes',
        { profileId: 1, gatewayId: 1, prefix: '44', priceOverride: '0.01', asrPercent: 62.5 },
      ],
      [
        'POST',
        '/v1/rate-decks',
        { carrierId: 1, name: 'd', currency: 'GBP', rates: [{ prefix: '44', pricePerMinute: '0.01' }] },
      ],
      ['POST', '/v1/api-keys', { name: 'k', scopes: ['cdrs:read'], expiresAt: '2999-01-01' }],
      ['POST', '/v1/oauth-clients', { organizationId: 1, name: 'c', scopes: ['calls:write'] }],
      ['POST', '/v1/secrets/rotate'],
      ['PUT', '/v1/carriers/{id}', { name: 'B' }],
      ['POST', '/v1/calls/originate', { from: '1001', to: '1002' }],
      ['POST', '/v1/originate', { from: '1001', to: '1002' }],
      ...operations()
        .filter(([method, path]) => method === 'GET' && !NO_JSON.test(path))
        .map(([method, path]): [string, string] => [method, path]),
      ['DELETE', '/v1/calls/{callId}'],
      ['DELETE', '/v1/bans/{address}'],
      ['DELETE', '/v1/carriers/{id}'],
    ]
    for (const [method, path, body] of sent) {
      const query = QUERIES[path] ?? ''
      const answer = await fetch(fake.url + concrete(path) + query, {
        method,
        headers: { ...bearer, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const json: unknown = await answer.json()
      const schema =
        document.paths[path]?.[method.toLowerCase()]?.responses[String(answer.status)]?.content?.[
          'application/json'
        ]?.schema
      assert.ok(schema, `${method} ${path} ${answer.status}`)
      assert.ok(
        answer.status < 300 || (answer.status === 404 && HAS_NONE.test(path)),
        `${method} ${path} ${answer.status} ${JSON.stringify(json)}`,
      )
      assertFits(json, schema, `${method} ${path}`)
    }
  })
})

type Plain = {
  readonly type?: string
  readonly const?: unknown
  readonly anyOf?: readonly Plain[]
  readonly properties?: Record<string, Plain>
  readonly required?: readonly string[]
  readonly items?: Plain
}

/** As much of JSON Schema as our answers use; a property that the schema does not name is a mistake too. */
const assertFits = (value: unknown, schema: Plain, where: string): void => {
  if (schema.anyOf !== undefined) {
    const fits = schema.anyOf.some((one) => {
      try {
        assertFits(value, one, where)
        return true
      } catch (fault) {
        assert.ok(fault instanceof assert.AssertionError)
        return false
      }
    })
    assert.ok(fits, `${where}: ${JSON.stringify(value)}`)
    return
  }
  if ('const' in schema) assert.deepEqual(value, schema.const, where)
  else if (schema.type === 'object') {
    assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), where)
    for (const name of schema.required ?? []) assert.ok(name in value, `${where}.${name} is missing`)
    for (const [name, inner] of Object.entries(value)) {
      const known = schema.properties?.[name]
      if (schema.properties === undefined || Object.keys(schema.properties).length === 0) continue
      assert.ok(known, `${where}.${name} is not in the document`)
      assertFits(inner, known, `${where}.${name}`)
    }
  } else if (schema.type === 'array') {
    assert.ok(Array.isArray(value), where)
    for (const inner of value as unknown[]) assertFits(inner, schema.items ?? {}, `${where}[]`)
  } else if (schema.type === 'null') assert.equal(value, null, where)
  else if (schema.type === 'integer') assert.ok(Number.isInteger(value), where)
  else assert.equal(typeof value, schema.type, where)
}
