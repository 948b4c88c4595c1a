import assert from 'node:assert/strict'
import fc from 'fast-check'
import { silentLogger } from '../../src/base/logger.ts'
import type { CallInput, SeenLeg } from '../../src/call/call-step.ts'
import type { LegInput } from '../../src/call/leg-state.ts'
import type { LiveEvent } from '../../src/call/live-call.ts'
import { createBoard, type Board } from '../../src/engine/board.ts'
import { parseMoney } from '../../src/telephony/money.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'
import { uuid } from '../support/snapshot.ts'

const seen = (leg: number, given: Partial<SeenLeg> = {}): CallInput => ({
  kind: 'leg-seen',
  leg: {
    legUuid: uuid(leg),
    leg: 'A',
    party: '',
    attempt: undefined,
    gateway: undefined,
    gatewayId: undefined,
    carrier: undefined,
    direction: 'inbound',
    from: '',
    to: '',
    simulated: false,
    ...given,
  },
})
const moved = (leg: number, input: LegInput): CallInput => ({ kind: 'leg', legUuid: uuid(leg), input })

const setUp = (): { readonly board: Board; readonly clock: ManualClock } => {
  const clock = createManualClock()
  return { board: createBoard({ clock, logger: silentLogger }), clock }
}

const watched = (board: Board, after?: number): LiveEvent[] => {
  const events: LiveEvent[] = []
  board.watch(after, (event) => events.push(event))
  return events
}

