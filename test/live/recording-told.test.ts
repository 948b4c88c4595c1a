/** Who is told that a call is recorded, and who is asked: each party's own ears say so. */
import assert from 'node:assert/strict'
import { DOMAIN, OWN_NUMBER } from '../scenario/scenario.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { openRecordingHouse, OTHER_TONE, pause, TO, USER_TONE, type Found } from './recording-house.ts'
import { SAMPLE_RATE } from './tones.ts'
import { readWav, toneIn, type Wav } from './wav.ts'

/** The announcement is a tone of its own. */
const TOLD_TONE = 1_900
const TOLD_MS = 1_000

live('recording: told and asked', (stage) => {
  const house = openRecordingHouse(stage)
  teardown(async function () {
    this.timeout(40_000)
    await house.clear()
  })

  let fileId = 0
  suiteSetup(async () => {
    const { status, json } = await house.upload('announcement', toneWave(TOLD_TONE, TOLD_MS))
    assert.equal(status, 201, JSON.stringify(json))
    fileId = (json['audioFile'] as { id: number }).id
    await pause(700)
  })
  suiteTeardown(async () => {
    await stage().database.query('DELETE FROM audio_files')
  })

  const dials = (hangupAfterMs: number) =>
    house.caller(
      { user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: TO, hangupAfterMs },
      USER_TONE,
    )

  const comesIn = (hangupAfterMs: number) =>
    house.caller({ user: '+33142685300', domain: 'carrier.test', to: OWN_NUMBER, hangupAfterMs }, OTHER_TONE)

  const carrier = (answerAfterMs = 300) =>
    house.phone({ port: stage().ports.carrier.A, tone: OTHER_TONE, answerAfterMs })

  const desk = async () => {
    await stage().register('1002')
    return house.phone({ port: stage().ports.phone['1002'], tone: USER_TONE, answerAfterMs: 300 })
  }

  const aLeg = async (): Promise<string> =>
    until('the caller has a channel', () => stage().recorder.created().values().next().value)

  const endOf = (callId: string) => until('the channel is over', () => stage().recorder.hungUp().get(callId))

  const onlyFile = async (callId: string): Promise<Found & { readonly wav: Wav }> => {
    const files = await until('the file', () => {
      const found = house.files(callId)
      return found.length > 0 && found
    })
    const [file] = files
    assert.ok(file !== undefined && files.length === 1)
    return { ...file, wav: readWav(file.path) }
  }

  const announcement = (playTo: string) => ({ enabled: true, audioFileId: fileId, playTo })

  test('announced-outbound-external: the called party hears it before he is connected, our user does not', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { announcement: announcement('external_only') } })
    const other = await carrier()
    const caller = await dials(2_500)
    const callId = await aLeg()
    await until('the other party hears it', () => other.hears(TOLD_TONE, 400) > 0.5)
    assert.ok(other.hears(USER_TONE, 400) < 0.05, 'they are connected already')
    await caller.party.done
    assert.ok(caller.everHeard(TOLD_TONE) < 0.05, 'our user heard it')
    assert.ok(caller.everHeard(OTHER_TONE) > 0.8, 'they did not talk')
    assert.ok(other.everHeard(TOLD_TONE) > 0.8)
    const { wav } = await onlyFile(callId)
    assert.ok(toneIn(wav, 1, OTHER_TONE, 400, wav.durationMs - 300) > 0.8)
    assert.ok(wav.durationMs < 3_000, `${wav.durationMs} ms: it began before they talked`)
  })

  test('announced-click-to-dial: our phone was answered long before, and is recorded from the talk on', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { announcement: announcement('external_only') } })
    await stage().register('1001')
    const phone = await house.phone({ port: stage().ports.phone['1001'], tone: USER_TONE })
    const other = await carrier(700)
    const { json } = await stage().engine.api('/v1/calls/originate', { from: '1001', to: TO })
    const callId = String(json['callId'])
    await until('they talk', () => other.hears(USER_TONE, 500) > 0.8)
    const began = Date.now()
    await pause(1_500)
    await stage().recorder.client.api('uuid_kill', callId)
    const lasted = Date.now() - began
    assert.ok(phone.everHeard(TOLD_TONE) < 0.05, 'our user heard it')
    assert.ok(other.everHeard(TOLD_TONE) > 0.8)
    const { wav } = await onlyFile(callId)
    assert.ok(wav.durationMs - lasted < 1_000, `${wav.durationMs} ms of a talk of ${lasted}`)
    assert.ok(toneIn(wav, 0, USER_TONE, 300, wav.durationMs - 300) > 0.8)
    assert.ok(toneIn(wav, 1, OTHER_TONE, 700, wav.durationMs - 300) > 0.8)
  })

  test('announced-inbound-external: the caller is answered and hears it before our phone rings', async () => {
    await house.policy({
      scope: { type: 'inbound' },
      settings: { announcement: announcement('external_only') },
    })
    const phone = await desk()
    const caller = await comesIn(4_500)
    const callId = await aLeg()
    await until('he hears it', () => caller.hears(TOLD_TONE, 400) > 0.5)
    assert.deepEqual(phone.invites(), [])
    await caller.party.done
    assert.ok(caller.everHeard(USER_TONE) > 0.8, 'they did not talk')
    assert.ok(phone.everHeard(TOLD_TONE) < 0.05)
    const { wav } = await onlyFile(callId)
    assert.ok(toneIn(wav, 0, USER_TONE, 400, wav.durationMs - 300) > 0.8)
    assert.ok(toneIn(wav, 1, TOLD_TONE) < 0.05, 'it is in the recording')
  })

  test('announced-inbound-internal: only our phone hears it, when it answers', async () => {
    await house.policy({
      scope: { type: 'inbound' },
      settings: { announcement: announcement('internal_only') },
    })
    const phone = await desk()
    const caller = await comesIn(2_500)
    const callId = await aLeg()
    await until('our phone hears it', () => phone.hears(TOLD_TONE, 400) > 0.5)
    await caller.party.done
    assert.ok(caller.everHeard(TOLD_TONE) < 0.05)
    assert.ok(caller.everHeard(USER_TONE) > 0.8, 'they did not talk')
    await onlyFile(callId)
  })

  test('announced-in-words: without an uploaded sound the switch speaks, and they wait for it', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { announcement: { enabled: true } } })
    const { client } = stage().recorder
    const speaks = (await client.api('module_exists', 'mod_flite')).trim() === 'true'
    const other = await carrier()
    const caller = await dials(1_500)
    const callId = await aLeg()
    await until('he answered', () => other.isTalking())
    const answeredAt = Date.now()
    await until('they talk', () => other.hears(USER_TONE, 300) > 0.8)
    const waited = Date.now() - answeredAt
    await caller.party.done
    // "This call is recorded." takes well over a second; the tones take 1.9 s.
    assert.ok(waited > 1_200, `${waited} ms (speaks: ${String(speaks)})`)
    await onlyFile(callId)
  })

  test('announced-all: both hear it', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { announcement: announcement('all') } })
    const other = await carrier()
    const caller = await dials(2_000)
    const callId = await aLeg()
    await caller.party.done
    assert.ok(caller.everHeard(TOLD_TONE) > 0.8, 'our user')
    assert.ok(other.everHeard(TOLD_TONE) > 0.8, 'the other party')
    await onlyFile(callId)
  })

  test('asked-yes: the called party presses 1, and is recorded from then on', async () => {
    await house.policy({
      scope: { type: 'all' },
      settings: { announcement: { enabled: false, audioFileId: fileId } },
      compliance: { consentRequired: true },
    })
    const other = await carrier()
    const caller = await dials(2_500)
    const callId = await aLeg()
    await until('he is asked', () => other.hears(TOLD_TONE, 400) > 0.5)
    await other.press('1')
    await caller.party.done
    const { wav } = await onlyFile(callId)
    assert.ok(toneIn(wav, 1, OTHER_TONE, 500, wav.durationMs - 300) > 0.8)
    assert.ok(caller.everHeard(OTHER_TONE) > 0.8)
    assert.equal((await endOf(callId)).variable('strowger_consent'), 'given')
    const told = await house.told(callId)
    assert.deepEqual(
      told.map(({ kind, detail }) => `${kind} ${String(detail['consent'] ?? '')}`.trim()),
      ['recording-consent given', 'recording-started', 'recording-stopped'],
    )
  })

  for (const [name, digit] of [
    ['2', '2'],
    ['nothing', undefined],
  ] as const) {
    test(`asked-no: the called party presses ${name}, and talks unrecorded`, async () => {
      await house.policy({
        scope: { type: 'all' },
        settings: { announcement: { enabled: false, audioFileId: fileId } },
        compliance: { consentRequired: true },
      })
      const other = await carrier()
      const caller = await dials(1_500)
      const callId = await aLeg()
      await until('he is asked', () => other.hears(TOLD_TONE, 400) > 0.5)
      if (digit !== undefined) await other.press(digit)
      await caller.party.done
      assert.ok(caller.everHeard(OTHER_TONE) > 0.8, 'they did not talk')
      assert.deepEqual(house.files(callId), [])
      const ended = await endOf(callId)
      assert.equal(ended.variable('strowger_consent'), 'refused')
      assert.equal(ended.variable('strowger_recordings'), undefined)
    })
  }

  for (const [answer, count] of [
    ['1', 1],
    ['5', 0],
  ] as const) {
    test(`asked-inbound: a caller who presses ${answer} makes ${count} files`, async () => {
      await house.policy({
        scope: { type: 'inbound' },
        settings: { announcement: { enabled: false, audioFileId: fileId }, channels: 'split' },
        compliance: { consentRequired: true },
      })
      await desk()
      const caller = await comesIn(5_500)
      const callId = await aLeg()
      await until('he is asked', () => caller.hears(TOLD_TONE, 400) > 0.5)
      await caller.press(answer)
      await caller.party.done
      assert.ok(caller.everHeard(USER_TONE) > 0.8, 'they did not talk')
      assert.deepEqual(
        house
          .files(callId)
          .map(({ part }) => part)
          .sort(),
        count === 1 ? ['a', 'b'] : [],
      )
    })
  }

  test('asked-and-confirmed: he presses 1 to be connected, hears the announcement, and only then they talk', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { announcement: announcement('external_only') } })
    await stage().register('1001')
    await house.phone({ port: stage().ports.phone['1001'], tone: USER_TONE })
    const other = await carrier(500)
    const { status, json } = await stage().engine.api('/v1/calls/originate', {
      from: '1001',
      to: TO,
      options: { answerConfirm: true },
    })
    assert.equal(status, 200, JSON.stringify(json))
    const callId = String(json['callId'])
    // Words or tones, as the switch has them: he is asked again every few seconds.
    await until('he answered', () => other.isTalking())
    await pause(2_000)
    assert.ok(other.everHeard(TOLD_TONE) < 0.05, 'he was told before he confirmed')
    await other.press('1')
    await until('he is told', () => other.hears(TOLD_TONE, 400) > 0.5)
    await until('they talk', () => other.hears(USER_TONE, 500) > 0.8)
    await pause(800)
    await stage().recorder.client.api('uuid_kill', callId)
    await onlyFile(callId)
  })

  test('asked-without-an-engine: who is asked is asked by the switch, also when the engine died meanwhile', async () => {
    await house.policy({
      scope: { type: 'all' },
      settings: { announcement: { enabled: false, audioFileId: fileId } },
      compliance: { consentRequired: true },
    })
    const other = await carrier(1_500)
    const caller = await dials(2_000)
    const callId = await aLeg()
    await until('it rings', () => other.invites().length === 1)
    await stage().engine.kill()
    await until('he is asked', () => other.hears(TOLD_TONE, 400) > 0.5)
    await other.press('1')
    await caller.party.done
    await onlyFile(callId)
    await stage().engine.start()
  })
})

const toneWave = (tone: number, ms: number): Buffer => {
  const count = (SAMPLE_RATE * ms) / 1_000
  const bytes = Buffer.alloc(44 + 2 * count)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + 2 * count, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(SAMPLE_RATE, 24)
  bytes.writeUInt32LE(SAMPLE_RATE * 2, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(2 * count, 40)
  for (let at = 0; at < count; at++)
    bytes.writeInt16LE(Math.round(6_000 * Math.sin((2 * Math.PI * tone * at) / SAMPLE_RATE)), 44 + 2 * at)
  return bytes
}
