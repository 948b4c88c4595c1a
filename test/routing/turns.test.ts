import assert from 'node:assert/strict'
import fc from 'fast-check'
import { createTurns, type Share, type Turns } from '../../src/routing/turns.ts'

const set = (...weights: readonly number[]): readonly Share[] =>
  weights.map((weight, index) => ({ id: index + 1, weight }))

/** Who was first, call by call. */
const play = (turns: Turns, shares: readonly Share[], calls: number): readonly number[] =>
  Array.from({ length: calls }, () => {
    const [first = 0] = turns.orderOf(shares)
    turns.take([shares])
    return first
  })

const countOf = (firsts: readonly number[], id: number): number => firsts.filter((each) => each === id).length

const WEIGHTS: readonly (readonly number[])[] = [
  [70, 20, 10],
  [1],
  [1, 1, 1],
  [5, 3],
  [7, 1, 1, 1],
  [75, 3, 1, 88, 1, 3, 1],
  [997, 2, 1],
  [1_000, 999, 998],
  [2, 3, 5, 7, 11, 13, 17, 19],
]

suite('routing: fair turns', () => {
  for (const weights of WEIGHTS) {
    test(`weights ${weights.join(', ')}: exact over a cycle, within one at every call, twice over`, () => {
      const shares = set(...weights)
      const sum = weights.reduce((all, each) => all + each, 0)
      const firsts = play(createTurns(), shares, 2 * sum)
      const counts = weights.map(() => 0)
      firsts.forEach((first, index) => {
        counts[first - 1] = (counts[first - 1] ?? 0) + 1
        weights.forEach((weight, which) => {
          const ahead = (counts[which] ?? 0) - ((index + 1) * weight) / sum
          assert.ok(Math.abs(ahead) < 1, `after ${index + 1} calls ${which + 1} is ahead by ${ahead}`)
        })
      })
      assert.deepEqual(
        counts,
        weights.map((weight) => 2 * weight),
      )
    })
  }

  test('any weights: exact over a cycle and within one at every call', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(weights, (each) => {
        const sum = each.reduce((all, weight) => all + weight, 0)
        const firsts = play(createTurns(), set(...each), sum)
        const counts = each.map(() => 0)
        firsts.forEach((first, index) => {
          counts[first - 1] = (counts[first - 1] ?? 0) + 1
          for (const [which, weight] of each.entries())
            assert.ok(Math.abs((counts[which] ?? 0) - ((index + 1) * weight) / sum) < 1)
        })
        assert.deepEqual(counts, each)
      }),
      { numRuns: 60 },
    )
  })

  test('70, 20, 10 is a cycle of ten: weights are divided by what they have in common', () => {
    const turns = createTurns()
    const firsts = play(turns, set(70, 20, 10), 10)
    assert.deepEqual(
      [1, 2, 3].map((id) => countOf(firsts, id)),
      [7, 2, 1],
    )
    assert.deepEqual(play(turns, set(70, 20, 10), 10), firsts)
  })

  test('equal weights are round robin, and the rest of the order goes on round', () => {
    const turns = createTurns()
    const orders = [1, 2, 3, 4].map(() => {
      const order = turns.orderOf(set(4, 4, 4)).join('')
      turns.take([set(4, 4, 4)])
      return order
    })
    assert.deepEqual(orders, ['123', '231', '312', '123'])
  })

  test('after the first come the others as the cycle will have them', () => {
    const shares = set(5, 2, 2, 1)
    const turns = createTurns()
    const ahead = play(createTurns(), shares, 30)
    for (let call = 0; call < 15; call += 1) {
      assert.deepEqual(turns.orderOf(shares), [...new Set(ahead.slice(call))], `call ${call}`)
      turns.take([shares])
    }
  })

  test('reading takes no turn', () => {
    const turns = createTurns()
    const shares = set(3, 2)
    turns.take([shares])
    assert.deepEqual(turns.orderOf(shares), turns.orderOf(shares))
  })

  test('weight 0 has no turns, and only zeros are no order', () => {
    const turns = createTurns()
    assert.deepEqual(turns.orderOf(set(1, 0, 2)), [3, 1])
    assert.ok(!play(turns, set(1, 0, 2), 30).includes(2))
    assert.deepEqual(turns.orderOf(set(0, 0)), [])
    turns.take([set(0, 0), []])
  })

  test('the same set in another order is the same cycle; another set is another', () => {
    const turns = createTurns()
    const shares = set(1, 1)
    turns.take([shares])
    assert.deepEqual(turns.orderOf([...shares].reverse()), [2, 1])
    assert.deepEqual(turns.orderOf(set(1, 1, 1)), [1, 2, 3])
    assert.deepEqual(turns.orderOf(set(2, 1)), [1, 2])
    assert.deepEqual(turns.orderOf(shares), [2, 1], 'one that comes back goes on')
  })

  test('a call that names a set twice takes one turn of it', () => {
    const turns = createTurns()
    turns.take([set(1, 1), set(1, 1)])
    assert.deepEqual(turns.orderOf(set(1, 1)), [2, 1])
  })

  test('every k-th turn of a set may explore', () => {
    const turns = createTurns({ mostSets: 10, exploreEvery: 3 })
    const seen = Array.from({ length: 7 }, () => {
      const may = turns.mayExplore(set(1, 1))
      turns.take([set(1, 1)])
      return may ? 'x' : '.'
    })
    assert.equal(seen.join(''), '..x..x.')
    assert.equal(createTurns({ mostSets: 10, exploreEvery: 0 }).mayExplore(set(1, 1)), false)
  })

  test('the set that was not used for longest is forgotten and begins anew', () => {
    const turns = createTurns({ mostSets: 2, exploreEvery: 0 })
    turns.take([set(1, 1)])
    turns.take([set(1, 1, 1)])
    turns.orderOf(set(1, 1))
    turns.orderOf(set(1, 1, 1, 1))
    assert.deepEqual(turns.orderOf(set(1, 1)), [2, 1], 'used last but one')
    assert.deepEqual(turns.orderOf(set(1, 1, 1)), [1, 2, 3], 'begins anew')
  })

  test('no cycle is longer than is kept: the smallest of a large set has a turn in each', () => {
    const turns = createTurns()
    const shares = set(100_000, 1)
    assert.equal(countOf(play(turns, shares, 16_400), 2), 1)
  })

  test('a cycle longer than can be kept is scaled: every candidate still has turns, within one of its share', () => {
    const weights = Array.from({ length: 100 }, (_, index) => 1_000 - index)
    const sum = weights.reduce((all, each) => all + each, 0)
    const calls = 5_000
    const firsts = play(createTurns(), set(...weights), calls)
    for (const [which, weight] of weights.entries()) {
      const share = (calls * weight) / sum
      assert.ok(Math.abs(countOf(firsts, which + 1) - share) < 2, `${which + 1}`)
    }
  })
})
