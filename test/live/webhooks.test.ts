/** Events of real calls leave the house: to the call's callback and to a webhook, through a kill of the engine too. */
import assert from 'node:assert/strict'
import { startReceiver, type Receiver, type Taken } from '../integration/receiver.ts'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { callerXml, partyXml } from './sipp-xml.ts'

const TO = '+442079460123'

live(
  'webhooks',
  (stage) => {
    let receiver: Receiver
    suiteSetup(async () => {
      receiver = await startReceiver()
      const { status, json } = await stage().engine.api('/v1/webhooks', {
        url: `${receiver.url}/hook`,
        events: ['call.*', 'cdr.stored'],
        organizationId: stage().house.organizationId,
      })
      assert.equal(status, 201, JSON.stringify(json))
      // The engine hears of it by the database.
      await new Promise((resolve) => setTimeout(resolve, 300))
    })
    setup(() => {
      receiver.taken.length = 0
    })
    suiteTeardown(() => receiver.close())

    const at = (path: string): readonly Taken['event'][] =>
      receiver.taken.filter((taken) => taken.path === path).map(({ event }) => event)
    const typesAt = (path: string): readonly string[] => at(path).map(({ type }) => type)

    test('webhooks-originate: a second carrier rings, answers and hangs up; webhook and callback hear it in order', async () => {
      const { ports, engine, sipp } = stage()
      await sipp({ name: 'hooks-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
      await sipp({ name: 'hooks-A', port: ports.carrier.A, xml: partyXml(refuses(503)) })
      await sipp({ name: 'hooks-B', port: ports.carrier.B, xml: partyXml(HANGS_UP) })
      const { status, json } = await engine.api('/v1/calls/originate', {
        from: '1001',
        to: TO,
        options: {
          callbackUrl: `${receiver.url}/callback`,
          callbackEvents: ['initiated', 'answered', 'completed', 'failed'],
        },
      })
      assert.equal(status, 200, JSON.stringify(json))
      await until('its record is told', () => typesAt('/hook').includes('cdr.stored'), 20_000)
      assert.deepEqual(typesAt('/callback'), ['call.initiated', 'call.answered', 'call.completed'])
      const heard = typesAt('/hook').filter((type) => type !== 'call.ringing')
      assert.deepEqual(heard, [
        'call.initiated',
        'call.answered',
        'call.talking',
        'call.completed',
        'cdr.stored',
      ])
      const events = at('/hook')
      assert.ok(events.every(({ call }) => (call as { callId: string }).callId === json['callId']))
      assert.deepEqual(
        events.map(({ sequence }) => sequence),
        events.map((_, index) => index + 1),
      )
      assert.match(String((events.at(-1)?.['cost'] as { amount: string } | null)?.amount), /^0\.\d+$/)
    })

    test('webhooks-busy: the callee is busy; the failed call says what a person is told', async () => {
      const { ports, engine, sipp } = stage()
      await sipp({ name: 'busy-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
      await sipp({ name: 'busy-A', port: ports.carrier.A, xml: partyXml(refuses(486)) })
      const { status, json } = await engine.api('/v1/calls/originate', {
        from: '1001',
        to: TO,
        options: { callbackUrl: `${receiver.url}/callback` },
      })
      assert.equal(status, 200, JSON.stringify(json))
      await until('its record is told', () => typesAt('/hook').includes('cdr.stored'), 20_000)
      await until('the callback heard', () => typesAt('/callback').length > 0)
      assert.deepEqual(typesAt('/callback'), ['call.failed'])
      const outcome = at('/callback')[0]?.['outcome'] as Record<string, unknown>
      assert.deepEqual(
        [outcome['cause'], outcome['sipStatus'], outcome['code'], outcome['userMessage']],
        ['USER_BUSY', 486, 'DESTINATION_BUSY', 'The number you called is busy. Please try again later.'],
      )
    })

    test('webhooks-killed: calls end while no engine is there; each end and each record is told once', async () => {
      const { ports, engine, recorder, sipp } = stage()
      const calls = 5
      await sipp({ name: 'hooks-carrier', port: ports.carrier.A, xml: partyXml(ANSWERS) })
      const callers = await sipp({
        name: 'hooks-callers',
        remote: `127.0.0.1:${ports.phones}`,
        calls,
        callsPerSecond: 10,
        xml: callerXml({
          user: '1001',
          domain: DOMAIN,
          password: passwordOf('1001'),
          to: TO,
          hangupAfterMs: 3_000,
        }),
      })
      await until('all talk', () => recorder.counts().get('CHANNEL_BRIDGE') === calls)
      await engine.kill()
      await until('the first calls ended without an engine', () => recorder.hungUp().size > 0, 15_000)
      await engine.start()
      assert.equal(await callers.done, 0, 'a caller saw what it did not expect')
      await until(
        'all is told',
        () => typesAt('/hook').filter((type) => type === 'cdr.stored').length >= calls,
        30_000,
      )
      const ends = new Map(
        at('/hook')
          .filter(({ type }) => type === 'call.completed')
          .map((event) => [event.id, (event['call'] as { callId: string }).callId]),
      )
      assert.equal(ends.size, calls)
      assert.equal(new Set(ends.values()).size, calls)
      assert.ok(!typesAt('/hook').includes('call.failed'))
    })
  },
  { engineEnvironment: { WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8', WEBHOOK_ALLOW_HTTP: 'true' } },
)
