/** AMD_ENABLED: calls that phones dial are listened to as well, and the phone is not answered for a machine. */
import assert from 'node:assert/strict'
import { AMD_VARIABLE } from '../../src/call/on-answer.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { HUMAN, MACHINE, openScene, TO } from './answering-stage.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses } from './sipp.ts'
import { callerXml } from './sipp-xml.ts'

live('answering machines for every call', (stage) => {
  const scene = openScene(stage)
  teardown(() => scene.close())
  suiteSetup(async () => {
    await stage().engine.stop()
    await stage().engine.start({ AMD_ENABLED: 'true', AMD_ACTION: 'hangup' })
  })
  suiteTeardown(async () => {
    await stage().engine.stop()
    await stage().engine.start()
  })

  const dials = () =>
    stage().sipp({
      name: 'always-caller',
      remote: `127.0.0.1:${stage().ports.phones}`,
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: TO,
        hangupAfterMs: 300,
      }),
    })
  /** What the verdict of each leg was. */
  const verdicts = (): readonly string[] =>
    [...stage().recorder.hungUp().values()].map((event) => event.variable(AMD_VARIABLE) ?? 'none')

  test('a person: the phone is answered when he is connected', async () => {
    const { voice } = await scene.party('always-person', stage().ports.carrier.A, HUMAN)
    const caller = await dials()
    assert.equal(await caller.done, 0)
    const final = finalStatuses(caller.messages()).at(-1)
    assert.equal(final?.status, 200)
    const waitedMs = final.at - (performance.timeOrigin + (voice.beganAt() ?? 0))
    assert.ok(waitedMs > 1_200 && waitedMs < 2_500, `answered ${waitedMs} ms after the callee`)
    await until('both legs have ended', () => verdicts().length === 2)
    assert.ok(
      verdicts().every((verdict) => verdict.startsWith('human/')),
      verdicts().join(' '),
    )
  })

  test('a machine: the phone is never answered, and gets 480', async () => {
    await scene.party('always-machine', stage().ports.carrier.A, MACHINE)
    const caller = await dials()
    assert.equal(await caller.done, 0)
    assert.equal(finalStatuses(caller.messages()).at(-1)?.status, 480)
    await until('both legs have ended', () => verdicts().length === 2)
    assert.ok(
      verdicts().every((verdict) => verdict.startsWith('machine/')),
      verdicts().join(' '),
    )
  })

  test('early media is not taken for the answer', async () => {
    const early = { ringAfterMs: 50, earlyMedia: true, outcome: { kind: 'answer', afterMs: 2_500 } } as const
    const { voice } = await scene.party('always-early', stage().ports.carrier.A, HUMAN, early)
    const caller = await dials()
    assert.equal(await caller.done, 0)
    const statuses = caller
      .messages()
      .flatMap(({ received, status }) => (received && status !== undefined ? [status] : []))
    assert.ok(statuses.includes(183), statuses.join(' '))
    assert.ok(voice.beganAt() !== undefined)
    await until('both legs have ended', () => verdicts().length === 2)
    assert.ok(
      verdicts().every((verdict) => verdict.startsWith('human/')),
      verdicts().join(' '),
    )
  })
})
