/** Records of calls go to Salesforce, HubSpot, Zendesk, Analytics and a billing server, each as its documents say. */
import assert from 'node:assert/strict'
import { createHmac, randomUUID } from 'node:crypto'
import { callOf, openTargetsBench, type TargetsBench } from './targets-bench.ts'
import { until } from './outbox-bench.ts'

const CRM = { crm: { recordId: '003xx0000012345AAA', objectType: 'Contact', createTask: true } }

suite('targets: every kind gets a call', function () {
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

  test('Salesforce: a CallReporting__c by its external id, and the Task that the call asked for', async () => {
    const target = await bench.add('salesforce', { settings: { users: { '1': '005xx0000098765' } } })
    const { callId, a, b } = callOf(bench.outbox.organizationId, { custom: CRM })
    await bench.store(b, a)
    const [delivery] = await bench.settled(target)
    assert.equal(delivery?.note, 'CallReporting__c created, Task created')
    const record = bench.vendors.records.get(a.legUuid)
    assert.ok(record)
    assert.deepEqual(
      { ...record, Id: '' },
      {
        Id: '',
        To_UUID__c: b.legUuid,
        Call_Direction__c: 'Outbound',
        From_Number__c: '+442079460100',
        To_Number__c: '+442079460123',
        From_Start_Time__c: new Date(a.startTime).toISOString(),
        From_Answer_Time__c: new Date(a.startTime + 3_000).toISOString(),
        From_End_Time__c: new Date(a.startTime + 45_000).toISOString(),
        From_Time_Talking__c: 62,
        From_Time_Ringing__c: 3,
        From_Hangup_Cause__c: 'NORMAL_CLEARING',
        From_AVS_User__c: '005xx0000098765',
        From_Flag_Record__c: false,
        Contact__c: '003xx0000012345AAA',
      },
    )
    const [[taskId, task] = []] = bench.vendors.tasks
    assert.equal(task?.['WhoId'], '003xx0000012345AAA')
    assert.equal(task['CallObject'], callId)
    assert.equal(task['CallType'], 'Outbound')
    assert.equal(task['CallDurationInSeconds'], 62)
    assert.equal(task['OwnerId'], '005xx0000098765')
    const rows = await bench.outbox.database.query<{ object: string; external_id: string }>(
      'SELECT object, external_id FROM cdr_target_objects WHERE call_id = $1 ORDER BY object',
      [callId],
    )
    assert.deepEqual(rows, [
      { object: 'CallReporting__c', external_id: record['Id'] },
      { object: 'Task', external_id: taskId },
    ])
  })

  test('HubSpot: a call with its outcome, associated with the contact that was named', async () => {
    const target = await bench.add('hubspot', { settings: { users: { '1': '4711' } } })
    const crm = { crm: { recordId: '9876', objectType: 'contact' } }
    const { callId, a, b } = callOf(bench.outbox.organizationId, { custom: crm })
    await bench.store(a, b)
    const [delivery] = await bench.settled(target)
    assert.equal(delivery?.note, 'call created')
    const [[, call] = []] = bench.vendors.calls
    assert.deepEqual(call?.associations, [
      { to: { id: '9876' }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId: 194 }] },
    ])
    assert.deepEqual(
      [
        call.properties['hs_call_duration'],
        call.properties['hs_call_status'],
        call.properties['hs_call_direction'],
        call.properties['hs_call_disposition'],
        call.properties['hs_call_external_id'],
        call.properties['hubspot_owner_id'],
        call.properties['hs_timestamp'],
      ],
      [
        '62000',
        'COMPLETED',
        'OUTBOUND',
        'f240bbac-87c9-4f6e-bf70-924b57d47db7',
        callId,
        '4711',
        new Date(a.startTime).toISOString(),
      ],
    )
  })

  test('Zendesk: a ticket, made once by its Idempotency-Key', async () => {
    const target = await bench.add('zendesk')
    const { callId, a, b } = callOf(bench.outbox.organizationId)
    await bench.store(a, b)
    await bench.settled(target)
    const [asked] = bench.vendors.of(/^POST \/api\/v2\/tickets$/)
    assert.equal(asked?.headers['idempotency-key'], callId)
    const [[, ticket] = []] = bench.vendors.tickets
    assert.equal(ticket?.['subject'], 'Call from +442079460100')
    assert.equal(ticket['priority'], 'normal')
    assert.equal(ticket['status'], 'new')
    assert.match(String(ticket.comments[0]?.['body']), new RegExp(`talked for 1:02.*${callId}`))
  })

  test('Zendesk: a voice comment, on a ticket of its own or on the one that was named', async () => {
    const target = await bench.add('zendesk', {
      settings: { mode: 'voice-comment' },
      credentials: { flow: 'api-token', email: 'agent@example.com', apiToken: 'zendesk-api-token' },
    })
    const own = callOf(bench.outbox.organizationId)
    await bench.store(own.a, own.b)
    await bench.settled(target)
    const [[id = '', ticket] = []] = bench.vendors.tickets
    assert.equal(ticket?.['via_id'], 46)
    assert.equal(ticket.comments[0]?.['call_duration'], 62)
    const named = callOf(bench.outbox.organizationId, {
      custom: { crm: { recordId: id, objectType: 'Ticket' } },
    })
    await bench.store(named.a, named.b)
    await bench.settled(target)
    assert.equal(bench.vendors.tickets.size, 1)
    assert.equal(ticket.comments.length, 2)
    assert.equal(ticket.comments[1]?.['to'], '+442079460123')
  })

  test('Analytics: two events with their moments, and no telephone number', async () => {
    const target = await bench.add('ga4')
    const { callId, a, b } = callOf(bench.outbox.organizationId)
    await bench.store(a, b)
    await bench.settled(target)
    assert.deepEqual(bench.vendors.events, [
      {
        client_id: callId,
        events: [
          {
            name: 'call_initiated',
            timestamp_micros: a.startTime * 1_000,
            params: { call_id: callId, direction: 'outbound' },
          },
          {
            name: 'call_completed',
            timestamp_micros: a.endTime * 1_000,
            params: {
              call_id: callId,
              direction: 'outbound',
              duration: 62,
              outcome: 'ANSWERED',
              engagement_time_msec: 62_000,
            },
          },
        ],
      },
    ])
    assert.ok(!bench.vendors.asked.some(({ text }) => text.includes('44207946')))
  })

  test('a billing server: one object, signed like a webhook', async () => {
    const { target, signingSecret = '' } = await bench.targets.doors.add(bench.outbox.organizationId, {
      name: 'billing',
      kind: 'http',
      settings: { url: `${bench.vendors.url}/billing/calls` },
      mapping: { body: { durationSeconds: null, tariff: { value: 'gold' } } },
      credentials: { flow: 'none' },
      enabled: true,
    })
    const { callId, a, b } = callOf(bench.outbox.organizationId)
    await bench.store(a, b)
    await bench.settled(target)
    const [bill] = bench.vendors.bills
    assert.ok(bill)
    const [, t = '', v1 = ''] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(bill.headers['strowger-signature'])) ?? []
    assert.equal(v1, createHmac('sha256', signingSecret).update(`${t}.${bill.text}`).digest('hex'))
    assert.equal(bill.json['callId'], callId)
    assert.equal(bill.json['billableSeconds'], 62)
    assert.equal(bill.json['cost'], '0.01700001')
    assert.equal(bill.json['tariff'], 'gold')
    assert.equal(bill.json['durationSeconds'], undefined)
  })

  test('a billing server that wants a token gets one by client credentials', async () => {
    const target = await bench.add('http', {
      settings: { url: `${bench.vendors.url}/billing/closed` },
      credentials: {
        flow: 'client-credentials',
        tokenUrl: `${bench.vendors.url}/billing/token`,
        clientId: 'client-id',
        clientSecret: 'client-secret',
      },
    })
    const { a, b } = callOf(bench.outbox.organizationId)
    await bench.store(a, b)
    await bench.settled(target)
    assert.equal(bench.vendors.bills.length, 1)
  })

  test('a called leg that comes later, and a corrected record, change what stands there', async () => {
    const kinds = ['salesforce', 'hubspot', 'zendesk', 'http'] as const
    const targets = await Promise.all(kinds.map((kind) => bench.add(kind)))
    const { a, b } = callOf(bench.outbox.organizationId)
    await bench.store({ ...a, billableSeconds: 10, estimate: 'from-event' })
    for (const target of targets) await bench.settled(target)
    assert.equal(bench.vendors.records.get(a.legUuid)?.['To_UUID__c'], undefined)
    await bench.store(b)
    for (const target of targets) await bench.settled(target)
    await bench.store(a)
    for (const target of targets) await bench.settled(target)
    const record = bench.vendors.records.get(a.legUuid)
    assert.equal(record?.['To_UUID__c'], b.legUuid)
    assert.equal(bench.vendors.records.size, 1)
    assert.equal(bench.vendors.calls.size, 1)
    assert.equal([...bench.vendors.calls.values()][0]?.properties['hs_call_duration'], '62000')
    assert.equal(bench.vendors.tickets.size, 1)
    const [, correction] = [...bench.vendors.tickets.values()][0]?.comments ?? []
    assert.match(String(correction?.['body']), /^Corrected: /)
    assert.equal(correction?.['public'], false)
    const updates = bench.vendors.bills.map(({ headers }) => headers['strowger-update'])
    assert.equal(updates[0], 'false')
    assert.ok(updates.length >= 2 && updates.slice(1).every((update) => update === 'true'))
  })

  test('Analytics is not told a second time of a call that changed: it is noted', async () => {
    const target = await bench.add('ga4')
    const { a, b } = callOf(bench.outbox.organizationId)
    await bench.store(a)
    await bench.settled(target)
    await bench.store({ ...b, billableSeconds: 99 })
    const deliveries = await bench.settled(target)
    assert.equal(deliveries[0]?.note, 'events noted')
    assert.equal(bench.vendors.events.length, 1)
  })

  test('legs in one batch, or moments apart, are one request; what did not change is not sent', async () => {
    const target = await bench.add('hubspot')
    const { a, b } = callOf(bench.outbox.organizationId)
    await bench.store(b)
    await bench.store(a)
    const deliveries = await bench.settled(target)
    assert.deepEqual(
      deliveries.map(({ note }) => note),
      ['call unchanged', 'call created'],
    )
    assert.equal(bench.vendors.of(/calls/).length, 1)
  })

  test('a called leg alone waits for the caller’s; calls of nobody and of others go nowhere', async () => {
    const [other] = await bench.outbox.database.query<{ id: number }>(
      `INSERT INTO organizations (name, sip_domain, country, currency) VALUES ('B', 'b.test', 'GB', 'GBP') RETURNING id`,
    )
    const target = await bench.add('hubspot')
    const theirs = callOf(other?.id ?? 0)
    const nobodys = callOf(bench.outbox.organizationId, { organizationId: undefined })
    await bench.store(theirs.a, theirs.b, nobodys.a)
    const { b } = callOf(bench.outbox.organizationId)
    await bench.store(b)
    const deliveries = await bench.settled(target)
    assert.deepEqual(
      deliveries.map(({ note }) => note),
      ['the record of the caller’s leg is not stored yet'],
    )
    assert.equal(bench.vendors.asked.length, 0)
  })

  test('what a target does not want is not sent', async () => {
    const target = await bench.add('hubspot', { settings: { directions: ['inbound'] } })
    const { a, b } = callOf(bench.outbox.organizationId)
    await bench.store(a, b)
    const [delivery] = await bench.settled(target)
    assert.equal(delivery?.note, 'not wanted: it is outbound')
    assert.equal(bench.vendors.asked.length, 0)
  })

  test('a delivery is put down with the record or not at all', async () => {
    await bench.add('hubspot')
    const { a } = callOf(bench.outbox.organizationId)
    const { database } = bench.outbox
    const { insertCdrs } = await import('../../src/store/cdr-writes.ts')
    const { createCdrCompanions } = await import('../../src/app/cdr-companions.ts')
    const breaks = () => Promise.reject(new Error('the database went away'))
    await assert.rejects(insertCdrs(database, [a], [...createCdrCompanions(), breaks]))
    const [row] = await database.query<{ count: number }>(
      'SELECT count(*) AS count FROM webhook_deliveries WHERE call_id = $1',
      [a.callId],
    )
    assert.equal(row?.count, 0)
    await bench.store(a)
    await bench.store(a)
    const [once] = await database.query<{ count: number }>(
      'SELECT count(*) AS count FROM webhook_deliveries WHERE call_id = $1',
      [a.callId],
    )
    assert.equal(once?.count, 1)
  })

  test('a recording that is stored after the call changes what stands there', async () => {
    const target = await bench.add('salesforce', {
      settings: { recordingUrl: 'https://voice.example.com/recordings/{id}' },
    })
    const { callId, a, b } = callOf(bench.outbox.organizationId)
    await bench.store(a, b)
    await bench.settled(target)
    const { database, organizationId } = bench.outbox
    const recordingId = await addRecording(database, organizationId, callId)
    bench.targets.recordingStored({ callId, organizationId, at: a.startTime })
    await until(
      'the record has it',
      () => bench.vendors.records.get(a.legUuid)?.['From_Flag_Record__c'] === true,
    )
    assert.equal(
      bench.vendors.records.get(a.legUuid)?.['RecordingURL1__c'],
      `https://voice.example.com/recordings/${recordingId}`,
    )
  })
})

/** As the recordings' intake leaves it, as far as anybody asks here. */
const addRecording = async (
  database: TargetsBench['outbox']['database'],
  organizationId: number,
  callId: string,
): Promise<string> => {
  const id = randomUUID()
  await database.query(
    'INSERT INTO recordings (uuid, organization_id, call_id, policy_id, started_at) VALUES ($1, $2, $3, 0, now())',
    [id, organizationId, callId],
  )
  return id
}
