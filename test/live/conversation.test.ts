/** The echo test over the outbound socket, and what becomes of a caller whose engine dies. */
import assert from 'node:assert/strict'
import { DOMAIN } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { passwordOf } from './house.ts'
import { until } from './net.ts'
import { finalStatuses, type SippParty } from './sipp.ts'
import { callerXml } from './sipp-xml.ts'
import type { Stage } from './stage.ts'

const dialEcho = (stage: Stage, hangupAfterMs?: number): Promise<SippParty> =>
  stage.sipp({
    name: 'echo-caller',
    remote: `127.0.0.1:${stage.ports.phones}`,
    xml: callerXml({
      user: '1001',
      domain: DOMAIN,
      password: passwordOf('1001'),
      to: '*43',
      ...(hangupAfterMs === undefined ? {} : { hangupAfterMs }),
    }),
  })

/** How often the application was started, with an argument that holds `text`. */
const ran = ({ recorder }: Stage, application: string, text = ''): number =>
  recorder
    .events()
    .filter(
      (event) =>
        event.name === 'CHANNEL_EXECUTE' &&
        event.get('Application') === application &&
        (event.get('Application-Data') ?? '').includes(text),
    ).length

const hangUp = async ({ recorder }: Stage, caller: SippParty): Promise<void> => {
  for (const uuid of await recorder.channels()) await recorder.client.api('uuid_kill', uuid)
  assert.equal(await caller.done, 0)
  assert.equal(finalStatuses(caller.messages()).at(-1)?.status, 200)
}

const WAITING_TONE = '425'

live('conversations', (stage) => {
  test('echo: *43 answers, beeps and echoes until the caller hangs up', async () => {
    const caller = await dialEcho(stage(), 2_000)
    assert.equal(await caller.done, 0)
    assert.equal(ran(stage(), 'echo'), 1)
    const [event] = await until('the end of the call', () => {
      const events = [...stage().recorder.hungUp().values()]
      return events.length > 0 && events
    })
    assert.equal(event?.get('Hangup-Cause'), 'NORMAL_CLEARING')
  })

  test('echo-engine-killed: what runs goes on without the engine', async () => {
    const caller = await dialEcho(stage())
    await until('the echo runs', () => ran(stage(), 'echo') === 1)
    await stage().engine.kill()
    await stage().engine.start()
    assert.equal((await stage().recorder.channels()).length, 1)
    const { json } = await stage().engine.api('/v1/calls')
    assert.match(JSON.stringify(json), new RegExp((await stage().recorder.channels())[0] ?? 'no channel'))
    await hangUp(stage(), caller)
  })

  test('conversation-engine-killed: the caller hears tones, and comes back to the engine when it is there', async function () {
    this.timeout(60_000)
    const caller = await dialEcho(stage())
    await until('the beep begins', () => ran(stage(), 'playback') > 0)
    await stage().engine.kill()
    await until('the caller waits', () => ran(stage(), 'playback', WAITING_TONE) >= 2, 20_000)
    assert.equal(ran(stage(), 'echo'), 0)
    await stage().engine.start()
    await until('the new engine talks with the caller', () => ran(stage(), 'echo') === 1, 20_000)
    await hangUp(stage(), caller)
  })
})
