import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type FlattenedJWSInput, type JWK } from 'jose'
import { silentLogger } from '../../src/base/logger.ts'
import { createIssuerKeys, type IssuerKeys } from '../../src/deliver/issuer-keys.ts'
import { until } from '../live/net.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

const NOTHING: FlattenedJWSInput = { payload: '', signature: '' }

suite('deliver: the keys of an issuer', () => {
  let server: Server
  let answer: { status: number; body: string; headers?: Record<string, string> }
  let asked = 0
  let clock: ManualClock
  let keys: IssuerKeys
  const jwks: Record<string, JWK> = {}

  suiteSetup(async () => {
    for (const kid of ['one', 'two']) {
      const { publicKey } = await generateKeyPair('RS256')
      jwks[kid] = { ...(await exportJWK(publicKey)), kid, alg: 'RS256', use: 'sig' }
    }
    server = createServer((_request, response) => {
      asked += 1
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  suiteTeardown(() => {
    server.close()
  })
  setup(() => {
    asked = 0
    clock = createManualClock()
    publish('one')
    const { port } = server.address() as AddressInfo
    keys = createIssuerKeys({ url: `http://127.0.0.1:${port}/`, clock, logger: silentLogger })
  })
  teardown(() => keys.stop())

  const publish = (...kids: readonly string[]): void => {
    answer = { status: 200, body: JSON.stringify({ keys: kids.map((kid) => jwks[kid]) }) }
  }
  const has = async (kid: string): Promise<boolean> => {
    try {
      await keys.key({ alg: 'RS256', kid }, NOTHING)
      return true
    } catch (fault) {
      assert.equal((fault as { code?: string }).code, 'ERR_JWKS_NO_MATCHING_KEY')
      return false
    }
  }

  test('are read by the first token that needs them, once for many', async () => {
    assert.deepEqual(await Promise.all([has('one'), has('one'), has('one')]), [true, true, true])
    assert.equal(asked, 1)
  })

  test('are read again for a key that is not known, after half a minute at the soonest', async () => {
    assert.equal(await has('one'), true)
    publish('one', 'two')
    assert.equal(await has('two'), false)
    assert.equal(asked, 1)
    clock.advance(30_000)
    assert.equal(await has('two'), true)
    assert.equal(asked, 2)
    assert.equal(await has('three'), false)
    assert.equal(asked, 2)
  })

  test('are read every ten minutes: a key that is taken away ends', async () => {
    keys.start()
    assert.equal(await has('one'), true)
    publish('two')
    clock.advance(600_000)
    await until('they were read', () => asked === 2)
    await until('the old one is gone', async () => !(await has('one')))
    assert.equal(await has('two'), true)
  })

  const broken: readonly (readonly [string, typeof answer])[] = [
    ['an error', { status: 500, body: '' }],
    ['no JSON', { status: 200, body: '<html>' }],
    ['something else', { status: 200, body: '{"keys":7}' }],
    ['megabytes', { status: 200, body: `{"keys":[],"x":"${'x'.repeat(1_100_000)}"}` }],
    ['a redirect', { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } }],
  ]
  for (const [what, instead] of broken) {
    test(`an issuer that answers with ${what} changes nothing`, async () => {
      assert.equal(await has('one'), true)
      answer = instead
      clock.advance(30_000)
      assert.equal(await has('two'), false)
      assert.equal(asked, 2)
      assert.equal(await has('one'), true)
    })
  }

  test('of an issuer that was never there are a fault that says so', async () => {
    answer = { status: 503, body: '' }
    await assert.rejects(async () => keys.key({ alg: 'RS256', kid: 'one' }, NOTHING), {
      code: 'DELIVER_ISSUER_AWAY',
    })
    await assert.rejects(async () => keys.key({ alg: 'RS256', kid: 'one' }, NOTHING), {
      code: 'DELIVER_ISSUER_AWAY',
    })
    assert.equal(asked, 1)
  })
})
