/** kill -9 of the engine in the middle of a hunt that it runs: the call goes on, with what is left of the hunt. */
import assert from 'node:assert/strict'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import { DOMAIN, type CarrierName, type Party } from '../scenario/scenario.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses, invitesOf, type SippParty } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import type { Stage } from './stage.ts'

const TO = '+442079460125'
/** 100 at once, then nothing for so long: a hunt that is under way. */
const SLOWLY_MS = 2_500
const refusesSlowly = (status: number): Party => ({
  outcome: { kind: 'refuse', status, afterMs: SLOWLY_MS },
})

live('the engine killed in a hunt of its own', (stage) => {
  suiteSetup(async () => {
    const { database, house, engine } = stage()
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, {
      name: 'Trunk A by rules',
      failover: { believes: 'status', next: [403], stop: [] },
    })
    await until('the rule counts', async () =>
      JSON.stringify((await engine.api('/v1/routes/explain?number=%2B442079460125&from=1001')).json).includes(
        'by rules',
      ),
    )
  })
  suiteTeardown(async () => {
    const { database, house } = stage()
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, { name: 'Trunk A', failover: null })
  })

  const begin = async (
    parties: Readonly<Record<CarrierName, Party>>,
    hangupAfterMs?: number,
  ): Promise<{ readonly caller: SippParty; readonly invited: () => string }> => {
    const { ports, sipp, stale } = stage()
    const called = new Map<string, SippParty>()
    for (const name of ['A', 'B', 'C'] as const) {
      called.set(
        name,
        await sipp({ name: `hunt-${name}`, port: ports.carrier[name], xml: partyXml(parties[name]) }),
      )
    }
    const caller = await sipp({
      name: 'hunt-caller',
      remote: `127.0.0.1:${ports.phones}`,
      xml: callerXml({
        user: '1001',
        domain: DOMAIN,
        password: passwordOf('1001'),
        to: TO,
        ...(hangupAfterMs === undefined ? {} : { hangupAfterMs }),
      }),
    })
    const invited = (): string =>
      [...called].map(([name, party]) => name.repeat(invitesOf(party.messages(), stale).length)).join('')
    return { caller, invited }
  }

  const status = (caller: SippParty): number | undefined => finalStatuses(caller.messages()).at(-1)?.status

  /** The only call's attempts, as they are stored. */
  const attempts = async ({ database, recorder }: Stage): Promise<readonly string[]> => {
    const rows = await until('the attempts are stored', async () => {
      const found = await database.query<{ text: string }>(
        `SELECT concat_ws(' ', right(carrier_name, 1), outcome, cause) AS text FROM call_attempts
         WHERE a_leg_uuid = ANY($1::uuid[]) ORDER BY n`,
        [[...recorder.created()]],
      )
      return found.length > 0 && found
    })
    return rows.map(({ text }) => text)
  }

  test('hunt-engine-killed-while-an-attempt-is-under-way: the switch goes on with the rest', async () => {
    const { engine } = stage()
    const { caller, invited } = await begin({ A: refusesSlowly(503), B: HANGS_UP, C: ANSWERS })
    await until('A is called', () => invited() === 'A')
    await engine.kill()
    assert.equal(await caller.done, 0)
    assert.equal(status(caller), 200)
    assert.equal(invited(), 'AB')
    await engine.start()
    assert.deepEqual(await attempts(stage()), [
      'A FAILED NORMAL_TEMPORARY_FAILURE',
      'B ANSWERED',
      'C NOT_TRIED',
    ])
  })

  test('hunt-engine-killed-before-a-busy: busy stands, nobody else is called', async () => {
    const { engine } = stage()
    const { caller, invited } = await begin({ A: refusesSlowly(486), B: ANSWERS, C: ANSWERS })
    await until('A is called', () => invited() === 'A')
    await engine.kill()
    await caller.done
    assert.equal(status(caller), 486)
    assert.equal(invited(), 'A')
    await engine.start()
    assert.deepEqual(await attempts(stage()), ['A FAILED USER_BUSY', 'B NOT_TRIED', 'C NOT_TRIED'])
  })

  test('hunt-engine-killed-before-a-403: what causes cannot tell is judged the careful way', async () => {
    const { engine } = stage()
    const { caller, invited } = await begin({ A: refusesSlowly(403), B: ANSWERS, C: ANSWERS })
    await until('A is called', () => invited() === 'A')
    await engine.kill()
    await caller.done
    assert.equal(status(caller), 403)
    assert.equal(invited(), 'A')
    await engine.start()
  })

  test('hunt-engine-killed-while-it-rings: it rings on, and is answered', async () => {
    const { engine, recorder } = stage()
    const { caller, invited } = await begin(
      {
        A: refuses(403),
        B: { ringAfterMs: 50, outcome: { kind: 'answer', afterMs: SLOWLY_MS } },
        C: ANSWERS,
      },
      500,
    )
    await until('B is called', () => invited() === 'AB')
    await until('B rings', () => caller.messages().some((message) => message.status === 180))
    await engine.kill()
    assert.equal(await caller.done, 0)
    assert.equal(status(caller), 200)
    assert.equal(invited(), 'AB')
    await engine.start()
    assert.deepEqual(await attempts(stage()), ['A FAILED CALL_REJECTED', 'B ANSWERED', 'C NOT_TRIED'])
    assert.equal(recorder.counts().get('CHANNEL_BRIDGE'), 1)
  })

  test('hunt-talk-transferred: who is taken out of a talk is not hunted for any more', async () => {
    const { ports, recorder, sipp } = stage()
    await sipp({ name: 'hunt-1002', port: ports.phone['1002'], xml: partyXml(ANSWERS) })
    const { caller, invited } = await begin({ A: refuses(403), B: ANSWERS, C: ANSWERS }, 2_500)
    await until('they talk', () => recorder.counts().get('CHANNEL_BRIDGE') === 1)
    const inbound = recorder
      .events()
      .find((event) => event.name === 'CHANNEL_BRIDGE')
      ?.get('Bridge-A-Unique-ID')
    const reply = await recorder.client.api('uuid_transfer', `${inbound ?? ''} 1002 XML phones`)
    assert.match(reply, /^\+OK/)
    await until('he talks with 1002', () => recorder.counts().get('CHANNEL_BRIDGE') === 2)
    assert.equal(await caller.done, 0)
    assert.equal(invited(), 'AB')
  })

  test('hunt-talk-transferred-to-the-engine: the new conversation is not the old hunt', async () => {
    const { recorder } = stage()
    const { caller, invited } = await begin({ A: refuses(403), B: ANSWERS, C: ANSWERS }, 3_500)
    await until('they talk', () => recorder.counts().get('CHANNEL_BRIDGE') === 1)
    const inbound = recorder
      .events()
      .find((event) => event.name === 'CHANNEL_BRIDGE')
      ?.get('Bridge-A-Unique-ID')
    assert.match(await recorder.client.api('uuid_transfer', `${inbound ?? ''} *43 XML phones`), /^\+OK/)
    await until('he hears himself', () =>
      recorder
        .events()
        .some((event) => event.name === 'CHANNEL_EXECUTE' && event.get('Application') === 'echo'),
    )
    assert.equal(await caller.done, 0)
    assert.equal(invited(), 'AB')
  })

  test('hunt-engine-killed-while-they-talk: the talk goes on, and nobody is called after it', async () => {
    const { engine, recorder } = stage()
    const { caller, invited } = await begin({ A: refuses(403), B: ANSWERS, C: ANSWERS }, 3_000)
    await until('they talk', () => recorder.counts().get('CHANNEL_BRIDGE') === 1)
    await engine.kill()
    assert.equal((await recorder.channels()).length, 2)
    assert.equal(await caller.done, 0)
    assert.equal(invited(), 'AB')
    await engine.start()
    assert.deepEqual(await attempts(stage()), ['A FAILED CALL_REJECTED', 'B ANSWERED', 'C NOT_TRIED'])
  })
})
