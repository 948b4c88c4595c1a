import assert from 'node:assert/strict'
import type { DeckFormat } from '../../src/deck/format.ts'
import { createDeckReader } from '../../src/deck/reader.ts'
import { readDeck } from './read-text.ts'

suite('reader: files that are refused', () => {
  const row = (
    sentence: string,
    file: string | Uint8Array,
    code: string,
    message: RegExp,
    format: DeckFormat = {},
  ): void => {
    test(sentence, async () => {
      const { fault } = await readDeck(file, format)
      assert.equal(fault?.code, code)
      assert.match(fault.message, message)
    })
  }
  row('an empty file', '', 'DECK_EMPTY', /no rows/)
  row('a file of blank lines', '\n\n ,\n', 'DECK_EMPTY', /no rows/)
  row('a file with a header only', 'Prefix,Rate\n', 'DECK_EMPTY', /no rate below its header/)
  row('a file with a header and a total', 'Prefix,Rate\nTotal,0\n', 'DECK_EMPTY', /no rate below its header/)
  row('a file without a header', '44,UK,1\n45,DK,1\n', 'DECK_NO_HEADER', /option columns/)
  row(
    'a header below the 50th line',
    `${'Example,\n'.repeat(50)}Prefix,Rate\n44,1\n`,
    'DECK_NO_HEADER',
    /first 50 lines/,
  )
  row('a told header that is not there', 'Prefix,Rate\n44,1\n', 'DECK_NO_HEADER', /"Vorwahl"/, {
    columns: { prefix: 'Vorwahl' },
  })
  row('a told line that is no header', 'Prefix,Rate\n44,1\n', 'DECK_NO_HEADER', /line 2/, { headerRow: 2 })
  row('no header and no numbers', '44,1\n', 'DECK_NO_HEADER', /must number/, { headerRow: false })
  row('two columns of one name', 'Prefix,Rate,Rate\n44,1,2\n', 'DECK_AMBIGUOUS_HEADER', /option columns/)
  row(
    'dates that may be either',
    'Prefix,Rate,Date\n44,1,2026-01-01\n45,1,01/12/2026\n',
    'DECK_AMBIGUOUS_DATES',
    /^line 3, column "Date": "01\/12\/2026".*--date-order/,
  )
  row(
    'codes of which some hold their country',
    'Country Code,Code,Rate\n44,4420,1\n49,30,1\n',
    'DECK_AMBIGUOUS_COLUMNS',
    /countryCode/,
  )
  row(
    'a spreadsheet',
    Buffer.from([0x50, 0x4b, 3, 4, 20, 0]),
    'DECK_NOT_TEXT',
    /this is a spreadsheet, save it as CSV/,
  )
  row(
    'an old spreadsheet',
    Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1]),
    'DECK_NOT_TEXT',
    /this is a spreadsheet/,
  )
  row('gzip', Buffer.from([0x1f, 0x8b, 8, 0]), 'DECK_NOT_TEXT', /gzip/)
  row('a PDF', '%PDF-1.7\n', 'DECK_NOT_TEXT', /PDF/)
  row('a web page', '<!DOCTYPE html><html>', 'DECK_NOT_TEXT', /web page/)
  row(
    'UTF-16 without a byte order mark',
    Buffer.from('Prefix,Rate\n44,1\n', 'utf16le'),
    'DECK_NOT_TEXT',
    /UTF-16 without a byte order mark/,
  )
  row('a NUL byte', 'Prefix,Rate\n44,1\n4\0,1\n', 'DECK_NOT_TEXT', /^line 3: a NUL byte/)
  row(
    'UTF-8 that turns into something else',
    Buffer.concat([Buffer.from('Prefix,Name,Rate\n44,é,1\n45,'), Buffer.from([0xe9]), Buffer.from(',1\n')]),
    'DECK_BAD_ENCODING',
    /^line 3: /,
  )
  row(
    'bytes that are not the encoding told',
    Buffer.from('Prefix,Name,Rate\n44,é,1\n', 'latin1'),
    'DECK_BAD_ENCODING',
    /^line 2: /,
    { encoding: 'utf-8' },
  )
  row('UTF-16 that is cut off', Buffer.from([0xff, 0xfe, 0x50]), 'DECK_BAD_ENCODING', /^line 1: /)
  row('a million columns', `${'a,'.repeat(1_000_000)}\n`, 'DECK_LINE_TOO_LONG', /^line 1 /)
  row(
    'three hundred columns',
    `Prefix,Rate${',a'.repeat(300)}\n44,1\n`,
    'DECK_TOO_MANY_COLUMNS',
    /^line 1 has 302 columns/,
  )
  row(
    'a quote that is never closed',
    `Prefix,Name,Rate\n44,UK,1\n45,"DK,1\n${'46,SE,1\n'.repeat(20_000)}`,
    'DECK_BAD_CSV',
    /^line 3: a quote that opens here is never closed/,
  )
  row(
    'a quote within a cell, below cells in quotes',
    'Prefix,Name,Rate\n44,"UK",1\n45,5" pipe,1\n46,6" pipe,1\n',
    'DECK_BAD_CSV',
    /^line 3: a quote within a cell/,
  )
  row('a quote that is open at the end', 'Prefix,Name,Rate\n44,"UK,1\n', 'DECK_BAD_CSV', /^line 2: /)

  test('a line of 200 MB is refused after its first block', async () => {
    let taken = 0
    const block = Buffer.alloc(262_144, 'x')
    function* endless(): Generator<Uint8Array> {
      for (; taken < 200_000_000; taken += block.length) yield block
    }
    await assert.rejects(
      async () => {
        for await (const batch of createDeckReader().read(endless()))
          assert.fail(JSON.stringify(batch.progress))
      },
      (fault) => fault instanceof Error && /line 1 is longer/.test(fault.message),
    )
    assert.ok(taken <= 2 * block.length, `${taken} bytes were taken`)
  })

  test('dates that stay ambiguous are held no longer than fifty thousand rows', async () => {
    let taken = 0
    function* endless(): Generator<Uint8Array> {
      yield Buffer.from('Prefix,Rate,Date\n')
      for (; taken < 1_000_000; taken += 1_000)
        yield Buffer.from(
          Array.from({ length: 1_000 }, (_, row) => `${1_000_000 + taken + row},1,01/02/2026\n`).join(''),
        )
    }
    await assert.rejects(
      async () => {
        for await (const batch of createDeckReader().read(endless()))
          assert.fail(JSON.stringify(batch.progress))
      },
      (fault) => fault instanceof Error && /^line 2, column "Date"/.test(fault.message),
    )
    assert.ok(taken < 100_000, `${taken} rows were taken`)
  })

  test('a long line in the middle has its number', async () => {
    const { fault } = await readDeck(`Prefix,Rate\n${'44,1\n'.repeat(70_000)}${'x'.repeat(400_000)}\n`)
    assert.match(fault?.message ?? '', /^line 70002 is longer/)
  })

  test('more rates than the limit', async () => {
    const { fault } = await readDeck('Prefix,Rate\n1000-1999,1\n', {}, { mostRates: 999 })
    assert.equal(fault?.code, 'DECK_TOO_LARGE')
  })
})
