import assert from 'node:assert/strict'
import { MessageChannel } from 'node:worker_threads'
import { createRateIndexBuilder, type RateColumns, type RateRow } from '../../src/routing/rate-builder.ts'
import { openRateIndex } from '../../src/routing/rate-lookup.ts'
import type { RateIndexParts } from '../../src/routing/rate-parts.ts'
import { CARRIER, find, partsOf, rate } from './rate-index-in.ts'

suite('routing: the builder of the rate index', () => {
  const DIGITS = '442079460123'

  test('columns are as good as rows: prefixes lie anywhere in the bytes, and arrays can be filled again', () => {
    const builder = createRateIndexBuilder()
    const deck = builder.deckOf({ owner: CARRIER, deckId: 3, sequence: 3, currency: 'USD' })
    const terms = builder.termsOf(deck, 7, 0, 60, 60, 0, Infinity)
    assert.equal(builder.termsOf(deck, 7, 0, 60, 60, 0, Infinity), terms)
    assert.notEqual(builder.termsOf(deck, 7, 0, 60, 60, 1, Infinity), terms)
    const columns: RateColumns = {
      count: 2,
      bytes: new TextEncoder().encode('44\t0.01\n442079\t0.02\n1212\t0.03'),
      starts: Uint32Array.of(0, 8, 99),
      ends: Uint32Array.of(2, 14, 99),
      prices: Float64Array.of(1, 2),
      terms: Uint32Array.of(terms, terms),
    }
    builder.addColumns(columns)
    columns.starts[0] = 20
    columns.ends[0] = 24
    columns.prices[0] = 3
    builder.addColumns({
      ...columns,
      count: 1,
      interstatePrices: Float64Array.of(NaN),
      intrastatePrices: Float64Array.of(4),
    })
    const index = openRateIndex(builder.build())
    assert.deepEqual(
      ['44', DIGITS, '1212'].map((digits) => find(index, CARRIER, digits)),
      ['44 1', '442079 2', '1212 3'],
    )
    assert.equal(find(index, CARRIER, '1212', 0, 'intrastate'), '1212 4')
    assert.equal(index.connectionFeeOf(index.rateOf('carrier', 1, '1212', 0)), 7)
    assert.deepEqual([index.size, index.entryCount], [3, 4])
  })

  test('a builder goes on after it has built, and what it built stays as it was', () => {
    const builder = createRateIndexBuilder()
    builder.add(rate(1, '44', 1))
    const before = openRateIndex(builder.build())
    builder.add(rate(1, '4420', 2))
    builder.add(rate(0, '4420', 3))
    assert.equal(find(before, CARRIER, DIGITS), '44 1')
    assert.equal(find(openRateIndex(builder.build()), CARRIER, DIGITS), '4420 2')
  })

  suite('a row that is no rate is refused', () => {
    const rows: readonly (readonly [field: string, given: Partial<RateRow>])[] = [
      ['prefix', { prefix: '4420794601234567' }],
      ['prefix', { prefix: '44a' }],
      ['prefix', { prefix: '442079a' }],
      ['prefix', { prefix: '+44' }],
      ['price', { pricePerMinute: 0.5 as RateRow['pricePerMinute'] }],
      ['price', { pricePerMinute: NaN as RateRow['pricePerMinute'] }],
      ['price', { intrastatePrice: Infinity as RateRow['pricePerMinute'] }],
      ['connectionFee', { connectionFee: (2 ** 53) as RateRow['pricePerMinute'] }],
      ['minimumSeconds', { minimumSeconds: -1 }],
      ['firstIncrementSeconds', { firstIncrementSeconds: 0 }],
      ['nextIncrementSeconds', { nextIncrementSeconds: 1.5 }],
      ['effectiveFrom', { effectiveFrom: NaN }],
      ['effectiveTo', { effectiveTo: NaN }],
      ['deckId', { deckId: 1.5 }],
    ]
    for (const [field, given] of rows) {
      test(`by its ${field}: ${JSON.stringify(given)}`, () => {
        const builder = createRateIndexBuilder()
        builder.add(rate(1, '44', 1))
        assert.throws(() => builder.add({ ...rate(1, '4420', 2), ...given }), {
          code: 'ROUTING_BAD_RATE',
          details: { field },
        })
        const index = openRateIndex(builder.build())
        assert.deepEqual([index.size, find(index, CARRIER, DIGITS)], [1, '44 1'])
      })
    }

    test('terms that the builder did not number', () => {
      const columns = {
        count: 1,
        bytes: Uint8Array.of(49),
        starts: Uint32Array.of(0),
        ends: Uint32Array.of(1),
        prices: Float64Array.of(1),
      }
      const builder = createRateIndexBuilder()
      assert.throws(() => builder.addColumns({ ...columns, terms: Uint32Array.of(0) }), {
        details: { field: 'terms' },
      })
      assert.throws(() => builder.termsOf(0, 0, 0, 1, 1, 0, 1), { details: { field: 'deck' } })
    })
  })

  suite('the parts reach another thread without a copy', () => {
    const built = (): RateIndexParts => partsOf([rate(1, '44', 5), rate(1, '44207946', 6), rate(2, '4', 7)])

    const check = (parts: RateIndexParts, received: RateIndexParts): void => {
      const index = openRateIndex(received)
      assert.equal(find(index, CARRIER, DIGITS), '44207946 6')
      assert.equal(find(index, { kind: 'carrier', id: 2 }, DIGITS), '4 7')
      // The same memory: what is written on one side is read on the other.
      const price = index.rateOf('carrier', 2, DIGITS, 0)
      new Float64Array(parts.buffers.prices)[price] = 8
      assert.equal(index.pricePerMinuteOf(price), 8)
    }

    test('by structuredClone', () => {
      const parts = built()
      check(parts, structuredClone(parts))
    })

    test('by a MessageChannel', async () => {
      const { port1, port2 } = new MessageChannel()
      const received = new Promise<RateIndexParts>((resolve) => port2.once('message', resolve))
      const parts = built()
      port1.postMessage(parts)
      check(parts, await received)
      port1.close()
    })
  })
})
