/** `strowger cdrs rerate`: rate the calls of a period again; the difference is shown before it is made. */
import { Option, type Command } from 'commander'
import { formatMoney, type Money } from '../telephony/money.ts'
import { momentText, perform, recordId, wholeNumber, type Context, type Terminal } from './context.ts'
import { CliFault, EXIT } from './fault.ts'
import { dayTime, table } from './format.ts'
import { childOf, flagOf, listOf, numberOf, textOf, timeOf, type Json } from './json.ts'

export const addRerate = (cdrs: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const moment = momentText(() => Date.now())
  const rerate = cdrs
    .command('rerate')
    .description('rate the calls of a period again: shows the difference, then makes it')
    .option('--since <when>', 'calls from then on: how long ago (30m, 24h, 7d), or a moment', moment)
    .option('--until <when>', 'calls before then; else now', moment)
    .option('--deck <id>', 'by this deck, as if it had always counted', recordId)
    .option(
      '--current-decks',
      'by what is published now, each deck within its dates (this is so unless --deck is given)',
    )
    .option('--organization <id>', 'only calls of an organisation', recordId)
    .addOption(
      new Option('--side <side>', 'what we buy at, what we sell at, or both')
        .choices(['buy', 'sell', 'both'])
        .default('both'),
    )
    .option('--dry-run', 'only show the difference')
    .option('--list', 'what was rated again so far')
    .option('--limit <count>', 'with --list: at most so many', wholeNumber(1, 1_000), 20)
    .option('--undo <id>', 'take one back, in all records that were not rated since', recordId)
    .option('--cancel <id>', 'end one that is running; what it changed stays until it is undone', recordId)
    .addHelpText('after', HELP)
  perform(rerate, terminal, ended, async (context) => {
    const options: Options = rerate.opts()
    if (options.list === true) return list(context, options.limit)
    if (options.cancel !== undefined) return cancel(context, options.cancel)
    if (options.undo !== undefined)
      return told(
        context,
        await done(context, await post(context, `/v1/cdrs/reratings/${options.undo}/undo?wait=10`)),
      )
    if (options.since === undefined)
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'say which calls: --since 7d, or --since 2026-11-01')
    if (options.deck !== undefined && options.currentDecks === true)
      throw new CliFault(EXIT.badInput, 'BAD_INPUT', 'give either --deck or --current-decks')
    // One period for both, though time goes by between them.
    const body = {
      since: options.since,
      until: options.until ?? new Date().toISOString(),
      side: options.side,
      wait: 10,
      ...(options.deck !== undefined && { deckId: options.deck }),
      ...(options.organization !== undefined && { organizationId: options.organization }),
    }
    const ask = async (dryRun: boolean): Promise<Json> =>
      done(context, await post(context, '/v1/cdrs/reratings', { ...body, dryRun }))
    const shown = await ask(true)
    const changes = numberOf(childOf(shown, 'report') ?? {}, 'changed') ?? 0
    if (options.dryRun === true || changes === 0 || textOf(shown, 'state') !== 'done')
      return told(context, shown)
    context.say(...reportLines(shown), '')
    const made = await ask(false)
    context.tell(made)
    context.say(...outcomeLines(made))
    return exitOf(made)
  })
}

type Options = {
  readonly since?: string
  readonly until?: string
  readonly deck?: number
  readonly currentDecks?: true
  readonly organization?: number
  readonly side: string
  readonly dryRun?: true
  readonly list?: true
  readonly limit: number
  readonly undo?: number
  readonly cancel?: number
}

const HELP = `
Each charged leg is looked up again as of the moment when its call began: the longest prefix in the deck, the exchange
rate and the tax of that day. A price that a routing rule gave stays. What changed is kept leg by leg and can be taken
back; the same rating twice changes nothing the second time, and prepaid balances get the difference alone.

Examples:
  strowger cdrs rerate --since 2026-11-01 --until 2026-12-01 --deck 12 --side buy --dry-run
  strowger cdrs rerate --since 7d --organization 3 --side sell
  strowger cdrs rerate --list
  strowger cdrs rerate --undo 4
`

const post = (context: Context, path: string, body?: unknown): Promise<Json> =>
  context.engine.send('POST', path, body)

/** As it is when it is over: a month of calls takes minutes. */
const done = async (context: Context, first: Json): Promise<Json> => {
  let rerating = first
  while (textOf(rerating, 'state') === 'running')
    rerating = await context.engine.get(`/v1/cdrs/reratings/${textOf(rerating, 'id')}`, { wait: 10 })
  return rerating
}

const cancel = async (context: Context, id: number): Promise<number> => {
  const answer = await post(context, `/v1/cdrs/reratings/${id}/cancel`)
  return told(context, answer)
}

