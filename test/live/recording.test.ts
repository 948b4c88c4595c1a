/** Recordings are listened to: who is heard in which channel, from when until when. */
import assert from 'node:assert/strict'
import { DOMAIN, OWN_NUMBER } from '../scenario/scenario.ts'
import { refuses } from '../scenario/parties.ts'
import { ORGANIZATION_VARIABLE, USER_VARIABLE } from '../../src/call/carried.ts'
import { newCallUuid } from '../../src/telephony/call-uuid.ts'
import { DialString } from '../../src/telephony/dial-string.ts'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { openRecordingHouse, OTHER_TONE, pause, TO, USER_TONE, type Found } from './recording-house.ts'
import { partyXml } from './sipp-xml.ts'
import { loudest, readWav, toneIn, type Wav } from './wav.ts'

live('recording', (stage) => {
  const house = openRecordingHouse(stage)
  teardown(async function () {
    this.timeout(40_000)
    await house.clear()
  })

  /** Rings 1001, whose phone answers, and then the carrier, who does; both send their tones. */
  const talk = async (more: { readonly body?: object; readonly refused?: boolean } = {}): Promise<string> => {
    const { ports, engine, register } = stage()
    await register('1001')
    await house.phone({ port: ports.phone['1001'], tone: USER_TONE })
    const carrier = more.refused === true ? ports.carrier.B : ports.carrier.A
    if (more.refused === true)
      await stage().sipp({ name: 'recording-A', port: ports.carrier.A, xml: partyXml(refuses(503)) })
    await house.phone({ port: carrier, tone: OTHER_TONE, answerAfterMs: 700 })
    const { status, json } = await engine.api('/v1/calls/originate', { from: '1001', to: TO, ...more.body })
    assert.equal(status, 200, JSON.stringify(json))
    return String(json['callId'])
  }

  /** A phone of ours that dials: it is answered when the carrier is. */
  const dials = (hangupAfterMs: number) =>
    house.caller(
      { user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: TO, hangupAfterMs },
      USER_TONE,
    )

  const aLeg = async (): Promise<string> =>
    until('the caller has a channel', () => stage().recorder.created().values().next().value)

  const end = async (callId: string): Promise<void> => {
    await stage().recorder.client.api('uuid_kill', `${callId} NORMAL_CLEARING`)
    await until('the call is over', async () => !(await stage().recorder.channels()).includes(callId))
  }

  const endOf = (callId: string) => until('the channel is over', () => stage().recorder.hungUp().get(callId))

  const filesOf = async (callId: string, count = 1): Promise<readonly (Found & { readonly wav: Wav })[]> => {
    const files = await until(`${count} file(s)`, () => {
      const found = house.files(callId)
      return found.length >= count && found
    })
    assert.equal(files.length, count, files.map(({ path }) => path).join(', '))
    return files
      .map((file) => ({ ...file, wav: readWav(file.path) }))
      .sort((one, other) => (one.part < other.part ? -1 : 1))
  }

  const control = async (callId: string, action: string, policyId?: number) => {
    const { status, json } = await stage().engine.api(`/v1/calls/${callId}/recording`, {
      action,
      ...(policyId === undefined ? {} : { policyId }),
    })
    return { status, json }
  }

  const recorded = (callId: string): Promise<unknown> =>
    until('it is recorded', async () => {
      const { status } = await stage().engine.api(`/v1/calls/${callId}/recording`)
      return status === 200 && house.files(callId).length > 0
    })

  /** Ours is heard in the first channel, the other in the second, throughout. */
  const checkSides = ({ durationMs, ...wav }: Wav, fromMs = 400, untilMs = durationMs - 300): void => {
    const levels = [0, 1].map((channel) =>
      [USER_TONE, OTHER_TONE].map((tone) => toneIn({ ...wav, durationMs }, channel, tone, fromMs, untilMs)),
    )
    const [ours = [], theirs = []] = levels
    const text = JSON.stringify({ levels, durationMs, fromMs, untilMs })
    assert.ok((ours[0] ?? 0) > 0.8 && (ours[1] ?? 1) < 0.05, text)
    assert.ok((theirs[1] ?? 0) > 0.8 && (theirs[0] ?? 1) < 0.05, text)
  }

  test('recording-stereo: our user is in the first channel and the other party in the second, from the answer on', async () => {
    const policyId = await house.policy({ scope: { type: 'all' } })
    const callId = await talk()
    await recorded(callId)
    const began = Date.now()
    await pause(3_000)
    await end(callId)
    const lasted = Date.now() - began
    const [file] = await filesOf(callId)
    assert.equal(file?.policyId, policyId)
    assert.equal(file.part, 'mix')
    checkSides(file.wav)
    assert.ok(Math.abs(file.wav.durationMs - lasted) < 300, `${file.wav.durationMs} ms of ${lasted}`)
    const told = await house.told(callId)
    assert.deepEqual(
      told.map(({ kind }) => kind),
      ['recording-started', 'recording-stopped'],
    )
    assert.equal(told[0]?.detail['recordingId'], file.recordingId)
    assert.ok(
      Math.abs(Number(told[1]?.detail['durationMs']) - file.wav.durationMs) <= 100,
      JSON.stringify(told),
    )
    const ended = await endOf(callId)
    assert.equal(ended.variable('strowger_recordings'), file.recordingId)
    assert.equal(ended.variable('recording_enabled'), 'true')
    assert.equal(ended.variable('recording_policy_id'), String(policyId))
  })

  test('recording-dialled: a phone that dials is recorded when the carrier answers, after one that failed, in one file', async () => {
    await house.policy({ scope: { type: 'outbound' }, settings: { sampleRate: 16000 } })
    const { ports } = stage()
    await stage().sipp({
      name: 'recording-A',
      port: ports.carrier.A,
      xml: partyXml(refuses(503, { ringAfterMs: 50, earlyMedia: true })),
    })
    await house.phone({ port: ports.carrier.B, tone: OTHER_TONE, answerAfterMs: 900 })
    const caller = await dials(2_500)
    const callId = await aLeg()
    await caller.party.done
    const [file] = await filesOf(callId)
    assert.ok(file !== undefined)
    assert.equal(file.wav.sampleRate, 16_000)
    checkSides(file.wav)
    assert.ok(file.wav.durationMs > 2_000 && file.wav.durationMs < 3_000, `${file.wav.durationMs} ms`)
  })

  test('recording-conversation: where the engine decides between carriers it is one file, too', async () => {
    const { database, house: rows, ports } = stage()
    const named = (name: string): Promise<unknown> =>
      until(`the gateway is named ${name}`, async () => {
        const { json } = await stage().engine.api('/v1/routes/explain?number=%2B442079460123&from=1001')
        return JSON.stringify(json).includes(name)
      })
    await updateGateway(database, MASTER_KEY, rows.gatewayIds.A, {
      name: 'Trunk A recorded',
      failover: { believes: 'status', next: [403], stop: [] },
    })
    await named('Trunk A recorded')
    try {
      await house.policy({ scope: { type: 'outbound' } })
      await stage().sipp({ name: 'recording-A', port: ports.carrier.A, xml: partyXml(refuses(403)) })
      await house.phone({ port: ports.carrier.B, tone: OTHER_TONE, answerAfterMs: 500 })
      const caller = await dials(2_000)
      const callId = await aLeg()
      await caller.party.done
      const [file] = await filesOf(callId)
      assert.ok(file !== undefined)
      checkSides(file.wav)
      assert.ok(
        stage()
          .recorder.events()
          .some((event) => event.get('Application') === 'socket'),
      )
    } finally {
      await updateGateway(database, MASTER_KEY, rows.gatewayIds.A, { name: 'Trunk A', failover: null })
      await named('Trunk A')
    }
  })

  test('recording-inbound: a call that comes in is recorded from the answer, our user in the first channel', async () => {
    await house.policy({ scope: { type: 'inbound' } })
    await stage().register('1002')
    await house.phone({ port: stage().ports.phone['1002'], tone: USER_TONE, answerAfterMs: 600 })
    const caller = await house.caller(
      { user: '+33142685300', domain: 'carrier.test', to: OWN_NUMBER, hangupAfterMs: 2_500 },
      OTHER_TONE,
    )
    const callId = await aLeg()
    await caller.party.done
    const [file] = await filesOf(callId)
    assert.ok(file !== undefined)
    checkSides(file.wav)
    assert.ok(file.wav.durationMs > 2_000 && file.wav.durationMs < 3_000, `${file.wav.durationMs} ms`)
  })

  test('recording-split: a file for each side, as long as each other', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { channels: 'split', sampleRate: 44100 } })
    const callId = await talk()
    await recorded(callId)
    await pause(3_000)
    await end(callId)
    const [a, b] = await filesOf(callId, 2)
    assert.ok(a !== undefined && b !== undefined)
    assert.deepEqual([a.part, b.part, a.recordingId], ['a', 'b', b.recordingId])
    assert.deepEqual([a.wav.sampleRate, a.wav.channels.length, b.wav.channels.length], [44_100, 1, 1])
    const levels = [a, b].map(({ wav }) =>
      [USER_TONE, OTHER_TONE].map((tone) => toneIn(wav, 0, tone, 400, wav.durationMs - 300)),
    )
    const text = JSON.stringify({ levels, a: a.wav.durationMs, b: b.wav.durationMs })
    assert.ok((levels[0]?.[0] ?? 0) > 0.8 && (levels[0]?.[1] ?? 1) < 0.05, text)
    assert.ok((levels[1]?.[1] ?? 0) > 0.8 && (levels[1]?.[0] ?? 1) < 0.05, text)
    assert.ok(Math.abs(a.wav.durationMs - b.wav.durationMs) <= 100, text)
  })

  test('recording-mono: both sides in one channel', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { channels: 'mono' } })
    const callId = await talk()
    await recorded(callId)
    await pause(2_000)
    await end(callId)
    const [file] = await filesOf(callId)
    assert.equal(file?.wav.channels.length, 1)
    for (const tone of [USER_TONE, OTHER_TONE])
      assert.ok(toneIn(file.wav, 0, tone, 400, file.wav.durationMs - 300) > 0.6, `${tone} Hz is not there`)
  })

  test('recording-immediate: what the caller hears and says before the answer is in it', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { startOn: 'immediate' } })
    await house.phone({ port: stage().ports.carrier.A, tone: OTHER_TONE, answerAfterMs: 2_000 })
    const caller = await dials(1_500)
    const callId = await aLeg()
    await caller.party.done
    const [file] = await filesOf(callId)
    assert.ok(file !== undefined)
    const { wav } = file
    assert.ok(wav.durationMs > 3_200, `${wav.durationMs} ms`)
    // The ring tone of the switch (400 and 450 Hz), heard before the carrier answered.
    assert.ok(toneIn(wav, 1, 450, 200, 1_500) > 0.02, 'no ring tone')
    assert.ok(toneIn(wav, 1, OTHER_TONE, 200, 1_500) < 0.05, 'the carrier before its answer')
    checkSides(wav, 2_400)
  })

  test('recording-ring: it begins when the callee rings', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { startOn: 'ring' } })
    await house.phone({ port: stage().ports.carrier.A, tone: OTHER_TONE, answerAfterMs: 2_000 })
    const caller = await dials(1_500)
    const callId = await aLeg()
    await caller.party.done
    const [file] = await filesOf(callId)
    assert.ok(file !== undefined)
    assert.ok(file.wav.durationMs > 3_000 && file.wav.durationMs < 4_200, `${file.wav.durationMs} ms`)
    checkSides(file.wav, 2_400)
  })

  test('recording-no-answer: nobody answers, and nothing is left behind', async () => {
    await house.policy({ scope: { type: 'all' } })
    const { ports } = stage()
    for (const name of ['A', 'B', 'C'] as const)
      await stage().sipp({
        name: `recording-${name}`,
        port: ports.carrier[name],
        xml: partyXml(refuses(503)),
      })
    const caller = await dials(1_000)
    const callId = await aLeg()
    await caller.party.done
    await pause(300)
    assert.deepEqual(house.files(callId), [])
    assert.equal((await endOf(callId)).variable('strowger_recordings'), undefined)
  })

  test('recording-api: started without a policy, paused into silence, resumed, stopped while they talk on', async () => {
    const callId = await talk()
    await until('they talk', async () => {
      const { json } = await stage().engine.api(`/v1/calls/${callId}`)
      return JSON.stringify(json).includes('"talking"')
    })
    assert.equal((await control(callId, 'pause')).status, 409)
    const started = await control(callId, 'start')
    assert.equal(started.status, 200, JSON.stringify(started.json))
    const began = Date.now()
    assert.equal((await control(callId, 'start')).status, 409)
    await pause(1_500)
    assert.equal((await control(callId, 'pause')).status, 200)
    const pausedAt = Date.now() - began
    await pause(1_500)
    const stillPausedAt = Date.now() - began
    assert.equal((await control(callId, 'resume')).status, 200)
    const resumedAt = Date.now() - began
    await pause(1_500)
    assert.equal((await control(callId, 'stop')).status, 200)
    const stoppedAt = Date.now() - began
    await pause(500)
    await end(callId)
    const [file] = await filesOf(callId)
    assert.equal(file?.policyId, 0)
    const { wav } = file
    assert.ok(Math.abs(wav.durationMs - stoppedAt) < 300, `${wav.durationMs} ms of ${stoppedAt}`)
    checkSides(wav, 300, pausedAt - 600)
    for (const channel of [0, 1])
      assert.equal(
        // The file began a little after the request for it, by as much as the duration may differ.
        loudest(wav, channel, pausedAt + 500, stillPausedAt - 300),
        0,
        `channel ${channel} is not silent`,
      )
    checkSides(wav, resumedAt + 300, wav.durationMs - 200)
    assert.deepEqual(
      (await house.told(callId)).map(({ kind }) => kind),
      ['recording-started', 'recording-paused', 'recording-resumed', 'recording-stopped'],
    )
  })

  test('recording-required: what a policy records nobody switches off, and pausing is still possible', async () => {
    const policyId = await house.policy({ scope: { type: 'all' } })
    const callId = await talk({ body: { options: { recordCall: false } } })
    await recorded(callId)
    assert.equal((await control(callId, 'stop')).status, 403)
    assert.equal((await control(callId, 'pause')).status, 200)
    await end(callId)
    const [file] = await filesOf(callId)
    assert.equal(file?.policyId, policyId)
  })

  test('recording-contract: a dialplan of the operator asks for it by the variable, without a policy', async () => {
    const { ports, house: rows, recorder } = stage()
    await stage().register('1001')
    await house.phone({ port: ports.phone['1001'], tone: USER_TONE })
    await house.phone({ port: ports.carrier.A, tone: OTHER_TONE, answerAfterMs: 500 })
    const callId = newCallUuid()
    const target = DialString.user('1001', DOMAIN, { origination_uuid: callId }).withVariables({
      [ORGANIZATION_VARIABLE]: String(rows.organizationId),
      [USER_VARIABLE]: String(rows.userIds['1001']),
      recording_enabled: 'true',
      ignore_early_media: 'true',
    })
    void recorder.client.bgapi('originate', `${target.toString()} ${TO} XML phones`)
    await recorded(callId)
    await pause(1_500)
    await end(callId)
    const [file] = await filesOf(callId)
    assert.equal(file?.policyId, 0)
    checkSides(file.wav)
  })

  test('recording-optional: a call that asks not to be recorded is not, where the policy leaves the choice', async () => {
    await house.policy({ scope: { type: 'all' }, settings: { optional: true } })
    const callId = await talk({ body: { options: { recordCall: false } } })
    await pause(2_500)
    await end(callId)
    assert.deepEqual(house.files(callId), [])
    assert.equal((await endOf(callId)).variable('recording_enabled'), 'false')
  })
})
