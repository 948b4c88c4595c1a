/** The one test that takes a minute: nobody answers, and our own timer ends it. */
import assert from 'node:assert/strict'
import { RING_TIMEOUT_SECONDS } from '../../src/plan/plan-routes.ts'
import { ANSWERS, RINGS } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { passwordOf } from './house.ts'
import { until } from './net.ts'
import { finalStatuses, invitesOf, type SippParty } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

live('nobody answers', (stage) => {
  test('no-answer: a phone and a carrier that ring for ever end as 480, and no other carrier is tried', async function () {
    this.timeout((RING_TIMEOUT_SECONDS + 30) * 1_000)
    const { ports, sipp, recorder, database, stale } = stage()
    await sipp({ name: 'rings-1002', port: ports.phone['1002'], xml: partyXml(RINGS) })
    await sipp({ name: 'rings-A', port: ports.carrier.A, xml: partyXml(RINGS) })
    const unasked = await sipp({ name: 'unasked-B', port: ports.carrier.B, xml: partyXml(ANSWERS) })
    const call = (to: string): Promise<SippParty> =>
      sipp({
        name: `no-answer-${to}`,
        remote: `127.0.0.1:${ports.phones}`,
        xml: callerXml({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to }),
      })
    const callers = [await call('1002'), await call('+442079460126')]
    for (const caller of callers) {
      await caller.done
      const final = finalStatuses(caller.messages()).at(-1)
      assert.equal(final?.status, 480, final?.text)
    }
    assert.deepEqual(invitesOf(unasked.messages(), stale), [])
    const rows = await until('the records', async () => {
      const found = await database.query<{ disposition: string }>(
        `SELECT disposition FROM call_detail_records WHERE leg_uuid = ANY($1::uuid[])`,
        [[...recorder.created()]],
      )
      return found.length === 4 && found
    })
    assert.deepEqual([...new Set(rows.map(({ disposition }) => disposition))], ['NO_ANSWER'])
  })
})
