import assert from 'node:assert/strict'
import { errorOf, read, type Answer } from './answer.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { CALL_ID } from './samples.ts'

suite('HTTP: targets', () => {
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
  const TARGET = {
    name: 'CRM',
    kind: 'hubspot',
    organizationId: 1,
    credentials: { flow: 'private-app', accessToken: 'pat-secret' },
  }
  const SALESFORCE = {
    ...TARGET,
    kind: 'salesforce',
    settings: { loginUrl: 'https://acme.my.salesforce.com' },
    credentials: { flow: 'client-credentials', clientId: 'a', clientSecret: 'b' },
  }

  test('credentials go in and never come out', async () => {
    const added = await ask('POST', '/v1/targets', TARGET)
    assert.equal(added.status, 201, added.text)
    for (const path of ['/v1/targets', '/v1/targets/1'])
      assert.doesNotMatch((await ask('GET', path)).text, /pat-secret|credentials/)
    assert.doesNotMatch(added.text, /pat-secret/)
  })

  test('a breaker that is open is told', async () => {
    await ask('POST', '/v1/targets', TARGET)
    const { body } = await ask('GET', '/v1/targets/1')
    const target = body['target'] as Record<string, unknown>
    assert.deepEqual(
      [target['breaker'], target['failures'], target['waiting'], target['deadLetters']],
      ['open', 6, 2, 1],
    )
  })

  const refused: readonly (readonly [what: string, body: object, field: string])[] = [
    ['an unknown kind', { ...TARGET, kind: 'sugar' }, 'kind'],
    ['no name', { ...TARGET, name: undefined }, 'name'],
    ['no organisation, from the platform', { ...TARGET, organizationId: undefined }, 'organizationId'],
    ['no credentials', { ...TARGET, credentials: {} }, 'credentials.flow'],
    [
      'a credential that is not of its flow',
      { ...TARGET, credentials: { ...TARGET.credentials, apiKey: 'x' } },
      'credentials.apiKey',
    ],
    ['a setting that there is not', { ...TARGET, settings: { portal: 7 } }, 'settings.portal'],
    [
      'an address that is not called',
      { ...TARGET, settings: { baseUrl: 'https://10.0.0.7' } },
      'settings.baseUrl',
    ],
    ['http', { ...SALESFORCE, settings: { loginUrl: 'http://acme.my.salesforce.com' } }, 'settings.loginUrl'],
    ['no login', { ...SALESFORCE, settings: {} }, 'settings.loginUrl'],
    ['a section that there is not', { ...TARGET, mapping: { deal: {} } }, 'mapping.deal'],
    [
      'a path that there is not',
      { ...SALESFORCE, mapping: { task: { Subject: 'call.subject' } } },
      'mapping.task.Subject',
    ],
    [
      'a format of another type',
      { ...SALESFORCE, mapping: { task: { X__c: { path: 'call.from', format: 'iso' } } } },
      'mapping.task.X__c',
    ],
    [
      'an object that is none',
      { ...SALESFORCE, settings: { ...SALESFORCE.settings, object: 'Call/../x' } },
      'settings.object',
    ],
    [
      'an event of Analytics with a name of Google’s',
      {
        ...TARGET,
        kind: 'ga4',
        settings: { measurementId: 'G-TEST1234' },
        credentials: { apiSecret: 'x' },
        mapping: { callCompleted: { ga_x: 'call.id' } },
      },
      'mapping.callCompleted.ga_x',
    ],
  ]
  for (const [what, body, field] of refused)
    test(`${what} is refused, and the field is named`, async () => {
      const answer = await ask('POST', '/v1/targets', body)
      assert.deepEqual([answer.status, errorOf(answer).field], [400, field], answer.text)
      assert.deepEqual((await ask('GET', '/v1/targets')).body['targets'], [])
    })

  test('what is another organisation’s is not there', async () => {
    await ask('POST', '/v1/targets', TARGET)
    assert.deepEqual((await ask('GET', '/v1/targets', undefined, 2)).body['targets'], [])
    const paths: readonly (readonly [method: string, path: string, body?: unknown])[] = [
      ['GET', '/v1/targets/1'],
      ['PUT', '/v1/targets/1', { enabled: false }],
      ['DELETE', '/v1/targets/1'],
      ['POST', '/v1/targets/1/test', { callId: CALL_ID }],
      ['GET', '/v1/targets/1/deliveries'],
      ['GET', '/v1/targets/1/dead-letters'],
      ['POST', '/v1/targets/1/replay'],
      ['POST', '/v1/targets', TARGET],
      ['GET', '/v1/targets?organization=1'],
    ]
    for (const [method, path, body] of paths)
      assert.equal((await ask(method, path, body, 2)).status, 404, `${method} ${path}`)
  })

  test('a call is shown, or sent; one without a record is not there', async () => {
    await ask('POST', '/v1/targets', TARGET)
    const shown = await ask('POST', '/v1/targets/1/test', { callId: CALL_ID, dryRun: true })
    assert.equal((shown.body['requests'] as unknown[]).length, 1)
    assert.equal(shown.body['delivery'], null)
    const sent = await ask('POST', '/v1/targets/1/test', { callId: CALL_ID })
    assert.equal((sent.body['delivery'] as Record<string, unknown>)['note'], 'Task created')
    const unknown = '99999999-2222-4333-8444-555555555555'
    assert.equal((await ask('POST', '/v1/targets/1/test', { callId: unknown })).status, 404)
    await ask('PUT', '/v1/targets/1', { enabled: false })
    assert.equal((await ask('POST', '/v1/targets/1/test', { callId: CALL_ID })).status, 409)
  })

  test('dead letters are listed and sent again', async () => {
    await ask('POST', '/v1/targets', TARGET)
    const letters = (await ask('GET', '/v1/targets/1/dead-letters')).body['deliveries'] as Record<
      string,
      unknown
    >[]
    assert.match(String(letters[0]?.['lastError']), /INVALID_FIELD/)
    assert.deepEqual((await ask('GET', '/v1/targets/1/deliveries?state=waiting')).body['deliveries'], [])
    assert.equal((await ask('POST', '/v1/targets/1/replay')).body['replayed'], 1)
    assert.equal((await ask('POST', '/v1/targets/1/replay?deliveryId=31')).body['replayed'], 1)
    assert.equal((await ask('POST', '/v1/targets/1/replay?deliveryId=32')).status, 404)
  })

  test('kinds and paths are told to whoever writes a mapping', async () => {
    const { body } = await ask('GET', '/v1/target-kinds', undefined, 2)
    const kinds = body['kinds'] as { kind: string; mapping: Record<string, Record<string, unknown>> }[]
    assert.deepEqual(
      kinds.map(({ kind }) => kind),
      ['salesforce', 'hubspot', 'zendesk', 'ga4', 'http'],
    )
    assert.equal(kinds[0]?.mapping['callReporting']?.['To_UUID__c'], 'bLeg.legUuid')
    assert.ok((body['paths'] as unknown[]).length > 50)
  })
})
