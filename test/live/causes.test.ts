/**
 * Every cause with which a call can end, on the real switch: hung up with it, and refused by a carrier. What the live
 * call and its record say of it is what telephony/user-message says.
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  HANGUP_CAUSES,
  hangupCauseOf,
  isHangupCause,
  type HangupCause,
} from '../../src/telephony/hangup-cause.ts'
import { causeOfRefusal } from '../../src/telephony/sip-status.ts'
import { faultOfCause } from '../../src/telephony/user-message.ts'
import { ANSWERS, RINGS } from '../scenario/parties.ts'
import { ask } from './ask.ts'
import { startCarrierByNumber } from './carrier-by-number.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { partyXml } from './sipp-xml.ts'

/** Calls at once. */
const AT_ONCE = 12

/** Cause 0 is no cause: its event has none, its record has its name. */
const TAKEN_AS: Readonly<Partial<Record<HangupCause, HangupCause>>> = { NONE: 'NORMAL_UNSPECIFIED' }

type Told = Readonly<Record<string, unknown>>
type Call = { readonly state: string; readonly error: Told | null; readonly legs: readonly Told[] }

live('causes', (stage) => {
  const start = async (to: string): Promise<string> => {
    const { status, json } = await ask(stage(), 'POST', '/v1/calls/originate', { from: '1001', to })
    assert.equal(status, 200, JSON.stringify(json))
    return String(json['callId'])
  }
  const seen = async (callId: string): Promise<Call> => {
    const { json } = await ask(stage(), 'GET', `/v1/calls/${callId}`)
    return json['call'] as Call
  }
  const ended = (callId: string): Promise<Call> =>
    until(
      `call ${callId} has ended`,
      async () => {
        const call = await seen(callId)
        return call.state === 'ended' && call
      },
      30_000,
    )
  const recordOf = (
    callId: string,
    leg: 'A' | 'B',
  ): Promise<{ readonly cause: string; readonly q850: number }> =>
    until(
      `the record of leg ${leg}`,
      async () => {
        const [row] = await stage().database.query<{ cause: string; q850: number }>(
          `SELECT hangup_cause AS cause, hangup_cause_q850 AS q850 FROM call_detail_records
           WHERE call_id = $1 AND leg = $2 ORDER BY start_time LIMIT 1`,
          [callId, leg],
        )
        return row ?? false
      },
      20_000,
    )
  const inTurns = async <Item>(items: readonly Item[], act: (item: Item) => Promise<void>): Promise<void> => {
    for (let at = 0; at < items.length; at += AT_ONCE)
      await Promise.all(items.slice(at, at + AT_ONCE).map(act))
  }
  const told = ({ cause, sip, q850, code, message, userMessage }: Told): Told => ({
    cause,
    sip,
    q850,
    code,
    message,
    userMessage,
  })

  suiteSetup(async () => {
    await stage().register('1001')
  })

  test('causes: a call that is hung up with any cause says so, in the words of its row', async function () {
    this.timeout(180_000)
    const { ports, sipp, recorder } = stage()
    await sipp({ name: 'causes-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    await sipp({ name: 'causes-A', port: ports.carrier.A, xml: partyXml(RINGS) })
    const causes = Object.keys(HANGUP_CAUSES).filter(isHangupCause)
    const wrong: string[] = []
    let checked = 0
    await inTurns(causes, async (cause) => {
      const callId = await start('+442079460133')
      await until('the carrier is called', async () => (await seen(callId)).legs.length > 1, 20_000)
      await recorder.client.api('uuid_kill', `${callId} ${cause}`)
      const expected = TAKEN_AS[cause] ?? cause
      const call = await ended(callId)
      const { cause: recorded } = await recordOf(callId, 'A')
      const [found, wanted] = [told(call.error ?? {}), { ...faultOfCause(expected) }].map((each) =>
        JSON.stringify(each),
      )
      if (found !== wanted || recorded !== cause) wrong.push(`${cause}: ${found ?? ''}, recorded ${recorded}`)
      checked += 1
    })
    assert.deepEqual(wrong, [])
    assert.equal(checked, causes.length)
    console.log(`      ${checked} causes`)
  })

  test('causes: what a carrier refuses with is told with its status, and the record has its cause', async function () {
    this.timeout(240_000)
    const { ports, sipp } = stage()
    await sipp({ name: 'causes-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    const carriers = await Promise.all(
      [ports.carrier.A, ports.carrier.B, ports.carrier.C].map((port) => startCarrierByNumber(port)),
    )
    try {
      const refusals: readonly number[] = [
        ...[400, 401, 402, 403, 404, 405, 406, 408, 410, 413, 415, 420, 428, 429, 437, 438, 480, 481, 482],
        ...[483, 484, 485, 486, 487, 488, 500, 501, 502, 503, 504, 513, 600, 603, 604, 606, 607, 608],
      ]
      await inTurns(refusals, async (status) => {
        const callId = await start(`+442070${status}000`)
        const call = await ended(callId)
        const what = `${status}: ${JSON.stringify(call)}`
        const b = call.legs.find(({ leg }) => leg === 'B')
        assert.equal(b?.['hangupCause'], causeOfRefusal(status, undefined, 'status'), what)
        const a = call.legs.find(({ leg }) => leg === 'A')
        const expected = faultOfCause(hangupCauseOf(String(a?.['hangupCause'])))
        assert.deepEqual(told(call.error ?? {}), { ...expected }, what)
        assert.ok(String(call.error?.['userMessage']).length > 10, what)
        if (status >= 400 && status !== 401) assert.equal(call.error?.['sipStatus'], status, what)
        assert.equal((await recordOf(callId, 'B')).cause, b?.['hangupCause'], what)
      })
      console.log(`      ${refusals.length} statuses`)
    } finally {
      await Promise.all(carriers.map((carrier) => carrier.stop()))
    }
  })

  test('causes: bad input has its code, and leaves no channel, no record and no file', async () => {
    const { recorder, database, engine, house } = stage()
    const filesIn = (folders: readonly string[]): readonly string[] =>
      folders.flatMap((name) => {
        const folder = join(stage().folder, 'engine', name)
        return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
      })
    const counted = async (): Promise<unknown> => {
      const [rows] = await database.query<{ records: number; keys: number }>(
        `SELECT (SELECT count(*) FROM call_detail_records)::int AS records, (SELECT count(*) FROM idempotency_keys)::int AS keys`,
      )
      return {
        ...rows,
        created: recorder.created().size,
        channels: (await recorder.channels()).length,
        files: filesIn(['recordings', 'amd', 'sounds', 'recording-store']),
      }
    }
    const to = '+442079460134'
    const rows: readonly (readonly [body: unknown, status: number, code: string, field?: string])[] = [
      [{ from: '1001', to: 'bob' }, 400, 'INVALID_DESTINATION', 'to'],
      [{ from: '1001', destination: '+441onal234567' }, 400, 'INVALID_DESTINATION', 'destination'],
      [{ from: '1001', to: '1002\r\nVia: x' }, 400, 'INVALID_DESTINATION', 'to'],
      [{ from: '1001', to: '+44' }, 400, 'INVALID_DESTINATION', 'destination'],
      [{ from: '1001', to: `+44${'7'.repeat(30)}` }, 400, 'INVALID_DESTINATION', 'destination'],
      [{ from: '1001', to: 12 }, 400, 'BAD_INPUT', 'to'],
      [{ from: '1001' }, 400, 'BAD_INPUT', 'to'],
      [{ to }, 400, 'BAD_INPUT', 'from'],
      [{ from: '1001', to, colour: 'red' }, 400, 'BAD_INPUT', 'colour'],
      [{ from: '1001', to, options: { colour: 'red' } }, 400, 'BAD_INPUT', 'options.colour'],
      [{ from: '1001', to, callerId: '+442079460999' }, 403, 'CALLER_ID_NOT_ALLOWED'],
      [{ from: '8888', to }, 404, 'USER_NOT_FOUND'],
      [{ userId: 999_999, to }, 404, 'USER_NOT_FOUND'],
      [{ userId: house.userIds['1001'], deviceId: 999_999, to }, 409, 'DEVICE_UNAVAILABLE'],
      [{ from: '1003', to }, 409, 'DEVICE_UNAVAILABLE'],
      [{ from: '1001', to: '+449098790000' }, 403, 'BLOCKED'],
      [{ from: '1001', to, options: { recordingPolicyId: 999_999 } }, 404, 'NOT_FOUND'],
      [{ from: '1001', to, options: { callbackUrl: 'ftp://x/' } }, 400, 'BAD_INPUT', 'options.callbackUrl'],
      [
        { from: '1001', to, options: { customHeaders: { 'X-A': 'b\r\nX-Evil: 1' } } },
        400,
        'BAD_INPUT',
        'options.customHeaders.X-A',
      ],
      [
        { from: '1001', to, options: { customHeaders: { 'P-Asserted-Identity': '<sip:1@x>' } } },
        400,
        'BAD_INPUT',
        'options.customHeaders.P-Asserted-Identity',
      ],
      [{ from: '1001', to, options: { maxDuration: 0 } }, 400, 'BAD_INPUT', 'options.maxDuration'],
      ['{"from":', 400, 'BAD_INPUT'],
      [{ from: '1001', to, displayName: 'x'.repeat(2_000_000) }, 413, 'BODY_TOO_LARGE'],
    ]
    const before = await counted()
    const files = await ask(stage(), 'GET', '/ready')
    for (const [body, status, code, field] of rows) {
      const answer = await ask(stage(), 'POST', '/v1/originate', body)
      const what = `${JSON.stringify(body).slice(0, 100)}: ${JSON.stringify(answer.json)}`
      assert.deepEqual([answer.status, answer.error['code']], [status, code], what)
      assert.equal(answer.error['field'], field, what)
      assert.ok(String(answer.error['userMessage']).length > 10, what)
    }
    assert.deepEqual(await counted(), before)
    assert.equal(files.status, 200)
    assert.ok(engine.isRunning())
  })
})
