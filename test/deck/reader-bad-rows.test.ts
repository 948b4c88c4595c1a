import assert from 'node:assert/strict'
import type { DeckFormat } from '../../src/deck/format.ts'
import { readDeck } from './read-text.ts'

suite('reader: rows that are refused, with line, column and value', () => {
  const row = (sentence: string, file: string, expected: RegExp, format: DeckFormat = {}): void => {
    test(sentence, async () => {
      const { fault, report } = await readDeck(file, format)
      assert.equal(fault?.code, 'DECK_REFUSED')
      const [error] = report.firstErrors
      assert.equal(error?.code, 'DECK_BAD_ROW')
      assert.match(error.message, expected)
      assert.deepEqual(Object.keys(error.details), ['line', 'column', 'value'])
      assert.equal(fault.details['errorCount'], 1)
    })
  }
  row('letters in a prefix', 'Prefix,Rate\n44,1\n44a,1\n', /^line 3, column "Prefix": "44a" is no prefix/)
  row(
    'a prefix that a spreadsheet shortened',
    'Prefix,Rate\n4.42E+11,1\n',
    /^line 2, column "Prefix": "4.42E\+11" was shortened/,
  )
  row('a prefix longer than 15 digits', 'Prefix,Rate\n1234567890123456,1\n', /longer than 15 digits/)
  row('a missing prefix', 'Prefix,Destination,Rate\n,UK,1\n', /column "Prefix": the cell is empty/)
  row('a missing price', 'Prefix,Rate\n44,\n', /column "Rate": the cell is empty: the price is missing/)
  row('a missing price of a short row', 'Prefix,Rate\n44\n', /price is missing/)
  row('neither interstate nor intrastate', 'NPANXX,Inter,Intra\n1201200,,\n', /price is missing/)
  row('a price that is none', 'Prefix,Rate\n44,n/a\n', /^line 2, column "Rate": "n\/a" is no amount/)
  row('a negative price', 'Prefix,Rate\n44,-0.01\n', /"-0.01" is negative/)
  row(
    'a price finer than eight decimals',
    'Prefix,Rate\n44,0.123456789\n',
    /^line 2, column "Rate": "0.123456789" is finer than 8/,
  )
  row('a comma that nothing explains', 'Prefix;Rate\n44;1,234\n', /decimal comma or a thousands separator/)
  row(
    'a comma among points',
    'Prefix;Rate\n44;0.5\n45;0,5\n',
    /^line 3.*decimal comma, where the file has decimal points/,
  )
  row(
    'an end before its start',
    'Prefix,Rate,From,To\n44,1,2026-12-02,2026-12-01\n',
    /^line 2, column "To": "2026-12-01" ends before/,
  )
  row('an end at its start', 'Prefix,Rate,From,To\n44,1,2026-12-01,2026-12-01\n', /ends before/)
  row(
    'an increment of nothing',
    'Prefix,Rate,Increments\n44,1,0/1\n',
    /^line 2, column "Increments": "0\/1" must be 1 to 3600/,
  )
  row('an increment above an hour', 'Prefix,Rate,Initial\n44,1,3601\n', /1 to 3600/)
  row('increments that became a date', 'Prefix,Rate,Increments\n44,1,30-Jun\n', /spreadsheets make a date/)
  row('a date that is none', 'Prefix,Rate,Date\n44,1,soon\n', /^line 2, column "Date": "soon" is no date/)
  row(
    'dates of both orders',
    'Prefix,Rate,Date\n44,1,13/12/2026\n45,1,12/13/2026\n',
    /^line 3.*order of the other dates/,
  )
  row(
    'a currency that does not exist',
    'Prefix,Rate,Currency\n44,1,EURO\n',
    /^line 2, column "Currency": "EURO" is no currency/,
  )
  row(
    'a currency against the column',
    'Prefix,Rate,Currency\n44,1 USD,EUR\n',
    /"USD" is in a price, where the currency is EUR/,
  )
  row(
    'prices of a row in two currencies',
    'NPANXX,Inter,Intra\n1201200,1 USD,1 CAD\n',
    /is in CAD, another price of the row in USD/,
  )
  row(
    'a control character in a name',
    'Prefix,Destination,Rate\n44,U\u001b[2JK,1\n',
    /column "Destination": .*has control characters/,
  )
  row(
    'a name without an end',
    `Prefix,Destination,Rate\n44,${'x'.repeat(256)},1\n`,
    /more than 255 characters/,
  )
  row('too many prefixes in a cell', 'Prefix,Rate\n440000-450000,1\n', /more than 10000 prefixes/)
  row(
    'a decimal comma without quotes',
    'Prefix,Destination,Rate\n44,UK,0,0085\n',
    /^line 2, column "4": "0085" is beyond the columns/,
  )
  row(
    'a comma in a name without quotes, in a file without a header',
    '44,UK,1\n45,DK 5, 1,1\n',
    /^line 2, column "4": "1" is beyond/,
    { columns: { prefix: 1, price: 3 } },
  )
  row('a price that is a book', `Prefix,Rate\n44,1${' '.repeat(60_000)}\n`, /more than 100 characters/)
  row('a date that is a book', `Prefix,Rate,Date\n44,1,${'1 '.repeat(30_000)}\n`, /more than 100 characters/)
  row('a list that could be two things', 'Prefix,Rate\n"44,33",1\n', /may be whole prefixes or areas/)
  row(
    'the same prefix twice with different prices',
    'Prefix,Rate\n44,1\n45,1\n44,2\n',
    /^line 4, column "Prefix": "44" has another price or other terms from the same moment in line 2/,
  )
  row('a column without a header', '44,1\nx9,1\n', /^line 2, column "1"/, {
    columns: { prefix: 1, price: 2 },
  })
  row('a line after a quoted line end', 'Prefix,Destination,Rate\n44,"U\nK",1\n45,DK,x\n', /^line 4,/)

  test('errors are kept up to a limit and counted all, and no rate comes after the first', async () => {
    const file = `Prefix,Rate\n44,1\n${'4x,1\n'.repeat(500)}46,1\n`
    const { rates, report, fault } = await readDeck(file, {}, { mostErrors: 10 })
    assert.deepEqual(rates, [])
    assert.equal(report.errors, 500)
    assert.equal(report.firstErrors.length, 10)
    assert.match(fault?.message ?? '', /500 errors: line 3, column "Prefix"/)
    const details = fault?.details['errors']
    assert.ok(Array.isArray(details) && details.length === 10)
    assert.deepEqual(details[9], {
      message: 'line 12, column "Prefix": "4x" is no prefix of digits',
      line: 12,
      column: 'Prefix',
      value: '4x',
    })
  })

  test('nothing of a hostile cell reaches a terminal raw', async () => {
    const { fault, report } = await readDeck('Prefix,"Rate\u001b[2J"\n4\u009b2Jx,1\u202e2\n')
    const text = JSON.stringify([fault?.message, fault?.details, report.columns])
    assert.ok(text.includes('\ufffd'))
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    assert.doesNotMatch(text, /[\u0000-\u001f\u007f-\u009f\u202e]|\\u001b/)
  })

  test('a mark that shows itself late holds from there on', async () => {
    const whole = Array.from({ length: 40_000 }, (_, index) => `${100_000 + index};1\n`).join('')
    const { report } = await readDeck(`Prefix;Rate\n${whole}45;0,5\n46;1,234\n47;0.5\n`)
    assert.deepEqual(
      report.firstErrors.map(({ message }) => message),
      ['line 40004, column "Rate": "0.5" has a decimal point, where the file has decimal commas'],
    )
  })

  test('each column of a bad row is named', async () => {
    const { report } = await readDeck('Prefix,Rate,Date\n4x,y,z\n')
    assert.deepEqual(
      report.firstErrors.map(({ details }) => details['column']),
      ['Prefix', 'Rate', 'Date'],
    )
  })
})
