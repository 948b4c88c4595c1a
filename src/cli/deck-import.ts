/** `strowger decks import`: a price list from a file or a pipe, sent as it is read. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { perform, recordId, wholeNumber, type Context, type Terminal } from './context.ts'
import { importLines, refusedLines } from './deck-report.ts'
import { CliFault, EXIT, reasonOf } from './fault.ts'
import { plain, type Json } from './json.ts'
import { addressOf } from './token.ts'
import { progressLine, upload } from './upload.ts'

export const addDeckImport = (
  decks: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const command = ownedBy(
    decks
      .command('import')
      .argument('<file>', 'the price list as CSV; - for standard input')
      .description('check a price list, compare it with today, and publish it: all of it, or nothing'),
  )
    .option('--effective <when>', 'rates without a date of their own count from then on (now): 2026-12-01')
    .option('--until <when>', 'rates without an end of their own count until before then')
    .option('--name <name>', "the deck's name (the file's)")
    .option('--dry-run', 'only check and compare; nothing is written')
    .option('--draft', 'write it, and publish it later by `decks publish`')
    .option('--partial', 'the file has changes only: what it does not name stays as it is')
    .option('--jump <percent>', 'warn of rates that rise by more than this (50%)', percent)
    .option('--columns <pairs>', 'which column is what, by header or number: prefix=Code,price=3')
    .option('--header-row <line>', 'the line of the header; none where there is none')
    .option('--delimiter <delimiter>', 'comma, semicolon, tab or pipe')
    .option('--encoding <encoding>', 'utf-8, utf-16le, utf-16be or latin-1')
    .option('--decimal-mark <mark>', 'point or comma')
    .option('--decimal-comma', 'prices are written 0,0085: short for --decimal-mark comma')
    .addOption(new Option('--date-order <order>', 'what 01/12/2026 is').choices(['dmy', 'mdy']))
    .option('--time-zone <zone>', 'of dates without one (UTC): Europe/Berlin')
    .option('--last-day-included', 'an end date is the last day that counts')
    .addOption(new Option('--unit <unit>', 'what prices are in (major)').choices(['major', 'cents']))
    .option('--currency <code>', 'of rates that name none: GBP')
    .option('--increments <seconds>', 'of rates that have none (60/60): 30/6')
    .option('--minimum-seconds <seconds>', 'of rates that have none (0)')
    .option(
      '--grace-seconds <seconds>',
      'an answered call of at most so many costs nothing (as in its last deck)',
    )
    .option('--free-seconds <seconds>', 'so many first seconds are not charged (as in its last deck)')
    .option('--rounding <how>', 'of the amount of a call: half-up/4, up/2 or none (as in its last deck)')
    .option('--connection-fee <price>', 'of rates that have none (0)')
    .option('--country-code <digits>', 'put before every prefix: 1 for a list of NPA-NXX')
    .option('--wait <seconds>', 'how long to wait until calls go by it (10)', wholeNumber(0, 300))
    .addHelpText('after', HELP)
  perform(command, terminal, ended, async (context, [path = '']) => {
    const options: ImportOptions = command.opts()
    const file = await openFile(path)
    const progress = createProgress(terminal, file.total)
    const answer = await upload(addressOf(command.optsWithGlobals(), terminal), {
      path: '/v1/rate-decks/import',
      query: {
        ...ownerOptions(command),
        ...Object.fromEntries(PASSED_ON.map((name) => [name, options[name]])),
        ...(options.decimalComma === true && { decimalMark: 'comma' }),
        ...(options.lastDayIncluded === true && { lastDayIncluded: true }),
        ...(file.name !== '' && { file: file.name }),
        dryRun: options.dryRun === true,
        draft: options.draft === true,
        replaces: options.partial !== true,
        jumpPercent: options.jump,
        wait: options.wait,
      },
      file: file.content,
      total: file.total,
      onSent: progress.sent,
      signal: terminal.interrupt,
    }).finally(progress.end)
    return tellImport(context, answer)
  })
}

type ImportOptions = {
  readonly dryRun?: boolean
  readonly draft?: boolean
  readonly partial?: boolean
  readonly decimalComma?: boolean
  readonly lastDayIncluded?: boolean
  readonly jump?: number
  readonly wait?: number
} & Readonly<Record<(typeof PASSED_ON)[number], string | undefined>>

/** Options that go to the engine by their own names. */
const PASSED_ON = [
  'name',
  'effective',
  'until',
  'columns',
  'headerRow',
  'delimiter',
  'encoding',
  'decimalMark',
  'dateOrder',
  'timeZone',
  'unit',
  'currency',
  'increments',
  'minimumSeconds',
  'graceSeconds',
  'freeSeconds',
  'rounding',
  'connectionFee',
  'countryCode',
] as const

