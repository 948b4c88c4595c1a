/** What an import found, as lines for people. Pure: the engine's answer in, lines out. */
import { table } from './format.ts'
import { childOf, listOf, numberOf, textOf, textsOf, type Json } from './json.ts'

/** `answer` is that of POST /v1/rate-decks/import. */
export const importLines = (answer: Json): readonly string[] => {
  const owner = childOf(answer, 'owner') ?? {}
  const until = textOf(answer, 'effectiveTo')
  const difference = childOf(answer, 'difference')
  return [
    `${textOf(answer, 'name')}: ${textOf(answer, 'rateCount')} rates in ${textOf(answer, 'currency')} ` +
      `${textOf(owner, 'kind') === 'carrier' ? 'of carrier' : 'for customer'} ${textOf(owner, 'name')}, ` +
      `from ${textOf(answer, 'effectiveFrom')}${until === '' ? '' : ` until ${until}`}`,
    `read as ${readingOf(childOf(answer, 'read') ?? {})}`,
    ...(difference === undefined ? [] : ['', ...differenceLines(difference)]),
    ...warningLines(listOf(answer, 'warnings')),
    '',
    outcomeOf(answer),
  ]
}

const readingOf = (read: Json): string => {
  const columns = Object.entries(childOf(read, 'columns') ?? {}).map(
    ([field]) => `${field}=${textOf(childOf(read, 'columns') ?? {}, field)}`,
  )
  const skipped = numberOf(read, 'skippedLines') ?? 0
  return [
    `${textOf(read, 'encoding')}${delimiterOf(textOf(read, 'delimiter'))}`,
    ...(columns.length === 0 ? [] : [`columns ${columns.join(', ')}`]),
    ...(skipped === 0 ? [] : [`${skipped} lines are no rates`]),
  ].join('; ')
}

const delimiterOf = (delimiter: string): string => (delimiter === '' ? '' : `, parted by "${delimiter}"`)

const COUNTS: readonly (readonly [key: string, title: string])[] = [
  ['added', 'new'],
  ['dearer', 'dearer'],
  ['cheaper', 'cheaper'],
  ['otherTerms', 'other increments'],
  ['otherCurrency', 'other currency'],
  ['unchanged', 'unchanged'],
  ['closed', 'closed'],
]

const differenceLines = (difference: Json): readonly string[] => [
  ...table(
    ['AGAINST TODAY', 'PREFIXES'],
    COUNTS.map(([key, title]) => [title, textOf(difference, key)]),
  ),
  ...jumpLines('greatest rises', listOf(difference, 'jumps')),
  ...jumpLines('greatest falls', listOf(difference, 'drops')),
  ...closedLines(listOf(difference, 'firstClosed')),
]

const MOST_JUMPS = 10

const jumpLines = (title: string, jumps: readonly Json[]): readonly string[] =>
  jumps.length === 0
    ? []
    : [
        '',
        `${title}:`,
        ...table(
          ['PREFIX', 'DESTINATION', 'TODAY', 'NEW', 'CHANGE', ''],
          jumps
            .slice(0, MOST_JUMPS)
            .map((jump) => [
              textOf(jump, 'prefix'),
              textOf(jump, 'destination'),
              textOf(jump, 'oldPrice'),
              textOf(jump, 'newPrice'),
              changeOf(Number(textOf(jump, 'oldPrice')), Number(textOf(jump, 'newPrice'))),
              jumpNote(jump),
            ]),
        ).map((line) => `  ${line}`),
      ]

const jumpNote = (jump: Json): string =>
  [
    ...(textOf(jump, 'of') === 'price' ? [] : [textOf(jump, 'of')]),
    ...(textOf(jump, 'oldPrefix') === textOf(jump, 'prefix')
      ? []
      : [`today as ${textOf(jump, 'oldPrefix')}`]),
  ].join(', ')

const changeOf = (before: number, after: number): string => {
  if (!(before > 0)) return 'was free'
  const percent = ((after - before) / before) * 100
  return `${percent > 0 ? '+' : ''}${percent.toFixed(Math.abs(percent) < 10 ? 1 : 0)} %`
}

const closedLines = (closed: readonly Json[]): readonly string[] =>
  closed.length === 0
    ? []
    : [
        '',
        `closed, among others: ${closed
          .slice(0, MOST_JUMPS)
          .map((one) => textOf(one, 'prefix'))
          .join(', ')}`,
      ]

const MOST_EXAMPLES = 5

const warningLines = (warnings: readonly Json[]): readonly string[] =>
  warnings.length === 0
    ? []
    : [
        '',
        'look at this:',
        ...warnings.flatMap((warning) => {
          const examples = textsOf(warning, 'examples').slice(0, MOST_EXAMPLES)
          return [
            `  ${textOf(warning, 'message')}`,
            ...(examples.length === 0 ? [] : [`    ${examples.join('; ')}`]),
          ]
        }),
      ]

const outcomeOf = (answer: Json): string => {
  const id = textOf(answer, 'deckId')
  if (id === '') return 'nothing was written: this was a dry run'
  if (textOf(answer, 'state') === 'draft')
    return `rate deck ${id} is written and not published: strowger decks publish ${id}`
  return `rate deck ${id} is published, ${liveLine(answer)}`
}

/** Of any answer that says whether calls go by it. */
export const liveLine = (answer: Json): string =>
  answer['live'] === true
    ? `and calls go by it (after ${((numberOf(answer, 'liveAfterMs') ?? 0) / 1000).toFixed(1)} s)`
    : 'but calls do not go by it yet: `strowger health` and the log of the engine tell why'

/** Why a file was refused, line by line; undefined where the answer is not that. */
export const refusedLines = (answer: Json): readonly string[] | undefined => {
  const error = childOf(answer, 'error')
  const details = error === undefined ? undefined : childOf(error, 'details')
  if (error === undefined || details === undefined) return undefined
  const errors = listOf(details, 'errors')
  const count = numberOf(details, 'errorCount') ?? errors.length
  const [first] = errors
  const isOneOfTheFile = errors.length === 1 && first !== undefined && textOf(first, 'line') === ''
  return [
    isOneOfTheFile
      ? textOf(error, 'message')
      : `the file has ${count === 1 ? 'an error' : `${count} errors`}:`,
    ...(isOneOfTheFile ? [] : errors.map((one) => `  ${textOf(one, 'message')}`)),
    ...(count > errors.length ? [`  and ${count - errors.length} more`] : []),
    'nothing was changed',
  ]
}
