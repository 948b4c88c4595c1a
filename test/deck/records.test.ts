import assert from 'node:assert/strict'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { codeOf, EngineError } from '../../src/base/errors.ts'
import { createRecordCutter } from '../../src/deck/records.ts'

type Cut = { readonly cells: readonly (readonly string[])[]; readonly lines: readonly number[] }

/** Cuts text in blocks that end at the given line ends. */
const cutAll = (text: string, lineEnd: '\n' | '\r', delimiter: ',' | ';', linesInABlock: number): Cut => {
  const cutter = createRecordCutter(delimiter, lineEnd, { line: 1, bytes: 0 })
  const cells: (readonly string[])[] = []
  const lines: number[] = []
  const parts = text.split(lineEnd)
  const last = parts.pop() ?? ''
  const whole = parts.map((part) => part + lineEnd)
  for (let start = 0; start < whole.length || (start === 0 && last !== ''); start += linesInABlock) {
    const isLast = start + linesInABlock >= whole.length
    const block = cutter.cut(whole.slice(start, start + linesInABlock).join('') + (isLast ? last : ''))
    cells.push(...block.cells)
    lines.push(...block.lines)
  }
  cutter.end()
  return { cells, lines }
}

const reference = (text: string, lineEnd: '\n' | '\r', delimiter: string): readonly (readonly string[])[] =>
  parse(text, {
    delimiter,
    record_delimiter: lineEnd === '\n' ? ['\r\n', '\n'] : ['\r'],
    relax_column_count: true,
    skip_empty_lines: false,
  })

suite('records: the same as csv-parse gives', () => {
  const agree = (text: string, lineEnd: '\n' | '\r', delimiter: ',' | ';', block: number): void => {
    let expected: readonly (readonly string[])[]
    try {
      expected = reference(text, lineEnd, delimiter)
    } catch {
      assert.throws(
        () => cutAll(text, lineEnd, delimiter, block),
        (fault) => codeOf(fault) === 'DECK_BAD_CSV',
        JSON.stringify(text),
      )
      return
    }
    assert.deepEqual(cutAll(text, lineEnd, delimiter, block).cells, expected, JSON.stringify(text))
  }

  test('whatever the text, also where it is refused', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '4', ' ', ',', ';', '"', '\n', '\r', '\r\n', 'ü', '😀'),
      maxLength: 40,
    })
    fc.assert(
      fc.property(
        text,
        fc.constantFrom<'\n' | '\r'>('\n', '\r'),
        fc.constantFrom<',' | ';'>(',', ';'),
        fc.integer({ min: 1, max: 5 }),
        agree,
      ),
      { numRuns: 20_000 },
    )
  })

  test('tables with every kind of quoting', () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '1', '.', ' ', 'é'), maxLength: 6 }),
      fc
        .string({ unit: fc.constantFrom('a', ',', '"', '\n', '\r', ' '), maxLength: 6 })
        .map((value) => `"${value.replaceAll('"', '""')}"`),
    )
    const table = fc.array(
      fc.array(cell, { minLength: 1, maxLength: 5 }).map((cells) => cells.join(',')),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.integer({ min: 1, max: 4 }),
        (rows, end, isEnded, block) => {
          agree(rows.join(end) + (isEnded ? end : ''), '\n', ',', block)
        },
      ),
      { numRuns: 5_000 },
    )
  })
})

test('a record has the line where it begins, after quoted line ends too', () => {
  const { cells, lines } = cutAll('a\n"b\nc",d\n\n"e ""x""",f\r\ng', '\n', ',', 2)
  assert.deepEqual(cells, [['a'], ['b\nc', 'd'], [''], ['e "x"', 'f'], ['g']])
  assert.deepEqual(lines, [1, 2, 4, 5, 6])
})

suite('records: what is refused', () => {
  const row = (sentence: string, text: string, code: string, message: RegExp): void => {
    test(sentence, () => {
      assert.throws(
        () => cutAll(text, '\n', ',', 1_000),
        (fault) => fault instanceof EngineError && fault.code === code && message.test(fault.message),
      )
    })
  }
  row(
    'a quote that is never closed',
    'a,b\n1,"c\n2,d\n',
    'DECK_BAD_CSV',
    /^line 2: a quote that opens here is never closed/,
  )
  row(
    'the same over more text than a row has',
    `a\n1,"c\n${'2,d\n'.repeat(30_000)}`,
    'DECK_BAD_CSV',
    /^line 2: .*never closed/,
  )
  row(
    'a quote within a cell',
    'a,b\nc,5" pipe\nd,6" pipe\n',
    'DECK_BAD_CSV',
    /^line 2: a quote within a cell/,
  )
  row('text behind a closing quote', 'a,b\n"c"d,"e"\n', 'DECK_BAD_CSV', /^line 2: a quote that closes a cell/)
  row('the second of two quoted rows', '"a""",b\n"c"d,"e"\n', 'DECK_BAD_CSV', /^line 2: /)
  row('a line of more than 64 KiB', `a\n${'b'.repeat(65_537)}\n`, 'DECK_LINE_TOO_LONG', /^line 2 /)
  row(
    'more columns than a deck has',
    `a\n${','.repeat(256)}\n`,
    'DECK_TOO_MANY_COLUMNS',
    /^line 2 has 257 columns/,
  )
})
