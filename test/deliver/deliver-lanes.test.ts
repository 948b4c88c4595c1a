/** The order, the patience and the pauses of deliveries, without a network. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createManualClock } from '../support/manual-clock.ts'
import {
  deliverTo,
  postSigned,
  type Attempt,
  type DeliveryStore,
  type DueDelivery,
} from '../../src/deliver/deliver-lanes.ts'
import type { PostOutcome } from '../../src/deliver/post.ts'
import { HOLD_BACK_MS } from '../../src/deliver/retry.ts'

type Row = DueDelivery & {
  state: string
  nextTryAt: number
  firstFailedAt: number | undefined
  attempts: number
}

const HOUR_MS = 3_600_000

/** An endpoint with its deliveries in memory; `answer` says what becomes of a request. */
const stand = (
  rows: readonly (readonly [callId: string | undefined, event: string])[],
  answer: (event: string, attempt: number) => number | undefined,
  { lasting = 0 } = {},
) => {
  const clock = createManualClock(1_000_000)
  const deliveries: Row[] = rows.map(([callId, event], at) => ({
    id: at + 1,
    eventId: event,
    callId,
    type: 'call.answered',
    sequence: at + 1,
    url: 'https://example.com/',
    body: event,
    attempts: 0,
    createdAt: clock.now(),
    firstFailedAt: undefined,
    isReplay: false,
    state: 'waiting',
    nextTryAt: clock.now(),
  }))
  let endpoint: { failures: number; pausedUntil: number | undefined } = {
    failures: 0,
    pausedUntil: undefined,
  }
  const sent: string[] = []
  let underWay = 0
  let mostUnderWay = 0
  const isHeld = (row: Row, now: number): boolean =>
    deliveries.some(
      (earlier) =>
        earlier.id < row.id &&
        earlier.callId === row.callId &&
        row.callId !== undefined &&
        earlier.state === 'waiting' &&
        earlier.nextTryAt > now &&
        (earlier.firstFailedAt === undefined || now - earlier.firstFailedAt < HOLD_BACK_MS),
    )
  const store: DeliveryStore = {
    endpoint: () => Promise.resolve({ id: 1, secrets: ['s'], ...endpoint }),
    due: (_, now, limit) =>
      Promise.resolve(
        deliveries
          .filter((row) => row.state === 'waiting' && row.nextTryAt <= now && !isHeld(row, now))
          .slice(0, limit)
          .map((row) => ({ ...row })),
      ),
    record: (_, attempts, next) => {
      endpoint = next
      for (const { delivery, became, nextTryAt, at } of attempts) {
        const row = deliveries.find(({ id }) => id === delivery.id)
        if (row === undefined) continue
        row.attempts += 1
        row.state = became
        row.nextTryAt = nextTryAt ?? row.nextTryAt
        if (became !== 'delivered') row.firstFailedAt ??= at
      }
      return Promise.resolve()
    },
    nextDueAt: (_, now) => {
      const waiting = deliveries.filter(({ state }) => state === 'waiting')
      const times = waiting.flatMap((row) => [
        row.nextTryAt,
        ...(row.firstFailedAt === undefined ? [] : [row.firstFailedAt + HOLD_BACK_MS]),
      ])
      const later = times.filter((time) => time > now)
      return Promise.resolve(later.length === 0 ? undefined : Math.min(...later))
    },
  }
  const attempts: Attempt[] = []
  const turn = (): Promise<number | undefined> =>
    deliverTo(1, {
      store,
      clock,
      giveUpMs: 72 * HOUR_MS,
      random: () => 0.5,
      signal: new AbortController().signal,
      onAttempt: (attempt) => attempts.push(attempt),
      send: postSigned({
        post: async (_, headers, body): Promise<PostOutcome> => {
          underWay += 1
          mostUnderWay = Math.max(mostUnderWay, underWay)
          await Promise.resolve()
          if (lasting > 0) clock.advance(lasting)
          underWay -= 1
          sent.push(body)
          const status = answer(body, Number(headers['strowger-attempt']))
          const ok = status !== undefined && status < 300
          return {
            status,
            fault: ok ? undefined : `it answered ${status ?? 'nothing'}`,
            retryAfterMs: 0,
            tookMs: 1,
          }
        },
        close: () => Promise.resolve(),
      }),
    })
  return {
    clock,
    deliveries,
    sent,
    attempts,
    turn,
    endpoint: () => endpoint,
    mostUnderWay: () => mostUnderWay,
    /** Turns at their times until nothing waits, or so long. */
    run: async (forMs: number): Promise<void> => {
      const end = clock.now() + forMs
      for (let next = await turn(); next !== undefined && next <= end; next = await turn())
        clock.advance(Math.max(1, next - clock.now()))
      clock.advance(Math.max(0, end - clock.now()))
    },
  }
}

