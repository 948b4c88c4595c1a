import assert from 'node:assert/strict'
import { EngineError } from '../../src/base/errors.ts'
import type { ReadRate } from '../../src/deck/read-rate.ts'
import type { Money } from '../../src/telephony/money.ts'
import { isDeckFault, joinWarnings, lateStarts, refusalOf } from '../../src/store/rate-deck-verdict.ts'

const rate = (prefix: string, effectiveFrom?: number): ReadRate => ({
  line: 1,
  prefix,
  destination: '',
  pricePerMinute: 1 as Money,
  connectionFee: 0 as Money,
  minimumSeconds: 0,
  firstIncrementSeconds: 60,
  nextIncrementSeconds: 60,
  effectiveFrom,
  effectiveTo: undefined,
  currency: 'GBP',
})

suite('what is said of a deck', () => {
  test('prefixes that begin later than the deck are told, unless they have a rate before', () => {
    const batches = [
      [rate('44', 5), rate('45'), rate('46', 3)],
      [rate('46', 9), rate('47', 4)],
    ]
    assert.deepEqual(lateStarts(batches, 3)[0]?.examples, ['44', '47'])
    assert.deepEqual(lateStarts(batches, 9), [])
    assert.deepEqual(lateStarts([[rate('44'), rate('44', 9)]], 3), [])
  })

  test('a refusal has its lines, or what is wrong with the whole file', () => {
    const errors = [
      { message: 'line 3 is bad', line: 3, column: 'Rate', value: 'x' },
      { message: 'so is 4', line: 4 },
    ]
    const rows = refusalOf(new EngineError('DECK_REFUSED', 'it has 7 errors', { errors, errorCount: 7 }))
    assert.deepEqual([rows.errorCount, rows.errors.length, rows.errors[1]?.column], [7, 2, undefined])
    const file = refusalOf(new EngineError('DECK_NO_HEADER', 'there is no header', { line: 1 }))
    assert.deepEqual(file.errors, [
      { line: 1, column: undefined, value: undefined, message: 'there is no header' },
    ])
  })

  for (const [fault, isOne] of [
    [new EngineError('DECK_EMPTY', ''), true],
    [new EngineError('STORE_CONFLICT', ''), false],
    [new Error('DECK_'), false],
    [undefined, false],
  ] as const)
    test(`${String(fault)} is ${isOne ? 'a' : 'no'} verdict`, () => assert.equal(isDeckFault(fault), isOne))

  test('a warning that both give is told once, as the first says it', () => {
    const warn = (code: string, message: string) => ({ code, message, count: 1, examples: [] })
    assert.deepEqual(
      joinWarnings([warn('a', '1'), warn('b', '2')], [warn('b', '3'), warn('c', '4')]).map(
        ({ message }) => message,
      ),
      ['1', '2', '4'],
    )
  })
})
