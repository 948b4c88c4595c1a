import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { DeckFormat } from '../../src/deck/format.ts'
import { createDeckReader } from '../../src/deck/reader.ts'
import { readDeck, shown } from './read-text.ts'

const sample = (name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`samples/${name}.csv`, import.meta.url)))

/** Reads a deck that must be good; its rates as lines of text. */
const ratesOf = async (file: string | Uint8Array, format: DeckFormat = {}): Promise<readonly string[]> => {
  const { rates, fault } = await readDeck(file, format)
  assert.equal(fault, undefined)
  return rates.map(shown)
}

suite('reader: decks as carriers send them', () => {
  test('a letterhead, semicolons, decimal commas, German names and a total', async () => {
    const { rates, report, fault } = await readDeck(sample('letterhead-semicolon-decimal-comma'))
    assert.equal(fault, undefined)
    assert.deepEqual(rates.map(shown), [
      '49 Deutschland Festnetz 0.0085 60/60 from 2026-12-01 EUR',
      '49151 Deutschland Mobilfunk 0.0312 60/1 from 2026-12-01 EUR',
      '43 Österreich 0.012 1/1 from 2026-12-01 to 2026-12-31 EUR',
    ])
    assert.equal(report.headerLine, 5)
    assert.equal(report.delimiter, ';')
    assert.equal(report.decimalMark, ',')
    assert.deepEqual(report.currencies, ['EUR'])
    assert.deepEqual(report.ending, { count: 1, first: Date.UTC(2026, 11, 31) })
    const { examples, ...counts } = report.skipped
    assert.deepEqual(counts, { blank: 2, title: 3, header: 0, comment: 0, total: 1, note: 1 })
    assert.deepEqual(
      examples.map(({ line, kind, text }) => `${line} ${kind} ${text}`),
      [
        '1 title Example Telecom GmbH',
        '2 title Musterstrasse 1, 10115 Berlin',
        '3 title Preisliste 2026-12',
        '10 total Summe 3',
        '11 note Alle Preise ohne Mehrwertsteuer.',
      ],
    )
  })

  test('a country column with lists and ranges of areas, a name with a line end', async () => {
    const { rates, report } = await readDeck(sample('country-and-areas'))
    assert.deepEqual(
      rates.map(shown),
      [
        '44 United Kingdom 0.0045 1/1 from 2026-12-01 USD',
        ...['447400', '447401', '447402', '447410'].map(
          (prefix) => `${prefix} United Kingdom 0.0185 1/1 from 2026-12-01 USD`,
        ),
        ...['1242357', '1242359'].map((prefix) => `${prefix} Bahamas 0.221 fee 0.01 6/6 from 2026-12-01 USD`),
      ].map((line) => (line.startsWith('447') ? line.replace('Kingdom', 'Kingdom Mobile') : line)),
    )
    assert.deepEqual(
      rates.map(({ line }) => line),
      [2, 3, 3, 3, 3, 5, 5],
    )
    assert.equal(report.rows, 3)
    assert.equal(report.rates, 7)
  })

  test('NPA and NXX with interstate, intrastate and indeterminate prices', async () => {
    const { rates, report } = await readDeck(sample('us-npanxx'), { countryCode: '1', currency: 'USD' })
    assert.deepEqual(rates.map(shown), [
      '1201200 0.0034 inter 0.0011 intra 0.0034 6/6 from 2026-12-15 USD',
      '1201202 0.0012 inter 0.0012 intra 0.0007 6/6 from 2026-12-01 USD',
    ])
    assert.equal(report.dateOrder, 'mdy')
    assert.deepEqual(
      report.warnings.map(({ code, count, examples }) => [code, count, examples]),
      [['no-indeterminate-price', 1, ['1201202']]],
    )
  })

  test('pipes, scientific notation, Excel dates, currency words and a comment', async () => {
    assert.deepEqual(await ratesOf(sample('pipe-excel')), [
      '93 Afghanistan 0.21 60/60 from 2025-12-01 USD',
      '9370 Afghanistan Mobile 0.2455 60/60 from 2025-12-01T12:00:00Z USD',
    ])
  })

  test('it does not matter how the bytes are cut', async () => {
    const file = sample('country-and-areas')
    const expected = (await readDeck(file)).rates
    for (const chunkBytes of [1, 7, 64, 100_000])
      assert.deepEqual((await readDeck(file, {}, { chunkBytes })).rates, expected)
  })

  const rows: readonly (readonly [
    sentence: string,
    file: string | Uint8Array,
    expected: readonly string[],
    format?: DeckFormat,
  ])[] = [
    ['comma', 'Prefix,Destination,Rate\n44,UK,0.01\n', ['44 UK 0.01 60/60']],
    ['semicolon', 'Prefix;Destination;Rate\n44;UK;0.01\n', ['44 UK 0.01 60/60']],
    ['a line for Excel above', 'sep=;\nPrefix;Rate\n44;0,5\n', ['44 0.50 60/60']],
    ['a country by its letters beside the code', 'Country Code,Code,Rate\nGB,4420,1\n', ['4420 1.00 60/60']],
    ['a total that has another decimal mark', 'Prefix;Rate\n44;1.234\nTotal;1.234,5\n', ['44 1.234 60/60']],
    [
      'a byte order mark against the option',
      '\ufeffPrefix,Destination,Rate\n53,Móvil,1\n',
      ['53 Móvil 1.00 60/60'],
      { encoding: 'latin-1' },
    ],
    ['tab', 'Prefix\tDestination\tRate\n44\tUK, all\t0.01\n', ['44 UK, all 0.01 60/60']],
    ['pipe', 'Prefix|Destination|Rate\n44|UK; all|0.01\n', ['44 UK; all 0.01 60/60']],
    [
      'a delimiter by option',
      'Prefix,a|Rate,b|\n44|0.01|\n',
      ['44 0.01 60/60'],
      { delimiter: '|', columns: { prefix: 'Prefix,a', price: 'Rate,b' } },
    ],
    ['CRLF', 'Prefix,Rate\r\n44,0.01\r\n45,0.02', ['44 0.01 60/60', '45 0.02 60/60']],
    ['CR alone', 'Prefix,Rate\r44,0.01\r45,0.02\r', ['44 0.01 60/60', '45 0.02 60/60']],
    [
      'UTF-8 with a byte order mark',
      '\ufeffPrefix,Destination,Rate\n53,Cuba – Móvil,1\n',
      ['53 Cuba – Móvil 1.00 60/60'],
    ],
    [
      'UTF-16LE with one',
      Buffer.from('\ufeffPrefix,Destination,Rate\n53,Cuba – Móvil,1\n', 'utf16le'),
      ['53 Cuba – Móvil 1.00 60/60'],
    ],
    [
      'UTF-16BE with one',
      Buffer.from('\ufeffPrefix,Destination,Rate\n53,Móvil,1', 'utf16le').swap16(),
      ['53 Móvil 1.00 60/60'],
    ],
    [
      'UTF-16LE without one, by option',
      Buffer.from('Prefix,Rate\n53,1\n', 'utf16le'),
      ['53 1.00 60/60'],
      { encoding: 'utf-16le' },
    ],
    [
      'Latin-1',
      Buffer.from('Prefix;Ziel;Preis\n43;Österreich;0,5\n', 'latin1'),
      ['43 Österreich 0.50 60/60'],
    ],
    [
      'Windows-1252',
      Buffer.from([
        ...Buffer.from('Prefix;Ziel;Preis\n43;A '),
        0x96,
        ...Buffer.from(' B;'),
        0x80,
        ...Buffer.from('0,5'),
      ]),
      ['43 A – B 0.50 60/60 EUR'],
    ],
    [
      'no header, by numbers',
      '44;UK;0,01\n45;DK;0,02\n',
      ['44 UK 0.01 60/60', '45 DK 0.02 60/60'],
      { columns: { prefix: 1, destination: 2, price: 3 } },
    ],
    [
      'no header but a title, by numbers',
      'Our prices;;\n44;UK;0,01\n',
      ['44 UK 0.01 60/60'],
      { columns: { prefix: 1, destination: 2, price: 3 } },
    ],
    ['a header where the option says', 'Code,Rate\nPrefix,Rate\n44,1\n', ['44 1.00 60/60'], { headerRow: 2 }],
    [
      'columns by header and by number',
      'Vorwahl;Foo;Bar\n44;UK;0,01\n',
      ['44 0.01 60/60'],
      { columns: { prefix: 'vorwahl', price: 3 } },
    ],
    ['a header in the 50th line', `${'Example,\n'.repeat(49)}Prefix,Rate\n44,1\n`, ['44 1.00 60/60']],
    [
      'defaults by option',
      'Prefix,Rate\n44,1\n',
      ['44 1.00 fee 0.02 min 30 30/6 from 2026-12-01 to 2027-12-01 GBP'],
      {
        currency: 'GBP',
        increments: '30/6',
        minimumSeconds: 30,
        connectionFee: '0.02',
        effectiveFrom: Date.UTC(2026, 11, 1),
        effectiveTo: Date.UTC(2027, 11, 1),
      },
    ],
    [
      'a row before the default',
      'Prefix,Rate,Currency,Min,Increments,Setup,Valid from\n44,1,EUR,6,1/1,0.5,2026-01-01\n45,1,,,,,\n',
      ['44 1.00 fee 0.50 min 6 1/1 from 2026-01-01 EUR', '45 1.00 min 30 30/6 from 2026-12-01 GBP'],
      { currency: 'GBP', increments: '30/6', minimumSeconds: 30, effectiveFrom: Date.UTC(2026, 11, 1) },
    ],
    [
      'prices in cents by option, and the default fee is not',
      'Prefix,Rate,Setup\n44,1.5,2\n45,1,\n',
      ['44 0.015 fee 0.02 60/60', '45 0.01 fee 0.50 60/60'],
      { unit: 'cents', connectionFee: '0.5' },
    ],
    ['prices in cents by the header', 'Prefix,Rate (cents),Setup\n44,1.5,2\n', ['44 0.015 fee 2.00 60/60']],
    ['a first increment alone is both', 'Prefix,Rate,Initial\n44,1,30\n', ['44 1.00 30/30']],
    ['a next increment alone is both', 'Prefix,Rate,Subsequent\n44,1,6\n', ['44 1.00 6/6']],
    ['a short row lacks what is optional', 'Prefix,Rate,Setup,Increments\n44,1\n', ['44 1.00 60/60']],
    [
      'a code that holds its country',
      'Country Code,Code,Rate\n44,4420,1\n49,4930,1\n',
      ['4420 1.00 60/60', '4930 1.00 60/60'],
    ],
    [
      'a code that lacks its country',
      'Country Code,Code,Rate\n44,20,1\n49,30,1\n49,,2\n',
      ['4420 1.00 60/60', '4930 1.00 60/60', '49 2.00 60/60'],
    ],
    [
      'days before months, as a day above 12 shows',
      'Prefix,Rate,Date\n44,1,01/12/2026\n45,1,13/12/2026\n',
      ['44 1.00 60/60 from 2026-12-01', '45 1.00 60/60 from 2026-12-13'],
    ],
    [
      'months before days, as a day above 12 shows',
      'Prefix,Rate,Date\n44,1,01/12/2026\n45,1,12/13/2026\n',
      ['44 1.00 60/60 from 2026-01-12', '45 1.00 60/60 from 2026-12-13'],
    ],
    [
      'an order of dates by option',
      'Prefix,Rate,Date\n44,1,01/12/2026\n',
      ['44 1.00 60/60 from 2026-12-01'],
      { dateOrder: 'dmy' },
    ],
    [
      'dates that are left out',
      'Prefix,Rate,Date\n44,1,01/12/2026\n',
      ['44 1.00 60/60 from 2026-12-31'],
      { columns: { effectiveFrom: false }, effectiveFrom: Date.UTC(2026, 11, 31) },
    ],
    [
      'a last day that counts',
      'Prefix,Rate,From,To\n44,1,2026-12-01,2026-12-01\n',
      ['44 1.00 60/60 from 2026-12-01 to 2026-12-02'],
      { lastDayIncluded: true },
    ],
    [
      'dates in a time zone',
      'Prefix,Rate,From\n44,1,2026-12-01\n',
      ['44 1.00 60/60 from 2026-11-30T23:00:00Z'],
      { timeZone: 'Europe/Berlin' },
    ],
    [
      'a comma that another price explains',
      'Prefix;Rate\n44;1,234\n45;0,5\n',
      ['44 1.234 60/60', '45 0.50 60/60'],
    ],
    [
      'a separator that another price explains',
      'Prefix;Rate\n44;1,234\n45;0.5\n',
      ['44 1234.00 60/60', '45 0.50 60/60'],
    ],
    [
      'a header that is repeated',
      'Prefix,Rate\n44,1\nPrefix,Rate\n45,1\n',
      ['44 1.00 60/60', '45 1.00 60/60'],
    ],
    ['a heading within the list', 'Prefix,Rate\nEUROPE,\n44,1\nEnd of file,\n', ['44 1.00 60/60']],
    [
      'a name that looks like a total',
      'Destination,Code,Rate\nTotal Telecom,"4420,4421",1\n#1 Mobile,4470,1\n',
      ['4420 Total Telecom 1.00 60/60', '4421 Total Telecom 1.00 60/60', '4470 #1 Mobile 1.00 60/60'],
    ],
    ['the same rate twice', 'Prefix,Rate\n44,1\n44,1.0\n', ['44 1.00 60/60']],
    [
      'an apostrophe that guards a name',
      "Prefix,Destination,Rate\n44,'=A1,1\n45,''s-Hertogenbosch,1\n46,'s-Hertogenbosch,1\n",
      ['44 =A1 1.00 60/60', "45 's-Hertogenbosch 1.00 60/60", "46 's-Hertogenbosch 1.00 60/60"],
    ],
  ]
  for (const [sentence, file, expected, format] of rows)
    test(sentence, async () => assert.deepEqual(await ratesOf(file, format), expected))
})

