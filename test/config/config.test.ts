import assert from 'node:assert/strict'
import { readConfig, VARIABLES } from '../../src/config/config.ts'

suite('configuration', () => {
  test('an empty environment is a trial on loopback', () => {
    const config = readConfig({}, '/srv/x')
    assert.equal(config.trial, true)
    assert.equal(config.dataDir, '/srv/x/.strowger')
    assert.equal(config.http.host, '127.0.0.1')
    assert.equal(config.maxRoutes, 5)
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
