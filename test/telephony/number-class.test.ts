import assert from 'node:assert/strict'
import fc from 'fast-check'
import { classify, emergencyNumbers } from '../../src/telephony/number-class.ts'
import type { Country } from '../../src/telephony/e164.ts'

const extensions = new Set(['1001', '2345', '112233', '999'])
const from = (country: Country): Parameters<typeof classify>[1] => ({
  country,
  isExtension: (dialled) => extensions.has(dialled),
})

suite('number class', () => {
  const row = (name: string, dialled: string, country: Country, expected: string): void => {
    test(name, () => {
      const found = classify(dialled, from(country))
      assert.equal(`${found.kind} ${found.number}`, expected)
    })
  }
  row('112 is emergency everywhere, never a London number', '112', 'GB', 'emergency 112')
  row('999 is emergency even where it is an extension', '999', 'GB', 'emergency 999')
  row('911 is emergency from Germany too', '911', 'DE', 'emergency 911')
  row('1-1-2 as a phone may format it', '1-1-2', 'DE', 'emergency 112')
  row('110 is emergency in Germany', '110', 'DE', 'emergency 110')
  row('110 is none in Britain', '110', 'GB', 'short-code 110')
  row('an emergency number with more digits is none', '1123', 'GB', 'short-code 1123')
  row('an extension', '1001', 'GB', 'extension 1001')
  row('an extension is never a short code', '2345', 'US', 'extension 2345')
  row('a feature code', '*72', 'GB', 'feature-code *72')
  row('a feature code with digits behind', '*21*02079460123#', 'GB', 'feature-code *21*02079460123#')
  row('a short code', '101', 'GB', 'short-code 101')
  row('a national number', '02079460123', 'GB', 'e164 +442079460123')
  row('a number with its country', '+12125550123', 'GB', 'e164 +12125550123')
  row('nothing', '', 'GB', 'invalid ')
  row('only blanks', '  ', 'GB', 'invalid   ')
  row('letters', 'sales', 'GB', 'invalid sales')
  row('a SIP URI', 'sip:1001@evil.example', 'GB', 'invalid sip:1001@evil.example')
  row('a dial string', '1001|sofia/x', 'GB', 'invalid 1001|sofia/x')
  row('far too many digits', '1'.repeat(21), 'GB', `invalid ${'1'.repeat(21)}`)

  test('every emergency number of every country that has some is one, whatever the extensions', () => {
    const everything = { isExtension: () => true }
    for (const country of ['AU', 'AT', 'BR', 'DE', 'FR', 'GB', 'JP', 'US', 'ZA'] as const) {
      for (const number of emergencyNumbers(country)) {
        assert.equal(
          classify(number, { country, ...everything }).kind,
          'emergency',
          `${number} in ${country}`,
        )
      }
    }
  })
  test('whatever is dialled has a class, and an invalid one says why', () => {
    fc.assert(
      fc.property(fc.string(), (dialled) => {
        const found = classify(dialled, from('GB'))
        assert.ok(found.kind !== 'invalid' || found.why.length > 0)
      }),
    )
  })
})
