import assert from 'node:assert/strict'
import fc from 'fast-check'
import { displayName } from '../../src/caller-id/display-name.ts'

suite('caller-id: the display name', () => {
  for (const [given, expected] of [
    ['Ada Lovelace', 'Ada Lovelace'],
    ["Zoë O'Brien, Jr.", "Zoë O'Brien, Jr."],
    ['  two\t\twords \n', 'two words'],
    ['sip:eve@evil.example', 'sip eve evil.example'],
    ['"Ada" <sip:1@2>', 'Ada sip 1 2'],
    ['${hangup_cause}', 'hangup_cause'],
    ['$${domain}', 'domain'],
    ['a\\b/c', 'a b c'],
    ['100%', '100%25'],
    ['%0d%0aX: y', '%250d%250aX y'],
    ['a\u0000b\u0007c\u007fd', 'a b c d'],
    ['李雷', '李雷'],
    ['', ''],
    ['\ud800x', '\ufffdx'],
    ['x'.repeat(70), 'x'.repeat(64)],
    [`${'x'.repeat(63)} y`, 'x'.repeat(63)],
    [`${'x'.repeat(63)}😀`, 'x'.repeat(63)],
    [`${'x'.repeat(62)}😀`, `${'x'.repeat(62)}😀`],
  ] as const) {
    test(`${JSON.stringify(given).slice(0, 40)} is shown as ${JSON.stringify(expected).slice(0, 40)}`, () => {
      assert.equal(displayName(given), expected)
    })
  }

  test('no name holds what sofia or FreeSWITCH would read, and none is cut in half', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (name) => {
        const shown = displayName(name)
        // eslint-disable-next-line no-control-regex -- control characters are what must not be there
        assert.doesNotMatch(shown, /[\u0000-\u001f\u007f"/:@${}<>\\]/)
        assert.ok(shown.isWellFormed())
        assert.equal(shown, shown.trim())
        assert.ok(decodeURIComponent(shown).length <= 64)
      }),
      { numRuns: 1_000 },
    )
  })
})
