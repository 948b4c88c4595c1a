/** What targets do when they do not take a call, and what becomes of it: nothing is lost, nothing stands there twice. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { decodeJwt } from 'jose'
import type { StoredTarget } from '../../src/http/target-doors.ts'
import { rotateSecrets } from '../../src/store/secret-rotation.ts'
import { decryptSecret } from '../../src/store/secret.ts'
import { callOf, openTargetsBench, type TargetsBench } from './targets-bench.ts'
import { until } from './outbox-bench.ts'
import { startReceiver } from './receiver.ts'

suite('targets: faults', function () {
  this.timeout(60_000)
  let bench: TargetsBench
  suiteSetup(async () => {
    bench = await openTargetsBench()
  })
  suiteTeardown(() => bench.close())
  teardown(async () => {
    bench.vendors.clear()
    await bench.outbox.database.query('DELETE FROM cdr_targets')
  })

  const store = async (changes: Parameters<typeof callOf>[1] = {}) => {
    const call = callOf(bench.outbox.organizationId, changes)
    await bench.store(call.a, call.b)
    return call
  }
  /** The last delivery, once it was tried so often. */
  const tried = async (target: StoredTarget, attempts = 1) => {
    await until(
      `${attempts} attempts`,
      async () => ((await bench.deliveries(target))[0]?.attempts ?? 0) >= attempts,
    )
    const [delivery] = await bench.deliveries(target)
    assert.ok(delivery)
    return delivery
  }
  const stateOf = async ({ id }: StoredTarget): Promise<StoredTarget> => {
    const found = await bench.targets.doors.find(undefined, id)
    assert.ok(found)
    return found
  }

  suite('tokens', () => {
    test('a token that ended is fetched anew once, and the request goes again', async () => {
      const target = await bench.add('salesforce')
      await store()
      await bench.settled(target)
      bench.vendors.endTokens()
      const before = bench.vendors.tokens()
      const { a } = await store()
      await bench.settled(target)
      assert.equal(bench.vendors.tokens(), before + 1)
      assert.ok(bench.vendors.records.has(a.legUuid))
      assert.deepEqual(
        bench.vendors.of(new RegExp(`From_UUID__c/${a.legUuid}`)).map(({ status }) => status),
        [401, 201],
      )
    })

    test('calls side by side share one token', async () => {
      const target = await bench.add('salesforce')
      const calls = Array.from({ length: 12 }, () => callOf(bench.outbox.organizationId))
      await bench.store(...calls.flatMap(({ a, b }) => [a, b]))
      await bench.settled(target)
      assert.equal(bench.vendors.of(/oauth2\/token/).length, 1)
      assert.equal(bench.vendors.records.size, 12)
    })

    test('a refresh token that was replaced is kept: the next engine has the new one', async () => {
      const target = await bench.add('zendesk')
      await store()
      await bench.settled(target)
      bench.restart()
      bench.vendors.endTokens()
      await store()
      const deliveries = await bench.settled(target)
      assert.deepEqual(
        deliveries.map(({ state }) => state),
        ['delivered', 'delivered'],
      )
      const used = bench.vendors.of(/^POST \/oauth\/tokens/).map(({ json }) => json['refresh_token'])
      assert.equal(used.length, 2)
      assert.equal(used[0], 'refresh-1')
      assert.notEqual(used[1], 'refresh-1')
    })

    test('Salesforce by JWT: who asks, for whom, at which login', async () => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
      const target = await bench.add('salesforce', {
        credentials: {
          flow: 'jwt-bearer',
          clientId: 'consumer-key',
          username: 'integration@example.com',
          privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        },
      })
      await store()
      await bench.settled(target)
      const [asked] = bench.vendors.of(/oauth2\/token/)
      const form = new URLSearchParams(asked?.text)
      assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:jwt-bearer')
      const { iss, sub, aud, exp = 0 } = decodeJwt(form.get('assertion') ?? '')
      assert.deepEqual(
        [iss, sub, aud],
        ['consumer-key', 'integration@example.com', 'https://login.salesforce.com'],
      )
      assert.ok(exp * 1_000 - Date.now() < 180_000)
    })

    test('credentials that were taken back: the call waits, it is no dead letter, and goes when they are mended', async () => {
      const target = await bench.add('hubspot', {
        credentials: { flow: 'private-app', accessToken: 'pat-that-was-taken-back' },
      })
      await store()
      const delivery = await tried(target)
      assert.equal(delivery.state, 'waiting')
      assert.match(delivery.lastError ?? '', /401.*EXPIRED_AUTHENTICATION/)
      await bench.targets.doors.change(undefined, target.id, {
        credentials: { flow: 'private-app', accessToken: 'pat-eu1-private-app' },
      })
      await bench.settled(target)
      assert.equal(bench.vendors.calls.size, 1)
    })

    test('a token endpoint that refuses says why', async () => {
      const target = await bench.add('salesforce', {
        credentials: { flow: 'client-credentials', clientId: 'client-id', clientSecret: 'wrong' },
      })
      await store()
      const { lastError } = await tried(target)
      assert.match(lastError ?? '', /no token: .*401: invalid_client: invalid client credentials/)
    })

    test('an address that a token names is judged like any other', async () => {
      const target = await bench.add('salesforce')
      bench.vendors.fail(/oauth2\/token/, {
        status: 200,
        json: { access_token: 'stolen', instance_url: 'http://169.254.169.254' },
      })
      await store()
      const { lastError } = await tried(target)
      assert.match(lastError ?? '', /the address in its token is not called: its address is link-local/)
    })
  })

  suite('a target that wants a pause', () => {
    const busy = (retryAfter: string) => ({
      status: 429,
      headers: { 'retry-after': retryAfter },
      json: {
        status: 'error',
        message: 'You have reached your secondly limit.',
        policyName: 'TEN_SECONDLY_ROLLING',
      },
    })

    test('429 with seconds: the whole target rests, nothing counts as a failure, then all goes', async () => {
      const target = await bench.add('hubspot')
      bench.vendors.fail(/POST \/crm/, busy('2'))
      const calls = Array.from({ length: 20 }, () => callOf(bench.outbox.organizationId))
      await bench.store(...calls.flatMap(({ a, b }) => [a, b]))
      await until('it rests', async () => (await stateOf(target)).pausedUntil !== undefined)
      const { failures, pausedUntil = 0 } = await stateOf(target)
      const asked = bench.vendors.of(/POST \/crm/).length
      assert.equal(failures, 0)
      assert.ok(asked <= 8, `${asked} requests before it rested`)
      await bench.settled(target)
      const after = bench.vendors.asked.slice(asked).filter(({ path }) => path.startsWith('/crm'))
      assert.ok(after.length > 0 && Date.now() >= pausedUntil)
      assert.equal(bench.vendors.calls.size, 20)
    })

    test('429 with a date', async () => {
      const target = await bench.add('zendesk')
      bench.vendors.fail(/POST \/api/, busy(new Date(Date.now() + 600_000).toUTCString()))
      await store()
      await tried(target)
      const { pausedUntil = 0 } = await stateOf(target)
      assert.ok(Math.abs(pausedUntil - Date.now() - 600_000) < 5_000)
      await bench.hurry()
      await bench.settled(target)
    })

    test('Salesforce’s limit of the day is a pause of minutes', async () => {
      const target = await bench.add('salesforce')
      bench.vendors.fail(/PATCH/, {
        status: 403,
        json: [{ message: 'TotalRequests Limit exceeded.', errorCode: 'REQUEST_LIMIT_EXCEEDED' }],
      })
      await store()
      const { lastError } = await tried(target)
      assert.match(lastError ?? '', /REQUEST_LIMIT_EXCEEDED/)
      assert.ok(((await stateOf(target)).pausedUntil ?? 0) - Date.now() > 800_000)
    })
  })

  suite('dead letters', () => {
    test('a field that is not there: at once, in the vendor’s words; mended, and sent again', async () => {
      const target = await bench.add('salesforce', {
        mapping: { callReporting: { Nonsense__c: 'call.summary' } },
      })
      await store()
      await store()
      await bench.settled(target)
      const letters = (await bench.deliveries(target)).filter(({ state }) => state === 'failed')
      assert.deepEqual(
        letters.map(({ attempts, lastStatus }) => [attempts, lastStatus]),
        [
          [1, 400],
          [1, 400],
        ],
      )
      assert.match(letters[0]?.lastError ?? '', /INVALID_FIELD: No such column 'Nonsense__c'/)
      assert.equal((await stateOf(target)).failures, 0)
      await bench.targets.doors.change(undefined, target.id, { mapping: {} })
      const [one] = letters
      assert.equal(await bench.targets.doors.replay(undefined, target.id, { deliveryId: one?.id ?? 0 }), 1)
      await bench.settled(target)
      assert.equal(bench.vendors.records.size, 1)
      assert.equal(await bench.targets.doors.replay(undefined, target.id, { since: 0 }), 1)
      await bench.settled(target)
      assert.equal(bench.vendors.records.size, 2)
      assert.equal((await stateOf(target)).deadLetters, 0)
    })

    test('HubSpot and Analytics say what was wrong', async () => {
      const hubspot = await bench.add('hubspot', { mapping: { call: { nonsense: { value: 'x' } } } })
      const ga4 = await bench.add('ga4')
      const { callId, a, b } = callOf(bench.outbox.organizationId, {
        startTime: Date.now() - 80 * 3_600_000,
        endTime: Date.now() - 79 * 3_600_000,
      })
      await bench.store(a, b)
      assert.match(
        (await bench.settled(hubspot))[0]?.lastError ?? '',
        /VALIDATION_ERROR: .*"nonsense" does not exist/,
      )
      assert.match((await bench.settled(ga4))[0]?.lastError ?? '', /older than 72 hours/)
      assert.ok(callId)
    })

    test('what a person sends to Analytics is shown to the validation server first', async () => {
      const target = await bench.add('ga4')
      const { callId } = await store()
      await bench.settled(target)
      bench.vendors.fail(/debug/, {
        status: 200,
        json: { validationMessages: [{ fieldPath: 'events.name', description: 'Event name is reserved' }] },
      })
      const sent = await bench.targets.doors.send(undefined, target.id, callId)
      assert.ok(typeof sent === 'object')
      assert.match(sent.lastError ?? '', /Event name is reserved/)
      assert.equal(bench.vendors.events.length, 1)
    })
  })

  suite('a target that is down', () => {
    test('5xx: tried again later; one that is slow or resets is no dead letter either', async () => {
      const target = await bench.add('hubspot')
      bench.vendors.fail(/POST \/crm/, { status: 502, text: '<html>Bad Gateway</html>' })
      await store()
      const first = await tried(target)
      assert.equal(first.state, 'waiting')
      const inMs = (first.nextTryAt ?? 0) - Date.now()
      assert.ok(inMs > 2_000 && inMs < 7_000, `the next try is in ${inMs} ms`)
      bench.vendors.fail(/POST \/crm/, 'reset')
      await bench.hurry()
      const second = await tried(target, 2)
      assert.equal(second.lastError, 'it closed the connection')
      await bench.hurry()
      await bench.settled(target)
      assert.equal(bench.vendors.calls.size, 1)
    })

    test('its breaker opens, tries a few, and closes; other targets, webhooks and records do not notice', async () => {
      const receiver = await startReceiver()
      const dead = await bench.add('hubspot')
      const well = await bench.add('http')
      await bench.outbox.webhook(`${receiver.url}/hook`, ['call.completed'])
      bench.vendors.fail(/\/crm\//, { status: 500 }, 1_000)
      const calls = Array.from({ length: 40 }, () => callOf(bench.outbox.organizationId))
      await bench.store(...calls.flatMap(({ a, b }) => [a, b]))
      await until('the breaker is open', async () => (await stateOf(dead)).failures >= 5)
      const open = await stateOf(dead)
      assert.ok((open.pausedUntil ?? 0) > Date.now() + 5_000)
      const asked = bench.vendors.of(/\/crm\//).length
      assert.ok(asked <= 16, `${asked} requests to a target that is down`)
      await bench.settled(well)
      assert.equal(bench.vendors.bills.length, 40)
      bench.outbox.call()
      await until('the webhook hears', () => receiver.taken.length === 1)
      await receiver.close()

      await bench.hurry()
      await until('it was tried', async () => (await stateOf(dead)).failures > open.failures)
      assert.ok(bench.vendors.of(/\/crm\//).length - asked <= 3, 'half-open: three at the most')
      bench.vendors.clear()
      await bench.hurry()
      await until('it is back', async () => (await stateOf(dead)).failures === 0)
      await bench.hurry()
      await bench.settled(dead, 20_000)
      assert.equal(bench.vendors.calls.size, 40)
    })

    test('a disabled target gets nothing, and what waited goes when it is enabled', async () => {
      const target = await bench.add('hubspot')
      bench.vendors.fail(/\/crm\//, { status: 500 })
      await store()
      await tried(target)
      await bench.targets.doors.change(undefined, target.id, { enabled: false })
      await store()
      await bench.hurry()
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      assert.equal(bench.vendors.calls.size, 0)
      await bench.targets.doors.change(undefined, target.id, { enabled: true })
      await bench.settled(target)
      assert.equal(bench.vendors.calls.size, 1)
    })
  })

  test('a new master key takes the credentials with it', async () => {
    await bench.add('hubspot')
    const { database } = bench.outbox
    const newKey = randomBytes(32)
    const rotations = await rotateSecrets(database, newKey, [newKey, bench.masterKey])
    assert.deepEqual(
      rotations.filter(({ table }) => table === 'cdr_targets'),
      [{ table: 'cdr_targets', column: 'credentials_encrypted', rotated: 1, unreadable: 0 }],
    )
    const [row] = await database.query<{ sealed: string }>(
      'SELECT credentials_encrypted AS sealed FROM cdr_targets',
    )
    assert.match(decryptSecret(newKey, row?.sealed ?? ''), /pat-eu1-private-app/)
  })

  test('secrets stand encrypted in the row, and nowhere else', async () => {
    const target = await bench.add('zendesk')
    await store()
    await bench.settled(target)
    const { database } = bench.outbox
    const [row] = await database.query<{ sealed: string; rest: string }>(
      `SELECT credentials_encrypted AS sealed, (to_jsonb(t) - 'credentials_encrypted')::text AS rest FROM cdr_targets t`,
    )
    assert.match(row?.sealed ?? '', /^v1\.[0-9a-f]{8}\./)
    assert.doesNotMatch(`${row?.sealed ?? ''}${row?.rest ?? ''}`, /client-secret|refresh-\d/)
    const log = await database.query<{ text: string }>(
      `SELECT to_jsonb(d)::text AS text FROM webhook_deliveries d UNION ALL SELECT to_jsonb(a)::text FROM webhook_attempts a
       UNION ALL SELECT to_jsonb(e)::text FROM webhook_events e`,
    )
    assert.ok(log.every(({ text }) => !/client-secret|refresh-\d|access-\d/.test(text)))
    assert.doesNotMatch(JSON.stringify(await stateOf(target)), /client-secret|refresh-\d/)
  })
})
