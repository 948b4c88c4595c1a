/** Records that do not come, from the event of the hangup to the row, and from the late post to those who are told. */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCallRecords, type CallRecords } from '../../src/app/call-records.ts'
import { createLifecycle, type Lifecycle } from '../../src/base/lifecycle.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { ATTEMPT_VARIABLE, encodeCarried } from '../../src/call/carried.ts'
import type { LiveEvent } from '../../src/call/live-call.ts'
import type { OutgoingEvent } from '../../src/deliver/tell-calls.ts'
import { createBoard } from '../../src/engine/board.ts'
import { getCall, type StoredCdr } from '../../src/store/cdr-reads.ts'
import { insertCdrs } from '../../src/store/cdr-writes.ts'
import { noteCorrections, readUntold } from '../../src/store/told-corrections.ts'
import { cdrOf } from '../store/sample-cdr.ts'
import { eventOf } from '../cdr/leg-events.ts'
import { A, attempt, B_ANSWERED, sample, type RawPost } from '../cdr/posts.ts'
import { until } from '../live/net.ts'
import { databasePerTest } from '../support/database-per-test.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'
import { openFolder } from '../support/postgres.ts'

const WAIT_MS = 120_000
const CORE = '2db9f76d-51cb-4e89-bf28-b90d2d9baf70'
const NEXT_CORE = '2db9f76d-51cb-4e89-bf28-b90d2d9baf71'

type Engine = {
  readonly records: CallRecords
  readonly clock: ManualClock
  readonly told: OutgoingEvent[]
  readonly live: LiveEvent[]
  readonly lifecycle: Lifecycle
}

/** The switch's post of an answered attempt, as it is and with another length of talk. */
const postOf = (moreSeconds = 0): RawPost => {
  const post = sample('b-leg-answered')
  post.variables[ATTEMPT_VARIABLE] = encodeCarried(attempt(2, B_ANSWERED))
  const end = Number(post.variables['end_uepoch'])
  post.variables['end_uepoch'] = String(end + moreSeconds * 1_000_000)
  return post
}
const bytesOf = (post: RawPost): Buffer => Buffer.from(JSON.stringify(post))
const at = Number(sample('b-leg-answered').variables['answer_uepoch'])

