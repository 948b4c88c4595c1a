import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DialString, escapeValue } from '../../src/telephony/dial-string.ts'
import { readBrackets } from './freeswitch-brackets.ts'

const target = DialString.gateway('gw7', '442079460123')

suite('dial string', () => {
  const row = (name: string, dial: () => DialString, expected: string): void => {
    test(name, () => assert.equal(dial().toString(), expected))
  }
  row('a gateway', () => target, 'sofia/gateway/gw7/442079460123')
  row('a prefix with #', () => DialString.gateway('gw7', '77#44*1'), 'sofia/gateway/gw7/77%2344*1')
  row(
    'a gateway with variables of the leg',
    () => DialString.gateway('gw7', '+44', { leg_timeout: 30, attempt: 1 }),
    '[leg_timeout=30,attempt=1]sofia/gateway/gw7/+44',
  )
  row(
    'a list of codecs on the leg, with a delimiter of its own',
    () => DialString.gateway('gw7', '44', { absolute_codec_string: '^^:PCMA:G729' }),
    '[absolute_codec_string=^^:PCMA:G729]sofia/gateway/gw7/44',
  )
  row(
    'phones, each with variables of its own',
    () =>
      DialString.phones('phones', 'acme.example', [
        { username: '1001', variables: { n: 1 } },
        { username: '1001-mobile', variables: {} },
      ]),
    '[n=1]${sofia_contact(phones/1001@acme.example)},${sofia_contact(phones/1001-mobile@acme.example)}',
  )
  row(
    'variables of the call',
    () => target.withVariables({ a: 'b c' }),
    '{a=b\\sc}sofia/gateway/gw7/442079460123',
  )
  row('no variables, no braces', () => target.withVariables({}), 'sofia/gateway/gw7/442079460123')

  const refused = (name: string, act: () => unknown, code = 'TELEPHONY_UNSAFE_VALUE'): void => {
    test(`${name} is refused`, () => assert.throws(act, { code }))
  }
  refused('a number with a letter', () => DialString.gateway('gw7', '44a'))
  refused('an empty number', () => DialString.gateway('gw7', ''))
  refused('a number with a bar, which would fork', () => DialString.gateway('gw7', '44|sofia'))
  refused('a number that ends in a newline', () => DialString.gateway('gw7', '44\n'))
  refused('a gateway with a slash', () => DialString.gateway('gw7/', '44'))
  refused('a gateway with a newline at its end', () => DialString.gateway('gw7\n', '44'))
  refused('free text on a leg', () => DialString.gateway('gw7', '44', { name: "O'Neill" }))
  refused('a bracket on a leg', () => DialString.gateway('gw7', '44', { name: 'a]b' }))
  refused('a newline on a leg', () => DialString.gateway('gw7', '44', { name: 'a\n' }))
  refused('a delimiter of dial strings on a leg', () => DialString.gateway('gw7', '44', { name: 'a:_:b' }))
  refused('a comma on a leg', () => DialString.gateway('gw7', '44', { name: 'a,b=c' }))
  refused('a device that closes the function', () =>
    DialString.phones('phones', 'acme.example', [{ username: '1)', variables: {} }]),
  )
  refused(
    'no phone at all',
    () => DialString.phones('phones', 'acme.example', []),
    'TELEPHONY_EMPTY_DIAL_STRING',
  )
  refused('a variable with an equals sign in its name', () => target.withVariables({ 'a=b': 'c' }))
  refused('a variable name that ends in a newline', () => target.withVariables({ 'a\n': 'c' }))
  for (const value of ['${x}', 'a:_:b', '^^:a', '{', '}', '}{', 'a\0b', 'a\u0007b', '\u007f']) {
    refused(`the value ${JSON.stringify(value)}`, () => escapeValue('name', value))
  }
})

suite('dial string: what FreeSWITCH reads of it', () => {
  const reads = (value: string): void => {
    const text = target.withVariables({ before: '1', name: value, after: '2' }).toString()
    const { variables, rest } = readBrackets(text)
    assert.deepEqual(
      [...variables],
      [
        ['before', '1'],
        ['name', value],
        ['after', '2'],
      ],
      text,
    )
    assert.equal(rest, 'sofia/gateway/gw7/442079460123')
  }
  for (const value of [
    "O'Neill",
    "''",
    "'a', 'b'",
    'a,b=c',
    'back\\slash',
    '\\',
    "\\'",
    '\\n',
    'new\nline',
    'tab\tand\rreturn',
    ' spaces ',
    '   ',
    'a  b',
    '"quoted"',
    '{balanced}',
    '{a,b}',
    '[x]',
    'a=b=c',
    'Zoë 日本',
    '|',
    ':',
    '%41',
    '^',
    'a^^b',
    '$',
    '$1',
    '\\s',
  ]) {
    test(`${JSON.stringify(value)} is read as it was`, () => {
      reads(value)
    })
  }
  test('so is every text that is not refused', () => {
    const piece = fc.constantFrom(
      "'",
      '\\',
      ',',
      '"',
      ' ',
      '=',
      '\n',
      '\r',
      '\t',
      '{',
      '}',
      's',
      'n',
      't',
      'r',
      '^',
      '[',
      ']',
      'é',
      '$',
      ':',
      '_',
      '|',
    )
    const value = fc.oneof(
      fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.string({ minLength: 1, unit: 'grapheme' }),
    )
    fc.assert(
      fc.property(value, (text) => {
        if (isRefused(text)) return
        reads(text)
      }),
      { numRuns: 20_000 },
    )
  })
})

const isRefused = (text: string): boolean => {
  try {
    escapeValue('name', text)
    return false
  } catch {
    return true
  }
}
