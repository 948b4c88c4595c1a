import assert from 'node:assert/strict'
import { faultInHeaders, whyNotHeaderName, whyNotHeaderValue } from '../../src/telephony/sip-header.ts'

suite('telephony: SIP headers that a program may add', () => {
  const names: readonly (readonly [name: string, allowed: readonly string[], fine: boolean])[] = [
    ['X-Account', [], true],
    ['x-account-2', [], true],
    ['X-', [], false],
    ['X', [], false],
    ['User-to-User', [], false],
    ['User-to-User', ['user-to-user'], true],
    ['Call-Info', ['Call-Info'], true],
    ['From', ['From'], false],
    ['P-Asserted-Identity', ['P-Asserted-Identity'], false],
    ['Content-Length', ['Content-Length'], false],
    ['Proxy-Require', ['Proxy-Require'], false],
    ['Allow-Events', ['Allow-Events'], false],
    ['Identity', ['Identity'], false],
    ['i', ['i'], false],
    ['X-FS-Support', [], false],
    ['X-AUTH-IP', [], false],
    ['X-Strowger-Call', [], false],
    ['X-PRE-PROCESS', [], false],
    ['X-A: b', [], false],
    ['X-A\r\nVia', [], false],
    ['X-Ä', [], false],
    ['X_Account', [], false],
    [`X-${'a'.repeat(62)}`, [], true],
    [`X-${'a'.repeat(63)}`, [], false],
  ]
  for (const [name, allowed, fine] of names)
    test(`${JSON.stringify(name)} ${fine ? 'may' : 'may not'} be added with ${JSON.stringify(allowed)} allowed`, () => {
      assert.equal(whyNotHeaderName(name, allowed) === undefined, fine)
    })

  const values: readonly (readonly [value: string, fine: boolean])[] = [
    ['4711', true],
    [`it's "quoted", {braces} [brackets] | (bars); <angles>=100%25`, true],
    ['', false],
    [' blank', false],
    ['blank ', false],
    ['a\r\nVia: x', false],
    ['a\nb', false],
    ['a\0b', false],
    ['a\tb', false],
    ['Zoë', false],
    ['${system(ls)}', false],
    ['$1', false],
    ['back\\slash', false],
    ['x'.repeat(256), true],
    ['x'.repeat(257), false],
  ]
  for (const [value, fine] of values)
    test(`the value ${JSON.stringify(value.slice(0, 40))} ${fine ? 'may' : 'may not'} be sent`, () => {
      assert.equal(whyNotHeaderValue(value) === undefined, fine)
    })

  test('the same header twice in other letters, and more than twenty, are refused by name', () => {
    assert.deepEqual(faultInHeaders({ 'X-A': '1', 'x-a': '2' }, [])?.name, 'x-a')
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`X-N${n}`, '1']))
    assert.equal(faultInHeaders(many, [])?.name, 'X-N20')
    assert.equal(faultInHeaders(Object.fromEntries(Object.entries(many).slice(0, 20)), []), undefined)
  })
})
