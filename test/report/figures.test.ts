import assert from 'node:assert/strict'
import { countriesByCode, LONGEST_CODE } from '../../src/report/countries.ts'
import { figuresOf, sumText } from '../../src/report/figures.ts'

const NOTHING = {
  offered: 0,
  answered: 0,
  effective: 0,
  talkSeconds: 0,
  pddCalls: 0,
  pddMsSum: 0,
  mosCalls: 0,
  mosSum: 0,
  jitterSum: 0,
  lossSum: 0,
}

suite('report: figures', () => {
  test('where there is nothing to divide by there is no figure', () => {
    assert.deepEqual(new Set(Object.values(figuresOf(NOTHING))), new Set([undefined]))
  })

  test('each is the ratio of its sums', () => {
    const figures = figuresOf({
      offered: 3,
      answered: 1,
      effective: 2,
      talkSeconds: 95,
      pddCalls: 2,
      pddMsSum: 3_001,
      mosCalls: 3,
      mosSum: 12.1,
      jitterSum: 10,
      lossSum: 1,
    })
    assert.deepEqual(figures, {
      asr: 33.33,
      ner: 66.67,
      acdSeconds: 95,
      pddMs: 1_501,
      mos: 4.03,
      jitterMs: 3.3,
      packetLossPercent: 0.33,
    })
  })

  const SUMS = [
    ['0', '0.00'],
    ['12.5', '12.50'],
    ['-0.00000001', '-0.00000001'],
    ['0.000000005', '0.00000001'],
    ['0.000000004', '0.00'],
    ['-0.000000004', '0.00'],
    ['90000000.00000000', '90000000.00'],
    ['90071992547.40993', undefined],
    ['NaN', undefined],
    ['', undefined],
  ] as const
  for (const [text, told] of SUMS)
    test(`a sum of ${text || 'nothing'} is told as ${told ?? 'nothing'}`, () =>
      assert.equal(sumText(text), told))
})

suite('report: countries', () => {
  const codes = countriesByCode()
  const countryOf = (digits: string): string | undefined => {
    for (let length = LONGEST_CODE; length > 0; length--) {
      const found = codes[digits.slice(0, length)]
      if (found !== undefined) return found
    }
    return undefined
  }
  const NUMBERS = [
    ['442079460123', 'GB'],
    ['33142685300', 'FR'],
    ['12125550100', 'US'],
    ['14165550100', 'CA'],
    ['18765550100', 'JM'],
    ['17875550100', 'US'],
    ['74951234567', 'RU'],
    ['77011234567', 'KZ'],
    ['390612345678', 'IT'],
    ['35312345678', 'IE'],
    ['8613912345678', 'CN'],
    // No place has these.
    ['18005550100', 'US'],
    ['999123', undefined],
  ] as const
  for (const [digits, country] of NUMBERS)
    test(`${digits} is in ${country ?? 'no country'}`, () => assert.equal(countryOf(digits), country))

  test('no code is longer than SQL looks, and every country is ISO 3166-1', () => {
    for (const [code, country] of Object.entries(codes)) {
      assert.ok(code.length <= LONGEST_CODE && /^\d+$/.test(code), code)
      assert.match(country, /^[A-Z]{2}$/)
    }
  })
})
