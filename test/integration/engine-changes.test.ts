/** What changes in the database or among the bans is what the switch does a moment later, and calls do not notice. */
import assert from 'node:assert/strict'
import { updateGateway, addGateway, removeGateway } from '../../src/store/gateway-writes.ts'
import { DOMAIN, MASTER_KEY, openBench, passwordOf, until, type Bench } from './engine-bench.ts'

suite('engine: changes reach the switch', () => {
  let bench: Bench
  suiteSetup(async () => {
    bench = await openBench({ environment: { STROWGER_BAN_FAILURES: '3' } })
  })
  suiteTeardown(() => bench.close())

  const WITHIN_MS = 2_000

  test('a gateway that is added, changed, removed; calls over others and over itself go on', async () => {
    const call = await bench.call('+442079460123')
    await until('it talks', async () => (await bench.calls())[0]?.state === 'talking')
    const [first] = await bench.calls()
    assert.equal(first?.legs[1]?.gateway, 'Trunk A')

    const [row] = await bench.database.query<{ carrier_id: number }>(
      'SELECT carrier_id FROM gateways WHERE id = $1',
      [bench.house.gatewayIds.B],
    )
    const added = await addGateway(bench.database, MASTER_KEY, {
      carrierId: row?.carrier_id ?? 0,
      name: 'Trunk D',
      hostname: '127.0.0.1',
      port: 5084,
    })
    await until('it is added', () => bench.simulator().gateways().includes(`gw${added}`), WITHIN_MS)

    for (const [id, port] of [
      [added, 5094],
      [bench.house.gatewayIds.A, 5095],
    ] as const) {
      await updateGateway(bench.database, MASTER_KEY, id, { port })
      await until(
        'it is changed',
        async () => (await bench.askSwitch(`sofia xmlstatus gateway gw${id}`)).includes(`127.0.0.1:${port}`),
        WITHIN_MS,
      )
    }

    await removeGateway(bench.database, added)
    await until('it is removed', () => !bench.simulator().gateways().includes(`gw${added}`), WITHIN_MS)
    await updateGateway(bench.database, MASTER_KEY, bench.house.gatewayIds.B, { enabled: false })
    await until(
      'what is disabled is removed',
      () => !bench.simulator().gateways().includes(`gw${bench.house.gatewayIds.B}`),
      WITHIN_MS,
    )
    await updateGateway(bench.database, MASTER_KEY, bench.house.gatewayIds.B, { enabled: true })
    await until(
      'and is back',
      () => bench.simulator().gateways().includes(`gw${bench.house.gatewayIds.B}`),
      WITHIN_MS,
    )

    const [still] = await bench.calls()
    assert.deepEqual(still, first)
    const trunk = await bench.simulator().receiveCall('192.0.2.1', '+442079460102', { hangupAfterMs: 30 })
    assert.equal((await trunk.final).sipStatus, 200)
    await bench.engine().api(`/v1/calls/${call.uuid}`, undefined, 'DELETE')
    await bench.everyChannelHasOneRecord()
  })

  test('an address whose trunk was taken off the list may not call in any more', async () => {
    await updateGateway(bench.database, MASTER_KEY, bench.house.gatewayIds.A, {
      inboundCidrs: ['192.0.2.9/32'],
    })
    await until(
      'the new list holds',
      async () => {
        const call = await bench.simulator().receiveCall('192.0.2.1', '+442079460102', { cancelAfterMs: 1 })
        return (await call.final).sipStatus === 403
      },
      WITHIN_MS,
    )
    const call = await bench.simulator().receiveCall('192.0.2.9', '+442079460102', { hangupAfterMs: 10 })
    assert.equal((await call.final).sipStatus, 200)
  })

  test('a user who was disabled registers no more', async () => {
    const simulator = bench.simulator()
    assert.equal(await simulator.register('1003', DOMAIN, passwordOf('1003'), '192.0.2.70'), 'registered')
    await bench.database.query('UPDATE users SET enabled = false WHERE id = $1', [
      bench.house.userIds['1003'],
    ])
    await until(
      'the switch forgot the user',
      async () => (await bench.postXml(registerForm('1003', '192.0.2.70'))).includes('not found'),
      WITHIN_MS,
    )
    assert.equal(await simulator.register('1003', DOMAIN, passwordOf('1003'), '192.0.2.70'), 'refused')
  })

  const bannedAddresses = async (): Promise<readonly string[]> => {
    const answer = (await bench.engine().api('/v1/bans')).json() as { bans: { address: string }[] }
    return answer.bans.map(({ address }) => address)
  }

  test('an address that guesses passwords is banned, here and in the switch, until the ban is lifted', async () => {
    const simulator = bench.simulator()
    const guess = (): Promise<string> => simulator.register('1002', DOMAIN, 'wrong', '192.0.2.66')
    for (let at = 0; at < 3; at++) assert.equal(await guess(), 'refused')
    await until('it is banned', async () => (await bannedAddresses()).includes('192.0.2.66'), WITHIN_MS)

    assert.match(await bench.postXml(registerForm('1002', '192.0.2.66')), /status="not found"/)
    assert.match(await bench.postXml(registerForm('1002', '192.0.2.67')), /a1-hash/)
    const right = (address: string): Promise<string> =>
      simulator.register('1002', DOMAIN, passwordOf('1002'), address)
    assert.equal(await right('192.0.2.66'), 'refused')
    assert.equal(await right('192.0.2.67'), 'registered')
    const nftables = await bench.engine().api('/v1/bans?format=nftables')
    assert.match(nftables.text, /192\.0\.2\.66/)

    const lift = (): Promise<{ status: number }> =>
      bench.engine().api('/v1/bans/192.0.2.66', undefined, 'DELETE')
    assert.equal((await lift()).status, 200)
    assert.equal((await lift()).status, 404)
    assert.deepEqual(await bannedAddresses(), [])
    await until('it is let in again', async () => (await right('192.0.2.66')) === 'registered', WITHIN_MS)
  })

  const registerForm = (user: string, ip: string): Readonly<Record<string, string>> => ({
    hostname: 'sw1',
    section: 'directory',
    tag_name: 'domain',
    key_name: 'name',
    key_value: DOMAIN,
    'Event-Name': 'REQUEST_PARAMS',
    action: 'sip_auth',
    sip_auth_username: user,
    sip_auth_realm: DOMAIN,
    user,
    domain: DOMAIN,
    ip,
  })
})
