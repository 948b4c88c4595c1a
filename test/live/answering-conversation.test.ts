/** Answers of calls whose hunt the engine runs: listened to as those of a dialplan. */
import assert from 'node:assert/strict'
import { AMD_VARIABLE } from '../../src/call/on-answer.ts'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { refuses } from '../scenario/parties.ts'
import { cadence, joined, silence } from '../support/line-sound.ts'
import { HUMAN, MACHINE, openScene } from './answering-stage.ts'
import { MASTER_KEY } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { partyXml } from './sipp-xml.ts'

live('answers in hunts of the engine', (stage) => {
  const scene = openScene(stage)
  teardown(() => scene.close())

  const arrange = async (name: string, begins: boolean): Promise<void> => {
    const { database, house, engine } = stage()
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, {
      name,
      failover: begins ? { believes: 'status', next: [403, 404], stop: [] } : null,
      answersWithTones: begins,
    })
    await until(`a gateway is named ${name}`, async () => {
      const { json } = await engine.api('/v1/routes/explain?number=%2B442079460123&from=1001')
      const text = JSON.stringify(json)
      return text.includes(name) && text.includes('the engine decides between attempts') === begins
    })
  }
  suiteSetup(() => arrange('Trunk A by rules', true))
  suiteTeardown(() => arrange('Trunk A', false))

  const phone = () => scene.party('both-1001', stage().ports.phone['1001'], silence(30_000))
  const hangUp = (uuid: string) => stage().recorder.client.api('uuid_kill', uuid)
  const refusing = async () =>
    stage().sipp({ name: 'both-refuses', port: stage().ports.carrier.A, xml: partyXml(refuses(403)) })

  test('a person at the second carrier is connected', async () => {
    await phone()
    await refusing()
    await scene.party('both-person', stage().ports.carrier.B, HUMAN)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const bridged = await scene.bridged(callId)
    assert.match(bridged.variable(AMD_VARIABLE) ?? '', /^human\//)
    assert.equal(scene.callees(callId).length, 2)
    await hangUp(callId)
  })

  test('a machine at the second carrier ends the call', async () => {
    await phone()
    await refusing()
    await scene.party('both-machine', stage().ports.carrier.B, MACHINE)
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    const caller = await scene.ended(callId)
    assert.match(caller.variable(AMD_VARIABLE) ?? '', /^machine\//)
    assert.equal(caller.get('Hangup-Cause'), 'NO_ANSWER')
    assert.equal(scene.callees(callId).length, 2)
  })

  test('a trunk that answers with congestion is followed by the next', async () => {
    await phone()
    const sound = joined(silence(200), cadence(400, [400, 350, 225, 525], 20))
    await scene.party('both-congestion', stage().ports.carrier.A, sound)
    await scene.party('both-next', stage().ports.carrier.B, HUMAN)
    const callId = scene.dial({})
    await scene.bridged(callId)
    assert.equal(scene.callees(callId).length, 2)
    await hangUp(callId)
  })

  test('an engine that dies while it listens leaves the call connected', async () => {
    await phone()
    const { voice } = await scene.party('both-killed', stage().ports.carrier.A, silence(20_000))
    const callId = scene.dial({ machineDetection: { action: 'hangup' } })
    await until('the callee answered', () => voice.beganAt() !== undefined)
    await stage().engine.kill()
    try {
      await scene.bridged(callId, 3_000)
      await hangUp(callId)
    } finally {
      await stage().engine.start()
    }
  })
})
