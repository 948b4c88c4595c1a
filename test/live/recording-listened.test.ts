/** A called party is held twice: the engine listens whether a person answered, and then he is told of the recording. */
import assert from 'node:assert/strict'
import { AMD_VARIABLE } from '../../src/call/on-answer.ts'
import { HUMAN, MACHINE, openScene, type Scene } from './answering-stage.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { openRecordingHouse, pause, USER_TONE } from './recording-house.ts'

live('recording: listened to and told', (stage) => {
  const house = openRecordingHouse(stage)
  let scene: Scene
  setup(async () => {
    scene = openScene(stage)
    await house.policy({ scope: { type: 'all' }, settings: { announcement: { enabled: true } } })
    await stage().register('1001')
    await house.phone({ port: stage().ports.phone['1001'], tone: USER_TONE })
  })
  teardown(async function () {
    this.timeout(40_000)
    scene.close()
    await house.clear()
  })

  test('listened-person: a person is recognised, told, connected and recorded', async () => {
    await scene.party('told-person', stage().ports.carrier.A, HUMAN)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const bridged = await scene.bridged(callId, 15_000)
    assert.match(bridged.variable(AMD_VARIABLE) ?? '', /^human\//)
    await until('it is recorded', () => house.files(callId).length === 1)
    const played = stage()
      .recorder.events()
      .filter((event) => event.get('Application') === 'playback' && event.get('Unique-ID') !== callId)
    assert.ok(
      played.some((event) => /recorded|tone_stream/.test(event.get('Application-Data') ?? '')),
      'he was not told',
    )
    await pause(500)
    await stage().recorder.client.api('uuid_kill', callId)
  })

  test('listened-machine: a machine is hung up, and there is nothing to record', async () => {
    await scene.party('told-machine', stage().ports.carrier.A, MACHINE)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const caller = await scene.ended(callId)
    assert.match(caller.variable(AMD_VARIABLE) ?? '', /^machine\//)
    assert.deepEqual(house.files(callId), [])
    assert.equal(caller.variable('strowger_recordings'), undefined)
  })
})
