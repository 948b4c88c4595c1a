import assert from 'node:assert/strict'
import fc from 'fast-check'
import { codeOf, EngineError } from '../../src/base/errors.ts'
import { asE164 } from '../../src/telephony/e164.ts'
import { isGeographicNpa, npaOf, npaStatesOf, parseNpaTable } from '../../src/telephony/north-america.ts'

const faultsOf = (csv: string): unknown => {
  try {
    parseNpaTable(csv)
  } catch (thrown) {
    assert.ok(thrown instanceof EngineError)
    assert.equal(thrown.code, 'TELEPHONY_BAD_NPA_TABLE')
    return thrown.details['errors']
  }
  return []
}

suite('North American area codes', () => {
  test('a table is read with names, comments, blanks, quotes and any line ends', () => {
    const table = parseNpaTable(
      '\uFEFFnpa,state,country\r\n212,NY\r# old\n\n "415" , ca ,us\n416,on,CA\n876,,JM',
    )
    assert.deepEqual(
      [...table],
      [
        ['212', { country: 'US', state: 'NY' }],
        ['415', { country: 'US', state: 'CA' }],
        ['416', { country: 'CA', state: 'ON' }],
        ['876', { country: 'JM', state: undefined }],
      ],
    )
  })

  const row = (
    csv: string,
    ...faults: readonly { readonly line: number; readonly problem: string }[]
  ): void => {
    test(`${JSON.stringify(csv.slice(0, 40))} has faults by line`, () =>
      assert.deepEqual(faultsOf(csv), faults))
  }
  row('', { line: 1, problem: 'the table has no area code' })
  row('npa,state\n', { line: 1, problem: 'the table has no area code' })
  row('212,NY\n21,NY', { line: 2, problem: '"21" is no area code of three digits' })
  row('2124,NY', { line: 1, problem: '"2124" is no area code of three digits' })
  row('112,NY', { line: 1, problem: '112 belongs to no place' })
  row('292,NY', { line: 1, problem: '292 belongs to no place' })
  row('800,NY', { line: 1, problem: '800 belongs to no place' })
  row('212', { line: 1, problem: '"" is no state such as NY' })
  row('212,New York', { line: 1, problem: '"NEW YORK" is no state such as NY' })
  row('212,ON', { line: 1, problem: '"ON" is no state such as NY' })
  row('416,ON,Canada', { line: 1, problem: '"CANADA" is no country of two letters' })
  row('416,Ontario,CA', { line: 1, problem: '"ONTARIO" is no province of two letters' })
  row('212,NY,US,x', { line: 1, problem: 'there are more fields than npa, state and country' })
  row('212,NY\n# a\n212,NJ', { line: 3, problem: '212 stands in line 1 already' })
  row(
    'npa,state\n1,NY\n212,NY\nnpa,state',
    { line: 2, problem: '"1" is no area code of three digits' },
    { line: 4, problem: '"NPA" is no area code of three digits' },
  )
  row('x'.repeat(1_000_001), { line: 1, problem: 'the table is longer than 1 MB' })

  test('a thousand faults are counted, and a hundred told', () => {
    const csv = 'x\n'.repeat(1000)
    const faults = faultsOf(csv)
    assert.ok(Array.isArray(faults))
    assert.equal(faults.length, 100)
    assert.throws(() => parseNpaTable(csv), { message: /has 1000 faults: line 1: .*line 5: [^;]*$/ })
  })
  test('rows that break the rules are a bug', () => {
    const ny = { npa: '212', country: 'US', state: 'NY' }
    assert.throws(() => npaStatesOf([ny, ny]), { code: 'TELEPHONY_BAD_NPA_TABLE' })
    assert.throws(() => npaStatesOf([{ ...ny, state: undefined }]), { code: 'TELEPHONY_BAD_NPA_TABLE' })
    assert.throws(() => npaStatesOf([{ ...ny, npa: '888' }]), { code: 'TELEPHONY_BAD_NPA_TABLE' })
  })
  test('whatever is given, it is a table of places or a fault', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom('212,NY', '415,CA,US', '416,,CA', '800,NY', 'npa,state'),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
        try {
          for (const [npa, { country, state }] of parseNpaTable(lines.join('\n'))) {
            assert.ok(isGeographicNpa(npa))
            assert.ok(country !== 'US' || state !== undefined)
          }
        } catch (thrown) {
          assert.equal(codeOf(thrown), 'TELEPHONY_BAD_NPA_TABLE')
        }
      }),
    )
  })
  test('the area code is that of a whole number of +1', () => {
    assert.equal(npaOf(asE164('+12125550100')), '212')
    for (const number of ['+1212555010', '+121255501000', '+442125550100'])
      assert.equal(npaOf(asE164(number)), undefined, number)
  })
  test('codes for services belong to no place', () => {
    for (const npa of '800 822 833 844 855 866 877 880 881 888 889 900 500 521 522 529 532 533 544 566 577 588 600 622 700 710 211 911 190 011 299'.split(
      ' ',
    ))
      assert.equal(isGeographicNpa(npa), false, npa)
    for (const npa of '212 520 530 531 534 701 712 870 879 908 989'.split(' '))
      assert.equal(isGeographicNpa(npa), true, npa)
  })
})
