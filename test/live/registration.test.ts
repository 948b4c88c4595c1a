/** Phones that register, and addresses that guess. */
import assert from 'node:assert/strict'
import { DOMAIN } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { passwordOf } from './house.ts'
import { until } from './net.ts'
import { finalStatuses, type SippParty } from './sipp.ts'
import { callerXml } from './sipp-xml.ts'

const statusOf = (party: SippParty): number | undefined =>
  party.messages().findLast(({ received, status }) => received && status !== undefined)?.status

live('registrations', (stage) => {
  test('register: a phone with its password registers, and can be found', async () => {
    assert.equal(statusOf(await stage().register('1002')), 200)
    const contact = await stage().recorder.client.api('sofia_contact', `phones/1002@${DOMAIN}`)
    assert.match(contact, new RegExp(`:${stage().ports.phone['1002']}`))
  })

  test('wrong-password-banned: after three failures an address is out, even with the right password', async () => {
    const guesser = '127.0.0.9'
    // FreeSWITCH knows this user by now, and would not ask the engine for him again.
    assert.equal(statusOf(await stage().register('1001')), 200)
    for (let n = 0; n < 3; n++)
      assert.equal(statusOf(await stage().register('1001', guesser, 'not-the-password')), 403)
    await until('the ban is listed', async () => {
      const { json } = await stage().engine.api('/v1/bans')
      return JSON.stringify(json).includes(`"${guesser}"`)
    })
    await until('FreeSWITCH has the ban', async () =>
      (await stage().recorder.client.api('acl', `${guesser} phones`)).startsWith('false'),
    )
    assert.equal(statusOf(await stage().register('1001', guesser)), 403)
    const caller = await stage().sipp({
      name: 'banned-caller',
      remote: `127.0.0.1:${stage().ports.phones}`,
      address: guesser,
      xml: callerXml({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: '1002' }),
    })
    await caller.done
    assert.equal(finalStatuses(caller.messages()).at(-1)?.status, 403)
    // Others are not touched.
    assert.equal(statusOf(await stage().register('1001')), 200)
  })

  test('a user who does not exist gets what a wrong password gets', async () => {
    const { sipp, ports } = stage()
    const caller = await sipp({
      name: 'nobody',
      remote: `127.0.0.1:${ports.phones}`,
      address: '127.0.0.10',
      xml: callerXml({ user: '4711', domain: DOMAIN, password: 'whatever', to: '1002' }),
    })
    await caller.done
    assert.equal(finalStatuses(caller.messages()).at(-1)?.status, 403)
  })
})
