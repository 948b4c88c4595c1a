import assert from 'node:assert/strict'
import type { RateIndex } from '../../src/routing/rate-lookup.ts'
import { moneyOf } from '../../src/telephony/money.ts'
import { CARRIER, describe, find, indexOf, rate } from './rate-index-in.ts'

suite('routing: the rate index', () => {
  const DIGITS = '442079460123'

  test('a carrier is judged by its own longest prefix, whatever other carriers have', () => {
    const index = indexOf([rate(1, '44', 5), rate(1, '4420', 9), rate(2, '442079', 20), rate(2, '44', 1)])
    const match = index.match(DIGITS, 0)
    assert.deepEqual(
      [1, 2, 3].map((id) => describe(index, match.entryOf(index.ownerSlotOf('carrier', id)))),
      ['4420 9', '442079 20', undefined],
    )
    assert.deepEqual(
      [1, 2, 3].map((id) => match.prefixLengthOf(index.ownerSlotOf('carrier', id))),
      [4, 6, -1],
    )
    assert.equal(index.size, 4)
  })

  test('an owner whose prefixes do not lead to the number has nothing, and one that is unknown no slot', () => {
    const index = indexOf([rate(1, '44', 5), rate(2, '49', 6)])
    const match = index.match('33123456789', 0)
    for (const id of [1, 2, 3]) assert.equal(match.entryOf(index.ownerSlotOf('carrier', id)), -1)
    assert.equal(index.longestPrefixOf('33123456789'), -1)
    assert.equal(index.ownerSlotOf('carrier', 3), -1)
    assert.equal(index.ownerSlotOf('customer', 1), -1)
    assert.equal(index.rateOf('customer', 1, '44', 0), -1)
  })

  test('a carrier and a customer with the same id are two owners, and a match answers for both', () => {
    const customer = { kind: 'customer', id: 1 } as const
    const index = indexOf([rate(1, '4420', 5), rate(1, '44', 7, { owner: customer })])
    const match = index.match(DIGITS, 0)
    const slots = [index.ownerSlotOf('carrier', 1), index.ownerSlotOf('customer', 1)]
    for (let again = 0; again < 2; again += 1) {
      assert.deepEqual(
        slots.map((slot) => describe(index, match.entryOf(slot))),
        ['4420 5', '44 7'],
      )
      assert.deepEqual(
        slots.map((slot) => match.prefixLengthOf(slot)),
        [4, 2],
      )
    }
    assert.equal(index.match('49', 0).entryOf(slots[1] ?? -1), -1)
    assert.equal(find(index, customer, DIGITS), '44 7')
  })

  test('a rate counts from its millisecond until before its end, with nothing to reload', () => {
    const index = indexOf([
      rate(1, '44', 1, { effectiveFrom: 1_000, effectiveTo: 2_000 }),
      rate(1, '44', 2, { effectiveFrom: 2_000, effectiveTo: 3_000 }),
    ])
    const at = (now: number): string | undefined => find(index, CARRIER, DIGITS, now)
    assert.deepEqual([999, 1_000, 1_999, 2_000, 2_999, 3_000].map(at), [
      undefined,
      '44 1',
      '44 1',
      '44 2',
      '44 2',
      undefined,
    ])
    const entry = index.rateOf('carrier', 1, DIGITS, 2_500)
    assert.deepEqual([index.effectiveFromOf(entry), index.effectiveToOf(entry)], [2_000, 3_000])
  })

  test('where the longest prefix has nothing in force, the next shorter one counts', () => {
    const index = indexOf([
      rate(1, '44', 1),
      rate(1, '4420', 2, { effectiveFrom: 10, effectiveTo: 20 }),
      rate(1, '44207946', 3, { effectiveTo: 15 }),
    ])
    const at = (now: number): string | undefined => find(index, CARRIER, DIGITS, now)
    assert.deepEqual([9, 14, 15, 19, 20].map(at), ['44207946 3', '44207946 3', '4420 2', '4420 2', '44 1'])
    assert.equal(index.effectiveToOf(index.rateOf('carrier', 1, DIGITS, 20)), undefined)
  })

  test('of several in force on one prefix the latest to begin counts, then the newer deck, then the higher id', () => {
    const rows = [
      rate(1, '44', 1, { effectiveFrom: 2, sequence: 1, deckId: 9 }),
      rate(1, '44', 2, { effectiveFrom: 1, sequence: 8, deckId: 9 }),
      rate(1, '44', 3, { effectiveFrom: 2, sequence: 2, deckId: 4 }),
      rate(1, '44', 4, { effectiveFrom: 2, sequence: 2, deckId: 5 }),
    ]
    for (const order of [rows, rows.toReversed()]) {
      const index = indexOf(order)
      assert.equal(find(index, CARRIER, DIGITS, 2), '44 4')
      assert.equal(index.deckIdOf(index.rateOf('carrier', 1, DIGITS, 2)), 5)
      assert.equal(find(index, CARRIER, DIGITS, 1), '44 2')
    }
  })

  test('of rows that are alike in all that, the one that was added first counts, whatever its other terms', () => {
    const rows = [rate(1, '44', 7, { connectionFee: moneyOf(3) }), rate(1, '44', 8)]
    assert.equal(find(indexOf(rows), CARRIER, DIGITS), '44 7')
    assert.equal(find(indexOf(rows.toReversed()), CARRIER, DIGITS), '44 8')
    // Though the later row's terms were seen before, with another prefix.
    assert.equal(find(indexOf([rate(1, '1', 1), ...rows]), CARRIER, DIGITS), '44 7')
  })

  suite('jurisdictions', () => {
    const us = (interstate: number | undefined, intrastate: number | undefined): RateIndex =>
      indexOf([
        rate(1, '1', 99),
        rate(1, '1212', 30, {
          interstatePrice: interstate === undefined ? undefined : moneyOf(interstate),
          intrastatePrice: intrastate === undefined ? undefined : moneyOf(intrastate),
        }),
      ])
    const rows: readonly (readonly [
      sentence: string,
      interstate: number | undefined,
      intrastate: number | undefined,
      prices: readonly [interstate: number, intrastate: number, indeterminate: number],
      entries: number,
    ])[] = [
      ['each has its price', 10, 20, [10, 20, 30], 4],
      ['an intrastate price alone is for intrastate calls only', undefined, 20, [30, 20, 30], 3],
      ['an interstate price alone is for interstate calls only', 10, undefined, [10, 30, 30], 3],
      ['a price that is zero is a price', 0, 0, [0, 0, 30], 3],
      ['prices that are alike share an entry', 30, 20, [30, 20, 30], 3],
      ['a row without them is for all', undefined, undefined, [30, 30, 30], 2],
    ]
    for (const [sentence, interstate, intrastate, prices, entries] of rows) {
      test(sentence, () => {
        const index = us(interstate, intrastate)
        const asked = ['interstate', 'intrastate', 'indeterminate', undefined] as const
        const expected = [...prices, prices[2]].map((price) => `1212 ${price}`)
        assert.deepEqual(
          asked.map((each) => describe(index, index.rateOf('carrier', 1, '12125550123', 0, each))),
          expected,
        )
        const slot = index.ownerSlotOf('carrier', 1)
        assert.deepEqual(
          asked.map((each) => describe(index, index.match('12125550123', 0, each).entryOf(slot))),
          expected,
        )
        assert.deepEqual([index.size, index.entryCount], [2, entries])
      })
    }

    test('a jurisdiction that nobody knows is indeterminate, never intrastate', () => {
      const asked: unknown = 'INTRASTATE'
      const index = us(10, 20)
      assert.equal(find(index, CARRIER, '12125550123', 0, asked as 'intrastate'), '1212 30')
    })
  })

  test('prices are exact up to the largest Money, and 10^-8 of a unit apart is another price', () => {
    const [largest, alike] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1]
    // As an amount in units of the currency they cannot be told apart in 32 bits, nor in a percentage of a cent.
    assert.equal(Math.fround(largest / 1e8), Math.fround(alike / 1e8))
    const index = indexOf([
      rate(1, '44', largest, { connectionFee: moneyOf(largest) }),
      rate(2, '44', alike, { connectionFee: moneyOf(alike) }),
      rate(3, '44', 9_000_000_000_000_000),
      rate(4, '44', 9_000_000_000_000_001),
    ])
    const match = index.match(DIGITS, 0)
    const entries = [1, 2, 3, 4].map((id) => match.entryOf(index.ownerSlotOf('carrier', id)))
    assert.deepEqual(entries.map(index.pricePerMinuteOf), [
      largest,
      alike,
      9_000_000_000_000_000,
      9_000_000_000_000_001,
    ])
    assert.deepEqual(entries.slice(0, 2).map(index.connectionFeeOf), [largest, alike])
  })

  test('a tariff has all that a bill needs, and a minimum only where there is one', () => {
    const terms = { firstIncrementSeconds: 30, nextIncrementSeconds: 6, currency: 'EUR' }
    const index = indexOf([
      rate(1, '44', 5, { ...terms, connectionFee: moneyOf(2), minimumSeconds: 45 }),
      rate(2, '44', 5, terms),
    ])
    const tariffOf = (id: number) => index.tariffOf(index.rateOf('carrier', id, DIGITS, 0))
    assert.deepEqual(tariffOf(1), { ...terms, pricePerMinute: 5, connectionFee: 2, minimumSeconds: 45 })
    assert.deepEqual(tariffOf(2), { ...terms, pricePerMinute: 5, connectionFee: 0 })
  })

  suite('prefixes', () => {
    const rows: readonly (readonly [sentence: string, prefixes: string, digits: string, longest: string])[] =
      [
        ['of 15 digits', '44 442079460123456', '442079460123456', '442079460123456'],
        [
          'of 15 digits that differ in the last',
          '44207946012345 442079460123456',
          '442079460123457',
          '44207946012345',
        ],
        ['of one digit', '4', DIGITS, '4'],
        ['that are the number', DIGITS, DIGITS, DIGITS],
        ['that are longer than the number', '4420 44207946012345', DIGITS, '4420'],
        ['that begin with zeros', '0 000 0000000 00000001', '0000000023', '0000000'],
        ['that begin with zeros and end with one', '0 000 0000000 00000001', '0000000123', '00000001'],
        ['of zeros are not each other', '0000000 0', '000000', '0'],
        ['of six digits, where the head ends', '44207 442079', DIGITS, '442079'],
        ['of five digits, under a head with other prefixes', '44207 4420788 4420790', DIGITS, '44207'],
        ['of five digits, for a number of five', '44207 442079 4', '44207', '44207'],
        ['whose neighbour is deep below', '4420 44207 44207945 442079459 4420794599', DIGITS, '44207'],
        ['before which nothing of the head comes', '4 44207999', DIGITS, '4'],
        [
          'of nines, the last of all',
          '9 999999999999999 99999999999999',
          '999999999999999',
          '999999999999999',
        ],
        ['of none, which is every number', '45', DIGITS, 'nothing'],
      ]
    for (const [sentence, prefixes, digits, longest] of rows) {
      test(sentence, () => {
        const index = indexOf(prefixes.split(' ').map((prefix) => rate(1, prefix, 1)))
        assert.equal(
          find(index, CARRIER, digits) ?? 'nothing',
          longest === 'nothing' ? longest : `${longest} 1`,
        )
        const node = index.longestPrefixOf(digits)
        assert.equal(node < 0 ? 'nothing' : index.prefixOfNode(node), longest)
      })
    }

    test('the empty one rates every number that has no longer one', () => {
      const index = indexOf([rate(1, '', 1), rate(1, '44', 2)])
      assert.deepEqual(
        ['1', '4', '44', '331234567', ''].map((digits) => find(index, CARRIER, digits)),
        [' 1', ' 1', '44 2', ' 1', undefined],
      )
    })

    for (const digits of [
      '',
      '+442079460123',
      '44 20',
      '4420a79460',
      '44207946012a',
      '1234567890123456',
      '４４',
    ]) {
      test(`"${digits}" is no number and finds nothing`, () => {
        const index = indexOf([rate(1, '', 1), rate(1, '44', 1), rate(1, '123456789012345', 1)])
        assert.equal(index.longestPrefixOf(digits), -1)
        assert.equal(find(index, CARRIER, digits), undefined)
        assert.equal(index.match(digits, 0).entryOf(index.ownerSlotOf('carrier', 1)), -1)
      })
    }
  })

  test('an index of nothing finds nothing', () => {
    const index = indexOf([])
    assert.deepEqual([index.size, index.entryCount], [0, 0])
    assert.ok(index.byteLength > 0)
    assert.equal(index.longestPrefixOf(DIGITS), -1)
    assert.equal(index.match(DIGITS, 0).entryOf(0), -1)
    assert.equal(index.rateOf('carrier', 1, DIGITS, 0), -1)
    assert.deepEqual([...index.inForce('carrier', 1, 0)], [])
  })

  test('what an owner has in force comes in dialling order, one for each prefix', () => {
    const index = indexOf([
      rate(1, '2', 1),
      rate(1, '123456', 2),
      rate(1, '12', 3),
      rate(1, '12345678', 4, { effectiveTo: 10 }),
      rate(1, '12345', 5, { interstatePrice: moneyOf(50) }),
      rate(1, '12345', 6, { effectiveFrom: 20 }),
      rate(2, '1', 7),
      rate(1, '', 8),
    ])
    const at = (now: number, jurisdiction?: 'interstate'): string =>
      [...index.inForce('carrier', 1, now, jurisdiction)]
        .map(({ prefix, entry }) => `${prefix} ${index.pricePerMinuteOf(entry)}`)
        .join(', ')
    assert.equal(at(0), ' 8, 12 3, 12345 5, 123456 2, 12345678 4, 2 1')
    assert.equal(at(10, 'interstate'), ' 8, 12 3, 12345 50, 123456 2, 2 1')
    assert.equal(at(20), ' 8, 12 3, 12345 6, 123456 2, 2 1')
    assert.deepEqual([...index.inForce('customer', 1, 0)], [])
  })
})
