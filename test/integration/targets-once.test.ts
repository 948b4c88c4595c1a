/** What was lost on the way, and what is gone at the target: nothing stands there twice. */
import assert from 'node:assert/strict'
import type { StoredTarget } from '../../src/http/target-doors.ts'
import { callOf, openTargetsBench, type TargetsBench } from './targets-bench.ts'
import { until } from './outbox-bench.ts'

const TASK = { custom: { crm: { createTask: true } } }

suite('targets: once', function () {
  this.timeout(60_000)
  let bench: TargetsBench
  suiteSetup(async () => {
    bench = await openTargetsBench()
  })
  suiteTeardown(() => bench.close())
  teardown(async () => {
    bench.vendors.clear()
    await bench.outbox.database.query('DELETE FROM cdr_targets')
  })

  const store = async (changes: Parameters<typeof callOf>[1] = {}) => {
    const call = callOf(bench.outbox.organizationId, changes)
    await bench.store(call.a, call.b)
    return call
  }
  /** The last delivery, once it was tried so often. */
  const tried = async (target: StoredTarget, attempts = 1) => {
    await until(
      `${attempts} attempts`,
      async () => ((await bench.deliveries(target))[0]?.attempts ?? 0) >= attempts,
    )
    const [delivery] = await bench.deliveries(target)
    assert.ok(delivery)
    return delivery
  }

  suite('what was lost on the way stands there once', () => {
    test('Salesforce: the Task was made, and its answer was lost', async () => {
      const target = await bench.add('salesforce')
      bench.vendors.fail(/POST .*\/Task/, 'lost')
      await store(TASK)
      await tried(target)
      assert.equal(bench.vendors.tasks.size, 1)
      await bench.hurry()
      await bench.settled(target)
      assert.equal(bench.vendors.tasks.size, 1)
      assert.equal(bench.vendors.of(/POST .*\/Task/).length, 1)
      assert.equal(bench.vendors.of(/GET .*\/query/).length, 1)
    })

    test('Salesforce: the Task was not made', async () => {
      const target = await bench.add('salesforce')
      bench.vendors.fail(/POST .*\/Task/, 'reset')
      await store(TASK)
      await tried(target)
      await bench.hurry()
      await bench.settled(target)
      assert.equal(bench.vendors.tasks.size, 1)
    })

    test('HubSpot: the call was made, and its answer was lost', async () => {
      const target = await bench.add('hubspot')
      bench.vendors.fail(/POST .*\/calls$/, 'lost')
      await store()
      await tried(target)
      await bench.hurry()
      await bench.settled(target)
      assert.equal(bench.vendors.calls.size, 1)
    })

    test('HubSpot: with a unique property its 409 names the call that is there', async () => {
      const target = await bench.add('hubspot', { settings: { uniqueProperty: 'strowger_call' } })
      const { a, b, callId } = callOf(bench.outbox.organizationId)
      bench.vendors.calls.set('7', { properties: { strowger_call: callId }, associations: undefined })
      await bench.store(a, b)
      const [delivery] = await bench.settled(target)
      assert.equal(delivery?.note, 'call updated')
      assert.equal(bench.vendors.calls.size, 1)
      assert.equal(bench.vendors.calls.get('7')?.properties['hs_call_duration'], '62000')
    })

    test('Zendesk: the ticket was made, and its answer was lost', async () => {
      const target = await bench.add('zendesk')
      bench.vendors.fail(/POST \/api\/v2\/tickets/, 'lost')
      await store()
      await tried(target)
      await bench.hurry()
      await bench.settled(target)
      assert.equal(bench.vendors.tickets.size, 1)
    })

    test('Zendesk: the comment was made, and its answer was lost', async () => {
      const target = await bench.add('zendesk')
      bench.vendors.tickets.set('42', { comments: [] })
      bench.vendors.fail(/PUT \/api\/v2\/tickets\/42/, 'lost')
      await store({ custom: { crm: { recordId: '42', objectType: 'ticket' } } })
      await tried(target)
      await bench.hurry()
      await bench.settled(target)
      const comments = bench.vendors.tickets.get('42')?.comments ?? []
      assert.equal(comments.filter(({ body }) => !String(body).startsWith('Corrected')).length, 1)
    })

    test('Salesforce: DUPLICATE_VALUE names the record that is there', async () => {
      const target = await bench.add('salesforce')
      const { a, b } = callOf(bench.outbox.organizationId)
      const id = 'a0X000000000007AAA'
      bench.vendors.records.set('other', { Id: id })
      bench.vendors.fail(/PATCH .*From_UUID__c/, {
        status: 400,
        json: [
          {
            message: `duplicate value found: From_UUID__c duplicates value on record with id: ${id}`,
            errorCode: 'DUPLICATE_VALUE',
          },
        ],
      })
      await bench.store(a, b)
      await bench.settled(target)
      assert.equal(bench.vendors.records.get('other')?.['From_Time_Talking__c'], 62)
    })

    test('an engine that dies between the answer and its note sends the same again, and it stands there once', async () => {
      const target = await bench.add('salesforce')
      const { callId } = await store(TASK)
      await bench.settled(target)
      await bench.outbox.database.query(
        `UPDATE cdr_target_objects SET external_id = NULL, digest = NULL WHERE call_id = $1`,
        [callId],
      )
      await bench.outbox.database.query(
        `UPDATE webhook_deliveries SET state = 'waiting', attempts = 0 WHERE call_id = $1`,
        [callId],
      )
      bench.restart()
      await bench.hurry()
      await bench.settled(target)
      assert.deepEqual([bench.vendors.records.size, bench.vendors.tasks.size], [1, 1])
    })
  })

  suite('what is gone there', () => {
    test('a Task that somebody deleted is not made again, unless a person asks for it', async () => {
      const target = await bench.add('salesforce')
      const { callId, a } = await store({ ...TASK, estimate: 'from-event', billableSeconds: 5 })
      await bench.settled(target)
      bench.vendors.tasks.clear()
      await bench.store({ ...a, billableSeconds: 62, estimate: undefined, hangupCause: 'USER_BUSY' })
      const [delivery] = await bench.settled(target)
      assert.equal(delivery?.state, 'delivered')
      assert.equal(bench.vendors.tasks.size, 0)
      const sent = await bench.targets.doors.send(undefined, target.id, callId)
      assert.ok(typeof sent === 'object')
      assert.equal(sent.state, 'delivered')
      assert.equal(bench.vendors.tasks.size, 1)
    })

    test('a ticket that is closed by now is a dead letter that says so', async () => {
      const target = await bench.add('zendesk')
      bench.vendors.tickets.set('42', { status: 'closed', comments: [] })
      await store({ custom: { crm: { recordId: '42', objectType: 'ticket' } } })
      const [delivery] = await bench.settled(target)
      assert.equal(delivery?.state, 'failed')
      assert.match(delivery.lastError ?? '', /422.*closed prevents ticket update/)
    })
  })
})