const list = async (context: Context, limit: number): Promise<number> => {
  const answer = await context.engine.get('/v1/cdrs/reratings', { limit })
  context.tell(answer)
  const found = listOf(answer, 'reratings')
  if (found.length === 0) context.say('nothing was rated again')
  else
    context.say(
      ...table(
        ['ID', 'AT', 'BY', 'STATE', 'WHAT', 'CALLS FROM', 'UNTIL', 'CHANGED'],
        found.map((row) => [
          textOf(row, 'id'),
          dayTime(timeOf(row, 'createdAt') ?? 0),
          textOf(row, 'createdBy'),
          textOf(row, 'state'),
          whatOf(row),
          dayTime(timeOf(row, 'since') ?? 0),
          dayTime(timeOf(row, 'until') ?? 0),
          textOf(childOf(row, 'report') ?? {}, 'changed'),
        ]),
      ),
    )
  return EXIT.ok
}

const whatOf = (row: Json): string => {
  const undone = textOf(row, 'undoes')
  if (undone !== '') return `undoes ${undone}`
  const deck = textOf(row, 'deckId')
  return `${flagOf(row, 'dryRun') ? 'dry run, ' : ''}${textOf(row, 'side')}, ${deck === '' ? 'current decks' : `deck ${deck}`}`
}

const told = (context: Context, rerating: Json): number => {
  context.tell(rerating)
  context.say(...reportLines(rerating), ...outcomeLines(rerating))
  return exitOf(rerating)
}

const exitOf = (rerating: Json): number => (textOf(rerating, 'state') === 'failed' ? EXIT.failed : EXIT.ok)

const outcomeLines = (rerating: Json): readonly string[] => {
  const id = textOf(rerating, 'id')
  const changed = numberOf(childOf(rerating, 'report') ?? {}, 'changed') ?? 0
  switch (textOf(rerating, 'state')) {
    case 'failed':
      return [
        `it failed: ${textOf(rerating, 'error')}; what was changed so far stays: strowger cdrs rerate --undo ${id}`,
      ]
    case 'cancelled':
      return [`it was ended after ${changed} changes: strowger cdrs rerate --undo ${id} takes them back`]
  }
  if (flagOf(rerating, 'dryRun'))
    return [changed === 0 ? 'nothing would change' : 'nothing was changed: a dry run']
  return [`${changed} legs were changed: strowger cdrs rerate --undo ${id} takes them back`]
}

const reportLines = (rerating: Json): readonly string[] => {
  const report = childOf(rerating, 'report') ?? {}
  const groups = listOf(report, 'groups')
  const largest = listOf(report, 'largest')
  const unknown = numberOf(report, 'unknownNumber') ?? 0
  const without = numberOf(report, 'withoutRate') ?? 0
  return [
    `${textOf(report, 'examined')} charged legs, ${textOf(report, 'changed')} come out otherwise`,
    ...(unknown === 0 ? [] : [`${unknown} stay as they are: their number is not known any more`]),
    ...(without === 0 ? [] : [`${without} sides stay as they are: there is no rate for the call`]),
    ...(groups.length === 0
      ? []
      : [
          '',
          ...table(
            ['SIDE', 'WITH', 'LEGS', 'BEFORE', 'AFTER', 'DIFFERENCE', ''],
            groups.map((row) => [
              textOf(row, 'side'),
              textOf(row, 'name') || textOf(row, 'id'),
              textOf(row, 'legs'),
              textOf(row, 'before'),
              textOf(row, 'after'),
              difference(row),
              textOf(row, 'currency'),
            ]),
          ),
        ]),
    ...(largest.length === 0
      ? []
      : [
          '',
          'the largest changes:',
          ...table(
            ['AT', 'CALL', 'SIDE', 'BEFORE', 'AFTER', ''],
            largest
              .slice(0, 5)
              .map((row) => [
                dayTime(timeOf(row, 'startTime') ?? 0),
                textOf(row, 'callId'),
                textOf(row, 'side'),
                textOf(row, 'before'),
                textOf(row, 'after'),
                textOf(row, 'currency'),
              ]),
          ),
        ]),
    '',
  ]
}

/** Sums may be beyond one amount's range. */
const difference = (row: Json): string => {
  const units = unitsOf(textOf(row, 'after')) - unitsOf(textOf(row, 'before'))
  const magnitude = units < 0n ? -units : units
  const fraction = formatMoney(Number(magnitude % UNIT) as Money).slice(1)
  return `${units < 0n ? '-' : '+'}${magnitude / UNIT}${fraction}`
}

const UNIT = 100_000_000n

const unitsOf = (text: string): bigint => {
  const [, sign, whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d{1,8}))?$/.exec(text) ?? []
  const units = BigInt(whole) * UNIT + BigInt(fraction.padEnd(8, '0'))
  return sign === '-' ? -units : units
}
