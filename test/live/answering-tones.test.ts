/** Gateways that answer whatever comes and play the tone: the call is what the tone says. */
import assert from 'node:assert/strict'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { cadence, joined, silence } from '../support/line-sound.ts'
import { HUMAN, openScene } from './answering-stage.ts'
import { MASTER_KEY } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'

/** The destination is British. */
const BUSY = joined(silence(200), cadence(400, [375, 375], 30))
const CONGESTION = joined(silence(200), cadence(400, [400, 350, 225, 525], 20))
const SPECIAL = joined(
  silence(300),
  cadence(950, [330, 20], 1),
  cadence(1_400, [330, 20], 1),
  cadence(1_800, [330, 1_000], 1),
  silence(10_000),
)
const RINGS = joined(silence(500), cadence([400, 450], [400, 200, 400, 2_000], 5))

live('gateways that answer with tones', (stage) => {
  const scene = openScene(stage)
  teardown(() => scene.close())

  const arrange = async (name: string, answersWithTones: boolean): Promise<void> => {
    const { database, house, engine } = stage()
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, { name, answersWithTones })
    await until(`a gateway is named ${name}`, async () => {
      const { json } = await engine.api('/v1/routes/explain?number=%2B442079460123&from=1001')
      return JSON.stringify(json).includes(name)
    })
  }
  suiteSetup(() => arrange('Trunk A with tones', true))
  suiteTeardown(() => arrange('Trunk A', false))

  const phone = () => scene.party('tones-1001', stage().ports.phone['1001'], silence(30_000))
  const hangUp = (uuid: string) => stage().recorder.client.api('uuid_kill', uuid)

  test('a busy tone is a busy callee, and nobody else is dialled', async () => {
    await phone()
    const { voice } = await scene.party('tones-busy', stage().ports.carrier.A, BUSY)
    const callId = scene.dial({})
    const caller = await scene.ended(callId)
    assert.equal(caller.get('Hangup-Cause'), 'USER_BUSY')
    const [uuid = '', ...others] = scene.callees(callId)
    const callee = await scene.ended(uuid)
    assert.deepEqual(others, [])
    assert.equal(callee.get('Hangup-Cause'), 'USER_BUSY')
    assert.ok(voice.beganAt() !== undefined)
    console.log(`      busy: the trunk's leg was up for ${callee.variable('billmsec')} ms`)
    assert.ok(Number(callee.variable('billmsec')) < 3_500)
  })

  test('after a congestion tone the next carrier is tried, though the trunk had rung', async () => {
    await phone()
    await scene.party('tones-congestion', stage().ports.carrier.A, CONGESTION)
    await scene.party('tones-next', stage().ports.carrier.B, HUMAN)
    const callId = scene.dial({})
    await scene.bridged(callId)
    assert.equal(scene.callees(callId).length, 2)
    await hangUp(callId)
  })

  test('special information is a number that is not in service', async () => {
    await phone()
    await scene.party('tones-special', stage().ports.carrier.A, SPECIAL)
    const callId = scene.dial({})
    const caller = await scene.ended(callId)
    assert.equal(caller.get('Hangup-Cause'), 'UNALLOCATED_NUMBER')
  })

  test('one who speaks is connected at once', async () => {
    await phone()
    const { voice } = await scene.party('tones-person', stage().ports.carrier.A, HUMAN)
    const callId = scene.dial({})
    const bridged = await scene.bridged(callId)
    const at = Number(bridged.get('Event-Date-Timestamp')) / 1_000
    const spoke = performance.timeOrigin + (voice.saidAt(300) ?? 0)
    console.log(`      connected ${Math.round(at - spoke)} ms after the first word`)
    assert.ok(at - spoke < 500, `${at - spoke} ms after the first word`)
    await hangUp(callId)
  })

  test('a trunk that rings on after its answer is connected, and a busy tone later ends the call', async () => {
    await phone()
    const sound = joined(RINGS.slice(0, 8 * 3_500), cadence(400, [375, 375], 30))
    await scene.party('tones-rings', stage().ports.carrier.A, sound)
    const callId = scene.dial({})
    await scene.bridged(callId)
    const [uuid = ''] = scene.callees(callId)
    const callee = await scene.ended(uuid)
    assert.equal(callee.get('Hangup-Cause'), 'USER_BUSY')
    await scene.ended(callId)
  })
})
