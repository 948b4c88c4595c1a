import assert from 'node:assert/strict'
import { errorOf, read, type Answer } from './answer.ts'
import { bearer, startFake, type Fake } from './fake-doors.ts'
import { CALL_ID, NOON } from './samples.ts'

suite('HTTP: routing', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())

  const get = async (path: string): Promise<Answer> => read(await fetch(fake.url + path, { headers: bearer }))
  const post = async (path: string, body: unknown): Promise<Answer> =>
    read(
      await fetch(fake.url + path, {
        method: 'POST',
        headers: { ...bearer, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    )
  type LcrBody = {
    readonly routes: readonly Record<string, unknown>[]
    readonly rejected: readonly Record<string, unknown>[]
  }
  const lcr = async (body: Record<string, unknown>, path = '/lcr/route') => {
    const answer = await post(path, { organizationId: 1, ...body })
    return { ...answer, lcr: answer.body as LcrBody }
  }

  for (const path of ['/lcr/route', '/v1/lcr/route']) {
    test(`${path} answers in the shape that programs know`, async () => {
      const { status, body } = await lcr(
        {
          destination: '+33123456789',
          callType: 'voice',
          userId: 11,
          options: { maxRoutes: 5, includeRates: true },
        },
        path,
      )
      assert.equal(status, 200)
      assert.deepEqual(body, {
        success: true,
        destination: '+33123456789',
        normalizedDestination: '+33123456789',
        countryCode: '33',
        country: 'FR',
        profile: 'cheapest',
        routes: [
          {
            rank: 1,
            carrierId: 2,
            carrierName: 'Carrier 2',
            gatewayId: 2,
            gatewayName: 'edge 2',
            dialString: 'sofia/gateway/gw2/+33123456789',
            prefix: '33',
            rate: {
              perMinute: 0.00000001,
              connectionFee: 0,
              currency: 'EUR',
              billingIncrement: 60,
              firstIncrement: 60,
              minimumSeconds: 0,
              deckId: 20,
              exact: {
                perMinute: '0.00000001',
                connectionFee: '0.00',
                expectedCost: '0.00000003',
                expectedCostCurrency: 'EUR',
              },
            },
            quality: { asr: 60, acd: 180, pdd: 3000 },
            constraints: { maxCallDuration: 14_400, timeRestrictions: [] },
          },
        ],
        rejected: [
          {
            carrierId: 1,
            carrierName: 'Carrier 1',
            gatewayId: 1,
            gatewayName: 'edge 1',
            reason: 'NO_RATE',
            why: 'no rate of the carrier is in force for this number',
          },
        ],
        cacheHit: true,
        lookupTimeMs: 0.0125,
      })
    })
  }

  test('rates come when they are asked for; constraints are the rule’s', async () => {
    const { lcr: told } = await lcr({ destination: '+442079460123', options: { takesTurn: false } })
    const [first] = told.routes
    assert.equal('rate' in (first ?? {}), false)
    assert.deepEqual(first?.['constraints'], {
      maxCallDuration: 600,
      timeRestrictions: ['Mon-Sun 00:00-24:00'],
    })
  })

  test('shares rotate with every answer, unless it is only a question', async () => {
    const firstOf = async (options: Record<string, unknown>): Promise<unknown> =>
      (await lcr({ destination: '+442079460123', options })).lcr.routes[0]?.['carrierId']
    const asked = [await firstOf({ takesTurn: false }), await firstOf({ takesTurn: false })]
    assert.deepEqual(asked, [1, 1])
    assert.deepEqual([await firstOf({}), await firstOf({}), await firstOf({})], [1, 2, 1])
  })

  test('carriers are preferred and left out by code or id', async () => {
    const { lcr: told } = await lcr({
      destination: '+442079460123',
      options: { preferredCarriers: ['2'], excludeCarriers: ['c1'] },
    })
    assert.deepEqual(
      [told.routes.map(({ carrierId }) => carrierId), told.rejected.map(({ reason }) => reason)],
      [[2], ['CARRIER_EXCLUDED']],
    )
  })

  const refusals: readonly (readonly [destination: string, status: number, code: string])[] = [
    ['+493012345678', 404, 'NO_PREFIX'],
    ['+881612345678', 403, 'BLOCKED'],
  ]
  for (const [destination, status, code] of refusals) {
    test(`a number that gets ${code} is ${status}, and says why each carrier was not taken`, async () => {
      const answer = await lcr({ destination })
      assert.equal(answer.status, status)
      assert.equal(answer.body['success'], false)
      assert.equal(errorOf(answer).code, code)
      assert.deepEqual(answer.lcr.routes, [])
      assert.equal(answer.body['normalizedDestination'], destination)
    })
  }

  const wrong: readonly (readonly [body: Record<string, unknown>, status: number, code: string])[] = [
    [{ destination: '112' }, 400, 'INVALID_DESTINATION'],
    [{ destination: 'x' }, 400, 'INVALID_DESTINATION'],
    [{ destination: '+442079460123', organizationId: 9 }, 404, 'ORGANIZATION_NOT_FOUND'],
    [{ destination: '+442079460123', userId: 99 }, 404, 'USER_NOT_FOUND'],
    [{ destination: '+442079460123', organizationId: undefined }, 400, 'BAD_INPUT'],
    [{}, 400, 'BAD_INPUT'],
    [{ destination: '+442079460123', callType: 'telex' }, 400, 'BAD_INPUT'],
    [{ destination: '+442079460123', options: { maxRoutes: 0 } }, 400, 'BAD_INPUT'],
    [{ destination: '+442079460123', options: { preferredCarriers: [''] } }, 400, 'BAD_INPUT'],
    [{ destination: '+442079460123', options: { cheapest: true } }, 400, 'BAD_INPUT'],
  ]
  for (const [body, status, code] of wrong) {
    test(`${JSON.stringify(body)} is ${status} ${code}`, async () => {
      const answer = await lcr(body)
      assert.deepEqual([answer.status, errorOf(answer).code], [status, code])
    })
  }

  test('explain takes a moment, and who calls by extension or number', async () => {
    const answer = await get('/v1/routes/explain?number=123&at=2026-12-24T18:00:00Z&from=%2B442079460001')
    assert.equal(answer.status, 200)
    assert.deepEqual(fake.seen.explained, [
      { number: '123', organizationId: undefined, from: '+442079460001', at: Date.UTC(2026, 11, 24, 18) },
    ])
    const { candidates, rejected, refusal, microseconds } = answer.body['explanation'] as Record<
      string,
      unknown
    >
    assert.deepEqual((candidates as unknown[])[0], {
      rank: 1,
      carrierId: 1,
      carrier: 'Alpha Carrier',
      gatewayId: 1,
      gateway: 'gw1',
      prefix: '4420',
      deckId: 7,
      pricePerMinute: '0.0080',
      connectionFee: '0.00',
      increments: '0/60/60',
      currency: 'GBP',
      expectedCost: '0.024',
      health: 85,
      dialString: 'sofia/gateway/gw1/442079460123',
    })
    assert.deepEqual([(rejected as unknown[]).length, refusal, microseconds], [1, null, 57])
  })

  test('a moment that is none is refused by its name', async () => {
    const answer = await get('/v1/routes/explain?number=123&at=2026-13-01')
    assert.deepEqual([answer.status, errorOf(answer).field], [400, 'at'])
  })

  test('what was decided for a call is told, and 404 where nothing is kept', async () => {
    const kept = await get(`/v1/calls/${CALL_ID}/decision`)
    assert.deepEqual(
      [kept.status, (kept.body['decision'] as Record<string, unknown>)['number']],
      [200, '02079460123'],
    )
    assert.equal((await get('/v1/calls/99999999-2222-4333-8444-555555555555/decision')).status, 404)
    assert.equal((await get('/v1/calls/1/decision')).status, 400)
  })

  test('the health of gateways has the fields that programs know, and the breaker', async () => {
    const answer = await get('/v1/gateways/health')
    const [first, second] = answer.body['gateways'] as Record<string, unknown>[]
    assert.deepEqual(
      [first?.['gatewayId'], first?.['status'], first?.['score'], first?.['lastCheck'], first?.['metrics']],
      [
        1,
        'degraded',
        60,
        '2026-08-01T12:00:00.000Z',
        {
          sipResponseTime: 230,
          asr: 45.5,
          failureRate: 2,
          activeChannels: 12,
          availableChannels: 18,
          maxChannels: 30,
        },
      ],
    )
    assert.deepEqual(first?.['breaker'], {
      state: 'open',
      since: '2026-08-01T11:59:40.000Z',
      until: '2026-08-01T12:00:40.000Z',
      failures: 3,
      successes: 0,
      lastCause: 'NORMAL_TEMPORARY_FAILURE',
    })
    assert.equal((first['openDestinations'] as Record<string, unknown>[])[0]?.['destination'], '44794')
    assert.deepEqual(
      [second?.['coolOff'], (second?.['metrics'] as Record<string, unknown>)['asr']],
      [null, null],
    )
  })

  test('one gateway’s health, and 404 for one that is none', async () => {
    const answer = await get('/v1/gateways/2/health')
    assert.equal((answer.body['health'] as Record<string, unknown>)['score'], 100)
    assert.equal((await get('/v1/gateways/9/health')).status, 404)
    assert.equal((await get('/v1/gateways/9')).status, 404)
  })

  test('a breaker is reset or retried by hand', async () => {
    assert.equal((await post('/v1/gateways/1/breaker', { action: 'reset' })).status, 200)
    assert.equal(
      (await post('/v1/gateways/1/breaker', { action: 'retry', destination: '44794' })).status,
      200,
    )
    assert.deepEqual(fake.seen.breakers, [
      { gatewayId: 1, action: 'reset', destination: undefined },
      { gatewayId: 1, action: 'retry', destination: '44794' },
    ])
    assert.equal((await post('/v1/gateways/9/breaker', { action: 'reset' })).status, 404)
    for (const body of [{}, { action: 'open' }, { action: 'reset', destination: '+44' }])
      assert.equal((await post('/v1/gateways/1/breaker', body)).status, 400)
  })

  test('a replay is begun, and told when it is done', async () => {
    const answer = await post('/v1/routes/replay', {
      deckId: 17,
      since: '2026-07-31T12:00:00Z',
      until: '2026-08-01T12:00:00Z',
      organizationId: 3,
      wait: 5,
    })
    assert.deepEqual(fake.seen.replayed, [
      { deckId: 17, since: NOON - 86_400_000, until: NOON, organizationId: 3 },
    ])
    const { id, state, report, tookMs } = answer.body
    assert.deepEqual([answer.status, id, state, tookMs], [200, 1, 'done', 1235])
    const { totals, carriers, isCut } = report as Record<string, unknown>
    assert.equal(isCut, true)
    assert.deepEqual(totals, [
      {
        currency: 'GBP',
        cost: { before: '10.00', after: '8.50' },
        margin: { before: '-0.25', after: '1.25' },
      },
    ])
    assert.deepEqual((carriers as unknown[])[1], {
      carrierId: 2,
      carrier: '=Beta',
      currency: 'GBP',
      calls: { before: 0, after: 250 },
      share: { before: 0, after: 0.2513 },
      cost: { before: '0.00', after: '1.50' },
    })
  })

  test('a replay that is not done yet says how far it is', async () => {
    const answer = await get('/v1/routes/replays/7?wait=0')
    const { state, calls, report } = answer.body
    assert.deepEqual([answer.status, state, calls, report], [200, 'running', 700, null])
  })

  test('a replay that cannot be is refused', async () => {
    const rows: readonly (readonly [body: Record<string, unknown>, status: number])[] = [
      [{}, 400],
      [{ deckId: 1, since: '2026-08-02', until: '2026-08-01' }, 400],
      [{ deckId: 1, since: 'yesterday' }, 400],
      [{ deckId: 1, wait: 301 }, 400],
      [{ deckId: 404 }, 404],
      [{ deckId: 409 }, 409],
    ]
    for (const [body, status] of rows) assert.equal((await post('/v1/routes/replay', body)).status, status)
    assert.equal((await get('/v1/routes/replays/3')).status, 404)
  })
})
