/** A gateway whose calls of this second are spent means the next route, and never the end of a call. */
import assert from 'node:assert/strict'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { HANGS_UP, refuses } from '../scenario/parties.ts'
import { DOMAIN, type CarrierName, type Party } from '../scenario/scenario.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { invitesOf } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

const CALLS = 12

live('the rate of a gateway', (stage) => {
  for (const [rendering, next] of [
    ['dialplan', []],
    ['conversation', [403]],
  ] as const) {
    test(`gateway-rate-spent-${rendering}: what is too much goes over the next carrier`, async () => {
      const { ports, sipp, stale, database, house, engine } = stage()
      const isKnown = async (known: boolean): Promise<unknown> =>
        until('the rate counts', async () => {
          const { json } = await engine.api('/v1/routes/explain?number=%2B442079460126&from=1001')
          return JSON.stringify(json).includes('by rules') === known
        })
      const gatewayId = house.gatewayIds.A
      await updateGateway(database, MASTER_KEY, gatewayId, {
        name: 'Trunk A by rules',
        maxCallsPerSecond: 2,
        maxChannels: 100,
        failover: { believes: 'status', next: [...next], stop: [] },
      })
      await isKnown(true)
      try {
        const over = async (name: CarrierName, party: Party): Promise<() => number> => {
          const carrier = await sipp({
            name: `rate-${name}`,
            port: ports.carrier[name],
            xml: partyXml(party),
          })
          return () => invitesOf(carrier.messages(), stale).length
        }
        const [overA, overB, overC] = [
          await over('A', HANGS_UP),
          await over('B', HANGS_UP),
          await over('C', refuses(603)),
        ]
        const callers = await sipp({
          name: 'rate-callers',
          remote: `127.0.0.1:${ports.phones}`,
          calls: CALLS,
          callsPerSecond: 8,
          xml: callerXml({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: '+442079460126' }),
        })
        assert.equal(await callers.done, 0, 'every call was answered')
        assert.equal(overA() + overB(), CALLS)
        // 1.5 s of calls: two in each second that began.
        assert.ok(overA() >= 2 && overA() <= 6, `${overA()} calls over A`)
        assert.equal(overC(), 0)
      } finally {
        await updateGateway(database, MASTER_KEY, gatewayId, {
          name: 'Trunk A',
          maxCallsPerSecond: null,
          maxChannels: null,
          failover: null,
        })
        await isKnown(false)
      }
    })
  }
})
