/** A gateway whose channels are all in use means the next route, whoever counted them. */
import assert from 'node:assert/strict'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { ANSWERS } from '../scenario/parties.ts'
import { DOMAIN } from '../scenario/scenario.ts'
import { MASTER_KEY, passwordOf } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { invitesOf, type SippParty } from './sipp.ts'
import { callerXml, partyXml } from './sipp-xml.ts'
import type { Stage } from './stage.ts'

const TO = '+442079460125'

const call = async (stage: Stage, bridges: number): Promise<SippParty> => {
  const before = stage.recorder.counts().get('CHANNEL_BRIDGE') ?? 0
  const caller = await stage.sipp({
    name: 'full-caller',
    remote: `127.0.0.1:${stage.ports.phones}`,
    xml: callerXml({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: TO }),
  })
  await until(
    'the call is bridged',
    () => (stage.recorder.counts().get('CHANNEL_BRIDGE') ?? 0) === before + bridges,
  )
  return caller
}

/** Of this test's only call with carriers: `gateway outcome` for each attempt, in order. */
const attemptsOf = async ({ database, recorder }: Stage): Promise<readonly string[]> => {
  const rows = await database.query<{ carrier_name: string; outcome: string; why: string }>(
    `SELECT carrier_name, outcome, why FROM call_attempts
     WHERE a_leg_uuid = ANY($1::uuid[]) ORDER BY n`,
    [[...recorder.created()]],
  )
  return rows.map((row) => `${row.carrier_name} ${row.outcome}: ${row.why}`)
}

live('a full gateway', (stage) => {
  suiteSetup(async () => {
    const { database, house } = stage()
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, { maxChannels: 1 })
  })
  suiteTeardown(async () => {
    const { database, house } = stage()
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, { maxChannels: null })
  })

  const stand = async (): Promise<() => readonly number[]> => {
    const { ports, sipp, stale } = stage()
    const parties = await Promise.all(
      (['A', 'B'] as const).map((name) =>
        sipp({ name: `over-${name}`, port: ports.carrier[name], xml: partyXml(ANSWERS) }),
      ),
    )
    return () => parties.map((party) => invitesOf(party.messages(), stale).length)
  }

  const hangUpAll = async (callers: readonly SippParty[]): Promise<void> => {
    const { recorder } = stage()
    for (const uuid of await recorder.channels()) await recorder.client.api('uuid_kill', uuid)
    for (const caller of callers) assert.equal(await caller.done, 0)
  }

  test('gateway-full-by-our-count: the second call takes the next carrier', async () => {
    const invited = await stand()
    const callers = [await call(stage(), 1)]
    assert.deepEqual(invited(), [1, 0])
    callers.push(await call(stage(), 1))
    assert.deepEqual(invited(), [1, 1])
    await hangUpAll(callers)
  })

  test('gateway-full-in-the-switch: limit_execute goes on to the next route, and the record says why', async () => {
    const invited = await stand()
    const { ports, recorder, house } = stage()
    // A call that has nothing to do with the gateway has its only place: the engine counts none.
    const holder = await stage().sipp({
      name: 'full-holder',
      remote: `127.0.0.1:${ports.phones}`,
      xml: callerXml({ user: '1001', domain: DOMAIN, password: passwordOf('1001'), to: '*43' }),
    })
    await until('the holder is answered', () => recorder.counts().get('CHANNEL_ANSWER') === 1)
    // Not the list of channels, which comes later than the events when the switch is busy.
    const [held = ''] = recorder.created()
    const reply = await recorder.client.api('uuid_limit', `${held} hash gateway gw${house.gatewayIds.A} 1`)
    assert.match(reply, /^\+OK/)
    const caller = await call(stage(), 1)
    assert.deepEqual(invited(), [0, 1])
    await hangUpAll([caller, holder])
    await until('the record is stored', async () => (await attemptsOf(stage())).length > 0)
    const attempts = await attemptsOf(stage())
    assert.match(attempts[0] ?? '', /NO_CHANNEL: .*full/)
    assert.match(attempts[1] ?? '', /ANSWERED/)
  })
})
