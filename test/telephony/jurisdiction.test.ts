import assert from 'node:assert/strict'
import fc from 'fast-check'
import { asE164 } from '../../src/telephony/e164.ts'
import { jurisdictionOf, type Jurisdiction } from '../../src/telephony/jurisdiction.ts'
import { parseNpaTable } from '../../src/telephony/north-america.ts'
import { NPA_STATES } from '../../src/telephony/npa-states.ts'

const of = (from: string | undefined, to: string, lrn?: string): Jurisdiction | undefined =>
  jurisdictionOf(
    from === undefined ? undefined : asE164(from),
    asE164(to),
    NPA_STATES,
    lrn === undefined ? undefined : asE164(lrn),
  )

suite('jurisdiction', () => {
  const row = (
    sentence: string,
    from: string | undefined,
    to: string,
    expected: Jurisdiction | undefined,
    lrn?: string,
  ): void => {
    test(`${sentence} is ${expected ?? 'of no jurisdiction'}`, () =>
      assert.equal(of(from, to, lrn), expected))
  }
  row('New York to New York', '+12125550100', '+15185550100', 'intrastate')
  row('one area code', '+12125550100', '+12125550101', 'intrastate')
  row('New York to California', '+12125550100', '+14155550100', 'interstate')
  row('New Jersey to New York, over the river', '+12015550100', '+12125550100', 'interstate')
  row('DC to Virginia', '+12025550100', '+17035550100', 'interstate')
  row('Puerto Rico to Puerto Rico', '+17875550100', '+19395550100', 'intrastate')
  row('Puerto Rico to Florida', '+17875550100', '+13055550100', 'interstate')
  row('an unknown caller', undefined, '+12125550100', 'indeterminate')
  row('a caller from abroad', '+442079460123', '+12125550100', 'indeterminate')
  row('a toll-free caller', '+18005550100', '+12125550100', 'indeterminate')
  row('a toll-free number', '+12125550100', '+18885550100', 'indeterminate')
  row('two toll-free ends', '+18005550100', '+18005550101', 'indeterminate')
  row('a personal number', '+12125550100', '+15005550100', 'indeterminate')
  row('the US government', '+12025550100', '+17105550100', 'indeterminate')
  row('a premium number', '+12125550100', '+19005550100', 'indeterminate')
  row('Canada', '+12125550100', '+14165550100', 'indeterminate')
  row('within one province of Canada', '+14165550100', '+14165550101', 'indeterminate')
  row('from Canada', '+14165550100', '+12125550100', 'indeterminate')
  row('within Jamaica', '+18765550100', '+16585550100', 'indeterminate')
  row('an area code that nobody has', '+12125550100', '+12225550100', 'indeterminate')
  row('one unknown area code at both ends', '+12225550100', '+12225550101', 'indeterminate')
  row('a number of +1 that is too short', '+12125550100', '+1212555', 'indeterminate')
  row('London', '+12125550100', '+442079460123', undefined)
  row('London from nobody', undefined, '+442079460123', undefined)
  row('a number ported to another state', '+12125550100', '+12125550101', 'interstate', '+14155550000')
  row('a number ported into the state', '+12125550100', '+14155550101', 'intrastate', '+15185550000')
  row('a number ported to Canada', '+12125550100', '+12125550101', 'indeterminate', '+14165550000')

  test('an LRN replaces the called number and nothing else: London stays London', () =>
    assert.equal(of('+12125550100', '+442079460123', '+12125550000'), undefined))
  test('an operator’s own table decides', () => {
    const tables = parseNpaTable('212,NJ\n201,NJ\n')
    assert.equal(jurisdictionOf(asE164('+12125550100'), asE164('+12015550100'), tables), 'intrastate')
    assert.equal(jurisdictionOf(asE164('+12125550100'), asE164('+14155550100'), tables), 'indeterminate')
  })
  test('intrastate is said only where both area codes stand in the table with one state of the US', () => {
    const number = fc.stringMatching(/^\+1\d{10}$/)
    fc.assert(
      fc.property(number, number, (from, to) => {
        const [a, b] = [NPA_STATES.get(from.slice(2, 5)), NPA_STATES.get(to.slice(2, 5))]
        const known = a?.country === 'US' && b?.country === 'US'
        const expected = !known ? 'indeterminate' : a.state === b.state ? 'intrastate' : 'interstate'
        assert.equal(of(from, to), expected)
      }),
      { numRuns: 500 },
    )
  })
})
