/** What a hunt decides, as carriers and callers see it on the wire. */
import assert from 'node:assert/strict'
import { addBlockedPrefix, removeBlockedPrefix } from '../../src/store/blocked-prefix-writes.ts'
import { addRates } from '../../src/store/rate-deck-writes.ts'
import { ANSWERS, HANGS_UP, refuses } from '../scenario/parties.ts'
import type { Party } from '../scenario/scenario.ts'
import { live } from './live.ts'
import { until } from './net.ts'
import { finalStatuses, type SipMessage } from './sipp.ts'
import {
  addTrunk,
  explain,
  layOut,
  mostInASecond,
  placeCalls,
  putBack,
  startCalls,
  type GivenTrunk,
  type Layout,
  type Trunk,
} from './trunks.ts'

live('routing on the wire', (stage) => {
  let trunks: readonly Trunk[] = []
  const lay = async (
    given: readonly GivenTrunk[],
    profile: Layout['profile'],
    route: (index: number) => Omit<Layout['routes'][number], 'over'> = () => ({}),
  ): Promise<void> => {
    const made: Trunk[] = []
    for (const each of given) made.push(await addTrunk(stage(), each))
    trunks = made
    await layOut(stage(), {
      profile,
      routes: made.map((over, index) => ({ over, priority: index + 1, ...route(index) })),
    })
  }
  const play = async (...parties: readonly Party[]): Promise<void> => {
    for (const [index, party] of parties.entries()) await trunks[index]?.plays(party)
  }
  const came = (): readonly number[] => trunks.map((trunk) => trunk.invites().length)
  teardown(async () => {
    await putBack(stage(), trunks)
    trunks = []
  })

  test('number-forms: each gateway sees the number as it wants it, and nothing of another', async () => {
    await lay(
      [
        { gateway: { numberForm: { format: 'digits', strip: 2, prefix: '0044', techPrefix: '77#' } } },
        { gateway: { numberForm: { format: 'national', country: 'GB' } } },
        { gateway: { numberForm: { format: 'digits' } } },
        { gateway: { numberForm: { format: 'digits', pattern: '^44(20)', replacement: '9$10' } } },
        {},
      ],
      { strategy: 'PRIORITY' },
    )
    await play(refuses(503), refuses(503), refuses(503), refuses(503), HANGS_UP)
    const { statuses } = await placeCalls(stage(), { to: '+442079460150' })
    assert.deepEqual(statuses, [200])
    const invites = trunks.map((trunk) => trunk.invites())
    assert.deepEqual(
      invites.map(([invite]) => /^INVITE sip:([^@]*)@/.exec(invite?.firstLine ?? '')?.[1]),
      ['77%2300442079460150', '02079460150', '442079460150', '920079460150', '+442079460150'],
    )
    const uris = invites.map(([invite]) => [invite?.firstLine, invite?.header('To')].join())
    uris.forEach((uri, index) => {
      if (index !== 0) assert.doesNotMatch(uri, /77%23|77#/)
    })
  })

  test('weighted: of eight calls three to one have six and two, exactly', async () => {
    await lay([{}, {}], { strategy: 'WEIGHTED' }, (index) => ({ priority: 1, weight: index === 0 ? 3 : 1 }))
    await play(HANGS_UP, HANGS_UP)
    const { statuses } = await placeCalls(stage(), { calls: 8, callsPerSecond: 40 })
    assert.deepEqual(new Set(statuses), new Set([200]))
    assert.deepEqual(came(), [6, 2])
  })

  for (const [rendering, next] of [
    ['dialplan', []],
    ['conversation', [403]],
  ] as const) {
    test(`calls-per-second-${rendering}: what a gateway has no room for this second goes on, and nobody is hung up`, async () => {
      const failover = { believes: 'status', next: [...next], stop: [] } as const
      await lay([{ gateway: { maxCallsPerSecond: 5, failover } }, {}], { strategy: 'PRIORITY' })
      await play(HANGS_UP, HANGS_UP)
      const { statuses } = await placeCalls(stage(), { calls: 20, callsPerSecond: 200 })
      assert.deepEqual(statuses, Array(20).fill(200))
      assert.equal(
        came().reduce((sum, each) => sum + each, 0),
        20,
      )
      const most = mostInASecond(trunks[0]?.invites() ?? [])
      assert.equal(most, 5, `${came().join()} calls, at most ${most} in a second`)
    })
  }

  test('calls-per-second-after-a-failure: the switch keeps to it where many calls go on at once', async () => {
    await lay([{ carrier: { failover: { enabled: false } } }, { gateway: { maxCallsPerSecond: 5 } }, {}], {
      strategy: 'PRIORITY',
    })
    await play(refuses(503), HANGS_UP, HANGS_UP)
    const { statuses } = await placeCalls(stage(), { calls: 20, callsPerSecond: 200 })
    assert.deepEqual(statuses, Array(20).fill(200))
    assert.deepEqual(came(), [20, 5, 15])
  })

  test('carrier-full: calls at once take no more than the carrier has, over all of its gateways', async () => {
    const first = await addTrunk(stage(), { carrier: { maxChannels: 3 } })
    const second = await addTrunk(stage(), { sharing: first })
    const other = await addTrunk(stage())
    trunks = [first, second, other]
    await layOut(stage(), {
      profile: { strategy: 'PRIORITY' },
      routes: [
        { over: first, priority: 1 },
        { over: second, priority: 2 },
        { over: other, priority: 3 },
      ],
    })
    await play(LASTS, LASTS, LASTS)
    for (const round of [1, 2]) {
      const { statuses } = await placeCalls(stage(), { calls: 10, callsPerSecond: 200 })
      assert.deepEqual(statuses, Array(10).fill(200))
      const [overFirst = 0, overSecond = 0, overOther] = came()
      assert.deepEqual([overFirst + overSecond, overOther], [3 * round, 7 * round])
      const channels = async (): Promise<number> => (await stage().recorder.channels()).length
      await until('the calls are over', async () => (await channels()) === 0)
    }
  })

  test('refused: what the caller gets where nobody may carry his call', async () => {
    const { database, house } = stage()
    await addRates(database, {
      organizationId: house.organizationId,
      name: 'Sold for less',
      currency: 'GBP',
      rates: [{ ...BY_THE_MINUTE, prefix: '4930', pricePerMinute: '0.02' }],
    })
    const blocked = await addBlockedPrefix(database, {
      organizationId: house.organizationId,
      prefix: '44871',
    })
    try {
      await lay(
        [
          {
            carrier: { failover: { threshold: 1 } },
            prices: { '44': '0.01', '33': '0.5', '49': '0.05' },
          },
        ],
        { strategy: 'PRIORITY', maxPricePerMinute: '0.1', protectsMargin: true },
      )
      await play(refuses(503))
      await until(
        'what is sold is known',
        async () => (await explain(stage(), '+493012345678')).refusal === 'WOULD_LOSE_MONEY',
      )
      const refusals = [
        ['blocked', '+448712000000', 403, 'BLOCKED'],
        ['above the profile’s price', '+33142685300', 503, 'WOULD_LOSE_MONEY'],
        ['would lose money', '+493012345678', 503, 'WOULD_LOSE_MONEY'],
        ['no prefix', '+34911234567', 404, 'NO_PREFIX'],
      ] as const
      for (const [what, to, status, refusal] of refusals) {
        assert.deepEqual((await placeCalls(stage(), { to })).statuses, [status], what)
        assert.equal((await explain(stage(), to)).refusal, refusal, what)
      }
      assert.deepEqual(came(), [0])
      assert.deepEqual((await placeCalls(stage())).statuses, [503])
      assert.deepEqual(came(), [1])
      // The caller may have his answer before the engine hears of the leg's end.
      await until('the engine knows', async () => (await explain(stage())).refusal === 'ALL_DOWN', 2_000)
      assert.deepEqual((await placeCalls(stage())).statuses, [503], 'all down')
      assert.deepEqual(came(), [1])
    } finally {
      await removeBlockedPrefix(database, blocked)
    }
  })

  // The switch counts whole seconds of its clock (switch_scheduler.c): up to one less, and what it takes to run.
  test('route-duration: a call ends when its own route says so, and not when the route before it says', async () => {
    await lay([{}, {}], { strategy: 'PRIORITY' }, (index) => ({
      maxCallDurationSeconds: index === 0 ? 2 : 5,
    }))
    await play(refuses(503), ANSWERS)
    const caller = await startCalls(stage())
    assert.equal(await caller.done, 0)
    assert.deepEqual(came(), [1, 1])
    const talked = talkMs(caller.messages())
    assert.ok(talked >= 3_900 && talked < 7_500, `${talked} ms`)
    await play(ANSWERS)
    const shorter = await startCalls(stage())
    assert.equal(await shorter.done, 0)
    assert.deepEqual(came(), [2, 1])
    const ended = talkMs(shorter.messages())
    assert.ok(ended >= 900 && ended < 3_500, `${ended} ms`)
  })
})

live('equal routes by turns', (stage) => {
  let trunks: readonly Trunk[] = []
  suiteSetup(async function () {
    this.timeout(60_000)
    const { engine } = stage()
    await engine.stop()
    await engine.start({ FAILOVER_STRATEGY: 'round_robin' })
    trunks = [await addTrunk(stage()), await addTrunk(stage()), await addTrunk(stage())]
    await layOut(stage(), {
      profile: { strategy: 'LOWEST_COST' },
      routes: trunks.map((over) => ({ over, priority: 1 })),
    })
  })
  suiteTeardown(async function () {
    this.timeout(60_000)
    const { engine } = stage()
    await putBack(stage(), trunks)
    await engine.stop()
    await engine.start()
  })

  test('round-robin: each call takes the next, and all have the same', async () => {
    for (const trunk of trunks) await trunk.plays(HANGS_UP)
    const { statuses } = await placeCalls(stage(), { calls: 9, callsPerSecond: 4 })
    assert.deepEqual(new Set(statuses), new Set([200]))
    const order = trunks
      .flatMap((trunk, index) => trunk.invites().map(({ at }) => ({ at, index })))
      .sort((a, b) => a.at - b.at)
      .map(({ index }) => index)
    assert.deepEqual(order, [...order.slice(0, 3), ...order.slice(0, 3), ...order.slice(0, 3)])
    assert.deepEqual([...order.slice(0, 3)].sort(), [0, 1, 2])
  })
})

/** Longer than a burst of calls. */
const LASTS: Party = { ringAfterMs: 50, outcome: { kind: 'answer', afterMs: 300, hangupAfterMs: 2_500 } }

const BY_THE_MINUTE = {
  firstIncrementSeconds: 60,
  nextIncrementSeconds: 60,
  effectiveFrom: Date.UTC(2020, 0, 1),
}

/** From the answer to the BYE that the caller got. */
const talkMs = (messages: readonly SipMessage[]): number => {
  const answer = finalStatuses(messages).at(-1)
  const bye = messages.find(({ received, method }) => received && method === 'BYE')
  assert.equal(answer?.status, 200)
  assert.ok(bye, 'the call was ended')
  return bye.at - answer.at
}
