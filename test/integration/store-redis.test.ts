import assert from 'node:assert/strict'
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { Redis } from 'ioredis'
import { createRedisBanLedger } from '../../src/store/redis-ban-ledger.ts'
import { banLedgerTests } from '../store/ban-ledger-tests.ts'

const found = spawnSync('redis-server', ['--version']).status === 0

suite('store: the ban ledger in Redis', function () {
  this.timeout(20_000)
  let server: ChildProcess | undefined
  let redis: Redis
  let run = 0

  suiteSetup(async function () {
    if (!found) {
      console.log('      not run: there is no redis-server on PATH')
      this.skip()
    }
    const port = await freePort()
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--dir',
      '/tmp',
    ]
    server = spawn('redis-server', args, { stdio: 'ignore' })
    redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: 20, retryStrategy: () => 50 })
    redis.on('error', () => undefined)
    await redis.ping()
  })
  suiteTeardown(async () => {
    if (server === undefined) return
    redis.disconnect()
    const ended = new Promise((resolve) => server?.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
  })

  banLedgerTests((options) => {
    run += 1
    return createRedisBanLedger({ ...options, redis, prefix: `test${run}:` })
  })

  test('what is counted has an end of its own, and two engines share what they know', async () => {
    const one = createRedisBanLedger({ redis, prefix: 'shared:', failures: 2 })
    const two = createRedisBanLedger({ redis, prefix: 'shared:', failures: 2 })
    assert.equal(await one.note('192.0.2.1', Date.now()), 'counted')
    const ttl = await redis.pttl('shared:{bans}:tries:192.0.2.1')
    assert.ok(ttl > 0 && ttl <= 300_000)
    assert.equal(await two.note('192.0.2.1', Date.now()), 'banned')
    assert.equal(await one.isBanned('192.0.2.1'), true)
    assert.equal(await redis.exists('shared:{bans}:tries:192.0.2.1'), 0)
    for (const key of await redis.keys('shared:*')) assert.ok((await redis.pttl(key)) > 0, key)
  })

  test('a Redis that is away is a fault that passes', async () => {
    const away = new Redis(1, '127.0.0.1', {
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
      lazyConnect: true,
    })
    away.on('error', () => undefined)
    const ledger = createRedisBanLedger({ redis: away })
    await assert.rejects(ledger.isBanned('192.0.2.1'), {
      code: 'STORE_UNAVAILABLE',
      details: { retryable: true },
    })
    away.disconnect()
  })
})

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
