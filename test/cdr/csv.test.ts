import assert from 'node:assert/strict'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { csvLine } from '../../src/cdr/csv.ts'

suite('a line of CSV', () => {
  for (const [value, cell] of [
    ['plain', 'plain'],
    ['a,b', '"a,b"'],
    ['say "so"', '"say ""so"""'],
    ['two\r\nlines', '"two\r\nlines"'],
    [' spaced', '" spaced"'],
    ['', ''],
    // What a spreadsheet would run.
    ['=1+1', "'=1+1"],
    ['=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'],
    ['+1-2', "'+1-2"],
    ['-1+cmd|calc', "'-1+cmd|calc"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['  =1', "'  =1"],
    // What it would not.
    ['+442079460123', '+442079460123'],
    ['-5', '-5'],
    ['a=b', 'a=b'],
  ] as const) {
    test(`text ${JSON.stringify(value)}`, () => {
      assert.equal(csvLine([{ value, isText: true }]), `${cell}\r\n`.replace(/^'\t/, "'\t"))
    })
  }

  test('what is no text is told as it is, and nothing is nothing', () => {
    assert.equal(
      csvLine([
        { value: '-0.5', isText: false },
        { value: null, isText: false },
        { value: '1', isText: true },
      ]),
      '-0.5,,1\r\n',
    )
  })

  test('another reader reads what was written, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { minLength: 2, maxLength: 5 }), (values) => {
        const [read] = parse(csvLine(values.map((value) => ({ value, isText: true }))), {
          record_delimiter: '\r\n',
        })
        assert.deepEqual(
          read?.map((cell) => cell.replace(/^'/, '')),
          values.map((value) => value.replace(/^'/, '')),
        )
      }),
    )
  })
})
