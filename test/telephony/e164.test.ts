import assert from 'node:assert/strict'
import fc from 'fast-check'
import { asE164, digitsOf, isCountry, isE164, parseNumber, type Country } from '../../src/telephony/e164.ts'

suite('E.164', () => {
  const row = (dialled: string, country: Country, number: string | undefined, valid?: boolean): void => {
    test(`${JSON.stringify(dialled)} from ${country} is ${number ?? 'no number'}`, () => {
      const parsed = parseNumber(dialled, country)
      assert.equal(parsed?.number, number)
      if (valid !== undefined) assert.equal(parsed?.valid, valid)
    })
  }
  row('020 7946 0123', 'GB', '+442079460123')
  row('(020) 7946-0123', 'GB', '+442079460123')
  row('+442079460123', 'US', '+442079460123')
  row('00442079460123', 'DE', '+442079460123')
  row('011442079460123', 'US', '+442079460123')
  row('2125550123', 'US', '+12125550123')
  row('030 123456', 'DE', '+4930123456', true)
  row('06 12345678', 'IT', '+390612345678', true)
  row('800 123 456', 'IT', '+39800123456')
  row('+999123456', 'GB', undefined)
  row('12', 'GB', undefined)
  row('', 'GB', undefined)
  row('+', 'GB', undefined)
  row('0800FLOWERS', 'GB', undefined)
  row('020 7946 0123 ext. 5', 'GB', undefined)
  row('02079460123;ext=5', 'GB', undefined)
  row('0'.repeat(41), 'GB', undefined)

  test('only the canonical form is taken for one', () => {
    assert.equal(asE164('+442079460123'), '+442079460123')
    for (const text of [
      '442079460123',
      '+0123456789',
      '+44 20',
      '+12345',
      '+1234567890123456',
      '+44207946\n',
      '',
    ]) {
      assert.throws(() => asE164(text), { code: 'TELEPHONY_BAD_E164' }, text)
    }
  })
  test('rate decks are keyed on the digits', () =>
    assert.equal(digitsOf(asE164('+442079460123')), '442079460123'))
  test('countries are those that libphonenumber knows', () =>
    assert.deepEqual(['GB', 'gb', 'XX', ''].map(isCountry), [true, false, false, false]))
  test('whatever is dialled, the answer is E.164 or nothing', () => {
    const dialled = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(...Array.from('+0123456789 -().*#')), maxLength: 45 }),
    )
    fc.assert(
      fc.property(dialled, fc.constantFrom<Country>('GB', 'US', 'DE', 'IT', 'BR'), (text, country) => {
        const parsed = parseNumber(text, country)
        assert.ok(parsed === undefined || isE164(parsed.number))
      }),
    )
  })
})
