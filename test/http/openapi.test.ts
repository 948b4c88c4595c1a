import assert from 'node:assert/strict'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { CALL_ID } from './samples.ts'

type Operation = {
  readonly security?: readonly Record<string, unknown>[]
  readonly summary?: string
  readonly responses: Record<string, { readonly content?: Record<string, { readonly schema: Plain }> }>
}
type Document = {
  readonly openapi: string
  readonly paths: Record<string, Record<string, Operation>>
  readonly components: { readonly securitySchemes: Record<string, unknown> }
}

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
    path.replace('{callId}', CALL_ID).replace('{id}', '1').replace('{address}', '203.0.113.7')

  test('every route but health and readiness wants credentials, and says which', async () => {
    assert.ok(operations().length > 40)
    for (const [method, path, operation] of operations()) {
      const answer = await fetch(fake.url + concrete(path), { method })
      await answer.arrayBuffer()
      const open = path === '/health' || path === '/ready'
      assert.equal(answer.status, open ? 200 : 401, `${method} ${path}`)
      assert.equal(answer.headers.has('www-authenticate'), !open)
      const [scheme] = Object.keys((operation.security ?? [{ token: [] }])[0] ?? {})
      assert.equal(scheme, open ? undefined : path.startsWith('/freeswitch/') ? 'freeswitch' : 'token')
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
      if (path === '/health' || path === '/ready') continue
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
      ['PUT', '/v1/carriers/{id}', { name: 'B' }],
      ['POST', '/v1/calls/originate', { from: '1001', to: '1002' }],
      ['POST', '/v1/originate', { from: '1001', to: '1002' }],
      ...operations()
        .filter(([method, path]) => method === 'GET' && path !== '/v1/live' && path !== '/metrics')
        .map(([method, path]): [string, string] => [method, path]),
      ['DELETE', '/v1/calls/{callId}'],
      ['DELETE', '/v1/bans/{address}'],
      ['DELETE', '/v1/carriers/{id}'],
    ]
    for (const [method, path, body] of sent) {
      const query = path === '/v1/routes/explain' ? '?number=123' : ''
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
      assert.ok(answer.status < 300, `${method} ${path} ${answer.status} ${JSON.stringify(json)}`)
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