suite('deliver: the order of deliveries', () => {
  test('a call in its order, calls side by side, eight at once', async () => {
    const rows = Array.from({ length: 20 }, (_, call) =>
      ['a', 'b', 'c'].map((event) => [`${call}`, `${call}${event}`] as const),
    ).flat()
    const place = stand(rows, () => 200)
    assert.equal(await place.turn(), undefined)
    assert.equal(place.sent.length, 60)
    for (let call = 0; call < 20; call += 1)
      assert.deepEqual(
        place.sent.filter((event) => event.slice(0, -1) === `${call}`),
        ['a', 'b', 'c'].map((event) => `${call}${event}`),
      )
    assert.equal(place.mostUnderWay(), 8)
  })

  test('behind one that fails its call waits, for ten minutes; others do not; then it is tried on', async () => {
    const place = stand(
      [
        ['x', 'x1'],
        ['x', 'x2'],
        ['y', 'y1'],
        ['x', 'x3'],
      ],
      (event) => (event === 'x1' ? 500 : 200),
    )
    await place.turn()
    assert.deepEqual(place.sent.sort(), ['x1', 'y1'])
    await place.run(HOLD_BACK_MS - 1_000)
    assert.ok(!place.sent.includes('x2'))
    await place.run(2_000)
    assert.deepEqual(
      place.sent.filter((event) => event !== 'x1' && event !== 'y1'),
      ['x2', 'x3'],
    )
    const tries = place.sent.filter((event) => event === 'x1').length
    await place.run(HOUR_MS)
    assert.ok(place.sent.filter((event) => event === 'x1').length > tries)
    assert.equal(place.endpoint().pausedUntil, undefined)
  })

  test('what nobody takes for three days is given up', async () => {
    const place = stand([['x', 'x1']], () => 503)
    await place.run(100 * HOUR_MS)
    assert.equal(place.deliveries[0]?.state, 'failed')
    const [first, last] = [place.attempts[0]?.at ?? 0, place.attempts.at(-1)?.at ?? 0]
    assert.ok(last - first > 70 * HOUR_MS && last - first <= 72 * HOUR_MS)
    assert.ok(place.attempts.length < 85, `${place.attempts.length} attempts`)
  })

  test('a dead endpoint is paused after eight tries, asked by three, and forgiven at the first success', async () => {
    let isUp = false
    const rows = Array.from({ length: 100 }, (_, call) => [`${call}`, `${call}`] as const)
    const place = stand(rows, () => (isUp ? 200 : undefined))
    const until = await place.turn()
    assert.equal(place.sent.length, 8)
    assert.ok(until !== undefined && until > place.clock.now() + 10_000)
    assert.equal(await place.turn(), until)
    assert.equal(place.sent.length, 8)
    place.clock.advance(until - place.clock.now())
    await place.turn()
    assert.equal(place.sent.length, 11)
    isUp = true
    await place.run(HOUR_MS)
    assert.ok(place.deliveries.every(({ state }) => state === 'delivered'))
    assert.deepEqual(place.endpoint(), { failures: 0, pausedUntil: undefined })
  })

  test('one event that is never taken does not pause its endpoint', async () => {
    const place = stand([['x', 'x1']], () => 500)
    await place.run(2 * HOUR_MS)
    assert.ok(place.attempts.length > 5)
    assert.equal(place.endpoint().pausedUntil, undefined)
  })

  test('a slow endpoint gives its turn to others', async () => {
    const rows = Array.from({ length: 100 }, (_, call) => [`${call}`, `${call}`] as const)
    const place = stand(rows, () => 200, { lasting: 1_000 })
    const next = await place.turn()
    assert.ok(next !== undefined && next <= place.clock.now())
    assert.ok(place.sent.length < 20, `${place.sent.length} in one turn`)
  })

  test('after 410 its call hears no more', async () => {
    const place = stand(
      [
        ['x', 'x1'],
        ['x', 'x2'],
      ],
      () => 410,
    )
    await place.turn()
    assert.deepEqual(
      place.attempts.slice(0, 1).map(({ became }) => became),
      ['gone'],
    )
    assert.equal(place.sent[0], 'x1')
  })

  test('whatever fails and however often: each event is taken once, a call never out of order within ten minutes', async () => {
    const script = fc.array(fc.tuple(fc.nat(3), fc.nat(4)), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(script, async (events) => {
        const failures = new Map(events.map(([, failing], at) => [`${at}`, failing]))
        const place = stand(
          events.map(([call], at) => [`${call}`, `${at}`] as const),
          (event, attempt) => (attempt <= (failures.get(event) ?? 0) ? 500 : 200),
        )
        await place.run(24 * HOUR_MS)
        assert.ok(place.deliveries.every(({ state }) => state === 'delivered'))
        const taken = place.attempts.filter(({ became }) => became === 'delivered')
        assert.equal(taken.length, events.length)
        // Four failures are over in less than ten minutes: nobody overtakes.
        for (const call of new Set(events.map(([one]) => `${one}`))) {
          const order = taken
            .filter(({ delivery }) => delivery.callId === call)
            .map(({ delivery }) => delivery.id)
          assert.deepEqual(
            order,
            [...order].sort((a, b) => a - b),
          )
        }
      }),
      { numRuns: 60 },
    )
  })
})
