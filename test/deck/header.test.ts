import assert from 'node:assert/strict'
import { EngineError } from '../../src/base/errors.ts'
import type { DeckFormat } from '../../src/deck/format.ts'
import { layoutByNumber, layoutOf } from '../../src/deck/header.ts'

/** `field=number of its column`, in the order of the columns. */
const mapped = (headers: string, format: DeckFormat = {}): string | undefined => {
  const layout = layoutOf(headers.split('|'), format)
  if (layout === undefined) return undefined
  return Object.entries(layout.columns)
    .filter(([, index]) => index >= 0)
    .sort((a, b) => a[1] - b[1])
    .map(([field, index]) => `${field}=${index + 1}`)
    .join(' ')
}

suite('header: one name for each field, as carriers write them', () => {
  const named: Readonly<Record<string, readonly string[]>> = {
    prefix: [
      'Prefix',
      'PREFIX',
      'Dial Code',
      'dialcode',
      'DIAL_CODE',
      'Dialing Code',
      'Code',
      'Codes',
      'Destination Code',
      'Dest. Code',
      'Area Code',
      'Area Code(s)',
      'AreaCodes',
      'Country Code',
      'NPANXX',
      'NPA-NXX',
      'Vorwahl',
      'E.164 Prefix',
    ],
  }
  for (const header of named['prefix'] ?? [])
    test(`"${header}" is the prefix`, () =>
      assert.match(mapped(`${header}|Rate`) ?? '', /\bprefix=1 price=2/))

  const rows: readonly (readonly [field: string, headers: readonly string[]])[] = [
    [
      'destination',
      [
        'Destination',
        'Destination Name',
        'Dest Name',
        'Description',
        'Country',
        'Zone',
        'Location',
        'Country Name',
      ],
    ],
    [
      'price',
      [
        'Rate',
        'Price',
        'Rate/Min',
        'Rate per minute',
        'Price per minute',
        'Price (USD/min)',
        'Cost',
        'USD/min',
        'EUR',
        'Rate (USD)',
        'Rate $',
        'price_per_minute',
        'pricePerMinute',
        '€/min',
        'New Rate',
        'Cents/min',
        'US$ per min',
        'Rate USD per minute',
      ],
    ],
    [
      'connectionFee',
      [
        'Connection fee',
        'Connect Fee',
        'Setup',
        'Set-up fee',
        'Conn. charge',
        'Connection charge',
        'Setup Fee (USD)',
      ],
    ],
    ['minimumSeconds', ['Min', 'Minimum', 'Minimum Duration', 'Min. Duration', 'minimum_seconds']],
    [
      'increments',
      ['Billing increment', 'Billing Increments', 'Increments', 'Rounding', 'Billing Interval', 'Taktung'],
    ],
    [
      'firstIncrement',
      ['Initial increment', 'First increment', 'Interval 1', 'INTERVAL_1', '1st Interval', 'Initial'],
    ],
    [
      'nextIncrement',
      ['Subsequent increment', 'Next increment', 'Interval N', 'interval_n', '2nd Interval', 'Subsequent'],
    ],
    [
      'effectiveFrom',
      ['Effective date', 'Effective Date', 'Eff. Date', 'Valid from', 'Start date', 'Effective', 'Gültig ab'],
    ],
    [
      'effectiveTo',
      ['End date', 'Expires', 'Valid to', 'Valid until', 'Expiry Date', 'Effective To', 'Gültig bis'],
    ],
    ['currency', ['Currency', 'CCY', 'Curr.', 'Währung']],
    ['interstate', ['Inter', 'Interstate', 'Inter-state', 'Interstate Rate', 'INTER RATE']],
    ['intrastate', ['Intra', 'Intrastate', 'Intra-State Rate']],
  ]
  for (const [field, headers] of rows)
    for (const header of headers)
      test(`"${header}" is the ${field}`, () => {
        const given = field === 'price' ? `Prefix|${header}` : `Prefix|${header}|Rate`
        assert.match(mapped(given) ?? '', new RegExp(`\\b${field}=2\\b`))
      })
  for (const header of ['Indeterminate', 'IJ', 'Indet', 'Indet. Rate', 'Indeterminate Price'])
    test(`"${header}" is the price of unknown jurisdiction`, () =>
      assert.match(
        mapped(`NPANXX|Inter|Intra|${header}`) ?? '',
        /interstate=2 intrastate=3 price=4 indeterminate=4/,
      ))
})

