/**
 * Who is let in, with two real engines over one PostgreSQL: API keys, tokens of ours, tokens of an outside issuer that
 * changes its keys and goes away, and all of it while the database is away.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'
import { silentLogger } from '../../src/base/logger.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { addOrganization, addUser } from '../../src/store/organization-writes.ts'
import { freePort, until } from '../live/net.ts'
import { startEngine, type EngineProcess } from '../support/engine.ts'
import { openFolder, testDatabase, type TestDatabase } from '../support/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { as, type Told } from './tenancy-world.ts'

const AUDIENCE = 'https://api.strowger.example'

/** An issuer of tokens: its keys are on the network as long as it answers. */
const startIssuer = async () => {
  const published: JWK[] = []
  const state = { isAway: false, asked: 0 }
  const server: Server = createServer((_request, response) => {
    state.asked += 1
    if (state.isAway) response.writeHead(503).end()
    else response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: published }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const newKey = async (kid: string): Promise<CryptoKey> => {
    const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
    published.push({ ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' })
    return privateKey
  }
  const token = (
    key: CryptoKey | Uint8Array,
    claims: Record<string, unknown>,
    changes: {
      readonly kid?: string
      readonly alg?: string
      readonly issuer?: string
      readonly end?: string
    } = {},
  ): Promise<string> =>
    new SignJWT({ scope: 'calls:read cdrs:read openid', ...claims })
      .setProtectedHeader({ alg: changes.alg ?? 'RS256', kid: changes.kid ?? 'one' })
      .setIssuer(changes.issuer ?? url)
      .setAudience(AUDIENCE)
      .setSubject('auth0|7')
      .setIssuedAt()
      .setExpirationTime(changes.end ?? '5m')
      .sign(key)
  return { url, state, published, newKey, token, stop: () => server.close() }
}

suite('access: keys and tokens', () => {
  const { folder, remove } = openFolder()
  let place: TestDatabase
  let database: Database
  let proxy: TcpProxy
  let issuer: Awaited<ReturnType<typeof startIssuer>>
  let one: EngineProcess
  let two: EngineProcess
  let organization = 0
  let user = 0
  let foreign = 0
  let key: CryptoKey

  suiteSetup(async function () {
    this.timeout(90_000)
    place = await testDatabase()
    database = openDatabase({ url: place.url, logger: silentLogger })
    organization = await addOrganization(database, {
      name: 'Acme',
      sipDomain: 'acme.example',
      country: 'GB',
      currency: 'GBP',
    })
    user = await addUser(database, { organizationId: organization, name: 'Ada', extension: '7001' })
    foreign = await addOrganization(database, {
      name: 'Other',
      sipDomain: 'other.example',
      country: 'GB',
      currency: 'GBP',
    })
    issuer = await startIssuer()
    key = await issuer.newKey('one')
    const { port } = new URL(place.url)
    proxy = await startTcpProxy(() => Number(port))
    const proxied = new URL(place.url)
    proxied.port = String(proxy.port)
    const masterKey = randomBytes(32).toString('hex')
    const start = async (name: string, url: string): Promise<EngineProcess> =>
      startEngine({
        dataDir: join(folder, name),
        httpPort: await freePort(),
        wait: 'greeted',
        environment: {
          DATABASE_URL: url,
          FREESWITCH_PORT: String(await freePort()),
          STROWGER_MASTER_KEY: masterKey,
          STROWGER_JWT_ISSUER: issuer.url,
          STROWGER_JWT_AUDIENCE: AUDIENCE,
          STROWGER_JWT_JWKS_URL: `${issuer.url}/jwks`,
        },
      })
    ;[one, two] = await Promise.all([start('one', place.url), start('two', proxied.href)])
    for (const engine of [one, two])
      await until(
        'its keys are there',
        async () => (await (await fetch(`${engine.url}/.well-known/jwks.json`)).text()).includes('"kid"'),
        20_000,
      )
  })
  suiteTeardown(async function () {
    this.timeout(30_000)
    await Promise.all([one.kill('SIGTERM'), two.kill('SIGTERM')])
    issuer.stop()
    await proxy.close()
    await database.close()
    await place.drop()
    remove()
  })

  const calls = (engine: EngineProcess, token: string): Promise<Told> => as(engine, token, 'GET', '/v1/calls')
  const json = (told: Told): Record<string, unknown> => JSON.parse(told.text) as Record<string, unknown>
  const newKeyOf = async (
    scopes: readonly string[],
    more: object = {},
  ): Promise<{ id: number; key: string }> => {
    const made = await as(one, one.token(), 'POST', '/v1/api-keys', {
      organizationId: organization,
      name: 'CRM',
      scopes,
      ...more,
    })
    assert.equal(made.status, 201, made.text)
    const body = json(made)
    return { id: (body['apiKey'] as { id: number }).id, key: String(body['key']) }
  }

  test('a key works at once where it was made, a moment later everywhere, and not after it is revoked', async () => {
    const made = await newKeyOf(['calls:read'])
    assert.match(made.key, /^sk_[0-9a-f]{12}_[\w-]{43}$/)
    assert.equal((await calls(one, made.key)).status, 200)
    await until('the other engine knows it', async () => (await calls(two, made.key)).status === 200)
    assert.equal((await as(one, made.key, 'GET', '/v1/cdrs')).status, 403)
    const changed = `${made.key.slice(0, -1)}${made.key.endsWith('A') ? 'B' : 'A'}`
    assert.equal((await calls(one, changed)).status, 401)
    const rows = await database.query<{ row: string }>(
      'SELECT row_to_json(api_keys)::text AS row FROM api_keys',
    )
    assert.ok(!rows.some(({ row }) => row.includes(made.key.slice(16))))
    assert.equal((await as(one, one.token(), 'DELETE', `/v1/api-keys/${made.id}`)).status, 200)
    const refused = await calls(one, made.key)
    assert.equal(refused.status, 401)
    assert.match(refused.text, /revoked/)
    await until('the other engine knows it', async () => (await calls(two, made.key)).status === 401)
  })

  test('a key ends at its end', async () => {
    const made = await newKeyOf(['calls:read'], { expiresAt: new Date(Date.now() + 1_500).toISOString() })
    assert.equal((await calls(one, made.key)).status, 200)
    await until('it has ended', async () => (await calls(one, made.key)).status === 401, 5_000)
  })

  test('a client’s token holds on every engine, for what was granted, as long as the client is there', async () => {
    const made = await as(one, one.token(), 'POST', '/v1/oauth-clients', {
      organizationId: organization,
      name: 'Billing',
      scopes: ['cdrs:read', 'calls:read'],
    })
    const { oauthClient, clientSecret } = json(made) as {
      oauthClient: { id: number; clientId: string }
      clientSecret: string
    }
    const grant = async (scope: string): Promise<Record<string, unknown>> => {
      const answer = await fetch(`${one.url}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({
          grant_type: 'client_credentials',
          client_id: oauthClient.clientId,
          client_secret: clientSecret,
          scope,
        }),
      })
      return (await answer.json()) as Record<string, unknown>
    }
    const granted = await grant('calls:read')
    assert.equal(granted['scope'], 'calls:read', JSON.stringify(granted))
    const token = String(granted['access_token'])
    await until('the other engine knows the client', async () => (await calls(two, token)).status === 200)
    assert.equal((await as(one, token, 'GET', '/v1/cdrs')).status, 403)
    assert.equal((await as(one, token, 'GET', `/v1/calls?organization=${foreign}`)).status, 404)
    assert.equal((await grant('calls:write'))['error'], 'invalid_scope')
    const [head = '', , signature = ''] = token.split('.')
    const forged = Buffer.from(
      JSON.stringify({
        iss: 'strowger',
        aud: 'strowger-api',
        client_id: oauthClient.clientId,
        exp: 9e9,
        scope: 'cdrs:read',
      }),
    ).toString('base64url')
    assert.equal((await calls(one, `${head}.${forged}.${signature}`)).status, 401)
    assert.equal((await as(one, one.token(), 'DELETE', `/v1/oauth-clients/${oauthClient.id}`)).status, 200)
    assert.equal((await calls(one, token)).status, 401)
  })

  test('both engines sign with one pair of keys', async () => {
    const keysOf = async ({ url }: EngineProcess): Promise<string> =>
      (await fetch(`${url}/.well-known/jwks.json`)).text()
    assert.equal(await keysOf(one), await keysOf(two))
    assert.doesNotMatch(await keysOf(one), /"d":/)
    const [row] = await database.query<{ count: number }>('SELECT count(*) FROM signing_keys')
    assert.equal(row?.count, 1)
  })

  test('an outside issuer’s token holds for the organisation and the user that it names', async () => {
    const token = await issuer.token(key, { organization_id: organization, user_id: user })
    assert.equal((await calls(one, token)).status, 200)
    assert.equal((await as(one, token, 'GET', '/v1/cdrs')).status, 200)
    assert.equal((await as(one, token, 'GET', '/v1/users')).status, 403)
    assert.equal((await as(one, token, 'GET', `/v1/calls?organization=${foreign}`)).status, 404)
    const byDomain = await issuer.token(key, { organization_id: 'ACME.example' })
    assert.equal((await calls(one, byDomain)).status, 200)
  })

  test('what an outside issuer did not sign so, for us, for now, for somebody who is there, is no token', async () => {
    const other = (await generateKeyPair('RS256')).privateKey
    const publicKey = new TextEncoder().encode(JSON.stringify(issuer.published[0]))
    const ours = { organization_id: organization }
    const tokens: readonly (readonly [string, string])[] = [
      ['another key', await issuer.token(other, ours)],
      ['the public key as a shared secret', await issuer.token(publicKey, ours, { alg: 'HS256' })],
      [
        'no signature',
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await issuer.token(key, ours)).split('.')[1] ?? ''}.`,
      ],
      ['another issuer', await issuer.token(key, ours, { issuer: 'https://evil.example' })],
      ['our own name', await issuer.token(key, ours, { issuer: 'strowger' })],
      ['an end that is past', await issuer.token(key, ours, { end: '-5m' })],
      ['no organisation', await issuer.token(key, {})],
      ['an organisation that is not there', await issuer.token(key, { organization_id: 999_999 })],
      [
        'a user of another organisation',
        await issuer.token(key, { organization_id: foreign, user_id: user }),
      ],
      ['a user that is no id', await issuer.token(key, { ...ours, user_id: { admin: true } })],
    ]
    for (const [what, token] of tokens) assert.equal((await calls(one, token)).status, 401, what)
    const platform = await issuer.token(key, { ...ours, scope: 'platform:read platform:write' })
    assert.equal((await as(one, platform, 'GET', '/metrics')).status, 403)
  })

  test('a key that the issuer takes up is fetched when a token names it; an issuer that is away ends nothing', async function () {
    this.timeout(60_000)
    const next = await issuer.newKey('two')
    const token = await issuer.token(next, { organization_id: organization }, { kid: 'two' })
    // Not more often than every half minute: whoever sends unknown key ids must not make us a nuisance.
    const asked = issuer.state.asked
    for (let tries = 0; tries < 20; tries += 1)
      await calls(one, await issuer.token(next, {}, { kid: `made up ${tries}` }))
    assert.ok(issuer.state.asked - asked <= 1, `${issuer.state.asked - asked} times`)
    await until('the new key is known', async () => (await calls(one, token)).status === 200, 45_000)
    issuer.state.isAway = true
    assert.equal((await calls(one, token)).status, 200)
    assert.equal((await calls(one, await issuer.token(key, { organization_id: organization }))).status, 200)
    issuer.state.isAway = false
  })

  test('an organisation that is disabled is shut out with all that it has', async () => {
    const made = await newKeyOf(['calls:read'])
    const token = await issuer.token(key, { organization_id: organization })
    assert.equal((await calls(one, made.key)).status, 200)
    const set = (enabled: boolean): Promise<Told> =>
      as(one, one.token(), 'PUT', `/v1/organizations/${organization}`, { enabled })
    await set(false)
    await until('its key is refused', async () => (await calls(one, made.key)).status === 401)
    assert.equal((await calls(one, token)).status, 401)
    await set(true)
    await until('its key is taken', async () => (await calls(one, made.key)).status === 200)
  })

  test('while the database is away, who was known is known, and no request waits for it', async () => {
    const made = await newKeyOf(['calls:read'])
    await until('the other engine knows it', async () => (await calls(two, made.key)).status === 200)
    const token = await issuer.token(key, { organization_id: organization })
    proxy.mute()
    try {
      const begun = performance.now()
      assert.equal((await calls(two, made.key)).status, 200)
      assert.equal((await calls(two, token)).status, 200)
      assert.equal((await calls(two, 'sk_000000000000_'.padEnd(59, 'x'))).status, 401)
      assert.ok(performance.now() - begun < 2_000)
    } finally {
      proxy.cut()
      proxy.mend()
    }
  })

  test('when a key was used is written behind', async function () {
    this.timeout(30_000)
    const made = await newKeyOf(['calls:read'])
    const usedAt = async (): Promise<unknown> =>
      (
        json(await as(one, one.token(), 'GET', `/v1/api-keys/${made.id}`))['apiKey'] as Record<
          string,
          unknown
        >
      )['lastUsedAt']
    assert.equal(await usedAt(), null)
    assert.equal((await calls(one, made.key)).status, 200)
    await until('it is written', async () => (await usedAt()) !== null, 20_000)
  })
})
