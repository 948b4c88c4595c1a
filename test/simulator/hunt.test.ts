import assert from 'node:assert/strict'
import type { PartyBehaviour } from '../../src/simulator/simulator.ts'
import type { PlannedAttempt } from '../../src/call/plan.ts'
import { renderPlan } from '../../src/xml-curl/dialplan.ts'
import { uuid } from '../support/snapshot.ts'
import { dialplan, startBench, type Bench } from './bench.ts'

const CAUSES =
  'NORMAL_TEMPORARY_FAILURE,NORMAL_CIRCUIT_CONGESTION,RECOVERY_ON_TIMER_EXPIRE,PROGRESS_TIMEOUT,GATEWAY_DOWN,INVALID_GATEWAY'

const hunt = (...gateways: readonly string[]): string =>
  dialplan(
    'phones',
    ['set', 'hangup_after_bridge=true'],
    ['set', `continue_on_fail=${CAUSES}`],
    ...gateways.map(
      (name, index) =>
        [
          'bridge',
          `[attempt=${index + 1},leg_progress_timeout=3,leg_timeout=30]sofia/gateway/${name}/442071838750`,
        ] as const,
    ),
  )

const refuse = (status: number, reason?: string): PartyBehaviour => ({
  outcome: { kind: 'refuse', status, afterMs: 100, ...(reason === undefined ? {} : { reason }) },
})
const answer: PartyBehaviour = {
  ringAfterMs: 200,
  outcome: { kind: 'answer', afterMs: 1000, hangupAfterMs: 5000 },
}

const PHONE = { username: '1001', domain: 'a.test' }

