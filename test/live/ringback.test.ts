/** What a caller hears while somebody is rung: by the sound that reaches him. */
import assert from 'node:assert/strict'
import { createFrameReader } from '../../src/progress/frames.ts'
import { isTone } from '../../src/progress/tone-runs.ts'
import { refuses } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { silence } from '../support/line-sound.ts'
import { openScene, TO } from './answering-stage.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { freePort } from './net.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import { startSpeakingParty, type SpeakingParty } from './speaking-party.ts'

/** Milliseconds of the British ring-back among what was heard: the destination is in Britain. */
const britishRing = (voice: SpeakingParty): number => {
  const frames = createFrameReader().feed(voice.heard())
  return frames.filter(({ tone }) => tone !== undefined && isTone(tone, [400, 450], 25)).length * 20
}

live('ring-back', (stage) => {
  const scene = openScene(stage)
  const voices: SpeakingParty[] = []
  teardown(() => {
    scene.close()
    for (const voice of voices.splice(0)) voice.stop()
  })

  /** A phone that dials, and what it hears. */
  const dials = async () => {
    const voice = await startSpeakingParty(await freePort(), silence(30_000))
    voices.push(voice)
    const sip = await stage().sipp({
      name: 'ring-caller',
      remote: `127.0.0.1:${stage().ports.phones}`,
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: TO,
        hangupAfterMs: 300,
      }).replaceAll('m=audio 19998 ', `m=audio ${voice.port} `),
    })
    return { voice, sip }
  }
  const answersAfter = (ms: number) => partyXml({ ringAfterMs: 50, outcome: { kind: 'answer', afterMs: ms } })

  test('a caller whose first carrier failed after its early media hears the ring of the second', async () => {
    const { sipp, ports } = stage()
    const early = refuses(503, { ringAfterMs: 50, earlyMedia: true })
    await sipp({ name: 'ring-A', port: ports.carrier.A, xml: partyXml(early) })
    await sipp({ name: 'ring-B', port: ports.carrier.B, xml: answersAfter(3_500) })
    const { voice, sip } = await dials()
    assert.equal(await sip.done, 0)
    // Of 2.9 s in which the second rang: two double rings.
    const ms = britishRing(voice)
    console.log(`      ${ms} ms of ring-back while the second carrier rang`)
    assert.ok(ms >= 700, `${ms} ms`)
  })

  test('a phone that is told 180 makes its own tone, and is sent none', async () => {
    const { sipp, ports } = stage()
    await sipp({ name: 'ring-180', port: ports.carrier.A, xml: answersAfter(1_500) })
    const { voice, sip } = await dials()
    assert.equal(await sip.done, 0)
    const told = sip
      .messages()
      .filter(({ received, status }) => received && (status === 180 || status === 183))
    assert.deepEqual(
      told.map(({ status }) => status),
      [180],
    )
    assert.equal(britishRing(voice), 0)
  })

  test('one whose phone the API rang hears the tone from the moment he picked up', async () => {
    const { voice } = await scene.party('ring-1001', stage().ports.phone['1001'], silence(30_000))
    const xml = partyXml({ ringAfterMs: 1_500, outcome: { kind: 'answer', afterMs: 2_500 } })
    await stage().sipp({ name: 'ring-late', port: stage().ports.carrier.A, xml })
    const callId = scene.dial({})
    const bridged = await scene.bridged(callId)
    const ms = britishRing(voice)
    console.log(`      ${ms} ms of ring-back in the first 2.5 s`)
    // One double ring, and the pause after it.
    assert.ok(ms >= 700, `${ms} ms`)
    const answered = stage()
      .recorder.events()
      .find((event) => event.name === 'CHANNEL_ANSWER' && event.get('Unique-ID') === callId)
    const first = voice.heardAt(0) ?? 0
    const pickedUp = Number(answered?.get('Event-Date-Timestamp')) / 1_000
    assert.ok(performance.timeOrigin + first - pickedUp < 500, 'the tone came late')
    assert.ok(bridged)
    await stage().recorder.client.api('uuid_kill', callId)
  })

  test('where early media is not wanted the caller hears the tone of the destination', async () => {
    const { voice } = await scene.party('ring-own', stage().ports.phone['1001'], silence(30_000))
    const xml = partyXml({ ringAfterMs: 50, earlyMedia: true, outcome: { kind: 'answer', afterMs: 2_500 } })
    await stage().sipp({ name: 'ring-early', port: stage().ports.carrier.A, xml })
    const callId = scene.dial({ earlyMedia: false })
    await scene.bridged(callId)
    assert.ok(britishRing(voice) >= 700, `${britishRing(voice)} ms`)
    await stage().recorder.client.api('uuid_kill', callId)
  })
})
