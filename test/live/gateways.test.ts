/** Gateways that come, change and go in the database while calls run. */
import assert from 'node:assert/strict'
import { addCarrier, addGateway, removeGateway, updateGateway } from '../../src/store/gateway-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import { addLcrRoute } from '../../src/store/routing-writes.ts'
import { ANSWERS } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { freePort, until } from './net.ts'
import { invitesOf, type SippParty } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import type { Stage } from './stage.ts'

const TO = '+442079460124'
/** Law of the house: a change is live within two seconds. */
const LIVE_WITHIN_MS = 2_000

const call = async (stage: Stage, bridges: number): Promise<SippParty> => {
  const caller = await stage.sipp({
    name: 'gateways-caller',
    remote: `127.0.0.1:${stage.ports.phones}`,
    xml: callerXml({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: TO }),
  })
  await until('the call is bridged', () => stage.recorder.counts().get('CHANNEL_BRIDGE') === bridges)
  return caller
}

const statusOf = ({ recorder }: Stage, gatewayId: number): Promise<string> =>
  recorder.client.api('sofia', `xmlstatus gateway gw${gatewayId}`)

live('gateways', (stage) => {
  test('gateway-added-changed-removed: live within two seconds, and no call is touched', async () => {
    const { ports, house, database, recorder, sipp, stale } = stage()
    const first = await freePort()
    const second = await freePort()
    const party = (name: string, port: number): Promise<SippParty> =>
      sipp({ name, port, xml: partyXml(ANSWERS) })
    const [overA, overFirst, overSecond] = await Promise.all([
      party('over-a', ports.carrier.A),
      party('over-first', first),
      party('over-second', second),
    ])
    const invited = (): readonly number[] =>
      [overA, overFirst, overSecond].map((each) => invitesOf(each.messages(), stale).length)
    const callers = [await call(stage(), 1)]
    assert.deepEqual(invited(), [1, 0, 0])

    const carrierId = await addCarrier(database, { code: 'D', name: 'Carrier D' })
    await addRates(database, {
      carrierId,
      name: 'Prices of D',
      currency: 'GBP',
      rates: [
        {
          prefix: '44',
          pricePerMinute: '0.001',
          firstIncrementSeconds: 1,
          nextIncrementSeconds: 1,
          effectiveFrom: 0,
        },
      ],
    })
    const gatewayId = await addGateway(database, MASTER_KEY, {
      carrierId,
      name: 'Trunk D',
      hostname: '127.0.0.1',
      port: first,
    })
    await addLcrRoute(database, { profileId: house.profileId, gatewayId, prefix: '', priority: 0 })
    await until(
      'the new gateway is there',
      async () => (await statusOf(stage(), gatewayId)).includes(`:${first}`),
      LIVE_WITHIN_MS,
    )
    callers.push(await call(stage(), 2))
    assert.deepEqual(invited(), [1, 1, 0])

    await updateGateway(database, MASTER_KEY, gatewayId, { port: second })
    await until(
      'the changed gateway is there',
      async () => (await statusOf(stage(), gatewayId)).includes(`:${second}`),
      LIVE_WITHIN_MS,
    )
    callers.push(await call(stage(), 3))
    assert.deepEqual(invited(), [1, 1, 1])

    await removeGateway(database, gatewayId, { withRoutes: true })
    await until(
      'the removed gateway is gone',
      async () => !(await statusOf(stage(), gatewayId)).trimStart().startsWith('<'),
      LIVE_WITHIN_MS,
    )
    callers.push(await call(stage(), 4))
    assert.deepEqual(invited(), [2, 1, 1])

    assert.equal((await recorder.channels()).length, 8, 'every call lives')
    for (const uuid of await recorder.channels()) await recorder.client.api('uuid_kill', uuid)
    for (const caller of callers) assert.equal(await caller.done, 0)
  })
})
