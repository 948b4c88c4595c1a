/** `strowger route replay`: what calls of the past would have cost by another price list. */
import { createReadStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { formatMoney, moneyOf, parseMoney } from '../telephony/money.ts'
import { momentText, perform, recordId, type Context, type Terminal } from './context.ts'
import { ownedBy, ownerOptions } from './deck-import.ts'
import { refusedLines } from './deck-report.ts'
import { CliFault, EXIT, reasonOf } from './fault.ts'
import { dayTime, duration, table } from './format.ts'
import { childOf, flagOf, listOf, numberOf, plain, textOf, timeOf, type Json } from './json.ts'
import { addressOf } from './token.ts'
import { upload } from './upload.ts'

export const addRouteReplay = (
  route: Command,
  terminal: Terminal,
  ended: (exitCode: number) => void,
): void => {
  const moment = momentText(() => Date.now())
  const command = ownedBy(
    route
      .command('replay')
      .description(
        'send past calls through today’s rates and through a draft price list, and compare the costs',
      )
      .requiredOption(
        '--deck <deck>',
        'the id of a deck, or a CSV file that is taken in as a draft and removed again',
      ),
  )
    .option('--since <when>', 'calls from then on: how long ago (30m, 24h, 7d), or a moment', moment)
    .option('--until <when>', 'calls before then', moment)
    .option('--org, --organization <id>', 'only calls of an organisation', recordId)
    .option('--csv <file>', 'write what is found to a file too')
    .addHelpText('after', HELP)
  perform(command, terminal, ended, async (context) => {
    const { deck, since, until, organization, csv }: ReplayOptions = command.opts()
    const replayed = async (deckId: number): Promise<number> => {
      const run = await replayOf(context, { deckId, since, until, organizationId: organization })
      context.tell(run)
      context.say(...reportLines(run))
      if (csv !== undefined) await writeCsv(csv, childOf(run, 'report') ?? {})
      return EXIT.ok
    }
    if (/^[1-9]\d{0,9}$/.test(deck)) return replayed(Number(deck))

    const imported = await importDraft(deck, command, terminal)
    const refused = refusedLines(imported)
    if (refused !== undefined) {
      context.tell(imported)
      const [first = '', ...rest] = refused
      terminal.err(`strowger: ${first}\n${rest.map((line) => `${line}\n`).join('')}`)
      return EXIT.badInput
    }
    const deckId = numberOf(imported, 'deckId') ?? 0
    try {
      return await replayed(deckId)
    } finally {
      await context.engine.send('DELETE', `/v1/rate-decks/${deckId}`)
    }
  })
}

type ReplayOptions = {
  readonly deck: string
  readonly since?: string
  readonly until?: string
  readonly organization?: number
  readonly csv?: string
}

const HELP = `
Examples:
  What would the calls of the last week have cost by the list that the carrier sent?
    strowger route replay --since 7d --deck alpha-december.csv --carrier alpha
  A list that needs to be told how to be read is taken in as a draft first:
    strowger decks import beta.csv --carrier beta --columns prefix=Code,price=3 --draft
    strowger route replay --since 24h --deck 17 --csv december.csv
`

/** How long one question waits; it is asked again until the replay is done. */
const WAIT_SECONDS = 20

const replayOf = async (context: Context, wish: Json): Promise<Json> => {
  let run = await context.engine.send('POST', '/v1/routes/replay', { ...wish, wait: WAIT_SECONDS })
  while (textOf(run, 'state') === 'running') {
    if (context.terminal.interrupt.aborted)
      throw new CliFault(
        EXIT.failed,
        'INTERRUPTED',
        `interrupted: replay ${textOf(run, 'id')} goes on in the engine`,
      )
    run = await context.engine.get(`/v1/routes/replays/${textOf(run, 'id')}`, { wait: WAIT_SECONDS })
  }
  return run
}

const importDraft = async (path: string, command: Command, terminal: Terminal): Promise<Json> => {
  const owner = ownerOptions(command)
  let total: number
  try {
    total = (await stat(path)).size
  } catch (fault) {
    throw new CliFault(
      EXIT.badInput,
      'BAD_FILE',
      `${plain(path)} is neither the id of a deck nor a file: ${reasonOf(fault)}`,
      fault,
    )
  }
  const name = plain(path.split(/[\\/]/).at(-1) ?? '').slice(0, 200)
  return upload(addressOf(command.optsWithGlobals(), terminal), {
    path: '/v1/rate-decks/import',
    query: { ...owner, name: `replay of ${name}`, file: name, draft: true },
    file: createReadStream(path) as AsyncIterable<Uint8Array>,
    total,
    onSent: () => undefined,
    signal: terminal.interrupt,
  })
}

export const reportLines = (run: Json): readonly string[] => {
  const report = childOf(run, 'report') ?? {}
  const carriers = listOf(report, 'carriers')
  const destinations = listOf(report, 'destinations')
  const noRoute = childOf(report, 'noRoute') ?? {}
  const leftOut = textOf(report, 'leftOut')
  return [
    `${textOf(report, 'calls')} calls from ${dayTime(timeOf(run, 'since') ?? 0)} to ${dayTime(timeOf(run, 'until') ?? 0)}, ` +
      `${textOf(report, 'answered')} of them answered, replayed in ${duration((numberOf(run, 'tookMs') ?? 0) / 1_000)}`,
    ...(flagOf(report, 'isCut') ? ['there were more: these are the first of them'] : []),
    ...(leftOut === '0' ? [] : [`${leftOut} calls of organisations that are gone are left out`]),
    '',
    ...(carriers.length === 0
      ? []
      : [...table(['CARRIER', 'CALLS', '', 'SHARE', '', 'COST', '', ''], carriers.map(carrierRow)), '']),
    ...listOf(report, 'totals').flatMap(totalLines),
    `${textOf(report, 'changedCarrier')} calls change their carrier`,
    `${textOf(noRoute, 'before')} calls have no route today, ${textOf(noRoute, 'after')} by the draft ` +
      `(${textOf(report, 'noLongerRouted')} lose theirs, ${textOf(report, 'newlyRouted')} get one)`,
    ...(destinations.length === 0
      ? []
      : [
          '',
          ...table(
            ['DESTINATION', 'CALLS', 'CHANGE CARRIER', 'COST', '', 'CHANGE'],
            destinations.map(destinationRow),
          ),
        ]),
  ]
}

const carrierRow = (row: Json): readonly string[] => {
  const calls = childOf(row, 'calls') ?? {}
  const share = childOf(row, 'share') ?? {}
  const cost = childOf(row, 'cost') ?? {}
  return [
    textOf(row, 'carrier'),
    textOf(calls, 'before'),
    `-> ${textOf(calls, 'after')}`,
    percent(share, 'before'),
    `-> ${percent(share, 'after')}`,
    textOf(cost, 'before'),
    `-> ${textOf(cost, 'after')}`,
    textOf(row, 'currency'),
  ]
}

const totalLines = (total: Json): readonly string[] => {
  const currency = textOf(total, 'currency')
  const line = (what: string, pair: Json): string =>
    `${what} ${textOf(pair, 'before')} -> ${textOf(pair, 'after')} ${currency}, ${changeOf(pair)}`
  const margin = childOf(total, 'margin')
  return [
    line('cost', childOf(total, 'cost') ?? {}),
    ...(margin === undefined ? [] : [line('margin', margin)]),
  ]
}

const destinationRow = (row: Json): readonly string[] => {
  const cost = childOf(row, 'cost') ?? {}
  return [
    `${textOf(row, 'destination')}...`,
    textOf(row, 'calls'),
    textOf(row, 'changedCarrier'),
    textOf(cost, 'before'),
    `-> ${textOf(cost, 'after')} ${textOf(row, 'currency')}`,
    changeOf(cost),
  ]
}

/** `-0.015 (-50.0 %)` */
const changeOf = (pair: Json): string => {
  const [before, after] = [parseMoney(textOf(pair, 'before')), parseMoney(textOf(pair, 'after'))]
  const change = moneyOf(after - before)
  const sign = change > 0 ? '+' : ''
  const share = before === 0 ? '' : ` (${sign}${((100 * change) / Math.abs(before)).toFixed(1)} %)`
  return change === 0 ? 'no change' : `${sign}${formatMoney(change)}${share}`
}

const percent = (json: Json, name: string): string => `${(100 * (numberOf(json, name) ?? 0)).toFixed(1)} %`

const writeCsv = async (path: string, report: Json): Promise<void> => {
  try {
    await writeFile(path, csvOf(report))
  } catch (fault) {
    throw new CliFault(EXIT.failed, 'BAD_FILE', `${plain(path)} cannot be written: ${reasonOf(fault)}`, fault)
  }
}

const CSV_HEADER = 'kind,key,name,currency,calls before,calls after,change carrier,cost before,cost after'

/** One table for all: carriers, destinations and totals, told apart by the first column. */
export const csvOf = (report: Json): string => {
  const pair = (row: Json, name: string): readonly string[] => {
    const both = childOf(row, name) ?? {}
    return [textOf(both, 'before'), textOf(both, 'after')]
  }
  const rows: readonly (readonly string[])[] = [
    ...listOf(report, 'carriers').map((row) => [
      'carrier',
      textOf(row, 'carrierId'),
      textOf(row, 'carrier'),
      textOf(row, 'currency'),
      ...pair(row, 'calls'),
      '',
      ...pair(row, 'cost'),
    ]),
    ...listOf(report, 'destinations').map((row) => [
      'destination',
      textOf(row, 'destination'),
      '',
      textOf(row, 'currency'),
      textOf(row, 'calls'),
      textOf(row, 'calls'),
      textOf(row, 'changedCarrier'),
      ...pair(row, 'cost'),
    ]),
    ...listOf(report, 'totals').flatMap((row) =>
      ['cost', 'margin'].flatMap((what) =>
        childOf(row, what) === undefined
          ? []
          : [['total', what, '', textOf(row, 'currency'), '', '', '', ...pair(row, what)]],
      ),
    ),
  ]
  return [CSV_HEADER, ...rows.map((row) => row.map(csvField).join(','))].map((line) => `${line}\r\n`).join('')
}

/** RFC 4180; a spreadsheet that would take a name for a formula gets an apostrophe before it. */
const csvField = (text: string): string => {
  const harmless = /^[=+@\t]|^-(?!\d)/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
