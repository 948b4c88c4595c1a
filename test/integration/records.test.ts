/** Records over the real HTTP server, kept by a real PostgreSQL. */
import assert from 'node:assert/strict'
import { a1HashOf } from '../../src/store/device-writes.ts'
import { DEFAULT_FAILOVER_POLICY } from '../../src/telephony/failover-policy.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { DEFAULT_NUMBER_FORM } from '../../src/telephony/number-form.ts'
import { errorOf } from '../http/answer.ts'
import { KINDS } from './record-samples.ts'
import { DECK, recordIn, SECRET, startRecordServer, type RecordServer } from './record-server.ts'

/** A record without the moments at which it was written. */
const undated = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(row).filter(([field]) => !['createdAt', 'publishedAt'].includes(field)))

suite('records', function () {
  this.timeout(60_000)
  let server: RecordServer
  setup(async () => {
    server = await startRecordServer()
  })
  teardown(() => server.stop())

  for (const { path, key, many = `${key}s`, add, told, change, changed = change } of KINDS) {
    test(`${path} ${JSON.stringify(add['name'] ?? add['prefix'] ?? '')} are added, told, changed, emptied and removed`, async () => {
      // It moves to gateway 2, whose route for every number would be in its way.
      if (path === 'lcr-routes') await server.send('DELETE', 'lcr-routes/2')
      const shown = Object.fromEntries(
        Object.entries(add).filter(([field]) => !['password', 'rates'].includes(field)),
      )
      const added = await server.send('POST', path, add)
      assert.equal(added.status, 201, added.text)
      const row = undated(recordIn(added, key))
      const expected = { ...shown, ...told, id: row['id'] }
      assert.deepEqual(row, expected)
      const at = `${path}/${String(row['id'])}`
      assert.deepEqual(undated(recordIn(await server.send('GET', at), key)), expected)

      const update = await server.send('PUT', at, change)
      assert.deepEqual(undated(recordIn(update, key)), { ...expected, ...changed })
      const list = await server.send('GET', path)
      const listed = (list.body[many] as Record<string, unknown>[]).map(undated)
      assert.deepEqual(
        listed.find(({ id }) => id === row['id']),
        { ...expected, ...changed },
      )
      for (const { text } of [added, update, list]) assert.ok(!text.includes(SECRET))

      assert.equal((await server.send('DELETE', at)).status, 200)
      for (const method of ['GET', 'DELETE', 'PUT']) {
        const gone = await server.send(method, at, method === 'PUT' ? change : undefined)
        assert.deepEqual([gone.status, errorOf(gone).code], [404, 'NOT_FOUND'], `${method} ${gone.text}`)
      }
    })
  }

  test('a new organisation gets its profile, its carrier, its routes and its phones, and goes again', async () => {
    const idOf = async (path: string, key: string, body: unknown): Promise<number> =>
      Number(recordIn(await server.send('POST', path, body), key)['id'])
    const organizationId = await idOf('organizations', 'organization', {
      name: 'Acme',
      sipDomain: 'acme.test',
      country: 'GB',
      currency: 'GBP',
    })
    const profileId = await idOf('lcr-profiles', 'lcrProfile', { organizationId, name: 'Own' })
    recordIn(
      await server.send('PUT', `organizations/${organizationId}`, { lcrProfileId: profileId }),
      'organization',
    )
    const carrierId = await idOf('carriers', 'carrier', { organizationId, code: 'own', name: 'Own' })
    const gatewayId = await idOf('gateways', 'gateway', {
      carrierId,
      name: 'own-1',
      hostname: 'sip.own.test',
      credentials: { username: 'us', password: SECRET, realm: 'own.test' },
    })
    const routeId = await idOf('lcr-routes', 'lcrRoute', { profileId, gatewayId, prefix: '44' })
    await idOf('blocked-prefixes', 'blockedPrefix', { prefix: '883' })
    await idOf('blocked-prefixes', 'blockedPrefix', { organizationId: 1, prefix: '883' })
    const deckId = await idOf('rate-decks', 'rateDeck', { ...DECK, carrierId })
    const userId = await idOf('users', 'user', { organizationId, name: 'Ada', extension: '1001' })
    const deviceId = await idOf('devices', 'device', { userId, username: '1001', password: SECRET })

    const known = await server.snapshot()
    assert.equal(known.organizations.find(({ id }) => id === organizationId)?.lcrProfileId, profileId)
    assert.deepEqual(known.gateways.find(({ id }) => id === gatewayId)?.credentials, {
      username: 'us',
      password: SECRET,
      realm: 'own.test',
    })
    assert.deepEqual(
      known.lcrRoutes.filter((route) => route.profileId === profileId).map((route) => route.gatewayId),
      [gatewayId],
    )
    const hash = async () => (await server.snapshot()).devices.find(({ id }) => id === deviceId)?.a1Hash
    assert.equal(await hash(), a1HashOf('1001', 'acme.test', SECRET))
    recordIn(await server.send('PUT', `devices/${deviceId}`, { password: 'another one' }), 'device')
    assert.equal(await hash(), a1HashOf('1001', 'acme.test', 'another one'))

    // What is another organisation's is not offered, and cannot be reached through.
    for (const [path, body, field] of [
      ['organizations/1', { lcrProfileId: profileId }, 'lcrProfileId'],
      ['lcr-routes/1', { gatewayId }, 'gatewayId'],
      ['numbers/1', { userId }, 'userId'],
    ] as const)
      assert.equal(errorOf(await server.send('PUT', path, body)).field, field)
    const counts: Record<string, number[]> = {}
    for (const { path, key, many = `${key}s` } of KINDS) {
      counts[path] = []
      for (const organization of [1, organizationId]) {
        const answer = await server.send('GET', `${path}?organization=${organization}`)
        counts[path].push((answer.body[many] as unknown[]).length)
      }
    }
    assert.deepEqual(counts, {
      organizations: [1, 1],
      'caller-id-rules': [0, 0],
      'carrier-caller-ids': [0, 0],
      carriers: [3, 4],
      gateways: [3, 4],
      users: [2, 1],
      devices: [2, 1],
      numbers: [1, 0],
      'lcr-profiles': [1, 2],
      'lcr-routes': [3, 4],
      'blocked-prefixes': [2, 1],
      'rate-decks': [3, 4],
    })

    recordIn(
      await server.send('PUT', `organizations/${organizationId}`, { lcrProfileId: null }),
      'organization',
    )
    for (const path of [
      `lcr-routes/${routeId}`,
      `lcr-profiles/${profileId}`,
      `gateways/${gatewayId}`,
      `rate-decks/${deckId}`,
      `carriers/${carrierId}`,
      `devices/${deviceId}`,
      `users/${userId}`,
      `organizations/${organizationId}`,
    ]) {
      assert.equal((await server.send('DELETE', path)).status, 200, path)
    }
    const [left] = await server.database.query<{ count: number }>(
      'SELECT count(*) AS count FROM rates WHERE deck_id = $1',
      [deckId],
    )
    assert.equal(left?.count, 0)
  })

  test('a domain may change while no phone is hashed with it, a country while no extension is in its way', async () => {
    await server.send('DELETE', 'devices/1')
    await server.send('DELETE', 'devices/2')
    assert.equal((await server.send('PUT', 'organizations/1', { sipDomain: 'new.test' })).status, 200)
    recordIn(await server.send('PUT', 'users/2', { extension: '17' }), 'user')
    const answer = await server.send('PUT', 'organizations/1', { country: 'FR' })
    assert.deepEqual([answer.status, errorOf(answer).field], [409, 'country'], answer.text)
    assert.match(errorOf(answer).message, /17, the extension of user 2/)
  })

  test('a deck of 20000 rates goes in at once', async () => {
    const rates = Array.from({ length: 20_000 }, (_, at) => ({
      prefix: String(100_000 + at),
      pricePerMinute: '0.00850001',
      connectionFee: '0.01',
      firstIncrementSeconds: 30,
    }))
    const deck = recordIn(await server.send('POST', 'rate-decks', { ...DECK, rates }), 'rateDeck')
    assert.equal(deck['rateCount'], 20_000)
    const [rate] = await server.database.query<{ next: number }>(
      `SELECT next_increment_seconds AS next FROM rates WHERE prefix = '119999'`,
    )
    assert.equal(rate?.next, 30)
  })

  test('what was written is what the engine goes by', async () => {
    const added: Record<string, number> = {}
    for (const { path, key, add } of KINDS)
      added[path] ??= Number(recordIn(await server.send('POST', path, add), key)['id'])
    const { carriers, gateways, lcrProfiles, lcrRoutes, blockedPrefixes } = await server.snapshot()
    const own = carriers.find(({ id }) => id === added['carriers'])
    assert.deepEqual(own, {
      id: added['carriers'],
      organizationId: 1,
      code: 'own',
      name: 'Own',
      maxChannels: 200,
      maxCallsPerSecond: 20,
      carriesCallerId: false,
      supportsFax: true,
      failover: { enabled: true, threshold: 3, windowSeconds: 60 },
      callerIdPolicy: 'any',
      attemptFee: { amount: parseMoney('0.0025'), currency: 'EUR' },
      enabled: false,
    })
    const spare = gateways.find(({ id }) => id === added['gateways'])
    assert.deepEqual(
      [spare?.maxCallsPerSecond, spare?.progressTimeoutSeconds, spare?.ringTimeoutSeconds],
      [7, 8, 45],
    )
    assert.deepEqual(spare?.numberForm, {
      format: 'digits',
      country: undefined,
      strip: 2,
      pattern: '^7',
      replacement: '007',
      prefix: '',
      techPrefix: '88#',
    })
    assert.deepEqual(spare.failover, {
      believes: 'status',
      next: [403, 'USER_BUSY'],
      stop: ['CALL_REJECTED'],
    })
    assert.deepEqual(gateways[0]?.numberForm, DEFAULT_NUMBER_FORM)
    assert.deepEqual(gateways[0].failover, DEFAULT_FAILOVER_POLICY)
    assert.deepEqual(
      lcrProfiles.find(({ id }) => id === added['lcr-profiles']),
      {
        id: added['lcr-profiles'],
        organizationId: undefined,
        name: 'By hand',
        strategy: 'LOWEST_COST',
        timeZone: 'UTC',
        costWeight: 50,
        qualityWeight: 50,
        maxPricePerMinute: undefined,
        protectsMargin: false,
        requiresCallerId: false,
        enabled: true,
      },
    )
    assert.deepEqual(
      lcrRoutes.find(({ id }) => id === added['lcr-routes']),
      {
        id: added['lcr-routes'],
        profileId: 1,
        gatewayId: 1,
        prefix: '33',
        priority: 0,
        weight: 30,
        enabled: true,
        priceOverride: 900_000,
        maxChannels: 10,
        maxCallDurationSeconds: 7200,
        timeRestrictions: ['Mon-Fri 08:00-18:00', 'Sat,Sun'],
        asrPercent: 62.55,
        acdSeconds: 180,
        pddMs: 0,
      },
    )
    assert.deepEqual(blockedPrefixes, [
      {
        id: added['blocked-prefixes'],
        organizationId: undefined,
        prefix: '883',
        action: 'block',
        note: '',
        enabled: true,
      },
    ])
    // What is asked for in part changes in part.
    const at = `gateways/${String(added['gateways'])}`
    recordIn(await server.send('PUT', at, { numberForm: { prefix: '9' }, failover: null }), 'gateway')
    const changed = (await server.snapshot()).gateways.find(({ id }) => id === added['gateways'])
    assert.deepEqual(changed?.numberForm, { ...spare.numberForm, prefix: '9' })
    assert.deepEqual(changed.failover, DEFAULT_FAILOVER_POLICY)
    recordIn(await server.send('PUT', at, { numberForm: null }), 'gateway')
    const reset = (await server.snapshot()).gateways.find(({ id }) => id === added['gateways'])
    assert.deepEqual(reset?.numberForm, DEFAULT_NUMBER_FORM)
  })

  test('what is told may be sent back as it is, and changes nothing', async () => {
    recordIn(await server.send('POST', 'blocked-prefixes', { prefix: '883' }), 'blockedPrefix')
    const before = await server.snapshot()
    for (const [path, key] of [
      ['carriers', 'carrier'],
      ['gateways', 'gateway'],
      ['lcr-profiles', 'lcrProfile'],
      ['lcr-routes', 'lcrRoute'],
      ['blocked-prefixes', 'blockedPrefix'],
    ] as const) {
      const told = recordIn(await server.send('GET', `${path}/1`), key)
      const sent = Object.fromEntries(Object.entries(told).filter(([field]) => field !== 'id'))
      assert.deepEqual(recordIn(await server.send('PUT', `${path}/1`, sent), key), told)
    }
    assert.deepEqual(await server.snapshot(), before)
  })

  test('two who take the same name at once: one has it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => server.send('POST', 'carriers', { code: 'same', name: 'x' })),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array<number>(7).fill(409)])
  })
})
