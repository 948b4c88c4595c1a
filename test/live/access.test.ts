/** Organisations with keys of their own, on a real switch: their calls, their trunk, and a master key that is changed. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { TENANT_SCOPES } from '../../src/access/caller.ts'
import { updateOrganization } from '../../src/store/organization-writes.ts'
import { ANSWERS } from '../scenario/parties.ts'
import { as, type Told } from '../integration/tenancy-world.ts'
import { MASTER_KEY } from './house.ts'
import { live } from './live.ts'
import { freePort, until } from './net.ts'
import { invitesOf } from './sipp.ts'
import { partyXml } from './sipp-xml.ts'
import type { Stage } from './stage.ts'

const TO = '+442079460123'

const keyFor = async ({ engine }: Stage, organizationId: number): Promise<string> => {
  const { status, json } = await engine.api('/v1/api-keys', {
    organizationId,
    name: 'live tests',
    scopes: TENANT_SCOPES,
  })
  assert.equal(status, 201, JSON.stringify(json))
  return String(json['key'])
}

const asker =
  ({ ports }: Stage, token: string) =>
  (method: string, path: string, body?: unknown): Promise<Told> =>
    as({ url: `http://127.0.0.1:${ports.http}` }, token, method, path, body)

const json = ({ text }: Told): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

const addOther = async ({ engine }: Stage): Promise<number> => {
  const { json: made } = await engine.api('/v1/organizations', {
    name: 'Neighbour',
    sipDomain: `neighbour-${randomBytes(4).toString('hex')}.example`,
    country: 'GB',
    currency: 'GBP',
  })
  return (made['organization'] as { id: number }).id
}

live('access', (stage) => {
  test('access-neighbours: a call that one organisation’s key starts is not there for another, and goes on', async () => {
    const { ports, house, register, sipp } = stage()
    await register('1001')
    await sipp({ name: 'access-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    await sipp({ name: 'access-A', port: ports.carrier.A, xml: partyXml(ANSWERS) })
    const own = asker(stage(), await keyFor(stage(), house.organizationId))
    const other = asker(stage(), await keyFor(stage(), await addOther(stage())))
    const started = await own('POST', '/v1/calls/originate', { from: '1001', to: TO })
    assert.equal(started.status, 200, started.text)
    const callId = String(json(started)['callId'])
    await until('they talk', async () =>
      (await own('GET', `/v1/calls/${callId}`)).text.includes('"state":"talking"'),
    )
    assert.equal((await other('GET', `/v1/calls/${callId}`)).status, 404)
    assert.equal((await other('DELETE', `/v1/calls/${callId}`)).status, 404)
    assert.deepEqual(json(await other('GET', '/v1/calls'))['calls'], [])
    assert.equal((await other('POST', `/v1/calls/${callId}/hold`)).status, 404)
    assert.equal(
      (await other('POST', '/v1/calls/originate', { userId: house.userIds['1001'], to: TO })).status,
      404,
    )
    assert.match((await own('GET', `/v1/calls/${callId}`)).text, /"state":"talking"/)
    assert.equal((await own('DELETE', `/v1/calls/${callId}`)).status, 200)
    await until('its record is there', async () =>
      (await own('GET', `/v1/cdrs?call=${callId}`)).text.includes(callId),
    )
    assert.deepEqual(json(await other('GET', `/v1/cdrs?call=${callId}`))['cdrs'], [])
  })

  test('access-own-trunk: what an organisation sets up with its own key carries its calls', async () => {
    const { ports, house, database, register, sipp, stale } = stage()
    const port = await freePort()
    await register('1001')
    await sipp({ name: 'access-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    const trunk = await sipp({ name: 'access-own', port, xml: partyXml(ANSWERS) })
    const own = asker(stage(), await keyFor(stage(), house.organizationId))
    const add = async (path: string, key: string, body: object): Promise<number> => {
      const told = await own('POST', `/v1/${path}`, body)
      assert.equal(told.status, 201, told.text)
      return (json(told)[key] as { id: number }).id
    }
    const carrierId = await add('carriers', 'carrier', { code: 'own', name: 'Own' })
    const gatewayId = await add('gateways', 'gateway', {
      carrierId,
      name: 'Own trunk',
      hostname: '127.0.0.1',
      port,
      codecs: ['PCMA'],
      credentials: { username: 'house', password: 'a password of the house' },
    })
    await add('rate-decks', 'rateDeck', {
      carrierId,
      name: 'Own prices',
      currency: 'GBP',
      effectiveFrom: '2020-01-01',
      rates: [{ prefix: '44', pricePerMinute: '0.001' }],
    })
    const profileId = await add('lcr-profiles', 'lcrProfile', { name: 'Own', strategy: 'PRIORITY' })
    const routeId = await add('lcr-routes', 'lcrRoute', { profileId, gatewayId, prefix: '' })
    const set = await own('PUT', `/v1/organizations/${house.organizationId}`, { lcrProfileId: profileId })
    assert.equal(set.status, 200, set.text)
    try {
      const started = await until('the call is taken', async () => {
        const told = await own('POST', '/v1/calls/originate', { from: '1001', to: TO })
        return told.status === 200 && told
      })
      const callId = String(json(started)['callId'])
      await until('the trunk is called', () => invitesOf(trunk.messages(), stale).length === 1)
      const uptime = async (): Promise<number> => {
        const status = await stage().recorder.client.api('sofia', `xmlstatus gateway gw${gatewayId}`)
        return Number(/<uptime-usec>(\d+)</.exec(status)?.[1] ?? NaN)
      }
      await rotate(stage(), uptime)
      assert.match((await own('GET', `/v1/calls/${callId}`)).text, /"state":"talking"/)
      assert.equal((await own('DELETE', `/v1/calls/${callId}`)).status, 200)
      await until('its record is there', async () =>
        (await own('GET', `/v1/cdrs?call=${callId}`)).text.includes('Own trunk'),
      )
    } finally {
      await updateOrganization(database, house.organizationId, { lcrProfileId: house.profileId })
      for (const path of [`lcr-routes/${routeId}`, `lcr-profiles/${profileId}`, `gateways/${gatewayId}`])
        await own('DELETE', `/v1/${path}`)
    }
  })
})

/** To another master key and back, while a call is up: the switch's gateway is the same all the time. */
const rotate = async (stage: Stage, uptime: () => Promise<number>): Promise<void> => {
  const { engine } = stage
  const other = randomBytes(32)
  const before = await uptime()
  assert.ok(before > 0, 'the gateway is in the switch')
  const turn = async (environment: Readonly<Record<string, string>>, least: number): Promise<void> => {
    await engine.kill()
    await engine.start(environment)
    const { status, json: told } = await engine.api('/v1/secrets/rotate', {})
    assert.equal(status, 200, JSON.stringify(told))
    assert.ok(Number(told['rotated']) >= least, JSON.stringify(told))
    assert.equal(told['unreadable'], 0)
  }
  await turn(
    {
      STROWGER_MASTER_KEY: other.toString('hex'),
      STROWGER_MASTER_KEYS_OLD: MASTER_KEY.toString('hex'),
    },
    2,
  )
  await turn({ STROWGER_MASTER_KEYS_OLD: other.toString('hex') }, 2)
  await engine.kill()
  await engine.start()
  assert.ok((await uptime()) > before, 'the gateway was not made anew')
}
