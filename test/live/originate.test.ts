/** Click-to-dial over the API: a phone first, then the carriers. */
import assert from 'node:assert/strict'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import { SHOWN_NUMBER } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { invitesOf } from './sipp.ts'
import { partyXml } from './sipp-xml.ts'

const TO = '+442079460123'

live('originate', (stage) => {
  test('originate: the phone rings, answers, and the carriers are tried in order', async () => {
    const { ports, engine, database, register, sipp, stale } = stage()
    await register('1001')
    const phone = await sipp({ name: 'originate-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
    const failing = await sipp({ name: 'originate-A', port: ports.carrier.A, xml: partyXml(refuses(503)) })
    const carrier = await sipp({ name: 'originate-B', port: ports.carrier.B, xml: partyXml(HANGS_UP) })
    const { status, json } = await engine.api('/v1/calls/originate', { from: '1001', to: TO })
    assert.equal(status, 200, JSON.stringify(json))
    const rows = await until(
      'three records',
      async () => {
        const found = await database.query<{
          leg: string
          leg_uuid: string
          disposition: string
          callee_number: string | null
        }>(
          'SELECT leg, leg_uuid::text, disposition, callee_number FROM call_detail_records WHERE call_id = $1 ORDER BY start_time',
          [json['callId']],
        )
        return found.length === 3 && found
      },
      15_000,
    )
    assert.deepEqual(
      rows.map(({ leg, disposition }) => `${leg} ${disposition}`),
      ['A ANSWERED', 'B FAILED', 'B ANSWERED'],
    )
    assert.equal(rows[0]?.leg_uuid, json['callUuid'])
    assert.equal(invitesOf(phone.messages(), stale).length, 1)
    assert.equal(invitesOf(failing.messages(), stale).length, 1)
    const [invite] = invitesOf(carrier.messages(), stale)
    assert.match(invite?.firstLine ?? '', /^INVITE sip:\+442079460123@/)
    assert.match(invite?.header('From') ?? '', new RegExp(`sip:\\${SHOWN_NUMBER}@`))
  })

  test('originate: a phone that is not registered is told at once, and nothing is dialled', async () => {
    const { status, json } = await stage().engine.api('/v1/calls/originate', { from: '1003', to: TO })
    assert.equal(status, 409, JSON.stringify(json))
    assert.equal(stage().recorder.created().size, 0)
  })

  test('originate: a phone that declines ends the call, and no carrier is called', async () => {
    const { ports, engine, database, register, sipp, stale } = stage()
    await register('1001')
    await sipp({ name: 'originate-declines', port: ports.phone['1001'], xml: partyXml(refuses(603)) })
    const carrier = await sipp({ name: 'originate-unasked', port: ports.carrier.A, xml: partyXml(ANSWERS) })
    const { json } = await engine.api('/v1/calls/originate', { from: '1001', to: TO })
    const [row] = await until('the record', async () => {
      const found = await database.query<{ disposition: string }>(
        'SELECT disposition FROM call_detail_records WHERE call_id = $1',
        [json['callId']],
      )
      return found.length > 0 && found
    })
    assert.equal(row?.disposition, 'BUSY')
    assert.deepEqual(invitesOf(carrier.messages(), stale), [])
  })
})
