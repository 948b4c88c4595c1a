/**
 * Every operation of the OpenAPI document, asked of a real engine (simulator, PostgreSQL), with success and wrongly: each
 * answer has a status, a content type and a body that the document knows. An operation that nobody asks with success
 * fails the last test: add it to contract-records.ts or contract-calls.ts.
 */
import assert from 'node:assert/strict'
import {
  askCalls,
  askConferences,
  askControl,
  askEngine,
  askParking,
  askRecordings,
  askRecordsOfCalls,
  askRouting,
  askSwitchsDoors,
} from './contract-calls.ts'
import { askFraud } from './contract-fraud.ts'
import { askRating } from './contract-rating.ts'
import { askQuarantine, askReports } from './contract-cdrs.ts'
import { askWrongly, NOT_HERE } from './contract-failures.ts'
import {
  askAccess,
  askBalances,
  askCallerIds,
  askQuotas,
  askRateDecks,
  askRecordingSettings,
  askRecords,
  askTargets,
  askWebhooks,
} from './contract-records.ts'
import { openContractWorld, type ContractWorld } from './contract-world.ts'

suite('contract: every operation of the OpenAPI document', function () {
  this.timeout(60_000)
  let world: ContractWorld
  suiteSetup(async () => {
    world = await openContractWorld()
  })
  suiteTeardown(() => world.close())

  test('the engine and the switch’s doors', async () => {
    await askEngine(world)
    await askSwitchsDoors(world)
  })
  test('routing', () => askRouting(world))
  test('records of every kind', () => askRecords(world))
  test('quotas', () => askQuotas(world))
  test('rating', () => askRating(world))
  test('balances', () => askBalances(world))
  test('toll fraud', () => askFraud(world))
  test('keys, clients and tokens', () => askAccess(world))
  test('recording policies, groups, sounds and archives', () => askRecordingSettings(world))
  test('caller IDs', () => askCallerIds(world))
  test('webhooks and deliveries', () => askWebhooks(world))
  test('calls, their control, their recordings, and what is kept of them', async () => {
    // Each waits for its own calls and files.
    const [callId] = await Promise.all([
      askCalls(world),
      askControl(world),
      askConferences(world),
      askParking(world),
      askRecordings(world),
    ])
    await askRecordsOfCalls(world, callId)
    await askTargets(world, callId)
  })
  test('reports', () => askReports(world))
  test('records in quarantine', () => askQuarantine(world))
  // Rates change under calls: after them.
  test('rate decks', () => askRateDecks(world))

  test('what is asked wrongly is refused as the document says', async () => {
    const faults: string[] = []
    for (const name of [...world.succeeded.keys(), ...NOT_HERE.keys()])
      await askWrongly(world, name).catch((fault: unknown) => {
        if (!(fault instanceof assert.AssertionError)) throw fault
        faults.push(fault.message)
      })
    assert.deepEqual(faults, [])
  })

  test('no operation of the document is left out', () => {
    assert.deepEqual(
      [...world.operations.keys()].filter((name) => !world.succeeded.has(name) && !NOT_HERE.has(name)),
      [],
      'ask them in contract-records.ts or contract-calls.ts',
    )
    const free = [...world.operations].filter(([, { security }]) => (security ?? []).length === 0)
    const open = new Set(free.map(([name]) => name))
    assert.deepEqual(
      [...world.operations.keys()].filter((name) => !open.has(name) && !world.failed.has(name)),
      [],
    )
  })
})
