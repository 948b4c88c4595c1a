/** Transfers, parking and joining calls on a real switch: who talks with whom, and whose record says what. */
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
  talkOf,
  type Parties,
} from './control-call.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import type { Stage } from './stage.ts'

type Row = {
  readonly leg_uuid: string
  readonly leg: string
  readonly callee_number: string | null
  readonly caller_user_id: number | null
  readonly cost: string | null
  readonly disposition: string
  readonly direction: string
}

const recordsOf = ({ database }: Stage, callId: string, count: number): Promise<readonly Row[]> =>
  until(
    `${count} records of the call`,
    async () => {
      const rows = await database.query<Row>(
        `SELECT leg_uuid::text, leg, callee_number, caller_user_id, total_cost::text AS cost, disposition, direction
         FROM call_detail_records WHERE call_id = $1 ORDER BY start_time, leg`,
        [callId],
      )
      return rows.length === count && rows
    },
    15_000,
  )

const attemptsOf = (
  { database }: Stage,
  callId: string,
): Promise<readonly { n: number; outcome: string }[]> =>
  database.query(`SELECT n, outcome FROM call_attempts WHERE call_id = $1 ORDER BY a_leg_uuid, n`, [callId])

live('transfers', (stage) => {
  let parties: Parties
  setup(() => {
    parties = gather(stage())
  })
  teardown(() => parties.stop())

  test('blind, to a colleague: the party whom our user called talks with him, and our user is let go', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const colleague = await parties.party('1002')
    const call = await talk(stage(), user, carrier)
    await ok(call.post('transfer', { kind: 'blind', to: '1002' }))
    await hear('each other', () => carrier.hears(colleague.tone) > 0.8 && colleague.hears(carrier.tone) > 0.8)
    assert.equal(user.byes(), 1)
    assert.deepEqual((await call.legs()).map(({ party }) => party).sort(), ['+442079460123', '1002'])
    assert.match(colleague.invites()[0] ?? '', /From: .*sip:\+442079460123@/, 'he sees who comes')
    colleague.hangUp()
    await until('the carrier is let go', () => carrier.byes() === 1)
    const rows = await recordsOf(stage(), call.callId, 3)
    assert.deepEqual(
      rows.map(({ leg, disposition }) => `${leg} ${disposition}`),
      ['A ANSWERED', 'B ANSWERED', 'B ANSWERED'],
    )
    await eventsOf(stage(), call.callId, 'transferred')
  })

  test('blind, to a number: the transferring user pays, and every attempt is accounted for', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('1002')]
    const call = await talk(stage(), user, carrier, '1002')
    const failing = await parties.party('A', { refuses: 503 })
    const third = await parties.party('B')
    await ok(call.post('transfer', { kind: 'blind', to: '+442079460155' }))
    await hear('each other', () => carrier.hears(third.tone) > 0.8 && third.hears(carrier.tone) > 0.8)
    assert.equal(failing.invites().length, 1)
    third.hangUp()
    await until('the colleague is let go', () => carrier.byes() === 1)
    const rows = await recordsOf(stage(), call.callId, 4)
    const paid = rows.find(({ callee_number: number, cost }) => number === '+442079460155' && cost !== null)
    assert.equal(paid?.caller_user_id, stage().house.userIds['1001'])
    assert.deepEqual(await attemptsOf(stage(), call.callId), [
      { n: 1, outcome: 'FAILED' },
      { n: 2, outcome: 'ANSWERED' },
      { n: 3, outcome: 'NOT_TRIED' },
    ])
  })

  test('blind, of a caller who called our user: the record of his leg still says who called whom', async () => {
    const [user, callee] = [await parties.party('1001'), await parties.party('1002')]
    const colleague = await parties.party('1004')
    const call = await talk(stage(), user, callee, '1002')
    await ok(call.post('transfer', { kind: 'blind', to: '1004', leg: 'B' }))
    await hear('each other', () => user.hears(colleague.tone) > 0.8 && colleague.hears(user.tone) > 0.8)
    assert.equal(callee.byes(), 1)
    user.hangUp()
    await until('the colleague is let go', () => colleague.byes() === 1)
    const rows = await recordsOf(stage(), call.callId, 4)
    const caller = rows.find(({ leg }) => leg === 'A')
    assert.deepEqual([caller?.callee_number, caller?.direction], ['1002', 'internal'])
  })

  test('a transfer to what cannot be called disturbs nobody', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    await refusedWith(call.post('transfer', { kind: 'blind', to: '+9999999' }), 400, 'INVALID_DESTINATION')
    await refusedWith(call.post('transfer', { kind: 'attended', to: '+9999999' }), 400, 'INVALID_DESTINATION')
    await hear('the talk', () => user.hears(carrier.tone) > 0.8 && carrier.hears(user.tone) > 0.8)
    assert.equal((await call.legs()).length, 2)
    await hangUp(stage(), call.callId)
  })

  test('attended, completed: music, the talk aside, then the two others talk', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const colleague = await parties.party('1002', { answerAfterMs: 1_200 })
    const call = await talk(stage(), user, carrier)
    const answer = await ok(call.post('transfer', { kind: 'attended', to: '1002' }))
    assert.equal(answer['status'], 'ringing')
    await hear('music and ring-back', () => carrier.hears(MUSIC[0]) > 0.1 && user.hears(400) > 0.1)
    await refusedWith(call.post('transfer/complete'), 409, 'CONSULTATION_NOT_ANSWERED')
    await hear('the talk aside', () => user.hears(colleague.tone) > 0.8 && colleague.hears(user.tone) > 0.8)
    await hear('only music', () => carrier.hears(user.tone) < 0.05 && carrier.hears(colleague.tone) < 0.05)
    await ok(call.post('transfer/complete'))
    await hear('each other', () => carrier.hears(colleague.tone) > 0.8 && colleague.hears(carrier.tone) > 0.8)
    await until('our user is let go', () => user.byes() === 1)
    assert.equal((await call.legs()).length, 2)
    carrier.hangUp()
    await until('the colleague is let go', () => colleague.byes() === 1)
    const rows = await recordsOf(stage(), call.callId, 3)
    assert.ok(rows.every(({ disposition }) => disposition === 'ANSWERED'))
    assert.deepEqual(await attemptsOf(stage(), call.callId), [
      { n: 1, outcome: 'ANSWERED' },
      { n: 2, outcome: 'NOT_TRIED' },
      { n: 3, outcome: 'NOT_TRIED' },
    ])
  })

  test('attended, by who was called: the caller hears music, and talks with the third in the end', async () => {
    const [caller, user] = [await parties.party('1001'), await parties.party('1002')]
    const third = await parties.party('A')
    const call = await talk(stage(), caller, user, '1002')
    await ok(call.post('transfer', { kind: 'attended', to: '+442079460166', leg: 'B' }))
    await hear('the talk aside', () => user.hears(third.tone) > 0.8 && third.hears(user.tone) > 0.8)
    await hear('music', () => caller.hears(MUSIC[0]) + caller.hears(MUSIC[1]) > 0.3)
    await ok(call.post('transfer/complete'))
    await hear('each other', () => caller.hears(third.tone) > 0.8 && third.hears(caller.tone) > 0.8)
    await until('our user is let go', () => user.byes() === 1)
    third.hangUp()
    await until('the caller is let go', () => caller.byes() === 1)
    const rows = await recordsOf(stage(), call.callId, 3)
    const paid = rows.find(({ callee_number: number }) => number === '+442079460166')
    assert.equal(paid?.caller_user_id, stage().house.userIds['1002'])
    assert.notEqual(paid.cost, null)
  })

  test('attended, cancelled: our user is back, and whom he consulted is let go', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const colleague = await parties.party('1002')
    const call = await talk(stage(), user, carrier)
    await ok(call.post('transfer', { kind: 'attended', to: '1002' }))
    await hear('the talk aside', () => user.hears(colleague.tone) > 0.8)
    await refusedWith(call.post('transfer', { kind: 'attended', to: '1004' }), 409, 'CONSULTATION_RUNNING')
    await ok(call.post('transfer/cancel'))
    await hear('the talk', () => user.hears(carrier.tone) > 0.8 && carrier.hears(user.tone) > 0.8)
    await until('the colleague is let go', () => colleague.byes() === 1)
    await hangUp(stage(), call.callId)
  })

  test('attended, while it rings: cancelled, and nobody rings any more', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const colleague = await parties.party('1002', { ringsOnly: true })
    const call = await talk(stage(), user, carrier)
    await ok(call.post('transfer', { kind: 'attended', to: '1002' }))
    await until('it rings', () => colleague.invites().length === 1)
    await ok(call.post('transfer/cancel'))
    await hear('the talk', () => user.hears(carrier.tone) > 0.8 && carrier.hears(user.tone) > 0.8)
    await until('two legs', async () => (await call.legs()).length === 2)
    await hangUp(stage(), call.callId)
  })

  test('attended, refused or hung up by whom he consults: the switch brings our user back', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const busy = await parties.party('1002', { refuses: 486 })
    const call = await talk(stage(), user, carrier)
    await ok(call.post('transfer', { kind: 'attended', to: '1002' }))
    await until('he was asked', () => busy.invites().length === 1)
    await hear('the talk', () => user.hears(carrier.tone) > 0.8 && carrier.hears(user.tone) > 0.8)
    const colleague = await parties.party('1004')
    await until('the consultation is forgotten', async () => {
      const { status } = await call.post('transfer', { kind: 'attended', to: '1004' })
      return status === 200
    })
    await hear('the talk aside', () => user.hears(colleague.tone) > 0.8)
    colleague.hangUp()
    await hear('the talk', () => user.hears(carrier.tone) > 0.8 && carrier.hears(user.tone) > 0.8)
    user.hangUp()
    await until('the carrier is let go', () => carrier.byes() === 1)
  })

  test('attended: where our user hangs up, nobody is left waiting', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const colleague = await parties.party('1002')
    const call = await talk(stage(), user, carrier)
    await ok(call.post('transfer', { kind: 'attended', to: '1002' }))
    await hear('the talk aside', () => user.hears(colleague.tone) > 0.8)
    user.hangUp()
    await until('both are let go', () => carrier.byes() === 1 && colleague.byes() === 1)
  })

  test('park and unpark: music, then whoever takes the party up', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const colleague = await parties.party('1002')
    const call = await talk(stage(), user, carrier)
    await ok(call.post('park'))
    await hear('music', () => carrier.hears(MUSIC[0]) + carrier.hears(MUSIC[1]) > 0.3)
    await until('our user is let go', () => user.byes() === 1)
    // Another engine takes it up as well.
    await stage().engine.kill()
    await stage().engine.start()
    await ok(call.post('unpark', { to: '1002' }))
    await hear('each other', () => carrier.hears(colleague.tone) > 0.8 && colleague.hears(carrier.tone) > 0.8)
    carrier.hangUp()
    await until('the colleague is let go', () => colleague.byes() === 1)
    await recordsOf(stage(), call.callId, 3)
  })

  test('two calls of our users are joined: the parties talk, and our users are let go', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    const [second, colleague] = [await parties.party('1002'), await parties.party('1004')]
    const started = await ok(api(stage(), 'POST', '/v1/calls/originate', { from: '1002', to: '1004' }))
    await hear('the second call', () => second.hears(colleague.tone) > 0.8)
    const other = talkOf(stage(), String(started['callId']))
    await ok(api(stage(), 'POST', '/v1/calls/bridge', { callA: call.callId, callB: other.callId }))
    await hear('each other', () => carrier.hears(colleague.tone) > 0.8 && colleague.hears(carrier.tone) > 0.8)
    await until('our users are let go', () => user.byes() === 1 && second.byes() === 1)
    assert.deepEqual(
      [(await call.legs()).map(({ party }) => party), (await other.legs()).map(({ party }) => party)],
      [['+442079460123'], ['1004']],
    )
    colleague.hangUp()
    await until('the carrier is let go', () => carrier.byes() === 1)
    await recordsOf(stage(), call.callId, 2)
    // 1004 has two phones, and both were rung.
    await recordsOf(stage(), other.callId, 3)
  })
})
