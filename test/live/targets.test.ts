/** Records of real calls reach five vendors, through a kill of the engine too. */
import assert from 'node:assert/strict'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import { targetOf } from '../support/target-fields.ts'
import { startVendors, type Vendors } from '../support/target-vendors.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { partyXml } from './sipp-xml.ts'

const TO = '+442079460123'
const KINDS = ['salesforce', 'hubspot', 'zendesk', 'ga4', 'http'] as const

live(
  'targets',
  (stage) => {
    let vendors: Vendors
    suiteSetup(async () => {
      vendors = await startVendors()
      for (const kind of KINDS) {
        const { status, json } = await stage().engine.api('/v1/targets', {
          ...targetOf(kind, vendors),
          name: kind,
          organizationId: stage().house.organizationId,
        })
        assert.equal(status, 201, JSON.stringify(json))
      }
    })
    setup(() => vendors.clear(true))
    suiteTeardown(() => vendors.close())

    const all = (calls: number): boolean =>
      [vendors.records, vendors.tasks, vendors.calls, vendors.tickets].every(({ size }) => size === calls) &&
      vendors.events.length === calls &&
      vendors.bills.length >= calls

    const dial = async (salesforce: object): Promise<string> => {
      const { status, json } = await stage().engine.api('/v1/calls/originate', {
        from: '1001',
        to: TO,
        salesforce,
      })
      assert.equal(status, 200, JSON.stringify(json))
      return String(json['callId'])
    }

    test('targets-answered: the second carrier answers; the call stands at all five, and their ids in its record', async () => {
      const { ports, engine, sipp } = stage()
      await sipp({ name: 'targets-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
      await sipp({ name: 'targets-A', port: ports.carrier.A, xml: partyXml(refuses(503)) })
      await sipp({ name: 'targets-B', port: ports.carrier.B, xml: partyXml(HANGS_UP) })
      const callId = await dial({ recordId: '003xx0000012345AAA', objectType: 'Contact', createTask: true })
      await until('all five have it', () => all(1), 20_000)
      const [[aLeg = '', record] = []] = vendors.records
      assert.match(String(record?.['To_UUID__c']), /^[0-9a-f-]{36}$/)
      assert.notEqual(record?.['To_UUID__c'], aLeg)
      assert.equal(record?.['To_Number__c'], TO)
      assert.equal(record['Contact__c'], '003xx0000012345AAA')
      assert.equal([...vendors.tasks.values()][0]?.['CallObject'], callId)
      const call = [...vendors.calls.values()][0]
      assert.equal(call?.properties['hs_call_status'], 'COMPLETED')
      assert.equal(vendors.bills.at(-1)?.json['disposition'], 'ANSWERED')
      assert.equal(vendors.bills.at(-1)?.json['callId'], callId)
      const { json } = await engine.api(`/v1/cdrs?call=${callId}`)
      const [cdr] = json['cdrs'] as {
        salesforceTaskId: string
        external: { kind: string; object: string; id: string }[]
      }[]
      assert.equal(cdr?.salesforceTaskId, [...vendors.tasks.keys()][0])
      assert.deepEqual(
        cdr?.external.map(({ object }) => object),
        ['CallReporting__c', 'Task', 'call', 'ticket', 'record'],
      )
    })

    test('targets-busy: the callee is busy; nobody is told that somebody talked', async () => {
      const { ports, sipp } = stage()
      await sipp({ name: 'targets-busy-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
      await sipp({ name: 'targets-busy-A', port: ports.carrier.A, xml: partyXml(refuses(486)) })
      await dial({ createTask: true })
      await until('all five have it', () => all(1), 20_000)
      assert.equal([...vendors.records.values()][0]?.['From_Time_Talking__c'], 0)
      assert.equal([...vendors.tasks.values()][0]?.['CallDisposition'], 'BUSY')
      assert.equal([...vendors.calls.values()][0]?.properties['hs_call_status'], 'BUSY')
    })

    test('targets-killed: vendors are away, the engine is killed; the next one delivers, and each has it once', async () => {
      const { ports, engine, sipp } = stage()
      await sipp({ name: 'targets-killed-1001', port: ports.phone['1001'], xml: partyXml(ANSWERS) })
      await sipp({ name: 'targets-killed-B', port: ports.carrier.A, xml: partyXml(HANGS_UP) })
      vendors.fail(/POST \/crm|POST \/api|PATCH|POST \/billing|POST \/mp/, { status: 503 }, 1_000)
      await dial({ createTask: true })
      await until('some were tried', () => vendors.asked.some(({ status }) => status === 503), 20_000)
      await engine.kill()
      vendors.clear(true)
      await engine.start()
      await until('all five have it', () => all(1), 40_000)
    })
  },
  { engineEnvironment: { WEBHOOK_ALLOW_NETWORKS: '127.0.0.0/8', WEBHOOK_ALLOW_HTTP: 'true' } },
)
