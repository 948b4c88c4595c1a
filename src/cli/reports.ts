/** `strowger report`: what was called, how well it went and what it cost, as a table and as a chart. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { chart } from './chart.ts'
import { momentText, perform, recordId, type Terminal } from './context.ts'
import { EXIT } from './fault.ts'
import { duration, table } from './format.ts'
import { listOf, numberOf, textOf, timeOf, type Json } from './json.ts'

type Interval = 'hour' | 'day' | 'month'

type Report = {
  readonly name: string
  readonly path: string
  readonly describe: string
  readonly since: string
  readonly interval?: Interval
  /** What tells rows apart. */
  readonly key: readonly (readonly [title: string, cell: (row: Json) => string])[]
  readonly counts: readonly (readonly [title: string, name: string])[]
}

const OF_CALLS = [
  ['CALLS', 'calls'],
  ['ANSWERED', 'answered'],
  ['BUSY', 'busy'],
  ['NO ANSWER', 'noAnswer'],
  ['CANCELLED', 'cancelled'],
  ['FAILED', 'failed'],
] as const
const OF_ATTEMPTS = [
  ['ATTEMPTS', 'attempts'],
  ['SEIZED', 'seizures'],
  ['ANSWERED', 'answered'],
] as const

const carrier = ['CARRIER', (row: Json) => textOf(row, 'carrierName')] as const
const direction = ['DIRECTION', (row: Json) => textOf(row, 'direction')] as const
const country = ['COUNTRY', (row: Json) => textOf(row, 'country') || '-'] as const

const REPORTS: readonly Report[] = [
  {
    name: 'carriers',
    path: 'carriers',
    describe: 'carriers: how many attempts they took, how many were answered, how well and for how much',
    since: '7d',
    key: [carrier],
    counts: OF_ATTEMPTS,
  },
  {
    name: 'gateways',
    path: 'gateways',
    describe: 'the same by gateway',
    since: '7d',
    key: [carrier, ['GATEWAY', (row) => textOf(row, 'gatewayName')]],
    counts: OF_ATTEMPTS,
  },
  {
    name: 'destinations',
    path: 'destinations',
    describe: 'the same by country of the called number',
    since: '7d',
    key: [country],
    counts: OF_ATTEMPTS,
  },
  {
    name: 'prefixes',
    path: 'prefixes',
    describe: 'the same by prefix of the rate',
    since: '7d',
    key: [country, ['PREFIX', (row) => textOf(row, 'prefix') || '-']],
    counts: OF_ATTEMPTS,
  },
  {
    name: 'users',
    path: 'users',
    describe: 'users: calls that they made, and inbound calls that rang them',
    since: '7d',
    key: [['USER', (row) => textOf(row, 'userName') || textOf(row, 'userId') || '-']],
    counts: OF_CALLS,
  },
  {
    name: 'calls',
    path: 'calls',
    describe: 'calls by direction',
    since: '7d',
    key: [direction],
    counts: OF_CALLS,
  },
  ...(['hour', 'day', 'month'] as const).map((interval): Report => ({
    name: `${interval}s`,
    path: 'calls',
    describe: `calls by ${interval} and direction`,
    since: { hour: '24h', day: '31d', month: '366d' }[interval],
    interval,
    key: [direction],
    counts: OF_CALLS,
  })),
]

/** What `--plot` can draw; the largest value of the scale where it has one. */
const FIGURES: Readonly<
  Record<string, { readonly name: string; readonly full?: number; readonly tell?: (value: number) => string }>
> = {
  volume: { name: '' },
  answered: { name: 'answered' },
  talk: { name: 'talkSeconds', tell: duration },
  asr: { name: 'asr', full: 100, tell: (value) => `${value} %` },
  ner: { name: 'ner', full: 100, tell: (value) => `${value} %` },
  acd: { name: 'acdSeconds', tell: duration },
  pdd: { name: 'pddMs', tell: (value) => `${value} ms` },
  mos: { name: 'mos', full: 4.5 },
  loss: { name: 'packetLossPercent', tell: (value) => `${value} %` },
}

