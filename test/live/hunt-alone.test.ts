/**
 * A hunt that is a conversation, on a switch that finds no engine at the socket: what is left of it, as causes can
 * tell it. The caller is a leg that the carrier itself answered; he runs the actions that the engine would have sent.
 */
import assert from 'node:assert/strict'
import type { Plan, PlannedAttempt } from '../../src/call/plan.ts'
import { asCallUuid, newCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { actionsOf } from '../../src/xml-curl/dialplan.ts'
import { EMERGENCY_GATEWAY } from '../../src/xml-curl/hunt-actions.ts'
import { startBareSwitch, type BareSwitch } from './bare-switch.ts'
import { findBinaries } from './binary.ts'
import { numberOf } from './carrier-by-number.ts'
import { until } from './net.ts'

const binaries = findBinaries(process.env)

const planOf = (callId: CallUuid, numbers: readonly string[]): Plan => {
  const attempts = numbers.map((number, index): PlannedAttempt => ({
    carried: {
      n: index + 1,
      callId,
      legUuid: newCallUuid(),
      organizationId: 1,
      userId: 11,
      gatewayId: index + 1,
      gatewayName: `edge ${index + 1}`,
      carrierId: 1,
      carrierName: 'Carrier',
      number,
      rate: undefined,
    },
    gateway: EMERGENCY_GATEWAY,
    codecs: ['PCMA'],
    maxChannels: index === 0 ? 10 : undefined,
    maxCallsPerSecond: undefined,
    policy: { believes: 'status', next: [403], stop: [] },
    progressTimeoutSeconds: 6,
    ringTimeoutSeconds: 60,
    maxDurationSeconds: 7_200,
  }))
  return {
    call: {
      callId,
      organizationId: 1,
      direction: 'outbound',
      userId: 11,
      dialled: '442079460123',
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
  }
}

if (typeof binaries !== 'string')
  suite('live: a hunt without its engine', () => {
    let bare: BareSwitch | undefined
    suiteSetup(async function () {
      this.timeout(60_000)
      bare = await startBareSwitch(binaries.freeswitch)
    })
    suiteTeardown(async function () {
      this.timeout(30_000)
      await bare?.stop()
    })

    const rows: readonly (readonly [
      name: string,
      attempts: readonly string[],
      called: number,
      cause: string,
      results: readonly (string | undefined)[],
    ])[] = [
      [
        '503-then-500',
        [numberOf(0, 503), numberOf(0, 500)],
        2,
        'NORMAL_TEMPORARY_FAILURE',
        [
          'NORMAL_TEMPORARY_FAILURE/503/NORMAL_TEMPORARY_FAILURE',
          'NORMAL_TEMPORARY_FAILURE/500/NORMAL_TEMPORARY_FAILURE',
        ],
      ],
      ['403', [numberOf(0, 403), numberOf(0, 500)], 1, 'CALL_REJECTED', [undefined, undefined]],
      ['busy', [numberOf(0, 486), numberOf(0, 500)], 1, 'USER_BUSY', [undefined, undefined]],
      [
        '180-then-503',
        [numberOf(1, 503), numberOf(0, 486)],
        1,
        'NORMAL_TEMPORARY_FAILURE',
        [undefined, undefined],
      ],
      [
        '183-then-503',
        [numberOf(2, 503), numberOf(0, 486)],
        2,
        'USER_BUSY',
        ['NORMAL_TEMPORARY_FAILURE/503/SUCCESS', undefined],
      ],
    ]
    for (const [name, numbers, called, cause, results] of rows) {
      test(`hunt-alone-${name}: ${called} called, ends with ${cause}`, async () => {
        if (bare === undefined) throw new Error('there is no switch')
        const { recorder, carrier } = bare
        const before = carrier.invited().length
        const callId = asCallUuid(newCallUuid())
        // Nobody listens on port 1. The inline dialplan is told which character stands between the actions.
        const actions = actionsOf('phones', planOf(callId, numbers), { socketAddress: '127.0.0.1:1' })
        const inline = actions.map(([application, argument = '']) => `${application}:${argument}`).join('~')
        await recorder.client.bgapi(
          'originate',
          `[origination_uuid=${callId}]sofia/gateway/${EMERGENCY_GATEWAY}/${numberOf(0, 200)} 'm:~:${inline}' inline`,
        )
        const end = await until('the end of the call', () => recorder.hungUp().get(callId))
        assert.equal(end.get('Hangup-Cause'), cause)
        assert.equal(carrier.invited().length - before, 1 + called)
        assert.deepEqual(
          results.map((_, index) => end.variable(`strowger_result_${index + 1}`)),
          results,
        )
      })
    }
  })