suite('records that do not come', function () {
  this.timeout(60_000)
  const { database } = databasePerTest()
  let place: ReturnType<typeof openFolder>
  let left: string
  let running: Engine[] = []

  setup(() => {
    place = openFolder()
    left = join(place.folder, 'left-by-the-switch')
    mkdirSync(left)
  })
  teardown(async () => {
    for (const { lifecycle } of running) await lifecycle.stop()
    running = []
    place.remove()
  })

  const start = async (dataDir = place.folder): Promise<Engine> => {
    const clock = createManualClock()
    const lifecycle = createLifecycle()
    const board = createBoard({ clock, logger: silentLogger })
    const told: OutgoingEvent[] = []
    const live: LiveEvent[] = []
    board.watch(undefined, (event) => live.push(event))
    const records = await openCallRecords({
      ...{ dataDir, database: database(), board, lifecycle, clock },
      leftBySwitch: left,
      companions: [],
      commands: { api: () => Promise.resolve(CORE) },
      outbox: {
        recorded: () => Promise.resolve(),
        tell: (event) => {
          told.push(event)
          return Promise.resolve()
        },
      },
      isSwitchUp: () => true,
      isDatabaseUp: () => true,
      waitMs: WAIT_MS,
      onStored: () => undefined,
      logger: silentLogger,
    })
    await records.intake.drain()
    const engine = { records, clock, told, live, lifecycle }
    running.push(engine)
    return engine
  }
  /** As `kill -9` leaves it: only the lock is let go of. */
  const end = async (engine: Engine): Promise<void> => {
    running = running.filter((each) => each !== engine)
    await engine.lifecycle.stop()
  }
  const hangUp = (engine: Engine): void =>
    engine.records.legs.onEvent(
      eventOf(postOf(), undefined, {
        'Event-Name': 'CHANNEL_HANGUP_COMPLETE',
        'Core-UUID': CORE,
        'Unique-ID': B_ANSWERED,
        'Event-Date-Timestamp': String(at),
      }),
    )
  const answer = (engine: Engine, core = CORE): void =>
    engine.records.legs.onEvent(
      eventOf(postOf(), (name) => /^(end_|hangup_cause|answer_u|start_u|progress_)/.test(name), {
        'Event-Name': 'CHANNEL_ANSWER',
        'Core-UUID': core,
        'Unique-ID': B_ANSWERED,
        'Event-Date-Timestamp': String(at),
        'Caller-Channel-Hangup-Time': '0',
      }),
    )
  /** In small steps: what is done again and again is armed anew when it is done. */
  const pass = async (engine: Engine, ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 1_000) {
      engine.clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  /** Time goes on for all while a test waits: what a busy database refused is tried again by the clock. */
  const becomes = <Value>(what: string, met: () => Value | false | Promise<Value | false>): Promise<Value> =>
    until(
      what,
      () => {
        for (const { clock } of running) clock.advance(100)
        return met()
      },
      20_000,
    )
  const rows = (): Promise<readonly StoredCdr[]> => getCall(database(), A)
  const stored = (seconds?: number): Promise<StoredCdr> =>
    becomes('it is stored', async () => {
      const [row] = await rows()
      return row !== undefined && (seconds === undefined || row.billableSeconds === seconds) && row
    })

  test('nothing came: it is written from the event after the wait, and the late post takes its place and is told once', async () => {
    const engine = await start()
    hangUp(engine)
    await pass(engine, WAIT_MS - 10_000)
    assert.equal(engine.records.state().due, 1)
    assert.deepEqual(await rows(), [])
    await pass(engine, 20_000)
    const estimated = await stored()
    assert.equal(estimated.estimate, 'from-event')
    assert.ok(estimated.estimated)
    assert.equal(estimated.correctedAt, undefined)
    await becomes('it is counted', () => engine.records.state().estimated['from-event'] === 1)
    assert.equal(engine.records.state().due, 0)

    const longer = bytesOf(postOf(60))
    await engine.records.intake.accept(longer)
    await engine.records.intake.accept(longer)
    await engine.records.intake.accept(bytesOf(postOf(90)))
    const corrected = await stored(estimated.billableSeconds + 60)
    assert.equal(corrected.estimate, undefined)
    assert.equal(corrected.estimated, false)
    assert.ok(corrected.correctedAt !== undefined)
    await becomes('it is told', () => engine.told.length === 1)
    const [event] = engine.told
    assert.equal(event?.type, 'cdr.corrected')
    assert.deepEqual(event.payload['changed'], ['durationSeconds', 'billableSeconds', 'cost'])
    assert.deepEqual(event.payload['leg'], { legUuid: B_ANSWERED })
    await becomes('it is counted', () => engine.records.state().corrected === 1)
    const seen = await becomes('it is seen live', () => {
      const events = engine.live.filter(({ kind }) => kind === 'cdr-corrected')
      return events.length === 1 && events
    })
    assert.equal(seen[0]?.call.callId, A)
    assert.equal(seen[0].detail?.['changed'], 'durationSeconds,billableSeconds,cost')
    await becomes('the spool is empty', () => engine.records.intake.state().pending === 0)
    assert.equal((await rows()).length, 1)
    assert.equal(engine.told.length, 1)
  })

  test('the same record late: it is the switch’s own now, and nothing but that has changed', async () => {
    const engine = await start()
    hangUp(engine)
    await pass(engine, WAIT_MS + 10_000)
    await stored()
    await engine.records.intake.accept(bytesOf(postOf()))
    await becomes('it is told', () => engine.told.length === 1)
    assert.deepEqual(engine.told[0]?.payload['changed'], [])
  })

  test('the post came first: nothing is due, whatever the event says', async () => {
    const engine = await start()
    await engine.records.intake.accept(bytesOf(postOf()))
    hangUp(engine)
    assert.equal(engine.records.state().due, 0)
    await pass(engine, 2 * WAIT_MS)
    await becomes('the spool is empty', () => engine.records.intake.state().pending === 0)
    assert.equal((await stored()).estimate, undefined)
    assert.deepEqual(engine.told, [])
  })

  test('the file is there and cannot be read yet: it is waited for', async () => {
    const engine = await start()
    hangUp(engine)
    const path = join(left, `${B_ANSWERED}.cdr.json`)
    writeFileSync(path, bytesOf(postOf()).subarray(0, 100))
    await pass(engine, WAIT_MS + 1_000)
    writeFileSync(path, bytesOf(postOf()))
    await pass(engine, 60_000)
    assert.equal((await stored()).estimate, undefined)
  })

  test('what was due is due with the next engine, which waits anew; the estimate is written once', async () => {
    const first = await start()
    hangUp(first)
    await pass(first, WAIT_MS - 10_000)
    await end(first)
    const second = await start()
    assert.equal(second.records.state().due, 1)
    await pass(second, WAIT_MS - 10_000)
    assert.deepEqual(await rows(), [])
    await pass(second, 20_000)
    assert.equal((await stored()).estimate, 'from-event')
    await end(second)
    const third = await start()
    assert.equal(third.records.state().due, 0)
  })

  test('another engine has stored it: no estimate is written', async () => {
    const engine = await start()
    hangUp(engine)
    await insertCdrs(database(), [cdrOf({ legUuid: B_ANSWERED, callId: A })])
    await pass(engine, WAIT_MS + 10_000)
    await becomes('it is no longer due', () => engine.records.state().due === 0)
    assert.equal(engine.records.intake.state().pending, 0)
    assert.equal(engine.records.state().estimated['from-event'], 0)
  })

  test('a switch that died: its legs are closed by the picture of an engine that was killed too', async () => {
    const first = await start()
    answer(first)
    first.records.legs.onEvent(
      eventOf(sample('b-leg-answered'), undefined, {
        'Event-Name': 'HEARTBEAT',
        'Core-UUID': CORE,
        'Event-Date-Timestamp': String(at + 40_000_000),
      }),
    )
    await pass(first, 1_500)
    await end(first)
    const second = await start()
    assert.equal(second.records.state().live, 1)
    second.records.legs.comparing().compared(NEXT_CORE, new Set())
    await pass(second, WAIT_MS + 10_000)
    const row = await stored()
    assert.equal(row.estimate, 'switch-lost')
    assert.equal(row.hangupCause, 'NORMAL_TEMPORARY_FAILURE')
    assert.ok(row.billableSeconds >= 40 && row.billableSeconds <= 42, String(row.billableSeconds))
    assert.ok((row.cost ?? 0) > 0)
    // Recovered by the switch: it lives again, and its own record takes the estimate's place.
    answer(second, NEXT_CORE)
    assert.equal(second.records.state().live, 1)
    await second.records.intake.accept(bytesOf(postOf(300)))
    const own = await stored(303)
    assert.ok(own.correctedAt !== undefined)
    await becomes('it is told', () => second.told.length === 1)
    assert.equal(second.records.state().live, 0)
  })

  test('a gap in which a leg ended: its post is waited for, and nothing is estimated when it comes', async () => {
    const engine = await start()
    answer(engine)
    engine.records.legs.comparing().compared(CORE, new Set())
    assert.equal(engine.records.state().due, 1)
    await engine.records.intake.accept(bytesOf(postOf()))
    assert.equal(engine.records.state().due, 0)
    await pass(engine, 2 * WAIT_MS)
    assert.equal((await stored()).estimate, undefined)
  })

  test('killed between the commit and the telling: the next engine tells it, and only it', async () => {
    const real = cdrOf({ organizationId: 7 })
    await insertCdrs(database(), [{ ...real, estimate: 'from-event', billableSeconds: 1 }], [noteCorrections])
    await insertCdrs(database(), [real], [noteCorrections])
    await insertCdrs(database(), [real], [noteCorrections])
    assert.equal((await readUntold(database(), 10)).length, 1)
    const engine = await start()
    await pass(engine, 30_000)
    await becomes('it is told', () => engine.told.length === 1)
    await becomes('it is marked', async () => (await readUntold(database(), 10)).length === 0)
    await end(engine)
    const next = await start()
    await pass(next, 30_000)
    await becomes('it was looked for', async () => (await readUntold(database(), 10)).length === 0)
    assert.deepEqual(next.told, [])
  })

  test('a correction that cannot be kept is told later', async () => {
    const engine = await start()
    hangUp(engine)
    await pass(engine, WAIT_MS + 10_000)
    await stored()
    engine.told.push = () => {
      delete (engine.told as { push?: unknown }).push
      throw new Error('the disk is full')
    }
    await engine.records.intake.accept(bytesOf(postOf(60)))
    await becomes('it was tried', () => !Object.hasOwn(engine.told, 'push'))
    assert.equal((await readUntold(database(), 10)).length, 1)
    await becomes('it is told', async () => {
      await pass(engine, 30_000)
      return engine.told.length === 1
    })
  })
})
