/** How much may be called: over the API and by dialling, told at once and leaving nothing behind. */
import assert from 'node:assert/strict'
import { setQuota, type QuotaChanges } from '../../src/store/quota-rows.ts'
import { ANSWERS, HANGS_UP } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { ask, type Asked } from './ask.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses, invitesOf } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

const TO = '+442079460132'

live('quotas', (stage) => {
  const limit = async (changes: QuotaChanges): Promise<void> => {
    const { database, house } = stage()
    const all = { callsPerSecond: null, concurrentCalls: null, dailySpend: null, premiumRate: null }
    await setQuota(database, { organizationId: house.organizationId }, { ...all, ...changes })
    // The engine hears of it by a notice: explain shows what it plans by.
    await new Promise((resolve) => setTimeout(resolve, 500))
  }
  const originate = (to = TO): Promise<Asked> =>
    ask(stage(), 'POST', '/v1/calls/originate', { from: '1001', to })
  const dial = async (to: string): Promise<readonly number[]> => {
    const caller = await stage().sipp({
      name: 'quota-caller',
      remote: `127.0.0.1:${stage().ports.phones}`,
      xml: callerXml({ user: '1002', domain: DOMAIN, password: passwordOf('1002'), to, hangupAfterMs: 500 }),
    })
    await caller.done
    return finalStatuses(caller.messages()).map(({ status }) => status ?? 0)
  }
  const usage = async (): Promise<Record<string, unknown>> => {
    const { json } = await ask(stage(), 'GET', `/v1/organizations/${stage().house.organizationId}/quota`)
    return (json['quota'] as Record<string, unknown>)['usage'] as Record<string, unknown>
  }

  suiteSetup(async () => {
    await stage().register('1001')
  })
  teardown(async () => {
    await limit({})
  })

  test('quotas: a call more than may be up at once is a 429 over the API and a 503 on the phone; emergencies pass', async () => {
    const { ports, database, stale } = stage()
    await limit({ concurrentCalls: 1 })
    const phone = await stage().sipp({
      name: 'quota-1001',
      port: ports.phone['1001'],
      xml: partyXml(ANSWERS),
    })
    await stage().sipp({ name: 'quota-A', port: ports.carrier.A, xml: partyXml(ANSWERS) })
    const emergency = await stage().sipp({
      name: 'quota-112',
      port: ports.emergency,
      xml: partyXml(ANSWERS),
    })
    const first = await originate()
    assert.equal(first.status, 200, JSON.stringify(first.json))
    const second = await originate()
    assert.equal(second.status, 429, JSON.stringify(second.json))
    assert.equal(second.error['code'], 'QUOTA_EXCEEDED')
    assert.equal(second.error['userMessage'], 'Too many calls. Please wait before trying again.')
    assert.ok(Number(second.headers.get('retry-after')) >= 1)
    assert.deepEqual(await dial(TO), [503])
    assert.deepEqual(await dial('112'), [200])
    assert.equal(invitesOf(emergency.messages(), stale).length, 1)
    assert.equal((await usage())['concurrentCalls'], 1)
    await ask(stage(), 'DELETE', `/v1/calls/${String(first.json['callId'])}`)
    await until('nobody calls', async () => (await usage())['concurrentCalls'] === 0)
    assert.equal(invitesOf(phone.messages(), stale).length, 1)
    const third = await originate()
    assert.equal(third.status, 200)
    await ask(stage(), 'DELETE', `/v1/calls/${String(third.json['callId'])}`)
    await until('the record is stored', async () => {
      const rows = await database.query('SELECT 1 FROM call_detail_records WHERE call_id = $1', [
        third.json['callId'],
      ])
      return rows.length > 0
    })
  })

  test('quotas: of several requests at once as many are dialled as a second allows', async () => {
    const { ports, stale } = stage()
    await limit({ callsPerSecond: 2 })
    const phone = await stage().sipp({
      name: 'quota-1001',
      port: ports.phone['1001'],
      xml: partyXml(ANSWERS),
    })
    await stage().sipp({ name: 'quota-A', port: ports.carrier.A, xml: partyXml(HANGS_UP) })
    const answers = await Promise.all(Array.from({ length: 6 }, () => originate()))
    const by = (status: number): readonly Asked[] => answers.filter((answer) => answer.status === status)
    assert.deepEqual([by(200).length, by(429).length], [2, 4])
    assert.equal(by(429)[0]?.headers.get('retry-after'), '1')
    await until('both calls are over', async () => (await usage())['concurrentCalls'] === 0)
    assert.equal(invitesOf(phone.messages(), stale).length, 2)
  })

  test('quotas: when the money of the day is spent nobody calls out, also after a restart of the engine', async () => {
    const { ports, engine } = stage()
    await stage().sipp({ name: 'quota-A', port: ports.carrier.A, xml: partyXml(HANGS_UP) })
    const before = Number((await usage())['spentToday'])
    assert.deepEqual(await dial(TO), [200])
    // A minute at 0.01.
    await until('the call is counted', async () => Number((await usage())['spentToday']) >= before + 0.01)
    await limit({ dailySpend: '0.01' })
    assert.deepEqual(await dial(TO), [403])
    const refused = await originate()
    assert.equal(refused.status, 429)
    assert.ok(Number(refused.headers.get('retry-after')) > 0)
    await engine.kill()
    await engine.start()
    await until(
      'what was spent is known again',
      async () => Number((await usage())['spentToday']) >= before + 0.01,
    )
    assert.deepEqual(await dial(TO), [403])
  })

  test('quotas: premium-rate numbers are blocked until the organisation allows them', async () => {
    const premium = '+449098790000'
    const refused = await originate(premium)
    assert.deepEqual([refused.status, refused.error['code']], [403, 'BLOCKED'])
    assert.deepEqual(await dial(premium), [403])
    await limit({ premiumRate: 'allow' })
    await stage().sipp({ name: 'quota-A', port: stage().ports.carrier.A, xml: partyXml(HANGS_UP) })
    assert.deepEqual(await dial(premium), [200])
  })
})
