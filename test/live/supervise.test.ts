/** A supervisor listens, whispers and barges in on a real switch; what is recorded is listened to afterwards. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { api, eventsOf, gather, hangUp, hear, ok, refusedWith, talk, type Parties } from './control-call.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import type { Stage } from './stage.ts'
import { levelsIn } from './tones.ts'

const QUIET = 0.05

/** Begins a recording of the caller's leg, as the switch does it by itself: channel 0 is what it says, 1 what it hears. */
const record = async ({ recorder, folder }: Stage, legUuid: string, name: string): Promise<string> => {
  const path = join(folder, 'switch', 'recordings', name)
  await recorder.client.api('uuid_setvar', `${legUuid} RECORD_STEREO true`)
  await recorder.client.api('uuid_record', `${legUuid} start ${path}`)
  return path
}

live('supervision', (stage) => {
  let parties: Parties
  setup(() => {
    parties = gather(stage())
  })
  teardown(() => parties.stop())

  test('listen, whisper, barge: each hears what the mode says, and a whisper is in no recording', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const boss = await parties.party('1002')
    const call = await talk(stage(), user, carrier)
    const [caller] = await call.legs()
    const path = await record(stage(), caller?.legUuid ?? '', 'before.wav')
    const supervisorUserId = stage().house.userIds['1002']
    await ok(call.post('supervise', { supervisorUserId, mode: 'listen' }))
    await hear('both, at the supervisor', () => boss.hears(user.tone) > 0.8 && boss.hears(carrier.tone) > 0.8)
    assert.ok(user.hears(boss.tone) < QUIET && carrier.hears(boss.tone) < QUIET)
    await eventsOf(stage(), call.callId, 'supervised')
    await refusedWith(
      call.post('supervise', { supervisorUserId: stage().house.userIds['1004'], mode: 'listen' }),
      409,
      'ALREADY_SUPERVISED',
    )

    const patch = (mode: string) => ok(api(stage(), 'PATCH', `/v1/calls/${call.callId}/supervise`, { mode }))
    await patch('whisper')
    await hear('the whisper', () => user.hears(boss.tone) > 0.8)
    await sleep(600)
    assert.ok(carrier.hears(boss.tone) < QUIET, 'the other party hears no whisper')
    assert.ok(user.hears(carrier.tone) > 0.8)
    // What the supervisor presses changes nothing.
    await boss.press('3')
    await sleep(600)
    assert.ok(carrier.hears(boss.tone) < QUIET)
    await stage().recorder.client.api('uuid_record', `${caller?.legUuid ?? ''} stop ${path}`)

    await patch('barge')
    await hear('all three', () => user.hears(boss.tone) > 0.8 && carrier.hears(boss.tone) > 0.8)
    await patch('listen')
    await hear(
      'the supervisor no more',
      () => user.hears(boss.tone) < QUIET && carrier.hears(boss.tone) < QUIET,
    )
    await hear('both again', () => boss.hears(user.tone) > 0.8 && boss.hears(carrier.tone) > 0.8)
    await ok(api(stage(), 'DELETE', `/v1/calls/${call.callId}/supervise`))
    await until('the supervisor is let go', () => boss.byes() === 1)
    assert.ok(user.hears(carrier.tone) > 0.8)
    await refusedWith(
      api(stage(), 'PATCH', `/v1/calls/${call.callId}/supervise`, { mode: 'barge' }),
      409,
      'NOT_SUPERVISED',
    )
    await hangUp(stage(), call.callId)

    const levels = levelsIn(readFileSync(path), [user.tone, carrier.tone, boss.tone])
    assert.equal(levels.length, 2)
    assert.ok((levels[0]?.[0] ?? 0) > 0.8, 'our user is in his channel')
    assert.ok((levels[1]?.[1] ?? 0) > 0.8, 'the other party is in the other')
    for (const channel of levels) assert.ok((channel[2] ?? 1) < 0.02, 'the whisper is in neither')
  })

  test('a recording that begins over the API while a supervisor whispers has nothing of it', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const boss = await parties.party('1002')
    const call = await talk(stage(), user, carrier)
    await ok(call.post('supervise', { supervisorUserId: stage().house.userIds['1002'], mode: 'whisper' }))
    await hear('the whisper', () => user.hears(boss.tone) > 0.8)
    const begun = await api(stage(), 'POST', `/v1/calls/${call.callId}/recording`, { action: 'start' })
    assert.equal(begun.status, 200, JSON.stringify(begun.json))
    await eventsOf(stage(), call.callId, 'recording-started')
    const files = await until('the file of the recording', async () => {
      const [caller] = await call.legs()
      const list = await stage().recorder.client.api('uuid_buglist', caller?.legUuid ?? '')
      const found = [...list.matchAll(/<function>(\w+)<\/function>\s*<target>([^<]*)<\/target>/g)]
      const order = found.map(([, name]) => name)
      // Behind the recorder: what it records is taken before the whisper joins.
      return order.indexOf('session_record') < order.indexOf('eavesdrop') && order.includes('session_record')
        ? found.filter(([, name]) => name === 'session_record').map(([, , target = '']) => target)
        : undefined
    })
    await hear('the whisper goes on', () => user.hears(boss.tone) > 0.8)
    await sleep(2_000)
    const copy = readFileSync(files[0] ?? '')
    const seconds = (copy.length - copy.indexOf('data') - 8) / 2 / 8_000 / copy.readUInt16LE(22)
    const leaked = Math.max(...levelsIn(copy, [boss.tone]).map(([level = 0]) => level * seconds))
    assert.ok(leaked < 0.03, `${leaked} s of the whisper are in the recording`)
    const late = levelsIn(copy, [user.tone, carrier.tone, boss.tone], { lastSeconds: 1 })
    assert.ok(
      late.every((channel) => (channel[2] ?? 1) < 0.02),
      `the whisper is in it: ${JSON.stringify(late)}`,
    )
    await hangUp(stage(), call.callId)
  })

  test('an external caller: the whisper reaches our user alone', async () => {
    const [user, callee] = [await parties.party('1001'), await parties.party('1002')]
    const boss = await parties.party('1004')
    const call = await talk(stage(), user, callee, '1002')
    await ok(
      call.post('supervise', {
        supervisorUserId: stage().house.userIds['1004'],
        mode: 'whisper',
        leg: 'B',
      }),
    )
    await hear('the whisper', () => callee.hears(boss.tone) > 0.8)
    await sleep(500)
    assert.ok(user.hears(boss.tone) < QUIET)
    callee.hangUp()
    await until('the supervisor is let go with whom he supervised', () => boss.byes() === 1)
  })

  test('a supervisor whose phone is not there, who refuses, or who is himself supervised', async () => {
    const [user, carrier] = [await parties.party('1001'), await parties.party('A')]
    const call = await talk(stage(), user, carrier)
    const { userIds } = stage().house
    await refusedWith(
      call.post('supervise', { supervisorUserId: userIds['1003'], mode: 'listen' }),
      409,
      'DEVICE_UNAVAILABLE',
    )
    await refusedWith(
      call.post('supervise', { supervisorUserId: userIds['1001'], mode: 'listen' }),
      409,
      'CONTROL_FAILED',
    )
    await refusedWith(
      call.post('supervise', { supervisorUserId: 999_999, mode: 'listen' }),
      404,
      'USER_NOT_FOUND',
    )
    const boss = await parties.party('1002', { refuses: 486 })
    await ok(call.post('supervise', { supervisorUserId: userIds['1002'], mode: 'listen' }))
    await until('he was asked', () => boss.invites().length === 1)
    await eventsOf(stage(), call.callId, 'supervised')
    await refusedWith(api(stage(), 'DELETE', `/v1/calls/${call.callId}/supervise`), 409, 'NOT_SUPERVISED')
    await hangUp(stage(), call.callId)
  })
})
