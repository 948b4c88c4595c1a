import assert from 'node:assert/strict'
import fc from 'fast-check'
import { settingActions } from '../../src/telephony/multiset.ts'

/** What the switch makes of them, `name=value` (mod_dptools.c, switch_utils.c). */
const whatIsSet = (settings: readonly string[]): readonly string[] =>
  settingActions(settings).flatMap(([application, argument]) => {
    if (application === 'set') return [argument]
    assert.match(argument, /^\^\^./)
    assert.ok(!/['\\]|\$\{/.test(argument), argument)
    const parts = argument.slice(3).split(argument.charAt(2))
    assert.ok(parts.length <= 256)
    for (const part of parts) assert.equal(part, part.trim())
    return parts
  })

suite('telephony: several variables in one application', () => {
  const rows: readonly (readonly [
    sentence: string,
    settings: readonly string[],
    ...expected: readonly (readonly [string, string])[],
  ])[] = [
    ['nothing is nothing', []],
    ['one is a set', ['a=1'], ['set', 'a=1']],
    ['several are one, in their order', ['a=1', 'b=', 'c=x, {y}'], ['multiset', '^^|a=1|b=|c=x, {y}']],
    ['the separator occurs in no value', ['a=1|2', 'b=~', 'c=3'], ['multiset', '^^#a=1|2#b=~#c=3']],
    [
      'where every separator occurs, each is set alone',
      ['a=|~#;!', 'b=1'],
      ['set', 'a=|~#;!'],
      ['set', 'b=1'],
    ],
    [
      'what the switch expands is set alone, after what comes before it',
      ['a=1', 'b=2', 'c=${a}', 'd=4', 'e=5'],
      ['multiset', '^^|a=1|b=2'],
      ['set', 'c=${a}'],
      ['multiset', '^^|d=4|e=5'],
    ],
    ...["a='x'", 'a=C:\\x', 'a=x ', ' a=x'].map(
      (setting) =>
        [
          `<${setting}> would be read otherwise, and is set alone`,
          [setting, 'b=1', 'c=2'],
          ['set', setting],
          ['multiset', '^^|b=1|c=2'],
        ] as const,
    ),
  ]
  for (const [sentence, settings, ...expected] of rows)
    test(sentence, () => assert.deepEqual(settingActions(settings), expected))

  test('whatever the values are, the same is set in the same order', () => {
    const value = fc.oneof(fc.string(), fc.stringMatching(/^[|~#;!'\\ ${}a]*$/))
    fc.assert(
      fc.property(fc.array(value, { maxLength: 20 }), (values) => {
        const settings = values.map((each, index) => `v${index}=${each}`)
        assert.deepEqual(whatIsSet(settings), settings)
      }),
    )
  })

  test('more than the switch takes at once are several', () => {
    const settings = Array.from({ length: 450 }, (_, index) => `v${index}=1`)
    assert.equal(settingActions(settings).length, 3)
    assert.deepEqual(whatIsSet(settings), settings)
  })
})
