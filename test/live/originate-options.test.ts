/** What may be asked for with a call over the API, as the carrier, the phone and the records see it. */
import assert from 'node:assert/strict'
import { updateGateway } from '../../src/store/gateway-writes.ts'
import { ANSWERS, HANGS_UP, refuses, RINGS } from '../scenario/parties.ts'
import { SHOWN_NUMBER } from '../scenario/scenario.ts'
import { ask, type Asked } from './ask.ts'
import { MASTER_KEY } from './house.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { invitesOf, type SippParty } from './sipp.ts'
import { partyXml } from './sipp-xml.ts'

const TO = '+442079460131'

type Row = {
  readonly leg: string
  readonly leg_uuid: string
  readonly hangup_cause: string
  readonly billable_seconds: number
  readonly custom_data: Record<string, Record<string, unknown>> | null
}

live('originate: options', (stage) => {
  const originate = (body: object, headers?: Readonly<Record<string, string>>): Promise<Asked> =>
    ask(stage(), 'POST', '/v1/calls/originate', body, headers)

  const party = (name: string, port: number, xml: string): Promise<SippParty> =>
    stage().sipp({ name: `options-${name}`, port, xml })

  const rowsOf = (callId: unknown, count: number): Promise<readonly Row[]> =>
    until(
      `${count} records`,
      async () => {
        const found = await stage().database.query<Row>(
          `SELECT leg, leg_uuid::text, hangup_cause, billable_seconds, custom_data
           FROM call_detail_records WHERE call_id = $1 ORDER BY start_time`,
          [callId],
        )
        return found.length >= count && found
      },
      20_000,
    )

  /** Its records may be there before the events of its end. */
  const callError = (callId: unknown): Promise<Record<string, unknown>> =>
    until('the call says why it failed', async () => {
      const { json } = await ask(stage(), 'GET', `/v1/calls/${String(callId)}`)
      const { error } = json['call'] as Record<string, unknown>
      return typeof error === 'object' && error !== null && (error as Record<string, unknown>)
    })

  suiteSetup(async () => {
    await stage().register('1001')
  })

  const WISHED = {
    from: '1001',
    to: TO,
    displayName: 'Zoë "the boss" <x>',
    salesforceRecordId: '0012400000abcDEF',
    salesforceObjectType: 'Contact',
    salesforce: { createTask: true },
    options: {
      maxDuration: 2,
      earlyMedia: false,
      customHeaders: { 'X-Account': `a'b "c", {d} [e] | (f); g=h%41`, 'X-Ticket': '12345' },
    },
  }

  const showsTheWish = async (): Promise<void> => {
    const { ports, stale, recorder } = stage()
    await party('1001', ports.phone['1001'], partyXml(ANSWERS))
    const carrier = await party('A', ports.carrier.A, partyXml(ANSWERS))
    const { status, json } = await originate(WISHED)
    assert.equal(status, 200, JSON.stringify(json))
    const rows = await rowsOf(json['callId'], 2)
    const [invite] = invitesOf(carrier.messages(), stale)
    assert.equal(invite?.header('X-Account'), WISHED.options.customHeaders['X-Account'])
    assert.equal(invite.header('X-Ticket'), '12345')
    assert.match(
      Buffer.from(invite.header('From') ?? '', 'latin1').toString('utf8'),
      new RegExp(`^"Zoë the boss x" <sip:\\${SHOWN_NUMBER}@`),
    )
    // The destination answered, and two seconds later the call was over: the phone had been answered before.
    assert.deepEqual(
      rows.map(({ leg, hangup_cause: cause }) => `${leg} ${cause}`),
      ['A ALLOTTED_TIMEOUT', 'B NORMAL_CLEARING'].map((row) =>
        row.startsWith('B') ? `B ${rows[1]?.hangup_cause ?? ''}` : row,
      ),
    )
    const talked = rows[1]?.billable_seconds ?? 0
    assert.ok(talked >= 2 && talked <= 4, `${talked} seconds of talk`)
    const crm = { recordId: '0012400000abcDEF', objectType: 'Contact', createTask: true }
    assert.deepEqual(rows[0]?.custom_data?.['crm'], crm)
    assert.deepEqual(rows[1]?.custom_data?.['crm'], crm)
    assert.deepEqual(rows[0].custom_data['wish']?.['customHeaders'], ['X-Account', 'X-Ticket'])
    const aLeg = rows[0].leg_uuid
    const a = await until('the end of the A leg was seen', () => recorder.hungUp().get(aLeg) ?? false)
    assert.equal(a.variable('ignore_early_media'), 'true')
    const listed = await ask(stage(), 'GET', `/v1/cdrs?call=${String(json['callId'])}`)
    const [cdr] = listed.json['cdrs'] as readonly Record<string, Record<string, unknown>>[]
    assert.deepEqual(cdr?.['custom']?.['crm'], crm)
    assert.equal(cdr['error'], null)
  }

  test('options: headers, name, longest talk and CRM fields reach the carrier and the records', showsTheWish)

  test('options: the same where the engine runs the hunt', async () => {
    const { database, house } = stage()
    const named = async (name: string): Promise<unknown> =>
      until(`a gateway is named ${name}`, async () => {
        const { json } = await ask(stage(), 'GET', '/v1/routes/explain?number=%2B442079460131&from=1001')
        return JSON.stringify(json).includes(`${name}"`)
      })
    await updateGateway(database, MASTER_KEY, house.gatewayIds.A, {
      name: 'Trunk A by rules',
      failover: { believes: 'status', next: [403, 404], stop: [] },
    })
    await named('Trunk A by rules')
    try {
      await showsTheWish()
    } finally {
      await updateGateway(database, MASTER_KEY, house.gatewayIds.A, { name: 'Trunk A', failover: null })
      await named('Trunk A')
    }
  })

  test('options: the destination rings for as long as was asked, and the call says that nobody answered', async () => {
    const { ports } = stage()
    await party('1001', ports.phone['1001'], partyXml(ANSWERS))
    await party('A', ports.carrier.A, partyXml(RINGS))
    const begun = Date.now()
    const { json } = await originate({ from: '1001', to: TO, options: { timeout: 5 } })
    const rows = await rowsOf(json['callId'], 2)
    const took = Date.now() - begun
    assert.ok(took > 4_000 && took < 9_000, `${took} ms`)
    const error = await callError(json['callId'])
    assert.equal(error['code'], 'NO_ANSWER', JSON.stringify([rows, error]))
    assert.match(String(error['userMessage']), /no answer/)
  })

  test('options: a busy destination is told by the call afterwards, in words for its user', async () => {
    const { ports } = stage()
    await party('1001', ports.phone['1001'], partyXml(ANSWERS))
    await party('A', ports.carrier.A, partyXml(refuses(486)))
    const { status, json } = await originate({ from: '1001', to: TO })
    assert.equal(status, 200)
    await rowsOf(json['callId'], 2)
    const error = await callError(json['callId'])
    assert.deepEqual(
      [error['code'], error['cause'], error['q850'], error['sipStatus']],
      ['DESTINATION_BUSY', 'USER_BUSY', 17, 486],
    )
    const listed = await ask(stage(), 'GET', `/v1/cdrs?call=${String(json['callId'])}`)
    const [cdr] = listed.json['cdrs'] as readonly Record<string, Record<string, unknown>>[]
    assert.equal(cdr?.['error']?.['code'], 'DESTINATION_BUSY')
  })

  test('options: a key is dialled once: again, at once, from another body, and after the engine was killed', async () => {
    const { ports, engine, stale } = stage()
    const phone = await party('1001', ports.phone['1001'], partyXml(ANSWERS))
    await party('A', ports.carrier.A, partyXml(HANGS_UP))
    const headers = { 'idempotency-key': `live-${Date.now()}` }
    const body = { from: '1001', to: TO }
    const both = await Promise.all([originate(body, headers), originate({ to: TO, from: '1001' }, headers)])
    assert.deepEqual(
      both.map(({ status }) => status),
      [200, 200],
    )
    const [first] = both
    assert.deepEqual(both[1].json, first.json)
    await rowsOf(first.json['callId'], 2)
    const again = await originate(body, headers)
    assert.deepEqual(again.json, first.json)
    assert.equal(again.headers.get('idempotency-replayed'), 'true')
    const other = await originate({ ...body, displayName: 'Ada' }, headers)
    assert.equal(other.status, 422)
    assert.equal(other.error['code'], 'IDEMPOTENCY_KEY_REUSED')
    await engine.kill()
    await engine.start()
    const afterwards = await originate(body, headers)
    assert.deepEqual(afterwards.json, first.json)
    assert.equal(invitesOf(phone.messages(), stale).length, 1)
  })

  test('options: an engine killed after it took the request never dials it again', async () => {
    const { ports, database, house, stale } = stage()
    const phone = await party('1001', ports.phone['1001'], partyXml(ANSWERS))
    const key = `lost-${Date.now()}`
    const headers = { 'idempotency-key': key, 'x-organization-id': String(house.organizationId) }
    const body = { from: '1001', to: TO }
    await party('A', ports.carrier.A, partyXml(HANGS_UP))
    const first = await originate(body, headers)
    await rowsOf(first.json['callId'], 2)
    // As it stands when the engine died between the claim and the answer, without and with a call that was made.
    await database.query(
      `UPDATE idempotency_keys SET status = NULL, answer = NULL, created_at = now() - interval '2 minutes' WHERE key = $1`,
      [key],
    )
    const made = await originate(body, headers)
    assert.equal(made.status, 200)
    assert.equal(made.json['callId'], first.json['callId'])
    await database.query(
      `UPDATE idempotency_keys SET call_id = '00000000-0000-4000-8000-000000000001' WHERE key = $1`,
      [key],
    )
    const unknown = await originate(body, headers)
    assert.equal(unknown.status, 409)
    assert.equal(unknown.error['code'], 'CALL_FATE_UNKNOWN')
    assert.equal(unknown.error['callId'], '00000000-0000-4000-8000-000000000001')
    assert.equal(invitesOf(phone.messages(), stale).length, 1)
  })
})
