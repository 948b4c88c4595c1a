/** kill -9 in the middle of calls. */
import assert from 'node:assert/strict'
import { ANSWERS } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { passwordOf } from './house.ts'
import { until } from './net.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

const CALLS = 20

live('the engine killed', (stage) => {
  test('engine-killed-in-twenty-calls: no call drops, and each leg has its record once', async () => {
    const { ports, engine, recorder, sipp } = stage()
    await sipp({ name: 'killed-carrier', port: ports.carrier.A, xml: partyXml(ANSWERS) })
    const callers = await sipp({
      name: 'killed-callers',
      remote: `127.0.0.1:${ports.phones}`,
      calls: CALLS,
      callsPerSecond: 10,
      // Some end while the engine is away, the last when it is back.
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: '+442079460125',
        hangupAfterMs: 5_000,
      }),
    })
    await until('all talk', () => recorder.counts().get('CHANNEL_BRIDGE') === CALLS)
    await engine.kill()
    assert.equal((await recorder.channels()).length, 2 * CALLS)
    await until('the first calls ended without an engine', () => recorder.hungUp().size > 0)
    await engine.start()
    assert.equal(await callers.done, 0, 'a caller saw what it did not expect')
    for (const event of recorder.hungUp().values()) assert.equal(event.get('Hangup-Cause'), 'NORMAL_CLEARING')
    assert.equal(recorder.created().size, 2 * CALLS)
  })
})
