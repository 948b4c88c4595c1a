/**
 * The endpoints as they are printed for those who call them: request and answer, field by field, and each error with the
 * code and the status that it is promised. What an answer has beyond that is in the OpenAPI document.
 */
import assert from 'node:assert/strict'
import { until } from '../live/net.ts'
import { idIn } from './contract-records.ts'
import { openContractWorld, type Ask, type ContractWorld, type Json } from './contract-world.ts'

const LONDON = '+442079460123'
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}([.]\d+)?Z$/

suite('contract: the endpoints as they are printed', function () {
  this.timeout(60_000)
  let world: ContractWorld
  suiteSetup(async () => {
    world = await openContractWorld()
  })
  suiteTeardown(() => world.close())

  const initiated = ({ json }: { readonly json: Json }): void => {
    assert.deepEqual(Object.keys(json).sort(), ['callId', 'callUuid', 'status', 'success', 'timestamp'])
    assert.equal(json['success'], true)
    assert.equal(json['status'], 'initiated')
    assert.match(String(json['callId']), UUID)
    assert.match(String(json['callUuid']), UUID)
    assert.match(String(json['timestamp']), UTC)
  }

  test('POST /v1/calls/originate: click-to-dial with every field of the example', async () => {
    const told = await world.ask(200, 'POST /v1/calls/originate', {
      body: {
        destination: LONDON,
        callerId: '+442079460100',
        userId: 1,
        deviceId: 1,
        salesforceRecordId: '0012400000abcDEF',
        salesforceObjectType: 'Contact',
        options: { recordCall: true, maxDuration: 3600, callbackUrl: `${world.receiver.url}/events` },
      },
    })
    initiated(told)
    const callId = String(told.json['callId'])
    await until('the callback is told of the call', () =>
      world.receiver.taken.some(
        ({ path, event }) =>
          path === '/events' && (event['call'] as { callId: string } | undefined)?.callId === callId,
      )
        ? true
        : undefined,
    )
  })

  test('POST /v1/originate: every field of the request', async () => {
    const policy = await world.ask(201, 'POST /v1/recording-policies', {
      body: { organizationId: 1, name: 'asked for', scope: { type: 'specific', users: [2] } },
    })
    const recordingPolicyId = idIn(policy, 'recordingPolicy')
    const body = {
      destination: LONDON,
      userId: 1,
      deviceId: 1,
      callerId: '+442079460100',
      displayName: 'Ada Lovelace',
      options: {
        maxDuration: 60,
        recordCall: true,
        timeout: 60,
        callbackUrl: `${world.receiver.url}/events`,
        callbackEvents: ['answered', 'completed', 'failed'],
        earlyMedia: true,
        answerConfirm: true,
        customHeaders: {},
      },
      salesforce: { recordId: '0012400000abcDEF', objectType: 'Lead', createTask: true },
    }
    const headers = { 'x-organization-id': '1' }
    const withPolicy = { ...body, options: { ...body.options, recordingPolicyId } }
    await until('the policy is known to calls', async () => {
      const answer = await world.engine.api('/v1/originate', withPolicy)
      return answer.status === 200 ? true : undefined
    })
    initiated(await world.ask(200, 'POST /v1/originate', { body: withPolicy, headers }))
  })

  const ERRORS: readonly (readonly [status: number, code: string, why: string, body: Json])[] = [
    [400, 'INVALID_DESTINATION', 'a number that is none', { destination: 'not a number', userId: 1 }],
    [404, 'USER_NOT_FOUND', 'a user who is none', { destination: LONDON, userId: 999 }],
    [409, 'DEVICE_UNAVAILABLE', 'a device that is none', { destination: LONDON, userId: 1, deviceId: 2 }],
    [
      403,
      'CALLER_ID_NOT_ALLOWED',
      'a number of somebody else',
      { destination: LONDON, userId: 1, callerId: '+442079465999' },
    ],
  ]
  for (const path of ['POST /v1/calls/originate', 'POST /v1/originate']) {
    for (const [status, code, why, body] of ERRORS) {
      test(`${path}: ${code} is ${status} (${why})`, async () => {
        const told = await world.refused(status, path, { body }, { code })
        const error = told.json['error'] as Json
        assert.equal(told.json['success'], false)
        assert.equal(typeof error['message'], 'string')
        assert.match(String(error['userMessage']), /^[A-Z].*\.$/)
        assert.match(String(error['timestamp']), UTC)
      })
    }
  }

  test('QUOTA_EXCEEDED is 429 with Retry-After, and the words for the person who calls', async () => {
    const params = { id: 2 }
    await world.ask(200, 'PUT /v1/users/{id}/quota', { params, body: { callsPerSecond: 0 } })
    const ask: Ask = { body: { destination: LONDON, userId: 2 } }
    const told = await world.askUntil(429, 'POST /v1/originate', ask)
    const error = told.json['error'] as Json
    assert.equal(error['code'], 'QUOTA_EXCEEDED')
    assert.equal(error['userMessage'], 'Too many calls. Please wait before trying again.')
    assert.equal(told.headers.get('retry-after'), String(error['retryAfter']))
    assert.ok(Number(error['retryAfter']) > 0)
    await world.ask(200, 'DELETE /v1/users/{id}/quota', { params })
  })

  test('CARRIER_UNAVAILABLE is 503: no carrier has a rate for the number', async () => {
    const body = { destination: '+4930123456789', userId: 1 }
    const { json } = await world.ask(503, 'POST /v1/originate', { body })
    assert.equal((json['error'] as Json)['code'], 'CARRIER_UNAVAILABLE')
  })

  test('POST /lcr/route: every field of the question and of its answer', async () => {
    const { json } = await world.ask(200, 'POST /lcr/route', {
      body: {
        destination: LONDON,
        organizationId: 1,
        userId: 1,
        callType: 'voice',
        options: { maxRoutes: 5, includeRates: true, preferredCarriers: ['B'], excludeCarriers: ['C'] },
      },
    })
    assert.equal(json['success'], true)
    assert.equal(json['destination'], LONDON)
    assert.equal(json['normalizedDestination'], LONDON)
    assert.equal(typeof json['countryCode'], 'string')
    assert.equal(typeof json['cacheHit'], 'boolean')
    assert.equal(typeof json['lookupTimeMs'], 'number')
    const routes = json['routes'] as readonly Json[]
    assert.deepEqual(
      routes.map(({ rank, carrierName }) => [rank, carrierName]),
      [
        [1, 'Beta Carrier'],
        [2, 'Alpha Carrier'],
      ],
    )
    const [first = {}] = routes
    for (const name of ['carrierId', 'gatewayId', 'rank']) assert.equal(typeof first[name], 'number', name)
    for (const name of ['gatewayName', 'dialString', 'prefix'])
      assert.equal(typeof first[name], 'string', name)
    const { perMinute, connectionFee, currency, billingIncrement } = first['rate'] as Json
    assert.deepEqual(
      [perMinute, connectionFee, billingIncrement].map((figure) => typeof figure),
      ['number', 'number', 'number'],
    )
    assert.equal(currency, 'GBP')
  })

  test('POST /lcr/route: the least that is needed is the number and the organisation; at most five routes', async () => {
    const { json } = await world.ask(200, 'POST /lcr/route', {
      body: { destination: LONDON, organizationId: 1 },
    })
    const [first = {}] = json['routes'] as readonly Json[]
    assert.equal('rate' in first, false)
    await world.refused(
      400,
      'POST /lcr/route',
      { body: { destination: LONDON } },
      { code: 'BAD_INPUT', field: 'organizationId' },
    )
    await world.ask(404, 'POST /lcr/route', { body: { destination: '+4930123456789', organizationId: 1 } })
  })

  test('POST /v1/caller-id/validate: every field of the question and of its answer', async () => {
    const { json } = await world.ask(200, 'POST /v1/caller-id/validate', {
      body: { number: '+442079460100', organizationId: 1, userId: 1, purpose: 'outbound_call' },
    })
    const { ownership, carrierSupport, ...rest } = json
    assert.deepEqual(rest, {
      valid: true,
      number: '+442079460100',
      normalized: '+442079460100',
      restrictions: [],
    })
    const { type, verified, verificationDate } = ownership as Json
    assert.ok(['organization', 'user'].includes(String(type)), String(type))
    assert.equal(verified, true)
    assert.match(String(verificationDate), UTC)
    assert.deepEqual(carrierSupport, { A: true, B: true, C: true })
  })

  test('POST /v1/caller-id/validate: a number of nobody here is not valid, and why', async () => {
    const { json } = await world.ask(200, 'POST /v1/caller-id/validate', {
      body: { number: '+442079465999', organizationId: 1 },
    })
    assert.equal(json['valid'], false)
    assert.deepEqual((json['ownership'] as Json)['verified'], false)
    assert.deepEqual(json['restrictions'], ['NOT_OWNED'])
  })

  test('the health of a gateway has the printed shape', async () => {
    const { json } = await world.ask(200, 'GET /v1/gateways/{id}/health', { params: { id: 2 } })
    const { gatewayId, status, score, lastCheck, metrics } = json['health'] as Json
    assert.equal(gatewayId, 2)
    assert.ok(['healthy', 'degraded', 'unhealthy'].includes(String(status)))
    assert.ok(typeof score === 'number' && score >= 0 && score <= 100)
    assert.equal(status, score >= 70 ? 'healthy' : score >= 40 ? 'degraded' : 'unhealthy')
    assert.match(String(lastCheck), UTC)
    for (const name of ['sipResponseTime', 'asr', 'activeChannels', 'availableChannels'])
      assert.ok(name in (metrics as object), name)
  })

  test('a recording policy is told as it was sent, whole', async () => {
    const group = await world.ask(201, 'POST /v1/user-groups', {
      body: { organizationId: 1, name: 'Sales', userIds: [1] },
    })
    const archive = await world.ask(201, 'POST /v1/archive-policies', {
      body: { organizationId: 1, name: 'old', afterDays: 90, folder: 'old' },
    })
    const policy = {
      organizationId: 1,
      name: 'Compliance',
      enabled: false,
      scope: {
        type: 'specific',
        users: [1],
        groups: [idIn(group, 'userGroup')],
        numbers: ['+442079460123'],
      },
      settings: {
        format: 'mp3',
        channels: 'split',
        sampleRate: 16_000,
        startOn: 'ring',
        announcement: { enabled: false, audioFileId: null, playTo: 'external_only' },
        pauseOnHold: true,
        pauseDigits: '*1',
        resumeDigits: '*2',
      },
      storage: { retention: 365, archivePolicy: idIn(archive, 'archivePolicy'), encryptAtRest: true },
      compliance: { pciEnabled: true, gdprEnabled: false, consentRequired: false },
    }
    const added = await world.ask(201, 'POST /v1/recording-policies', { body: policy })
    const { id, ...told } = added.json['recordingPolicy'] as Json
    assert.equal(typeof id, 'number')
    // Ours alone: whether a call may ask not to be recorded.
    const { optional, ...settings } = told['settings'] as Json
    assert.equal(typeof optional, 'boolean')
    assert.deepEqual({ ...told, settings }, policy)
    for (const [field, wrong] of [
      ['scope', { type: 'some' }],
      ['settings', { format: 'flac' }],
      ['settings', { channels: 'surround' }],
      ['settings', { sampleRate: 11_025 }],
      ['settings', { startOn: 'hangup' }],
      ['settings', { announcement: { playTo: 'nobody' } }],
      ['storage', { retention: 0 }],
    ] as const)
      await world.refused(
        400,
        'POST /v1/recording-policies',
        { body: { ...policy, [field]: wrong } },
        { code: 'BAD_INPUT', field },
      )
  })
})
