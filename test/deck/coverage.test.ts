import assert from 'node:assert/strict'
import fc from 'fast-check'
import { callingCodeOf } from '../../src/deck/calling-code.ts'
import { coverageOf, lostBetween } from '../../src/deck/coverage.ts'

suite('coverage', () => {
  test('neighbours and nested prefixes are one range', () => {
    const { starts, ends } = coverageOf(['447', '4420', '44', '45', '999999999999999'])
    assert.deepEqual([...starts], [44e13, 999_999_999_999_999])
    assert.deepEqual([...ends], [46e13, 1e15])
  })

  test('what is lost is exactly what only the first deck reaches', () => {
    const prefix = fc.stringMatching(/^[1-4][0-4]{0,4}$/)
    const reaches = (deck: readonly string[], number: string): boolean =>
      deck.some((each) => number.startsWith(each))
    fc.assert(
      fc.property(
        fc.array(prefix, { maxLength: 12 }),
        fc.array(prefix, { maxLength: 12 }),
        fc.array(fc.stringMatching(/^[1-4][0-9]{14}$/), { minLength: 50, maxLength: 50 }),
        (before, after, numbers) => {
          const { holes, countries } = lostBetween(coverageOf(before), coverageOf(after))
          for (const number of [
            ...numbers,
            ...before.map((each) => each.padEnd(15, '0')),
            ...after.map((each) => each.padEnd(15, '9')),
          ]) {
            const isLost = reaches(before, number) && !reaches(after, number)
            const isTold = reaches(holes, number) || countries.includes(callingCodeOf(number))
            // A country that is gone is named whole, though only a part of it may have been reached.
            if (isLost) assert.ok(isTold, number)
            else assert.ok(!reaches(holes, number), number)
          }
          for (const code of countries)
            assert.ok(!after.some((each) => each.startsWith(code) || code.startsWith(each)), code)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

suite('calling code', () => {
  const rows: readonly (readonly [string, string])[] = [
    ['12015550100', '1'],
    ['79161234567', '7'],
    ['442071234567', '44'],
    ['35312345678', '353'],
    ['88213', '882'],
    ['35', '35'],
    ['4', '4'],
  ]
  for (const [digits, code] of rows)
    test(`of ${digits} is ${code}`, () => assert.equal(callingCodeOf(digits), code))
})
