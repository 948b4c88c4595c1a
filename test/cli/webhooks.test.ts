import assert from 'node:assert/strict'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'
import { CALL_ID } from '../http/samples.ts'
import { run, type Ran } from './run.ts'

suite('strowger: webhooks', () => {
  let fake: Fake
  setup(async () => {
    fake = await startFake()
  })
  teardown(() => fake.server.stop())
  const strowger = (...args: readonly string[]): Promise<Ran> =>
    run(['webhooks', ...args], { env: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN } })
  const add = (): Promise<Ran> =>
    strowger(
      'add',
      'https://crm.example.com/calls',
      '--event',
      'call.*',
      '--event',
      'call.answered',
      '--org',
      '1',
    )

  test('add prints the secret, list and show what there is', async () => {
    assert.equal((await strowger('list')).out, 'no webhooks\n')
    const added = await add()
    assert.deepEqual([added.err, added.out], ['', 'webhook 1 added\n  secret whsec_told-this-once\n'])
    const listed = await strowger('list', '--org', '1')
    assert.equal(
      listed.out,
      `ID  ORG  STATE  WAITING  EVENTS                URL
1   1    ok     0        call.* call.answered  https://crm.example.com/calls
`,
    )
    assert.equal((await strowger('list', '--org', '2')).out, 'no webhooks\n')
    assert.match(
      (await strowger('show', '1')).out,
      /^webhook 1\n {2}url {8}https:\/\/crm\.example\.com\/calls\n/,
    )
    assert.doesNotMatch((await strowger('show', '1', '--json')).out, /whsec/)
  })

  test('set changes what is named', async () => {
    await add()
    assert.equal((await strowger('set', '1')).code, 2)
    assert.equal((await strowger('set', '1', '--no-enabled', '--description', 'CRM')).code, 0)
    assert.match((await strowger('show', '1')).out, /for {8}CRM\n[^]*state {6}disabled\n/)
    assert.equal((await strowger('set', '1', '--event', 'call.exploded')).code, 2)
    assert.equal((await strowger('set', '1', '--url', 'http://crm.example.com')).code, 2)
  })

  test('secrets: a new one of a webhook, and that of callbacks', async () => {
    await add()
    assert.equal(
      (await strowger('rotate-secret', '1', '--hours', '2')).out,
      'webhook 1 has a new secret\n  secret whsec_another\n',
    )
    assert.equal((await strowger('callback-secret', '--org', '1')).out, 'whsec_callbacks\n')
    assert.equal((await strowger('callback-secret', '--org', '1', '--rotate')).out, 'whsec_callbacks-2\n')
    assert.match((await strowger('callback-secret')).err, /"organization" is missing/)
  })

  test('test says what came of a ping', async () => {
    await add()
    const pinged = await strowger('test', '1')
    assert.deepEqual([pinged.code, pinged.out], [0, 'webhook 1 took the ping: 200 after 12 ms\n'])
    assert.equal((await strowger('test', '9')).code, 2)
  })

  test('deliveries: a row each, one with its attempts', async () => {
    await add()
    const row = `ID  EVENT           CALL                                  N  TO         STATE    TRIES  LAST             NEXT TRY
7   call.completed  ${CALL_ID}  3  webhook 1  waiting  2      it answered 500  2026-08-01 12:00:15
`
    assert.equal((await strowger('deliveries')).out, row)
    assert.equal((await strowger('deliveries', '1')).out, row)
    assert.equal((await strowger('deliveries', '--call', CALL_ID)).out, row)
    assert.equal((await strowger('deliveries', '--state', 'failed')).out, 'no deliveries\n')
    assert.equal((await strowger('deliveries', '1', '--call', CALL_ID)).code, 2)
    assert.match(
      (await strowger('delivery', '7')).out,
      /^delivery 7: call\.completed, waiting\n[^]*2026-08-01 12:00:00 {2}it answered 500, 12 ms\n\{"type":"call\.completed"\}\n$/,
    )
  })

  test('replay: one, or all that were given up', async () => {
    await add()
    assert.equal((await strowger('replay', '7')).out, 'sent again as delivery 8\n')
    assert.equal(
      (await strowger('replay', '--failed-of', '1', '--since', '2d')).out,
      '3 deliveries are sent again\n',
    )
    assert.equal((await strowger('replay')).code, 2)
    assert.equal((await strowger('replay', '7', '--failed-of', '1')).code, 2)
    assert.equal((await strowger('remove', '1')).out, 'webhook 1 removed\n')
    assert.equal((await strowger('remove', '1')).code, 2)
  })
})
