/** Hunts that the engine runs, where a scenario does not fit: a caller who is answered already, a full gateway. */
import assert from 'node:assert/strict'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { ANSWERS, HANGS_UP, refuses, RINGS } from '../scenario/parties.ts'
import { CARRIERS, DOMAIN } from '../scenario/scenario.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses, invitesOf, type SippParty } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

const TO = '+442079460127'

live('hunts in conversation', (stage) => {
  /** The engine plans by what was written together with this name. */
  const untilNamed = (name: string): Promise<unknown> =>
    until(`a gateway is named ${name}`, async () => {
      const { json } = await stage().engine.api('/v1/routes/explain?number=%2B442079460127&from=1001')
      return JSON.stringify(json).includes(name)
    })

  const call = (): Promise<SippParty> =>
    stage().sipp({
      name: 'hunt-caller',
      remote: `127.0.0.1:${stage().ports.phones}`,
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: TO,
        hangupAfterMs: 500,
      }),
    })

  suiteSetup(async () => {
    const { database, house } = stage()
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, {
      name: 'Trunk A by rules',
      maxChannels: 1,
      failover: { believes: 'status', next: [403, 404], stop: [] },
    })
    await untilNamed('by rules')
  })
  suiteTeardown(async () => {
    const { database, house } = stage()
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, {
      name: 'Trunk A',
      maxChannels: null,
      failover: null,
    })
  })

  const rows = async (): Promise<readonly string[]> => {
    const { database, recorder } = stage()
    const found = await until('the attempts are stored', async () => {
      const stored = await database.query<{ text: string }>(
        `SELECT concat_ws(' ', right(carrier_name, 1), outcome, cause) AS text FROM call_attempts
         WHERE a_leg_uuid = ANY($1::uuid[]) ORDER BY n`,
        [[...recorder.created()]],
      )
      return stored.length > 0 && stored
    })
    return found.map(({ text }) => text)
  }

  test('hunt-originate: a phone that was rung first talks with the second carrier', async () => {
    const { ports, engine, register, sipp } = stage()
    await register('1001')
    await sipp({ name: 'hunt-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    await sipp({ name: 'hunt-A', port: ports.carrier.A, xml: partyXml(refuses(403)) })
    await sipp({ name: 'hunt-B', port: ports.carrier.B, xml: partyXml(HANGS_UP) })
    const { status, json } = await engine.api('/v1/calls/originate', { from: '1001', to: TO })
    assert.equal(status, 200, JSON.stringify(json))
    assert.deepEqual(await rows(), ['A FAILED CALL_REJECTED', 'B ANSWERED', 'C NOT_TRIED'])
  })

  test('hunt-originate-nobody: a phone that was rung first is hung up with what the carriers said', async () => {
    const { ports, engine, register, recorder, sipp } = stage()
    await register('1001')
    const phone = await sipp({ name: 'hunt-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    for (const [name, status] of [
      ['A', 404],
      ['B', 503],
      ['C', 500],
    ] as const)
      await sipp({ name: `hunt-${name}`, port: ports.carrier[name], xml: partyXml(refuses(status)) })
    const { json } = await engine.api('/v1/calls/originate', { from: '1001', to: TO })
    assert.deepEqual(await rows(), [
      'A FAILED UNALLOCATED_NUMBER',
      'B FAILED NORMAL_TEMPORARY_FAILURE',
      'C FAILED NORMAL_TEMPORARY_FAILURE',
    ])
    const end = await until('the phone is hung up', () => recorder.hungUp().get(String(json['callUuid'])))
    assert.equal(end.get('Hangup-Cause'), 'UNALLOCATED_NUMBER')
    const byes = phone.messages().filter(({ received, method }) => received && method === 'BYE')
    assert.equal(byes.length, 1)
  })

  test("hunt-rings-for-ever: no answer is the callee's word, by this gateway's own patience", async () => {
    const { ports, sipp, stale, database, house } = stage()
    const gatewayId = house.gatewayIds.A
    await updateGateway(database, MASTER_KEY, gatewayId, { name: 'Trunk A rings', ringTimeoutSeconds: 5 })
    await untilNamed('Trunk A rings')
    await sipp({ name: 'hunt-A', port: ports.carrier.A, xml: partyXml(RINGS) })
    const unasked = await sipp({ name: 'hunt-B', port: ports.carrier.B, xml: partyXml(ANSWERS) })
    const called = await call()
    await called.done
    const final = finalStatuses(called.messages()).at(-1)
    assert.equal(final?.status, 480, final?.text)
    assert.deepEqual(invitesOf(unasked.messages(), stale), [])
    await updateGateway(database, MASTER_KEY, gatewayId, {
      name: 'Trunk A by rules',
      ringTimeoutSeconds: null,
    })
    await untilNamed('Trunk A by rules')
    assert.deepEqual(await rows(), ['A FAILED ALLOTTED_TIMEOUT', 'B NOT_TRIED', 'C NOT_TRIED'])
  })

  for (const [rendering, next] of [
    ['dialplan', []],
    ['conversation', [403]],
  ] as const) {
    test(`carriers-away-${rendering}: where nobody listens each carrier is left after its time, and the caller gets 503`, async () => {
      const { database, house } = stage()
      for (const name of CARRIERS) {
        await updateGateway(database, MASTER_KEY, house.gatewayIds[name], {
          name: `Trunk ${name} is away`,
          progressTimeoutSeconds: 2,
          ...(name === 'A' ? { failover: { believes: 'status', next: [...next], stop: [] } } : {}),
        })
      }
      await untilNamed('Trunk C is away')
      const called = await call()
      await called.done
      const final = finalStatuses(called.messages()).at(-1)
      assert.equal(final?.status, 503, final?.text)
      const tookMs = final.at - (called.messages()[0]?.at ?? 0)
      assert.ok(tookMs < 9_000, `${tookMs} ms for three carriers with two seconds each`)
      assert.deepEqual(
        (await rows()).map((row) => row.slice(0, 8)),
        ['A FAILED', 'B FAILED', 'C FAILED'],
      )
      for (const name of CARRIERS) {
        await updateGateway(database, MASTER_KEY, house.gatewayIds[name], {
          name: name === 'A' ? 'Trunk A by rules' : `Trunk ${name}`,
          progressTimeoutSeconds: null,
          ...(name === 'A' ? { failover: { believes: 'status', next: [403, 404], stop: [] } } : {}),
        })
      }
      await untilNamed('Trunk A by rules')
    })
  }

  test('hunt-gateway-full-in-the-switch: the next route, and the record says why', async () => {
    const { ports, recorder, house, sipp, stale } = stage()
    const over: SippParty[] = []
    for (const name of ['A', 'B'] as const)
      over.push(await sipp({ name: `hunt-${name}`, port: ports.carrier[name], xml: partyXml(ANSWERS) }))
    const holder = await sipp({
      name: 'hunt-holder',
      remote: `127.0.0.1:${ports.phones}`,
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: '*43',
        hangupAfterMs: 4_000,
      }),
    })
    await until('the holder is answered', () => recorder.counts().get('CHANNEL_ANSWER') === 1)
    const [held = ''] = recorder.created()
    const reply = await recorder.client.api('uuid_limit', `${held} hash gateway gw${house.gatewayIds.A} 1`)
    assert.match(reply, /^\+OK/)
    const called = await call()
    assert.equal(await called.done, 0)
    assert.deepEqual(
      over.map((party) => invitesOf(party.messages(), stale).length),
      [0, 1],
    )
    assert.deepEqual(await rows(), ['A NO_CHANNEL', 'B ANSWERED', 'C NOT_TRIED'])
    assert.equal(await holder.done, 0)
  })
})
