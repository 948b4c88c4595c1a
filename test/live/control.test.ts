/** Hold, mute, digits and sounds on a real switch: what each party hears is measured in what reached it. */
import assert from 'node:assert/strict'
import {
  api,
  eventsOf,
  gather,
  hangUp,
  hear,
  MUSIC,
  ok,
  refusedWith,
  talk,
  type Parties,
} from './control-call.ts'
import { live } from './live.ts'
import { until } from './net.ts'

const QUIET = 0.05

live('call control', (stage) => {
  let parties: Parties
  setup(() => {
    parties = gather(stage())
  })
  teardown(() => parties.stop())

  test('hold: the other party hears music, and our user is told sendonly; unhold gives the talk back', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    await ok(call.post('hold'))
    await hear('music', () => carrier.hears(MUSIC[0]) + carrier.hears(MUSIC[1]) > 0.3)
    await hear('no talk', () => carrier.hears(user.tone) < QUIET && user.hears(carrier.tone) < QUIET)
    assert.match(user.reinvites().at(-1) ?? '', /a=sendonly/)
    await refusedWith(call.post('hold'), 409, 'ALREADY_HELD')
    await until('the leg is held', async () => (await call.legs()).some(({ state }) => state === 'held'))
    await ok(call.post('unhold'))
    await hear('the talk', () => carrier.hears(user.tone) > 0.8 && user.hears(carrier.tone) > 0.8)
    await refusedWith(call.post('unhold'), 409, 'NOT_HELD')
    await eventsOf(stage(), call.callId, 'held')
    await eventsOf(stage(), call.callId, 'unheld')
    await hangUp(stage(), call.callId)
  })

  test('mute: nobody hears our user, who hears all; leg B mutes the other party', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    await ok(call.post('mute'))
    await hear('silence', () => carrier.hears(user.tone) < QUIET)
    assert.ok(user.hears(carrier.tone) > 0.8)
    await refusedWith(call.post('mute'), 409, 'ALREADY_MUTED')
    await ok(call.post('mute', { leg: 'B' }))
    await hear('silence at the user', () => user.hears(carrier.tone) < QUIET)
    await ok(call.post('unmute'))
    await ok(call.post('unmute', { leg: 'B' }))
    await hear('the talk', () => carrier.hears(user.tone) > 0.8 && user.hears(carrier.tone) > 0.8)
    await refusedWith(call.post('unmute'), 409, 'NOT_MUTED')
    assert.equal((await eventsOf(stage(), call.callId, 'muted', 2)).length, 2)
    await hangUp(stage(), call.callId)
  })

  test('digits: sent ones reach the other party alone, and what a party presses is told', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    await ok(call.post('dtmf', { digits: '12#' }))
    await until('the digits', () => carrier.digits() === '12#')
    assert.equal(user.digits(), '')
    await carrier.press('7')
    await until('the key', () => user.digits() === '7')
    const told = await eventsOf(stage(), call.callId, 'dtmf', 2)
    const received = told.find(({ detail }) => detail?.['direction'] === 'received')
    assert.equal(received?.detail?.['digits'], '7')
    await refusedWith(call.post('dtmf', { digits: '1;uuid_kill' }), 400, 'BAD_INPUT')
    await hangUp(stage(), call.callId)
  })

  test('play: tones to one leg, to both, and stopped', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    await ok(call.post('play', { tone: '%(1000,0,425)', loops: 3, leg: 'A' }))
    await hear('the tone', () => user.hears(425) > 0.8)
    assert.ok(carrier.hears(425) < 0.2, 'the other party hears none of it')
    await hear('the talk after it', () => user.hears(carrier.tone) > 0.8 && user.hears(425) < 0.2)
    await ok(call.post('play', { tone: '%(1000,0,425)', loops: 60, leg: 'both' }))
    await hear('the tone at both', () => user.hears(425) > 0.8 && carrier.hears(425) > 0.8)
    await ok(api(stage(), 'DELETE', `/v1/calls/${call.callId}/play`))
    await hear('the talk', () => user.hears(carrier.tone) > 0.8 && carrier.hears(user.tone) > 0.8)
    await refusedWith(call.post('play', { sound: '../../etc/passwd' }), 400, 'BAD_INPUT')
    await refusedWith(call.post('play', { tone: '%(1,1,425)', silenceMs: 200 }), 400, 'BAD_INPUT')
    await hangUp(stage(), call.callId)
  })

  test('an engine that was killed controls the calls that it finds again', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    await ok(call.post('mute'))
    await stage().engine.kill()
    await stage().engine.start()
    await refusedWith(call.post('mute'), 409, 'ALREADY_MUTED')
    await ok(call.post('unmute'))
    await hear('our user', () => carrier.hears(user.tone) > 0.8)
    await ok(call.post('hold'))
    await hear('music', () => carrier.hears(MUSIC[0]) + carrier.hears(MUSIC[1]) > 0.3)
    await stage().engine.kill()
    await stage().engine.start()
    await refusedWith(call.post('hold'), 409, 'ALREADY_HELD')
    await ok(call.post('unhold'))
    await hear('our user', () => carrier.hears(user.tone) > 0.8)
    await hangUp(stage(), call.callId)
  })

  test('a call that is not there, and a leg that it has not, are not found', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const nobody = '99999999-2222-4333-8444-555555555555'
    await refusedWith(api(stage(), 'POST', `/v1/calls/${nobody}/hold`), 404, 'NOT_FOUND')
    const call = await talk(stage(), user, carrier)
    await refusedWith(call.post('mute', { leg: nobody }), 404, 'LEG_NOT_FOUND')
    await refusedWith(call.post('transfer/complete'), 409, 'NO_CONSULTATION')
    await refusedWith(call.post('unpark', { to: '1002' }), 409, 'NOT_PARKED')
    await hangUp(stage(), call.callId)
  })
})
