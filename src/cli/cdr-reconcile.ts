/**
 * `strowger cdrs reconcile`: our records against the switch's own files, and against what a carrier says that we owe. It
 * changes nothing. 1 is the exit code when anything differs.
 */
import { writeFile } from 'node:fs/promises'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { EngineError } from '../base/errors.ts'
import { reconcile, sumsOf, type ReconciledCall } from '../cdr/reconcile.ts'
import { LINE_FIELDS, type LineField, type LineOptions } from '../cdr/reconcile-columns.ts'
import { compareWithSwitch } from '../cdr/reconcile-switch.ts'
import { parseMoney, type Money } from '../telephony/money.ts'
import { createTimeZones, isTimeZone } from '../telephony/time-zone.ts'
import { momentText, perform, wholeNumber, type Context, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { dayTime, table } from './format.ts'
import { childOf, listOf, numberOf, objectOf, plain, textOf, timeOf, type Json } from './json.ts'
import { readCarrierFile, readSwitchFiles } from './reconcile-files.ts'
import {
  CSV_HEAD,
  csvLine,
  csvOf,
  differenceJson,
  disputedText,
  firstOfKinds,
  LINE_HEAD,
  lineOf,
  moneyJson,
  MOST_TOLD,
} from './reconcile-report.ts'
import { addressOf } from './token.ts'
import { download } from './upload.ts'

type Options = {
  readonly since?: string
  readonly until?: string
  readonly switchFiles?: string
  readonly complete?: boolean
  readonly carrier?: string
  readonly file?: string
  readonly column?: Readonly<Partial<Record<LineField, string>>>
  readonly timeZone: string
  readonly dateOrder: 'dmy' | 'mdy'
  readonly decimalMark: 'point' | 'comma'
  readonly window: number
  readonly tolerance: number
  readonly amountTolerance: Money
  readonly skew?: number
  readonly all?: boolean
  readonly output?: string
}

export const addCdrReconcile = (
  cdrs: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const moment = momentText(() => Date.now())
  const command = cdrs
    .command('reconcile')
    .description("compare our records with the switch's files, or with a carrier's records or invoice")
    .option(
      '--since <when>',
      'calls that began since: 24h, 7d, or a moment; else all that the file has',
      moment,
    )
    .option('--until <when>', 'the same', moment)
    .option('--switch-files <path>', "a folder of mod_json_cdr's files, or mod_cdr_csv's Master.csv")
    .option('--complete', 'the folder has every channel, not only those that could not be posted')
    .option('--carrier <name>', 'whose file it is: its name, code or id')
    .option('--file <csv>', "the carrier's records, or the lines of its invoice")
    .option(
      '--column <field=name...>',
      `a column by name or number: ${LINE_FIELDS.join(', ')}`,
      columnText,
      {},
    )
    .option('--time-zone <zone>', 'of times that name none', zoneText, 'UTC')
    .addOption(
      new Option('--date-order <order>', 'of dates such as 03/04/2026')
        .choices(['dmy', 'mdy'])
        .default('dmy'),
    )
    .addOption(new Option('--decimal-mark <mark>', 'of amounts').choices(['point', 'comma']).default('point'))
    .option(
      '--window <seconds>',
      'that times may differ once the clocks are compared',
      wholeNumber(1, 86_400),
      60,
    )
    .option('--tolerance <seconds>', 'that durations may differ', wholeNumber(0, 3_600), 1)
    .option('--amount-tolerance <amount>', 'that amounts may differ', moneyText, parseMoney('0.0001'))
    .option('--skew <seconds>', "their clock's lead; else as the calls show it", skewText)
    .option('--all', 'tell every difference, not the first 20 of a kind')
    .option('--output <csv>', 'write every difference into a file')
    .addHelpText('after', HELP)
  perform(command, terminal, ended, async (context) => {
    const options = command.opts<Options>()
    if (options.switchFiles === undefined && options.file === undefined)
      throw badInput('name what to compare with: --switch-files PATH, or --carrier NAME --file CSV')
    if ((options.file === undefined) !== (options.carrier === undefined))
      throw badInput('--carrier and --file go together')
    const legs = (query: Readonly<Record<string, string | number | boolean | undefined>>) =>
      linesOf(
        download(addressOf(command.optsWithGlobals(), terminal), {
          path: '/v1/cdrs/export',
          query: { format: 'ndjson', legs: true, ...query },
          signal: terminal.interrupt,
        }),
      )
    const written: string[][] = []
    const exitCodes = [
      ...(options.switchFiles === undefined
        ? []
        : [await withSwitch(options.switchFiles, options, context, legs, written)]),
      ...(options.file === undefined
        ? []
        : [await withCarrier(options.file, options.carrier ?? '', options, context, legs, written)]),
    ]
    if (options.output !== undefined) {
      await writeFile(options.output, [CSV_HEAD, ...written].map(csvLine).join(''), { mode: 0o600 })
      context.say(`every difference is written to ${plain(options.output)}`)
    }
    return exitCodes.every((code) => code === EXIT.ok) ? EXIT.ok : EXIT.failed
  })
}

const HELP = `
Examples:
  strowger cdrs reconcile --since 24h --switch-files /var/log/freeswitch/json_cdr
  strowger cdrs reconcile --since 24h --switch-files /var/log/freeswitch/cdr-csv/Master.csv --time-zone Europe/London
  strowger cdrs reconcile --since 2026-07-01 --until 2026-08-01 --carrier acme --file july.csv --output disputes.csv
  strowger cdrs reconcile --carrier acme --file july.csv --column number="Dialled No" --column time=3 --decimal-mark comma

A carrier's calls are matched by number, time and duration, each once. What is in dispute is what they want beyond what we
have: above 0 against us. The exit code is 1 where anything differs.
`

type Legs = (
  query: Readonly<Record<string, string | number | boolean | undefined>>,
) => AsyncGenerator<Json, void, undefined>

const lineOptions = ({ timeZone, dateOrder, decimalMark }: Options): LineOptions => ({
  zone: createTimeZones()(timeZone),
  dateOrder,
  decimalMark: decimalMark === 'comma' ? ',' : '.',
})

const withSwitch = async (
  path: string,
  options: Options,
  { say, tell }: Context,
  legs: Legs,
  written: string[][],
): Promise<number> => {
  const [since, until] = [momentOf(options.since), momentOf(options.until)]
  const isMaster = /\.csv$/i.test(path)
  const isWithin = (at: number): boolean =>
    (since === undefined || at >= since) && (until === undefined || at < until)
  const comparison = compareWithSwitch(isMaster || options.complete === true, isWithin)
  const files = await readSwitchFiles(path, lineOptions(options), comparison.theirs)
  for await (const leg of legs({ since: options.since, until: options.until })) {
    // mod_cdr_csv writes the legs that began a call (cdr_csv.conf.xml, legs=a).
    if (isMaster && textOf(leg, 'leg') !== 'A') continue
    comparison.ours({
      legUuid: textOf(leg, 'legUuid').toLowerCase(),
      startedAt: timeOf(leg, 'startTime') ?? 0,
      billableSeconds: numberOf(leg, 'billableSeconds') ?? 0,
      isEstimated: textOf(leg, 'estimate') !== '' && textOf(leg, 'correctedAt') === '',
    })
  }
  const { matched, differences } = comparison.end()
  tell({
    success: true,
    with: 'switch',
    files: files.count,
    unreadable: files.unreadable,
    matched,
    differences,
  })
  say(`the switch's files: ${files.count} records, ${matched} of them are ours too`)
  for (const line of files.unreadable.slice(0, MOST_TOLD)) say(`  cannot be read: ${line}`)
  const shown = options.all === true ? differences : firstOfKinds(differences)
  if (shown.length > 0)
    say(
      ...table(
        ['KIND', 'STARTED', 'LEG', 'WHERE', 'WHY'],
        shown.map(({ kind, startedAt, legUuid, where, why }) => [
          kind,
          startedAt === undefined ? '' : dayTime(startedAt),
          plain(legUuid),
          plain(where ?? '-'),
          plain(why),
        ]),
        200,
      ),
    )
  say(differences.length === 0 ? 'nothing differs' : `${differences.length} differences`)
  for (const { kind, startedAt, legUuid, where, why } of differences)
    written.push([
      'switch',
      kind,
      startedAt === undefined ? '' : new Date(startedAt).toISOString(),
      '',
      '',
      '',
      '',
      '',
      '',
      legUuid,
      where ?? '',
      why,
    ])
  return differences.length === 0 && files.unreadable.length === 0 ? EXIT.ok : EXIT.failed
}

/** A carrier in a wrong time zone is so far away at most: so much more is read on both sides. */
const MARGIN_MS = 15 * 3_600_000

const withCarrier = async (
  path: string,
  carrier: string,
  options: Options,
  context: Context,
  legs: Legs,
  written: string[][],
): Promise<number> => {
  const { say, tell } = context
  const carrierId = await carrierNamed(carrier, context)
  const file = await readFileOf(path, options)
  const times = file.calls.map(({ at }) => at)
  let [first, last] = [Infinity, -Infinity]
  for (const at of times) [first, last] = [Math.min(first, at), Math.max(last, at)]
  // What the file has is what is compared, unless a time is named.
  const [named, until] = [momentOf(options.since), momentOf(options.until)]
  const from = named ?? (times.length === 0 ? Date.now() : first)
  const to = until ?? (times.length === 0 ? Date.now() : last)
  const ours: ReconciledCall[] = []
  const query = {
    carrier: carrierId,
    since: new Date(from - MARGIN_MS).toISOString(),
    until: new Date(to + MARGIN_MS).toISOString(),
  }
  for await (const leg of legs(query)) {
    // One who was only tried has the leg's own carrier all the same; a call's A leg has none.
    if (textOf(leg, 'leg') !== 'B' || textOf(leg, 'carrierId') !== String(carrierId)) continue
    const at = timeOf(leg, 'answerTime') ?? timeOf(leg, 'startTime') ?? 0
    ours.push(ourCall(leg, at))
  }
  const found = reconcile(ours, file.calls, {
    windowMs: options.window * 1_000,
    toleranceSeconds: options.tolerance,
    toleranceAmount: options.amountTolerance,
    skewMs: options.skew,
  })
  // Both sides were read beyond the time that is compared, for a clock may be hours off.
  const least = named ?? first - found.skewMs
  const most = until ?? last - found.skewMs
  const differences = found.differences.filter(({ ours: our, theirs }) => {
    const at = our?.at ?? (theirs?.at ?? 0) - found.skewMs
    return at >= least && at <= most
  })
  const sums = sumsOf(differences)
  tell({
    ...{ success: true, with: 'carrier', carrierId, lines: file.calls.length, skipped: file.skipped },
    ...{ unreadable: file.unreadable, matched: found.matched, skewSeconds: found.skewMs / 1_000 },
    sums: sums.map(({ kind, count, disputed }) => ({ kind, count, disputed: moneyJson(disputed) })),
    differences: differences.map(differenceJson),
  })
  const clock =
    found.skewMs === 0 ? 'their clock agrees' : `their clock is ${found.skewMs / 1_000} s ahead of ours`
  say(`${plain(carrier)}: ${file.calls.length} lines, ${found.matched} are ours too; ${clock}`)
  if (file.skipped > 0) say(`  ${file.skipped} lines have no number, and are no calls`)
  for (const line of file.unreadable.slice(0, MOST_TOLD)) say(`  cannot be read: ${line}`)
  if (sums.length > 0)
    say(
      ...table(
        ['KIND', 'CALLS', 'IN DISPUTE'],
        sums.map(({ kind, count, disputed }) => [kind, String(count), disputedText(disputed)]),
      ),
    )
  const shown = options.all === true ? differences : firstOfKinds(differences)
  if (shown.length > 0) say('', ...table(LINE_HEAD, shown.map(lineOf), 200))
  if (shown.length < differences.length)
    say(`... and ${differences.length - shown.length} more: add --all, or --output`)
  say(differences.length === 0 ? 'nothing differs' : `${differences.length} differences`)
  for (const one of differences) written.push(['carrier', ...csvOf(one)])
  return differences.length === 0 && file.unreadable.length === 0 ? EXIT.ok : EXIT.failed
}

const readFileOf = async (path: string, options: Options): ReturnType<typeof readCarrierFile> => {
  try {
    return await readCarrierFile(path, options.column ?? {}, lineOptions(options))
  } catch (fault) {
    if (fault instanceof EngineError && fault.code === 'CDR_RECONCILE_COLUMN') throw badInput(fault.message)
    throw fault
  }
}

const ourCall = (leg: Json, at: number): ReconciledCall => {
  const cost = childOf(leg, 'cost')
  const rate = childOf(leg, 'rate')
  const seconds = numberOf(leg, 'billableSeconds') ?? 0
  return {
    id: textOf(leg, 'legUuid'),
    at,
    number: textOf(leg, 'calleeNumber').replace(/\D/g, ''),
    seconds,
    chargedSeconds: numberOf(leg, 'chargedSeconds'),
    amount: moneyIn(cost, 'amount'),
    currency: textOf(cost ?? {}, 'currency') || undefined,
    rate: moneyIn(rate, 'pricePerMinute'),
    ...(seconds === 0 ? { isOptional: true } : {}),
  }
}

const moneyIn = (json: Json | undefined, name: string): Money | undefined => {
  const text = textOf(json ?? {}, name)
  return /^-?\d{1,8}(\.\d{1,8})?$/.test(text) ? parseMoney(text) : undefined
}

/** By its id, its code or its name. */
const carrierNamed = async (text: string, { engine }: Context): Promise<number> => {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  const carriers = listOf(await engine.get('/v1/carriers'), 'carriers')
  const found = carriers.filter(
    (one) => textOf(one, 'code') === text || textOf(one, 'name').toLowerCase() === text.toLowerCase(),
  )
  const [only, other] = found
  if (only === undefined || other !== undefined)
    throw badInput(
      `${found.length === 0 ? 'there is no carrier' : 'several carriers are called'} ${plain(text)}: name one by its code or id`,
    )
  return numberOf(only, 'id') ?? 0
}

async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Json, void, undefined> {
  const utf8 = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + utf8.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield objectOf(JSON.parse(line))
  }
  if (rest.trim() !== '') yield objectOf(JSON.parse(rest))
}

const momentOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Date.parse(text)

const columnText = (text: string, before: Options['column']): Options['column'] => {
  const [field = '', ...name] = text.split('=')
  const known = LINE_FIELDS.find((one) => one === field)
  if (known === undefined || name.join('=') === '')
    throw new InvalidArgumentError(
      `It takes a field and a column, such as number="Dialled No": the fields are ${LINE_FIELDS.join(', ')}.`,
    )
  return { ...before, [known]: name.join('=') }
}

const zoneText = (text: string): string => {
  if (isTimeZone(text)) return text
  throw new InvalidArgumentError('It takes an IANA time zone, such as Europe/London.')
}

const moneyText = (text: string): Money => {
  if (/^\d{1,8}(\.\d{1,8})?$/.test(text)) return parseMoney(text)
  throw new InvalidArgumentError('It takes an amount such as 0.001.')
}

/** Milliseconds. */
const skewText = (text: string): number => {
  if (/^-?\d{1,6}$/.test(text)) return Number(text) * 1_000
  throw new InvalidArgumentError('It takes seconds, such as -3600.')
}

const badInput = (message: string): CliFault => new CliFault(EXIT.badInput, 'BAD_INPUT', message)
