import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { EngineError } from '../../src/base/errors.ts'
import { errorOf, read, type Answer } from './answer.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { A_LEG, CALL_ID } from './samples.ts'

suite('HTTP: the API', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  const get = async (path: string, headers: Record<string, string> = bearer): Promise<Answer> =>
    read(await fetch(fake.url + path, { headers }))
  const send = async (method: string, path: string, body?: unknown): Promise<Answer> =>
    read(
      await fetch(fake.url + path, {
        method,
        headers: { ...bearer, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    )

  test('health and readiness are open, and answer HEAD', async () => {
    assert.equal((await get('/health', {})).body['simulated'], true)
    assert.equal((await get('/ready', {})).status, 200)
    assert.equal((await fetch(`${fake.url}/health`, { method: 'HEAD' })).status, 200)
  })

  test('an engine that is not ready says so with 503', async () => {
    const other = await startFake({
      ready: () => ({ ready: false, checks: [{ name: 'switch', ok: false, detail: 'refused' }] }),
    })
    assert.equal((await fetch(`${other.url}/ready`)).status, 503)
    await other.server.stop()
  })

  test('metrics are Prometheus text', async () => {
    const answer = await get('/metrics')
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.match(answer.text, /strowger_calls 0/)
  })

  test('answers may not be sniffed, cached or framed, and no origin is allowed in', async () => {
    const { headers } = await get('/v1/calls', { ...bearer, origin: 'https://evil.example' })
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('cache-control'), 'no-store')
    assert.equal(headers.get('access-control-allow-origin'), null)
  })

  for (const path of ['/v1/calls/originate', '/v1/originate']) {
    test(`POST ${path} starts a call`, async () => {
      const answer = await send('POST', path, {
        from: '1001',
        to: '+442079460123',
        callerId: '+442079460001',
        ringTimeoutSeconds: 20,
      })
      assert.equal(answer.status, 200)
      assert.equal(answer.body['callId'], CALL_ID)
      assert.equal(answer.body['callUuid'], A_LEG)
      assert.equal(answer.body['status'], 'initiated')
      assert.deepEqual(fake.seen.originated, [
        {
          from: '1001',
          to: '+442079460123',
          organizationId: undefined,
          callerId: '+442079460001',
          ringTimeoutSeconds: 20,
        },
      ])
    })
  }

  test('a call may be asked for by user id, with the organisation in a header', async () => {
    await fetch(`${fake.url}/v1/originate`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json', 'x-organization-id': '5' },
      body: JSON.stringify({
        userId: 12,
        deviceId: 3,
        destination: '+442079460123',
        options: { timeout: 30 },
      }),
    })
    assert.deepEqual(fake.seen.originated, [
      {
        from: { userId: 12, deviceId: 3 },
        to: '+442079460123',
        organizationId: 5,
        callerId: undefined,
        ringTimeoutSeconds: undefined,
        wish: { ringTimeoutSeconds: 30 },
      },
    ])
  })

  const refusals: readonly (readonly [object, number, string])[] = [
    [{ from: '1001', to: '404' }, 400, 'INVALID_DESTINATION'],
    [{ from: '9999', to: '1002' }, 404, 'USER_NOT_FOUND'],
    [{ from: '1001', to: '503' }, 503, 'CARRIER_UNAVAILABLE'],
  ]
  for (const [body, status, code] of refusals) {
    test(`an originate that is refused for ${code} is a ${status}`, async () => {
      const answer = await send('POST', '/v1/calls/originate', body)
      assert.equal(answer.status, status)
      assert.equal(answer.body['success'], false)
      assert.equal(errorOf(answer).code, code)
    })
  }

  const badInput: readonly (readonly [string, string, unknown, string, RegExp])[] = [
    ['POST', '/v1/calls/originate', { to: '1002' }, 'from', /missing/],
    ['POST', '/v1/calls/originate', { from: '1001' }, 'to', /missing/],
    ['POST', '/v1/calls/originate', { from: '1001', to: 12 }, 'to', /takes a number/],
    ['POST', '/v1/calls/originate', { from: '10 01', to: '1002' }, 'from', /letters/],
    ['POST', '/v1/calls/originate', { from: '1001', to: '1002', extra: 1 }, 'extra', /not known/],
    [
      'POST',
      '/v1/calls/originate',
      { from: '1001', to: '1002', ringTimeoutSeconds: 4 },
      'ringTimeoutSeconds',
      /5 to 120/,
    ],
    [
      'POST',
      '/v1/calls/originate',
      { from: '1001', to: '1002', ringTimeoutSeconds: '30' },
      'ringTimeoutSeconds',
      /5 to 120/,
    ],
    ['POST', '/v1/calls/originate', { from: '1001', to: '1002', callerId: '0207' }, 'callerId', /E\.164/],
    ['POST', '/v1/calls/originate', { from: '1001', userId: 1, to: '1002' }, 'userId', /one of them/],
    ['POST', '/v1/calls/originate', { from: '1001', to: '1002', destination: '1003' }, 'to', /differ/],
    [
      'POST',
      '/v1/calls/originate',
      { from: '1001', to: '1002', options: { recordCalls: true } },
      'options.recordCalls',
      /not known/,
    ],
    ['GET', '/v1/calls/123', undefined, 'callId', /uuid/],
    ['DELETE', '/v1/calls/123', undefined, 'callId', /uuid/],
    ['GET', '/v1/calls?organisation=1', undefined, 'organisation', /not known/],
    ['GET', '/v1/calls?organization=x', undefined, 'organization', /whole number/],
    ['GET', '/v1/routes/explain', undefined, 'number', /missing/],
    ['GET', '/v1/routes/explain?number=1&number=2', undefined, 'number', /digits/],
    ['GET', '/v1/cdrs?limit=0', undefined, 'limit', /1 to 1000/],
    ['GET', '/v1/cdrs?since=yesterday', undefined, 'since', /ISO 8601/],
    ['GET', '/v1/cdrs?since=2026-13-45', undefined, 'since', /ISO 8601/],
    ['GET', '/v1/live?callId=x', undefined, 'callId', /uuid/],
    ['GET', '/v1/bans?format=csv', undefined, 'format', /nftables/],
    ['DELETE', '/v1/bans/example.com', undefined, 'address', /IPv4/],
    ['POST', '/v1/carriers', { code: 'a b', name: 'A' }, 'code', /letters/],
    ['POST', '/v1/carriers', { code: 'a', name: 'nul \u0000' }, 'name', /characters/],
    ['POST', '/v1/carriers', { code: 'a', name: 'half \ud800 pair' }, 'name', /not text/],
    ['POST', '/v1/gateways', { carrierId: 1, name: 'g', hostname: 'x y' }, 'hostname', /host name/],
    [
      'POST',
      '/v1/gateways',
      { carrierId: 1, name: 'g', hostname: 'x', credentials: { username: 'u' } },
      'credentials',
      /username/,
    ],
    ['POST', '/v1/gateways', { carrierId: 1, name: 'g', hostname: 'x', port: '65536' }, 'port', /65535/],
    ['POST', '/v1/carriers', { code: 'a', name: 'A', maxCallsPerSecond: 0 }, 'maxCallsPerSecond', /100000/],
    [
      'POST',
      '/v1/carriers',
      { code: 'a', name: 'A', failover: { threshold: 1001 } },
      'failover.threshold',
      /1 to 1000/,
    ],
    ['PUT', '/v1/carriers/1', { failover: { seconds: 1 } }, 'failover.seconds', /not known/],
    ['PUT', '/v1/carriers/1', { failover: null }, 'failover', /threshold/],
    ['PUT', '/v1/carriers/1', { carriesCallerId: 'yes' }, 'carriesCallerId', /true or false/],
    ['PUT', '/v1/gateways/1', { numberForm: { strip: 16 } }, 'numberForm', /strip \(0 to 15\)/],
    ['PUT', '/v1/gateways/1', { numberForm: { technical: '1' } }, 'numberForm', /techPrefix/],
    ['PUT', '/v1/gateways/1', { failover: { next: [299] } }, 'failover', /SIP statuses/],
    ['PUT', '/v1/gateways/1', { failover: { believes: 'both' } }, 'failover', /status or reason/],
    ['PUT', '/v1/gateways/1', { progressTimeoutSeconds: 61 }, 'progressTimeoutSeconds', /1 to 60/],
    ['PUT', '/v1/gateways/1', { ringTimeoutSeconds: 4 }, 'ringTimeoutSeconds', /5 to 600/],
    ['POST', '/v1/lcr-profiles', { name: 'x', strategy: 'CHEAPEST' }, 'strategy', /WEIGHTED or BALANCED/],
    ['POST', '/v1/lcr-profiles', { name: 'x', costWeight: 101 }, 'costWeight', /0 to 100/],
    ['POST', '/v1/lcr-profiles', { name: 'x', maxPricePerMinute: 1 }, 'maxPricePerMinute', /decimal/],
    ['PUT', '/v1/lcr-routes/1', { weight: 1001 }, 'weight', /0 to 1000/],
    ['PUT', '/v1/lcr-routes/1', { timeRestrictions: 'Sat' }, 'timeRestrictions', /time windows/],
    ['PUT', '/v1/lcr-routes/1', { asrPercent: 100.1 }, 'asrPercent', /0 to 100/],
    ['PUT', '/v1/lcr-routes/1', { pddMs: -1 }, 'pddMs', /0 to 600000/],
    ['POST', '/v1/blocked-prefixes', { prefix: '' }, 'prefix', /1 to 15/],
    ['POST', '/v1/blocked-prefixes', { prefix: '+44' }, 'prefix', /without plus/],
    ['POST', '/v1/blocked-prefixes', { prefix: '44', action: 'drop' }, 'action', /block or allow/],
    ['POST', '/v1/blocked-prefixes', { prefix: '44', note: 'x'.repeat(256) }, 'note', /255/],
    ['PUT', '/v1/gateways/1', {}, '', /what changes/],
    ['PUT', '/v1/gateways/0', { name: 'x' }, 'id', /whole number/],
    [
      'POST',
      '/v1/rate-decks',
      { carrierId: 1, name: 'd', currency: 'GBP', rates: [{ prefix: '44', pricePerMinute: 0.01 }] },
      'rates.0.pricePerMinute',
      /string/,
    ],
  ]
  for (const [method, path, body, field, says] of badInput) {
    test(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} is refused and names "${field}"`, async () => {
      const answer = await send(method, path, body)
      assert.equal(answer.status, 400, answer.text)
      assert.equal(errorOf(answer).code, 'BAD_INPUT')
      assert.equal(errorOf(answer).field ?? '', field)
      assert.match(errorOf(answer).message, says)
    })
  }

  const brokenBodies: readonly (readonly [string, string, number, string])[] = [
    ['no JSON', '{"from":', 400, 'BAD_INPUT'],
    ['nothing', '', 400, 'BAD_INPUT'],
    ['a list', '[]', 400, 'BAD_INPUT'],
    ['__proto__', '{"from":"1001","to":"1002","__proto__":{"organizationId":2}}', 400, 'BAD_INPUT'],
    [
      'constructor.prototype',
      '{"from":"1001","to":"1002","constructor":{"prototype":{"x":1}}}',
      400,
      'BAD_INPUT',
    ],
    [
      'more than a megabyte',
      JSON.stringify({ from: '1001', to: '1'.repeat(1_100_000) }),
      413,
      'BODY_TOO_LARGE',
    ],
  ]
  for (const [what, body, status, code] of brokenBodies) {
    test(`a body with ${what} is a ${status}`, async () => {
      const answer = await send('POST', '/v1/calls/originate', body)
      assert.equal(answer.status, status)
      assert.equal(errorOf(answer).code, code)
      assert.deepEqual(fake.seen.originated, [])
    })
  }

  test('a body of another content type is a 415, one that is not UTF-8 a 400', async () => {
    const post = async (type: string, body: string | Uint8Array<ArrayBuffer>): Promise<Answer> =>
      read(
        await fetch(`${fake.url}/v1/carriers`, {
          method: 'POST',
          headers: { ...bearer, 'content-type': type },
          body,
        }),
      )
    assert.equal((await post('text/plain', '{}')).status, 415)
    assert.equal((await post('application/x-www-form-urlencoded', 'a=b')).status, 415)
    const latin1 = new Uint8Array(Buffer.from('{"code":"a","name":"Zo\u00eb"}', 'latin1'))
    const answer = await post('application/json', latin1)
    assert.equal(answer.status, 400)
    assert.match(errorOf(answer).message, /UTF-8/)
  })

  test('a path that is not there is a 404, a method that is not there a 405 with Allow, both in JSON', async () => {
    const nowhere = await get('/v1/nowhere')
    assert.equal(nowhere.status, 404)
    assert.equal(errorOf(nowhere).code, 'NOT_FOUND')
    const patch = await send('PATCH', '/v1/calls/originate', '{')
    assert.equal(patch.status, 405)
    assert.equal(patch.headers.get('allow'), 'POST')
    assert.equal(errorOf(patch).code, 'METHOD_NOT_ALLOWED')
    assert.equal((await send('POST', `/v1/calls/${CALL_ID}`, {})).status, 405)
    assert.equal((await get('/v1/calls/%zz')).status, 400)
  })

  test('calls are listed, told and ended', async () => {
    assert.equal((await get('/v1/calls?organization=2')).text, '{"success":true,"calls":[]}')
    const told = await get(`/v1/calls/${CALL_ID.toUpperCase()}`)
    assert.equal((told.body['call'] as Record<string, unknown>)['startedAt'], '2026-08-01T12:00:00.000Z')
    assert.equal((await send('DELETE', `/v1/calls/${CALL_ID}`)).status, 200)
    assert.deepEqual(fake.seen.hungUp, [CALL_ID])
    assert.equal((await get(`/v1/calls/${A_LEG}`)).status, 404)
    assert.equal((await send('DELETE', `/v1/calls/${A_LEG}`)).status, 404)
  })

  test('explain takes a plus that was not encoded', async () => {
    assert.equal((await get('/v1/routes/explain?number=+442079460123&from=1001&organization=3')).status, 200)
    assert.equal((await get('/v1/routes/explain?number=%2B442079460123')).status, 200)
    assert.equal((await get('/v1/routes/explain?number=%2B44&from=9999')).status, 404)
    const [first, second] = fake.seen.explained
    assert.deepEqual(first, { number: '+442079460123', organizationId: 3, from: '1001', at: undefined })
    assert.equal(second?.number, '+442079460123')
  })

  test('records are filtered, and their money is decimals in strings', async () => {
    const answer = await get(
      `/v1/cdrs?since=2026-08-01T14:00:00%2B02:00&until=2026-08-02&number=%2B44207&call=${CALL_ID}&legs=true&limit=7&direction=outbound`,
    )
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(fake.seen.filters[0] ?? {}).filter(([, value]) => value !== undefined),
      ),
      {
        since: Date.UTC(2026, 7, 1, 12),
        until: Date.UTC(2026, 7, 2),
        number: '44207',
        callId: CALL_ID,
        direction: 'outbound',
        legs: true,
        limit: 7,
      },
    )
    const [record] = answer.body['cdrs'] as Record<string, unknown>[]
    assert.deepEqual(record?.['cost'], { amount: '0.0042', currency: 'GBP' })
  })

  test('bans are told as JSON, as a list and as a script that holds nothing but addresses', async () => {
    assert.equal(((await get('/v1/bans')).body['bans'] as unknown[]).length, 3)
    assert.equal((await get('/v1/bans?format=plain')).text, '203.0.113.7\n2001:db8::7\n')
    const script = (await get('/v1/bans?format=nftables')).text
    assert.match(script, /^add element inet strowger banned4 \{ 203\.0\.113\.7 timeout 3\d{3}s \}$/m)
    assert.match(script, /^add element inet strowger banned6 \{ 2001:db8::7 timeout \d{2}s \}$/m)
    assert.doesNotMatch(script, /reboot/)
    assert.equal((await send('DELETE', '/v1/bans/203.0.113.7')).status, 200)
    assert.equal((await send('DELETE', '/v1/bans/203.0.113.8')).status, 404)
  })

  test('a record is added, told, changed and removed; a password never comes out', async () => {
    const added = await send('POST', '/v1/gateways', {
      carrierId: 1,
      name: 'alpha-1',
      hostname: 'sip.alpha.example',
      credentials: { username: 'us', password: 'hidden-word' },
    })
    assert.equal(added.status, 201)
    assert.deepEqual((added.body['gateway'] as Record<string, unknown>)['credentials'], {
      username: 'us',
      realm: null,
    })
    const changed = await send('PUT', '/v1/gateways/1', { enabled: false, maxChannels: 10 })
    const gateway = changed.body['gateway'] as Record<string, unknown>
    assert.deepEqual([gateway['enabled'], gateway['maxChannels'], gateway['name']], [false, 10, 'alpha-1'])
    for (const answer of [added, changed, await get('/v1/gateways/1'), await get('/v1/gateways')])
      assert.doesNotMatch(answer.text, /hidden-word/)
    assert.equal((await send('DELETE', '/v1/gateways/1')).status, 200)
    for (const method of ['GET', 'PUT', 'DELETE']) {
      assert.equal(
        (await send(method, '/v1/gateways/1', method === 'PUT' ? { name: 'x' } : undefined)).status,
        404,
      )
    }
    const device = await send('POST', '/v1/devices', { userId: 1, username: '1001', password: 'hidden-word' })
    assert.deepEqual(device.body['device'], { id: 1, userId: 1, username: '1001', enabled: true })
  })

  test("the store's refusals keep their field; what nobody expected says nothing of itself", async () => {
    const taken = await send('POST', '/v1/carriers', { code: 'taken', name: 'A' })
    assert.equal(taken.status, 409)
    assert.equal(errorOf(taken).field, 'code')
    const boom = await send('POST', '/v1/carriers', { code: 'boom', name: 'A' })
    assert.equal(boom.status, 500)
    assert.equal(errorOf(boom).code, 'INTERNAL')
    assert.doesNotMatch(boom.text, /postgres/)
  })

  test('a switch or a database that is away is a 503', async () => {
    const other = await startFake({
      originate: () => Promise.reject(new EngineError('ESL_DISCONNECTED', '10.0.0.7:8021 closed')),
      cdrs: () => Promise.reject(new EngineError('STORE_UNAVAILABLE', 'connect 10.0.0.8')),
    })
    const post = await fetch(`${other.url}/v1/originate`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: '{"from":"1","to":"2"}',
    })
    const switchAway = await read(post)
    assert.deepEqual([switchAway.status, errorOf(switchAway).code], [503, 'SWITCH_UNAVAILABLE'])
    const away = await read(await fetch(`${other.url}/v1/cdrs`, { headers: bearer }))
    assert.deepEqual([away.status, errorOf(away).code], [503, 'DATABASE_UNAVAILABLE'])
    assert.doesNotMatch(switchAway.text + away.text, /10\.0\.0/)
    await other.server.stop()
  })

  test('routes exist for the kinds of records that the engine keeps', async () => {
    assert.equal((await get('/v1/numbers')).status, 404)
    assert.equal((await get('/v1/users')).status, 200)
  })

  test('what is no HTTP is answered with a 400 in JSON', async () => {
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(fake.url).port), '127.0.0.1', () =>
        socket.write('INVITE sip:x SIP/2.0\r\n\r\n'),
      )
      let text = ''
      socket.on('data', (piece) => (text += piece.toString()))
      socket.on('end', () => resolve(text))
      socket.on('error', reject)
    })
    assert.match(answer, /^HTTP\/1\.1 400 .*"success":false/s)
  })
})