suite('reader: warnings and progress', () => {
  test('repeated and overlapping rates are counted and named', async () => {
    const { rates, report } = await readDeck(
      'Prefix,Rate,From,To\n44,1,2026-01-01,2026-03-01\n44,2,2026-02-01,\n44,1,2026-01-01,2026-03-01\n45,1,2026-01-01,2026-02-01\n45,2,2026-02-01,\n',
    )
    assert.equal(rates.length, 4)
    assert.deepEqual(
      report.warnings.map(({ code, count, examples }) => [code, count, examples]),
      [
        ['overlapping-dates', 1, ['44 in lines 2 and 3']],
        ['duplicate', 1, ['44 in lines 2 and 4']],
      ],
    )
    for (const { message } of report.warnings) assert.match(message, /^1 rates /)
  })

  test('prices by jurisdiction outside +1 hint at a missing country code', async () => {
    const { report } = await readDeck('NPANXX,Inter,Intra,Indet\n201200,1,1,1\n1201200,1,1,1\n')
    assert.deepEqual(
      report.warnings.map(({ code, count }) => [code, count]),
      [['jurisdiction-outside-1', 1]],
    )
  })

  test('an ambiguous date is held until a later row tells, over many rows', async () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => `${44_000 + index},1,01/02/2026\n`).join('')
    const { rates } = await readDeck(`Prefix,Rate,Date\n${rows}45,1,13/02/2026\n`)
    assert.equal(rates.length, 3_001)
    assert.equal(rates[0]?.effectiveFrom, Date.UTC(2026, 1, 1))
  })

  test('progress counts bytes, lines, rows and rates as they are read', async () => {
    const reader = createDeckReader()
    const file = Buffer.from(
      `Prefix,Rate\n${Array.from({ length: 60_000 }, (_, index) => `${100_000 + index},0.01\n`).join('')}`,
    )
    const seen: number[] = []
    for await (const { rates, progress } of reader.read([file])) {
      assert.ok(rates.length <= 20_000)
      seen.push(progress.bytes)
    }
    assert.ok(seen.length > 2 && (seen[0] ?? 0) < file.length, seen.join())
    assert.deepEqual(reader.progress(), {
      bytes: file.length,
      lines: 60_001,
      rows: 60_000,
      rates: 60_000,
      errors: 0,
    })
  })

  test('columns that nothing was read from are named', async () => {
    const { report } = await readDeck('Prefix,Remark,Rate,Old Rate\n44,x,1,2\n')
    assert.deepEqual(report.unreadColumns, ['Remark', 'Old Rate'])
  })

  test('what the file turned out to be is told, field by field', async () => {
    const { report } = await readDeck('Dial Code;Country;Rate/Min\n44;UK;0.5\n')
    assert.deepEqual(report.columns, { prefix: 'Dial Code', destination: 'Country', price: 'Rate/Min' })
    assert.equal(report.encoding, 'utf-8')
    assert.equal(report.decimalMark, '.')
    assert.deepEqual(report.unreadColumns, [])
  })
})
