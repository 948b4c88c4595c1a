/** Conferences on a real switch: who hears whom. */
import assert from 'node:assert/strict'
import { api, eventsOf, gather, hear, ok, refusedWith, talk, talkOf, type Parties } from './control-call.ts'
import { live } from './live.ts'
import { until } from './net.ts'

type Seen = {
  readonly name: string
  readonly members: readonly { legUuid: string; party: string; muted: boolean }[]
}

live('conferences', (stage) => {
  let parties: Parties
  setup(() => {
    parties = gather(stage())
  })
  teardown(() => parties.stop())

  test('a call becomes a conference, a third is called in, muted, taken out; it ends for all', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const third = await parties.party('1002')
    const call = await talk(stage(), user, carrier)
    const begun = await ok(call.post('conference'))
    assert.equal((begun['conference'] as Seen).members.length, 2)
    await hear('each other still', () => user.hears(carrier.tone) > 0.5 && carrier.hears(user.tone) > 0.5)
    await refusedWith(call.post('conference'), 409, 'IN_CONFERENCE')
    await ok(call.post('conference/members', { to: '1002' }))
    await hear('all three', () =>
      [
        [user, carrier],
        [user, third],
        [carrier, user],
        [carrier, third],
        [third, user],
        [third, carrier],
      ].every(([one, other]) => (one?.hears(other?.tone ?? 0) ?? 0) > 0.4),
    )
    const path = `/v1/calls/${call.callId}/conference`
    const { members } = (await ok(api(stage(), 'GET', path)))['conference'] as Seen
    assert.deepEqual(members.map(({ party }) => party).sort(), ['+442079460123', '1001', '1002'])
    const member = members.find(({ party }) => party === '1002')?.legUuid ?? ''
    const muted = await ok(api(stage(), 'PATCH', `${path}/members/${member}`, { muted: true }))
    assert.equal((muted['conference'] as Seen).members.find(({ legUuid }) => legUuid === member)?.muted, true)
    await hear('the third no more', () => user.hears(third.tone) < 0.05 && carrier.hears(third.tone) < 0.05)
    await ok(api(stage(), 'PATCH', `${path}/members/${member}`, { muted: false }))
    await hear('the third again', () => user.hears(third.tone) > 0.4)
    await ok(api(stage(), 'DELETE', `${path}/members/${member}`))
    await until('the third is let go', () => third.byes() === 1)
    assert.ok(user.hears(carrier.tone) > 0.4)
    await ok(api(stage(), 'DELETE', path))
    await until('all are let go', () => user.byes() === 1 && carrier.byes() === 1)
    await eventsOf(stage(), call.callId, 'conferenced')
  })

  test('two calls that name the same conference meet in it', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    const [second, third] = [await parties.party('1002'), await parties.party('1004')]
    const started = await ok(api(stage(), 'POST', '/v1/calls/originate', { from: '1002', to: '1004' }))
    await hear('the second call', () => second.hears(third.tone) > 0.8)
    const other = talkOf(stage(), String(started['callId']))
    await ok(call.post('conference', { name: 'sales' }))
    const joined = await ok(other.post('conference', { name: 'sales' }))
    assert.equal((joined['conference'] as Seen).name, 'sales')
    await hear('all four', () =>
      [user, carrier, second, third].every((one) =>
        [user, carrier, second, third].every((each) => each === one || one.hears(each.tone) > 0.3),
      ),
    )
    await ok(api(stage(), 'DELETE', `/v1/calls/${call.callId}/conference`))
    await until('all are let go', () => [user, carrier, second, third].every((one) => one.byes() === 1))
  })
})
