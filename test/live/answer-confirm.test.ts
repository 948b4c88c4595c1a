/** Callees who have to press 1, asked by the switch alone or by the engine after it listened. */
import assert from 'node:assert/strict'
import { AMD_VARIABLE } from '../../src/call/on-answer.ts'
import { silence } from '../support/line-sound.ts'
import { HUMAN, openScene } from './answering-stage.ts'
import { live } from './live.ts'
import { until } from './net.ts'

live('confirmed answers', (stage) => {
  const scene = openScene(stage)
  teardown(() => scene.close())
  suiteSetup(async () => {
    await stage().engine.stop()
    await stage().engine.start({ ANSWER_CONFIRM_TIMEOUT: '6' })
  })
  suiteTeardown(async () => {
    await stage().engine.stop()
    await stage().engine.start()
  })

  const phone = () => scene.party('confirm-1001', stage().ports.phone['1001'], silence(30_000))
  const press = (uuid: string, digit: string) =>
    stage().recorder.client.api('uuid_recv_dtmf', `${uuid} ${digit}`)
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

  test('one who presses 1 is connected, and heard a prompt before', async () => {
    await phone()
    const { voice } = await scene.party('confirm-A', stage().ports.carrier.A, silence(20_000))
    const callId = scene.dial({ answerConfirm: true })
    await until('the callee hears the prompt', () => voice.heardAt(0) !== undefined)
    await sleep(700)
    assert.equal(stage().recorder.counts().get('CHANNEL_BRIDGE'), undefined, 'connected without a word')
    const [uuid = ''] = scene.callees(callId)
    await press(uuid, '1')
    await scene.bridged(callId, 3_000)
    await stage().recorder.client.api('uuid_kill', callId)
  })

  test('one who presses another key, or none, is not connected, and nobody else is dialled', async () => {
    await phone()
    const { voice } = await scene.party('confirm-none', stage().ports.carrier.A, silence(20_000))
    const callId = scene.dial({ answerConfirm: true })
    await until('the callee hears the prompt', () => voice.heardAt(0) !== undefined)
    const [uuid = ''] = scene.callees(callId)
    await press(uuid, '5')
    const caller = await scene.ended(callId)
    assert.equal(stage().recorder.counts().get('CHANNEL_BRIDGE'), undefined)
    assert.equal(scene.callees(callId).length, 1)
    console.log(`      not confirmed: the caller's leg ended with ${caller.get('Hangup-Cause') ?? ''}`)
  })

  test('a person is asked after he was heard', async () => {
    await phone()
    const { voice } = await scene.party('confirm-both', stage().ports.carrier.A, HUMAN)
    const callId = scene.dial({ answerConfirm: true, machineDetection: { action: 'hangup' } })
    await until('the callee hears the prompt', () => voice.heardAt(0) !== undefined)
    const [uuid = ''] = scene.callees(callId)
    await sleep(300)
    await press(uuid, '1')
    const bridged = await scene.bridged(callId, 5_000)
    assert.match(bridged.variable(AMD_VARIABLE) ?? '', /^human\//)
    await stage().recorder.client.api('uuid_kill', callId)
  })

  test('without an engine the switch asks by itself', async () => {
    await phone()
    const later = { ringAfterMs: 50, outcome: { kind: 'answer', afterMs: 2_500 } } as const
    const { voice } = await scene.party('confirm-alone', stage().ports.carrier.A, silence(20_000), later)
    const callId = scene.dial({ answerConfirm: true })
    await until('the carrier is called', () => scene.callees(callId).length === 1)
    await stage().engine.kill()
    try {
      await until('the callee hears the prompt', () => voice.heardAt(0) !== undefined)
      await sleep(500)
      assert.equal(stage().recorder.counts().get('CHANNEL_BRIDGE'), undefined)
      const [uuid = ''] = scene.callees(callId)
      await press(uuid, '1')
      await scene.bridged(callId, 3_000)
      await stage().recorder.client.api('uuid_kill', callId)
    } finally {
      await stage().engine.start({ ANSWER_CONFIRM_TIMEOUT: '6' })
    }
  })
})
