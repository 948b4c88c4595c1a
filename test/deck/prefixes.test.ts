import assert from 'node:assert/strict'
import fc from 'fast-check'
import { areasOf, isPlain, prefixesOf } from '../../src/deck/prefixes.ts'

suite('prefixes of a cell', () => {
  const row = (cell: string, expected: string | RegExp, countryCode?: string): void => {
    test(`"${cell}"${countryCode === undefined ? '' : ` below ${countryCode}`} ${expected instanceof RegExp ? 'is refused' : `is ${expected}`}`, () => {
      const read = prefixesOf(cell, countryCode)
      if (expected instanceof RegExp) assert.match(JSON.stringify(read), expected)
      else assert.deepEqual(read, expected.split(' '))
    })
  }
  row('4420', '4420')
  row('+4420', '4420')
  row('004420', '4420')
  row(' 44 20 ', '4420')
  row("'4420", '4420')
  row('+44 (20)', '4420')
  row('1-242', '1242')
  row('1 242', '1242')
  row('123456789012345', '123456789012345')
  row('1234567890123456', /longer than 15/)
  row('4.42E+11', /shortened by a spreadsheet/)
  row('4,42E+11', /shortened by a spreadsheet/)
  row('442E9', /shortened by a spreadsheet/)
  row('4420.0', /has decimals/)
  row('44(', /no prefix of digits/)
  row('44a', /no prefix of digits/)
  row('0207', /begins with 0/)
  row('', /is empty/)
  row('+', /is/)
  row('4420,4421', '4420 4421')
  row('4420; 4421;4430', '4420 4421 4430')
  row('44;20,21', '4420 4421')
  row('44:20,22-24', '4420 4422 4423 4424')
  row('44 20/21', '4420 4421')
  row('44 20, 121', '4420 44121')
  row('44 20, 44 21', '4420 4421')
  row('44 20/121', '4420 44121')
  row('4420/21', '4420 4421')
  row('4420/4421', '4420 4421')
  row('4420/1', '4420 4421')
  row('4420-4423', '4420 4421 4422 4423')
  row('4420-23', '4420 4421 4422 4423')
  row('4420 – 4421', '4420 4421')
  row('44 20-22', '4420 4421 4422')
  row('4420,4422-4424', '4420 4422 4423 4424')
  row('4420;4422-4424', '4420 4422 4423 4424')
  row('4420,4421,', '4420 4421')
  row('4420,21', /may be whole prefixes or areas/)
  row('44;20', /may be whole prefixes or areas/)
  row('44,33', /may be whole prefixes or areas/)
  row('44-20', /runs backwards/)
  row('20-4423', /longer than its start/)
  row('4420-', /without an end/)
  row('4420-4421-4422', /no prefix/)
  row('440000-449999', Array.from({ length: 10_000 }, (_, index) => String(440_000 + index)).join(' '))
  row('440000-450000', /more than 10000/)
  row('4-4499999', /longer than its start/)
  row('1000000-9999999', /more than 10000/)
  row('441-443,4450000-4459999', /more than 10000/)
  row('201200', '1201200', '1')
  row('201,202', '1201 1202', '1')
  row('20-22', '4420 4421 4422', '44')
})

suite('areas beside their country', () => {
  const row = (country: string, areas: string, expected: string | RegExp): void => {
    test(`${country} with "${areas}" ${expected instanceof RegExp ? 'is refused' : `is ${expected}`}`, () => {
      const read = areasOf(country, areas)
      if (expected instanceof RegExp) assert.match(JSON.stringify(read), expected)
      else assert.deepEqual(read, expected.split(' '))
    })
  }
  row('44', '20, 21, 22-24', '4420 4421 4422 4423 4424')
  row('+44', '', '44')
  row('44', '1481/1534', '441481 441534')
  row('1-242', '', '1242')
  row('39', '06', '3906')
  row('', '20', /no calling code/)
  row('GB', '20', /no calling code/)
})

test('a list of whole prefixes of one country is read as it was written', () => {
  const prefixes = fc.array(
    fc.integer({ min: 0, max: 99_999 }).map((number) => `44${String(number).padStart(5, '0')}`),
    { minLength: 1, maxLength: 20 },
  )
  fc.assert(
    fc.property(prefixes, fc.constantFrom(',', ', ', ';', ' ; '), (list, separator) => {
      assert.deepEqual(prefixesOf(list.join(separator)), list)
    }),
  )
})

test('plain is what needs no work: digits that do not begin with 0, 15 at most', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('0', '1', '2', '44', '789', '+', ' ', '-', 'a'), maxLength: 17 }),
      (cell) => {
        assert.equal(isPlain(cell), /^[1-9]\d{0,14}$/.test(cell))
      },
    ),
  )
})
