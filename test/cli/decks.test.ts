/** `strowger decks` against the real HTTP server with doors that remember. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command, CommanderError } from 'commander'
import type { Terminal } from '../../src/cli/context.ts'
import { addDecks } from '../../src/cli/decks.ts'
import { CliFault } from '../../src/cli/fault.ts'
import { progressLine } from '../../src/cli/upload.ts'
import type { DeckImport, DeckImported, DeckImportOutcome, RateDeckRow } from '../../src/http/deck-doors.ts'
import type { Money } from '../../src/telephony/money.ts'
import { startFake, TOKEN, type Fake } from '../http/fake-doors.ts'

const NOON = Date.UTC(2026, 7, 1, 12)

const deckRow = (changes: Partial<RateDeckRow> = {}): RateDeckRow => ({
  id: 12,
  carrierId: 4,
  carrier: 'alpha',
  organizationId: undefined,
  name: 'August',
  currency: 'GBP',
  state: 'published',
  version: 2,
  replaces: true,
  effectiveFrom: NOON,
  effectiveTo: undefined,
  rateCount: 3,
  graceSeconds: 0,
  freeSeconds: 0,
  rounding: undefined,
  source: 'alpha.csv',
  createdAt: NOON,
  publishedAt: NOON,
  withdrawnAt: undefined,
  ...changes,
})

const IMPORTED: DeckImported = {
  outcome: 'imported',
  deckId: 12,
  state: 'published',
  owner: { kind: 'carrier', id: 4, name: 'alpha' },
  name: 'alpha.csv',
  currency: 'GBP',
  replaces: true,
  effectiveFrom: NOON,
  effectiveTo: undefined,
  rateCount: 3,
  difference: {
    prefixes: 3,
    added: 1,
    dearer: 1,
    cheaper: 0,
    otherTerms: 0,
    unchanged: 1,
    otherCurrency: 0,
    closed: 1,
    firstClosed: [{ prefix: '33', destination: '' }],
    jumps: [
      {
        prefix: '4420',
        destination: 'London',
        oldPrefix: '44',
        oldPrice: 1_000_000 as Money,
        newPrice: 2_500_000 as Money,
        of: 'price',
      },
    ],
    drops: [],
    warnings: [],
  },
  warnings: [{ code: 'price-jump', message: '1 rates rise by more than 50 %', count: 1, examples: ['4420'] }],
  read: {
    bytes: 1,
    lines: 4,
    encoding: 'utf-8',
    delimiter: ';',
    headerLine: 1,
    columns: { prefix: 'Code', price: 3 },
    decimalMark: ',',
    dateOrder: undefined,
    skipped: { blank: 1, title: 0, header: 0, comment: 0, total: 0, note: 0, examples: [] },
  },
}

suite('the command line: decks', () => {
  let fake: Fake
  let folder: string
  let asked: { request?: DeckImport; bytes: number }
  let outcome: DeckImportOutcome
  let live: boolean
  setup(async () => {
    folder = await mkdtemp(join(tmpdir(), 'decks-'))
    asked = { bytes: 0 }
    outcome = IMPORTED
    live = true
    const rows = [
      deckRow({ id: 11, version: 1, name: 'July' }),
      deckRow(),
      deckRow({ id: 13, carrier: 'beta', carrierId: 5, state: 'draft', version: undefined }),
    ]
    const one = (id: number): Promise<RateDeckRow | undefined> =>
      Promise.resolve(rows.find((row) => row.id === id))
    fake = await startFake({
      records: {
        rateDecks: {
          list: () => Promise.resolve(rows),
          get: one,
          add: () => Promise.reject(new Error('nobody adds')),
          update: one,
          remove: (id) => Promise.resolve(id === 12),
        },
        rateDeckFiles: {
          importDeck: async (request, file) => {
            asked.request = request
            for await (const piece of file) asked.bytes += piece.length
            return outcome
          },
          publish: one,
          withdraw: one,
          rollback: () => Promise.resolve({ withdrawn: deckRow(), current: rows[0] }),
          exportDeck: async (id) => {
            const deck = await one(id)
            return deck === undefined
              ? undefined
              : {
                  deck,
                  file: (async function* () {
                    yield await Promise.resolve(Buffer.from('prefix\n44\n'))
                  })(),
                }
          },
          untilLive: () => Promise.resolve({ live, afterMs: 1_234 }),
        },
      },
    })
  })
  teardown(async () => {
    await fake.server.stop()
    await rm(folder, { recursive: true })
  })

  const run = async (line: string): Promise<{ code: number; out: string; err: string }> => {
    const ran = { code: -1, out: '', err: '' }
    const terminal: Terminal = {
      environment: { STROWGER_URL: fake.url, STROWGER_TOKEN: TOKEN },
      workingDirectory: folder,
      packageDirectory: folder,
      out: (text) => (ran.out += text),
      err: (text) => (ran.err += text),
      readInput: () => Promise.resolve(''),
      interrupt: new AbortController().signal,
    }
    const program = new Command('strowger')
      .exitOverride()
      .configureOutput({ writeOut: terminal.out, writeErr: terminal.err })
      .option('--json')
    addDecks(program, terminal, (code) => {
      ran.code = code
    })
    try {
      await program.parseAsync(line.replaceAll('FOLDER', folder).split(' '), { from: 'user' })
    } catch (fault) {
      if (!(fault instanceof CliFault || fault instanceof CommanderError)) throw fault
      ran.code = fault instanceof CliFault ? fault.exitCode : fault.exitCode === 0 ? 0 : 2
      ran.err += fault.message
    }
    return ran
  }

  test('an import tells the difference, the jumps and what to look at', async () => {
    await writeFile(join(folder, 'alpha.csv'), 'Code;x;Price\n44;;0,01\n')
    const ran = await run(
      'decks import FOLDER/alpha.csv --carrier alpha --effective 2026-12-01 --jump 20% --decimal-comma',
    )
    assert.equal(ran.code, 0, ran.err)
    assert.equal(ran.err, '')
    for (const line of [
      /^alpha\.csv: 3 rates in GBP of carrier alpha, from 2026-08-01T12:00:00\.000Z$/m,
      /^read as utf-8, parted by ";"; columns prefix=Code, price=3; 1 lines are no rates$/m,
      /^new +1$/m,
      /^unchanged +1$/m,
      /^ {2}4420 +London +0\.01 +0\.025 +\+150 % +today as 44$/m,
      /^closed, among others: 33$/m,
      /^ {2}1 rates rise by more than 50 %$/m,
      /^rate deck 12 is published, and calls go by it \(after 1\.2 s\)$/m,
    ])
      assert.match(ran.out, line)
    const { owner, source, replaces, dryRun, draft, jumpPercent, format } = asked.request ?? {}
    assert.deepEqual(
      [owner, source, replaces, dryRun, draft, jumpPercent],
      [{ kind: 'carrier', name: 'alpha', within: undefined }, 'alpha.csv', true, false, false, 20],
    )
    assert.deepEqual(format, { decimalMark: ',', effectiveFrom: Date.UTC(2026, 11, 1) })
    assert.equal(asked.bytes, 22)
  })

  test('options say what to do with a file', async () => {
    await writeFile(join(folder, 'a.csv'), 'x')
    outcome = { ...IMPORTED, state: 'dry-run', deckId: undefined }
    const dry = await run(
      'decks import FOLDER/a.csv --customer 7 --dry-run --partial --columns prefix=Code,price=3',
    )
    assert.match(dry.out, /nothing was written: this was a dry run/)
    assert.deepEqual(
      [asked.request?.owner, asked.request?.dryRun, asked.request?.replaces, asked.request?.format.columns],
      [{ kind: 'customer', name: '7' }, true, false, { prefix: 'Code', price: 3 }],
    )
    outcome = { ...IMPORTED, state: 'draft' }
    assert.match(
      (await run('decks import FOLDER/a.csv --carrier a --draft')).out,
      /strowger decks publish 12/,
    )
    outcome = IMPORTED
    live = false
    assert.match((await run('decks import FOLDER/a.csv --carrier a')).out, /do not go by it yet/)
    const json = await run('--json decks import FOLDER/a.csv --carrier a')
    assert.deepEqual([(JSON.parse(json.out) as { deckId: number }).deckId, json.err], [12, ''])
  })

  test('a refused file is told line by line, and ends with 2', async () => {
    await writeFile(join(folder, 'a.csv'), 'x')
    const message = 'line 5, column "Price": "free" is no amount of money'
    outcome = {
      outcome: 'refused',
      code: 'DECK_REFUSED',
      message: 'it has 2 errors',
      errorCount: 102,
      errors: [{ line: 5, column: 'Price', value: 'free', message }],
    }
    const ran = await run('decks import FOLDER/a.csv --carrier a')
    assert.deepEqual([ran.code, ran.out], [2, ''])
    assert.equal(
      ran.err,
      `strowger: the file has 102 errors:\n  ${message}\n  and 101 more\nnothing was changed\n`,
    )
    const json = await run('--json decks import FOLDER/a.csv --carrier a')
    assert.equal(json.code, 2)
    assert.match(json.out, /"errorCount":102/)
    outcome = {
      outcome: 'refused',
      code: 'DECK_NO_HEADER',
      message: 'no line looks like a header',
      errorCount: 1,
      errors: [
        { line: undefined, column: undefined, value: undefined, message: 'no line looks like a header' },
      ],
    }
    assert.match(
      (await run('decks import FOLDER/a.csv --carrier a')).err,
      /^strowger: no line looks like a header\n/,
    )
  })

  test('decks are listed, shown, published and taken back', async () => {
    assert.match((await run('decks list')).out, /^12 +alpha +2 +published +August +3 +GBP/m)
    assert.doesNotMatch((await run('decks list --carrier beta')).out, /alpha/)
    assert.match((await run('decks list --carrier 5 --state draft')).out, /^13 +beta +draft/m)
    assert.equal((await run('decks list --carrier nobody')).out, 'no rate decks\n')
    assert.match((await run('decks show 12')).out, /^ {2}file +alpha\.csv$/m)
    assert.match((await run('decks publish 12')).out, /rate deck 12 is published, and calls go by it/)
    assert.match((await run('decks withdraw 12')).out, /rate deck 12 is withdrawn/)
    const back = await run('decks rollback --carrier alpha')
    assert.match(
      back.out,
      /taken back: rate deck 12, version 2 of alpha \(August\)\ncounts again: rate deck 11/,
    )
    assert.equal((await run('decks set 12 --until none --name x')).out, 'rate deck 12 changed\n')
    assert.equal((await run('decks remove 12')).out, 'rate deck 12 removed\n')
  })

  test('a deck is written to standard output, or whole into a file', async () => {
    assert.equal((await run('decks export 12')).out, 'prefix\n44\n')
    assert.match((await run('decks export 12 --out FOLDER/out.csv')).out, /written to/)
    assert.equal(await readFile(join(folder, 'out.csv'), 'utf8'), 'prefix\n44\n')
    const none = await run('decks export 99 --out FOLDER/none.csv')
    assert.deepEqual([none.code, none.err], [2, 'there is no rate deck 99'])
    assert.deepEqual(await readdir(folder), ['out.csv'])
  })

  for (const [line, code, message] of [
    ['decks import FOLDER/none.csv --carrier a', 2, /none\.csv cannot be read/],
    ['decks import FOLDER --carrier a', 2, /folder/],
    ['decks import FOLDER/a.csv', 2, /whose deck/],
    ['decks import FOLDER/a.csv --carrier a --customer 1', 2, /cannot be used with/],
    ['decks import FOLDER/a.csv --carrier a --date-order ymd', 2, /dmy, mdy/],
    ['decks import FOLDER/a.csv --carrier a --jump much', 2, /whole number/],
    ['decks import FOLDER/a.csv --carrier a --time-zone Moon', 2, /time zone/],
    ['decks rollback', 2, /whose deck/],
    ['decks show 99', 2, /there is no rate-deck 99/],
    ['decks publish 99', 2, /there is no rate deck 99/],
    ['decks set 12', 2, /nothing to change/],
    ['decks export 12 --out FOLDER/no/such.csv', 2, /cannot be written/],
  ] as const)
    test(`${line} ends with ${code}`, async () => {
      await writeFile(join(folder, 'a.csv'), 'x')
      const ran = await run(line)
      assert.equal(ran.code, code, ran.out)
      assert.match(ran.err, message)
    })

  test('an engine that is not there ends with 3', async () => {
    await writeFile(join(folder, 'a.csv'), 'x')
    await fake.server.stop()
    const ran = await run('decks import FOLDER/a.csv --carrier a')
    assert.deepEqual([ran.code, ran.out], [3, ''])
    assert.match(ran.err, /no engine answers/)
  })

  for (const [sent, total, line] of [
    [0, 2e7, '[..............................]   0 %  0.0 of 20.0 MB'],
    [5e6, 2e7, '[#######.......................]  25 %  5.0 of 20.0 MB'],
    [2e7, 2e7, '[##############################] 100 %  20.0 of 20.0 MB'],
    [5e6, undefined, '5.0 MB sent'],
  ] as const)
    test(`${sent} bytes of ${String(total)} are shown`, () => assert.equal(progressLine(sent, total), line))
})
