/** Toll fraud on the switch: a burst is stopped and told, a PIN is asked for and heard. */
import assert from 'node:assert/strict'
import { DOMAIN } from '../scenario/scenario.ts'
import { ANSWERS } from '../scenario/parties.ts'
import { addRule, removeRule, setPin, type FraudRuleFields } from '../../src/store/fraud-writes.ts'
import { ask } from './ask.ts'
import { eventsOf } from './control-call.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses, invitesOf } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import { startToneCaller } from './tone-caller.ts'

live('toll fraud', (stage) => {
  const rules: number[] = []
  const rule = async (fields: FraudRuleFields): Promise<number> => {
    const id = await addRule(stage().database, stage().house.organizationId, { name: 'Test', ...fields })
    rules.push(id)
    await new Promise((resolve) => setTimeout(resolve, 500))
    return id
  }
  const dial = async (to: string): Promise<readonly number[]> => {
    const caller = await stage().sipp({
      name: 'fraud-caller',
      remote: `127.0.0.1:${stage().ports.phones}`,
      xml: callerXml({ user: '1002', domain: DOMAIN, password: passwordOf('1002'), to, hangupAfterMs: 100 }),
    })
    await caller.done
    return finalStatuses(caller.messages()).map(({ status }) => status ?? 0)
  }
  const listed = async (path: string, key: string): Promise<readonly Record<string, unknown>[]> =>
    (await ask(stage(), 'GET', path)).json[key] as readonly Record<string, unknown>[]

  teardown(async () => {
    for (const id of rules.splice(0)) await removeRule(stage().database, undefined, id)
    await stage().database.query('UPDATE fraud_blocks SET released_at = now() WHERE released_at IS NULL')
    await new Promise((resolve) => setTimeout(resolve, 500))
  })

  test('fraud: numbers in sequence are blocked from the fourth on, until the block is released; 112 passes', async () => {
    const { ports, database, stale, house } = stage()
    const webhook = await ask(stage(), 'POST', '/v1/webhooks', {
      ...{
        organizationId: house.organizationId,
        url: 'https://hooks.example.com/calls',
        events: ['fraud.alert'],
      },
    })
    assert.equal(webhook.status, 201, JSON.stringify(webhook.json))
    const ruleId = await rule({ kind: 'sequential-numbers', action: 'block', limitCount: 4 })
    const carrier = await stage().sipp({ name: 'fraud-A', port: ports.carrier.A, xml: partyXml(ANSWERS) })
    const emergency = await stage().sipp({ name: 'fraud-112', port: ports.emergency, xml: partyXml(ANSWERS) })
    const statuses: number[] = []
    for (const last of [0, 1, 2, 3, 4]) statuses.push(...(await dial(`+44207946020${last}`)))
    assert.deepEqual(statuses, [200, 200, 200, 403, 403])
    assert.equal(invitesOf(carrier.messages(), stale).length, 3)
    assert.deepEqual(await dial('+442079460900'), [403], 'the user is blocked, whatever the number')
    assert.deepEqual(await dial('112'), [200])
    assert.equal(invitesOf(emergency.messages(), stale).length, 1)
    let alerts: readonly { kind: string; user_id: number; number: string }[] = []
    await until('the alert is a row', async () => {
      alerts = await database.query('SELECT kind, user_id, number FROM fraud_alerts WHERE rule_id = $1', [
        ruleId,
      ])
      return alerts.length > 0
    })
    assert.deepEqual(alerts, [
      { kind: 'sequential-numbers', user_id: house.userIds['1002'], number: '+442079460203' },
    ])
    const deliveries = await listed('/v1/deliveries', 'deliveries')
    assert.deepEqual(
      deliveries.map(({ type }) => type),
      ['fraud.alert'],
      'one attack is one event',
    )
    const [row] = await database.query<{ call_id: string }>(
      'SELECT call_id::text AS call_id FROM fraud_alerts WHERE rule_id = $1',
      [ruleId],
    )
    const [live] = await eventsOf(stage(), row?.call_id ?? '', 'fraud-alert')
    assert.equal(live?.detail?.['kind'], 'sequential-numbers')
    const [block] = await listed('/v1/fraud/blocks', 'blocks')
    assert.equal(block?.['ruleId'], ruleId)
    const released = await ask(stage(), 'DELETE', `/v1/fraud/blocks/${String(block['id'])}`)
    assert.equal(released.status, 200, JSON.stringify(released.json))
    await new Promise((resolve) => setTimeout(resolve, 500))
    assert.deepEqual(await dial('+442079460204'), [200])
  })

  const caller = (to: string) =>
    startToneCaller(
      stage(),
      { user: '1002', domain: DOMAIN, password: passwordOf('1002'), to, hangupAfterMs: 12_000 },
      440,
    )
  const key = async (phone: Awaited<ReturnType<typeof caller>>, digits: string): Promise<void> => {
    for (const digit of digits) {
      await phone.press(digit)
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
  }
  const asked = () =>
    until('the PIN is asked for', () => (stage().recorder.counts().get('CHANNEL_ANSWER') ?? 0) >= 1)
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

  test('fraud: the right PIN, keyed by RFC 4733, lets the call out, and stands nowhere', async () => {
    const { ports, database, stale, house, recorder } = stage()
    await setPin(database, { userId: house.userIds['1002'], within: undefined }, '4711')
    await rule({ kind: 'high-risk-prefix', action: 'require-pin' })
    await database.query(
      "INSERT INTO fraud_prefixes (organization_id, prefix, risk) VALUES ($1, '4420794603', 'high-risk') ON CONFLICT DO NOTHING",
      [house.organizationId],
    )
    await sleep(500)
    const carrier = await stage().sipp({ name: 'fraud-A', port: ports.carrier.A, xml: partyXml(ANSWERS) })
    const phone = await caller('+442079460300')
    try {
      await asked()
      await sleep(800)
      assert.equal(invitesOf(carrier.messages(), stale).length, 0, 'a carrier is rung before the PIN')
      await key(phone, '9999#')
      await sleep(1_500)
      await key(phone, '4711#')
      await until('the carrier is rung', () => invitesOf(carrier.messages(), stale).length === 1)
      await until('they talk', () => recorder.counts().get('CHANNEL_BRIDGE') === 1)
      const [channel = ''] = recorder.created()
      const dump = await recorder.client.api('uuid_dump', channel)
      assert.doesNotMatch(dump, /4711|9999/)
      assert.equal(await phone.party.done, 0)
    } finally {
      await phone.stop()
    }
    const statuses = finalStatuses(phone.party.messages()).map(({ status }) => status)
    assert.deepEqual(statuses, [200])
    const live = await database.query<{ kind: string }>(
      "SELECT kind FROM fraud_alerts WHERE kind = 'high-risk-prefix'",
    )
    assert.equal(live.length, 1)
  })

  test('fraud: the wrong PIN three times is refused and told; a call over the API is a 403', async () => {
    const { ports, database, stale } = stage()
    await rule({ kind: 'high-risk-prefix', action: 'require-pin' })
    await stage().register('1002')
    const carrier = await stage().sipp({ name: 'fraud-A', port: ports.carrier.A, xml: partyXml(ANSWERS) })
    const phone = await caller('+442079460301')
    try {
      await asked()
      for (const digits of ['1111#', '2222#', '33#']) {
        await sleep(1_500)
        await key(phone, digits)
      }
      await phone.party.done
    } finally {
      await phone.stop()
    }
    assert.equal(invitesOf(carrier.messages(), stale).length, 0)
    await until(
      'the wrong PIN is an alert',
      async () => (await database.query("SELECT 1 FROM fraud_alerts WHERE kind = 'wrong-pin'")).length === 1,
    )
    const refused = await ask(stage(), 'POST', '/v1/calls/originate', { from: '1002', to: '+442079460301' })
    assert.deepEqual([refused.status, refused.error['code']], [403, 'PIN_REQUIRED'])
    await setPin(database, { userId: stage().house.userIds['1002'], within: undefined }, null)
    await sleep(500)
    assert.deepEqual(await dial('+442079460301'), [403], 'no PIN is set: nobody gets out')
    const explained = await ask(stage(), 'GET', '/v1/routes/explain?number=%2B442079460301&from=1002')
    assert.match(JSON.stringify(explained.json), /fraud, require-pin: Test/)
  })
})
