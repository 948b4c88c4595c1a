import assert from 'node:assert/strict'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { createDecisionLog, type DecisionLog, type DecisionLogOptions } from '../../src/app/decision-log.ts'
import type { CarriedCall } from '../../src/call/carried.ts'
import type { Decision } from '../../src/engine/decision.ts'
import { createCdrPartitions } from '../../src/store/cdr-writes.ts'
import { openDatabase, type Database } from '../../src/store/database.ts'
import { findDecision } from '../../src/store/decision-reads.ts'
import { insertDecisions } from '../../src/store/decision-writes.ts'
import { newCallUuid, type CallUuid } from '../../src/telephony/call-uuid.ts'
import { decision } from '../http/fake-routing.ts'
import { testDatabase, type TestDatabase } from '../support/postgres.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const AT = Date.UTC(2026, 10, 20, 12)

const carried = (callId: CallUuid): CarriedCall => ({
  callId,
  organizationId: 1,
  direction: 'outbound',
  userId: 11,
  dialled: '02079460123',
  destination: undefined,
  callerNumber: undefined,
  lcrProfileId: 1,
  attempts: [],
  devices: [],
})

suite('decisions that are kept with calls', function () {
  this.timeout(60_000)
  let place: TestDatabase
  let proxy: TcpProxy
  let database: Database
  let direct: Database
  let log: DecisionLog | undefined

  suiteSetup(async () => {
    place = await testDatabase()
    proxy = await startTcpProxy(() => Number(new URL(place.url).port))
    const through = new URL(place.url)
    through.hostname = '127.0.0.1'
    through.port = String(proxy.port)
    database = openDatabase({ url: through.href, logger: silentLogger, connectTimeoutMs: 500 })
    direct = openDatabase({ url: place.url, logger: silentLogger })
    await createCdrPartitions(direct, AT)
  })
  suiteTeardown(async () => {
    await database.close()
    await direct.close()
    await proxy.close()
    await place.drop()
  })
  setup(async () => {
    proxy.mend()
    await direct.query('TRUNCATE call_decisions')
  })
  teardown(async () => {
    await log?.stop()
    log = undefined
  })

  const open = (options: Partial<DecisionLogOptions> = {}): DecisionLog => {
    log = createDecisionLog({
      keeps: 'all',
      write: (batch) => insertDecisions(database, batch),
      read: (callId) => findDecision(database, callId),
      clock: systemClock,
      logger: silentLogger,
      ...options,
    })
    log.start()
    return log
  }
  const decide = (to: DecisionLog, changes: Partial<Decision> = {}): CallUuid => {
    const callId = newCallUuid()
    to.decided(carried(callId), decision({ at: AT, ...changes }))
    return callId
  }
  const stored = async (): Promise<number> => {
    const [row] = await direct.query<{ count: number }>('SELECT count(*) AS count FROM call_decisions')
    return row?.count ?? -1
  }
  /** Until what runs behind has come so far. */
  const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
    for (let tries = 0; !(await isSo()); tries += 1) {
      assert.ok(tries < 400, 'it never came to that')
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  test('one is found at once, then in the table, the same to the letter', async () => {
    const kept = open()
    const callId = decide(kept)
    const before = JSON.stringify(await kept.find(callId))
    assert.equal(before, JSON.stringify(decision({ at: AT })))
    assert.equal(await stored(), 0)
    await until(() => kept.state().waiting === 0)
    const after = await kept.find(callId)
    assert.deepEqual(JSON.parse(JSON.stringify(after)), JSON.parse(before))
    const rows = await direct.query(
      `SELECT call_id, start_time, organization_id, destination, tableoid::regclass::text AS "table" FROM call_decisions`,
    )
    assert.deepEqual(rows, [
      {
        call_id: callId,
        start_time: AT,
        organization_id: 1,
        destination: '+442079460123',
        table: 'call_decisions_y2026m11',
      },
    ])
  })

  test('of a call that was decided twice the last is told', async () => {
    const kept = open()
    const callId = newCallUuid()
    kept.decided(carried(callId), decision({ at: AT, outcome: 'first' }))
    kept.decided(carried(callId), decision({ at: AT + 1, outcome: 'second' }))
    assert.equal((await kept.find(callId))?.outcome, 'second')
    await until(() => kept.state().waiting === 0)
    assert.equal((await kept.find(callId))?.outcome, 'second')
  })

  test('of a call that nobody knows there is none', async () => {
    assert.equal(await open().find(newCallUuid()), undefined)
  })

  test('more than a batch are all written, and what is dialled may hold anything', async () => {
    const kept = open()
    const ids = Array.from({ length: 1_201 }, (_, n) =>
      decide(kept, { number: `\0${n}\ud800"'\\ $1`, trace: ['\u0000', '👩‍🚀'] }),
    )
    await until(() => kept.state().waiting === 0)
    assert.equal(await stored(), 1_201)
    assert.equal(kept.state().lost, 0)
    const found = await kept.find(ids[1_200] ?? newCallUuid())
    assert.deepEqual([found?.number, found?.trace[1]], [`\uFFFD1200\uFFFD"'\\ $1`, '👩‍🚀'])
  })

  test('a decision that PostgreSQL cannot take is left out, the others of its batch are written', async () => {
    const kept = open()
    decide(kept)
    kept.decided({ ...carried(newCallUuid()), organizationId: 2 ** 40 }, decision({ at: AT }))
    decide(kept)
    await until(() => kept.state().waiting === 0)
    assert.deepEqual([await stored(), kept.state().lost], [2, 1])
  })

  const modes: readonly (readonly [keeps: 'all' | 'refused' | 'none', count: number])[] = [
    ['all', 2],
    ['refused', 1],
    ['none', 0],
  ]
  for (const [keeps, count] of modes) {
    test(`${keeps} keeps ${count} of a call that goes and one that got no route`, async () => {
      const kept = open({ keeps })
      decide(kept)
      decide(kept, { refusal: 'NO_PREFIX', candidates: [] })
      assert.equal(kept.state().waiting, count)
      await kept.stop()
      assert.equal(await stored(), count)
    })
  }

  test('stopping writes what is left', async () => {
    const kept = open()
    decide(kept)
    await kept.stop()
    assert.deepEqual([await stored(), kept.state().waiting], [1, 0])
  })

  test('without the database they wait, the oldest go, and the rest is written when it is back', async () => {
    proxy.cut()
    const kept = open({ capacity: 10 })
    const oldest = decide(kept)
    const newest = Array.from({ length: 10 }, () => decide(kept)).at(-1) ?? newCallUuid()
    assert.deepEqual(kept.state(), { waiting: 10, lost: 1 })
    assert.equal((await kept.find(newest))?.number, '02079460123')
    await assert.rejects(kept.find(oldest), { code: 'STORE_UNAVAILABLE' })
    proxy.mend()
    await until(() => kept.state().waiting === 0)
    assert.deepEqual([await stored(), kept.state().lost], [10, 1])
    assert.equal(await kept.find(oldest), undefined)
  })

  test('a database that stays away holds up nobody’s end', async () => {
    proxy.cut()
    const kept = open()
    decide(kept)
    await kept.stop()
    assert.equal(kept.state().waiting, 1)
  })
})
