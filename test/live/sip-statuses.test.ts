/**
 * Every refusal that a carrier can send, measured again: what the leg ends with is what telephony/sip-status says,
 * and no variable of it tells Retry-After. A FreeSWITCH of its own with a carrier of its own; no engine is needed.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { EslEvent } from '../../src/esl/event.ts'
import { causeOfRefusal } from '../../src/telephony/sip-status.ts'
import { startBareSwitch, type BareSwitch } from './bare-switch.ts'
import { findBinaries } from './binary.ts'
import { numberOf, RETRY_AFTER_SECONDS } from './carrier-by-number.ts'
import { until } from './net.ts'

const binaries = findBinaries(process.env)
/** The number itself: a moment or a uuid may have the same digits in it. */
const TELLS_RETRY_AFTER = new RegExp(`(?<![0-9a-f-])${RETRY_AFTER_SECONDS}(?![0-9a-f-])`, 'i')
/** Calls at once. */
const AT_ONCE = 10

if (typeof binaries !== 'string')
  suite('live: what sofia makes of a refusal', () => {
    let bare: BareSwitch | undefined

    suiteSetup(async function () {
      this.timeout(60_000)
      bare = await startBareSwitch(binaries.freeswitch)
    })
    suiteTeardown(async function () {
      this.timeout(30_000)
      await bare?.stop()
    })

    /** The end of one leg to the carrier. */
    const refuse = async (
      status: number,
      reason: number,
      believes: 'status' | 'reason',
    ): Promise<EslEvent> => {
      if (bare === undefined) throw new Error('there is no switch')
      const { client, hungUp } = bare.recorder
      const uuid = randomUUID()
      const variables = `origination_uuid=${uuid},ignore_q850_reason=${String(believes === 'status')},outbound_redirect_fatal=true`
      await client.bgapi(
        'originate',
        `[${variables}]sofia/gateway/emergency/${numberOf(0, status, reason)} &park`,
      )
      return until(`the end of a call refused with ${status}`, () => hungUp().get(uuid))
    }

    const check = async (status: number, reason: number, believes: 'status' | 'reason'): Promise<void> => {
      const end = await refuse(status, reason, believes)
      const cause = causeOfRefusal(status, reason, believes) ?? 'UNKNOWN'
      const what = `${status} with a Reason of ${reason}, ${believes} believed`
      assert.equal(end.get('Hangup-Cause'), cause, what)
      assert.equal(end.variable('proto_specific_hangup_cause'), `sip:${status}`, what)
      for (const [name, value] of end.headers())
        assert.ok(!TELLS_RETRY_AFTER.test(value), `${name}: ${value}`)
    }

    test('sip-statuses: every status from 300 to 699 ends with the cause of its row', async function () {
      this.timeout(180_000)
      for (let status = 300; status < 700; status += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => check(status + index, 0, 'status')))
      }
    })

    test('sip-statuses: a Reason counts where it is believed, and only there', async function () {
      this.timeout(60_000)
      const rows = [
        [503, 16],
        [486, 34],
        [488, 1],
        [403, 127],
        [404, 300],
        [503, 5],
        [503, 999],
        [302, 21],
      ] as const
      for (const [status, reason] of rows) {
        await check(status, reason, 'reason')
        await check(status, reason, 'status')
      }
    })
  })
