import assert from 'node:assert/strict'
import { spokenCode } from '../../src/caller-id/spoken-code.ts'
import { verifiable } from '../../src/caller-id/verifiable.ts'

suite('caller-id: a code that is said', () => {
  test('by a voice, digit by digit, twice', () => {
    const { application, argument } = spokenCode('480923', true)
    assert.equal(application, 'speak')
    assert.equal(argument.split('4. 8. 0. 9. 2. 3').length, 3)
  })

  test('as beeps, ten for a zero', () => {
    const { application, argument } = spokenCode('4092', false)
    assert.equal(application, 'playback')
    const beeps = [...argument.matchAll(/880\);loops=(\d+)/g)].map(([, count]) => count)
    assert.deepEqual(beeps, ['4', '10', '9', '2', '4', '10', '9', '2'])
  })

  for (const code of ['', '12', '12a4', '1234 |', '12345678901'])
    test(`${JSON.stringify(code)} is no code`, () =>
      assert.throws(() => spokenCode(code, true), /4 to 10 digits/))
})

suite('caller-id: what can be proved', () => {
  for (const [given, country, expected] of [
    ['+442079460123', 'GB', '+442079460123'],
    ['020 7946 0123', 'GB', '+442079460123'],
    ['+447400123456', 'US', '+447400123456'],
    ['+449098790000', 'GB', undefined],
    ['+19005550100', 'US', undefined],
    ['+44843 123 4567', 'GB', undefined],
    ['+99912345678', 'GB', undefined],
    ['1001', 'GB', undefined],
    ['abc', 'GB', undefined],
  ] as const) {
    test(`${given} ${expected === undefined ? 'cannot' : 'can'}`, () => {
      const checked = verifiable(given, country)
      assert.equal(checked.ok ? checked.number : undefined, expected)
    })
  }
})
