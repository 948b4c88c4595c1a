import assert from 'node:assert/strict'
import type { QuotedRate } from '../../src/call/carried.ts'
import {
  billingCurrencyOf,
  costOfLeg,
  marginOfFees,
  marginOfLeg,
  owedFor,
  saleOf,
} from '../../src/cdr/sale.ts'
import { formatMoney, parseMoney } from '../../src/telephony/money.ts'

const rate = (price: string, more: Partial<QuotedRate> = {}, currency = 'EUR'): QuotedRate => ({
  deckId: 1,
  prefix: '44',
  tariff: {
    ...{ pricePerMinute: parseMoney(price), connectionFee: parseMoney('0'), currency },
    ...{ firstIncrementSeconds: 1, nextIncrementSeconds: 1 },
  },
  ...more,
})
const told = (amount: number | undefined): string =>
  amount === undefined ? 'none' : formatMoney(parseMoney(String(amount / 10 ** 8)))

suite('the sale of a leg', () => {
  test('tax comes on top of the amount', () => {
    const sale = saleOf({ ...rate('0.06'), tax: { name: 'VAT', percent: '20' } }, 30)
    assert.ok(sale)
    assert.deepEqual([sale.chargedSeconds, told(sale.amount), told(sale.tax)], [30, '0.03', '0.006'])
    assert.equal(told(owedFor(sale)), '0.036')
  })
  test('what is owed is in the currency of the organisation', () => {
    const sale = saleOf(
      { ...rate('0.06', { exchange: { to: 'GBP', rate: '0.5' } }), tax: { name: 'VAT', percent: '20' } },
      60,
    )
    assert.equal(sale === undefined ? '' : told(owedFor(sale)), '0.036')
  })
  test('without a rate of exchange nobody can say what is owed', () => {
    const sale = saleOf(rate('0.06', { exchange: { to: 'GBP', rate: undefined } }), 60)
    assert.ok(sale)
    assert.equal(owedFor(sale), undefined)
  })
  test('nothing sold is no sale', () => assert.equal(saleOf(undefined, 60), undefined))
  test('a price that cannot be billed exactly is no reason to refuse the record', () =>
    assert.equal(saleOf(rate('89999999'), 86_400), undefined))
})

suite('the margin of a leg', () => {
  const leg = (buy: QuotedRate, cost: string, sell: QuotedRate) => ({
    rate: buy,
    cost: parseMoney(cost),
    sale: saleOf(sell, 60),
  })
  for (const [sentence, given, margin] of [
    ['is the sale less the cost', leg(rate('0.02'), '0.02', rate('0.05')), '0.03'],
    ['may be a loss', leg(rate('0.05'), '0.05', rate('0.02')), '-0.03'],
    [
      'compares two currencies in that of the organisation',
      leg(
        rate('0.02', { exchange: { to: 'GBP', rate: '0.8' } }, 'USD'),
        '0.02',
        rate('0.05', { exchange: { to: 'GBP', rate: '0.9' } }),
      ),
      '0.029',
    ],
    [
      'is not told where they do not compare',
      leg(rate('0.02'), '0.02', rate('0.05', { exchange: { to: 'GBP', rate: undefined } })),
      'none',
    ],
  ] as const)
    test(sentence, () => assert.equal(told(marginOfLeg(given)), margin))
  test('is not told of one side alone', () =>
    assert.equal(marginOfLeg({ rate: rate('1'), cost: parseMoney('1') }), undefined))

  test('fees are taken from it, each at its own exchange', () => {
    const fees = [
      { amount: parseMoney('0.001'), currency: 'GBP' },
      { amount: parseMoney('0.001'), currency: 'USD', exchange: { to: 'GBP', rate: '0.8' } },
    ]
    assert.equal(told(marginOfFees(fees)), '-0.0018')
    assert.equal(marginOfFees([]), undefined)
    assert.equal(
      marginOfFees([{ amount: parseMoney('1'), currency: 'USD', exchange: { to: 'GBP', rate: undefined } }]),
      undefined,
    )
  })
})

suite('what a leg adds to the cost of its call', () => {
  const attempts = [
    { rate: rate('0.01'), fee: { amount: parseMoney('0.002'), currency: 'EUR' } },
    { rate: rate('0.01'), fee: { amount: parseMoney('0.001'), currency: 'EUR' } },
    { rate: rate('0.01') },
  ]
  test('the carrier charges on its own leg', () =>
    assert.deepEqual(
      costOfLeg({ rate: rate('0.02', { exchange: { to: 'GBP', rate: '0.5' } }), cost: parseMoney('0.02') }),
      {
        amount: parseMoney('0.01'),
        currency: 'GBP',
      },
    ))
  test('fees are charged on the leg that tried', () =>
    assert.deepEqual(costOfLeg({ attempts }), { amount: parseMoney('0.003'), currency: 'EUR' }))
  test('nothing is nothing', () => assert.equal(costOfLeg({ attempts: [{ rate: undefined }] }), undefined))
  test('the currency is that of the organisation, wherever it is told', () => {
    assert.equal(billingCurrencyOf({ rate: rate('1', { exchange: { to: 'GBP', rate: '1' } }) }), 'GBP')
    assert.equal(billingCurrencyOf({ attempts }), 'EUR')
    assert.equal(
      billingCurrencyOf({
        attempts: [{ rate: undefined, fee: { amount: parseMoney('1'), currency: 'CHF' } }],
      }),
      'CHF',
    )
    assert.equal(billingCurrencyOf({}), undefined)
  })
})
