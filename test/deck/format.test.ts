import assert from 'node:assert/strict'
import { EngineError } from '../../src/base/errors.ts'
import { deckFormatOf } from '../../src/deck/format.ts'

suite('format of a deck, as a person hands it in', () => {
  const row = (sentence: string, given: unknown, expected: unknown): void => {
    test(sentence, () => assert.deepEqual(deckFormatOf(given), expected))
  }
  row('nothing is a format', {}, {})
  row('it survives JSON', JSON.parse(JSON.stringify({ unit: 'cents', headerRow: false })), {
    unit: 'cents',
    headerRow: false,
  })
  row(
    'columns by header, number and none',
    { columns: { prefix: 'Vorwahl', price: 3, effectiveFrom: false } },
    {
      columns: { prefix: 'Vorwahl', price: 3, effectiveFrom: false },
    },
  )
  row(
    'a query has text only',
    {
      columns: { price: '3', currency: 'false' },
      headerRow: '4',
      lastDayIncluded: 'true',
      minimumSeconds: '30',
    },
    {
      columns: { price: 3, currency: false },
      headerRow: 4,
      lastDayIncluded: true,
      minimumSeconds: 30,
    },
  )
  row('a delimiter by its name', { delimiter: 'tab' }, { delimiter: '\t' })
  row('a date is midnight in UTC', { effectiveFrom: '2026-12-01' }, { effectiveFrom: Date.UTC(2026, 11, 1) })
  row(
    'or in the time zone',
    { effectiveFrom: '2026-12-01', timeZone: 'Europe/Berlin' },
    {
      effectiveFrom: Date.UTC(2026, 10, 30, 23),
      timeZone: 'Europe/Berlin',
    },
  )
  row('or milliseconds', { effectiveTo: 1_800_000_000_000 }, { effectiveTo: 1_800_000_000_000 })
  row(
    'what is undefined is not there',
    { currency: undefined, columns: { price: undefined } },
    { columns: {} },
  )
  row(
    'everything',
    {
      delimiter: ';',
      encoding: 'latin-1',
      decimalMark: 'comma',
      dateOrder: 'dmy',
      unit: 'major',
      currency: 'EUR',
      increments: '30/6',
      connectionFee: '0.01',
      countryCode: 1,
    },
    {
      delimiter: ';',
      encoding: 'latin-1',
      decimalMark: ',',
      dateOrder: 'dmy',
      unit: 'major',
      currency: 'EUR',
      increments: '30/6',
      connectionFee: '0.01',
      countryCode: '1',
    },
  )

  const bad = (field: string, given: unknown): void => {
    test(`${JSON.stringify(given)} is refused by naming ${field === '' ? 'the format' : field}`, () => {
      assert.throws(
        () => deckFormatOf(given),
        (fault) =>
          fault instanceof EngineError &&
          fault.code === 'DECK_BAD_FORMAT' &&
          fault.details['field'] === field,
      )
    })
  }
  bad('', 'text')
  bad('', null)
  bad('', [])
  bad('colums', { colums: {} })
  bad('columns', { columns: [] })
  bad('columns.prise', { columns: { prise: 1 } })
  bad('columns.price', { columns: { price: 0 } })
  bad('columns.price', { columns: { price: '' } })
  bad('columns.price', { columns: { price: true } })
  bad('headerRow', { headerRow: 0 })
  bad('delimiter', { delimiter: ':' })
  bad('encoding', { encoding: 'ebcdic' })
  bad('decimalMark', { decimalMark: ';' })
  bad('dateOrder', { dateOrder: 'ymd' })
  bad('timeZone', { timeZone: 'Mars/Phobos' })
  bad('lastDayIncluded', { lastDayIncluded: 1 })
  bad('unit', { unit: 'pence' })
  bad('currency', { currency: 'eur' })
  bad('effectiveFrom', { effectiveFrom: '01/12/2026' })
  bad('effectiveFrom', { effectiveFrom: -1 })
  bad('effectiveFrom', { effectiveFrom: '' })
  bad('effectiveTo', { effectiveFrom: '2026-12-01', effectiveTo: '2026-12-01' })
  bad('increments', { increments: '0/60' })
  bad('minimumSeconds', { minimumSeconds: 3_601 })
  bad('connectionFee', { connectionFee: '-1' })
  bad('connectionFee', { connectionFee: 'x' })
  bad('countryCode', { countryCode: '01' })
})
