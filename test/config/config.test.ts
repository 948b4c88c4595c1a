import assert from 'node:assert/strict'
import { readConfig } from '../../src/config/config.ts'
import { VARIABLES } from '../../src/config/variables.ts'

suite('configuration', () => {
  test('an empty environment is a trial on loopback', () => {
    const config = readConfig({}, '/srv/x')
    assert.equal(config.trial, true)
    assert.equal(config.dataDir, '/srv/x/.strowger')
    assert.equal(config.http.host, '127.0.0.1')
    assert.equal(config.routing.maxRoutes, 5)
  })

  for (const name of ['FREESWITCH_HOST', 'DATABASE_URL']) {
    test(`${name} ends the trial`, () => {
      const value = name === 'DATABASE_URL' ? 'postgres://u:p@db/x' : 'switch.example'
      assert.equal(readConfig({ [name]: value }, '/').trial, false)
      assert.equal(readConfig({ [name]: ' ' }, '/').trial, true)
    })
  }

  test('every problem is in one message, each with its variable', () => {
    const bad = {
      STROWGER_HTTP_PORT: '99999',
      DATABASE_URL: 'mysql://x',
      LCR_MAX_ROUTES: '5.5',
      STROWGER_MASTER_KEY: 'short',
      STROWGER_LOG_LEVEL: 'loud',
      FREESWITCH_HOST: 'a b',
    }
    assert.throws(
      () => readConfig(bad, '/'),
      (fault: Error) => {
        assert.match(fault.message, /6 problems/)
        for (const name of Object.keys(bad)) assert.match(fault.message, new RegExp(name))
        return true
      },
    )
  })

  test('every default is valid', () => {
    const defaults = Object.fromEntries(VARIABLES.map(({ name, fallback }) => [name, fallback]))
    assert.doesNotThrow(() => readConfig(defaults, '/'))
  })
})

suite('config: routing and the SIP edge', () => {
  test('the failover variables of the reference have its defaults', () => {
    const { failover } = readConfig({}, '/').routing
    assert.deepEqual(failover, {
      enabled: true,
      strategy: 'sequential',
      threshold: 3,
      windowSeconds: 300,
      recovery: 'automatic',
      recoveryIntervalSeconds: 60,
      recoveryThreshold: 5,
      causes: undefined,
    })
  })

  test('causes are a list of hangup causes and SIP statuses', () => {
    const { failover } = readConfig({ FAILOVER_CAUSES: 'NORMAL_TEMPORARY_FAILURE, 403' }, '/').routing
    assert.deepEqual(failover.causes, ['NORMAL_TEMPORARY_FAILURE', '403'])
  })

  test('a drachtio URL is taken apart, its port is 9022 unless it names one', () => {
    const { sip } = readConfig({ DRACHTIO_URL: 'drachtio://:se%23cret@[::1]' }, '/')
    assert.deepEqual(sip, {
      host: '::1',
      port: 9022,
      secret: 'se#cret',
      peers: ['127.0.0.0/8', '::1/128'],
      optionsSeconds: 30,
    })
  })

  test('an LRN host is asked with the number in its URL', () => {
    const { lrn } = readConfig({ LCR_LRN_URL: 'https://lrn.example/{number}' }, '/').routing
    assert.deepEqual(lrn, { url: 'https://lrn.example/{number}', timeoutMs: 250, cacheSeconds: 86_400 })
  })

  const rows: readonly (readonly [sentence: string, name: string, value: string])[] = [
    ['a strategy that there is not', 'FAILOVER_STRATEGY', 'random'],
    ['a cause in lower case', 'FAILOVER_CAUSES', 'user_busy'],
    ['a status that is none of a refusal', 'FAILOVER_CAUSES', '200'],
    ['an LRN URL without a place for the number', 'LCR_LRN_URL', 'https://lrn.example/'],
    ['an LRN URL that is no URL', 'LCR_LRN_URL', '{number}'],
    ['a drachtio URL without a secret', 'DRACHTIO_URL', 'drachtio://127.0.0.1:9022'],
    ['a drachtio secret with what its protocol reads', 'DRACHTIO_URL', 'drachtio://:a%7Cb@127.0.0.1:9022'],
    ['a drachtio secret that is no text', 'DRACHTIO_URL', 'drachtio://:a%zz@127.0.0.1:9022'],
    ['a drachtio URL with another scheme', 'DRACHTIO_URL', 'http://:x@127.0.0.1:9022'],
    ['a peer that is no network', 'SIP_REDIRECT_PEERS', '10.0.0.1'],
    ['a peer with more bits than an address has', 'SIP_REDIRECT_PEERS', '10.0.0.0/33'],
  ]
  for (const [sentence, name, value] of rows) {
    test(`${sentence} is refused by the name of its variable`, () => {
      assert.throws(() => readConfig({ [name]: value }, '/'), new RegExp(name))
    })
  }
})
