import assert from 'node:assert/strict'
import { asCallUuid, isCallUuid, newCallUuid } from '../../src/telephony/call-uuid.ts'

const UUID = '855f56d0-2fe0-4798-be8c-125f70d9f8d1'

suite('call uuid', () => {
  test('a new one is one, and not the last one', () => {
    assert.ok(isCallUuid(newCallUuid()))
    assert.notEqual(newCallUuid(), newCallUuid())
  })
  test('upper case is lowered', () => assert.equal(asCallUuid(UUID.toUpperCase()), UUID))
  for (const text of [
    '',
    '../etc/passwd',
    UUID.slice(1),
    `${UUID}0`,
    ` ${UUID}`,
    `${UUID}\n`,
    UUID.replaceAll('-', ''),
    `{${UUID}}`,
  ]) {
    test(`${JSON.stringify(text)} is refused`, () =>
      assert.throws(() => asCallUuid(text), { code: 'TELEPHONY_BAD_UUID' }))
  }
})
