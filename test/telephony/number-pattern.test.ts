import assert from 'node:assert/strict'
import fc from 'fast-check'
import { codeOf } from '../../src/base/errors.ts'
import { compileNumberPattern } from '../../src/telephony/number-pattern.ts'

suite('number pattern', () => {
  const allowed: readonly (readonly [
    pattern: string,
    replacement: string,
    number: string,
    result: string,
  ])[] = [
    ['^\\+44', '0', '+442079460123', '02079460123'],
    ['^(?:\\+|00)?44(\\d+)$', '0$1', '00442079460123', '02079460123'],
    ['^(\\d{3})(\\d{3})(\\d{4})$', '$3$2$1', '2133734253', '4253373213'],
    ['^[2-9]\\d{2}', '', '2133734253', '3734253'],
    ['[^0]+$', '#', '2079460123', '20794600123'.slice(0, 7) + '#'],
    ['(1|2|3)(\\d*?)0', '$2', '2079', '79'],
    ['\\d{2,}', '*', '+4420', '+*'],
    ['^(\\d+)(\\d+)(\\d+)$', '$3', '1234', '4'],
    ['0{3}', '1', '50001', '511'],
    ['(?:\\+?44)?20', '9', '+4420', '9'],
    ['^.\\*\\+[*#+]', '7', '1*+#', '7'],
    ['12|34', '', '1234', '34'],
  ]
  for (const [pattern, replacement, number, result] of allowed)
    test(`${pattern} makes ${result} of ${number}`, () =>
      assert.equal(compileNumberPattern(pattern, replacement)(number), result))

  const refused: readonly (readonly [pattern: string, why: RegExp])[] = [
    ['', /1 to 100/],
    ['1'.repeat(101), /1 to 100/],
    ['(', /not closed/],
    ['1)', /not opened/],
    ['[1', /not understood/],
    ['[]', /not understood/],
    ['[9-0]', /no regular expression/],
    ['1{3,2}', /no regular expression/],
    ['*', /not understood/],
    ['^+44', /repeats an anchor/],
    ['1**', /not understood/],
    ['(\\d+)+$', /repeats what repeats/],
    ['(\\d+)*', /repeats what repeats/],
    ['(\\d*)?', /repeats what repeats/],
    ['((1)+2){2}', /repeats what repeats/],
    ['(?:\\d{2}){3}', /repeats what repeats/],
    ['(1|1)*$', /repeats a choice/],
    ['(?:1|11){9}', /repeats a choice/],
    ['(1?)+', /repeats a choice/],
    ['(1)\\1', /not understood/],
    ['(?=1)', /looks around/],
    ['(?!1)', /looks around/],
    ['(?<=1)2', /looks around/],
    ['(?<!1)2', /looks around/],
    ['(?<a>1)\\k<a>', /names a group/],
    ['\\d*\\d*\\d*\\d*x', /not understood|too many ways/],
    ['\\d*\\d*\\d*\\d*0', /too many ways/],
    ['\\d?'.repeat(20), /too many ways/],
    ['(\\d|\\d|\\d)'.repeat(9), /too many ways/],
    ['1{33}', /more than 32 times/],
    ['1{0,99}', /more than 32 times/],
    ['()'.repeat(10), /more than 9 groups/],
    ['a', /not understood/],
    ['\\w+', /not understood/],
    ['1 2', /not understood/],
    ['\\u0031', /not understood/],
    ['${x}', /repeats an anchor|not understood/],
  ]
  for (const [pattern, why] of refused)
    test(`${JSON.stringify(pattern.slice(0, 40))} is refused`, () =>
      assert.throws(() => compileNumberPattern(pattern, ''), {
        code: 'TELEPHONY_BAD_NUMBER_FORM',
        message: why,
      }))

  test('whatever passes is a regular expression, and never makes more ways than it may', () => {
    const part = fc.constantFrom(
      ...['\\d', '1', '.', '[0-5]', '*', '+', '?', '{2,}', '(', '(?:', ')', '|', '^', '$', '\\+', '{3}'],
    )
    let passed = 0
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 12 }), (parts) => {
        let rewrite: ((number: string) => string) | undefined
        try {
          rewrite = compileNumberPattern(parts.join(''), '7')
        } catch (thrown) {
          assert.equal(codeOf(thrown), 'TELEPHONY_BAD_NUMBER_FORM')
        }
        if (rewrite === undefined) return
        passed += 1
        assert.equal(typeof rewrite('1234567890123456'), 'string')
      }),
      { numRuns: 2000 },
    )
    assert.ok(passed > 50)
  })
})