const percent = (text: string): number => wholeNumber(1, 100_000)(text.replace(/ ?%$/, ''))

export const ownedBy = (command: Command): Command =>
  command
    .option('--carrier <code>', 'the carrier whom we buy from, by its code or id')
    .addOption(
      new Option('--customer <id>', 'the organisation that we sell to')
        .argParser(recordId)
        .conflicts('carrier'),
    )

export const ownerOptions = (command: Command): { readonly carrier?: string; readonly customer?: number } => {
  const { carrier, customer }: { carrier?: string; customer?: number } = command.opts()
  if (carrier !== undefined) return { carrier }
  if (customer !== undefined) return { customer }
  throw new CliFault(
    EXIT.badInput,
    'BAD_INPUT',
    'whose deck? Give --carrier CODE, or --customer ID for what we sell at',
  )
}

const HELP = `
Examples:
  Look first: what would change, what is odd, where the errors are. Nothing is written.
    strowger decks import alpha.csv --carrier alpha --effective 2026-12-01 --dry-run
  Then for good. The file is the carrier's whole list: from 1 December on only what it has counts.
    strowger decks import alpha.csv --carrier alpha --effective 2026-12-01
  A list of changes, in cents, with decimal commas and days before months:
    strowger decks import changes.csv --carrier alpha --partial --unit cents --decimal-comma --date-order dmy
  Headers that nobody could guess, by name or number:
    strowger decks import beta.csv --carrier beta --columns prefix=Code,price=3 --currency EUR --increments 30/6
  What a customer pays:
    strowger decks import retail.csv --customer 7 --effective 2026-12-01
  Out of an archive, without unpacking it:
    unzip -p rates.zip | strowger decks import - --carrier alpha
  It was wrong after all:
    strowger decks rollback --carrier alpha
`

type OpenFile = {
  /** Without its folders; empty for standard input. */
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
  readonly total: number | undefined
}

const openFile = async (path: string): Promise<OpenFile> => {
  if (path === '-') return { name: '', content: process.stdin, total: undefined }
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new Error('it is a folder')
    // Of a pipe or a device the size says nothing.
    const total = found.isFile() ? found.size : undefined
    const name = plain(path.split(/[\\/]/).at(-1) ?? '').slice(0, 255)
    return { name, content: readWhole(path), total }
  } catch (fault) {
    throw new CliFault(EXIT.badInput, 'BAD_FILE', `${plain(path)} cannot be read: ${reasonOf(fault)}`, fault)
  }
}

async function* readWhole(path: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES }))
      yield piece as Uint8Array
  } catch (fault) {
    throw new CliFault(EXIT.badInput, 'BAD_FILE', `${plain(path)} cannot be read: ${reasonOf(fault)}`, fault)
  }
}

const PIECE_BYTES = 256 * 1024

/** A line on a terminal that is written over again; nothing where standard error is anything else. */
const createProgress = (terminal: Terminal, total: number | undefined) => {
  const startedAt = Date.now()
  let shownAt = 0
  let isShown = false
  const show = (line: string): void => {
    isShown = true
    terminal.err(`\r${line}\u001b[K`)
  }
  return {
    sent: (bytes: number): void => {
      const now = Date.now()
      const isAll = bytes === total
      if (!process.stderr.isTTY || now - startedAt < SHORT_MS || (now - shownAt < REDRAW_MS && !isAll)) return
      shownAt = now
      show(isAll ? `${progressLine(bytes, total)}  checking and publishing` : progressLine(bytes, total))
    },
    end: (): void => {
      if (isShown) terminal.err('\r\u001b[K')
    },
  }
}

/** Whoever waits less than this needs no bar. */
const SHORT_MS = 500
const REDRAW_MS = 100

const tellImport = (context: Context, answer: Json): number => {
  context.tell(answer)
  const refused = refusedLines(answer)
  if (refused === undefined) {
    context.say(...importLines(answer))
    return EXIT.ok
  }
  const [first = '', ...rest] = refused
  context.terminal.err(`strowger: ${first}\n${rest.map((line) => `${line}\n`).join('')}`)
  return EXIT.badInput
}