type Asked = {
  readonly plot?: string | true
  readonly interval?: Interval
  readonly since?: string
  readonly until?: string
  readonly organization?: number
  readonly timezone?: string
}

export const addReports = (program: Command, terminal: Terminal, ended: (exitCode: number) => void): void => {
  const reports = program
    .command('report')
    .description('what was called, how well it went and what it cost')
    .addHelpText('after', EXAMPLES)
  const moment = momentText(() => Date.now())
  for (const report of REPORTS) {
    const command = reports
      .command(report.name)
      .description(report.describe)
      .option('--since <when>', `how long ago (30m, 24h, 7d), or a moment (default: ${report.since})`, moment)
      .option('--until <when>', 'the same (default: now)', moment)
      .option('--organization <id>', 'only of an organisation', recordId)
      .option('--timezone <name>', "whose days and months (default: the organisation's, else UTC)")
      .option('--plot [figure]', `draw bars: of ${Object.keys(FIGURES).join(', ')} (default: volume)`, figure)
      .addHelpText('after', EXAMPLES)
    if (report.interval === undefined)
      command.addOption(new Option('--interval <length>', 'a row for each').choices(['hour', 'day', 'month']))
    perform(command, terminal, ended, async (context) => {
      const { plot, interval = report.interval, ...asked }: Asked = command.opts()
      const answer = await context.engine.get(`/v1/reports/${report.path}`, {
        ...asked,
        since: asked.since ?? moment(report.since),
        interval,
      })
      context.tell(answer)
      const rows = listOf(answer, 'rows')
      const zone = textOf(answer, 'timezone') || 'UTC'
      if (rows.length === 0) context.say('nothing was called in this time')
      else context.say(...tableOf(report, rows, interval, zone, terminal.columns ?? WIDTH))
      if (rows.length > 0 && plot !== undefined)
        context.say(
          '',
          ...plotOf(report, rows, interval, zone, plot === true ? 'volume' : plot, terminal.columns ?? 80),
        )
      const pending = numberOf(answer, 'pending') ?? 0
      if (pending > 0) context.say('', 'some records are not counted yet: ask again in some seconds')
      return EXIT.ok
    })
  }
}

/** Of a table that goes into a pipe. */
const WIDTH = 200

const figure = (text: string): string => {
  if (Object.hasOwn(FIGURES, text)) return text
  throw new InvalidArgumentError(`It takes one of ${Object.keys(FIGURES).join(', ')}.`)
}

const tableOf = (
  { key, counts }: Report,
  rows: readonly Json[],
  interval: Interval | undefined,
  zone: string,
  width: number,
): readonly string[] => {
  const currencies = rows.some((row) => listOf(row, 'money').length > 0)
  const hasMargin = rows.some((row) => listOf(row, 'money').some((money) => money['margin'] !== undefined))
  const titles = [
    ...(interval === undefined ? [] : ['FROM']),
    ...key.map(([title]) => title),
    ...counts.map(([title]) => title),
    ...['TALK', 'ASR %', 'NER %', 'ACD', 'PDD', 'MOS', 'LOSS %'],
    ...(currencies ? ['COST', 'SALE', ...(hasMargin ? ['MARGIN'] : []), ''] : []),
  ]
  const cells = (row: Json, money: Json | undefined): readonly string[] => [
    ...(interval === undefined ? [] : [whenOf(row, interval, zone)]),
    ...key.map(([, cell]) => cell(row)),
    ...counts.map(([, name]) => textOf(row, name)),
    duration(numberOf(row, 'talkSeconds') ?? 0),
    textOf(row, 'asr') || '-',
    textOf(row, 'ner') || '-',
    secondsOf(row, 'acdSeconds'),
    inSeconds(numberOf(row, 'pddMs')),
    textOf(row, 'mos') || '-',
    textOf(row, 'packetLossPercent') || '-',
    ...moneyOf(money, currencies, hasMargin),
  ]
  const blank = titles.length - (currencies ? (hasMargin ? 4 : 3) : 0)
  return table(
    titles,
    rows.flatMap((row) => {
      const [first, ...others] = listOf(row, 'money')
      return [
        cells(row, first),
        // Of a second currency only the money stands there.
        ...others.map((money) => [...Array<string>(blank).fill(''), ...moneyOf(money, true, hasMargin)]),
      ]
    }),
    width,
  )
}

