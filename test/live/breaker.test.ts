/** A gateway that fails, or does not answer its pings, is left alone and comes back; calls meanwhile lose no time. */
import assert from 'node:assert/strict'
import { ANSWERS, HANGS_UP, refuses, SILENT } from '../scenario/parties.ts'
import type { Party } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses } from './sipp.ts'
import { addTrunk, explain, layOut, placeCalls, putBack, startCalls, type Trunk } from './trunks.ts'

/** Seconds; a trial that fails doubles it. Longer than the call lasts whose failure opens it. */
const RECOVERY_SECONDS = 3
const GOOD_CALLS = 2
/** 100 at once, the failure so much later: every other call comes while it is out. */
const SLOWLY: Party = { outcome: { kind: 'refuse', status: 503, afterMs: 1_500 } }

live('the breaker of a gateway', (stage) => {
  let first: Trunk
  let second: Trunk
  suiteSetup(async function () {
    this.timeout(60_000)
    const { engine } = stage()
    await engine.stop()
    await engine.start({
      FAILOVER_RECOVERY_INTERVAL: String(RECOVERY_SECONDS),
      FAILOVER_RECOVERY_THRESHOLD: String(GOOD_CALLS),
    })
    first = await addTrunk(stage())
    second = await addTrunk(stage())
    await layOut(stage(), {
      profile: { strategy: 'PRIORITY' },
      routes: [
        { over: first, priority: 1 },
        { over: second, priority: 2 },
      ],
    })
  })
  suiteTeardown(async function () {
    this.timeout(60_000)
    const { engine } = stage()
    await putBack(stage(), [first, second])
    await engine.stop()
    await engine.start()
  })

  /** So many INVITEs came to each of the two. */
  const came = (): readonly number[] => [first, second].map((trunk) => trunk.invites().length)
  const mayBeTried = (): Promise<unknown> =>
    until(
      'it may be tried',
      async () => (await explain(stage())).reasonOf(first) === undefined,
      3 * RECOVERY_SECONDS * 1_000,
    )

  test('breaker-opens: after three 503 in a row no INVITE reaches the gateway', async () => {
    await first.plays(refuses(503))
    await second.plays(HANGS_UP)
    for (const calls of [1, 2, 3]) {
      assert.deepEqual((await placeCalls(stage())).statuses, [200])
      assert.deepEqual(came(), [calls, calls])
    }
    assert.deepEqual((await placeCalls(stage())).statuses, [200])
    assert.deepEqual(came(), [3, 4])
    assert.equal((await explain(stage())).reasonOf(first), 'COOLING_OFF')
  })

  test('breaker-trial-fails: of calls at once exactly one tries it, nobody is lost, and it stays open', async () => {
    await first.plays(SLOWLY)
    await second.plays(HANGS_UP)
    await mayBeTried()
    const { statuses } = await placeCalls(stage(), { calls: 5, callsPerSecond: 50 })
    assert.deepEqual(statuses, [200, 200, 200, 200, 200])
    assert.deepEqual(came(), [1, 5])
    assert.equal((await explain(stage())).reasonOf(first), 'COOLING_OFF')
    assert.deepEqual((await placeCalls(stage())).statuses, [200])
    assert.deepEqual(came(), [1, 6])
  })

  test('breaker-closes: when it works again so many good calls, one at a time, and then all', async () => {
    await first.plays(HANGS_UP)
    await second.plays(HANGS_UP)
    await mayBeTried()
    assert.deepEqual(
      (await placeCalls(stage(), { calls: 4, callsPerSecond: 50 })).statuses,
      [200, 200, 200, 200],
    )
    assert.deepEqual(came(), [1, 3])
    for (let good = 1; good < GOOD_CALLS; good += 1) await placeCalls(stage())
    assert.deepEqual(came(), [GOOD_CALLS, 3])
    assert.deepEqual(
      (await placeCalls(stage(), { calls: 4, callsPerSecond: 50 })).statuses,
      [200, 200, 200, 200],
    )
    assert.deepEqual(came(), [GOOD_CALLS + 4, 3])
  })

  test('breaker-busy: a callee who is busy, declines or does not exist never opens it', async () => {
    await second.plays(ANSWERS)
    for (const status of [486, 603, 404]) {
      await first.plays(refuses(status))
      const before = first.invites().length
      const { statuses } = await placeCalls(stage(), { calls: 4, callsPerSecond: 5 })
      assert.equal(first.invites().length - before, 4, `${status}: ${statuses.join()}`)
      if (status !== 404) assert.deepEqual(statuses, [status, status, status, status])
    }
    assert.equal((await explain(stage())).reasonOf(first), undefined)
  })
})

/** What the switch needs to see that nobody answers: 32 s for an OPTIONS, and the time to the next one. */
const UNSEEN_MS = 32_000 + 15_000

live('the pings of a gateway', (stage) => {
  let pinged: Trunk
  let other: Trunk
  suiteSetup(async function () {
    this.timeout(30_000)
    pinged = await addTrunk(stage(), { gateway: { pingSeconds: 5 } })
    other = await addTrunk(stage())
    await layOut(stage(), {
      profile: { strategy: 'PRIORITY' },
      routes: [
        { over: pinged, priority: 1 },
        { over: other, priority: 2 },
      ],
    })
  })
  suiteTeardown(async () => {
    await putBack(stage(), [pinged, other])
  })

  const told = (status: 'UP' | 'DOWN'): Promise<unknown> =>
    until(
      `the switch says ${status}`,
      () =>
        stage()
          .recorder.events()
          .some(
            (event) =>
              event.get('Gateway') === `gw${pinged.gatewayId}` && event.get('Ping-Status') === status,
          ),
      UNSEEN_MS,
    )
  const came = (): readonly number[] => [pinged, other].map((trunk) => trunk.invites().length)
  /** Milliseconds from the INVITE to the answer. */
  const call = async (): Promise<number> => {
    const caller = await startCalls(stage())
    await caller.done
    const messages = caller.messages()
    const final = finalStatuses(messages).at(-1)
    assert.equal(final?.status, 200)
    return final.at - (messages[0]?.at ?? 0)
  }

  test('gateway-pings-unanswered: out of the hunt without delay, for a new engine too, and back when it answers', async function () {
    this.timeout(UNSEEN_MS + 60_000)
    const { engine } = stage()
    await pinged.plays(HANGS_UP, 'answered')
    await other.plays(HANGS_UP)
    await until('it is asked', () => pinged.heardOptions() > 0, 20_000)
    await call()
    assert.deepEqual(came(), [1, 0])

    await pinged.plays(SILENT, 'unanswered')
    await told('DOWN')
    await until(
      'the engine knows',
      async () => (await explain(stage())).reasonOf(pinged) === 'GATEWAY_DOWN',
      2_000,
    )
    // 0.3 s until the other answers; a silent carrier would take six seconds more.
    assert.ok((await call()) < 3_000, 'the next carrier without delay')
    assert.deepEqual(came(), [1, 1])

    await engine.kill()
    await engine.start()
    assert.equal((await explain(stage())).reasonOf(pinged), 'GATEWAY_DOWN')
    assert.ok((await call()) < 3_000, 'the next carrier without delay')
    assert.deepEqual(came(), [1, 2])

    await pinged.plays(HANGS_UP, 'answered')
    await told('UP')
    await until(
      'the engine knows',
      async () => (await explain(stage())).reasonOf(pinged) === undefined,
      2_000,
    )
    await call()
    assert.deepEqual(came(), [2, 2])
  })
})
