/** Answering machines: what the callee says decides what becomes of the call. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { AMD_VARIABLE } from '../../src/call/on-answer.ts'
import { refuses } from '../scenario/parties.ts'
import { silence, sine } from '../support/line-sound.ts'
import { ANSWERS, BEEP_ENDS_MS, FAX, HUMAN, MACHINE, openScene, uploadSound } from './answering-stage.ts'
import { live } from './live.ts'
import { until } from './net.ts'

/** Milliseconds since the epoch at which the switch made the event. */
const madeAt = (event: { get: (header: string) => string | undefined }): number =>
  Number(event.get('Event-Date-Timestamp')) / 1_000

const wallClock = (performanceMs: number): number => performance.timeOrigin + performanceMs

live('answering machines', (stage) => {
  const scene = openScene(stage)
  teardown(() => scene.close())

  const onDisk = (): readonly string[] => {
    const folder = join(stage().folder, 'engine', 'amd')
    return existsSync(folder) ? readdirSync(folder) : []
  }
  let before: ReadonlySet<string> = new Set()
  setup(() => {
    before = new Set(onDisk())
  })
  /** What a listened-to leg leaves on the disk; engines that were killed before left theirs. */
  const files = (): readonly string[] => onDisk().filter((name) => !before.has(name))
  const phone = async () => scene.party('amd-1001', stage().ports.phone['1001'], silence(30_000))
  const hangUp = (uuid: string) => stage().recorder.client.api('uuid_kill', uuid)

  test('a person is connected as soon as he waits for an answer', async () => {
    await phone()
    const { voice } = await scene.party('amd-person', stage().ports.carrier.A, HUMAN)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const bridged = await scene.bridged(callId)
    const [verdict, ms, why] = (bridged.variable(AMD_VARIABLE) ?? '').split('/')
    assert.deepEqual([verdict, why], ['human', 'short-greeting'])
    const afterMs = madeAt(bridged) - wallClock(voice.beganAt() ?? 0) - Number(ms)
    console.log(`      a person: verdict after ${ms} ms of sound, connected ${Math.round(afterMs)} ms later`)
    // The greeting began 20 to 60 ms before the first of it was recorded.
    assert.ok(afterMs < 300, `${afterMs} ms`)
    await hangUp(callId)
    await until('nothing is left on the disk', () => files().length === 0)
  })

  test('a machine is hung up, and the caller is told that nobody answered', async () => {
    await phone()
    await scene.party('amd-machine', stage().ports.carrier.A, MACHINE)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const caller = await scene.ended(callId)
    const [uuid = ''] = scene.callees(callId)
    const callee = await scene.ended(uuid)
    assert.match(caller.variable(AMD_VARIABLE) ?? '', /^machine\/\d+\/(?:long-greeting|many-words)$/)
    assert.equal(callee.variable(AMD_VARIABLE), caller.variable(AMD_VARIABLE))
    assert.equal(caller.get('Hangup-Cause'), 'NO_ANSWER')
    assert.equal(callee.get('Hangup-Cause'), 'NORMAL_CLEARING')
    assert.ok(Number(callee.variable('billsec')) <= 4, callee.variable('billsec'))
    assert.equal(scene.callees(callId).length, 1, 'nobody else is dialled')
    await until('nothing is left on the disk', () => files().length === 0)
  })

  test('a message is left after the beep, and the caller is free from the verdict on', async () => {
    const fileId = await uploadSound(stage(), sine(700, 1_500, 9_000))
    await until('the sound is known', async () => {
      const { json } = await stage().engine.api('/v1/audio-files')
      return JSON.stringify(json).includes(`"id":${fileId}`)
    })
    await phone()
    const { voice } = await scene.party('amd-mailbox', stage().ports.carrier.A, MACHINE)
    const callId = scene.dial({ machineDetection: { action: 'leave-message', messageFileId: fileId } })
    const caller = await scene.ended(callId)
    const [uuid = ''] = scene.callees(callId)
    const beepEnds = voice.saidAt(BEEP_ENDS_MS) ?? 0
    assert.ok(madeAt(caller) < wallClock(beepEnds), 'the caller was free before the beep')
    const callee = await scene.ended(uuid)
    const began = voice.heardAt(voice.beganAt() ?? 0) ?? 0
    console.log(`      a message: begins ${Math.round(began - beepEnds)} ms after the beep`)
    assert.ok(began - beepEnds > 0 && began - beepEnds < 900, `${began - beepEnds} ms after the beep`)
    const loud = voice.heard().filter((sample) => Math.abs(sample) > 1_000).length / 8
    assert.ok(loud > 1_200 && loud < 1_600, `${loud} ms of loud samples`)
    assert.equal(callee.get('Hangup-Cause'), 'NORMAL_CLEARING')
    await until('nothing is left on the disk', () => files().length === 0)
  })

  test('a fax is hung up', async () => {
    await phone()
    await scene.party('amd-fax', stage().ports.carrier.A, FAX)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const caller = await scene.ended(callId)
    assert.match(caller.variable(AMD_VARIABLE) ?? '', /^fax\/\d+\/answer-tone$/)
  })

  test('where the call is connected anyway nobody waits for the verdict', async () => {
    await phone()
    const { voice } = await scene.party('amd-connect', stage().ports.carrier.A, MACHINE)
    const callId = scene.dial({ machineDetection: { action: 'connect' } })
    const bridged = await scene.bridged(callId)
    assert.equal(bridged.variable(AMD_VARIABLE), undefined)
    const verdict = await until(
      'the verdict is noted',
      async () => {
        const value = await stage().recorder.client.api('uuid_getvar', `${callId} ${AMD_VARIABLE}`)
        return value.startsWith('machine/') && value
      },
      6_000,
    )
    console.log(`      connected at once: ${verdict.trim()}`)
    assert.ok(voice.beganAt() !== undefined)
    await hangUp(callId)
  })

  test('one who says nothing is connected', async () => {
    await phone()
    await scene.party('amd-silent', stage().ports.carrier.A, silence(20_000))
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const bridged = await scene.bridged(callId)
    assert.match(bridged.variable(AMD_VARIABLE) ?? '', /^unsure\/\d+\/silence$/)
    await hangUp(callId)
  })

  test('a carrier that fails is followed by the next, and there the machine is heard', async () => {
    await phone()
    const { sipp, ports } = stage()
    const { partyXml } = await import('./sipp-xml.ts')
    await sipp({ name: 'amd-fails', port: ports.carrier.A, xml: partyXml(refuses(503)) })
    await scene.party('amd-second', ports.carrier.B, MACHINE)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const caller = await scene.ended(callId)
    assert.match(caller.variable(AMD_VARIABLE) ?? '', /^machine\//)
    assert.equal(scene.callees(callId).length, 2)
  })

  test('a caller who gives up while it is listened ends the call', async () => {
    await phone()
    const { voice } = await scene.party('amd-given-up', stage().ports.carrier.A, silence(20_000))
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    await until('the callee answered', () => voice.beganAt() !== undefined)
    await hangUp(callId)
    const [uuid = ''] = scene.callees(callId)
    await scene.ended(uuid)
    await until('nothing is left on the disk', () => files().length === 0)
  })

  test('an engine that dies before the answer leaves the call connected', async () => {
    await phone()
    const later = { ringAfterMs: 50, outcome: { kind: 'answer', afterMs: 2_500 } } as const
    await scene.party('amd-no-engine', stage().ports.carrier.A, HUMAN, later)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    await until('the carrier is called', () => scene.callees(callId).length === 1)
    await stage().engine.kill()
    try {
      await scene.bridged(callId)
      await hangUp(callId)
    } finally {
      await stage().engine.start()
    }
  })

  test('an engine that dies while it listens leaves the call connected', async () => {
    await phone()
    const { voice } = await scene.party('amd-killed', stage().ports.carrier.A, silence(20_000), ANSWERS)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    await until('the callee answered', () => voice.beganAt() !== undefined)
    await stage().engine.kill()
    try {
      const bridged = await scene.bridged(callId, 3_000)
      assert.equal(bridged.variable(AMD_VARIABLE), undefined)
      await hangUp(callId)
    } finally {
      await stage().engine.start()
    }
  })
})
