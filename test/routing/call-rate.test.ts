import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createCallRates } from '../../src/routing/call-rate.ts'

const START = 1_800_000_000_000

suite('routing: calls per second', () => {
  test('the third of two a second waits until a second after the first', () => {
    const rates = createCallRates()
    rates.take(1, 2, START)
    assert.equal(rates.busyUntil(1, 2, START + 300), undefined)
    rates.take(1, 2, START + 300)
    assert.equal(rates.busyUntil(1, 2, START + 400), START + 1_000)
    assert.equal(rates.busyUntil(1, 2, START + 999), START + 1_000)
    assert.equal(rates.busyUntil(1, 2, START + 1_000), undefined)
    assert.equal(rates.inLastSecond(1, START + 999), 2)
    assert.equal(rates.inLastSecond(1, START + 1_000), 1)
  })

  test('ids do not know each other, and no limit is no limit', () => {
    const rates = createCallRates()
    rates.take(1, 1, START)
    assert.equal(rates.busyUntil(1, 1, START), START + 1_000)
    assert.equal(rates.busyUntil(2, 1, START), undefined)
    assert.equal(rates.busyUntil(1, undefined, START), undefined)
    rates.forget(1)
    assert.equal(rates.busyUntil(1, 1, START), undefined)
  })

  test('a limit of none lets nobody through', () => {
    assert.equal(createCallRates().busyUntil(1, 0, START), Infinity)
  })

  test('one that was begun over the limit is counted, and the next waits for it', () => {
    const rates = createCallRates()
    rates.take(1, 1, START)
    rates.take(1, 1, START + 500)
    assert.equal(rates.busyUntil(1, 1, START + 1_000), START + 1_500)
  })

  test('a limit that was changed counts with what was taken before', () => {
    const rates = createCallRates()
    for (const after of [0, 100, 200]) rates.take(1, 3, START + after)
    assert.equal(rates.busyUntil(1, 3, START + 250), START + 1_000)
    assert.equal(rates.busyUntil(1, 4, START + 250), undefined)
    assert.equal(rates.busyUntil(1, 2, START + 250), START + 1_100)
    assert.equal(rates.busyUntil(1, 1, START + 250), START + 1_200)
  })

  test('a clock that was set back an hour blocks nobody for an hour', () => {
    const rates = createCallRates()
    rates.take(1, 1, START)
    assert.equal(rates.busyUntil(1, 1, START - 3_600_000), undefined)
    assert.equal(rates.busyUntil(1, 1, START - 5), START + 1_000)
  })

  test('in no second are there more than the limit, and none is refused that would have fitted', () => {
    const waits = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 150 })
    fc.assert(
      fc.property(waits, fc.integer({ min: 1, max: 12 }), (gaps, limit) => {
        const rates = createCallRates()
        const taken: number[] = []
        let now = START
        for (const gap of gaps) {
          now += gap
          const inSecond = taken.filter((at) => at > now - 1_000)
          const free = rates.busyUntil(1, limit, now)
          assert.equal(free === undefined, inSecond.length < limit)
          if (free === undefined) {
            rates.take(1, limit, now)
            taken.push(now)
          } else {
            assert.ok(free > now)
            assert.ok(taken.filter((at) => at > free - 1_000).length < limit, 'free when it is said to be')
          }
        }
        for (const from of taken)
          assert.ok(taken.filter((at) => at >= from && at < from + 1_000).length <= limit)
      }),
    )
  })
})