suite('engine: the board', () => {
  test('inputs of a call are handled in the order in which they were posted', async () => {
    const { board } = setUp()
    const events = watched(board)
    for (const input of [seen(1), moved(1, 'progress'), moved(1, 'answer'), moved(1, 'hangup')]) {
      board.post(uuid(1), input)
    }
    assert.equal(board.call(uuid(1)), undefined)
    await board.idle()
    assert.deepEqual(
      events.map(({ kind }) => kind),
      ['leg-started', 'ringing', 'answered', 'leg-ended', 'call-ended'],
    )
    assert.equal(board.call(uuid(1))?.state, 'ended')
  })

  test('what comes for a call nobody knows of opens nothing', async () => {
    const { board } = setUp()
    board.post(uuid(1), moved(1, 'hangup'))
    board.post(uuid(1), { kind: 'bridged' })
    await board.idle()
    assert.deepEqual(board.calls(), [])
  })

  test('ids rise, and a watcher that comes back hears what it missed, once', async () => {
    const { board } = setUp()
    const all = watched(board)
    board.post(uuid(1), seen(1))
    board.post(uuid(1), moved(1, 'progress'))
    await board.idle()
    const last = all[0]?.id
    assert.ok(last !== undefined)
    const back = watched(board, last)
    const fresh = watched(board)
    board.post(uuid(1), moved(1, 'answer'))
    await board.idle()
    assert.deepEqual(
      back.map(({ kind }) => kind),
      ['ringing', 'answered'],
    )
    assert.deepEqual(
      fresh.map(({ kind }) => kind),
      ['answered'],
    )
    assert.deepEqual(
      all.map(({ id }) => id),
      [last, last + 1, last + 2],
    )
  })

  test('an engine that starts later gives higher ids, so no last id of before hides what is new', async () => {
    const before = setUp()
    const early = watched(before.board)
    for (let n = 1; n <= 100; n++) before.board.post(uuid(n), seen(n))
    await before.board.idle()
    const clock = createManualClock(before.clock.now() + 1_000)
    const later = createBoard({ clock, logger: silentLogger })
    later.post(uuid(1), seen(1))
    await later.idle()
    assert.equal(watched(later, early.at(-1)?.id).length, 1)
  })

  test('only the last 2,000 events are kept', async () => {
    const { board } = setUp()
    for (let n = 1; n <= 2_100; n++) board.post(uuid(n), seen(n))
    await board.idle()
    const events = watched(board, 0)
    assert.equal(events.length, 2_000)
    assert.equal(events[0]?.leg?.legUuid, uuid(101))
  })

  test('a watcher that throws spares the others, and one that left hears nothing', async () => {
    const { board } = setUp()
    board.watch(undefined, () => {
      throw new Error('broken watcher')
    })
    const gone: LiveEvent[] = []
    const leave = board.watch(undefined, (event) => gone.push(event))
    const events = watched(board)
    leave()
    board.post(uuid(1), seen(1))
    await board.idle()
    assert.equal(events.length, 1)
    assert.equal(gone.length, 0)
  })

  test('an ended call stays readable for a minute', async () => {
    const { board, clock } = setUp()
    board.post(uuid(1), seen(1))
    board.post(uuid(1), moved(1, 'hangup'))
    await board.idle()
    clock.advance(59_999)
    assert.equal(board.call(uuid(1))?.state, 'ended')
    clock.advance(1)
    assert.equal(board.call(uuid(1)), undefined)
  })

  test('a leg that came after the end is waited for, and its channel is given back', async () => {
    const { board, clock } = setUp()
    board.post(uuid(1), seen(1))
    board.post(uuid(1), moved(1, 'hangup'))
    board.post(uuid(1), seen(2, { leg: 'B', gatewayId: 5 }))
    await board.idle()
    clock.advance(120_000)
    assert.equal(board.channelsInUse(5), 1)
    board.post(uuid(1), moved(2, 'hangup'))
    await board.idle()
    assert.equal(board.channelsInUse(5), 0)
    clock.advance(120_000)
    assert.deepEqual(board.calls(), [])
  })

  test('when the last record of an ended call is stored, its cost is told, whichever comes first', async () => {
    for (const recordFirst of [false, true]) {
      const { board } = setUp()
      const events = watched(board)
      const record = (leg: number, amount: string | undefined): void =>
        board.recorded({
          callId: uuid(1),
          legUuid: uuid(leg),
          cost: amount === undefined ? undefined : { amount: parseMoney(amount), currency: 'EUR' },
        })
      board.post(uuid(1), seen(1))
      board.post(uuid(1), seen(2, { leg: 'B' }))
      await board.idle()
      if (recordFirst) record(2, '0.0125')
      board.post(uuid(1), moved(1, 'hangup'))
      board.post(uuid(1), moved(2, 'hangup'))
      await board.idle()
      if (!recordFirst) record(2, '0.0125')
      assert.equal(events.filter(({ kind }) => kind === 'cdr').length, 0)
      record(1, undefined)
      const told = events.filter(({ kind }) => kind === 'cdr')
      assert.deepEqual(
        told.map(({ cost }) => cost),
        [{ amount: '0.0125', currency: 'EUR' }],
      )
    }
  })

  test('a record of a call nobody knows of is nothing to tell', () => {
    const { board } = setUp()
    const events = watched(board)
    board.recorded({ callId: uuid(1), legUuid: uuid(1), cost: undefined })
    assert.deepEqual(events, [])
  })

  test('after a gap the legs that the switch no longer has are gone, the others and the new ones live', async () => {
    const { board } = setUp()
    board.post(uuid(1), seen(1))
    board.post(uuid(2), seen(2))
    board.post(uuid(3), seen(3))
    await board.idle()
    board.retain(new Set([uuid(1), uuid(2)]), new Set([uuid(1)]))
    await board.idle()
    assert.deepEqual(
      board.calls().map(({ state }) => state),
      ['initiated', 'ended', 'initiated'],
    )
    assert.equal(board.call(uuid(2))?.hangupCause, 'NORMAL_UNSPECIFIED')
  })

  test('a planned call whose channel came and went unseen is forgotten', async () => {
    const { board } = setUp()
    const carried = {
      callId: uuid(1),
      organizationId: 1,
      direction: 'outbound' as const,
      userId: 11,
      dialled: '1',
      destination: undefined,
      callerNumber: undefined,
      lcrProfileId: undefined,
      attempts: [],
      devices: [],
    }
    for (const n of [1, 2, 3]) board.post(uuid(n), { kind: 'planned', carried })
    await board.idle()
    board.retain(new Set([uuid(1), uuid(2)]), new Set([uuid(2)]))
    assert.deepEqual(
      board.calls().map(({ callId }) => callId),
      [uuid(2), uuid(3)],
    )
  })

  test('channels in use equal the legs that live, are never negative and zero at the end', async () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          call: fc.nat(3),
          leg: fc.nat(3),
          what: fc.constantFrom('seen', 'progress', 'answer', 'hold', 'hangup', 'bridged'),
        }),
      },
      { weight: 1, arbitrary: fc.constantFrom('minute' as const, 'gap' as const) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { board, clock } = setUp()
        const gatewayOf = (leg: number): number => (leg % 2) + 1
        const legUuid = (call: number, leg: number): number => call * 10 + leg + 1
        const inputOf = (call: number, leg: number, what: string): CallInput => {
          const n = legUuid(call, leg)
          if (what === 'bridged') return { kind: 'bridged' }
          if (what === 'seen') return seen(n, { leg: leg === 0 ? 'A' : 'B', gatewayId: gatewayOf(leg) })
          return moved(n, what === 'progress' || what === 'answer' || what === 'hold' ? what : 'hangup')
        }
        const check = (): void => {
          for (const id of [1, 2]) {
            const legs = board.calls().flatMap((call) => call.legs)
            const live = legs.filter(({ state, gatewayId }) => state !== 'gone' && gatewayId === id)
            assert.equal(board.channelsInUse(id), live.length)
          }
        }
        for (const each of steps) {
          if (each === 'minute') clock.advance(60_000)
          else if (each === 'gap') {
            const known = new Set(board.calls().flatMap(({ legs }) => legs.map((leg) => leg.legUuid)))
            board.retain(known, new Set([...known].filter((_, index) => index % 2 === 0)))
          } else board.post(uuid(legUuid(each.call, 0)), inputOf(each.call, each.leg, each.what))
          await board.idle()
          check()
        }
        for (const { legs } of board.calls())
          for (const leg of legs) {
            const call = board.calls().find((one) => one.legs.includes(leg))
            if (call !== undefined)
              board.post(call.callId, { kind: 'leg', legUuid: leg.legUuid, input: 'hangup' })
          }
        await board.idle()
        assert.deepEqual([board.channelsInUse(1), board.channelsInUse(2)], [0, 0])
        clock.advance(200_000)
        assert.deepEqual(board.calls(), [])
      }),
      { numRuns: 300 },
    )
  })
})