const moneyOf = (money: Json | undefined, currencies: boolean, hasMargin: boolean): readonly string[] => {
  if (!currencies) return []
  const told = (name: string): string => (money === undefined ? '-' : textOf(money, name) || '-')
  return [
    told('cost'),
    told('sale'),
    ...(hasMargin ? [told('margin')] : []),
    money === undefined ? '' : told('currency'),
  ]
}

const secondsOf = (row: Json, name: string): string => {
  const seconds = numberOf(row, name)
  return seconds === undefined ? '-' : duration(seconds)
}

const inSeconds = (ms: number | undefined): string => (ms === undefined ? '-' : `${(ms / 1000).toFixed(1)} s`)

const plotOf = (
  report: Report,
  rows: readonly Json[],
  interval: Interval | undefined,
  zone: string,
  drawn: string,
  width: number,
): readonly string[] => {
  const { name = '', full, tell = String } = FIGURES[drawn] ?? {}
  // The first count is what the others are shares of: calls, or seizures.
  const volume = report.counts === OF_CALLS ? 'calls' : 'seizures'
  const key = name || volume
  const byTime = report.interval !== undefined && interval !== undefined
  const shown = byTime ? withGaps(rows, interval) : rows
  const bars = shown.map((row) => {
    const value = numberOf(row, key)
    return {
      label: [
        ...(interval === undefined ? [] : [whenOf(row, interval, zone)]),
        ...report.key.map(([, cell]) => cell(row)),
      ]
        .join(' ')
        .trimEnd(),
      value,
      told: value === undefined ? '-' : tell(value),
    }
  })
  return [`${drawn === 'volume' ? volume : drawn}:`, ...chart(bars, width, full)]
}

const STEP_MS: Readonly<Record<Interval, number | undefined>> = {
  hour: 3_600_000,
  day: 86_400_000,
  month: undefined,
}

/** Hours and days without a call, so that a chart shows the time as it went. */
const withGaps = (rows: readonly Json[], interval: Interval): readonly Json[] => {
  const step = STEP_MS[interval]
  if (step === undefined) return rows
  return rows.flatMap((row, at) => {
    const [start, before] = [timeOf(row, 'start'), timeOf(rows[at - 1] ?? {}, 'start')]
    if (start === undefined || before === undefined) return [row]
    // A day has 23 to 25 hours.
    const missing = Math.min(1_000, Math.max(0, Math.round((start - before) / step) - 1))
    const slack = interval === 'day' ? 2 * 3_600_000 : 0
    return [
      ...Array.from({ length: missing }, (_, nth) => ({
        start: new Date(before + (nth + 1) * step + slack).toISOString(),
      })),
      row,
    ]
  })
}

/** In the zone of the report; an hour says how far it is from UTC, because one of them comes twice. */
const whenOf = (row: Json, interval: Interval, zone: string): string => {
  const at = timeOf(row, 'start')
  if (at === undefined) return '-'
  const parts = new Map(
    new Intl.DateTimeFormat('en-CA', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      timeZoneName: 'longOffset',
    })
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const of = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
  const month = `${of('year')}-${of('month')}`
  if (interval === 'month') return month
  if (interval === 'day') return `${month}-${of('day')}`
  const offset = zone === 'UTC' ? '' : ` ${of('timeZoneName').replace('GMT', '') || '+00:00'}`
  return `${month}-${of('day')} ${of('hour')}:${of('minute')}${offset}`
}

const EXAMPLES = `
Examples:
  strowger report carriers --since 7d
  strowger report carriers --since 7d --plot asr
  strowger report days --since 31d --timezone Europe/London --plot
  strowger report destinations --interval month --since 2026-01-01 --json

ASR: answered of the seizures (of the calls); NER: the network did its part (ITU-T E.425); ACD: talk of an answered call;
PDD: from the INVITE to the first ringing; MOS: 1 to 4.5, by loss and jitter of what was heard.
`
