import assert from 'node:assert/strict'
import { createTaxRates, type TaxRate } from '../../src/directory/tax-rates.ts'

const tax = (id: number, percent: string, more: Partial<TaxRate> = {}): TaxRate => ({
  ...{ id, percent, name: `T${id}`, organizationId: undefined, country: undefined },
  ...{ effectiveFrom: undefined, effectiveTo: undefined },
  ...more,
})

suite('which tax is taken', () => {
  const rates = createTaxRates([
    tax(1, '19', { effectiveTo: 1_000 }),
    tax(2, '21', { effectiveFrom: 1_000 }),
    tax(3, '5', { country: 'GB' }),
    tax(4, '7', { organizationId: 8 }),
    tax(5, '0', { organizationId: 8, country: 'US' }),
    tax(6, '8', { organizationId: 8, effectiveFrom: 2_000 }),
  ])
  for (const [sentence, organization, country, at, percent] of [
    ['of everybody, before it changes', 1, 'FR', 999, '19'],
    ['and from its moment on', 1, 'FR', 1_000, '21'],
    ["the destination's country comes before every country", 1, 'GB', 1_000, '5'],
    [
      "the organisation's own comes before everybody's, also where that is of the country",
      8,
      'GB',
      1_500,
      '7',
    ],
    ['its own for a country comes before all', 8, 'US', 5_000, '0'],
    ['of two alike the one that began later counts', 8, 'FR', 2_000, '8'],
    ['a number of no country takes what is for every country', 1, undefined, 1_000, '21'],
  ] as const)
    test(sentence, () => assert.equal(rates.taxOf(organization, country, at)?.percent, percent))
  test('none is none', () => assert.equal(createTaxRates([]).taxOf(1, 'GB', 0), undefined))
})
