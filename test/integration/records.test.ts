/** Records over the real HTTP server, kept by a real PostgreSQL. */
import assert from 'node:assert/strict'
import { a1HashOf } from '../../src/store/device-writes.ts'
import { errorOf } from '../http/answer.ts'
import { DECK, RATES, recordIn, SECRET, startRecordServer, type RecordServer } from './record-server.ts'

const KINDS: readonly {
  readonly path: string
  readonly key: string
  readonly add: Record<string, unknown>
  /** What the API tells that it was not told; null: it does not tell it. */
  readonly told: Record<string, unknown>
  readonly change: Record<string, unknown>
  readonly changed?: Record<string, unknown>
}[] = [
  {
    path: 'organizations',
    key: 'organization',
    add: {
      name: ' Acme ',
      sipDomain: 'ACME.example',
      country: 'FR',
      currency: 'EUR',
      defaultCallerId: '+33123456789',
      lcrProfileId: 1,
    },
    told: { name: 'Acme', sipDomain: 'acme.example', isDemo: false, enabled: true },
    change: { sipDomain: 'other.example', lcrProfileId: null, defaultCallerId: null, enabled: false },
  },
  {
    path: 'carriers',
    key: 'carrier',
    add: { organizationId: 1, code: 'own', name: 'Own', enabled: false },
    told: {},
    change: { organizationId: 1, code: 'mine', enabled: true },
  },
  {
    path: 'gateways',
    key: 'gateway',
    add: {
      carrierId: 1,
      name: 'spare',
      hostname: '2001:DB8::1',
      credentials: { username: 'us', password: SECRET },
      register: true,
      pingSeconds: 30,
      maxChannels: 5,
      inboundCidrs: ['192.0.2.1'],
    },
    told: {
      hostname: '2001:db8::1',
      credentials: { username: 'us', realm: null },
      inboundCidrs: ['192.0.2.1/32'],
      port: 5060,
      transport: 'udp',
      codecs: [],
      carriesEmergency: false,
      enabled: true,
    },
    change: { credentials: null, register: false, pingSeconds: null, maxChannels: null, enabled: false },
  },
  {
    path: 'users',
    key: 'user',
    add: { organizationId: 1, name: 'Ada', extension: '1003', callerId: '+442079460101' },
    told: { enabled: true },
    change: { extension: '1004', callerId: null, enabled: false },
  },
  {
    path: 'devices',
    key: 'device',
    add: { userId: 1, username: 'desk', password: SECRET },
    told: { enabled: true },
    change: { userId: 2, username: 'soft', password: `${SECRET} too`, enabled: false },
    changed: { userId: 2, username: 'soft', enabled: false },
  },
  {
    path: 'numbers',
    key: 'number',
    add: { organizationId: 1, number: '+442079460102', userId: 1 },
    told: { enabled: true },
    change: { userId: 2, number: '+442079460103', enabled: false },
  },
  {
    path: 'lcr-profiles',
    key: 'lcrProfile',
    add: { name: 'By hand' },
    told: { organizationId: null, strategy: 'LOWEST_COST', enabled: true },
    change: { strategy: 'PRIORITY', enabled: false },
  },
  {
    path: 'lcr-routes',
    key: 'lcrRoute',
    add: { profileId: 1, gatewayId: 1, prefix: '33', priceOverride: '0.00900' },
    told: { priceOverride: '0.009', priority: 0, enabled: true },
    change: { gatewayId: 2, prefix: '', priority: 3, priceOverride: null, enabled: false, profileId: 1 },
  },
  {
    path: 'rate-decks',
    key: 'rateDeck',
    add: {
      carrierId: 1,
      name: 'New',
      currency: 'GBP',
      effectiveFrom: '2026-01-01T00:00:00Z',
      rates: RATES,
    },
    told: { effectiveFrom: '2026-01-01T00:00:00.000Z', effectiveTo: null, rateCount: 1 },
    change: { name: 'Newer', effectiveTo: '2027-01-01', carrierId: 1 },
    changed: { name: 'Newer', effectiveTo: '2027-01-01T00:00:00.000Z' },
  },
]
suite('records', function () {
  this.timeout(60_000)
  let server: RecordServer
  setup(async () => {
    server = await startRecordServer()
  })
  teardown(() => server.stop())

  for (const { path, key, add, told, change, changed = change } of KINDS) {
    test(`${path} are added, told, changed, emptied and removed`, async () => {
      // It moves to gateway 2, whose route for every number would be in its way.
      if (path === 'lcr-routes') await server.send('DELETE', 'lcr-routes/2')
      const shown = Object.fromEntries(
        Object.entries(add).filter(([field]) => !['password', 'rates'].includes(field)),
      )
      const added = await server.send('POST', path, add)
      assert.equal(added.status, 201, added.text)
      const row = recordIn(added, key)
      const expected = { ...shown, ...told, id: row['id'] }
      assert.deepEqual(row, expected)
      const at = `${path}/${String(row['id'])}`
      assert.deepEqual(recordIn(await server.send('GET', at), key), expected)

      const update = await server.send('PUT', at, change)
      assert.deepEqual(recordIn(update, key), { ...expected, ...changed })
      const list = await server.send('GET', path)
      const listed = list.body[`${key}s`] as { id: number }[]
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
    const { tariff } = known.rates.find((rate) => rate.deckId === deckId) ?? {}
    assert.deepEqual([tariff?.firstIncrementSeconds, tariff?.nextIncrementSeconds], [60, 60])
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
    for (const { path, key } of KINDS) {
      counts[path] = []
      for (const organization of [1, organizationId]) {
        const answer = await server.send('GET', `${path}?organization=${organization}`)
        counts[path].push((answer.body[`${key}s`] as unknown[]).length)
      }
    }
    assert.deepEqual(counts, {
      organizations: [1, 1],
      carriers: [3, 4],
      gateways: [3, 4],
      users: [2, 1],
      devices: [2, 1],
      numbers: [1, 0],
      'lcr-profiles': [1, 2],
      'lcr-routes': [3, 4],
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
    const rate = (await server.snapshot()).rates.find(({ prefix }) => prefix === '119999')
    assert.equal(rate?.tariff.nextIncrementSeconds, 30)
  })

  test('two who take the same name at once: one has it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => server.send('POST', 'carriers', { code: 'same', name: 'x' })),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [201, ...Array<number>(7).fill(409)])
  })
})
