import assert from 'node:assert/strict'
import { readExchangeFile } from '../../src/cli/exchange-file.ts'

suite('exchange rates from a file', () => {
  test('a line a rate', () =>
    assert.deepEqual(
      readExchangeFile('date,currency,rate\n2026-11-20,USD,1.0862\n2026-11-20,EUR,1\n', 'EUR'),
      [{ day: '2026-11-20', base: 'EUR', currency: 'USD', rate: '1.0862' }],
    ))
  test('with a base of its own', () =>
    assert.deepEqual(readExchangeFile('Day,Base,Code,Value\n2026-11-20,USD,JPY,151.2\n', 'EUR'), [
      { day: '2026-11-20', base: 'USD', currency: 'JPY', rate: '151.2' },
    ]))
  test('a column a currency, where some days have none, with a comma at the end of each line', () =>
    assert.deepEqual(
      readExchangeFile(
        '\uFEFFDate,USD,CYP,JPY,\n2026-11-20,1.0862,N/A,163.41,\n2026-11-19,1.0801,N/A,,\n',
        'EUR',
      ),
      [
        { day: '2026-11-20', base: 'EUR', currency: 'USD', rate: '1.0862' },
        { day: '2026-11-20', base: 'EUR', currency: 'JPY', rate: '163.41' },
        { day: '2026-11-19', base: 'EUR', currency: 'USD', rate: '1.0801' },
      ],
    ))
  for (const [sentence, text, why] of [
    [
      'a line without a day is told by its number',
      'date,currency,rate\n2026-11-20,USD,1\nyesterday,USD,1\n',
      /line 3/,
    ],
    ['a rate that is none likewise', 'date,USD\n2026-11-20,1,08\n2026-11-19,-1\n', /line 3/],
    ['a currency that is none likewise', 'date,currency,rate\n2026-11-20,Dollar,1\n', /line 2/],
    ['a file without a header is none', '2026-11-20,USD,1.08\n', /first line/],
    ['a file of dates alone is none', 'date,note\n2026-11-20,x\n', /currency/],
  ] as const)
    test(sentence, () => assert.throws(() => readExchangeFile(text, 'EUR'), why))
})
