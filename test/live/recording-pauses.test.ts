/** Pauses, transfers and an engine that dies: the file goes on, silent where it should be. */
import assert from 'node:assert/strict'
import { DOMAIN, OWN_NUMBER } from '../scenario/scenario.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { freePort, until } from './net.ts'
import { openRecordingHouse, OTHER_TONE, pause, TO, USER_TONE } from './recording-house.ts'
import { loudest, readWav, toneIn, type Wav } from './wav.ts'

live('recording: pauses and transfers', (stage) => {
  const house = openRecordingHouse(stage)
  teardown(async function () {
    this.timeout(40_000)
    await house.clear()
  })

  const dials = (hangupAfterMs: number) =>
    house.caller(
      { user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: TO, hangupAfterMs },
      USER_TONE,
    )

  const aLeg = async (): Promise<string> =>
    until('the caller has a channel', () => stage().recorder.created().values().next().value)

  const recorded = (callId: string): Promise<unknown> =>
    until('it is recorded', async () => {
      const { status } = await stage().engine.api(`/v1/calls/${callId}/recording`)
      return status === 200 && house.files(callId).length > 0
    })

  const wavOf = async (callId: string): Promise<Wav> => {
    const files = await until('the file', () => {
      const found = house.files(callId)
      return found.length > 0 && found
    })
    assert.equal(files.length, 1)
    return readWav(files[0]?.path ?? '')
  }

  const stateOf = async (callId: string): Promise<unknown> => {
    const { json } = await stage().engine.api(`/v1/calls/${callId}/recording`)
    return (json['recording'] as { state?: unknown } | undefined)?.state
  }

  test('recording-digits: *1 of the phone that dials makes silence, *2 ends it, and the callee hears no digit', async () => {
    const policy = { scope: { type: 'all' }, settings: { pauseDigits: '*1', resumeDigits: '*2' } }
    await house.policy(policy)
    const carrier = await house.phone({ port: stage().ports.carrier.A, tone: OTHER_TONE })
    const caller = await dials(7_000)
    const callId = await aLeg()
    await recorded(callId)
    const began = Date.now()
    await pause(700)
    await caller.press('*')
    await caller.press('1')
    await until('it is paused', async () => (await stateOf(callId)) === 'paused')
    const pausedAt = Date.now() - began
    await pause(1_500)
    const stillPausedAt = Date.now() - began
    await caller.press('*')
    await caller.press('2')
    await until('it goes on', async () => (await stateOf(callId)) === 'recording')
    const resumedAt = Date.now() - began
    await caller.party.done
    const wav = await wavOf(callId)
    for (const channel of [0, 1])
      assert.equal(
        loudest(wav, channel, pausedAt + 500, stillPausedAt),
        0,
        `channel ${channel} is not silent`,
      )
    assert.ok(toneIn(wav, 0, USER_TONE, resumedAt + 400, wav.durationMs - 300) > 0.8)
    assert.ok(toneIn(wav, 1, OTHER_TONE, resumedAt + 400, wav.durationMs - 300) > 0.8)
    assert.equal(carrier.digits(), '')
    const told = await house.told(callId)
    assert.deepEqual(
      told.map(({ kind, detail }) => `${kind} ${String(detail['by'] ?? '')}`.trim()),
      ['recording-started', 'recording-paused digits', 'recording-resumed digits', 'recording-stopped'],
    )
  })

  test('recording-digits-inbound: the phone that answered presses them, split files are both silent', async () => {
    await house.policy({
      scope: { type: 'inbound' },
      settings: { pauseDigits: '*1', resumeDigits: '*2', channels: 'split' },
    })
    await stage().register('1002')
    const phone = await house.phone({
      port: stage().ports.phone['1002'],
      tone: USER_TONE,
      answerAfterMs: 300,
    })
    const caller = await house.caller(
      { user: '+33142685300', domain: 'carrier.test', to: OWN_NUMBER, hangupAfterMs: 5_000 },
      OTHER_TONE,
    )
    const callId = await aLeg()
    await recorded(callId)
    const began = Date.now()
    await pause(700)
    await phone.press('*')
    await phone.press('1')
    await until('it is paused', async () => (await stateOf(callId)) === 'paused')
    const pausedAt = Date.now() - began
    await caller.party.done
    const files = house.files(callId)
    assert.deepEqual(files.map(({ part }) => part).sort(), ['a', 'b'])
    for (const { path, part } of files) {
      const wav = readWav(path)
      assert.ok(toneIn(wav, 0, part === 'a' ? USER_TONE : OTHER_TONE, 200, pausedAt - 700) > 0.7, part)
      assert.equal(loudest(wav, 0, pausedAt + 500, wav.durationMs - 100), 0, `${part} is not silent`)
    }
  })

  test('recording-hold: while a party is on hold the file is silent, and it is as long as the call', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { pauseOnHold: true } })
    await house.phone({ port: stage().ports.carrier.A, tone: OTHER_TONE })
    const caller = await dials(5_000)
    const callId = await aLeg()
    await recorded(callId)
    const began = Date.now()
    await pause(800)
    // The carrier's leg: who calls here is a SIPp that answers no re-INVITE.
    const callee = [...stage().recorder.created()].find((uuid) => uuid !== callId) ?? ''
    await stage().recorder.client.api('uuid_hold', callee)
    await until('it is paused', async () => (await stateOf(callId)) === 'paused')
    const pausedAt = Date.now() - began
    await pause(1_200)
    const stillPausedAt = Date.now() - began
    await stage().recorder.client.api('uuid_hold', `off ${callee}`)
    await until('it goes on', async () => (await stateOf(callId)) === 'recording')
    await caller.party.done
    const wav = await wavOf(callId)
    for (const channel of [0, 1])
      assert.equal(
        loudest(wav, channel, pausedAt + 500, stillPausedAt),
        0,
        `channel ${channel} is not silent`,
      )
    assert.ok(wav.durationMs > 4_500, `${wav.durationMs} ms`)
    const told = (await house.told(callId)).map(({ kind, detail }) =>
      `${kind} ${String(detail['by'] ?? '')}`.trim(),
    )
    assert.deepEqual(told.slice(1, 3), ['recording-paused hold', 'recording-resumed hold'])
  })

  test('recording-engine-killed: the file is whole without an engine, and one that comes back knows of it', async () => {
    const policyId = await house.policy({ scope: { type: 'all' }, settings: { pauseDigits: '*1' } })
    await house.phone({ port: stage().ports.carrier.A, tone: OTHER_TONE })
    const caller = await dials(9_000)
    const callId = await aLeg()
    await recorded(callId)
    await stage().engine.kill()
    await pause(1_500)
    await stage().engine.start()
    assert.equal(await stateOf(callId), 'recording')
    const { status, json } = await stage().engine.api(`/v1/calls/${callId}/recording`, { action: 'pause' })
    assert.equal(status, 200, JSON.stringify(json))
    assert.equal((json['recording'] as { policyId?: number }).policyId, policyId)
    await stage().engine.api(`/v1/calls/${callId}/recording`, { action: 'resume' })
    await caller.party.done
    const wav = await wavOf(callId)
    assert.ok(wav.durationMs > 8_500 && wav.durationMs < 9_500, `${wav.durationMs} ms`)
    assert.ok(toneIn(wav, 0, USER_TONE, 500, 1_800) > 0.8)
  })

  test('recording-bridged: to another party by uuid_bridge it goes on in the same file', async () => {
    await house.policy({ scope: { type: 'all' } })
    await house.phone({ port: stage().ports.carrier.A, tone: OTHER_TONE })
    const third = await freePort()
    await house.phone({ port: third, tone: 2_100 })
    const caller = await dials(5_000)
    const callId = await aLeg()
    await recorded(callId)
    await pause(1_000)
    const { client } = stage().recorder
    const reply = await client.api(
      'originate',
      `{ignore_early_media=true}sofia/trunks/other@127.0.0.1:${third} &park()`,
    )
    const other = /^\+OK (\S+)/.exec(reply)?.[1] ?? ''
    assert.notEqual(other, '', reply)
    await client.api('uuid_setvar', `${callId} hangup_after_bridge false`)
    const bridged = await client.api('uuid_bridge', `${callId} ${other}`)
    assert.match(bridged, /^\+OK/)
    await caller.party.done
    const wav = await wavOf(callId)
    assert.ok(toneIn(wav, 1, OTHER_TONE, 300, 900) > 0.8, 'the first party')
    assert.ok(toneIn(wav, 1, 2_100, wav.durationMs - 1_500, wav.durationMs - 300) > 0.8, 'the second party')
    assert.ok(toneIn(wav, 0, USER_TONE, wav.durationMs - 1_500, wav.durationMs - 300) > 0.8, 'our user')
  })
})
