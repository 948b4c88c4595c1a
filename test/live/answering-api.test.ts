/** Answering machines, asked for over the API: from the request to the record. */
import assert from 'node:assert/strict'
import { FAX, HUMAN, MACHINE, openScene, TO } from './answering-stage.ts'
import { silence } from '../support/line-sound.ts'
import { live } from './live.ts'
import { until } from './net.ts'

live('answering machines over the API', (stage) => {
  const scene = openScene(stage)
  teardown(() => scene.close())

  for (const [who, sound, verdict, cause] of [
    ['a person', HUMAN, 'human', 'NORMAL_CLEARING'],
    ['a machine', MACHINE, 'machine', 'NO_ANSWER'],
    ['a fax', FAX, 'fax', 'NO_ANSWER'],
  ] as const) {
    test(`${who}: the request's wish is heard, and the record says who answered`, async () => {
      const { engine, ports, recorder, database, register } = stage()
      await register('1001')
      await scene.party('api-1001', ports.phone['1001'], silence(30_000))
      await scene.party('api-callee', ports.carrier.A, sound)
      const { status, json } = await engine.api('/v1/calls/originate', {
        from: '1001',
        to: TO,
        options: { machineDetection: { action: 'hangup' } },
      })
      assert.equal(status, 200, JSON.stringify(json))
      const callId = String(json['callId'])
      if (verdict === 'human') {
        await scene.bridged(callId)
        await recorder.client.api('uuid_kill', `${callId} NORMAL_CLEARING`)
      }
      assert.equal((await scene.ended(callId)).get('Hangup-Cause'), cause)
      const [row] = await until('the record', async () => {
        const rows = await database.query<{ custom_data: { amd?: { verdict?: string } } | null }>(
          "SELECT custom_data FROM call_detail_records WHERE call_id = $1 AND leg = 'A'",
          [callId],
        )
        return rows.length > 0 && rows
      })
      assert.equal(row?.custom_data?.amd?.verdict, verdict, JSON.stringify(row))
    })
  }
})
