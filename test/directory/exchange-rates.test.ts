import assert from 'node:assert/strict'
import { createExchangeRates, DAY_MS, type ExchangeRate } from '../../src/directory/exchange-rates.ts'

const MONDAY = Date.UTC(2026, 10, 16) / DAY_MS
const told = (base: string, currency: string, day: number, rate: string): ExchangeRate => ({
  ...{ base, currency, day: MONDAY + day, rate },
})
const at = (day: number, hour = 12): number => (MONDAY + day) * DAY_MS + hour * 3_600_000

suite('exchange rates of a day', () => {
  const rates = createExchangeRates(
    [
      told('EUR', 'USD', 0, '1.25'),
      told('EUR', 'USD', 2, '1.2'),
      told('EUR', 'GBP', 0, '0.8'),
      told('EUR', 'GBP', 1, '0.9'),
      told('CHF', 'SEK', 0, '12'),
    ],
    3,
  )
  const rows: readonly (readonly [
    sentence: string,
    from: string,
    to: string,
    atMs: number,
    rate: string | undefined,
  ])[] = [
    ['the base is worth what was told of its day', 'EUR', 'USD', at(0), '1.25'],
    ['a day begins at midnight in UTC', 'EUR', 'USD', at(2, 0), '1.2'],
    ['and not a moment before', 'EUR', 'USD', at(2, 0) - 1, '1.25'],
    ['without one of its day the last before it counts', 'EUR', 'USD', at(5), '1.2'],
    ['but not for longer than it may', 'EUR', 'USD', at(6), undefined],
    ['a later one tells nothing of an earlier day', 'EUR', 'USD', at(-1), undefined],
    ['the other way it is the inverse', 'USD', 'EUR', at(0), '0.8'],
    ['two of one base go over it', 'USD', 'GBP', at(0), '0.64'],
    ['by the older of both days', 'USD', 'GBP', at(2), '0.75'],
    ['and no longer than that one may', 'USD', 'GBP', at(5), undefined],
    ['nothing leads from one base to another', 'USD', 'SEK', at(0), undefined],
  ]
  for (const [sentence, from, to, atMs, rate] of rows)
    test(sentence, () => assert.deepEqual(rates.quote(from, to, atMs), { to, rate }))

  test('a currency is not exchanged for itself', () =>
    assert.equal(rates.quote('EUR', 'EUR', at(0)), undefined))

  test('of several bases the newest rates speak, and at the same age the one that is asked for', () => {
    const both = createExchangeRates(
      [
        told('EUR', 'USD', 0, '1.25'),
        told('EUR', 'GBP', 0, '0.8'),
        told('USD', 'GBP', 0, '0.66'),
        told('EUR', 'USD', 1, '1'),
        told('EUR', 'GBP', 1, '0.5'),
      ],
      3,
    )
    assert.equal(both.quote('USD', 'GBP', at(0))?.rate, '0.66')
    assert.equal(both.quote('USD', 'GBP', at(1))?.rate, '0.5')
  })
})