suite('header: columns together', () => {
  const row = (
    sentence: string,
    headers: string,
    expected: string | undefined,
    format: DeckFormat = {},
  ): void => {
    test(sentence, () => assert.equal(mapped(headers, format), expected))
  }
  row(
    'a country and an area code make the prefix',
    'Country Code|Area Code|Rate',
    'countryCode=1 prefix=2 areaCode=2 price=3',
  )
  row(
    'NPA and NXX do too',
    'NPA|NXX|Inter|Intra',
    'countryCode=1 prefix=2 areaCode=2 interstate=3 intrastate=4',
  )
  row(
    'a whole code beside them is preferred',
    'Country Code|Area Code|Dial Code|Rate',
    'areaCode=2 prefix=3 price=4'.replace('areaCode=2 ', ''),
  )
  row(
    'of several names of a place the most exact',
    'Country|Destination|Code|Price',
    'destination=2 prefix=3 price=4',
  )
  row('the new price and not the old one', 'Code|Old Rate|New Rate|Change', 'prefix=1 price=3')
  row(
    'interstate and intrastate alone are prices enough',
    'NPANXX|Interstate|Intrastate',
    'prefix=1 interstate=2 intrastate=3',
  )
  row('interstate alone is not', 'NPANXX|Interstate', undefined)
  row('without a price it is no header', 'Prefix|Destination', undefined)
  row('without a prefix it is no header', 'Destination|Rate', undefined)
  row('a title is no header', 'Rate sheet of Example Carrier|', undefined)
  row('a column by its header, whatever it is called', 'Kode|Bestemming|Koste', 'prefix=1 price=3', {
    columns: { prefix: 'kode', price: 'KOSTE' },
  })
  row('a column by its number', 'Kode|Bestemming|Koste', 'prefix=1 destination=2 price=3', {
    columns: { prefix: 1, destination: 2, price: 3 },
  })
  row('a column that is told not to count', 'Code|Rate|Effective Date', 'prefix=1 price=2', {
    columns: { effectiveFrom: false },
  })
  row('a told header that is missing', 'Code|Rate', undefined, { columns: { prefix: 'Vorwahl' } })
})

test('two columns of the same name are refused, by naming them', () => {
  assert.throws(
    () => mapped('Prefix|Rate|Rate'),
    (fault) =>
      fault instanceof EngineError &&
      fault.code === 'DECK_AMBIGUOUS_HEADER' &&
      /price .*"Rate"/.test(fault.message),
  )
  assert.equal(mapped('Prefix|Rate|Rate', { columns: { price: 3 } }), 'prefix=1 price=3')
})

test('a header tells the currency and cents of its column', () => {
  const of = (headers: string): unknown => {
    const layout = layoutOf(headers.split('|'), {})
    return [layout?.currency, [...(layout?.inCents ?? [])]]
  }
  assert.deepEqual(of('Prefix|Rate (EUR)'), ['EUR', []])
  assert.deepEqual(of('Prefix|£/min'), ['GBP', []])
  assert.deepEqual(of('Prefix|Rate ($)'), [undefined, []])
  assert.deepEqual(of('Prefix|Rate in US cents|Setup'), [undefined, ['price']])
})

test('numbers of columns are a layout without a header', () => {
  assert.equal(layoutByNumber({ columns: { prefix: 1, price: 3 } })?.columns.price, 2)
  assert.equal(layoutByNumber({ columns: { prefix: 1 } }), undefined)
  assert.equal(layoutByNumber({ columns: { prefix: 'Code', price: 3 } }), undefined)
})
