import assert from 'node:assert/strict'
import { incrementsOf, secondsOf } from '../../src/deck/increments.ts'

suite('increments of a cell', () => {
  const row = (cell: string, expected: string | RegExp): void => {
    test(`${cell} ${expected instanceof RegExp ? 'is refused' : `is ${expected}`}`, () => {
      const read = incrementsOf(cell)
      if (expected instanceof RegExp) assert.match(JSON.stringify(read), expected)
      else
        assert.deepEqual(read, {
          first: Number(expected.split(' ')[0]),
          next: Number(expected.split(' ')[1]),
        })
    })
  }
  row('60/60', '60 60')
  row('30/6', '30 6')
  row('1+1', '1 1')
  row('6-6', '6 6')
  row('60:1', '60 1')
  row('60', '60 60')
  row(' 30 / 6 ', '30 6')
  row('60s/1s', '60 1')
  row('30 sec / 6 sec', '30 6')
  row('60 seconds', '60 60')
  row("'1/1", '1 1')
  row('0/60', /1 to 3600/)
  row('3601/1', /1 to 3600/)
  row('60/0', /1 to 3600/)
  row('30-Jun', /spreadsheets make a date/)
  row('per minute', /is no increments/)
  row('1/2/3', /is no increments/)
  row('', /is no increments/)
})

suite('seconds of a cell', () => {
  test('a minimum may be nothing, a step may not', () => {
    assert.equal(secondsOf('0', 0), 0)
    assert.match(String(secondsOf('0', 1)), /1 to 3600/)
  })
  test('a spreadsheet adds decimals to whole seconds', () => assert.equal(secondsOf('60.0', 1), 60))
  test('half a second is no step', () => assert.match(String(secondsOf('0.5', 1)), /whole number/))
})