suite('A call through the simulated switch', () => {
  let bench: Bench
  teardown(() => bench.close())

  const call = async (
    gateways: Readonly<Record<string, PartyBehaviour>>,
    xml = hunt('gw1', 'gw2'),
  ): Promise<{ readonly sipStatus: number; readonly cause: string; readonly answeredMs?: number }> => {
    bench = await startBench({ gateway: (name) => gateways[name] ?? answer }, { dialplan: () => xml })
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '+442071838750'))
    const final = await bench.settle(placed.final)
    await bench.until(() => bench.simulator.channels().length === 0)
    return final
  }
  const attempts = (): (string | undefined)[] =>
    bench.cdrs
      .filter(({ variables }) => variables['direction'] === 'outbound')
      .map(({ variables }) => variables['hangup_cause'])

  test('goes to the second carrier after a 503 and is answered there', async () => {
    const final = await call({ gw1: refuse(503) })
    assert.deepEqual(
      { status: final.sipStatus, cause: final.cause, ms: final.answeredMs },
      { status: 200, cause: 'NORMAL_CLEARING', ms: 5000 },
    )
    assert.deepEqual(attempts(), ['NORMAL_TEMPORARY_FAILURE', 'NORMAL_CLEARING'])
    const a = bench.cdrs.find(({ variables }) => variables['direction'] === 'inbound')
    const [failed, talked] = bench.cdrs.filter(({ variables }) => variables['direction'] === 'outbound')
    assert.equal(failed?.variables['sip_term_status'], '503')
    assert.equal(failed.variables['sip_invite_failure_status'], '503')
    assert.equal(failed.variables['sip_hangup_disposition'], 'recv_refuse')
    assert.equal(failed.variables['attempt'], '1')
    assert.equal(failed.variables['originating_leg_uuid'], a?.uuid)
    assert.equal(failed.variables['bridge_uuid'], undefined)
    assert.equal(talked?.variables['bridge_uuid'], a?.uuid)
    assert.equal(talked?.variables['billmsec'], '5000')
    assert.equal(a?.variables['bridge_uuid'], talked.uuid)
    assert.equal(a.variables['sip_invite_failure_status'], undefined)
    assert.equal(a.variables['last_app'], 'bridge')
    assert.equal(
      a.variables['originate_causes'],
      `ARRAY::${failed.uuid};NORMAL_TEMPORARY_FAILURE|:${talked.uuid};NONE`,
    )
  })

  test('stops at a busy callee, and the phone hears 486', async () => {
    const final = await call({ gw1: refuse(486) })
    assert.equal(final.sipStatus, 486)
    assert.equal(final.cause, 'USER_BUSY')
    assert.deepEqual(attempts(), ['USER_BUSY'])
  })

  test('moves on from a carrier that says nothing when leg_progress_timeout is over', async () => {
    const final = await call({ gw1: { outcome: { kind: 'silent' } } })
    assert.equal(final.sipStatus, 200)
    assert.deepEqual(attempts(), ['PROGRESS_TIMEOUT', 'NORMAL_CLEARING'])
    const [silent] = bench.cdrs
    assert.equal(silent?.variables['sip_invite_failure_status'], '487')
    assert.equal(silent.variables['sip_hangup_disposition'], 'send_cancel')
    assert.ok(Math.abs(Number(silent.variables['mduration']) - 3000) < 100)
  })

  test('lets a carrier ring past leg_progress_timeout', async () => {
    const final = await call({
      gw1: { ringAfterMs: 1000, outcome: { kind: 'answer', afterMs: 12_000, hangupAfterMs: 1000 } },
    })
    assert.equal(final.sipStatus, 200)
    assert.deepEqual(attempts(), ['NORMAL_CLEARING'])
  })

  test('gives the phone the status of the last carrier when all fail', async () => {
    assert.equal((await call({ gw1: refuse(503), gw2: refuse(404) })).sipStatus, 404)
  })

  test('gives the phone what respond says, whatever the carriers said', async () => {
    const xml = hunt('gw1', 'gw2').replace(
      '</condition>',
      '<action application="respond" data="503 All routes failed"/></condition>',
    )
    const final = await call(
      { gw1: refuse(500), gw2: refuse(502) },
      xml.replace('GATEWAY_DOWN', 'NETWORK_OUT_OF_ORDER'),
    )
    assert.equal(final.sipStatus, 503)
    assert.deepEqual(attempts(), ['NORMAL_TEMPORARY_FAILURE', 'NETWORK_OUT_OF_ORDER'])
  })

  test('believes a Reason header more than the status', async () => {
    const final = await call({ gw1: refuse(503, '17') })
    assert.equal(final.cause, 'USER_BUSY')
    assert.equal(final.sipStatus, 503)
    assert.deepEqual(attempts(), ['USER_BUSY'])
  })

  test('makes no channel for a gateway that is not there', async () => {
    const final = await call({}, hunt('nowhere', 'gw1'))
    assert.equal(final.sipStatus, 200)
    assert.deepEqual(attempts(), ['NORMAL_CLEARING'])
  })

  test('rings the next carrier after a talk when hangup_after_bridge is missing', async () => {
    await call({}, hunt('gw1', 'gw2').replace('hangup_after_bridge=true', 'nothing=true'))
    assert.deepEqual(attempts(), ['NORMAL_CLEARING', 'NORMAL_CLEARING'])
  })

  test('goes on to the next action when limit_execute is full', async () => {
    const xml = dialplan(
      'phones',
      ['set', 'hangup_after_bridge=true'],
      ['limit_execute', 'hash gateway gw1 0 bridge sofia/gateway/gw1/1'],
      ['bridge', 'sofia/gateway/gw2/2'],
    )
    assert.equal((await call({}, xml)).sipStatus, 200)
    assert.equal(bench.cdrs[0]?.variables['sip_gateway_name'], 'gw2')
  })

  test('a rate that is spent is nothing at all, and its second counts from the first call', async () => {
    const limited = 'hash cps gw1 1/1 bridge sofia/gateway/gw1/1'
    const xml = dialplan(
      'phones',
      ['set', 'hangup_after_bridge=true'],
      ['set', 'continue_on_fail=true'],
      ['limit_execute', limited],
      ['set', 'first=${originate_disposition}'],
      ['multiunset', 'originate_disposition'],
      ['limit_execute', limited],
      ['set', 'second=${originate_disposition}'],
      ['sleep', '1500'],
      ['limit_execute', `hash gateway gw1 5 limit_execute ${limited}`],
      ['set', 'third=${originate_disposition}'],
      ['respond', '503'],
    )
    assert.equal((await call({ gw1: refuse(500) }, xml)).sipStatus, 503)
    const a = bench.cdrs.find(({ variables }) => variables['direction'] === 'inbound')?.variables
    assert.deepEqual(
      [a?.['first'], a?.['second'], a?.['third']],
      ['NORMAL_TEMPORARY_FAILURE', undefined, 'NORMAL_TEMPORARY_FAILURE'],
    )
  })

  const ringing: readonly (readonly [string, PartyBehaviour, number])[] = [
    ['rang', { ...refuse(503), ringAfterMs: 20 }, 503],
    [
      'rang after early media',
      {
        ringAfterMs: 20,
        earlyMedia: true,
        thenRings: true,
        outcome: { kind: 'refuse', status: 503, afterMs: 600 },
      },
      503,
    ],
    ['had early media only', { ...refuse(503), ringAfterMs: 20, earlyMedia: true }, 200],
    ['redirects', refuse(302), 200],
  ]
  for (const [what, party, status] of ringing) {
    test(`api_on_ring of the other leg changes the caller's: a carrier that ${what} ends as ${status}`, async () => {
      const xml = dialplan(
        'phones',
        ['set', 'hangup_after_bridge=true'],
        ['set', `continue_on_fail=${CAUSES},REQUESTED_CHAN_UNAVAIL`],
        ['export', 'nolocal:api_on_ring=uuid_setvar ${uuid} continue_on_fail false'],
        ['bridge', 'sofia/gateway/gw1/1'],
        ['bridge', 'sofia/gateway/gw2/2'],
      )
      assert.equal((await call({ gw1: party }, xml)).sipStatus, status)
    })
  }

  /** A hunt that is a conversation, as the engine renders it, with nobody at its socket. */
  const withoutEngine = (): string => {
    const attempts = [1, 2].map((n): PlannedAttempt => ({
      carried: {
        n,
        callId: uuid(1),
        legUuid: uuid(100 + n),
        organizationId: 1,
        userId: 11,
        gatewayId: n,
        gatewayName: `edge ${n}`,
        carrierId: n,
        carrierName: `Carrier ${n}`,
        number: '442071838750',
        rate: undefined,
      },
      gateway: `gw${n}`,
      codecs: [],
      maxChannels: n === 1 ? 5 : undefined,
      maxCallsPerSecond: undefined,
      policy: { believes: 'status', next: [403], stop: [] },
      progressTimeoutSeconds: 6,
      ringTimeoutSeconds: 60,
      maxDurationSeconds: 7_200,
    }))
    return renderPlan(
      'phones',
      {
        call: {
          callId: uuid(1),
          organizationId: 1,
          direction: 'outbound',
          userId: 11,
          dialled: '442071838750',
          destination: undefined,
          callerNumber: undefined,
          lcrProfileId: 1,
          attempts: attempts.map(({ carried }) => carried),
          devices: [],
        },
        numberClass: { kind: 'short-code', number: '112' },
        target: {
          kind: 'carriers',
          attempts,
          callerId: { number: undefined, name: undefined },
          emergency: false,
        },
        rejected: [],
        trace: [],
        maxDurationSeconds: 7_200,
      },
      // Nobody listens on port 1.
      { socketAddress: '127.0.0.1:1' },
    )
  }
  const left: readonly (readonly [number, number, readonly string[]])[] = [
    [503, 200, ['NORMAL_TEMPORARY_FAILURE', 'NORMAL_CLEARING']],
    [403, 403, ['CALL_REJECTED']],
    [486, 486, ['USER_BUSY']],
  ]
  for (const [refusal, status, causes] of left) {
    test(`a hunt that is a conversation, and no engine: ${refusal} ends as ${status}`, async () => {
      assert.equal((await call({ gw1: refuse(refusal) }, withoutEngine())).sipStatus, status)
      assert.deepEqual(attempts(), causes)
      const a = bench.cdrs.find(({ variables }) => variables['direction'] === 'inbound')?.variables
      assert.equal(
        a?.['strowger_result_1'],
        status === 200 ? 'NORMAL_TEMPORARY_FAILURE/503/NORMAL_TEMPORARY_FAILURE' : undefined,
      )
    })
  }

  test('has no route where the document has none', async () => {
    const final = await call({}, dialplan('elsewhere', ['answer']))
    assert.deepEqual([final.sipStatus, final.cause], [404, 'NO_ROUTE_DESTINATION'])
  })

  test('leaves early media after bridge_answer_timeout', async () => {
    const xml = dialplan(
      'phones',
      ['set', 'hangup_after_bridge=true'],
      ['set', 'bridge_answer_timeout=10'],
      ['set', 'continue_on_answer_timeout=true'],
      ['bridge', 'sofia/gateway/gw1/1'],
      ['bridge', 'sofia/gateway/gw2/2'],
    )
    const final = await call({ gw1: { earlyMedia: true, outcome: { kind: 'ring-forever' } } }, xml)
    assert.equal(final.sipStatus, 200)
    assert.deepEqual(attempts(), ['ALLOTTED_TIMEOUT', 'NORMAL_CLEARING'])
  })

  test('cancels the carrier when the caller gives up', async () => {
    bench = await startBench(
      { gateway: () => ({ outcome: { kind: 'ring-forever' } }) },
      { dialplan: () => hunt('gw1', 'gw2') },
    )
    const placed = await bench.settle(bench.simulator.placeCall(PHONE, '44', { cancelAfterMs: 4000 }))
    const final = await bench.settle(placed.final)
    assert.deepEqual([final.sipStatus, final.cause], [487, 'ORIGINATOR_CANCEL'])
    await bench.until(() => bench.cdrs.length === 2)
    assert.deepEqual(attempts(), ['ORIGINATOR_CANCEL'])
  })
})
